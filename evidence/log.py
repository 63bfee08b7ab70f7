"""The log: `append()` is the only writer of entries and disclosures, `seal()` gives them their place, `prove()` shows it."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from evidence.checkpoint import Head, SigningKey, sign
from evidence.errors import KeyNotIntroduced
from evidence.keys import signing_keys
from evidence.kinds import Kind
from evidence.merkle import Range, consistency_ranges, inclusion_ranges, leaf_hash
from evidence.models import Checkpoint, Disclosure, Entry, LogKey, Sealed, Tile
from evidence.statements import commitment, new_salt, statement
from evidence.tiles import WIDTH, Place, edge, extend, places, subtree_hash

# How many entries one transaction of the sealer takes at most.
BATCH = 10_000
# An act whose transaction lasts longer than this is found by the next full sweep instead of at once.
LATE = timedelta(minutes=1)
# The sealer's advisory lock on PostgreSQL: "qiyue" in ASCII.
SEALER_LOCK = 0x7169797565

# Hashes of subtrees, by their range of leaves.
Known = dict[Range, bytes]
# How many of them `prove_all` keeps at most, each over a full tile or more: 16 MB at the most.
MOST_KNOWN = 65_536


def not_before_the_log(at: datetime) -> datetime:
    """Return `at`, or just after the newest entry where that is later.

    An act that ends something may have waited for acts that began after it and relied on what it ends. Asked under the lock
    that made it wait, this puts the end after them, whatever the clocks of the two requests said.
    """
    newest = Entry.objects.order_by("-pk").values_list("at", flat=True).first()
    return newest + timedelta(microseconds=1) if newest and newest > at else at


def append(*, kind: Kind, at: datetime, facts: Mapping[str, Any], personal: Mapping[str, str] | None = None) -> Entry:
    """Record one act in the log, inside the transaction of the act itself.

    `facts` go into the statement as they are and must not name people; `personal` values (QQ numbers, addresses, user
    agents, free text) are stored beside it, and the statement holds a salted commitment to each. `at` is aware.
    Raises RuntimeError outside a transaction: an act and its entry are written together or not at all.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append() belongs into the transaction of the act that it records")
    uid = uuid.uuid4()
    values = {field: (new_salt(), value) for field, value in (personal or {}).items()}
    data = statement(
        kind=kind.value,
        uid=str(uid),
        at=at,
        facts=facts,
        commitments={field: commitment(field=field, salt=salt, value=value) for field, (salt, value) in values.items()},
    )
    columns = {
        "uid": uid,
        "account": facts.get("account"),
        "kind": kind,
        "at": at,
        "statement": data,
        "leaf_hash": leaf_hash(data),
    }
    key = _insert(Entry, [columns])
    if values:
        _insert(
            Disclosure,
            [{"entry": key, "field": field, "salt": salt, "value": value} for field, (salt, value) in values.items()],
        )
    return Entry.from_db(connection.alias, ["id", *columns], [key, *columns.values()])


