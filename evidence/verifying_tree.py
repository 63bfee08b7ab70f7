"""check_tree(): every place in the tree, every tile and every root held against the entries and against each other."""

import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import NamedTuple

import psycopg
from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext as _

from evidence.findings import CHUNK, LISTED, Findings, Progress, Row, by_key
from evidence.growing import GrowingTree, Levels, leaf_hashes, levels_over
from evidence.models import Checkpoint, Entry, Sealed, Tile
from evidence.tiles import HASH, WIDTH
from evidence.verifying_checkpoints import CLOCKS_APART, Head, heads, signed_size

SEALED_ROWS = (
    "SELECT s.position, s.entry_id, e.statement, e.at FROM evidence_sealed s "
    "LEFT JOIN evidence_entry e ON e.id = s.entry_id WHERE s.position >= %s ORDER BY s.position LIMIT %s"
)
FIRST = -(2**63)
SealedRow = tuple[int, int, bytes | None, datetime | None]
"""A place, the key of its entry, and the entry's statement and time: None where there is no such entry."""


def _postgresql_chunks(psycopg_connection: psycopg.Connection) -> Iterator[list[SealedRow]]:
    # A cursor of its own kind: Django's has statements sent in hexadecimal, which takes twice as long.
    with psycopg.Cursor(psycopg_connection) as cursor:
        low = FIRST
        while rows := cursor.execute(SEALED_ROWS, (low, CHUNK), binary=True).fetchall():
            yield rows
            low = rows[-1][0] + 1


def _sqlite_chunks() -> Iterator[list[SealedRow]]:
    with connection.cursor() as cursor:
        low = FIRST
        while rows := cursor.execute(SEALED_ROWS, (low, CHUNK)).fetchall():
            yield rows
            low = rows[-1][0] + 1


