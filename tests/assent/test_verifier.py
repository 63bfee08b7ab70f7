"""The stand-alone verifier against receipts and packs made by the book, whole and altered in every place."""

import ast
import base64
import binascii
import copy
import io
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from assent import verifier
from assent.verifier import (
    Report,
    canonical_json,
    check,
    leaf_hash,
    main,
    root_from,
    sentence,
    stated_time,
    strict_json,
)
from tests.assent.building import (
    LOG,
    ORIGIN,
    VERIFIER,
    WITNESS,
    Log,
    Signer,
    html,
    listing,
    members_of,
    path,
    tree_hash,
    written,
    zipped,
)
from tests.authority import Authority, make_authority

TEXTS = {("terms", 1, "zh-hans"): "# 条款\n", ("terms", 1, "en"): "# Terms\n", ("rules", 2, "zh-hans"): "# 规则\n"}
SOME_OTHER = Signer(ORIGIN, bytes(32))


def signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Faster than a process for each."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def checked(file: dict[str, Any] | bytes, **asked: Any) -> Report:
    return check(file if isinstance(file, bytes) else written(file), signature=signature, **asked)


def found(report: Report, holds: bool | None) -> list[str]:
    """The codes of the findings, without repetition, in order."""
    return list(dict.fromkeys(finding.code for finding in report.findings if finding.holds is holds))


def what_fails(file: dict[str, Any] | bytes, **asked: Any) -> list[str]:
    report = checked(file, **asked)
    assert not report.holds
    return found(report, False)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One timestamping authority for all tests of this file."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def log(authority: Authority) -> Log:
    """A log of 13 entries; what they are stands in `tell`."""
    return tell(Log(stamp=cache(authority.stamp), roots=authority.roots))


# The places of the entries that tests speak of.
KEY, TERMS, RULES, ACCEPTED, BOTH, REFUSED, STRANGER, ERASED, ERASURE, WITHDRAWN = 0, 1, 2, 4, 5, 6, 7, 8, 10, 11


def tell(log: Log) -> Log:
    log.add("log.key_introduced", {"verifier_key": LOG.verifier_key, "replaces": []})
    log.publish("terms", 1, {language: text for (name, _, language), text in TEXTS.items() if name == "terms"})
    log.publish("rules", 2, {"zh-hans": TEXTS["rules", 2, "zh-hans"]})
    log.add("person.joined", {"person": 5}, {"qq_number": "50005"})
    log.accept([TERMS])
    log.accept([TERMS, RULES])
    log.accept([RULES], kind="acceptance.refused")
    log.accept([RULES], account=99)
    log.accept([TERMS])
    log.add("audit.exported", {"auditor": 6, "asked": {}}, {"auditor_qq": "60006"})
    log.erase((ERASED, "actor_qq"), (ERASED, "address"))
    log.add("version.withdrawn", {"agreement": "rules", "version": 2, "actor": 4}, {"actor_qq": "40004"})
    log.add("audit.exported", {"auditor": 6, "asked": {}}, {"auditor_qq": "60006"})
    return log


@pytest.fixture
def receipt(log: Log) -> dict[str, Any]:
    """Of the acceptance of two documents."""
    return log.receipt(BOTH, [TERMS, RULES])


@pytest.fixture
def erased(log: Log) -> dict[str, Any]:
    """Of an acceptance two of whose values are erased."""
    return log.receipt(ERASED, [TERMS, ERASURE])


def pack_of(log: Log, about: str = "account") -> dict[str, bytes]:
    chosen = {
        "account": ({"account": 2}, [ACCEPTED, BOTH, REFUSED, ERASED], [KEY, TERMS, RULES, ERASURE, WITHDRAWN], TEXTS),
        "agreement": ({"agreement": "rules"}, [BOTH, REFUSED, STRANGER], [KEY, TERMS, RULES, WITHDRAWN], TEXTS),
        "acceptance": (
            {"acceptance": log.uid(ACCEPTED)},
            [ACCEPTED],
            [KEY, TERMS],
            {place: text for place, text in TEXTS.items() if place[0] == "terms"},
        ),
    }
    return members_of(log, *chosen[about])


