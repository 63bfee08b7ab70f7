"""Tests of give_role(), end_role() and issue_reset_link(): an administrator's acts, each of them logged."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.utils.http import urlsafe_base64_decode

from accounts.appointing import end_role, give_role, issue_reset_link, person_by_number
from accounts.authority import roles
from accounts.errors import NoSuchPerson, NotAuthorised, RoleHeld, RoleNotHeld
from accounts.models import Person, Role, RoleHolding
from evidence.kinds import Kind
from evidence.models import Disclosure, Entry
from tests.support import at_once

DAY = timedelta(days=1)


def told(holding: RoleHolding, actor: Person) -> dict:
    person = holding.person
    return {
        "facts": {"holding": holding.pk, "person": person.pk, "role": holding.role, "actor": actor.pk},
        "personal": {"person_qq": str(person), "actor_qq": str(actor)},
    }


@pytest.mark.parametrize("role", Role)
def test_give_role(role: Role, alice: Person, administrator: Person, now: datetime, last_entry: Callable) -> None:
    holding = give_role(person=alice, role=role, actor=administrator, at=now)
    holding.refresh_from_db()
    assert (holding.person, holding.role, holding.given_at, holding.given_by) == (alice, role, now, administrator)
    assert (holding.ended_at, holding.ended_by) == (None, None)
    assert roles(person=alice, at=now) == {role.value}
    assert last_entry() == {"kind": Kind.ROLE_GIVEN, "at": now, **told(holding, administrator)}


def test_end_role(alice: Person, administrator: Person, now: datetime, last_entry: Callable) -> None:
    give_role(person=alice, role=Role.AUDITOR, actor=administrator, at=now)
    holding = end_role(person=alice, role=Role.AUDITOR, actor=administrator, at=now + DAY)
    holding.refresh_from_db()
    assert (holding.given_at, holding.ended_at, holding.ended_by) == (now, now + DAY, administrator)
    assert roles(person=alice, at=now + DAY) == set()
    assert last_entry() == {"kind": Kind.ROLE_ENDED, "at": now + DAY, **told(holding, administrator)}


def test_a_role_can_be_given_again(alice: Person, administrator: Person, now: datetime) -> None:
    give_role(person=alice, role=Role.AUDITOR, actor=administrator, at=now)
    end_role(person=alice, role=Role.AUDITOR, actor=administrator, at=now + DAY)
    give_role(person=alice, role=Role.AUDITOR, actor=administrator, at=now + 2 * DAY)
    assert RoleHolding.objects.filter(person=alice).count() == 2
    assert roles(person=alice, at=now + 2 * DAY) == {"auditor"}


def test_a_person_may_hold_several_roles(petra: Person, administrator: Person, now: datetime) -> None:
    give_role(person=petra, role=Role.APPROVER, actor=administrator, at=now)
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=now)
    assert roles(person=petra, at=now) == {"approver"}


def test_give_role_refuses_a_role_that_is_held(petra: Person, administrator: Person, now: datetime) -> None:
    before = (RoleHolding.objects.count(), Entry.objects.count())
    with pytest.raises(RoleHeld) as refusal:
        give_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=now)
    assert refusal.value.status == 409
    assert (RoleHolding.objects.count(), Entry.objects.count()) == before


def test_end_role_refuses_a_role_that_is_not_held(petra: Person, administrator: Person, now: datetime) -> None:
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=now)
    before = Entry.objects.count()
    for role in (Role.PUBLISHER, Role.AUDITOR):
        with pytest.raises(RoleNotHeld) as refusal:
            end_role(person=petra, role=role, actor=administrator, at=now)
        assert refusal.value.status == 409
    assert Entry.objects.count() == before


def test_only_an_administrator_appoints(
    alice: Person, petra: Person, arno: Person, audrey: Person, administrator: Person, now: datetime
) -> None:
    Person.objects.filter(pk=administrator.pk).update(is_active=False)
    administrator.refresh_from_db()
    before = (RoleHolding.objects.count(), Entry.objects.count(), Disclosure.objects.count())
    for actor in (alice, petra, arno, audrey, administrator):
        with pytest.raises(NotAuthorised):
            give_role(person=actor, role=Role.AUDITOR, actor=actor, at=now)
        with pytest.raises(NotAuthorised):
            end_role(person=petra, role=Role.PUBLISHER, actor=actor, at=now)
        with pytest.raises(NotAuthorised):
            issue_reset_link(person=alice, actor=actor, at=now)
    assert (RoleHolding.objects.count(), Entry.objects.count(), Disclosure.objects.count()) == before


def test_issue_reset_link_is_logged_without_the_token(
    alice: Person, administrator: Person, now: datetime, last_entry: Callable
) -> None:
    uid, token = issue_reset_link(person=alice, actor=administrator, at=now)
    assert urlsafe_base64_decode(uid) == str(alice.pk).encode()
    assert default_token_generator.check_token(alice, token)
    assert last_entry() == {
        "kind": Kind.RESET_LINK_ISSUED,
        "at": now,
        "facts": {"person": alice.pk, "actor": administrator.pk},
        "personal": {"person_qq": "20002", "actor_qq": "90009"},
    }
    for entry in Entry.objects.all():
        assert token.encode() not in bytes(entry.statement)
        assert token.split("-")[1].encode() not in bytes(entry.statement)
    assert not Disclosure.objects.filter(value__contains=token).exists()


def test_person_by_number_finds_who_has_joined(alice: Person) -> None:
    assert person_by_number("20002") == alice


def test_person_by_number_knows_nobody_who_was_only_invited(alice: Person) -> None:
    Person.objects.create(qq_number="70007", password="!")
    for number in ("70007", "80008", ""):
        with pytest.raises(NoSuchPerson) as refusal:
            person_by_number(number)
        assert refusal.value.status == 404


@pytest.mark.django_db(transaction=True)
def test_a_role_given_twice_at_once_is_held_once(now: datetime) -> None:
    administrator = Person.objects.create_superuser("90009", "seven quiet lanterns")
    results = at_once(
        *[lambda: give_role(person=administrator, role=Role.AUDITOR, actor=administrator, at=now)] * 2,
    )
    assert sorted(type(result).__name__ for result in results) == ["RoleHeld", "RoleHolding"]
    assert Entry.objects.filter(kind=Kind.ROLE_GIVEN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_role_ended_twice_at_once_is_ended_once(now: datetime) -> None:
    administrator = Person.objects.create_superuser("90009", "seven quiet lanterns")
    give_role(person=administrator, role=Role.AUDITOR, actor=administrator, at=now)
    results = at_once(
        *[lambda: end_role(person=administrator, role=Role.AUDITOR, actor=administrator, at=now)] * 2,
    )
    assert sorted(type(result).__name__ for result in results) == ["RoleHolding", "RoleNotHeld"]
    assert Entry.objects.filter(kind=Kind.ROLE_ENDED).count() == 1
