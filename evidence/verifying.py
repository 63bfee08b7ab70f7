"""The log held against itself: entries, tree, checkpoints, their signatures and timestamps, and what statements commit to.

Everything is read in the order of keys, a few thousand rows at a time, however long the log is.
"""

import hashlib
import json
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from evidence.checkpoint import COSIGNATURE_V1, Note, VerifierKey, parse, parse_signature
from evidence.errors import TimestampRefused
from evidence.growing import GrowingTree, Levels, leaf_hashes, levels_over
from evidence.kinds import Kind
from evidence.merkle import leaf_hash
from evidence.models import Checkpoint, Cosignature, Disclosure, Entry, LogKey, Sealed, Tile, TimestampAttempt
from evidence.statements import SALT_BYTES, SCHEMA, canonical_json, commitment, timestamp
from evidence.tiles import HASH, WIDTH
from evidence.timestamping import checked, stated

CHUNK = 2048
"""Rows that one query reads; a multiple of a tile's width."""
LISTED = 1000
"""Mismatches that are told one by one; more are only counted."""
SHOWN = 200
"""Characters of a value that a mismatch shows."""
UNSEALED_AFTER = timedelta(minutes=1)
CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of a timestamping authority, a witness and our servers may differ."""

Progress = Callable[[int], None]
Row = int | str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that the database says otherwise than the log: where, what is wrong, what is stored, what is logged."""

    table: str
    row: str
    problem: str
    stored: str
    logged: str


def shown(value: object) -> str:
    """Return a value as a mismatch shows it; '' for none at all."""
    match value:
        case None:
            text = ""
        case datetime():
            text = timestamp(value)
        case bytes() | bytearray() | memoryview():
            text = bytes(value).hex()
        case _:
            text = str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)})"


class Findings:
    """What a verification has looked at and found; `total` counts all mismatches, `mismatches` lists the first of them."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.mismatches: list[Mismatch] = []
        self.warnings: list[str] = []
        self.total = 0
        self._told: set[tuple[str, str, str]] = set()

    @property
    def ok(self) -> bool:
        return self.total == 0

    def differs(
        self, model: type[models.Model], row: Row, problem: str, *, stored: object = None, logged: object = None
    ) -> None:
        """Note a mismatch. What is wrong with one row in the same words is told once."""
        table = model._meta.db_table
        if (table, str(row), problem) in self._told:
            return
        self.total += 1
        if len(self.mismatches) < LISTED:
            self._told.add((table, str(row), problem))
            self.mismatches.append(Mismatch(table, str(row), problem, shown(stored), shown(logged)))

    def warn(self, text: str) -> None:
        """Note what is no mismatch and should be known all the same."""
        self.warnings.append(text)

    def as_json(self) -> dict[str, Any]:
        """Return everything for `--json`; every key is always there."""
        return {
            "ok": self.ok,
            "checked": dict(self.checked) | {"mismatches": self.total},
            "mismatches": [asdict(mismatch) for mismatch in self.mismatches],
            "warnings": self.warnings,
        }


class Keys:
    """A set of primary keys that takes a bit per key where they stand close together."""

    PART = 1 << 13

    def __init__(self) -> None:
        self._parts: dict[int, bytearray] = {}

    def add(self, key: int) -> bool:
        """Add a key; return whether it is new."""
        part, place = divmod(key, self.PART)
        bits = self._parts.setdefault(part, bytearray(self.PART // 8))
        new = not bits[place >> 3] >> (place & 7) & 1
        bits[place >> 3] |= 1 << (place & 7)
        return new

    def __contains__(self, key: int) -> bool:
        part, place = divmod(key, self.PART)
        bits = self._parts.get(part)
        return bits is not None and bool(bits[place >> 3] >> (place & 7) & 1)


@contextmanager
def snapshot() -> Iterator[None]:
    """Let everything within read the same moment of the database, without keeping anybody from writing."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Our transactions on SQLite begin as writers (`IMMEDIATE`); this one only reads, and others go on writing.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def by_key(rows: models.QuerySet, key: str, *columns: str) -> Iterator[list[tuple]]:
    """Yield the rows in chunks, in the order of a unique integer column, which comes first in each tuple."""
    rows = rows.order_by(key).values_list(key, *columns)
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(rows.filter(**{f"{key}__gt": chunk[-1][0]})[:CHUNK])


# --- the tree ---------------------------------------------------------------------------------------------------------

SEALED_ROWS = (
    "SELECT s.position, s.entry_id, e.statement FROM evidence_sealed s LEFT JOIN evidence_entry e ON e.id = s.entry_id "
    "WHERE s.position >= %s ORDER BY s.position LIMIT %s"
)
SealedRow = tuple[int, int, bytes | None]
"""A place in the tree, the primary key of its entry, and the entry's statement; None where there is no such entry."""


