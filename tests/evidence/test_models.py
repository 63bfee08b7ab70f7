"""Tests of the columns of entries and disclosures; that they never change is held in test_protection.py."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from evidence.models import Disclosure, Entry

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
UID = UUID("0b000000-0000-4000-8000-000000000001")


@pytest.fixture
def entry(db: None) -> Entry:
    return Entry.objects.create(uid=UID, kind="role.given", at=AT, statement=b"{}", leaf_hash=bytes(32))


def test_an_entrys_identifier_is_unique(entry: Entry) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(uid=UID, kind="role.given", at=AT, statement=b"{}", leaf_hash=bytes(32))
    Entry.objects.create(uid=uuid4(), kind="role.given", at=AT, statement=b"{}", leaf_hash=bytes(32))
    assert Entry.objects.count() == 2


def test_an_entry_has_one_value_per_field(entry: Entry) -> None:
    Disclosure.objects.create(entry=entry, field="actor_qq", salt=bytes(32), value="20002")
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.create(entry=entry, field="actor_qq", salt=bytes(32), value="20003")
    assert Disclosure.objects.get().value == "20002"


@pytest.mark.parametrize(("salt", "value"), [(None, "20002"), (bytes(32), None)])
def test_a_value_and_its_salt_are_there_together(entry: Entry, salt: bytes | None, value: str | None) -> None:
    with pytest.raises(IntegrityError, match="whole_or_erased"), transaction.atomic():
        Disclosure.objects.create(entry=entry, field="actor_qq", salt=salt, value=value)
    assert Disclosure.objects.count() == 0


def test_entries_and_disclosures_say_what_they_are_without_naming_anybody(entry: Entry) -> None:
    disclosure = Disclosure.objects.create(entry=entry, field="actor_qq", salt=bytes(32), value="20002")
    assert str(entry) == f"role.given {UID}"
    assert str(disclosure) == f"actor_qq of {entry.pk}"