def printed_times(response: bytes) -> list[datetime]:
    """The times that openssl prints of a timestamp response."""
    done = subprocess.run(
        ["openssl", "ts", "-reply", "-in", "/dev/stdin", "-text"], input=response, capture_output=True, check=True
    )
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("Time stamp: ")]
    return [datetime.strptime(line, "Time stamp: %b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC) for line in lines]


# What holds.


def test_a_receipt_holds(receipt: dict[str, Any], log: Log) -> None:
    report = checked(receipt, trusted_keys=[LOG.verifier_key, WITNESS.verifier_key], trusted_roots=log.roots)
    assert (report.holds, report.format, report.is_readable) == (True, "receipt", True)
    assert found(report, True) == [
        "form", "statement", "log_signature", "witness", "key", "witness_key", "inclusion", "disclosure", "document",
        "timestamp", "roots", "time",
    ]  # fmt: skip
    assert found(report, None) == found(report, False) == []
    facts = report.facts
    assert (facts["origin"], facts["size"], facts["index"]) == (ORIGIN, 13, BOTH)
    assert facts["statement"] == json.loads(log.statements[BOTH])
    assert facts["disclosed"] == {name: value for name, (_salt, value) in log.values[BOTH].items()}
    assert [(one["agreement"], one["version"], one["effective_at"]) for one in facts["documents"]] == [
        ("terms", 1, "2020-03-02T00:00:00.000000Z"),
        ("rules", 2, "2020-03-02T00:00:00.000000Z"),
    ]
    assert facts["stamped_at"] == printed_times(base64.b64decode(receipt["timestamp"]["response"]))[0]


def test_what_nobody_could_check_is_said(receipt: dict[str, Any], log: Log) -> None:
    report = checked(receipt)
    assert (report.holds, found(report, None)) == (True, ["key", "witness_key", "roots"])
    told = [sentence(finding, "en") for finding in report.findings if finding.holds is None]
    der = base64.b64decode("".join(log.roots.split("\n")[1:-2]))
    assert told == [
        f"Compare this public key with what {ORIGIN} publishes: {LOG.verifier_key}",
        f"Compare the key of the witness witness.example with what that witness publishes: {WITNESS.verifier_key}",
        "The timestamp was checked with the root that the file itself carries; compare its SHA-256 fingerprint: "
        + verifier.hashlib.sha256(der).hexdigest(),
    ]


def test_an_erased_value_holds_by_its_erasure(erased: dict[str, Any], log: Log) -> None:
    report = checked(erased)
    assert report.holds
    assert [sentence(finding, "en") for finding in report.findings if finding.code == "erased"] == [
        f"The value of {field} of entry {ERASED} was erased at 2020-03-02T08:00:10.000000Z; "
        f"the erasure is in the log too ({log.uid(ERASURE)})."
        for field in ("actor_qq", "address")
    ]
    assert report.facts["disclosed"] == {
        "account_qq": "20002", "actor_qq": None, "address": None, "user_agent": "浏览器/1 \u2028😀"
    }  # fmt: skip


def test_a_receipt_without_a_timestamp_holds_and_says_so(receipt: dict[str, Any]) -> None:
    report = checked({**receipt, "timestamp": None})
    assert (report.holds, found(report, None)) == (True, ["key", "witness_key", "timestamp"])


def test_a_log_of_one_entry_of_no_documents_proves_nothing() -> None:
    log = Log(witnesses=())
    log.accept([])
    assert what_fails(log.receipt(0, [])) == ["statement"]


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 8, 9, 255, 256, 257])
def test_a_receipt_at_any_place_of_any_tree_holds(size: int) -> None:
    log = Log(witnesses=())
    log.publish("terms", 1, {"zh-hans": "x"})
    for _ in range(size - 1):
        log.accept([0])
    head = log.head()
    for index in {1, size // 2, size - 2, size - 1} - {0}:
        assert checked(log.receipt(index, [0], head)).holds


def test_two_keys_sign_while_one_takes_over_from_the_other(authority: Authority) -> None:
    log = tell(Log(signers=(LOG, SOME_OTHER)))
    receipt = log.receipt(BOTH, [TERMS, RULES])
    for key in (LOG, SOME_OTHER):
        assert found(checked(receipt, trusted_keys=[key.verifier_key]), True)[:4] == [
            "form", "statement", "log_signature", "witness"
        ]  # fmt: skip
        assert checked(receipt, trusted_keys=[key.verifier_key]).holds
    assert what_fails({**receipt, "keys": receipt["keys"][:1]}) == ["form"]


@pytest.mark.parametrize("about", ["account", "agreement", "acceptance"])
def test_a_pack_holds(log: Log, about: str) -> None:
    report = checked(zipped(pack_of(log, about)), trusted_keys=[LOG.verifier_key], trusted_roots=log.roots)
    assert (report.holds, report.format, found(report, False)) == (True, "pack", [])
    assert found(report, None) == ["unproven", "witness_key", "complete"]
    counts = {
        "account": (9, {"acceptance.express": 3, "acceptance.refused": 1}, [ACCEPTED, BOTH, REFUSED, ERASED]),
        "agreement": (7, {"acceptance.express": 2, "acceptance.refused": 1}, [BOTH, REFUSED, STRANGER]),
        "acceptance": (3, {"acceptance.express": 1}, [ACCEPTED]),
    }
    count, kinds, decisions = counts[about]
    assert report.facts["count"] == count
    assert {kind: n for kind, n in report.facts["kinds"].items() if kind.startswith("acceptance")} == kinds
    assert [decision["index"] for decision in report.facts["decisions"]] == decisions


def test_a_pack_that_was_packed_again_with_compression_holds(log: Log) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in pack_of(log).items():
            archive.writestr(name, content)
    assert checked(file.getvalue()).holds


# What does not hold: every place of a receipt, altered in every way that its type allows.


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a JSON document; `[None]` steps into the JSON that a statement holds as a string."""
    yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    elif isinstance(value, list):
        for number in range(len(value)):
            yield from places(value[number], (*at, number))
    elif at and at[-1] == "statement":
        yield from places(json.loads(value), (*at, None))


def at(document: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        document = json.loads(document) if step is None else document[step]
    return document


GONE = object()


def altered(document: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The document with another value at a place, or without it."""
    if not place:
        return new
    step, rest = place[0], place[1:]
    if step is None:
        return rfc8785.dumps(altered(json.loads(document), rest, new)).decode()
    document = copy.copy(document)
    if not rest and new is GONE:
        del document[step]
    else:
        document[step] = altered(document[step], rest, new)
    return document


def alterations(value: Any) -> Iterator[Any]:
    """Other values than this one, of its type and of others."""
    yield GONE
    if value is not None:
        yield None
    if isinstance(value, str):
        middle = len(value) // 2
        yield from (f"{value} ", f" {value}", f"{value}\n", [value], {"value": value})
        yield from {value.upper(), value.lower(), value[:-1], value[1:], value[::-1], "", value[:-2], "0" * 64} - {
            value
        }
        for place in {0, middle, max(0, len(value) - 2)}:
            if value:
                yield value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]
    elif isinstance(value, bool):
        yield from (not value, int(value), str(value))
    elif isinstance(value, int):
        yield from (value + 1, value - 1, -value or 1, str(value), [value], value + 2**32, 2**53, value == 1)
    elif isinstance(value, list):
        yield [*value, None]
        if value:
            yield from ([*value, value[0]], [value[-1], *value], [], value[:-1], value[1:], {"0": value[0]})
        if value[::-1] != value:
            yield value[::-1]
    elif isinstance(value, dict):
        yield {**value, "more": None}
        yield from ({}, [value], list(value))


def is_the_same(value: Any, other: Any) -> bool:
    """Equal in JSON, where True is not 1."""
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def is_another(place: tuple[Any, ...], value: Any, new: Any) -> bool:
    """Whether this alters the document, and can be written: RFC 8785 has no larger numbers, and no nothing."""
    if new is GONE:
        return bool(place) and place[-1] is not None
    return not is_the_same(new, value) and not (None in place and new == 2**53)


@pytest.mark.parametrize("which", ["receipt", "erased"])
def test_no_alteration_of_a_receipt_holds(which: str, request: pytest.FixtureRequest) -> None:
    """By design, three may hold, and the report says what then stands on nothing.

    A receipt may have no timestamp: the time is the operator's word. A response has bytes that no signature covers: its
    time stays. Roots in the file count for nothing where the reader has his own.
    """
    document = request.getfixturevalue(which)
    trusted = {"trusted_keys": [LOG.verifier_key], "trusted_roots": document["timestamp"]["roots"]}
    true = checked(document, **trusted)
    assert true.holds
    tried = 0
    for place in places(document):
        value = at(document, place)
        for new in alterations(value):
            if not is_another(place, value, new):
                continue
            tried += 1
            report = checked(altered(document, place, new), **trusted)
            if place == ("timestamp",) and new is None:
                assert (report.holds, found(report, None)) == (True, ["witness_key", "timestamp"])
            elif report.holds:
                assert place in {("timestamp", "response"), ("timestamp", "roots")}
                assert report.facts == true.facts
            else:
                assert found(report, False), place
    assert tried > 1400


def test_other_roots_in_a_receipt_have_other_fingerprints(receipt: dict[str, Any]) -> None:
    """By design: a root vouches for itself, so the file's own may be altered where nothing hangs on it; who compares sees."""
    place = ("timestamp", "roots")
    true = roots_to_compare(checked(receipt))
    assert len(true) == 1
    for number, sign in enumerate(at(receipt, place)):
        other = at(receipt, place)[:number] + ("A" if sign != "A" else "B") + at(receipt, place)[number + 1 :]
        if number % 7 == 0:
            report = checked(altered(receipt, place, other))
            assert not report.holds or roots_to_compare(report) != true


def roots_to_compare(report: Report) -> list[str]:
    return [finding.values["fingerprints"] for finding in report.findings if finding.code == "roots"]


