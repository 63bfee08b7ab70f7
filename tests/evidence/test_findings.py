"""Tests of what a verification keeps of what it finds, and how it shows it."""

from datetime import UTC, datetime
from random import Random

from evidence.findings import LISTED, SHOWN, Findings, Keys, by_key, shown
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Entry, Tile


def test_keys_are_a_set() -> None:
    random = Random(1)
    numbers = [random.choice((random.randrange(30_000), random.randrange(2**60))) for _ in range(3000)]
    keys, plain = Keys(), set()
    for number in numbers:
        assert keys.add(number) == (number not in plain)
        plain.add(number)
    assert all(number in keys for number in plain)
    assert [number for number in range(30_000) if number in keys] == sorted(n for n in plain if n < 30_000)


def test_one_fault_of_a_row_is_told_once_and_too_many_are_counted() -> None:
    findings = Findings()
    for row in [1, 1, *range(2, LISTED + 12)]:
        findings.differs(Entry, row, "wrong")
    findings.differs(Entry, 1, "wrong in another way")
    findings.differs(Tile, 1, "wrong")
    assert (findings.total, len(findings.mismatches), findings.ok) == (LISTED + 13, LISTED, False)


def test_values_are_shown_as_a_reader_can_compare_them() -> None:
    assert [shown(value) for value in (None, b"\x00\xff", True, 7, "x")] == ["", "00ff", "True", "7", "x"]
    assert shown(datetime(2026, 3, 2, 2, 0, tzinfo=UTC)) == "2026-03-02T02:00:00.000000Z"
    assert shown("x" * (SHOWN + 5)) == "x" * SHOWN + f"… ({SHOWN + 5})"


def test_rows_come_in_chunks_in_the_order_of_their_key(db: None) -> None:
    made = [append(kind=Kind.AUDIT_EXPORTED, at=datetime(2026, 3, 2, tzinfo=UTC), facts={}).pk for _ in range(5)]
    assert [[row[0] for row in chunk] for chunk in by_key(Entry.objects.all(), "pk", "kind", size=2)] == [
        made[:2],
        made[2:4],
        made[4:],
    ]
    assert list(by_key(Entry.objects.filter(pk=0), "pk")) == []
