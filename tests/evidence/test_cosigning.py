"""Tests of cosignatures: witnesses that are configured are kept once, whatever else is sent is refused and leaves nothing."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from evidence.checkpoint import COSIGNATURE_V1, Signature, SigningKey, VerifierKey, parse
from evidence.cosigning import receive_cosignatures, witnesses
from evidence.errors import MalformedCosignatures, NoKnownWitness, UnknownCheckpoint, WrongCosignature
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.models import Checkpoint, Cosignature
from tests.conftest import LOG_KEY
from tests.support import at_once

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class TestWitness:
    """A witness: its secret is its seed, 32 times one byte."""

    __test__ = False

    def __init__(self, name: str, byte: int) -> None:
        self.secret = Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32)
        self.key = VerifierKey(name, self.secret.public_key().public_bytes_raw(), COSIGNATURE_V1)

    def line(self, body: str, at: datetime = AT, *, seconds: int | None = None) -> str:
        """The line by which the witness cosigns, as C2SP tlog-cosignature has it."""
        told = int(at.timestamp()) if seconds is None else seconds
        signed = self.secret.sign(f"cosignature/v1\ntime {told}\n{body}".encode())
        data = self.key.id + told.to_bytes(8, "big") + signed
        return f"— {self.key.name} {base64.b64encode(data).decode()}\n"


ONE, TWO = TestWitness("witness.example/one", 1), TestWitness("witness.example/two", 2)
STRANGER = TestWitness("witness.example/stranger", 3)


@pytest.fixture
def checkpoint(db: None, settings: Settings) -> Checkpoint:
    """A checkpoint, and two witnesses that may cosign it."""
    settings.WITNESSES = [str(ONE.key), str(TWO.key)]
    made = seal(at=AT)
    assert made is not None
    return made


def body_of(checkpoint: Checkpoint) -> str:
    return parse(checkpoint.note).body


def kept() -> list[tuple[int, str]]:
    return list(Cosignature.objects.order_by("pk").values_list("checkpoint_id", "witness_key"))


def test_a_whole_note_is_taken_and_shown_with_the_checkpoint(checkpoint: Checkpoint, client: Client) -> None:
    line = ONE.line(body_of(checkpoint))
    (made,) = receive_cosignatures(text=checkpoint.note + line, at=AT)
    assert (made.line, made.witness_key, made.received_at) == (line, str(ONE.key), AT)
    shown = client.get("/log/checkpoint").content.decode()
    assert shown == checkpoint.note + line
    assert [parse(shown).is_signed_by(key) for key in (LOG_KEY.verifier, ONE.key, TWO.key)] == [True, True, False]


def test_lines_of_witnesses_alone_are_taken_too(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    made = receive_cosignatures(text=f"{body}\n{ONE.line(body)}{TWO.line(body)}", at=AT)
    assert [each.witness_key for each in made] == [str(ONE.key), str(TWO.key)]
    assert kept() == [(1, str(ONE.key)), (1, str(TWO.key))]


def test_an_older_checkpoint_may_be_cosigned(checkpoint: Checkpoint) -> None:
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={})
    seal(at=AT + 10 * MINUTE)
    receive_cosignatures(text=checkpoint.note + ONE.line(body_of(checkpoint)), at=AT + 10 * MINUTE)
    assert kept() == [(1, str(ONE.key))]


def test_a_repeated_cosignature_is_kept_once_with_the_same_answer(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    first, later = checkpoint.note + ONE.line(body), checkpoint.note + ONE.line(body, AT + MINUTE)
    answers = [receive_cosignatures(text=text, at=AT + MINUTE) for text in (first, first, later)]
    assert answers[0] == answers[1] == answers[2]
    both = receive_cosignatures(text=later + ONE.line(body), at=AT + MINUTE)
    assert both == answers[0]
    assert kept() == [(1, str(ONE.key))]


@pytest.mark.django_db(transaction=True)
def test_cosignatures_at_once_are_kept_once(settings: Settings) -> None:
    settings.WITNESSES = [str(ONE.key)]
    made = seal(at=AT)
    text = made.note + ONE.line(body_of(made))
    answers = at_once(*[lambda: receive_cosignatures(text=text, at=AT)] * 4)
    assert [answer == list(Cosignature.objects.all()) for answer in answers] == [True] * 4


def test_lines_of_strangers_are_left_out(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    namesake = TestWitness(ONE.key.name, 9)
    receive_cosignatures(text=checkpoint.note + STRANGER.line(body) + namesake.line(body) + TWO.line(body), at=AT)
    assert kept() == [(1, str(TWO.key))]


def test_without_a_known_witness_nothing_is_taken(checkpoint: Checkpoint) -> None:
    for lines in ("", STRANGER.line(body_of(checkpoint))):
        with pytest.raises(NoKnownWitness):
            receive_cosignatures(text=checkpoint.note + lines, at=AT)
    assert kept() == []


def test_without_configured_witnesses_nothing_is_taken(checkpoint: Checkpoint, settings: Settings) -> None:
    settings.WITNESSES = []
    with pytest.raises(NoKnownWitness):
        receive_cosignatures(text=checkpoint.note + ONE.line(body_of(checkpoint)), at=AT)


def test_one_wrong_line_spoils_the_rest(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    wrong = TWO.line(body.replace("/log\n", "/log2\n"))
    for lines in (ONE.line(body) + wrong, wrong + ONE.line(body)):
        with pytest.raises(WrongCosignature, match=r"witness\.example/two"):
            receive_cosignatures(text=checkpoint.note + lines, at=AT)
    assert kept() == []


def test_a_signature_over_another_time_or_of_another_length_is_wrong(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    data = base64.b64decode(ONE.line(body).split(" ")[2])
    plain = ONE.key.id + ONE.secret.sign(body.encode())
    for altered in (data[:11] + bytes([data[11] ^ 1]) + data[12:], data[:-1], data + b"\x00", plain, data[:5]):
        line = str(Signature(ONE.key.name, altered[:4], altered[4:]))
        with pytest.raises(WrongCosignature):
            receive_cosignatures(text=checkpoint.note + line, at=AT)
    assert kept() == []


@pytest.mark.parametrize(
    ("seconds", "good"), [(-301, False), (-300, True), (0, True), (300, True), (301, False), (2**62, False)]
)
def test_a_witness_states_a_time_between_the_checkpoint_and_now(
    seconds: int, good: bool, checkpoint: Checkpoint
) -> None:
    text = checkpoint.note + ONE.line(body_of(checkpoint), seconds=int(AT.timestamp()) + seconds)
    if good:
        assert len(receive_cosignatures(text=text, at=AT)) == 1
    else:
        with pytest.raises(WrongCosignature):
            receive_cosignatures(text=text, at=AT)
    assert len(kept()) == good


def test_only_our_own_checkpoints_are_known(checkpoint: Checkpoint) -> None:
    origin, size, root, _ = body_of(checkpoint).split("\n")
    others = [
        f"{origin}2\n{size}\n{root}\n",
        f"{origin}\n2\n{root}\n",
        f"{origin}\n9999999999999999999\n{root}\n",
        f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n",
    ]
    for body in others:
        with pytest.raises(UnknownCheckpoint):
            receive_cosignatures(text=f"{body}\n{ONE.line(body)}", at=AT)
    assert kept() == []


def test_what_is_no_note_is_malformed(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    line = ONE.line(body)
    for text in (
        "",
        body,
        f"{body}\n",
        f"{body}{line}",
        f"{body}\n{line[:-1]}",
        f"{body}\nx\n{line}",
        f"{body}\n\n{line}",
    ):
        with pytest.raises(MalformedCosignatures):
            receive_cosignatures(text=text, at=AT)
    extended = f"{body}more\n\n{line}"
    with pytest.raises(MalformedCosignatures):
        receive_cosignatures(text=extended, at=AT)
    assert kept() == []


@pytest.mark.parametrize("wrong", ["nonsense", str(LOG_KEY.verifier), f"{ONE.key}x"])
def test_a_witness_that_is_none_is_told_by_the_checks(wrong: str, settings: Settings) -> None:
    settings.WITNESSES = [str(ONE.key), wrong]
    with pytest.raises(ImproperlyConfigured):
        witnesses()
    assert [error.id for error in run_checks() if error.id.startswith("evidence.")] == ["evidence.E003"]


# The address.


def post(text: str | bytes, **headers: str) -> tuple[int, str]:
    """What a tool without a session is answered, with the clock at AT."""
    with time_machine.travel(AT, tick=False):
        answer = Client(enforce_csrf_checks=True).post(
            "/log/cosignatures", text, content_type=headers.pop("content_type", "text/plain"), headers=headers
        )
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    return answer.status_code, answer.content.decode()


def test_the_address_answers_the_lines_that_are_kept(checkpoint: Checkpoint) -> None:
    line = ONE.line(body_of(checkpoint))
    for _ in range(2):
        assert post(checkpoint.note + line) == (200, line)
    assert kept() == [(1, str(ONE.key))]


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain; charset=utf-8"])
def test_the_address_takes_plain_text(content_type: str, checkpoint: Checkpoint) -> None:
    assert post(checkpoint.note + ONE.line(body_of(checkpoint)), content_type=content_type)[0] == 200


def test_the_address_says_with_a_status_what_is_wrong(checkpoint: Checkpoint) -> None:
    body = body_of(checkpoint)
    good = checkpoint.note + ONE.line(body)
    other = body.replace("\n1\n", "\n2\n")
    assert post("x")[0] == 400
    assert post(b"\xff" + good.encode())[0] == 400
    assert post(f"{other}\n{ONE.line(other)}")[0] == 404
    assert post(checkpoint.note)[0] == 403
    assert post(checkpoint.note + ONE.line(other))[0] == 403
    assert post(good, content_type="application/json")[0] == 415
    assert post(good, **{"Content-Length": "many"})[0] == 411
    assert post(good, **{"Content-Length": ""})[0] == 411
    assert kept() == []


def test_a_long_note_is_not_read(checkpoint: Checkpoint) -> None:
    good = checkpoint.note + ONE.line(body_of(checkpoint))
    padding = SigningKey.generate("padding.example").signature_line("x\n")
    long = good + padding * (16 * 1024 // len(padding.encode()))
    assert post(long)[0] == 413
    assert post(good, **{"Content-Length": "9" * 5000})[0] == 413
    assert kept() == []
    within = good + padding * ((16 * 1024 - len(good.encode())) // len(padding.encode()))
    assert post(within)[0] == 200


def test_the_address_is_only_posted_to(checkpoint: Checkpoint, client: Client) -> None:
    assert [client.get("/log/cosignatures").status_code, client.put("/log/cosignatures").status_code] == [405, 405]
