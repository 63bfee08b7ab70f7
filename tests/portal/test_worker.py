"""Tests of the worker: it seals within a second, goes on after faults, and tells a lasting fault without end only now and then."""

import logging
import time
from datetime import UTC, datetime

import pytest
from django.db import transaction
from pytest_django import Settings

from evidence.checkpoint import SigningKey
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.models import Checkpoint, Entry, Sealed
from portal.worker import REMIND_EVERY, Rounds, start_in_background

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


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
