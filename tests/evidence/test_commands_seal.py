"""Tests of `manage.py seal`: it seals what waits, prints the newest checkpoint, and says in one line why it cannot."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from pytest_django import Settings

from evidence.checkpoint import SigningKey, parse
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Checkpoint, LogKey, Sealed

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def test_seal_prints_the_newest_checkpoint_and_nothing_else(db: None) -> None:
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={})
    for _ in range(2):
        out = StringIO()
        call_command("seal", stdout=out)
        assert out.getvalue() == Checkpoint.objects.get().note
    assert (parse(out.getvalue()).head.size, Sealed.objects.count()) == (2, 2)


def test_seal_with_a_strangers_key_says_so_and_seals_nothing(db: None, settings: Settings) -> None:
    call_command("seal", stdout=StringIO())
    settings.LOG_KEYS = [SigningKey.generate("qiyue.example/log").export()]
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={})
    with pytest.raises(CommandError, match="--introduce-key"):
        call_command("seal", stdout=StringIO())
    assert (Sealed.objects.count(), LogKey.objects.count()) == (1, 1)
    call_command("seal", "--introduce-key", stdout=StringIO())
    assert (Sealed.objects.count(), LogKey.objects.count()) == (3, 2)


def test_seal_with_an_unreadable_key_says_so(db: None, settings: Settings) -> None:
    settings.LOG_KEYS = ["nonsense"]
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("seal", stdout=StringIO())
