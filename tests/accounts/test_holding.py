"""Tests of holding: what is held is what stands now, and an erased person is held no more."""

from datetime import datetime

import pytest
from django.db import transaction

from accounts.errors import NoSuchPerson
from accounts.holding import hold_account, hold_number, hold_person
from accounts.models import Account, Person


def test_what_is_held_is_as_it_stands_now(alice: Person, now: datetime) -> None:
    account, before = Account.objects.get(), Person.objects.get()
    Account.objects.update(closed_at=now)
    Person.objects.update(is_active=False)
    with transaction.atomic():
        assert (account.closed_at, hold_account(account).closed_at) == (None, now)
        assert (before.is_active, hold_person(before).is_active, hold_number("20002").is_active) == (True, False, False)


def test_who_was_erased_is_not_held(alice: Person, bob: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(qq_number=None)
    with transaction.atomic(), pytest.raises(NoSuchPerson) as refusal:
        hold_person(alice)
    assert (refusal.value.status, str(refusal.value)) == (404, "没有使用 QQ 号 20002 注册的使用者。")


def test_a_number_without_a_person_gets_one_that_has_not_joined(alice: Person) -> None:
    with transaction.atomic():
        held = hold_number("70007")
        assert hold_number("70007") == held
    assert (held.qq_number, held.joined_at, held.password) == ("70007", None, "!")
