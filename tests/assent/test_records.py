"""Records: a proof that leads to the root, values that open their commitments, and what is erased or withheld."""

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from django.db import transaction

from assent.errors import ErasureNotSealed
from assent.records import entries_about, erasures_of, records_of, witness_of
from evidence.checkpoint import SigningKey
from evidence.kinds import Kind
from evidence.log import append, prove, seal
from evidence.merkle import leaf_hash, verify_inclusion
from evidence.models import Checkpoint, Disclosure, Entry, TimestampAttempt
from tests.conftest import LOG_KEY
from tests.support import DAY, MONDAY, accept_versions, erase_values, publish, queries_of

AUTHORITY = "a timestamping authority"


def holds(record: dict[str, Any], checkpoint: Checkpoint) -> bool:
    return verify_inclusion(
        leaf=leaf_hash(record["statement"].encode()),
        index=record["index"],
        size=checkpoint.size,
        proof=[bytes.fromhex(node) for node in record["hashes"]],
        root=bytes(checkpoint.root),
    )


def opened(record: dict[str, Any]) -> dict[str, str]:
    """The values that open the commitments of the statement."""
    commitments = json.loads(record["statement"])["commitments"]
    found = {}
    for field, shown in record["disclosures"].items():
        data = bytes.fromhex(shown["salt"]) + rfc8785.dumps([field, shown["value"]])
        assert hashlib.sha256(data).hexdigest() == commitments[field]
        found[field] = shown["value"]
    assert found.keys() == commitments.keys()
    return found


def test_a_record_is_provable_and_its_values_open_their_commitments(agreement, petra, account, alice) -> None:
    accepted = accept_versions(account, alice, publish(agreement, petra))
    checkpoint = seal(at=MONDAY)
    [record] = records_of([accepted.entry], checkpoint=checkpoint)
    assert list(record) == ["index", "statement", "disclosures", "hashes"]
    assert record["statement"].encode() == bytes(accepted.entry.statement)
    assert holds(record, checkpoint)
    assert opened(record) == {
        "account_qq": "20002",
        "actor_qq": "20002",
        "address": "203.0.113.7",
        "user_agent": "Firefox/140.0",
    }


def test_every_entry_of_the_log_is_provable_at_every_checkpoint(agreement, petra, account, alice, bob) -> None:
    version = publish(agreement, petra)
    checkpoints = []
    for number in range(3):
        for _ in range(130):
            with transaction.atomic():
                append(kind=Kind.AUDIT_EXPORTED, at=MONDAY, facts={"number": number})
        accept_versions(account, bob, version)
        checkpoints.append(seal(at=MONDAY + number * DAY))
    for checkpoint in checkpoints:
        entries = list(Entry.objects.filter(sealed__position__lt=checkpoint.size))
        records = records_of(reversed(entries), checkpoint=checkpoint)
        assert [record["index"] for record in records] == list(range(checkpoint.size))
        assert all(holds(record, checkpoint) for record in records)
        for record in (records[0], records[-1]):
            hashes = prove(position=record["index"], checkpoint=checkpoint)
            assert [node.hex() for node in hashes] == record["hashes"]


@pytest.mark.parametrize("count", [1, 3])
def test_many_records_take_no_more_queries_than_one(agreement, petra, account, alice, count) -> None:
    version = publish(agreement, petra)
    entries = [accept_versions(account, alice, version).entry for _ in range(count)]
    checkpoint = seal(at=MONDAY)
    assert queries_of(lambda: records_of(entries, checkpoint=checkpoint)) == 4