def test_no_part_of_another_receipt_holds_in_this_one(log: Log, receipt: dict[str, Any], authority: Authority) -> None:
    """Others: of the same checkpoint; of an earlier one of the same log; of another log with the same entries and key."""
    earlier = copy.deepcopy(log)
    earlier.size, earlier.stamp = 11, authority.stamp
    longer = copy.deepcopy(log)
    longer.add("person.joined", {"person": 6}, {"qq_number": "60006"})
    others = [
        log.receipt(ACCEPTED, [TERMS]),
        log.receipt(REFUSED, [RULES]),
        earlier.receipt(BOTH, [TERMS, RULES]),
        longer.receipt(BOTH, [TERMS, RULES]),
        tell(Log(signers=(SOME_OTHER,), stamp=log.stamp, roots=log.roots)).receipt(BOTH, [TERMS, RULES]),
    ]
    tried = 0
    for other in others:
        assert checked(other).holds
        for place in places(receipt):
            try:
                new = at(other, place)
            except (KeyError, IndexError, TypeError):
                continue
            if place and not is_the_same(new, at(receipt, place)):
                tried += 1
                assert not checked(altered(receipt, place, new)).holds, place
    assert tried > 100


def test_another_record_of_the_same_documents_and_checkpoint_makes_the_other_receipt(log: Log) -> None:
    """By design: what is put together from one log's true parts is true. The report tells of the other act then."""
    mine, other = log.receipt(ACCEPTED, [TERMS]), log.receipt(ERASED, [TERMS, ERASURE])
    made = {**mine, "record": other["record"], "supporting": other["supporting"]}
    report = checked(made)
    assert (made, report.holds, report.facts["index"]) == (other, True, ERASED)


def test_a_witness_may_be_left_out_whole(receipt: dict[str, Any]) -> None:
    """By design: a witness adds to a proof. The report then knows of none."""
    lines = receipt["checkpoint"].splitlines(keepends=True)
    report = checked({**receipt, "checkpoint": "".join(lines[:-1]), "witness_keys": []})
    assert report.holds
    assert "witness" not in found(report, True)
    assert what_fails({**receipt, "checkpoint": "".join(lines[:-1])}) == ["form"]
    assert what_fails({**receipt, "witness_keys": []}) == ["form"]


def test_how_the_json_is_laid_out_does_not_matter(receipt: dict[str, Any]) -> None:
    """By design: what is proved are the strings in it."""
    assert checked(json.dumps(receipt, sort_keys=True).encode()).holds
    assert checked(json.dumps(receipt, ensure_ascii=False, indent=1).encode()).holds


def test_a_proof_is_right_for_one_place_of_one_tree_only(log: Log, receipt: dict[str, Any]) -> None:
    def with_proof(proof: list[bytes], index: int = BOTH) -> dict[str, Any]:
        record = {**receipt["record"], "index": index, "hashes": [node.hex() for node in proof]}
        return {**receipt, "record": record}

    leaves = log.leaves
    right = path(BOTH, leaves)
    assert checked(with_proof(right)).holds
    wrong = [
        with_proof([]),
        with_proof(right[:-1]),
        with_proof([*right, right[0]]),
        with_proof(right[::-1]),
        with_proof([bytes(32), *right[1:]]),
        with_proof(path(BOTH, leaves[:12])),
        with_proof(path(BOTH, [*leaves, leaves[0]])),
        with_proof(path(ACCEPTED, leaves)),
        with_proof(path(ACCEPTED, leaves), ACCEPTED),
        with_proof(right, ACCEPTED),
        with_proof(right, BOTH + 16),
        with_proof(right, 13),
        with_proof(right, 2**53),
        with_proof([], 0),
    ]
    assert [what_fails(file)[:1] for file in wrong] == [["inclusion"]] * len(wrong)
    assert what_fails(with_proof(right, -1)) == ["form"]


def test_an_inner_node_is_no_entry(log: Log) -> None:
    """Leaves and nodes are hashed apart (RFC 6962, 2.1), so that two hashes of the tree make no statement."""
    node = b"\x01" + log.leaves[0] + log.leaves[1]
    assert leaf_hash(node) != tree_hash(log.leaves[:2])
    assert leaf_hash(node[1:]) != tree_hash(log.leaves[:2])


def test_the_key_of_somebody_else_with_the_right_name_is_told_apart() -> None:
    """Whoever makes up a log proves something about that log; only its key tells it from the true one."""
    forged = tell(Log(signers=(SOME_OTHER,), witnesses=())).receipt(BOTH, [TERMS, RULES])
    report = checked(forged)
    assert (report.holds, found(report, None)) == (True, ["key", "timestamp"])
    assert what_fails(forged, trusted_keys=[LOG.verifier_key]) == ["key"]
    assert what_fails(forged, trusted_keys=["nonsense"]) == ["key"]
    # A witness that is trusted does not stand for the log's key.
    forged = tell(Log(signers=(SOME_OTHER,))).receipt(BOTH, [TERMS, RULES])
    assert found(checked(forged, trusted_keys=[WITNESS.verifier_key]), None) == ["key", "timestamp"]


@pytest.mark.parametrize(
    "signers",
    [
        [Signer("somebody.example/log", LOG.seed)],
        [LOG, Signer("somebody.example/log", bytes(32))],
        [],
        [LOG, LOG],
        [Signer(ORIGIN, LOG.seed, 4)],
    ],
    ids=["of another name", "one of another name", "none", "twice", "of a witness"],
)
def test_a_checkpoint_is_signed_by_keys_of_its_log(log: Log, signers: list[Signer]) -> None:
    body = log.body()
    head = {
        "checkpoint": f"{body}\n{''.join(signer.line(body) for signer in signers)}",
        "keys": [signer.verifier_key for signer in signers],
        "witness_keys": [],
        "timestamp": None,
    }
    assert what_fails(log.receipt(BOTH, [TERMS, RULES], head)) == ["form"]


def test_a_signature_over_another_body_is_none(log: Log, receipt: dict[str, Any]) -> None:
    body = log.body()
    other = body.replace("\n13\n", "\n12\n")
    for lines, fails in [
        (LOG.line(other) + WITNESS.line(body), "log_signature"),
        (LOG.line(body) + WITNESS.line(other), "witness"),
        (LOG.line(body) + Signer(WITNESS.name, WITNESS.seed, 1).line(body), "form"),
    ]:
        assert what_fails({**receipt, "checkpoint": f"{body}\n{lines}"}) == [fails]


def test_a_truncated_note_is_none(receipt: dict[str, Any]) -> None:
    note = receipt["checkpoint"]
    for cut in range(len(note)):
        assert what_fails({**receipt, "checkpoint": note[:cut]}) == ["form"]
        assert not checked({**receipt, "checkpoint": note[cut + 1 :]}).holds


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n13\n", "\n013\n"),
        ("\n13\n", "\n+13\n"),
        ("\n13\n", "\n１３\n"),
        ("\n13\n", "\n13 \n"),
        ("\n13\n", "\n13\r\n"),
        ("\n\n— ", "\n\n\n— "),
        ("\n\n— ", "\nextension\n\n— "),
        ("\n— witness", "\n- witness"),
        ("\n— witness", "\n—  witness"),
        ("\n— witness", "\n\n— witness"),
    ],
)
def test_a_note_has_one_form(receipt: dict[str, Any], old: str, new: str) -> None:
    note = receipt["checkpoint"]
    assert note.count(old) == 1
    assert what_fails({**receipt, "checkpoint": note.replace(old, new)}) == ["form"]


