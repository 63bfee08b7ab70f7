"""What a verification finds, and how it reads: in the order of keys, a few thousand rows at a time, all of one moment."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from evidence.statements import timestamp

CHUNK = 2048
"""Rows that one query reads; a multiple of a tile's width."""
LISTED = 1000
"""Mismatches that are told one by one; more are only counted."""
SHOWN = 200
"""Characters of a value that a mismatch shows."""
COUNTED = (
    "sealed",
    "tiles",
    "checkpoints",
    "signatures",
    "cosignatures",
    "timestamp_attempts",
    "timestamps",
    "timestamps_not_checked",
    "entries",
    "disclosures",
    "disclosures_erased",
    "log_keys",
    "unsealed",
)
"""What is counted in the log itself; other tables are counted under their own names."""

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
        self.checked: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
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


def by_key(rows: models.QuerySet, key: str, *columns: str, size: int = CHUNK) -> Iterator[list[tuple]]:
    """Yield the rows in chunks, in the order of a unique integer column, which comes first in each tuple."""
    rows = rows.order_by(key).values_list(key, *columns)
    chunk = list(rows[:size])
    while chunk:
        yield chunk
        chunk = list(rows.filter(**{f"{key}__gt": chunk[-1][0]})[:size])


def no_row() -> str:
    """Return the words for a row that the log tells of and that is not there."""
    return _("日志记载了这一行，表中没有")


def no_entry() -> str:
    """Return the words for a row that is there and that no entry of the log tells of."""
    return _("表中有这一行，日志没有记载")
