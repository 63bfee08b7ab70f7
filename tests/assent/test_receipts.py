"""Receipts: exactly the format, checked by the stand-alone verifier, also after an erasure, a timestamp, a key's change."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agreements.models import Version
from assent import verifier
from assent.accepting import refuse
from assent.checking import signature_is_good
from assent.errors import NotSealedYet
from assent.models import Acceptance, Refusal
from assent.receipts import Receipt, receipt, texts_of
from evidence.checkpoint import SigningKey, VerifierKey
from evidence.log import seal
from evidence.models import Checkpoint, Cosignature, TimestampAttempt
from tests.authority import make_authority
from tests.conftest import LOG_KEY
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    chinese,
    english,
    erase_values,
    make_agreement,
    publish,
    queries_of,
    shown,
)


@pytest.fixture
def version(agreement, petra) -> Version:
    return publish(agreement, petra, texts={ZH: chinese(), EN: english()})


def made(act: Acceptance | Refusal) -> Receipt:
    return receipt(act, texts=texts_of(act))


def findings(receipt: Receipt) -> list[tuple[str, bool | None]]:
    """What the stand-alone verifier finds, with openssl, knowing the log's key."""
    report = verifier.check(receipt.text().encode(), trusted_keys=[str(LOG_KEY.verifier)])
    return [(finding.code, finding.holds) for finding in report.findings]


GOOD = [
    ("form", True),
    ("statement", True),
    ("log_signature", True),
    ("key", True),
    ("inclusion", True),
    ("disclosure", True),
    ("document", True),
    ("timestamp", None),
]


def test_a_receipt_has_exactly_the_form_of_the_format_and_holds(version, account, bob) -> None:
    accepted = accept_versions(account, bob, version)
    checkpoint = seal(at=MONDAY)
    content = made(accepted).content
    assert list(content) == ["format", "record", "supporting", "checkpoint", "keys", "witness_keys", "timestamp"]
    record = content["record"]
    assert list(record) == ["index", "statement", "disclosures", "hashes"]
    assert record["statement"].encode() == bytes(accepted.entry.statement)
    assert record["index"] == accepted.entry.sealed.position
    values = {d.field: {"salt": bytes(d.salt).hex(), "value": d.value} for d in accepted.entry.disclosures.all()}
    assert record["disclosures"] == values
    assert (content["format"], content["timestamp"]) == ("qiyue-receipt/1", None)
    assert (content["keys"], content["witness_keys"]) == ([str(LOG_KEY.verifier)], [])
    assert content["checkpoint"] == checkpoint.note
    [published] = content["supporting"]
    assert json.loads(published["statement"])["kind"] == "version.published"
    assert published["disclosures"] == {"actor_qq": {"withheld": True}}
    assert findings(made(accepted)) == GOOD


def test_the_file_is_json_that_people_can_read_and_is_the_same_every_time(version, account, alice) -> None:
    accepted = accept_versions(account, alice, version)
    seal(at=MONDAY)
    text = made(accepted).text()
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"
    assert text.startswith('{\n  "format": "qiyue-receipt/1",\n  "record": {\n    "index": ')
    seal(at=NOON)
    assert made(Acceptance.objects.get()).text() == text


def test_a_refusal_has_a_receipt_too(version, account, alice) -> None:
    refusal = refuse(
        account=account, actor=alice, document=shown(version), form_key=uuid4(), circumstances=CIRCUMSTANCES, at=MONDAY
    )
    seal(at=MONDAY)
    assert json.loads(made(refusal).content["record"]["statement"])["kind"] == "acceptance.refused"
    assert findings(made(refusal)) == GOOD


def test_before_sealing_there_is_no_receipt(version, account, alice) -> None:
    seal(at=MONDAY)
    accepted = accept_versions(account, alice, version)
    with pytest.raises(NotSealedYet):
        made(accepted)
    seal(at=MONDAY)
    assert findings(made(accepted)) == GOOD


@pytest.mark.parametrize("count", [1, 3])
def test_it_takes_as_many_queries_for_three_documents_as_for_one(petra, account, alice, count) -> None:
    versions = [publish(make_agreement(petra, slug=f"terms-{n}"), petra) for n in range(count)]
    accepted = accept_versions(account, alice, *versions)
    seal(at=MONDAY)
    act = Acceptance.objects.select_related("entry").get()
    assert queries_of(lambda: made(act)) == 14
    texts = [text.version.agreement.slug for text in texts_of(act)]
    assert texts == [f"terms-{n}" for n in range(count)]
    assert len(made(accepted).content["supporting"]) == count


def test_the_publication_that_supports_is_that_of_the_version_accepted(agreement, petra, account, alice) -> None:
    publish(make_agreement(petra, slug="other"), petra)  # at the same time
    first = publish(agreement, petra)
    publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    accepted = accept_versions(account, alice, first)
    seal(at=MONDAY + DAY)
    supporting = [json.loads(record["statement"])["facts"] for record in made(accepted).content["supporting"]]
    assert [(facts["agreement"], facts["version"]) for facts in supporting] == [("terms", 1)]