# Disclosures, erasures and documents.


def test_disclosures_do_not_change_places(receipt: dict[str, Any]) -> None:
    shown = receipt["record"]["disclosures"]
    swapped = {**shown, "actor_qq": shown["account_qq"], "account_qq": shown["actor_qq"]}
    assert what_fails(altered(receipt, ("record", "disclosures"), swapped)) == ["disclosure"]


def test_the_act_itself_is_shown(receipt: dict[str, Any]) -> None:
    assert what_fails(altered(receipt, ("record", "disclosures", "address"), {"withheld": True})) == ["withheld"]
    assert what_fails(altered(receipt, ("record", "disclosures", "address"), {"withheld": False})) == ["form"]
    assert what_fails(altered(receipt, ("record", "disclosures", "address"), {"withheld": 1})) == ["form"]


def test_an_erasure_takes_what_it_says_and_nothing_else(log: Log, receipt: dict, erased: dict) -> None:
    uid = log.uid(ERASURE)
    assert what_fails(altered(erased, ("supporting",), erased["supporting"][:1])) == ["erased"]
    assert what_fails(altered(erased, ("record", "disclosures", "account_qq"), {"erased": uid})) == ["erased"]
    assert what_fails(altered(erased, ("record", "disclosures", "actor_qq"), {"erased": log.uid(9)})) == ["erased"]
    # The erasure of another act's values, and one that erases nothing here.
    supporting = [*receipt["supporting"], log.record(ERASURE, withheld=True)]
    assert what_fails(altered(receipt, ("supporting",), supporting)) == ["stray"]
    made_up = altered(receipt, ("record", "disclosures", "actor_qq"), {"erased": uid})
    assert what_fails({**made_up, "supporting": supporting}) == ["erased"]


def test_each_document_is_one_that_was_published(log: Log, receipt: dict[str, Any]) -> None:
    assert what_fails({**receipt, "supporting": receipt["supporting"][:1]}) == ["document"]
    assert what_fails({**receipt, "supporting": []}) == ["document"]
    other = Log(witnesses=())
    other.publish("terms", 1, {"zh-hans": "one text"})
    another = Log(witnesses=(), statements=list(other.statements), values=list(other.values))
    other.publish("terms", 1, {"zh-hans": "another text"})
    other.accept([0])
    assert what_fails(other.receipt(2, [1])) == ["document"]
    assert what_fails(other.receipt(2, [0, 1])) == ["publication", "document"]
    another.publish("rules", 1, {"zh-hans": "later"}, at="2020-03-02T09:00:00.000000Z")
    another.accept([1], at="2020-03-02T08:54:59.999999Z")
    another.accept([1], at="2020-03-02T08:55:00.000000Z")
    assert what_fails(another.receipt(2, [1])) == ["publication"]
    assert checked(another.receipt(3, [1])).holds


def test_nothing_stands_in_a_receipt_without_reason(log: Log, receipt: dict[str, Any]) -> None:
    for stray in (KEY, ACCEPTED, 9, ERASURE):
        assert what_fails(log.receipt(BOTH, [TERMS, RULES, stray])) == ["stray"]
    assert what_fails(log.receipt(ACCEPTED, [TERMS, RULES])) == ["stray"]
    assert what_fails(log.receipt(TERMS, [])) == ["form"]
    assert what_fails(log.receipt(BOTH, [TERMS, RULES, BOTH])) == ["form"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("text_sha256", "A" * 64), ("version", True), ("agreement", None), ("language", 1), ("text_sm3", "")],
)
def test_a_statement_that_no_portal_writes_is_refused(field: str, value: Any) -> None:
    log = Log(witnesses=())
    log.publish("terms", 1, {"zh-hans": "x"})
    statement = json.loads(log.statements[log.accept([0])])
    statement["facts"]["documents"][0][field] = value
    log.statements[1] = rfc8785.dumps(statement)
    assert what_fails(log.receipt(1, [0])) == ["statement"]


@pytest.mark.parametrize(
    "moment", ["2020-13-02T08:00:00.000000Z", "2020-03-02T08:00:00Z", "2020-03-02T24:00:00.000000Z"]
)
def test_a_time_is_a_time(moment: str) -> None:
    log = Log(witnesses=())
    log.publish("terms", 1, {"zh-hans": "x"})
    log.accept([0], at=moment)
    assert what_fails(log.receipt(1, [0])) == ["statement"]


def test_facts_may_grow(receipt: dict[str, Any]) -> None:
    log = Log(witnesses=())
    log.publish("terms", 1, {"zh-hans": "x"})
    statement = json.loads(log.statements[log.accept([0])])
    statement["facts"] |= {"new": ["fact"]}
    log.statements[1] = rfc8785.dumps(statement)
    assert checked(log.receipt(1, [0])).holds


def test_a_text_is_compared_with_the_documents(receipt: dict[str, Any], log: Log) -> None:
    text = TEXTS["rules", 2, "zh-hans"]
    report = checked(receipt, texts={"a.md": text.encode(), "a.html": html(text).encode()})
    assert [sentence(finding, "en") for finding in report.findings if finding.code == "text"] == [
        "a.md is the text of version 2 of rules.",
        "a.html is the text of version 2 of rules.",
    ]
    assert what_fails(receipt, texts={"a.md": text.encode() + b"\n"}) == ["text"]
    assert checked(zipped(pack_of(log)), texts={"a.md": text.encode()}).holds
    assert what_fails(zipped(pack_of(log)), texts={"a.md": b""}) == ["text"]


# Timestamps.


def with_stamp(receipt: dict[str, Any], response: bytes, roots: str) -> dict[str, Any]:
    return {**receipt, "timestamp": {"response": base64.b64encode(response).decode(), "roots": roots}}


def test_a_timestamp_is_over_this_checkpoint(log: Log, receipt: dict[str, Any], authority: Authority) -> None:
    body = log.body().encode()
    assert checked(with_stamp(receipt, authority.stamp(body), authority.roots)).holds
    assert what_fails(with_stamp(receipt, authority.stamp(body[:-1]), authority.roots)) == ["timestamp"]
    assert what_fails(with_stamp(receipt, authority.stamp(receipt["checkpoint"].encode()), authority.roots)) == [
        "timestamp"
    ]
    assert what_fails(with_stamp(receipt, b"", authority.roots)) == ["timestamp"]


def test_a_timestamp_is_by_an_authority_under_the_root(
    receipt: dict[str, Any], log: Log, authority: Authority, tmp_path: Path
) -> None:
    other = make_authority(tmp_path)
    response = other.stamp(log.body().encode())
    assert what_fails(with_stamp(receipt, response, authority.roots)) == ["timestamp"]
    forged = with_stamp(receipt, response, other.roots)
    assert found(checked(forged), None) == ["key", "witness_key", "roots"]
    assert what_fails(forged, trusted_roots=authority.roots) == ["timestamp"]


