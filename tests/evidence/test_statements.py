"""Tests of the statements against published vectors and an independent recomputation: RFC 8785, RFC 6962, commitments."""

import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.merkle import leaf_hash
from evidence.statements import canonical_json, commitment, new_salt, statement, timestamp

AT = datetime(2026, 11, 24, 2, 0, 0, 123456, tzinfo=UTC)
SALT = bytes(range(32))

# RFC 8785, section 3.2.2, and the bytes of section 3.2.4.
SAMPLE = r"""
{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}
"""
SAMPLE_CANONICAL = """
7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d
"""

# RFC 8785, section 3.2.3: sorted by UTF-16 code units, an emoji (two surrogates) stands before U+FB33.
UNSORTED = r"""
{
  "\u20ac": "Euro Sign",
  "\r": "Carriage Return",
  "\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face",
  "\u0080": "Control",
  "\u00f6": "Latin Small Letter O With Diaeresis"
}
"""
SORTED_VALUES = [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
]

# RFC 8785, appendix B: IEEE 754 bits and their JSON representation.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}

# The leaf hashes of the reference implementations' tests: certificate-transparency (the first five) and trillian.
LEAVES = {
    b"": "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    b"\x00": "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    b"\x10": "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    b"\x20\x21": "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    b"\x30\x31": "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    b"L123456": "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
}


def test_canonical_json_of_the_rfcs_sample() -> None:
    assert canonical_json(json.loads(SAMPLE)) == bytes.fromhex(SAMPLE_CANONICAL)


def test_canonical_json_sorts_names_by_utf_16_code_units() -> None:
    assert list(json.loads(canonical_json(json.loads(UNSORTED))).values()) == SORTED_VALUES


@pytest.mark.parametrize(("bits", "written"), NUMBERS.items())
def test_canonical_json_writes_numbers_as_the_rfc_does(bits: str, written: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical_json(number) == written.encode()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), float("-inf"), 2**53, -(2**53), "\ud800", ["a", "\udfff"], {"\ud800": 1}],
    ids=repr,
)
def test_canonical_json_refuses_what_the_rfc_cannot_express(value: object) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


def test_canonical_json_keeps_the_largest_exact_integers() -> None:
    assert canonical_json([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"


def test_canonical_json_does_not_normalise_text() -> None:
    assert canonical_json("A\u030a") == b'"A\xcc\x8a"'


def test_timestamp_is_utc_with_microseconds() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert timestamp(AT) == "2026-11-24T02:00:00.123456Z"
    assert timestamp(AT.astimezone(shanghai)) == "2026-11-24T02:00:00.123456Z"
    assert timestamp(AT.replace(microsecond=0)) == "2026-11-24T02:00:00.000000Z"


def test_timestamp_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        timestamp(AT.replace(tzinfo=None))


def test_new_salts_are_long_and_differ() -> None:
    salts = {new_salt() for _ in range(100)}
    assert (len(salts), {len(salt) for salt in salts}) == (100, {32})


@given(field=st.text(max_size=40), value=st.text(), salt=st.binary(min_size=32, max_size=32))
def test_commitment_can_be_recomputed_without_our_code(field: str, value: str, salt: bytes) -> None:
    # Two strings in an array: json without spaces and without \u escapes is already what RFC 8785 asks for.
    committed = json.dumps([field, value], ensure_ascii=False, separators=(",", ":")).encode()
    assert commitment(field=field, salt=salt, value=value) == hashlib.sha256(salt + committed).hexdigest()


def test_commitment_of_a_known_value() -> None:
    # { printf '%02x' $(seq 0 31) | xxd -r -p; printf '["actor_qq","20002"]'; } | sha256sum
    expected = "aa1d2e05cbecc40b66e85bf684c64cb8b0ef19268864b38d2b5a39c2fcd15bed"
    assert commitment(field="actor_qq", salt=SALT, value="20002") == expected


def test_commitment_binds_field_value_and_salt() -> None:
    first = commitment(field="actor_qq", salt=SALT, value="20002")
    assert commitment(field="account_qq", salt=SALT, value="20002") != first
    assert commitment(field="actor_qq", salt=SALT, value="20003") != first
    assert commitment(field="actor_qq", salt=SALT[::-1], value="20002") != first


def test_commitment_cannot_be_shifted_between_field_and_value() -> None:
    assert commitment(field="ab", salt=SALT, value="c") != commitment(field="a", salt=SALT, value="bc")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_commitment_refuses_a_salt_of_another_length(length: int) -> None:
    with pytest.raises(ValueError, match="32"):
        commitment(field="actor_qq", salt=bytes(length), value="20002")


def test_statement_has_exactly_these_bytes() -> None:
    data = statement(
        kind="role.given", uid="0b", at=AT, facts={"role": "审计", "actor": 7}, commitments={"b": "02", "a": "01"}
    )
    assert (
        data
        == (
            '{"at":"2026-11-24T02:00:00.123456Z","commitments":{"a":"01","b":"02"},'
            '"facts":{"actor":7,"role":"审计"},"id":"0b","kind":"role.given","schema":1}'
        ).encode()
    )


@given(
    facts=st.dictionaries(st.text(), st.integers(-(2**53) + 1, 2**53 - 1) | st.text() | st.none() | st.booleans()),
    personal=st.dictionaries(st.text(min_size=1), st.text()),
)
def test_statement_depends_on_personal_values_through_their_commitments_only(facts: dict, personal: dict) -> None:
    salts = {field: new_salt() for field in personal}
    commitments = {field: commitment(field=field, salt=salts[field], value=personal[field]) for field in personal}
    data = statement(kind="k", uid="u", at=AT, facts=facts, commitments=commitments)
    told = json.loads(data)
    # What remains when the 64 hex digits of each commitment are taken out is the statement of an act without any.
    assert {field: len(bytes.fromhex(digest)) for field, digest in told["commitments"].items()} == dict.fromkeys(
        personal, 32
    )
    assert told.pop("commitments") == commitments
    without = json.loads(statement(kind="k", uid="u", at=AT, facts=facts, commitments={}))
    assert without.pop("commitments") == {}
    assert told == without


@given(value=st.from_regex(r"[1-9][0-9]{10}", fullmatch=True) | st.text(min_size=12, alphabet="问题ÄÖ𝄞 =@"))
def test_statement_has_no_personal_value_in_any_byte(value: str) -> None:
    digest = commitment(field="actor_qq", salt=SALT, value=value)
    data = statement(kind="role.given", uid="0b", at=AT, facts={"actor": 7}, commitments={"actor_qq": digest})
    assert value.encode() not in data
    # The same bytes come out of the digest alone: there is nowhere else where the value could have gone in.
    assert (
        data
        == (
            f'{{"at":"2026-11-24T02:00:00.123456Z","commitments":{{"actor_qq":"{digest}"}},'
            '"facts":{"actor":7},"id":"0b","kind":"role.given","schema":1}'
        ).encode()
    )


@pytest.mark.parametrize(("leaf", "digest"), LEAVES.items(), ids=repr)
def test_leaf_hash_of_the_published_vectors(leaf: bytes, digest: str) -> None:
    assert leaf_hash(leaf).hex() == digest
