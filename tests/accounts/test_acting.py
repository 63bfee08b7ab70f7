"""Tests of acting(): for which account a person acts now."""

from datetime import datetime, timedelta

from accounts.acting import acting
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.models import CollaboratorGrant, Person, Scope

DAY = timedelta(days=1)


def test_nobodys_account_nobodys_act(petra: Person, now: datetime) -> None:
    assert acting(person=petra, chosen=None, at=now) is None


def test_the_owner_acts_for_the_own_account(alice: Person, now: datetime) -> None:
    found = acting(person=alice, chosen=None, at=now)
    assert (found.account, found.capacity, len(found.choices)) == (alice.account, "owner", 1)


def test_a_collaborator_acts_for_the_owner(alice: Person, bob: Person, now: datetime) -> None:
    found = acting(person=bob, chosen=None, at=now)
    assert (found.account, found.capacity, found.authority.grant.person) == (alice.account, "collaborator", bob)


def test_who_may_act_for_several_accounts_chooses(alice: Person, charlie: Person, now: datetime) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=now)
    confirm_grant(grant=made, actor=charlie, at=now)
    assert acting(person=charlie, chosen=None, at=now).account == charlie.account
    chosen = acting(person=charlie, chosen=alice.account.pk, at=now)
    assert (chosen.account, chosen.capacity) == (alice.account, "collaborator")
    assert [choice.account for choice in chosen.choices] == [charlie.account, alice.account]


def test_what_is_chosen_is_only_a_wish(alice: Person, bob: Person, charlie: Person, now: datetime) -> None:
    for chosen in (charlie.account.pk, 987654, 0, -1):
        assert acting(person=bob, chosen=chosen, at=now).account == alice.account


def test_an_ended_grant_is_no_choice_any_more(alice: Person, bob: Person, now: datetime) -> None:
    end_grant(grant=CollaboratorGrant.objects.get(), actor=alice, at=now)
    assert acting(person=bob, chosen=alice.account.pk, at=now) is None
    assert acting(person=bob, chosen=alice.account.pk, at=now - DAY).account == alice.account
