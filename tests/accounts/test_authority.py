"""Tests of every "may" question: who, for which account, in which capacity, at which moment."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from accounts.appointing import end_role, give_role
from accounts.authority import (
    Authority,
    authorities,
    authority_for,
    may_act_for,
    may_appoint,
    may_audit,
    may_publish,
    may_read_acts_of,
    publishers,
    roles,
)
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import NotAuthorised
from accounts.joining import sign_up
from accounts.models import CollaboratorGrant, Person, Role, Scope
from tests.support import at_once, while_another_waits

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
PASSWORD = "seven quiet lanterns"


def test_the_owner_may_do_everything(alice: Person, now: datetime) -> None:
    for scope in (None, *Scope):
        found = authority_for(actor=alice, account=alice.account, scope=scope, at=now)
        assert (found.actor, found.account, found.capacity, found.grant) == (alice, alice.account, "owner", None)


def test_a_collaborator_may_do_what_the_grant_names(alice: Person, bob: Person, now: datetime) -> None:
    found = authority_for(actor=bob, account=alice.account, scope=Scope.ACCEPT_AGREEMENTS, at=now)
    assert (found.actor, found.account, found.capacity) == (bob, alice.account, "collaborator")
    assert found.grant == CollaboratorGrant.objects.get()
    assert authority_for(actor=bob, account=alice.account, scope=None, at=now) == found
    refused = [scope for scope in Scope if not may_act_for(actor=bob, account=alice.account, scope=scope, at=now)]
    assert refused == [Scope.SUBMIT_MATERIAL, Scope.CHOOSE_SERVICES, Scope.SETTLE_FEES]


@pytest.mark.parametrize("scope", [None, *Scope])
def test_a_stranger_may_do_nothing(
    scope: Scope | None, alice: Person, bob: Person, charlie: Person, administrator: Person, now: datetime
) -> None:
    # Alice's account has a collaborator, and charlie one of his own: neither is an authority for somebody else.
    for actor in (charlie, administrator):
        with pytest.raises(NotAuthorised):
            authority_for(actor=actor, account=alice.account, scope=scope, at=now)
    assert not may_act_for(actor=bob, account=charlie.account, scope=scope, at=now)
    assert not may_act_for(actor=alice, account=charlie.account, scope=scope, at=now)


def test_an_unconfirmed_grant_gives_no_authority(alice: Person, charlie: Person, now: datetime) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=list(Scope), at=now)
    assert not may_act_for(actor=charlie, account=alice.account, scope=None, at=now + DAY)
    assert [a.account for a in authorities(actor=charlie, at=now + DAY)] == [charlie.account]
    confirm_grant(grant=made, actor=charlie, at=now + DAY)
    assert may_act_for(actor=charlie, account=alice.account, scope=None, at=now + DAY)


def test_authority_as_of_an_earlier_time(alice: Person, now: datetime) -> None:
    bob = sign_up(qq_number="10001", password=PASSWORD, with_account=False, at=now)
    made = grant(account=alice.account, actor=alice, qq_number="10001", scopes=list(Scope), at=now)
    confirm_grant(grant=made, actor=bob, at=now + DAY)
    end_grant(grant=made, actor=alice, at=now + 3 * DAY)

    def held(at: datetime) -> bool:
        return may_act_for(actor=bob, account=alice.account, scope=Scope.SETTLE_FEES, at=at)

    moments = [now - SECOND, now, now + DAY - SECOND, now + DAY, now + 3 * DAY - SECOND, now + 3 * DAY, now + 9 * DAY]
    assert [held(at) for at in moments] == [False, False, False, True, True, False, False]
    # The end takes nothing away from the time before: the grant stays and is still named as the authority of then.
    assert authority_for(actor=bob, account=alice.account, scope=None, at=now + 2 * DAY).grant == made
    assert [a.grant for a in authorities(actor=bob, at=now + 2 * DAY)] == [made]
    assert authorities(actor=bob, at=now + 4 * DAY) == []


def test_a_new_grant_does_not_revive_the_old_one(alice: Person, bob: Person, now: datetime) -> None:
    old = CollaboratorGrant.objects.get()
    end_grant(grant=old, actor=bob, at=now)
    new = grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)
    assert not may_act_for(actor=bob, account=alice.account, scope=None, at=now)
    confirm_grant(grant=new, actor=bob, at=now + DAY)
    found = authority_for(actor=bob, account=alice.account, scope=Scope.SETTLE_FEES, at=now + DAY)
    assert found.grant == new
    assert not may_act_for(actor=bob, account=alice.account, scope=Scope.ACCEPT_AGREEMENTS, at=now + DAY)


def test_who_is_inactive_may_do_nothing(alice: Person, bob: Person, audrey: Person, now: datetime) -> None:
    Person.objects.filter(pk__in=[bob.pk, audrey.pk]).update(is_active=False)
    bob.refresh_from_db()
    audrey.refresh_from_db()
    assert not may_act_for(actor=bob, account=alice.account, scope=None, at=now)
    assert authorities(actor=bob, at=now) == []
    assert roles(person=audrey, at=now) == set()
    assert not may_read_acts_of(person=audrey, account=alice.account, actor=alice, at=now)


def test_the_collaborators_of_an_inactive_owner_may_do_nothing(alice: Person, bob: Person, now: datetime) -> None:
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    account = CollaboratorGrant.objects.get().account
    assert not may_act_for(actor=bob, account=account, scope=None, at=now)
    assert authorities(actor=bob, at=now) == []


def test_authorities_lists_the_own_account_first(alice: Person, bob: Person, charlie: Person, now: datetime) -> None:
    second = grant(account=alice.account, actor=alice, qq_number="30003", scopes=list(Scope), at=now)
    confirm_grant(grant=second, actor=charlie, at=now)
    found = authorities(actor=charlie, at=now)
    assert [(a.account, a.capacity, a.grant) for a in found] == [
        (charlie.account, "owner", None),
        (alice.account, "collaborator", second),
    ]


@pytest.mark.parametrize("accounts", [1, 3])
def test_authorities_asks_twice_however_many_there_are(
    accounts: int, alice: Person, now: datetime, django_assert_num_queries: Callable
) -> None:
    for position in range(accounts):
        owner = sign_up(qq_number=f"3000{position}", password=PASSWORD, with_account=True, at=now)
        made = grant(account=owner.account, actor=owner, qq_number="20002", scopes=list(Scope), at=now)
        confirm_grant(grant=made, actor=alice, at=now)
    with django_assert_num_queries(2):
        found = [authority.account.qq_number for authority in authorities(actor=alice, at=now)]
    assert found == ["20002", "30000", "30001", "30002"][: accounts + 1]


def test_roles_are_what_a_person_holds(
    alice: Person, petra: Person, arno: Person, audrey: Person, administrator: Person, now: datetime
) -> None:
    cast = (alice, petra, arno, audrey, administrator)
    assert [roles(person=person, at=now) for person in cast] == [
        set(),
        {"publisher"},
        {"approver"},
        {"auditor"},
        {"administrator"},
    ]
    assert [may_publish(person=person, at=now) for person in cast] == [False, True, False, False, False]
    assert [may_audit(person=person, at=now) for person in cast] == [False, False, False, True, False]
    assert [may_appoint(person=person, at=now) for person in cast] == [False, False, False, False, True]
    assert list(publishers(at=now)) == [petra]


def test_roles_as_of_an_earlier_time(alice: Person, administrator: Person, now: datetime) -> None:
    give_role(person=alice, role=Role.PUBLISHER, actor=administrator, at=now)
    end_role(person=alice, role=Role.PUBLISHER, actor=administrator, at=now + DAY)
    moments = [now - SECOND, now, now + DAY - SECOND, now + DAY]
    assert [may_publish(person=alice, at=at) for at in moments] == [False, True, True, False]
    assert [list(publishers(at=at)) for at in moments] == [[], [alice], [alice], []]


def test_publishers_are_active(petra: Person, now: datetime) -> None:
    Person.objects.filter(pk=petra.pk).update(is_active=False)
    assert list(publishers(at=now)) == []


def test_who_may_read_an_act(
    alice: Person, bob: Person, charlie: Person, petra: Person, audrey: Person, now: datetime
) -> None:
    cast = (alice, bob, charlie, petra, audrey)

    def readers(actor: Person) -> list[bool]:
        return [may_read_acts_of(person=person, account=alice.account, actor=actor, at=now) for person in cast]

    assert readers(bob) == [True, True, False, False, True]
    # What the owner does is not the collaborator's business.
    assert readers(alice) == [True, False, False, False, True]


def test_a_former_collaborator_still_reads_the_own_acts(alice: Person, bob: Person, now: datetime) -> None:
    end_grant(grant=CollaboratorGrant.objects.get(), actor=alice, at=now)
    assert may_read_acts_of(person=bob, account=alice.account, actor=bob, at=now + DAY)
    assert not may_read_acts_of(person=bob, account=alice.account, actor=alice, at=now + DAY)


def granted(now: datetime) -> CollaboratorGrant:
    """Bob's confirmed grant of everything for alice's account."""
    alice = sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=now)
    bob = sign_up(qq_number="10001", password=PASSWORD, with_account=False, at=now)
    made = grant(account=alice.account, actor=alice, qq_number="10001", scopes=list(Scope), at=now)
    return confirm_grant(grant=made, actor=bob, at=now)


def act_under(made: CollaboratorGrant, at: datetime) -> Authority:
    """What every act of a collaborator begins with."""
    with transaction.atomic():
        return authority_for(actor=made.person, account=made.account, scope=Scope.SETTLE_FEES, at=at, lock=True)


@pytest.mark.django_db(transaction=True)
def test_a_grant_does_not_end_while_an_act_under_it_goes_on(now: datetime) -> None:
    """The end waits for the act's transaction (PostgreSQL: for the row; SQLite: for the only writer)."""
    made = granted(now)
    waited, ended = while_another_waits(
        lambda: act_under(made, now + DAY), lambda: end_grant(grant=made, actor=made.person, at=now + DAY)
    )
    assert (waited, ended.ended_at) == (True, now + DAY)


@pytest.mark.django_db(transaction=True)
def test_an_act_waits_for_the_end_of_its_grant_and_is_refused(now: datetime) -> None:
    made = granted(now)
    waited, refusal = while_another_waits(
        lambda: end_grant(grant=made, actor=made.person, at=now + DAY), lambda: act_under(made, now + DAY)
    )
    assert (waited, type(refusal)) == (True, NotAuthorised)


@pytest.mark.django_db(transaction=True)
def test_an_act_and_the_end_of_its_grant_at_once_come_one_after_the_other(now: datetime) -> None:
    made = granted(now)
    ended, acted = at_once(
        lambda: end_grant(grant=made, actor=made.person, at=now + DAY), lambda: act_under(made, now + DAY)
    )
    assert isinstance(ended, CollaboratorGrant)
    assert isinstance(acted, Authority | NotAuthorised)