def _read_ahead(chunks: Iterator[list[SealedRow]]) -> Iterator[list[SealedRow]]:
    """Yield the same chunks, read by a thread while the caller hashes those before."""
    ready: queue.Queue[list[SealedRow] | BaseException | None] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(item: list[SealedRow] | BaseException | None) -> None:
        while not stop.is_set():
            try:
                return ready.put(item, timeout=0.1)
            except queue.Full:
                continue

    def read() -> None:
        try:
            for chunk in chunks:
                put(chunk)
                if stop.is_set():
                    return
            put(None)
        except BaseException as fault:
            put(fault)

    thread = threading.Thread(target=read, name="verify-evidence-reader", daemon=True)
    # The reader needs the interpreter only for moments, to ask for more; with Python's usual 5 ms it would wait longer than it reads.
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    thread.start()
    try:
        while (chunk := ready.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(usual)


def sealed_chunks(*, ahead: bool = True) -> Iterator[list[SealedRow]]:
    """Yield the places in order, with their statements; on PostgreSQL the next chunk is read while this one is worked on."""
    if connection.vendor != "postgresql":
        return _sqlite_chunks()
    connection.ensure_connection()
    # psycopg lets two threads take turns on one connection. Django's own wrapper would open another one in the thread.
    chunks = _postgresql_chunks(connection.connection)
    return _read_ahead(chunks) if ahead else chunks


class Part(NamedTuple):
    """A tile's worth of places as the entries fill it, None where nothing stands: leaf hashes, keys and times of entries."""

    index: int
    leaves: list[bytes | None]
    entries: list[int | None]
    times: list[datetime | None]

    @property
    def first(self) -> int:
        return self.index * WIDTH

    @property
    def end(self) -> int:
        return self.first + len(self.leaves)


def _without_gaps(findings: Findings, reach: int) -> Iterator[list[tuple]]:
    """Yield the places in chunks, with a row of None for each that is empty below `reach`: that far tiles and entries say
    that the tree goes. Places beyond it that do not follow the others are reported and left out.
    """
    expected = 0
    for rows in sealed_chunks():
        findings.checked["sealed"] += len(rows)
        if rows[0][0] != expected or rows[-1][0] != expected + len(rows) - 1:
            kept: list[tuple] = []
            for row in rows:
                place = row[0]
                if place < expected or place > max(expected, reach):
                    problem = _("这个位置不连续：树没有这么大")
                    findings.differs(Sealed, place, problem, stored=f"entry {row[1]}", logged=reach)
                    continue
                for empty in range(expected, place):
                    kept.append((empty, None, None, None))
                    if len(kept) == CHUNK:
                        yield kept
                        kept = []
                kept.append(row)
                expected = place + 1
            rows = kept
        else:
            expected += len(rows)
        yield rows
    while expected < reach:
        end = min(reach, expected + CHUNK)
        yield [(empty, None, None, None) for empty in range(expected, end)]
        expected = end


def _parts(findings: Findings, reach: int) -> Iterator[Part]:
    """Yield the tree tile by tile; the last part is shorter than a tile, or empty."""
    part = Part(0, [], [], [])
    for rows in _without_gaps(findings, reach):
        places, entries, statements, times = zip(*rows, strict=True) if rows else ((),) * 4
        leaves = _leaves(statements)
        taken = 0
        while taken < len(places):
            end = taken + WIDTH - len(part.leaves)
            part.leaves.extend(leaves[taken:end])
            part.entries.extend(entries[taken:end])
            part.times.extend(times[taken:end])
            taken = end
            if len(part.leaves) == WIDTH:
                yield part
                part = Part(part.index + 1, [], [], [])
    yield part


def _leaves(statements: Sequence[bytes | None]) -> list[bytes | None]:
    if None in statements:
        return [None if one is None else leaf_hashes([one])[0] for one in statements]
    return list(leaf_hashes(statements))


class Doubt(NamedTuple):
    """A difference between entries and tiles. Which side is wrong, the next checkpoint that fits one of them tells."""

    about_tiles: bool
    model: type[models.Model]
    row: Row
    problem: str
    stored: bytes
    logged: bytes
    entry: int = 0


class _Tree:
    """Grows the tree from the entries, and a second one from the tiles where they differ, until a checkpoint decides."""

    def __init__(self, findings: Findings, progress: Progress) -> None:
        self.findings = findings
        self.progress = progress
        self.by_entries = GrowingTree()
        self.by_tiles = self.by_entries
        self.doubts: list[Doubt] = []
        self.missing: list[tuple[int, int, bytes]] = []
        self.heads = heads(findings)
        self.next = next(self.heads, None)
        self.last: Head | None = None
        self.levels: tuple[Levels, Levels] = ([[]], [[]])
        self.agreed = 0
        self.through = 0
        self.gaps = False
        self.latest: datetime | None = None

    def verify(self) -> None:
        stored = self._stored_tiles()
        tile = next(stored, None)
        for part in _parts(self.findings, _reach()):
            mine = None
            if tile is not None and tile[0] == part.index:
                mine, tile = tile, next(stored, None)
            self.levels = self._levels(part, mine)
            self._answer_heads(part)
            if len(part.leaves) == WIDTH:
                self._grow()
            self.progress(len(part.leaves))
        size = part.end
        for n, hashes in enumerate(self.by_entries.above):
            if hashes:
                index = size // WIDTH ** (n + 2)
                self._upper_tile(n + 1, index, b"".join(hashes), b"".join(self.by_tiles.above[n]))
        self._tiles_beyond(size)
        self._resolve(None)
        self._report_missing()
        covered = self.last.size if self.last else 0
        if size > covered:
            number = self.last.number + 1 if self.last else 1
            problem = _("没有检查点覆盖全部已封存的记录")
            self.findings.differs(Checkpoint, number, problem, stored=covered, logged=size)

    def _stored_tiles(self) -> Iterator[tuple[int, int, bytes]]:
        tiles = Tile.objects.filter(level=0, index__gte=0)
        for chunk in by_key(tiles, "index", "pk", "hashes", size=64):
            yield from ((index, pk, bytes(hashes)) for index, pk, hashes in chunk)

    def _levels(self, part: Part, tile: tuple[int, int, bytes] | None) -> tuple[Levels, Levels]:
        """Return the levels over a part by its entries and by its stored tile, after doubting where they differ."""
        stored = tile[2] if tile else b""
        if None not in part.leaves and stored == b"".join(part.leaves):
            self.findings.checked["tiles"] += tile is not None
            levels = levels_over(part.leaves)
            return levels, levels
        if tile is None:
            self.findings.differs(Tile, f"0/{part.index}", _("缺少这块瓦片"))
        else:
            self.findings.checked["tiles"] += 1
            self._count(tile[1], f"0/{part.index}", stored, len(part.leaves))
        mine: list[bytes] = []
        told: list[bytes] = []
        for n, (leaf, entry) in enumerate(zip(part.leaves, part.entries, strict=True)):
            at = stored[n * HASH : n * HASH + HASH]
            at = at if len(at) == HASH else b""
            mine.append(leaf or at or bytes(HASH))
            told.append(at or mine[-1])
            if entry is None:
                self.findings.differs(Sealed, part.first + n, _("树中的这个位置没有记录"), logged=at)
            elif leaf is None:
                self.missing += [(part.first + n, entry, at)] if len(self.missing) < LISTED else []
            elif leaf != told[-1]:
                self._doubt(Doubt(False, Sealed, part.first + n, "", leaf, told[-1], entry))
        if tile is not None and mine != told:
            self._doubt_tile(tile[1], f"0/{part.index}", b"".join(told), b"".join(mine), about_tiles=True)
        return levels_over(mine), levels_over(told)

    def _report_missing(self) -> None:
        """Report the places whose entry does not exist: it was deleted, or it is there under another key, without a place.

        Then nobody can tell from these two rows which of them was changed.
        """
        for position, entry, leaf in self.missing:
            found = Entry.objects.filter(leaf_hash=leaf).values_list("pk", "sealed") if leaf else []
            if not found:
                self.findings.differs(Entry, entry, _("树中有这条记录，表中没有"), logged=leaf)
                continue
            self.findings.differs(
                Sealed, position, _("树中的这个位置属于另一条记录"), stored=f"entry {entry}", logged=leaf
            )
            for pk, sealed in found:
                if sealed is None:
                    self.findings.differs(Entry, pk, _("这条记录在树中的位置指向另一条记录"), stored=f"entry {entry}")

    def _doubt(self, doubt: Doubt) -> None:
        if len(self.doubts) < LISTED:
            self.doubts.append(doubt)

    def _doubt_tile(self, pk: int, path: str, stored: bytes, logged: bytes, *, about_tiles: bool) -> None:
        at = next((n for n in range(0, len(logged), HASH) if stored[n : n + HASH] != logged[n : n + HASH]), 0)
        problem = _("瓦片 %(tile)s 从第 %(place)s 个哈希起与树不符") % {"tile": path, "place": at // HASH}
        self._doubt(Doubt(about_tiles, Tile, pk, problem, stored[at : at + HASH], logged[at : at + HASH]))

    def _count(self, pk: int, path: str, stored: bytes, expected: int) -> None:
        if len(stored) != expected * HASH:
            problem = _("瓦片 %(tile)s 的哈希个数不对") % {"tile": path}
            self.findings.differs(Tile, pk, problem, stored=len(stored) / HASH, logged=expected)

    def _grow(self) -> None:
        mine, told = self.levels
        if told is not mine and self.by_tiles is self.by_entries:
            self.by_tiles = self.by_entries.copy()
        full = self.by_entries.add(mine)
        others = full if self.by_tiles is self.by_entries else self.by_tiles.add(told)
        for (level, index, hashes), (_level, _index, other) in zip(full, others, strict=True):
            self._upper_tile(level, index, b"".join(hashes), b"".join(other))

    def _upper_tile(self, level: int, index: int, mine: bytes, told: bytes) -> None:
        """Compare a stored tile above the leaves with what the entries and what the tiles below make of it."""
        found = Tile.objects.filter(level=level, index=index).values_list("pk", "hashes").first()
        path = f"{level}/{index}"
        if found is None:
            self.findings.differs(Tile, path, _("缺少这块瓦片"))
            return
        self.findings.checked["tiles"] += 1
        pk, stored = found[0], bytes(found[1])
        self._count(pk, path, stored, len(mine) // HASH)
        for hashes, about_tiles in ((mine, True), (told, False)):
            if stored != hashes:
                self._doubt_tile(pk, path, stored, hashes, about_tiles=about_tiles)

    def _tiles_beyond(self, size: int) -> None:
        """Report the tiles that a tree of this size does not have."""
        ours = Q(pk__in=[])
        level, count = 0, size
        while count:
            ours |= Q(level=level, index__gte=0, index__lt=-(-count // WIDTH))
            level, count = level + 1, count // WIDTH
        for pk, level, index in Tile.objects.exclude(ours).order_by("pk").values_list("pk", "level", "index"):
            self.findings.differs(Tile, pk, _("树没有这块瓦片：%(tile)s") % {"tile": f"{level}/{index}"})

    def _answer_heads(self, part: Part) -> None:
        """Hold every checkpoint that ends in this part against the tree at its size."""
        highest: list[int] = []
        while self.next is not None and self.next.size <= part.end:
            head, self.next = self.next, next(self.heads, None)
            if head.size < part.first:
                continue  # It is smaller than the one before, which is reported; the tree has moved on.
            count = head.size - part.first
            one_tree = self.levels[0] is self.levels[1] and self.by_tiles is self.by_entries
            mine = self.by_entries.root(self.levels[0], count)
            told = mine if one_tree else self.by_tiles.root(self.levels[1], count)
            self._decide(head, mine, told)
            self.gaps |= None in part.entries
            highest = highest or list(accumulate((entry or 0 for entry in part.entries), max))
            through = max(self.through, highest[count - 1]) if count else self.through
            # An entry whose place is missing may have been the highest.
            if head.through < through or (head.through > through and not self.gaps):
                problem = _("列 %(column)s 与日志记载不符") % {"column": "through"}
                self.findings.differs(Checkpoint, head.number, problem, stored=head.through, logged=through)
            self._compare_time(head, part.times[:count])
            self.last = head
        self.gaps |= None in part.entries
        self.through = max(self.through, max(filter(None, part.entries), default=0))
        self.latest = _latest(self.latest, part.times)
        while self.next is not None and len(part.leaves) < WIDTH:
            self.findings.differs(
                Checkpoint, self.next.number, _("检查点比树大"), stored=self.next.size, logged=part.end
            )
            self.last, self.next = self.next, next(self.heads, None)

    def _compare_time(self, head: Head, times: list[datetime | None]) -> None:
        """A checkpoint cannot be older than what it covers."""
        latest = _latest(self.latest, times)
        if latest is not None and head.at < latest - CLOCKS_APART:
            problem = _("检查点的时间早于它覆盖的记录")
            self.findings.differs(Checkpoint, head.number, problem, stored=head.at, logged=latest)

    def _decide(self, head: Head, mine: bytes, told: bytes) -> None:
        """Hold a root against the tree; where there are two trees, let a root that a key of the log signed decide."""
        if head.root in (mine, told) and mine != told and head.signed:
            right = head.root == mine
            self._resolve(right)
            self.by_tiles = self.by_entries = self.by_entries if right else self.by_tiles
            self.levels = (self.levels[0 if right else 1],) * 2
        elif head.root != mine and not head.signed:
            problem = _("根哈希不是树在这个大小时的根哈希")
            self.findings.differs(Checkpoint, head.number, problem, stored=head.root, logged=mine)
        elif head.root != mine:
            problem = _("树不是签名时的树：位置 %(first)s 至 %(last)s 之间有改动") % {
                "first": self.agreed,
                "last": head.size - 1,
            }
            if mine == told:
                self.findings.differs(Checkpoint, head.number, problem, stored=mine, logged=head.root)
            for about_tiles, root in ((True, mine), (False, told)) if mine != told else ():
                self._doubt(Doubt(about_tiles, Checkpoint, head.number, problem, root, head.root))
            return
        self.agreed = head.size

    def _resolve(self, entries_are_right: bool | None) -> None:
        """Report the doubts about the side that is wrong; about both, while no checkpoint has decided."""
        wrong = [d for d in self.doubts if entries_are_right is None or d.about_tiles is entries_are_right]
        self.doubts = []
        places = [doubt for doubt in wrong if doubt.model is Sealed]
        # Where another entry has the leaf that belongs here, the place was given to the wrong one; or else a statement was rewritten.
        entries = Entry.objects.filter(leaf_hash__in=[doubt.logged for doubt in places])
        elsewhere = {bytes(leaf): pk for pk, leaf in entries.values_list("pk", "leaf_hash")} if places else {}
        for doubt in wrong:
            model, row, problem = doubt.model, doubt.row, doubt.problem
            if model is Sealed and elsewhere.get(doubt.logged, doubt.entry) != doubt.entry:
                # Places or keys of entries were exchanged: the two tables alone do not tell which.
                problem = _("树中的这个位置属于另一条记录")
                self.findings.differs(Entry, doubt.entry, _("这条记录占了另一条记录在树中的位置"), logged=doubt.logged)
            elif model is Sealed:
                model, row = Entry, doubt.entry
                problem = _("记录的内容不是封存时的内容（树中位置 %(place)s）") % {"place": doubt.row}
            self.findings.differs(model, row, problem, stored=doubt.stored, logged=doubt.logged)


def _aware(at: datetime) -> datetime:
    """SQLite knows no time zones; what is read without Django's help is UTC and mostly does not say so."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _latest(before: datetime | None, times: list[datetime | None]) -> datetime | None:
    try:
        latest = max(times)
    except (TypeError, ValueError):  # Empty places, or none at all.
        latest = max((_aware(at) for at in times if at is not None), default=None)
    return max((_aware(at) for at in (before, latest) if at is not None), default=None)


def _reach() -> int:
    """Return how far the tree goes: by the number of its places, or by the newest checkpoint that the log's own key signed.

    Where places are missing, this is what tells. No note makes the tree larger than the tiles of its leaves can hold.
    """
    places = Sealed.objects.count()
    room = Tile.objects.filter(level=0).count() * WIDTH
    return max(places, min(room, signed_size()))


def check_tree(findings: Findings, *, progress: Progress = lambda rows: None) -> None:
    """Hold the tree against the entries: every place, every tile, and every checkpoint's root at its size."""
    _Tree(findings, progress).verify()