def test_certificates_are_judged_by_the_time_of_the_timestamp(
    receipt: dict[str, Any], log: Log, tmp_path_factory: pytest.TempPathFactory
) -> None:
    now = datetime.now(UTC)
    soon = make_authority(
        tmp_path_factory.mktemp("soon"), starts=now - timedelta(days=2), ends=now + timedelta(seconds=90)
    )
    response = soon.stamp(log.body().encode())
    assert checked(with_stamp(receipt, response, soon.roots)).holds
    past = make_authority(tmp_path_factory.mktemp("past"), starts=now - timedelta(days=2), ends=now - timedelta(days=1))
    assert what_fails(with_stamp(receipt, past.stamp(log.body().encode()), past.roots)) == ["timestamp"]


def test_an_act_after_its_timestamp_is_told(authority: Authority) -> None:
    log = Log(stamp=authority.stamp, roots=authority.roots, witnesses=())
    log.publish("terms", 1, {"zh-hans": "x"})
    later = datetime.now(UTC) + timedelta(minutes=7)
    log.accept([0], at=later.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    assert what_fails(log.receipt(1, [0])) == ["time"]


def der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def test_a_time_that_is_slipped_into_the_status_is_not_believed(
    receipt: dict[str, Any], log: Log, authority: Authority
) -> None:
    """No signature covers the status text, and `openssl ts -reply -text` prints it before the true time."""
    response = authority.stamp(log.body().encode())
    [(_tag, whole)] = verifier._elements(response)
    (_tag, _status), (_tag, token) = verifier._elements(whole)
    words = der(0x0C, b"x\nTime stamp: Jan  2 03:04:05 2021 GMT")
    forged = der(0x30, der(0x30, der(0x02, b"\x00") + der(0x30, words)) + der(0x30, token))
    [true] = printed_times(response)
    assert printed_times(forged) == [datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC), true]
    report = checked(with_stamp(receipt, forged, authority.roots))
    assert (report.holds, report.facts["stamped_at"]) == (True, true)


def test_a_timestamp_over_a_weak_digest_is_refused(receipt: dict[str, Any], log: Log, tmp_path: Path) -> None:
    weak = make_authority(tmp_path, digests="sha1, sha256")
    data = tmp_path / "body"
    data.write_bytes(log.body().encode())
    query = subprocess.run(
        ["openssl", "ts", "-query", "-data", data, "-sha1", "-cert", "-no_nonce"], capture_output=True, check=True
    )
    response = weak.reply(query.stdout)
    told = subprocess.run(
        ["openssl", "ts", "-verify", "-data", data, "-in", "/dev/stdin", "-CAfile", weak.roots_file],
        input=response, capture_output=True, check=False,
    )  # fmt: skip
    assert b"Verification: OK" in told.stdout
    assert what_fails(with_stamp(receipt, response, weak.roots)) == ["timestamp"]


def test_the_stated_time_is_read_to_the_microsecond() -> None:
    def stated(time: bytes) -> datetime:
        imprint = der(0x30, der(0x30, der(0x06, verifier.SHA256)) + der(0x04, verifier.hashlib.sha256(b"x").digest()))
        info = der(0x30, der(2, b"\x01") + der(6, b"\x2a") + imprint + der(2, b"\x01") + der(0x18, time))
        content = der(0x30, der(6, verifier.TST_INFO) + der(0xA0, der(4, info)))
        signed = der(0x30, der(2, b"\x03") + der(0x31, b"") + content)
        token = der(0x30, der(6, verifier.SIGNED_DATA) + der(0xA0, signed))
        return stated_time(der(0x30, der(0x30, der(2, b"\x00")) + token), b"x")

    assert stated(b"20261125040506Z") == datetime(2026, 11, 25, 4, 5, 6, tzinfo=UTC)
    assert stated(b"20261125040506.5Z") == datetime(2026, 11, 25, 4, 5, 6, 500_000, tzinfo=UTC)
    assert stated(b"20261125040506.1234567Z") == datetime(2026, 11, 25, 4, 5, 6, 123_456, tzinfo=UTC)
    for wrong in (b"20261125040506", b"20261125040506+0800", b"20261325040506Z", b"202611250405Z", b"", b"\xff" * 15):
        with pytest.raises(ValueError):
            stated(wrong)


# JSON, strictly.


def test_canonical_json_is_that_of_rfc_8785() -> None:
    """The strings and the order of names are the examples of RFC 8785, 3.2.2 and 3.2.3."""
    assert canonical_json({"string": '€$\x0f\nA\'B"\\\\"/'}) == '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'.encode()
    names = ["€", "\r", "\ufb33", "1", "😀", "\x80", "ö"]
    ordered = ["\r", "1", "\x80", "ö", "€", "😀", "\ufb33"]
    assert list(json.loads(canonical_json(dict.fromkeys(names)))) == ordered
    assert canonical_json([None, True, False, 0, -1, 2**53]) == b"[null,true,false,0,-1,9007199254740992]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_agrees_with_another_writer(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)
    assert strict_json(canonical_json(value).decode()) == value


@pytest.mark.parametrize("value", [1.5, [0.0], {"a": float("nan")}])
def test_fractions_have_no_canonical_form_here(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}', '{"a":{"b":1,"b":2}}', "1.0", "1e2", "-0", "NaN", "Infinity", "-Infinity", "9007199254740993",
        "1" * 5000, "[" * 21 + "]" * 21, "[" * 100_000, '{"a":' * 100_000, "", " ", "1 2", "[1,]", "{'a':1}", "01", "+1",
        '"\n"', '"\\x"', "\ufeff1", '"' + "\\\"" * 100_000, '"' * 100_001, '"' + "a\\" * 100_001,
    ],
)  # fmt: skip
def test_json_that_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        strict_json(text)


def test_deep_json_within_bounds_is_read() -> None:
    assert strict_json("[" * 20 + "]" * 20)
    assert strict_json('["' + "[" * 50 + '\\"[", {"a]": "{"}]') == ["[" * 50 + '"[', {"a]": "{"}]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"{}",
        b'{"format":"qiyue-receipt/2"}',
        b'{"format":1}',
        b"%PDF-1.7",
        b"PK",
        b"PK\x05\x06",
    ],
)
def test_what_is_neither_receipt_nor_pack_cannot_be_read(data: bytes) -> None:
    report = checked(data)
    assert (report.holds, report.is_readable, found(report, False)) == (False, False, ["unreadable"])


def test_a_name_that_stands_twice_is_refused_everywhere(receipt: dict[str, Any]) -> None:
    text = written(receipt).decode()
    for name in ('"index": 5', '"format": "qiyue-receipt/1"', '"roots": ', '"salt": '):
        assert what_fails(text.replace(name, f'"{name.split(chr(34))[1]}": 0, {name}', 1).encode()) == ["unreadable"]
    statement = receipt["record"]["statement"]
    for twice in (statement.replace('"kind"', '"id":"","kind"'), statement.replace(',"id"', ', "id"'), f"{statement} "):
        assert not checked(altered(receipt, ("record", "statement"), twice)).holds


def test_a_surrogate_alone_is_refused_and_can_be_reported(receipt: dict[str, Any]) -> None:
    for place in (("record", "disclosures", "address", "value"), ("checkpoint",), ("record", "statement"), ("keys", 0)):
        text = json.dumps(altered(receipt, place, "SURROGATE")).replace("SURROGATE", "\\ud800")
        report = checked(text.encode())
        assert not report.holds
        assert verifier.in_words(report, None).encode()