def _insert(model: type[Model], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert these rows and return the key of the first. Every act waits for this: the ORM would take twice as long."""
    fields = [model._meta.get_field(name) for name in rows[0]]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    places = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(rows))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {places} RETURNING {quote('id')}",
            [field.get_db_prep_save(row[field.name], connection) for row in rows for field in fields],
        )
        key: int = cursor.fetchall()[0][0]
    return key


def seal(*, at: datetime, sweep: bool = False, introduce_key: bool = False) -> Checkpoint | None:
    """Give every entry that has none its place in the tree, and sign a checkpoint over it; None if nothing was to do.

    Order is given here, not by a database sequence, so an entry that commits late is not skipped: it comes later. One
    sealer works at a time; where another does, this one leaves it to that. Each batch is one transaction. `sweep` looks
    at all entries, not only at those of the last minutes, and introduces a new key even if nothing else waits. Raises
    KeyNotIntroduced where the log has keys and none of ours is among them, unless `introduce_key` says that this is
    meant, and ImproperlyConfigured for unreadable keys.
    """
    if not _a_key_waits(sweep=sweep, even_unknown=introduce_key) and not unsealed(at=at, sweep=sweep).exists():
        return None
    newest, count = None, BATCH
    while count == BATCH:
        made, count = _seal_batch(at=at, sweep=sweep, introduce_key=introduce_key)
        newest = made or newest
    return newest


def _a_key_waits(*, sweep: bool, even_unknown: bool) -> bool:
    """Return whether a key is to be introduced: the log's first one, or one beside those that the log knows."""
    known = set(LogKey.objects.values_list("verifier_key", flat=True))
    if not known or not (sweep or even_unknown):
        return not known
    ours = {str(key.verifier) for key in signing_keys()}
    return not ours <= known and (even_unknown or bool(ours & known))


def unsealed(*, at: datetime, sweep: bool) -> QuerySet[Entry]:
    """Return the entries without a place, in the order of their keys."""
    settled = None if sweep else Checkpoint.objects.filter(at__lte=at - LATE).order_by("-number").first()
    entries = Entry.objects.filter(~Exists(Sealed.objects.filter(entry=OuterRef("pk"))))
    return entries.filter(pk__gt=settled.through if settled else 0).order_by("pk")


@transaction.atomic
def _seal_batch(*, at: datetime, sweep: bool, introduce_key: bool) -> tuple[Checkpoint | None, int]:
    """Seal up to BATCH entries; return the checkpoint and how many entries it added."""
    if not _is_the_only_sealer():
        return None, 0
    last = Checkpoint.objects.order_by("-number").first()
    keys = signing_keys()
    _introduce(keys, at=at, even_unknown=introduce_key)
    entries = list(unsealed(at=at, sweep=sweep).values_list("pk", "leaf_hash")[:BATCH])
    if not entries:
        return None, 0
    size = last.size if last else 0
    Sealed.objects.bulk_create(Sealed(position=size + n, entry_id=pk) for n, (pk, _leaf) in enumerate(entries))
    _extend_tiles(size, [bytes(leaf) for _pk, leaf in entries])
    size += len(entries)
    root = _subtree_hashes([(0, size)])[0]
    checkpoint = Checkpoint.objects.create(
        number=last.number + 1 if last else 1,
        size=size,
        root=root,
        at=max(at, last.at) if last else at,
        through=max(entries[-1][0], last.through if last else 0),
        note=sign(Head(keys[0].name, size, root), keys),
    )
    return checkpoint, len(entries)


def _is_the_only_sealer() -> bool:
    """Take the sealer's lock until the transaction ends. On SQLite, whose transactions are the only writers, it is ours already."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        return cursor.fetchone()[0]


def _introduce(keys: Sequence[SigningKey], *, at: datetime, even_unknown: bool) -> None:
    """Log every key that is new, so that the checkpoint that it first signs already covers its introduction."""
    known = list(LogKey.objects.order_by("pk").values_list("verifier_key", flat=True))
    ours = [str(key.verifier) for key in keys]
    if known and not even_unknown and not set(ours) & set(known):
        raise KeyNotIntroduced(key=ours[0])
    for key in ours:
        if key not in known:
            entry = append(kind=Kind.KEY_INTRODUCED, at=at, facts={"verifier_key": key, "replaces": known})
            LogKey.objects.create(entry=entry, verifier_key=key, introduced_at=at)
            known.append(key)


def _extend_tiles(size: int, leaves: Sequence[bytes]) -> None:
    at_the_edge = reduce(or_, (Q(level=level, index=index) for level, index in edge(size)), Q(pk__in=[]))
    begun = {(tile.level, tile.index): tile for tile in Tile.objects.filter(at_the_edge)}
    before = {place: bytes(tile.hashes) for place, tile in begun.items()}
    changed = extend(size, before, leaves)
    for place in changed.keys() & begun.keys():
        begun[place].hashes = changed[place]
        begun[place].save(update_fields=["hashes"])
    Tile.objects.bulk_create(
        Tile(level=place[0], index=place[1], hashes=hashes) for place, hashes in changed.items() if place not in begun
    )


def _subtree_hashes(ranges: Sequence[Range]) -> list[bytes]:
    """Return the hashes of these subtrees, from the few tiles that hold them, in one query."""
    tiles = _tile_hashes(places(ranges))
    return [subtree_hash(wanted, tiles) for wanted in ranges]


def _tile_hashes(wanted: Iterable[Place]) -> dict[Place, bytes]:
    """Return the hashes in these tiles, those that there are. Here is SQL: to have it written takes as long as all else in a proof."""
    by_level: dict[int, list[int]] = {}
    for height, place in wanted:
        by_level.setdefault(height, []).append(place)
    if not by_level:
        return {}
    table, level, index, hashes = map(connection.ops.quote_name, (Tile._meta.db_table, "level", "index", "hashes"))
    # A term a level, however many tiles: SQLite refuses an expression of a thousand.
    terms = [f"({level} = %s AND {index} IN ({', '.join(['%s'] * len(found))}))" for found in by_level.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {level}, {index}, {hashes} FROM {table} WHERE {' OR '.join(terms)}",
            [part for height, found in by_level.items() for part in (height, *found)],
        )
        return {(row[0], row[1]): bytes(row[2]) for row in cursor.fetchall()}


def checkpoint_for(entry: Entry) -> Checkpoint | None:
    """Return the checkpoint that a proof of this entry is made for; None while the entry is unsealed.

    It is the first one over the entry that an authority has timestamped, or else the first one over it.
    """
    sealed = Sealed.objects.filter(entry=entry).first()
    if sealed is None:
        return None
    covering = Checkpoint.objects.filter(size__gt=sealed.position)
    stamped = covering.filter(timestamps__response__isnull=False).order_by("number")
    return stamped.first() or covering.order_by("number").first()


def prove(*, position: int, checkpoint: Checkpoint) -> list[bytes]:
    """Return the inclusion proof of the entry at `position` in the tree of a checkpoint (RFC 6962, 2.1.1).

    Raises ValueError for a position that the checkpoint does not cover.
    """
    return prove_all(positions=[position], checkpoint=checkpoint)[position]


def prove_all(
    *, positions: Collection[int], checkpoint: Checkpoint, known: Known | None = None
) -> dict[int, list[bytes]]:
    """Return the inclusion proof of the entry at each position, in one query for all of them.

    `known` may be handed from one call to the next for the same checkpoint: it keeps the hashes of large subtrees, which many
    proofs share. Raises ValueError for a position that the checkpoint does not cover.
    """
    known = {} if known is None else known
    ranges = {position: inclusion_ranges(position, checkpoint.size) for position in positions}
    missing = list({wanted for proof in ranges.values() for wanted in proof} - known.keys())
    found = dict(zip(missing, _subtree_hashes(missing), strict=True))
    proofs = {
        position: [found[wanted] if wanted in found else known[wanted] for wanted in proof]
        for position, proof in ranges.items()
    }
    known.update((wanted, node) for wanted, node in found.items() if wanted[1] - wanted[0] >= WIDTH)
    if len(known) > MOST_KNOWN:
        known.clear()
    return proofs


def prove_consistency(*, old: Checkpoint, new: Checkpoint) -> list[bytes]:
    """Return the proof that the tree of `old` begins that of `new` (RFC 6962, 2.1.2)."""
    return _subtree_hashes(consistency_ranges(old.size, new.size))
