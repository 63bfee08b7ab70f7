"""Tests of how entries are read for verification: in the one form of RFC 8785 or not at all; and of what findings keep."""

import json
from datetime import UTC, datetime
from random import Random

import pytest
import rfc8785

from evidence.findings import LISTED, SHOWN, Findings, Keys, shown
from evidence.models import Entry, Tile
from evidence.statements import commitment
from evidence.verifying import _opens, read_statement

CANONICAL = [
    {},
    {"a": [1, -7, 2**53 - 1, None, True, False, "", {"b": []}]},
    {"facts": {"文": "“引号”与\\反斜杠、\n换行\t\x1f\x7f\u2028/😀"}},
    {"\ue000": 1, "\U00010000": 2},
]


@pytest.mark.parametrize("value", CANONICAL, ids=lambda value: json.dumps(value)[:30])
def test_a_canonical_statement_is_read(value: dict) -> None:
    assert read_statement(rfc8785.dumps(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\\ud800"}',
        '{"\\ue000":1,"\U00010000":2}'.encode(),
        '{"\ue000":1,"\U00010000":2}'.encode(),
        b"[]",
        b'"a"',
        b"{",
        b"",
        b"\xff",
    ],
)
def test_any_other_form_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_statement(data)


@pytest.mark.parametrize("value", ["20002", "", '=HYPERLINK("x") 😀 \u2028 \\ " \x7f\x1f', "文\n"])
def test_a_value_opens_its_commitment_and_no_other(value: str) -> None:
    salt = bytes(range(32))
    committed = commitment(field="user_agent", salt=salt, value=value)
    assert _opens("user_agent", salt, value, committed)
    assert not _opens("user_agents", salt, value, committed)
    assert not _opens("user_agent", salt, f"{value} ", committed)
    assert not _opens("user_agent", salt[::-1], value, committed)
    assert not _opens("user_agent", salt[:-1], value, committed)
    assert not _opens("user_agent", salt, value, committed.upper())


def test_a_value_that_is_no_text_opens_nothing() -> None:
    assert not _opens("user_agent", bytes(32), "\ud800", "0" * 64)


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