def test_nothing_in_a_report_moves_the_cursor_of_a_terminal(receipt: dict[str, Any]) -> None:
    key = "\x1b[2J\u202e\r证明成立"
    report = checked(altered(receipt, ("keys", 0), key))
    told = verifier.in_words(report, None)
    assert (report.holds, "\\x1b[2J\\u202e\\r证明成立" in told, told.replace("\n", "").isprintable()) == (
        False,
        True,
        True,
    )


# The tree.


def test_root_from_agrees_with_rfc_6962() -> None:
    """The eight leaves and four paths are those of the test vectors of Certificate Transparency."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [leaf_hash(bytes.fromhex(text)) for text in data]
    assert leaves[0].hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaves[7].hex() == "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1"
    root = bytes.fromhex("5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
    assert tree_hash(leaves) == root
    proofs = {
        0: [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
        5: [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    }
    for index, proof in proofs.items():
        assert root_from(leaves[index], index, 8, [bytes.fromhex(node) for node in proof]) == root
    small = bytes.fromhex("aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")
    assert tree_hash(leaves[:3]) == small
    assert root_from(leaves[2], 2, 3, [tree_hash(leaves[:2])]) == small


def test_root_from_takes_the_right_proof_alone() -> None:
    for size in range(1, 34):
        leaves = [leaf_hash(bytes([n])) for n in range(size)]
        root = tree_hash(leaves)
        for index in range(size):
            proof = path(index, leaves)
            assert root_from(leaves[index], index, size, proof) == root
            wrong = [proof[:-1], [*proof, bytes(32)], [bytes(32), *proof]] if proof else [[bytes(32)]]
            for other in wrong:
                with pytest.raises(ValueError):
                    root_from(leaves[index], index, size, other)
            for other_index in set(range(size)) - {index}:
                try:
                    assert root_from(leaves[index], other_index, size, proof) != root
                except ValueError:
                    assert len(path(other_index, leaves)) != len(proof)
    for index, size in ((-1, 1), (1, 1), (0, 0), (5, 3)):
        with pytest.raises(ValueError):
            root_from(bytes(32), index, size, [])


# Packs.


def of_members(members: dict[str, bytes], log: Log) -> Report:
    """What is found in the files of a pack, without the ZIP around them."""
    return verifier.check_members(members, "pack", [], log.roots, {}, signature, verifier.openssl_timestamp)


def test_no_alteration_of_pack_json_holds(log: Log) -> None:
    members = pack_of(log)
    pack = json.loads(members["pack.json"])
    tried = 0
    for place in places(pack):
        value = at(pack, place)
        for new in alterations(value):
            if not is_another(place, value, new):
                continue
            tried += 1
            changed = altered(pack, place, new)
            if place == ("texts",) and new == pack["texts"][::-1]:  # By design: their order says nothing.
                assert checked(zipped({**members, "pack.json": written(changed)})).holds
                continue
            report = of_members({**members, "pack.json": written(changed)}, log)
            assert not report.holds, (place, new)
            assert found(report, False), place
    assert tried > 600


def test_no_alteration_of_a_record_of_a_pack_holds(log: Log) -> None:
    """Whoever alters entries.jsonl puts its digest right, too."""
    members = pack_of(log)
    pack = json.loads(members["pack.json"])
    records = [json.loads(line) for line in members["entries.jsonl"].splitlines()]
    holding = []
    for place in places(records):
        value = at(records, place)
        for new in alterations(value):
            if not place or not is_another(place, value, new):
                continue
            lines = "".join(f"{json.dumps(record)}\n" for record in altered(records, place, new))
            changed = listing({**members, "entries.jsonl": lines.encode()}, {**pack, "timestamp": pack["timestamp"]})
            report = of_members(changed, log)
            if report.holds:
                holding.append((place, new))
    # By design: an act of the selection, or the key's introduction, that is left out is not missed, since no pack
    # proves that it is complete; the report says so ("complete"). Without an erased act, its erasure would be a stray.
    indexes = [record["index"] for record in records]
    left_out = [(indexes[place[0]], new) for place, new in holding if len(place) == 1]
    assert left_out == [(index, GONE) for index in (KEY, ACCEPTED, BOTH, REFUSED, WITHDRAWN)]
    assert [one for one in holding if len(one[0]) != 1] == []


def rezipped(members: dict[str, bytes], **changes: bytes | None) -> bytes:
    """The pack with files changed, added or left out (None), and pack.json put right."""
    pack = json.loads(members["pack.json"])
    names = {name.replace("__", "/").replace("_dot_", "."): content for name, content in changes.items()}
    kept = {name: content for name, content in {**members, **names}.items() if content is not None}
    return zipped(listing(kept, pack))


def test_each_file_of_a_pack_is_what_it_should_be(log: Log) -> None:
    members = pack_of(log)
    for name, content in members.items():
        without = {other: data for other, data in members.items() if other != name}
        assert not checked(zipped(without)).holds, name
        assert not checked(zipped({**members, name: content + b"?"})).holds, name
        if name != "pack.json":
            assert not checked(zipped(listing(without, json.loads(members["pack.json"])))).holds, name
        if name not in ("pack.json", "README.md", "records.csv", "verify.py"):
            assert not checked(rezipped(members, **{name: content + b"?"})).holds, name


def test_what_the_log_does_not_vouch_for_is_named(log: Log) -> None:
    """By design: who changes these files of a pack and their digests leaves it holding; the report names them."""
    members = pack_of(log)
    for name in ("README.md", "records.csv", "verify.py"):
        report = checked(rezipped(members, **{name: b"changed"}))
        assert report.holds
        assert [sentence(finding, "en") for finding in report.findings if finding.code == "unproven"] == [
            "These files are for reading; the log does not vouch for them: README.md, records.csv, verify.py"
        ]


@pytest.mark.parametrize(
    "name", ["evil.exe", "texts/terms/1.fr.md", "texts/x", "entries.jsonl.bak", "TEXTS/a", "pack.json/x"]
)
def test_a_pack_holds_no_other_file(log: Log, name: str) -> None:
    members = pack_of(log)
    assert what_fails(zipped({**members, name: b""})) == ["files"]
    assert what_fails(rezipped(members, **{name: b""})) == ["files"]


def test_texts_are_those_of_their_publications(log: Log) -> None:
    members = pack_of(log)
    pack = json.loads(members["pack.json"])
    one, other, third = pack["texts"]
    for texts in (
        [one, other],
        [one, other, third, third],
        [one, other, {**third, "text": one["text"], "html": one["html"]}],
        [one, other, {**third, "version": 1}],
        [{**one, "language": "en"}, {**other, "language": "zh-hans"}, third],
    ):
        assert set(what_fails(zipped(listing(members, {**pack, "texts": texts})))) <= {"text", "files"}


@pytest.mark.parametrize(
    "selection",
    [
        {"account": 3},
        {"account": "2"},
        {"account": True},
        {"agreement": "other"},
        {"acceptance": "x"},
        {},
        {"account": 2, "x": 1},
    ],
)
def test_records_are_those_that_the_selection_names(log: Log, selection: dict[str, Any]) -> None:
    members = pack_of(log)
    pack = {**json.loads(members["pack.json"]), "selection": selection}
    assert not checked(zipped(listing(members, pack))).holds


def test_a_pack_of_one_acceptance_holds_that_acceptance(log: Log) -> None:
    members = pack_of(log, "acceptance")
    pack = json.loads(members["pack.json"])
    for other in (log.uid(KEY), log.uid(TERMS), log.uid(BOTH)):
        assert "selection" in what_fails(zipped(listing(members, {**pack, "selection": {"acceptance": other}})))


def test_records_of_a_pack_stand_in_order_and_once(log: Log) -> None:
    members = pack_of(log)
    lines = members["entries.jsonl"].splitlines(keepends=True)
    for wrong in (lines[::-1], [lines[0], *lines], [], [*lines, b"\n"], [*lines, b"{}\n"]):
        assert not checked(rezipped(members, **{"entries.jsonl": b"".join(wrong)})).holds


def zip_of(entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return file.getvalue()


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a\\b", "C:x", "texts/", "a/"])
def test_a_zip_with_an_odd_path_is_refused(log: Log, name: str) -> None:
    assert what_fails(zip_of([*pack_of(log).items(), (name, b"x" if name[-1] != "/" else b"")])) == ["unreadable"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name_is_refused(log: Log) -> None:
    assert what_fails(zip_of([*pack_of(log).items(), ("keys.txt", b"x")])) == ["unreadable"]


def test_an_encrypted_zip_is_refused(log: Log) -> None:
    data = bytearray(zipped(pack_of(log)))
    start = data.index(b"PK\x01\x02")
    data[start + 8] |= 1
    assert what_fails(bytes(data)) == ["unreadable"]


def test_a_zip_bomb_is_not_unpacked(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.json", bytes(3_000_000))
    monkeypatch.setattr(verifier, "LARGEST", 1_000_000)
    assert what_fails(file.getvalue()) == ["unreadable"]
    # One that lies about what it holds is read no further than it says.
    data = file.getvalue().replace((3_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert what_fails(data) == ["unreadable"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_is_stored_or_deflated(log: Log, method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in pack_of(log).items():
            archive.writestr(name, content)
    assert what_fails(file.getvalue()) == ["unreadable"]


@pytest.mark.parametrize("deflated", [False, True])
def test_no_damage_of_a_zip_raises_an_error_or_holds_otherwise(log: Log, deflated: bool) -> None:
    """What still holds after a flipped bit says the same: there are bits of a ZIP that nobody reads."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name, content in pack_of(log, "acceptance").items():
            archive.writestr(name, content[:200] if name == "verify.py" else content)
    original = checked(rezipped(dict(unzipped(file.getvalue()))))
    data = zipped(dict(unzipped(rezipped(dict(unzipped(file.getvalue()))))))
    chance = random.Random(7)
    for _ in range(1500):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        report = check(bytes(broken), signature=signature, timestamp=unread)
        if report.holds:
            assert report.facts["decisions"] == original.facts["decisions"]
        report = check(data[: chance.randrange(len(data))], signature=signature, timestamp=unread)
        assert not report.holds


def unzipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def unread(response: bytes, message: bytes, roots: str) -> datetime:
    return stated_time(response, message)


# openssl, and the command.


def test_openssl_agrees_with_another_verifier() -> None:
    message = b"body\n"
    signed = LOG.key.sign(message)
    public = LOG.data[1:]
    assert verifier.openssl_signature(public, message, signed)
    for wrong in (
        (public, b"other\n", signed),
        (SOME_OTHER.data[1:], message, signed),
        (public, message, signed[:-1] + bytes([signed[-1] ^ 1])),
        (public, message, bytes(64)),
        (public, message, b"\xff" * 64),
        (b"\xff" * 32, message, signed),
        (bytes(32), message, bytes(64)),
    ):
        assert (verifier.openssl_signature(*wrong), signature(*wrong)) == (False, False)


def test_one_process_for_each_distinct_signature(receipt: dict[str, Any], log: Log) -> None:
    verifier.openssl_signature.cache_clear()
    verifier.openssl_timestamp.cache_clear()
    for file in (receipt, log.receipt(ACCEPTED, [TERMS]), log.receipt(REFUSED, [RULES])):
        assert check(written(file)).holds
    assert (verifier.openssl_signature.cache_info().misses, verifier.openssl_timestamp.cache_info().misses) == (2, 1)


