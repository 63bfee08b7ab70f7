"""Tests of the rotation of the log's key: both sign once, then the new one alone, and what was signed before stays good."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from evidence import rotating
from evidence.checkpoint import SigningKey, VerifierKey, parse
from evidence.errors import KeyNotIntroduced, KeyNotSealed, KeysInEnvironment
from evidence.keys import signing_keys, write_keys
from evidence.kinds import Kind
from evidence.log import SEALER_LOCK, append, seal
from evidence.models import Checkpoint, Entry, LogKey
from evidence.rotating import rotate_key_file
from tests.conftest import LOG_KEY
from tests.support import at_once

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def key_file(settings: Settings, tmp_path: Path) -> Path:
    """The key file that is configured; it holds the tests' key."""
    settings.LOG_KEYS = []
    settings.LOG_KEY_FILE = tmp_path / "log.key"
    write_keys(settings.LOG_KEY_FILE, [LOG_KEY], replace=True)
    return settings.LOG_KEY_FILE


def add() -> None:
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={})


def signers() -> list[list[int]]:
    """Which of the published keys, by their number, signed each checkpoint; read as a stranger does."""
    published = [VerifierKey.parse(line) for line in Client().get("/log/keys").content.decode().splitlines()]
    notes = [parse(note) for note in Checkpoint.objects.order_by("number").values_list("note", flat=True)]
    return [[n for n, key in enumerate(published) if note.is_signed_by(key)] for note in notes]


def rotate() -> str:
    out = StringIO()
    call_command("rotate_log_key", stdout=out)
    return out.getvalue()


def test_both_keys_sign_what_covers_the_introduction_and_then_the_new_one_alone(db: None, key_file: Path) -> None:
    add()
    seal(at=AT)
    told = rotate()
    (new,) = signing_keys()
    assert new != LOG_KEY
    assert told == f"signs from now on: {new.verifier}\nsigns no longer:   {LOG_KEY.verifier}\n"
    add()
    seal(at=AT)
    assert signers() == [[0], [0, 1], [1]]
    introduction = LogKey.objects.get(verifier_key=str(new.verifier)).entry
    both = Checkpoint.objects.get(number=2)
    assert Checkpoint.objects.get(number=1).size <= introduction.sealed.position < both.size
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert LOG_KEY.export() not in key_file.read_text()


def test_what_waits_is_sealed_by_the_old_key_first(db: None, key_file: Path) -> None:
    add()
    rotate()
    assert signers() == [[0], [0, 1]]


def test_a_key_is_rotated_again_and_again(db: None, key_file: Path) -> None:
    for _ in range(3):
        rotate()
    assert signers() == [[0], [0, 1], [1, 2], [2, 3]]


def test_a_rotation_that_was_cut_off_is_finished_by_the_next(db: None, key_file: Path) -> None:
    seal(at=AT)
    begun = SigningKey.generate(LOG_KEY.name)
    write_keys(key_file, [begun, LOG_KEY], replace=True)
    rotate()
    assert len(signing_keys()) == 1
    assert signers() == [[0], [0, 1], [0, 1, 2]]


def test_a_new_key_beside_the_old_is_introduced_at_the_next_full_look(db: None, key_file: Path) -> None:
    seal(at=AT)
    write_keys(key_file, [SigningKey.generate(LOG_KEY.name), LOG_KEY], replace=True)
    assert seal(at=AT) is None
    assert seal(at=AT, sweep=True) is not None
    assert seal(at=AT, sweep=True) is None
    assert signers() == [[0], [0, 1]]


def test_keys_of_the_environment_are_left_to_it(db: None, key_file: Path, settings: Settings) -> None:
    settings.LOG_KEYS = [LOG_KEY.export()]
    with pytest.raises(KeysInEnvironment):
        rotate_key_file(at=AT)
    with pytest.raises(CommandError, match="QIYUE_LOG_KEY"):
        rotate()
    assert (key_file.read_text(), Entry.objects.count()) == (f"{LOG_KEY.export()}\n", 0)


def test_a_key_that_the_log_never_met_is_not_rotated(db: None, key_file: Path) -> None:
    seal(at=AT)
    stranger = SigningKey.generate(LOG_KEY.name)
    write_keys(key_file, [stranger], replace=True)
    with pytest.raises(KeyNotIntroduced):
        rotate_key_file(at=AT)
    assert signing_keys() == [stranger]
    assert signers() == [[0]]


def test_a_file_that_cannot_be_read_is_told_in_one_line(db: None, key_file: Path) -> None:
    key_file.write_text("nonsense")
    with pytest.raises(CommandError, match="cannot be read"):
        rotate()
    assert key_file.read_text() == "nonsense"


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite the sealer's lock is the writer's")
def test_while_another_sealer_is_stuck_both_keys_stay(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "PATIENCE", 0.3)
    seal(at=AT)

    def beside(act: Callable[[], object]) -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [SEALER_LOCK])
        try:
            return at_once(act)[0]
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SEALER_LOCK])

    assert isinstance(beside(lambda: rotate_key_file(at=AT)), KeyNotSealed)
    assert len(signing_keys()) == 2
    rotate()
    assert len(signing_keys()) == 1


@pytest.mark.parametrize("in_environment", [True, False])
def test_print_new_prints_a_key_of_the_same_name_and_changes_nothing(
    in_environment: bool, key_file: Path, settings: Settings
) -> None:
    settings.LOG_KEYS = [LOG_KEY.export()] if in_environment else []
    before = key_file.read_text()
    printed = []
    for _ in range(2):
        out = StringIO()
        call_command("rotate_log_key", "--print-new", stdout=out)
        printed.append(SigningKey.parse(out.getvalue().strip()))
    assert [key.name for key in printed] == [LOG_KEY.name] * 2
    assert printed[0] != printed[1]
    assert key_file.read_text() == before


def test_the_first_key_is_printed_with_the_name_of_the_log(key_file: Path, settings: Settings) -> None:
    key_file.unlink()
    settings.LOG_ORIGIN = "first.example/log"
    out = StringIO()
    call_command("rotate_log_key", "--print-new", stdout=out)
    assert SigningKey.parse(out.getvalue().strip()).name == "first.example/log"
    assert not key_file.exists()