def test_an_erased_value_is_shown_as_erased_and_the_proof_stays(version, account, alice, bob, administrator) -> None:
    accepted = accept_versions(account, bob, version)
    others = accept_versions(account, alice, version)
    seal(at=MONDAY)
    erasure = erase_values(bob.pk, administrator, [(accepted.entry, "actor_qq"), (accepted.entry, "address")])
    with pytest.raises(NotSealedYet):
        made(accepted)
    newest = seal(at=MONDAY + DAY)
    again = made(Acceptance.objects.get(pk=accepted.pk))
    assert again.checkpoint == newest
    gone = {field for field, said in again.content["record"]["disclosures"].items() if "erased" in said}
    assert gone == {"actor_qq", "address"}
    assert again.content["record"]["disclosures"]["actor_qq"] == {"erased": str(erasure.uid)}
    assert [json.loads(record["statement"])["id"] for record in again.content["supporting"]][-1] == str(erasure.uid)
    assert [found for found in findings(again) if found[0] == "erased"] == [("erased", True)] * 2
    assert verifier.check(again.text().encode()).holds
    assert made(others).checkpoint.number == 1


def stamp(checkpoint: Checkpoint, settings, folder: Path) -> None:
    """Let an authority of the tests timestamp a checkpoint."""
    folder.mkdir()
    authority = make_authority(folder)
    settings.TIMESTAMP_ROOTS = authority.roots_file
    settings.TIMESTAMP_AUTHORITY = "http://127.0.0.1/tsa"
    body = checkpoint.note.split("\n\n")[0].encode() + b"\n"
    response = authority.stamp(body)
    TimestampAttempt.objects.create(
        number=TimestampAttempt.objects.count() + 1,
        checkpoint=checkpoint,
        authority=settings.TIMESTAMP_AUTHORITY,
        at=NOON,
        response=response,
        stamped_at=verifier.openssl_timestamp(response, body, authority.roots),
    )


def test_a_receipt_waits_for_no_timestamp_and_takes_the_first_that_covers_it(
    version, account, alice, settings, tmp_path
) -> None:
    accepted = accept_versions(account, alice, version)
    first = seal(at=MONDAY)
    assert made(accepted).checkpoint == first
    accept_versions(account, alice, version)
    second = seal(at=MONDAY + DAY)
    stamp(second, settings, tmp_path / "second")
    stamped = made(accepted)
    assert stamped.checkpoint == second
    assert stamped.content["timestamp"]["roots"] == settings.TIMESTAMP_ROOTS.read_text("ascii")
    assert findings(stamped) == [*GOOD[:-1], ("timestamp", True), ("roots", None), ("time", True)]
    accept_versions(account, alice, version)
    stamp(seal(at=MONDAY + 2 * DAY), settings, tmp_path / "third")
    assert made(accepted).checkpoint == second


def test_cosignatures_stand_on_the_checkpoint_with_their_keys(version, account, alice) -> None:
    accepted = accept_versions(account, alice, version)
    checkpoint = seal(at=MONDAY)
    witness = SigningKey("witness.example", bytes(range(1, 33)))
    key = VerifierKey("witness.example", witness.verifier.public, 0x04)
    body = checkpoint.note.split("\n\n")[0] + "\n"
    seconds = int(MONDAY.timestamp())
    signed = SigningKey("x", witness.seed).signature_line(f"cosignature/v1\ntime {seconds}\n{body}")
    signature = verifier.unbase64(signed.split()[2])[4:]
    line = f"— witness.example {base64_of(key.id + seconds.to_bytes(8, 'big') + signature)}\n"
    Cosignature.objects.create(checkpoint=checkpoint, witness_key=str(key), line=line, received_at=MONDAY)
    content = made(accepted).content
    assert content["checkpoint"] == checkpoint.note + line
    assert content["witness_keys"] == [str(key)]
    assert ("witness", True) in findings(made(accepted))


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_after_a_change_of_keys_each_receipt_names_the_key_that_signed(version, account, alice, settings) -> None:
    before = accept_versions(account, alice, version)
    seal(at=MONDAY)
    successor = SigningKey(LOG_KEY.name, bytes(range(100, 132)))
    settings.LOG_KEYS = [LOG_KEY.export(), successor.export()]
    both = accept_versions(account, alice, version)
    seal(at=MONDAY + DAY)
    settings.LOG_KEYS = [successor.export()]
    after = accept_versions(account, alice, version)
    seal(at=MONDAY + 2 * DAY)
    old, new = str(LOG_KEY.verifier), str(successor.verifier)
    assert [made(act).content["keys"] for act in (before, both, after)] == [[old], [old, new], [new]]
    assert all(verifier.check(made(act).text().encode()).holds for act in (before, both, after))


def test_the_portals_check_of_signatures_agrees_with_openssl() -> None:
    public = LOG_KEY.verifier.public
    signature = verifier.unbase64(LOG_KEY.signature_line("x\n").split()[2])[4:]
    Ed25519PublicKey.from_public_bytes(public).verify(signature, b"x\n")
    cases = [
        (public, b"x\n", signature),
        (public, b"y\n", signature),
        (public, b"x\n", signature[:-1]),
        (b"\xff" * 32, b"x\n", signature),
    ]
    assert [signature_is_good(*case) for case in cases] == [True, False, False, False]
    assert [verifier.openssl_signature(*case) for case in cases[:3]] == [True, False, False]
