"""Tests of what is told of witnesses and timestamps; that changed checkpoints are named is held in tests/assent/test_verifying.py."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils.translation import override

from evidence.checkpoint import COSIGNATURE_V1, Signature, VerifierKey, parse
from evidence.findings import Findings
from evidence.log import seal
from evidence.models import Checkpoint, Cosignature, TimestampAttempt
from evidence.timestamping import stated
from evidence.verifying_checkpoints import check_witnesses
from tests.authority import Authority, make_authority

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SEED = bytes(range(32))
WITNESS = VerifierKey(
    "witness.example", Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw(), COSIGNATURE_V1
)


@pytest.fixture
def checkpoint(db: None) -> Checkpoint:
    return seal(at=AT)


@pytest.fixture
def authority(tmp_path: Path, settings) -> Authority:
    made = make_authority(tmp_path)
    settings.TIMESTAMP_ROOTS = made.roots_file
    return made


def cosign(checkpoint: Checkpoint, *, at: datetime, received_at: datetime, body: str | None = None) -> Cosignature:
    seconds = int(at.timestamp())
    text = body or parse(checkpoint.note).body
    signed = Ed25519PrivateKey.from_private_bytes(SEED).sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    line = Signature(WITNESS.name, WITNESS.id, seconds.to_bytes(8, "big") + signed)
    return Cosignature.objects.create(
        checkpoint=checkpoint, witness_key=str(WITNESS), line=str(line), received_at=received_at
    )


def attempt(checkpoint: Checkpoint, *, number: int = 1, at: datetime = AT, **outcome: object) -> TimestampAttempt:
    return TimestampAttempt.objects.create(
        number=number,
        checkpoint=checkpoint,
        authority="http://tsa.example/",
        at=at,
        **outcome or {"error": "no answer"},
    )


def told() -> tuple[list[tuple[str, str]], int]:
    """What is wrong with which row, and how many warnings there are."""
    findings = Findings()
    with override("zh-hans"):
        check_witnesses(findings)
    return [(mismatch.row, mismatch.problem) for mismatch in findings.mismatches], len(findings.warnings)


def test_a_cosignature_holds_within_five_minutes_of_difference(checkpoint, settings) -> None:
    cosign(checkpoint, at=AT - 5 * MINUTE, received_at=AT)
    assert told() == ([], 0)
    settings.WITNESSES = [str(WITNESS)]
    assert told() == ([], 0)
    settings.WITNESSES = ["another"]
    assert told() == ([], 1)


@pytest.mark.parametrize(("at", "received_at"), [(AT - 6 * MINUTE, AT), (AT + 6 * MINUTE, AT)])
def test_a_cosignature_of_an_impossible_time_is_named(checkpoint, at: datetime, received_at: datetime) -> None:
    made = cosign(checkpoint, at=at, received_at=received_at)
    assert told() == ([(str(made.pk), "见证人签名的时间不在检查点的时间与收到的时间之间")], 0)


def test_a_cosignature_over_another_tree_is_named(checkpoint) -> None:
    made = cosign(checkpoint, at=AT, received_at=AT, body=parse(checkpoint.note).body.replace("\n1\n", "\n2\n"))
    assert told() == ([(str(made.pk), "见证签名无效")], 0)


def test_a_line_that_is_no_cosignature_is_named(checkpoint) -> None:
    made = Cosignature.objects.create(checkpoint=checkpoint, witness_key=str(WITNESS), line="— x\n", received_at=AT)
    assert told() == ([(str(made.pk), "无法读取见证签名")], 0)


def test_a_timestamp_holds_and_clocks_far_apart_are_a_warning(checkpoint, authority) -> None:
    response = authority.stamp(parse(checkpoint.note).body.encode())
    at, _imprint = stated(response)
    attempt(checkpoint, at=at, response=response, stamped_at=at)
    assert told() == ([], 0)
    attempt(checkpoint, number=2, at=at + 6 * MINUTE, response=response, stamped_at=at)
    assert told() == ([], 1)


def test_a_timestamp_over_another_checkpoint_is_named(checkpoint, authority) -> None:
    response = authority.stamp(b"another")
    attempt(checkpoint, response=response, stamped_at=AT)
    found, warnings = told()
    assert (found, warnings) == ([("1", "列 stamped_at 与时间戳不符"), ("1", "时间戳不是这个检查点的")], 1)


def test_bytes_that_are_no_timestamp_are_named(checkpoint) -> None:
    attempt(checkpoint, response=b"no", stamped_at=AT)
    assert told() == ([("1", "无法读取时间戳")], 0)


def test_requests_are_counted_without_a_gap_and_in_order(checkpoint) -> None:
    attempt(checkpoint, number=1, at=AT + 20 * MINUTE)
    attempt(checkpoint, number=3, at=AT + 16 * MINUTE)
    attempt(checkpoint, number=4, at=AT - 6 * MINUTE)
    assert told()[0] == [
        ("2", "时间戳请求编号不连续：缺少这一次"),
        ("3", "时间戳请求编号不连续：应为 2"),
        ("3", "时间戳请求的时间倒退"),
        ("4", "时间戳请求的时间倒退"),
        ("4", "请求的时间早于检查点"),
    ]