def test_values_of_others_are_withheld(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    accepted = accept_versions(account, alice, version).entry
    published = entries_about([version], kinds=[Kind.VERSION_PUBLISHED])
    records = records_of([accepted, *published], checkpoint=seal(at=MONDAY), disclosed={accepted.pk})
    assert [json.loads(record["statement"])["kind"] for record in records] == [
        "version.published",
        "acceptance.express",
    ]
    assert records[0]["disclosures"] == {"actor_qq": {"withheld": True}}
    assert opened(records[1])["actor_qq"] == "20002"


def test_an_erased_value_names_its_erasure(agreement, petra, account, alice, bob, administrator) -> None:
    version = publish(agreement, petra)
    owners, bobs = (accept_versions(account, person, version).entry for person in (alice, bob))
    seal(at=MONDAY)
    before = records_of([owners, bobs], checkpoint=seal(at=MONDAY) or Checkpoint.objects.get())
    erase_values(petra.pk, administrator, [(owners, "user_agent")])
    erasure = erase_values(bob.pk, administrator, [(bobs, "actor_qq"), (bobs, "address")])
    with pytest.raises(ErasureNotSealed):
        records_of([bobs], checkpoint=Checkpoint.objects.get())
    checkpoint = seal(at=MONDAY + DAY)
    record = records_of([owners, bobs], checkpoint=checkpoint)[1]
    erased = {"erased": str(erasure.uid)}
    assert record["disclosures"] == {
        "account_qq": before[1]["disclosures"]["account_qq"],
        "actor_qq": erased,
        "address": erased,
        "user_agent": before[1]["disclosures"]["user_agent"],
    }
    assert holds(record, checkpoint)
    assert erasures_of(Disclosure.objects.filter(entry=bobs)) == {
        (str(bobs.uid), "actor_qq"): erasure,
        (str(bobs.uid), "address"): erasure,
    }


def test_what_the_checkpoint_does_not_cover_has_no_record(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    checkpoint = seal(at=MONDAY)
    late = accept_versions(account, alice, version).entry
    with pytest.raises(ValueError, match="does not cover"):
        records_of([late], checkpoint=checkpoint)
    seal(at=MONDAY)
    with pytest.raises(ValueError, match="does not cover"):
        records_of([late], checkpoint=checkpoint)


def test_publications_are_found_among_those_of_other_agreements(agreement, petra) -> None:
    first, _second, third = (publish(agreement, petra, f"第 {n} 版。", at=MONDAY + n * DAY) for n in range(3))
    found = entries_about([third, first], kinds=[Kind.VERSION_PUBLISHED, Kind.VERSION_WITHDRAWN])
    assert [json.loads(bytes(entry.statement))["facts"]["version"] for entry in found] == [1, 3]


def test_a_checkpoint_comes_with_the_keys_that_signed_it_and_its_first_timestamp(db, settings, tmp_path) -> None:
    other = SigningKey("qiyue.example/log", bytes(range(1, 33)))
    seal(at=MONDAY)
    settings.LOG_KEYS = [LOG_KEY.export(), other.export()]
    seal(at=MONDAY)
    checkpoints = []
    for _ in range(2):
        with transaction.atomic():
            append(kind=Kind.AUDIT_EXPORTED, at=MONDAY, facts={})
        checkpoints.append(seal(at=MONDAY))
        settings.LOG_KEYS = [other.export()]
    both, alone = checkpoints
    assert witness_of(alone) == {
        "checkpoint": alone.note,
        "keys": [str(other.verifier)],
        "witness_keys": [],
        "timestamp": None,
    }
    assert witness_of(both)["keys"] == [str(LOG_KEY.verifier), str(other.verifier)]
    settings.TIMESTAMP_ROOTS = tmp_path / "roots.pem"
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    settings.TIMESTAMP_ROOTS.write_bytes(f"# Our root\n{pem}\nThe next\n{pem}".replace("\n", "\r\n").encode())
    outcomes = [{"error": "no answer"}, {"response": b"first"}, {"response": b"second"}]
    for number, outcome in enumerate(outcomes, start=1):
        stamped_at = MONDAY + timedelta(minutes=number) if "response" in outcome else None
        values = {"authority": AUTHORITY, "at": MONDAY, "stamped_at": stamped_at}
        TimestampAttempt.objects.create(number=number, checkpoint=both, **values, **outcome)
    assert witness_of(both)["timestamp"] == {
        "response": base64.b64encode(b"first").decode(),
        "roots": pem * 2,
    }
