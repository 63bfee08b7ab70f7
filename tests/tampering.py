"""Changes that somebody might make behind the triggers' back, each one in one place, and the rows that then have to be named."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connection, models

from agreements.models import Agreement, Draft
from assent.models import Acceptance, AcceptanceLine, Refusal
from evidence.append_only import AppendOnly
from evidence.checkpoint import Head, SigningKey, parse, sign
from evidence.models import Checkpoint, Cosignature, Disclosure, LogKey, Tile, TimestampAttempt
from evidence.protection import protected_models
from tests.conftest import LOG_KEY

Model = type[models.Model]

A_KEY_ALONE = "a surrogate key that no statement names: the row says the same under another one"
OUR_CLOCK = "read from our own clock and signed by nobody: held only between what comes before and after"
OUR_NOTE = "our own note of a request, signed by nobody"
LEFT_OUT: dict[tuple[Model, str], str] = {
    (Disclosure, "id"): A_KEY_ALONE,
    (Acceptance, "id"): A_KEY_ALONE + "; its lines lose it and are named",
    (AcceptanceLine, "id"): A_KEY_ALONE,
    (Refusal, "id"): A_KEY_ALONE,
    (LogKey, "id"): A_KEY_ALONE,
    (Tile, "id"): A_KEY_ALONE,
    (Cosignature, "id"): A_KEY_ALONE,
    (Checkpoint, "at"): OUR_CLOCK,
    (Cosignature, "received_at"): OUR_CLOCK,
    (TimestampAttempt, "at"): OUR_CLOCK,
    (TimestampAttempt, "authority"): OUR_NOTE,
    (TimestampAttempt, "error"): OUR_NOTE,
}
"""Columns whose changes nothing that is logged or signed contradicts, and why."""


class Named(NamedTuple):
    """A row that has to be named: its table, and any of these keys."""

    table: str
    keys: frozenset[str]


class Change(NamedTuple):
    """A change that was made, in words, and what has to be reported."""

    words: str
    named: list[Named]


class NoChange(Exception):
    """What was chosen changes nothing that anybody could see, or there is nothing to choose from."""


def columns(model: Model) -> list[models.Field]:
    """The columns that the triggers protect: all of an append-only row, of a kept one those that are not free."""
    fields = list(model._meta.local_concrete_fields)
    if not issubclass(model, AppendOnly):
        held = {*model.fixed, *model.once, *model.only_to_null, *model.grows}
        fields = [field for field in fields if field.primary_key or field.name in held]
    return [field for field in fields if (model, field.column) not in LEFT_OUT]


def all_columns() -> list[tuple[Model, models.Field]]:
    """Every protected column of every protected model, but those left out."""
    return [(model, field) for model in protected_models() for field in columns(model)]


def rows_of(model: Model) -> list[models.Model]:
    """The rows that are evidence: agreements and drafts are once they have a version."""
    rows = model._base_manager.order_by("pk")
    if model is Agreement:
        rows = rows.filter(versions__isnull=False).distinct()
    if model is Draft:
        rows = rows.filter(version__isnull=False)
    return list(rows)


def value_of(row: models.Model, field: models.Field) -> Any:
    value = getattr(row, field.attname)
    return bytes(value) if isinstance(value, memoryview) else value


def write(model: Model, pk: Any, field: models.Field, value: Any) -> None:
    """Write one column of one row with raw SQL."""
    prepared = field.get_db_prep_save(value, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{model._meta.db_table}" SET "{field.column}" = %s WHERE "{model._meta.pk.column}" = %s',
            [prepared, pk],
        )


def flipped(field: models.Field, value: Any, random: Random) -> Any:
    """The value with one bit changed; another value altogether where there was none."""
    target = getattr(field, "target_field", field)
    match value:
        case bool():
            return not value
        case int():
            return value ^ 1 << random.randrange(14)
        case datetime():
            since = round((value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=since ^ 1 << random.randrange(50))
        case UUID():
            return UUID(int=value.int ^ 1 << random.randrange(128))
        case bytes():
            bit = random.randrange(len(value) * 8)
            return value[: bit // 8] + bytes([value[bit // 8] ^ 1 << bit % 8]) + value[bit // 8 + 1 :]
        case str() if value:
            at = random.randrange(len(value))
            return value[:at] + chr(ord(value[at]) ^ 1 << random.randrange(7)) + value[at + 1 :]
    if isinstance(target, models.DateTimeField):
        return datetime(2020, 5, 1, tzinfo=UTC)
    if isinstance(target, models.UUIDField):
        return UUID(int=random.getrandbits(128), version=4)
    if isinstance(target, models.BinaryField):
        return random.randbytes(32)
    if isinstance(target, models.IntegerField):
        return random.randrange(1, 100)
    return "70007" if target.name == "qq_number" else "another"


def names(row: models.Model, *others: object) -> Named:
    """By which keys a row may be named: its own, and where it is gone, what statements call it."""
    keys = {str(row.pk), *(str(other) for other in others)}
    match row:
        case Disclosure():
            keys.add(f"{row.entry_id} {row.field}")
        case AcceptanceLine():
            version = row.version
            keys.add(f"entry {row.acceptance.entry_id}: {version.agreement.slug} {version.number}")
        case Acceptance() | Refusal() | LogKey():
            keys.add(f"entry {row.entry_id}")
        case Tile():
            keys.add(f"{row.level}/{row.index}")
    return Named(row._meta.db_table, frozenset(keys))


def beside_the_signature(before: bytes, after: bytes) -> bool:
    """Is the change in the root certificate that the authority sent along? No signature needs it, and any other would do."""
    at = next(n for n, (one, other) in enumerate(zip(before, after, strict=True)) if one != other)
    [root] = x509.load_pem_x509_certificates(settings.TIMESTAMP_ROOTS.read_bytes())
    sent = root.public_bytes(Encoding.DER)
    return before.index(sent) <= at < before.index(sent) + len(sent)


def a_bit(random: Random, where: tuple[Model, models.Field] | None = None) -> Change:
    """Change one bit in a column of a row."""
    model, field = where or random.choice(all_columns())
    rows = rows_of(model)
    if (model, field.column) == (TimestampAttempt, "checkpoint_id"):
        rows = [row for row in rows if row.response is not None]
    if not rows:
        raise NoChange
    row = random.choice(rows)
    before = value_of(row, field)
    after = flipped(field, before, random)
    if before and (model, field.column) == (TimestampAttempt, "response") and beside_the_signature(before, after):
        raise NoChange
    named = names(row, *([after] if field.primary_key else []))
    write(model, row.pk, field, after)
    return Change(f"{model._meta.db_table}.{field.column} of {row.pk}: {before!r} → {after!r}", [named])


def told(model: Model) -> list[tuple]:
    """Everything that a table says, apart from keys that say nothing."""
    kept = [
        f.column
        for f in model._meta.local_concrete_fields
        if LEFT_OUT.get((model, f.column), "")[:12] != A_KEY_ALONE[:12]
    ]
    with connection.cursor() as cursor:
        listed = ", ".join(f'"{column}"' for column in kept)
        cursor.execute(f'SELECT {listed} FROM "{model._meta.db_table}"')
        return sorted(
            (tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()), key=repr
        )


def a_swap(random: Random) -> Change:
    """Let two rows of a table change places in one column."""
    model, field = random.choice(all_columns())
    rows = rows_of(model)
    if len(rows) < 2:
        raise NoChange
    one, other = random.sample(rows, 2)
    values = value_of(one, field), value_of(other, field)
    if values[0] == values[1]:
        raise NoChange
    named = [names(one), names(other)]
    before = told(model)
    between = flipped(field, values[0], random)
    write(model, one.pk, field, between)
    write(model, other.pk, field, values[0])
    write(model, between if field.primary_key else one.pk, field, values[1])
    if told(model) == before:
        raise NoChange
    return Change(f"{model._meta.db_table}.{field.column} of {one.pk} and {other.pk} changed places", named)


def a_deleted_row(random: Random) -> Change:
    """Delete a row; of cosignatures and the newest timestamp nothing says that they were there."""
    model = random.choice([model for model in protected_models() if model is not Cosignature])
    rows = rows_of(model)[: -1 if model is TimestampAttempt else None]
    if not rows:
        raise NoChange
    row = random.choice(rows)
    named = names(row)
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{model._meta.db_table}" WHERE "{model._meta.pk.column}" = %s', [row.pk])
    return Change(f"{model._meta.db_table} {row.pk} deleted", [named])


def a_rewritten_tile(random: Random) -> Change:
    """Put other hashes into a tile, leave some out, or add one."""
    tile = random.choice(rows_of(Tile))
    hashes = bytes(tile.hashes)
    at = random.randrange(len(hashes) // 32) * 32
    hashes = random.choice(
        (
            random.randbytes(len(hashes)),
            hashes[:at] + random.randbytes(32) + hashes[at + 32 :],
            hashes[:at],
            hashes + random.randbytes(32),
            hashes[-32:] + hashes[:-32] if len(hashes) > 32 else b"",
        )
    )
    write(Tile, tile.pk, Tile._meta.get_field("hashes"), hashes)
    return Change(f"tile {tile} rewritten", [names(tile)])


def a_time_put_back(random: Random) -> Change:
    """Date something back by thirty years, our own clock's readings included."""
    chosen = [
        (model, field)
        for model in protected_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.DateTimeField) and field.name != "last_login"
    ]
    model, field = random.choice(chosen)
    rows = [row for row in rows_of(model) if value_of(row, field) is not None]
    if not rows:
        raise NoChange
    row = random.choice(rows)
    write(model, row.pk, field, value_of(row, field) - timedelta(days=30 * 365))
    return Change(f"{model._meta.db_table}.{field.column} of {row.pk} dated back", [names(row)])