def _sealed_chunks() -> Iterator[list[SealedRow]]:
    """Yield the places in order, with their statements. On PostgreSQL statements arrive as they are, not in hexadecimal."""
    connection.ensure_connection()
    binary = {"binary": True} if connection.vendor == "postgresql" else {}
    with connection.connection.cursor(**binary) if binary else connection.cursor() as cursor:
        low = -(2**63)
        while True:
            cursor.execute(SEALED_ROWS, (low, CHUNK))
            rows = cursor.fetchall()
            if not rows:
                return
            yield rows
            low = rows[-1][0] + 1


def ahead(chunks: Iterator[list[SealedRow]]) -> Iterator[list[SealedRow]]:
    """Yield the same chunks, read by a thread while the caller hashes those before."""
    ready: queue.Queue[list[SealedRow] | BaseException | None] = queue.Queue(maxsize=2)
    stop = threading.Event()

    def put(item: list[SealedRow] | BaseException | None) -> bool:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def read() -> None:
        try:
            for chunk in chunks:
                if not put(chunk):
                    return
            put(None)
        except BaseException as fault:
            put(fault)

    thread = threading.Thread(target=read, name="verify-evidence-reader", daemon=True)
    thread.start()
    try:
        while (chunk := ready.get()) is not None:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk
    finally:
        stop.set()
        thread.join()


def sealed_chunks() -> Iterator[list[SealedRow]]:
    """Yield what the tree is made of, in order; on PostgreSQL the next chunk is read while this one is worked on."""
    # psycopg lets two threads take turns on one connection; SQLite works in our own process and gains nothing by it.
    return ahead(_sealed_chunks()) if connection.vendor == "postgresql" else _sealed_chunks()


class Tile0(NamedTuple):
    """One tile of leaves as the entries give it: hashes and primary keys of entries, None where a place is empty."""

    index: int
    leaves: list[bytes | None]
    entries: list[int | None]


