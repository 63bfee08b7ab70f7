"""Tests of what the Python side of invariant 1 lets through: inserting. What it refuses is in test_protection.py."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from evidence.errors import NeverChanges, Refusal
from evidence.models import Disclosure, Entry

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def entry() -> Entry:
    return Entry(uid=uuid4(), kind="role.given", at=AT, statement=b"{}", leaf_hash=bytes(32))


def test_a_new_row_is_inserted(db: None) -> None:
    made = entry()
    made.save()
    Entry.objects.bulk_create([entry(), entry()])
    assert Entry.objects.count() == 3


def test_a_row_is_saved_once(db: None) -> None:
    made = entry()
    made.save()
    with pytest.raises(NeverChanges):
        made.save()


def test_a_new_row_never_takes_the_place_of_another(db: None) -> None:
    first = entry()
    first.save()
    second = entry()
    second.pk = first.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()
    assert Entry.objects.get().uid == first.uid


def test_rows_behind_a_foreign_key_cannot_be_deleted_either(db: None) -> None:
    made = entry()
    made.save()
    Disclosure.objects.create(entry=made, field="actor_qq", salt=bytes(32), value="20002")
    with pytest.raises(NeverChanges):
        made.disclosures.all().delete()
    assert Disclosure.objects.count() == 1


def test_never_changes_is_a_refusal_with_a_status() -> None:
    refusal = NeverChanges(rows="evidence.Entry")
    assert isinstance(refusal, Refusal)
    assert (refusal.status, str(refusal)) == (409, "evidence.Entry 的记录永久保存，不能更改或删除。")