def a_forged_checkpoint(random: Random) -> Change:
    """Put another note, and columns that go with it, in the place of a checkpoint's; or cut the note off."""
    row = random.choice(rows_of(Checkpoint))
    head = parse(row.note).head
    stranger = SigningKey(LOG_KEY.name, random.randbytes(32))
    root = random.randbytes(32)
    note, columns = random.choice(
        (
            (sign(head, [stranger]), {}),
            (sign(head._replace(root=root), [stranger]), {"root": root}),
            (sign(head._replace(root=root), [LOG_KEY]), {"root": root}),
            (sign(head._replace(size=head.size + 1), [LOG_KEY]), {"size": head.size + 1}),
            (
                sign(
                    Head("elsewhere.example/log", head.size, head.root),
                    [SigningKey("elsewhere.example/log", LOG_KEY.seed)],
                ),
                {},
            ),
            (row.note[: random.randrange(len(row.note))], {}),
            (row.note.replace("\n\n", f"\n{b64encode(root).decode()}\n\n"), {}),
        )
    )
    for column, value in {"note": note, **columns}.items():
        write(Checkpoint, row.pk, Checkpoint._meta.get_field(column), value)
    return Change(f"checkpoint {row.pk} forged: {note!r}", [names(row)])


KINDS: dict[str, tuple[Callable[[Random], Change], int]] = {
    "a bit": (a_bit, 60),
    "a swap": (a_swap, 15),
    "a deleted row": (a_deleted_row, 10),
    "a rewritten tile": (a_rewritten_tile, 5),
    "a time put back": (a_time_put_back, 5),
    "a forged checkpoint": (a_forged_checkpoint, 5),
}
"""The kinds of change, and how many of a hundred are of each."""
