"""Tests of the worker: it seals within a second, goes on after faults, and tells a lasting fault without end only now and then."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Person
from assent import pack_requests
from assent.models import PackRequest
from assent.pack_requests import KEPT, request_pack
from assent.packing import Selection
from evidence import timestamping
from evidence.checkpoint import SigningKey
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.models import Checkpoint, Entry, Sealed, TimestampAttempt
from portal.worker import REMIND_EVERY, TIDY_EVERY, Rounds, start_in_background
from tests.authority import make_authority, serving

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def wait_until(condition: Callable[[], bool]) -> None:
    since = time.monotonic()
    while not condition():
        assert time.monotonic() - since < 20
        time.sleep(0.05)


def add() -> Entry:
    with transaction.atomic():
        return append(kind=Kind.ROLE_GIVEN, at=AT, facts={})


@pytest.mark.django_db(transaction=True)
def test_the_thread_seals_within_a_second_or_little_more() -> None:
    seal(at=AT)
    stop = start_in_background()
    try:
        entry = add()
        since = time.monotonic()
        while not Sealed.objects.filter(entry=entry).exists():
            assert time.monotonic() - since < 10
            time.sleep(0.05)
    finally:
        stop.set()
        time.sleep(0.7)  # The thread closes its connection before the database is emptied.


def test_a_round_seals(db: None) -> None:
    add()
    Rounds().run()
    assert Checkpoint.objects.get().size == 2


@pytest.mark.django_db(transaction=True)
def test_a_lasting_fault_is_told_once_and_ends_with_its_cause(
    settings: Settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(at=AT)
    good = settings.LOG_KEYS
    settings.LOG_KEYS = [SigningKey.generate("qiyue.example/log").export()]
    add()
    rounds = Rounds()
    with caplog.at_level(logging.ERROR, logger="portal.worker"):
        for _ in range(5):
            rounds.run()
        assert [record.getMessage().split(":")[0] for record in caplog.records] == ["seal failed"]
        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + REMIND_EVERY + 1)
        rounds.run()
        assert len(caplog.records) == 2
    settings.LOG_KEYS = good
    rounds.run()
    assert Checkpoint.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_authority_that_hangs_keeps_nothing_from_being_sealed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamping, "TIMEOUT", 3)
    hangs = threading.Event()
    settings.TIMESTAMP_ROOTS = make_authority(tmp_path).roots_file
    seal(at=AT)
    with serving(lambda handler, query: hangs.wait(10) and None) as server:
        settings.TIMESTAMP_AUTHORITY = server.url
        stop = start_in_background()
        try:
            wait_until(lambda: len(server.asked) == 1)
            entry = add()
            wait_until(lambda: Sealed.objects.filter(entry=entry).exists())
            assert TimestampAttempt.objects.count() == 0
            wait_until(lambda: TimestampAttempt.objects.count() == 1)
        finally:
            stop.set()
            hangs.set()
            wait_until(lambda: not any(thread.name.startswith("qiyue-") for thread in threading.enumerate()))
    assert TimestampAttempt.objects.get().error == "the authority did not answer: timed out"


def test_a_round_makes_a_pack_that_waits_and_deletes_one_that_is_old(
    alice: Person, packs_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_requests, "AT_ONCE", 0)
    rounds = Rounds()
    rounds.run()
    request_pack(selection=Selection(account=alice.account), actor=alice, at=timezone.now())
    rounds.run()
    assert PackRequest.objects.get().state == "ready"
    PackRequest.objects.update(finished_at=timezone.now() - KEPT)
    rounds.run()
    assert PackRequest.objects.get().state == "ready"  # Files are looked at once a minute.
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + TIDY_EVERY + 1)
    rounds.run()
    assert PackRequest.objects.get().state == "gone"


def test_what_takes_minutes_keeps_nothing_unsealed() -> None:
    rounds = Rounds()
    assert rounds.jobs() == (rounds.seal,)
    assert rounds.labours() == (rounds.make_pack, rounds.tidy_packs)
