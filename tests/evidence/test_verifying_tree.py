"""Tests of the tree's verification where it has several tiles: what is wrong is named, and nothing that only follows from it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from evidence.findings import Findings
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.merkle import leaf_hash
from evidence.models import Sealed, Tile
from evidence.protection import lift
from evidence.verifying_tree import _read_ahead, check_tree, sealed_chunks

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SIZE = 600


@pytest.fixture
def log(db: None) -> None:
    """600 entries under four checkpoints: two full tiles, one begun, and one above them; no triggers."""
    for number in range(1, SIZE):
        append(kind=Kind.AUDIT_EXPORTED, at=AT, facts={"rows": number})
        if number in (100, 300, 520):
            seal(at=AT + timedelta(seconds=number))
    seal(at=AT + timedelta(hours=1))
    connection.check_constraints()
    lift(connection)


def found() -> list[tuple[str, str]]:
    findings = Findings()
    check_tree(findings)
    return [(mismatch.table, mismatch.row) for mismatch in findings.mismatches]


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_an_untouched_tree_holds(log: None) -> None:
    findings = Findings()
    check_tree(findings)
    assert findings.mismatches == []
    counts = {name: findings.checked[name] for name in ("sealed", "tiles", "checkpoints", "signatures")}
    assert counts == {"sealed": SIZE, "tiles": 4, "checkpoints": 4, "signatures": 4}


@pytest.mark.parametrize(("level", "index"), [(0, 0), (0, 1), (0, 2), (1, 0)])
def test_a_changed_tile_is_named_alone(log: None, level: int, index: int) -> None:
    tile = Tile.objects.get(level=level, index=index)
    changed = bytes(tile.hashes)[:-1] + bytes([bytes(tile.hashes)[-1] ^ 1])
    run("UPDATE evidence_tile SET hashes = %s WHERE id = %s", changed, tile.pk)
    assert found() == [("evidence_tile", str(tile.pk))]


@pytest.mark.parametrize("position", [0, 99, 100, 255, 256, 511, 599])
def test_a_rewritten_entry_is_named_alone(log: None, position: int) -> None:
    entry = Sealed.objects.get(position=position).entry
    data = bytes(entry.statement).replace(b"}", b" }", 1)
    run("UPDATE evidence_entry SET statement = %s, leaf_hash = %s WHERE id = %s", data, leaf_hash(data), entry.pk)
    assert found() == [("evidence_entry", str(entry.pk))]


def test_missing_places_are_named_each_and_the_tree_goes_on_behind_them(log: None) -> None:
    run("DELETE FROM evidence_sealed WHERE position BETWEEN 250 AND 260 OR position >= 597")
    wanted = [*range(250, 261), *range(597, 600)]
    assert found() == [("evidence_sealed", str(position)) for position in wanted]


def test_a_missing_entry_is_named(log: None) -> None:
    entry = Sealed.objects.get(position=300).entry_id
    run("DELETE FROM evidence_entry WHERE id = %s", entry)
    told = found()
    run("UPDATE evidence_sealed SET entry_id = (SELECT max(entry_id) + 1 FROM evidence_sealed) WHERE position = 300")
    run("DELETE FROM evidence_sealed WHERE position = 300")
    assert told == [("evidence_entry", str(entry))]


def test_all_places_gone_are_too_many_to_list_and_counted(log: None) -> None:
    run("DELETE FROM evidence_sealed")
    findings = Findings()
    check_tree(findings)
    assert findings.total == SIZE


def test_the_same_chunks_come_with_and_without_a_reader_ahead(log: None) -> None:
    def rows(ahead: bool) -> list[tuple]:
        return [
            (place, entry, bytes(data)) for chunk in sealed_chunks(ahead=ahead) for place, entry, data, _at in chunk
        ]

    expected = [
        (sealed.position, sealed.entry_id, bytes(sealed.entry.statement))
        for sealed in Sealed.objects.order_by("position").select_related("entry")
    ]
    assert rows(True) == rows(False) == expected


def test_a_reader_that_fails_fails_the_verification() -> None:
    def chunks() -> Iterator[list]:
        yield [1]
        raise ZeroDivisionError

    ahead = _read_ahead(chunks())
    assert next(ahead) == [1]
    with pytest.raises(ZeroDivisionError):
        next(ahead)


def test_a_reader_stops_when_nobody_listens_any_more() -> None:
    read = []

    def chunks() -> Iterator[list]:
        for number in range(1000):
            read.append(number)
            yield [number]

    ahead = _read_ahead(chunks())
    assert next(ahead) == [0]
    ahead.close()
    assert len(read) < 10