def _leaf_tiles(findings: Findings, reach: int) -> Iterator[Tile0]:
    """Yield the leaves in tiles, in order and without a gap, until the entries end.

    `reach` is how far the stored tiles and checkpoints say that the tree goes: places that are empty below it are filled with
    None, and a place that stands alone beyond it is reported and left out.
    """
    leaves: list[bytes | None] = []
    entries: list[int | None] = []
    start = 0  # the place of leaves[0], a multiple of WIDTH
    for rows in sealed_chunks():
        findings.checked["sealed"] += len(rows)
        expected = start + len(leaves)
        if rows[0][0] == expected and rows[-1][0] == expected + len(rows) - 1:
            # The usual chunk, without a call of ours per row.
            statements = [row[2] for row in rows]
            if None in statements:
                hashes: list[bytes | None] = [None if data is None else leaf_hash(bytes(data)) for data in statements]
            else:
                hashes = list(leaf_hashes(statements))
            leaves += hashes
            entries += [row[1] for row in rows]
        else:
            for place, entry, data in rows:
                expected = start + len(leaves)
                if place < expected or (place > expected and place >= reach):
                    findings.differs(Sealed, place, _("这个位置不连续：树没有这么大"), stored=place, logged=reach)
                    continue
                while expected < place:
                    leaves.append(None)
                    entries.append(None)
                    expected += 1
                    if len(leaves) == WIDTH:
                        yield Tile0(start // WIDTH, leaves, entries)
                        leaves, entries, start = [], [], start + WIDTH
                leaves.append(None if data is None else leaf_hash(bytes(data)))
                entries.append(entry)
                if len(leaves) == WIDTH:
                    yield Tile0(start // WIDTH, leaves, entries)
                    leaves, entries, start = [], [], start + WIDTH
        whole = len(leaves) // WIDTH
        for n in range(whole):
            yield Tile0(
                start // WIDTH + n, leaves[n * WIDTH : n * WIDTH + WIDTH], entries[n * WIDTH : n * WIDTH + WIDTH]
            )
        leaves, entries, start = leaves[whole * WIDTH :], entries[whole * WIDTH :], start + whole * WIDTH
    while start + len(leaves) < reach:
        leaves.append(None)
        entries.append(None)
        if len(leaves) == WIDTH:
            yield Tile0(start // WIDTH, leaves, entries)
            leaves, entries, start = [], [], start + WIDTH
    yield Tile0(start // WIDTH, leaves, entries)


class Doubt(NamedTuple):
    """A difference between entries and tiles. Which side is wrong, the next checkpoint that fits one of them tells."""

    about_tiles: bool
    model: type[models.Model]
    row: Row
    problem: str
    stored: object
    logged: object


class _Tree:
    """Grows the tree twice where it must, from the entries and from the stored tiles, until a checkpoint decides between them."""

    def __init__(self, findings: Findings, keys: Mapping[tuple[str, bytes], VerifierKey], progress: Progress) -> None:
        self.findings = findings
        self.progress = progress
        self.entries = GrowingTree()
        self.tiles = self.entries
        self.doubts: list[Doubt] = []
        self.checkpoints = _checkpoints(findings, keys)
        self.next = next(self.checkpoints, None)
        self.through = 0
        self.size = 0
        self.last: _Head | None = None

    def verify(self) -> None:
        reach = _reach()
        stored = self._stored_tiles()
        part = Tile0(0, [], [])
        levels: tuple[Levels, Levels] = ([[]], [[]])
        for part in _leaf_tiles(self.findings, reach):
            data = next(stored, None)
            while data is not None and data[0] < part.index:
                data = next(stored, None)
            if data is not None and data[0] > part.index:
                stored = _pushed_back(data, stored)
                data = None
            levels = self._levels(part, data)
            self._answer_checkpoints(part, *levels)
            if len(part.leaves) == WIDTH:
                self._grow(*levels)
            self.size = part.index * WIDTH + len(part.leaves)
            self.progress(len(part.leaves))
        self._rest(stored)
        self._edges(part, *levels)
        self._overlooked_tiles()
        self._resolve(None)
        if self.size > (self.last.size if self.last else 0):
            self.findings.differs(
                Checkpoint,
                (self.last.number if self.last else 0) + 1,
                _("没有一个检查点覆盖全部已封存的记录"),
                stored=self.last.size if self.last else 0,
                logged=self.size,
            )

    def _stored_tiles(self) -> Iterator[tuple[int, int, bytes]]:
        tiles = Tile.objects.filter(level=0, index__gte=0)
        rows = tiles.order_by("index").values_list("index", "pk", "hashes")
        chunk = list(rows[:64])
        while chunk:
            yield from ((index, pk, bytes(hashes)) for index, pk, hashes in chunk)
            chunk = list(rows.filter(index__gt=chunk[-1][0])[:64])

    def _levels(self, part: Tile0, data: tuple[int, int, bytes] | None) -> tuple[Levels, Levels]:
        """Return the levels over a tile of leaves, by the entries and by the stored tile, and doubt what differs."""
        count = len(part.leaves)
        first = part.index * WIDTH
        if data is not None:
            self.findings.checked["tiles"] += 1
        if data is None and count:
            self.findings.differs(Tile, f"0/{part.index}", _("缺少这块哈希瓦片"))
        elif data is not None and len(data[2]) != count * HASH:
            self.findings.differs(
                Tile, data[1], _("瓦片 %(tile)s 的哈希个数不对") % {"tile": f"0/{part.index}"},
                stored=len(data[2]) / HASH, logged=count,
            )  # fmt: skip
        if data is not None and None not in part.leaves and data[2] == b"".join(part.leaves):  # type: ignore[arg-type]
            levels = levels_over(part.leaves)  # type: ignore[arg-type]
            return levels, levels
        told = [data[2][n * HASH : n * HASH + HASH] for n in range(count)] if data is not None else [b""] * count
        by_entries = [
            leaf or (tile if len(tile) == HASH else bytes(HASH)) for leaf, tile in zip(part.leaves, told, strict=True)
        ]
        by_tile = [tile if len(tile) == HASH else leaf for leaf, tile in zip(by_entries, told, strict=True)]
        for n in range(count):
            if part.leaves[n] is None:
                if part.entries[n] is None:
                    self.findings.differs(Sealed, first + n, _("树中的这个位置没有记录"), logged=told[n])
                else:
                    self.findings.differs(Entry, part.entries[n] or 0, _("树中有这条记录，表中没有"), logged=told[n])
            elif by_entries[n] != by_tile[n]:
                self._doubt_entry(first + n, part.entries[n] or 0, stored=by_entries[n], logged=by_tile[n])
        if by_entries != by_tile and data is not None:
            self._doubt_tile(data[1], (0, part.index), stored=b"".join(by_tile), logged=b"".join(by_entries))
        if by_entries == by_tile and self.tiles is self.entries:
            levels = levels_over(by_entries)
            return levels, levels
        return levels_over(by_entries), levels_over(by_tile)

    def _doubt_tile(
        self, pk: int, place: tuple[int, int], *, stored: bytes, logged: bytes, by_entries: bool = True
    ) -> None:
        at = next((n for n in range(0, len(logged), HASH) if stored[n : n + HASH] != logged[n : n + HASH]), 0)
        problem = _("瓦片 %(tile)s 与树不符（第 %(place)s 个哈希起）") % {
            "tile": f"{place[0]}/{place[1]}",
            "place": at // HASH,
        }
        doubt = Doubt(by_entries, Tile, pk, problem, stored[at : at + HASH], logged[at : at + HASH])
        if len(self.doubts) < LISTED:
            self.doubts.append(doubt)

    def _doubt_entry(self, position: int, entry: int, *, stored: bytes, logged: bytes) -> None:
        if len(self.doubts) < LISTED:
            problem = _("树中这个位置是另一条记录")
            self.doubts.append(Doubt(False, Sealed, position, problem, f"{entry}: {stored.hex()}", logged))

    def _grow(self, by_entries: Levels, by_tiles: Levels) -> None:
        if by_tiles is not by_entries and self.tiles is self.entries:
            self.tiles = self.entries.copy()
        full = self.entries.add(by_entries)
        told = full if self.tiles is self.entries else self.tiles.add(by_tiles)
        for (level, index, hashes), (_level, _index, others) in zip(full, told, strict=True):
            self._upper_tile(level, index, b"".join(hashes), b"".join(others))

    def _upper_tile(self, level: int, index: int, by_entries: bytes, by_tiles: bytes) -> None:
        found = Tile.objects.filter(level=level, index=index).values_list("pk", "hashes").first()
        if found is None:
            self.findings.differs(Tile, f"{level}/{index}", _("缺少这块哈希瓦片"))
            return
        self.findings.checked["tiles"] += 1
        pk, stored = found[0], bytes(found[1])
        if len(stored) != len(by_entries):
            self.findings.differs(
                Tile, pk, _("瓦片 %(tile)s 的哈希个数不对") % {"tile": f"{level}/{index}"},
                stored=len(stored) / HASH, logged=len(by_entries) // HASH,
            )  # fmt: skip
        if stored != by_entries:
            self._doubt_tile(pk, (level, index), stored=stored, logged=by_entries)
        if stored != by_tiles:
            self._doubt_tile(pk, (level, index), stored=stored, logged=by_tiles, by_entries=False)

    def _edges(self, part: Tile0, by_entries: Levels, by_tiles: Levels) -> None:
        """Look at the tiles above the leaves that are begun and not full."""
        for n, hashes in enumerate(self.entries.above):
            if hashes:
                index = self.size // WIDTH ** (n + 2)
                self._upper_tile(n + 1, index, b"".join(hashes), b"".join(self.tiles.above[n]))

    def _rest(self, stored: Iterator[tuple[int, int, bytes]]) -> None:
        for index, pk, _hashes in stored:
            self.findings.checked["tiles"] += 1
            self.findings.differs(Tile, pk, _("树没有这块瓦片：%(tile)s") % {"tile": f"0/{index}"})

    def _overlooked_tiles(self) -> None:
        """Report the tiles above the leaves, and those of impossible places, that the tree does not have."""
        expected, wanted, level = self.size // WIDTH, Q(level=0, index__gte=0), 1
        while expected:
            wanted |= Q(level=level, index__gte=0, index__lt=-(-expected // WIDTH))
            expected, level = expected // WIDTH, level + 1
        for pk, level, index in Tile.objects.exclude(wanted).order_by("pk").values_list("pk", "level", "index"):
            self.findings.checked["tiles"] += 1
            self.findings.differs(Tile, pk, _("树没有这块瓦片：%(tile)s") % {"tile": f"{level}/{index}"})

    def _answer_checkpoints(self, part: Tile0, by_entries: Levels, by_tiles: Levels) -> None:
        """Compare every checkpoint that ends in this tile with the tree at its size."""
        first = part.index * WIDTH
        highest: list[int] | None = None
        while self.next is not None and self.next.size <= first + len(part.leaves):
            head, self.next = self.next, next(self.checkpoints, None)
            if head.size < first:
                continue  # It does not grow, which is reported already; the tree has moved on.
            count = head.size - first
            root = self.entries.root(by_entries, count)
            told = root if by_tiles is by_entries and self.tiles is self.entries else self.tiles.root(by_tiles, count)
            if root != told:
                self._decide(head, root, told)
            elif head.root != root:
                self.findings.differs(
                    Checkpoint, head.number, _("根哈希不是树在这个大小时的根哈希"), stored=head.root, logged=root
                )
            if highest is None:
                highest = list(accumulate((entry or 0 for entry in part.entries), max))
            through = max(self.through, highest[count - 1]) if count else self.through
            if head.through != through:
                self.findings.differs(
                    Checkpoint, head.number, _("列 %(column)s 与日志记载不符") % {"column": "through"},
                    stored=head.through, logged=through,
                )  # fmt: skip
            self.last = head
        self.through = max([self.through, *(entry or 0 for entry in part.entries)])
        while self.next is not None and len(part.leaves) < WIDTH:
            self.findings.differs(
                Checkpoint, self.next.number, _("检查点比树大"), stored=self.next.size, logged=first + len(part.leaves)
            )
            self.last, self.next = self.next, next(self.checkpoints, None)

    def _decide(self, head: "_Head", root: bytes, told: bytes) -> None:
        if not head.signed:
            return
        if head.root == root:
            self._resolve(True)
            self.tiles = self.entries
        elif head.root == told:
            self._resolve(False)
            self.entries = self.tiles
        else:
            doubt = Doubt(True, Checkpoint, head.number, _("根哈希不是树在这个大小时的根哈希"), head.root, root)
            self.doubts += [doubt, doubt._replace(about_tiles=False, logged=told)]

    def _resolve(self, entries_are_right: bool | None) -> None:
        """Report the doubts about the side that is wrong; about both, while no checkpoint has told."""
        wrong_entries: dict[int, Doubt] = {}
        for doubt in self.doubts:
            if entries_are_right is None or doubt.about_tiles is entries_are_right:
                if doubt.model is Sealed:
                    wrong_entries[int(doubt.row)] = doubt
                else:
                    self.findings.differs(
                        doubt.model, doubt.row, doubt.problem, stored=doubt.stored, logged=doubt.logged
                    )
        self.doubts.clear()
        self._report_entries(wrong_entries)

    def _report_entries(self, doubts: Mapping[int, Doubt]) -> None:
        """Report places with the wrong leaf: another entry was put there, or the entry's own statement was rewritten."""
        if not doubts:
            return
        wanted = [doubt.logged for doubt in doubts.values()]
        elsewhere = {
            bytes(leaf) for leaf in Entry.objects.filter(leaf_hash__in=wanted).values_list("leaf_hash", flat=True)
        }
        for position, doubt in doubts.items():
            entry, _colon, hashed = str(doubt.stored).partition(": ")
            kept = Entry.objects.filter(pk=int(entry)).values_list("leaf_hash", flat=True).first()
            if doubt.logged in elsewhere and (kept is None or bytes(kept) != doubt.logged):
                self.findings.differs(Sealed, position, doubt.problem, stored=doubt.stored, logged=doubt.logged)
            else:
                problem = _("记录的内容不是封存时的内容（树中位置 %(place)s）") % {"place": position}
                self.findings.differs(Entry, int(entry), problem, stored=hashed, logged=doubt.logged)


def _pushed_back(item: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield item
    yield from rest


def _reach() -> int:
    """Return how far the tree goes by its tiles of leaves and by its entries, whichever says more that can be true."""
    sealed = Sealed.objects.count()
    by_tiles = 0
    last = Tile.objects.filter(level=0, index__gte=0).order_by("-index").values_list("index", "hashes")[:1]
    for index, hashes in last:
        full = Tile.objects.filter(level=0, index__gte=0).count()
        # A tile that stands alone, far from the others, says nothing.
        by_tiles = index * WIDTH + min(WIDTH, len(bytes(hashes)) // HASH) if index < full + 64 else 0
    return max(sealed, by_tiles)


# --- checkpoints ------------------------------------------------------------------------------------------------------


class _Head(NamedTuple):
    """What a checkpoint says, by its note where that can be read: `signed` if a key of the log vouches for it."""

    number: int
    size: int
    root: bytes
    through: int
    signed: bool


def published_keys() -> dict[tuple[str, bytes], VerifierKey]:
    """Return the log's keys by name and id, as the log's own entries introduced them."""
    found = {}
    for data in Entry.objects.filter(kind=Kind.KEY_INTRODUCED).order_by("pk").values_list("statement", flat=True):
        try:
            key = VerifierKey.parse(json.loads(bytes(data))["facts"]["verifier_key"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # Told where entries are read.
        found[key.name, key.id] = key
    return found


def _checkpoints(findings: Findings, keys: Mapping[tuple[str, bytes], VerifierKey]) -> Iterator[_Head]:
    """Yield the checkpoints in order, those whose size is known, and report what is wrong with each by itself."""
    before: tuple[int, int, datetime] | None = None
    for chunk in by_key(Checkpoint.objects.all(), "number", "size", "root", "at", "through", "note"):
        for number, size, root, at, through, text in chunk:
            findings.checked["checkpoints"] += 1
            expected = before[0] + 1 if before else 1
            if number != expected:
                if number > expected:
                    findings.differs(Checkpoint, expected, _("检查点编号不连续：缺少这一个"))
                findings.differs(Checkpoint, number, _("检查点编号不连续：应为 %(number)s") % {"number": expected})
            head = _checked_note(findings, number, size, bytes(root), through, text, keys)
            if before and head.size <= before[1]:
                for row in (before[0], number):
                    findings.differs(
                        Checkpoint, row, _("检查点的大小没有增长（%(one)s、%(other)s）") % {"one": before[0], "other": number},
                        stored=head.size, logged=before[1],
                    )  # fmt: skip
            if before and at < before[2]:
                for row in (before[0], number):
                    findings.differs(
                        Checkpoint, row, _("检查点的时间倒退（%(one)s、%(other)s）") % {"one": before[0], "other": number},
                        stored=at, logged=before[2],
                    )  # fmt: skip
            before = (number, head.size, at)
            yield head


def _checked_note(
    findings: Findings,
    number: int,
    size: int,
    root: bytes,
    through: int,
    text: str,
    keys: Mapping[tuple[str, bytes], VerifierKey],
) -> _Head:
    try:
        note = parse(text)
    except ValueError as fault:
        findings.differs(Checkpoint, number, _("无法读取签名检查点"), stored=f"{fault}: {text}")
        return _Head(number, size, root, through, False)
    signed = _check_signatures(findings, number, note, keys)
    for column, stored, told in (("size", size, note.head.size), ("root", root, note.head.root)):
        if stored != told:
            findings.differs(
                Checkpoint, number, _("列 %(column)s 与签名检查点不符") % {"column": column}, stored=stored, logged=told
            )
    # Columns that agree with each other and with nothing else are told by the tree; a signed note is believed before columns.
    return (
        _Head(number, note.head.size, note.head.root, through, signed)
        if signed
        else _Head(number, size, root, through, False)
    )


def _check_signatures(
    findings: Findings, number: int, note: Note, keys: Mapping[tuple[str, bytes], VerifierKey]
) -> bool:
    holds = True
    for signature in note.signatures:
        findings.checked["signatures"] += 1
        key = keys.get((signature.name, signature.key_id))
        if key is None or signature.name != note.head.origin:
            holds = False
            findings.differs(
                Checkpoint, number, _("签名的密钥没有在日志中启用"), stored=f"{signature.name}+{signature.key_id.hex()}"
            )
        elif not Note(note.body, note.head, (signature,)).is_signed_by(key):
            holds = False
            findings.differs(Checkpoint, number, _("签名无效"), stored=key)
    return holds


def _check_cosignatures(findings: Findings) -> None:
    columns = ("checkpoint_id", "checkpoint__note", "checkpoint__at", "witness_key", "line", "received_at")
    trusted = set(settings.WITNESSES)
    for chunk in by_key(Cosignature.objects.all(), "pk", *columns):
        for pk, number, text, sealed_at, witness, line, received_at in chunk:
            findings.checked["cosignatures"] += 1
            if text is None:
                findings.differs(Cosignature, pk, _("没有这个检查点"), stored=number)
                continue
            try:
                key, signature = VerifierKey.parse(witness), parse_signature(line.removesuffix("\n"))
            except ValueError as fault:
                findings.differs(Cosignature, pk, _("无法读取见证签名"), stored=f"{fault}: {line}")
                continue
            try:
                note = parse(text)
            except ValueError:
                continue  # Told with its checkpoint.
            if key.algorithm != COSIGNATURE_V1 or not Note(note.body, note.head, (signature,)).is_signed_by(key):
                findings.differs(Cosignature, pk, _("见证签名无效"), stored=line, logged=witness)
                continue
            if not line.endswith("\n") or line.count("\n") != 1:
                findings.differs(Cosignature, pk, _("无法读取见证签名"), stored=line)
            # A time that no datetime can hold is in the future, too.
            signed_at = datetime.fromtimestamp(min(int.from_bytes(signature.data[:8], "big"), 2**37), UTC)
            if not sealed_at - CLOCKS_APART <= signed_at <= received_at + CLOCKS_APART:
                findings.differs(
                    Cosignature,
                    pk,
                    _("见证人签名的时间不在检查点的时间与收到的时间之间"),
                    stored=received_at,
                    logged=signed_at,
                )
            if trusted and witness not in trusted:
                findings.warn(_("见证人 %(key)s 不在配置之中。") % {"key": witness})


# --- timestamps -------------------------------------------------------------------------------------------------------


def _check_timestamps(findings: Findings) -> None:
    path = settings.TIMESTAMP_ROOTS
    roots = Path(path).read_text("ascii") if path else ""
    before: tuple[int, datetime] | None = None
    columns = ("checkpoint_id", "checkpoint__note", "checkpoint__at", "at", "response", "stamped_at")
    for chunk in by_key(TimestampAttempt.objects.all(), "number", *columns):
        for number, checkpoint, text, sealed_at, at, response, stamped_at in chunk:
            findings.checked["timestamp_attempts"] += 1
            expected = before[0] + 1 if before else 1
            if number != expected:
                if number > expected:
                    findings.differs(TimestampAttempt, expected, _("时间戳请求编号不连续：缺少这一次"))
                problem = _("时间戳请求编号不连续：应为 %(number)s") % {"number": expected}
                findings.differs(TimestampAttempt, number, problem)
            if before and at < before[1] - CLOCKS_APART:
                for row in (before[0], number):
                    findings.differs(TimestampAttempt, row, _("时间戳请求的时间倒退"), stored=at, logged=before[1])
            before = (number, at)
            if text is None:
                findings.differs(TimestampAttempt, number, _("没有这个检查点"), stored=checkpoint)
                continue
            if at < sealed_at - CLOCKS_APART:
                findings.differs(TimestampAttempt, number, _("请求的时间早于检查点"), stored=at, logged=sealed_at)
            if response is not None:
                _check_response(findings, number, bytes(response), text, (sealed_at, at, stamped_at), roots)


def _check_response(
    findings: Findings,
    number: int,
    response: bytes,
    text: str,
    times: tuple[datetime, datetime, datetime | None],
    roots: str,
) -> None:
    """Check a kept response: what it says and, where the roots of its authority are known, who signed it."""
    findings.checked["timestamps"] += 1
    sealed_at, asked_at, stamped_at = times
    try:
        body = parse(text).body.encode()
    except ValueError:
        return  # Told with its checkpoint.
    try:
        told_at, imprint = stated(response)
    except ValueError as fault:
        findings.differs(TimestampAttempt, number, _("无法读取时间戳"), stored=fault)
        return
    if imprint != hashlib.sha256(body).digest():
        findings.differs(TimestampAttempt, number, _("时间戳不是这个检查点的"), stored=imprint)
    if stamped_at != told_at:
        problem = _("列 %(column)s 与时间戳不符") % {"column": "stamped_at"}
        findings.differs(TimestampAttempt, number, problem, stored=stamped_at, logged=told_at)
    if told_at < sealed_at - CLOCKS_APART:
        findings.differs(TimestampAttempt, number, _("时间戳早于检查点"), stored=told_at, logged=sealed_at)
    elif abs(told_at - asked_at) > CLOCKS_APART:
        findings.warn(
            _("第 %(number)s 次时间戳请求的时间与时间戳相差超过五分钟：%(asked)s、%(stamped)s")
            % {"number": number, "asked": timestamp(asked_at), "stamped": timestamp(told_at)}
        )
    if not roots:
        findings.checked["timestamps_not_checked"] += 1
        return
    try:
        checked(response=response, body=body, roots=roots)
    except TimestampRefused as refusal:
        findings.differs(TimestampAttempt, number, _("时间戳的签名不能由所配置的根证书验证"), stored=refusal)


# --- entries and what they commit to ----------------------------------------------------------------------------------


class Logged(NamedTuple):
    """One entry that was read: its columns, its facts, and the personal values that opened (None: erased)."""

    pk: int
    uid: str
    kind: str
    at: datetime
    facts: Mapping[str, Any]
    disclosed: Mapping[str, str | None]


_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is not a whole number")


_read = json.JSONDecoder(parse_float=_no_float).decode


def read_statement(data: bytes) -> dict[str, Any]:
    """Return a statement that is in the one form of RFC 8785. Raises ValueError.

    Python's own encoder writes that form for what statements hold (objects with plain keys, strings, whole numbers), many
    times faster than a general one; where it does not, the general one decides.
    """
    text = data.decode()
    value = _read(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    if _compact(value) != text and canonical_json(value) != data:
        raise ValueError("not in canonical form")
    return value


def _opens(field: str, salt: bytes, value: str, committed: object) -> bool:
    if len(salt) != SALT_BYTES:
        return False
    if hashlib.sha256(salt + _compact([field, value]).encode("utf-8", "replace")).hexdigest() == committed:
        return True
    try:
        return commitment(field=field, salt=salt, value=value) == committed
    except ValueError:
        return False


def _erased(findings: Findings) -> Keys:
    """Return the primary keys of the disclosures that some entry says were erased, and report those that still say something."""
    gone = Keys()
    for chunk in by_key(Entry.objects.filter(kind=Kind.PERSON_ERASED), "pk", "uid", "statement"):
        for _pk, uid, data in chunk:
            try:
                pairs = [(UUID(entry), field) for entry, field in read_statement(bytes(data))["facts"]["disclosures"]]
            except (ValueError, KeyError, TypeError):
                continue  # Told where entries are read.
            for start in range(0, len(pairs), 500):
                part = pairs[start : start + 500]
                found = Disclosure.objects.filter(entry__uid__in=[entry for entry, _field in part])
                rows = {(row[0], row[1]): row[2:] for row in found.values_list("entry__uid", "field", "pk", "value")}
                for pair in part:
                    if pair not in rows:
                        findings.differs(
                            Disclosure, f"{pair[0]} {pair[1]}", _("日志提到这一项个人信息，表中没有"), logged=uid
                        )
                        continue
                    pk, value = rows[pair]
                    gone.add(pk)
                    if value is not None:
                        findings.differs(Disclosure, pk, _("日志说这一项已经删除，表中还在"), logged=uid)
    return gone


def logged_entries(findings: Findings, *, progress: Progress) -> Iterator[list[Logged]]:
    """Yield every entry, sealed or not, in chunks by primary key, after holding its row and its disclosures against it."""
    erased = _erased(findings)
    columns = ("uid", "kind", "at", "account", "statement", "leaf_hash")
    for chunk in by_key(Entry.objects.all(), "pk", *columns):
        findings.checked["entries"] += len(chunk)
        values: dict[int, dict[str, tuple[int, Any, str | None]]] = {row[0]: {} for row in chunk}
        keys = list(values)
        found = Disclosure.objects.filter(entry__in=keys).values_list("pk", "entry_id", "field", "salt", "value")
        for pk, entry, field, salt, value in found:
            values[entry][field] = (pk, salt, value)
        read = []
        for row in chunk:
            facts, commitments = _checked_entry(findings, *row)
            disclosed = _checked_disclosures(findings, row[0], commitments, values[row[0]], erased)
            if facts is not None:
                read.append(Logged(row[0], str(row[1]), row[2], row[3], facts, disclosed))
        _check_log_keys(findings, keys, read)
        progress(len(chunk))
        yield read
    for model in (Disclosure, LogKey, Sealed):
        _check_entry_exists(findings, model)


def _checked_entry(
    findings: Findings, pk: int, uid: UUID, kind: str, at: datetime, account: int | None, data: Any, leaf: Any
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """Return the facts and commitments of an entry's statement (None, {} where it cannot be read)."""
    data = bytes(data)
    if (hashed := leaf_hash(data)) != bytes(leaf):
        findings.differs(Entry, pk, _("记录的内容与它的哈希不符"), stored=bytes(leaf), logged=hashed)
    try:
        told = read_statement(data)
        facts, commitments = told["facts"], told["commitments"]
        if told.keys() != {"schema", "kind", "id", "at", "facts", "commitments"} or told["schema"] != SCHEMA:
            raise ValueError("other keys, or another schema")
        columns = (
            ("uid", str(uid), told["id"]),
            ("kind", kind, told["kind"]),
            ("at", timestamp(at), told["at"]),
            ("account", account, facts.get("account")),
        )
        commitments = dict(commitments)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        findings.differs(Entry, pk, _("无法读取记录的内容，或者它不是规范形式"), stored=fault)
        return None, {}
    for column, stored, logged in columns:
        if stored != logged:
            problem = _("列 %(column)s 与日志记载不符") % {"column": column}
            findings.differs(Entry, pk, problem, stored=stored, logged=logged)
    return facts, commitments


def _checked_disclosures(
    findings: Findings,
    entry: int,
    commitments: Mapping[str, Any],
    rows: Mapping[str, tuple[int, Any, str | None]],
    erased: Keys,
) -> dict[str, str | None]:
    """Return the values that open the commitments of an entry, None for those that were erased."""
    findings.checked["disclosures"] += len(rows)
    opened: dict[str, str | None] = {}
    for field, committed in commitments.items():
        if field not in rows:
            findings.differs(Disclosure, f"{entry} {field}", _("日志提到这一项个人信息，表中没有"), logged=committed)
            continue
        pk, salt, value = rows[field]
        if value is None or salt is None:
            if pk in erased:
                opened[field] = None
                findings.checked["disclosures_erased"] += 1
            else:
                findings.differs(Disclosure, pk, _("这一项被清空，日志没有删除记录"), logged=committed)
        elif _opens(field, bytes(salt), value, committed):
            opened[field] = value
        else:
            # What is stored may be personal: it is not repeated here.
            findings.differs(Disclosure, pk, _("这一项与日志中的承诺不符"), logged=committed)
    for field in rows.keys() - commitments.keys():
        findings.differs(Disclosure, rows[field][0], _("日志没有提到这一项个人信息"), stored=field)
    return opened


def _check_log_keys(findings: Findings, entries: Sequence[int], read: Sequence[Logged]) -> None:
    rows = {
        row[1]: row
        for row in LogKey.objects.filter(entry__in=entries).values_list(
            "pk", "entry_id", "verifier_key", "introduced_at"
        )
    }
    findings.checked["log_keys"] += len(rows)
    for entry in read:
        if entry.kind != Kind.KEY_INTRODUCED:
            continue
        row = rows.pop(entry.pk, None)
        if row is None:
            findings.differs(LogKey, f"entry {entry.pk}", no_row(), logged=entry.uid)
            continue
        told = (("verifier_key", row[2], entry.facts.get("verifier_key")), ("introduced_at", row[3], entry.at))
        for column, stored, logged in told:
            if stored != logged:
                problem = _("列 %(column)s 与日志记载不符") % {"column": column}
                findings.differs(LogKey, row[0], problem, stored=stored, logged=logged)
    for row in rows.values():
        findings.differs(LogKey, row[0], no_entry(), stored=row[2])


def no_row() -> str:
    """Return the words for a row that the log tells of and that is not there."""
    return _("日志记载了这一行，表中没有")


def no_entry() -> str:
    """Return the words for a row that is there and that no entry of the log tells of."""
    return _("表中有这一行，日志没有记载")


def _check_entry_exists(findings: Findings, model: type[models.Model]) -> None:
    """Report the rows whose entry does not exist; foreign keys hold this, unless somebody went around them."""
    rows = model._base_manager.filter(~Exists(Entry.objects.filter(pk=OuterRef("entry_id"))))
    for pk, entry in rows.order_by("pk").values_list("pk", "entry_id")[:LISTED]:
        findings.differs(model, pk, _("它的日志记录不存在"), stored=entry)


# --- all of it --------------------------------------------------------------------------------------------------------


def check_tree(findings: Findings, *, progress: Progress = lambda n: None) -> None:
    """Hold the tree, its tiles and checkpoints against the entries: every place, every hash, every signed root."""
    _Tree(findings, published_keys(), progress).verify()


def check_witnesses(findings: Findings) -> None:
    """Check the cosignatures of witnesses and the timestamps of authorities."""
    _check_cosignatures(findings)
    _check_timestamps(findings)


def check_unsealed(findings: Findings, *, at: datetime) -> None:
    """Warn of entries that have waited for their place longer than a sealer takes."""
    waiting = Entry.objects.filter(~Exists(Sealed.objects.filter(entry=OuterRef("pk"))))
    findings.checked["unsealed"] = waiting.count()
    if late := waiting.filter(at__lt=at - UNSEALED_AFTER).count():
        findings.warn(_("%(count)s 条记录超过一分钟还没有封存。") % {"count": late})