def run(*arguments: str | Path, path: str | None = None, cwd: Path | None = None) -> tuple[int, str, str]:
    """Run the file as it will be run: alone."""
    environment = {"PATH": os.environ["PATH"] if path is None else path, "PYTHONPATH": "", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-I", "-S", *map(str, arguments)],
        capture_output=True, encoding="utf-8", check=False, env=environment, cwd=cwd,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def file(receipt: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "receipt.json"
    path.write_bytes(written(receipt))
    return path


def test_without_openssl_nothing_counts_as_proved(file: Path, tmp_path: Path) -> None:
    code, out, err = run(VERIFIER, file, "--language", "en", path=str(tmp_path))
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == f"{file}: It does NOT hold."
    told = [line for line in lines if "was not checked" in line]
    assert (
        told
        == ["  ? A signature or a timestamp was not checked, for want of a working openssl 3 on this machine: openssl"]
        * 2
    )


def test_an_openssl_that_is_of_no_use_is_none(file: Path, tmp_path: Path) -> None:
    fake = tmp_path / "openssl"
    fake.write_text("#!/bin/sh\necho 'unknown option -rawin' >&2\nexit 1\n")
    fake.chmod(0o755)
    code, out, _err = run(VERIFIER, file, "--json", path=f"{tmp_path}:{os.environ['PATH']}")
    report = json.loads(out)
    assert (code, report["holds"]) == (1, False)
    assert [finding["code"] for finding in report["findings"] if finding["holds"] is None] == [
        "unchecked", "key", "witness_key", "unchecked"
    ]  # fmt: skip


def test_the_command_says_who_accepted_what_for_whom_and_when(file: Path) -> None:
    code, out, err = run(VERIFIER, file)
    assert (code, err) == (0, "")
    assert out.splitlines()[:4] == [
        f"{file}: 证明成立，前提是签名的密钥确属该日志。",
        "It holds, provided that the key that signed is the log's.",
        "  QQ 10001（collaborator, grant 7）于 2020-03-02T08:00:05.000000Z 代表账户 QQ 20002（第 2 号）同意："
        "terms 1 (zh-hans), rules 2 (zh-hans)（acceptance.express）",
        "  QQ 10001 (collaborator, grant 7) accepted for the account QQ 20002 (no. 2) at 2020-03-02T08:00:05.000000Z: "
        "terms 1 (zh-hans), rules 2 (zh-hans) (acceptance.express)",
    ]
    code, english, _err = run(VERIFIER, file, "--key", LOG.verifier_key, "--language", "en")
    assert (code, english.splitlines()[0]) == (0, f"{file}: It holds.")
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in english)


def test_the_command_takes_several_files_and_gives_the_worst_code(
    receipt: dict[str, Any], file: Path, log: Log, tmp_path: Path
) -> None:
    wrong, unreadable, pack = tmp_path / "wrong.json", tmp_path / "x.json", tmp_path / "pack.zip"
    wrong.write_bytes(written(altered(receipt, ("record", "index"), 4)))
    unreadable.write_bytes(b"x")
    pack.write_bytes(zipped(pack_of(log)))
    assert [run(VERIFIER, one)[0] for one in (file, pack, wrong, unreadable, tmp_path / "none")] == [0, 0, 1, 2, 2]
    assert run(VERIFIER, file, wrong)[0] == 1
    code, out, err = run(VERIFIER, file, wrong, unreadable, tmp_path / "none", pack, "--json")
    assert code == 2
    reports = [json.loads(line) for line in out.splitlines()]
    assert [(report["file"], report["holds"], report["format"]) for report in reports] == [
        (str(file), True, "receipt"), (str(wrong), False, "receipt"), (str(unreadable), False, "receipt"),
        (str(pack), True, "pack"),
    ]  # fmt: skip
    assert err.count("\n") == 1


def test_what_the_reader_trusts_can_be_given(file: Path, log: Log, tmp_path: Path) -> None:
    roots, text = tmp_path / "roots.pem", tmp_path / "rules.md"
    roots.write_text(log.roots)
    text.write_text(TEXTS["rules", 2, "zh-hans"], "utf-8")
    asked = ["--key", LOG.verifier_key, "--key", WITNESS.verifier_key, "--roots", roots, "--text", text, "--json"]
    code, out, _err = run(VERIFIER, file, *asked)
    assert code == 0
    assert [finding["code"] for finding in json.loads(out)["findings"] if finding["holds"] is None] == []
    assert run(VERIFIER, file, "--key", SOME_OTHER.verifier_key)[0] == 1
    assert run(VERIFIER, file, "--key", "nonsense")[::2] == (2, "无法读取 · cannot be read: key: nonsense\n")
    assert run(VERIFIER, file, "--roots", tmp_path / "none")[0] == 2
    assert run(VERIFIER, file, "--nonsense")[0] == 2


def test_inside_an_unpacked_pack_it_checks_the_pack(log: Log, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    for name, content in pack_of(log).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    code, out, _err = run("verify.py", "--language", "en", cwd=folder)
    assert (code, out.splitlines()[0]) == (0, "pack: It holds, provided that the key that signed is the log's.")
    assert run(VERIFIER, folder)[0] == 0
    (folder / "more").touch()
    code, out, _err = run("verify.py", "--language", "en", cwd=folder)
    assert (code, out.splitlines()[0]) == (1, "pack: It does NOT hold.")
    assert "  X A file of the pack is missing, changed or not part of it: more" in out.splitlines()
    (folder / "pack.json").unlink()
    assert run("verify.py", cwd=folder)[0] == 2


def test_a_console_without_chinese_sees_the_report_to_its_end(file: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, VERIFIER, file], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_every_finding_has_its_sentences() -> None:
    """Whatever the code may say is in SENTENCES, and both languages fill the same places."""
    source = ast.parse(VERIFIER.read_text("utf-8"))
    codes = {
        node.args[0].value
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in ("add", "Bad")
        if node.args and isinstance(node.args[0], ast.Constant)
    }
    assert codes == {code for code, _holds in verifier.SENTENCES}
    for chinese, english in verifier.SENTENCES.values():
        assert fields_of(chinese) == fields_of(english)


def fields_of(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}


def test_the_file_stands_alone() -> None:
    """Python 3.9 reads it, and it imports nothing but that Python's standard library."""
    source = VERIFIER.read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= set(sys.stdlib_module_names)
    assert not any(isinstance(node, ast.Match) for node in ast.walk(tree))


def test_main_is_what_the_command_runs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


# Many at once, alone, without a network.


def old_python() -> str | None:
    """A Python 3.9 of this machine, if there is one that runs."""
    found = shutil.which("python3.9")
    works = found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0
    return found if works else None


@pytest.mark.soak
@pytest.mark.parametrize("python", ["this", "3.9"])
def test_a_thousand_receipts_hold_and_a_thousand_altered_ones_do_not(
    python: str, authority: Authority, tmp_path: Path
) -> None:
    interpreter = sys.executable if python == "this" else old_python()
    if interpreter is None:
        pytest.skip("there is no Python 3.9 on this machine")
    chance = random.Random(20261125)
    log = tell(Log(stamp=cache(authority.stamp), roots=authority.roots))
    acts = [log.accept([TERMS, RULES][: 1 + n % 2]) for n in range(1000)]
    head, leaves = log.head(), log.leaves
    good, bad = [], []
    for number, index in enumerate(acts):
        supporting = [TERMS, RULES][: 1 + number % 2]
        receipt = log.receipt(index, supporting, head)
        ways = [place for place in places(receipt) if place and place[0] != "timestamp"]
        while True:
            place = chance.choice(ways)
            value = at(receipt, place)
            new = chance.choice(list(alterations(value)))
            if is_another(place, value, new):
                break
        for folder, document in ((good, receipt), (bad, altered(receipt, place, new))):
            path = tmp_path / f"{'good' if folder is good else 'bad'}{number}.json"
            path.write_bytes(written(document))
            folder.append(path)
    assert len(leaves) == 1013
    alone = ["unshare", "--net"] if os.geteuid() == 0 and shutil.which("unshare") else []
    done = subprocess.run(
        [*alone, interpreter, "-I", "-S", VERIFIER, *good, *bad, "--key", LOG.verifier_key, "--json"],
        capture_output=True, encoding="utf-8", check=False, cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.stderr == ""
    assert [report["file"] for report in reports if report["holds"]] == [str(path) for path in good]
    assert [report["file"] for report in reports if not report["holds"]] == [str(path) for path in bad]
    assert (len(good), len(bad)) == (1000, 1000)


@pytest.mark.soak
def test_no_byte_of_a_timestamp_moves_its_time(receipt: dict[str, Any], log: Log) -> None:
    """By design: parts of a response are not signed, such as its status and the copy of the root that lies in it.

    Whatever is done to them, the time is the same; and no byte of what is signed can change.
    """
    response = base64.b64decode(receipt["timestamp"]["response"])
    true = stated_time(response, log.body().encode())
    start = response.index(verifier.TST_INFO) + len(verifier.TST_INFO)
    end = response.index(b"Z", response.index(f"{true:%Y%m%d%H%M%S}".encode())) + 1
    assert end - start > 80  # the imprint, 32 bytes, the time, 15, and what is around them
    for place in range(len(response)):
        broken = bytearray(response)
        broken[place] ^= 1
        report = checked(with_stamp(receipt, bytes(broken), log.roots))
        assert report.facts.get("stamped_at") == (true if report.holds else None)
        assert not (report.holds and start <= place < end)


def test_base64_has_one_form() -> None:
    assert verifier.unbase64("QQ==") == b"A"
    for text in ("QQ=", "QQ", "QR==", "QQ==\n", " QQ==", "QQ==QQ==", "Q-==", "é"):
        with pytest.raises((ValueError, binascii.Error)):
            verifier.unbase64(text)
