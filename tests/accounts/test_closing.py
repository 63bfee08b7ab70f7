"""Tests of close_account(): the owner alone, for good, and nobody acts for the account afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.authority import authorities, authority_for, may_act_for, may_read_acts_of
from accounts.closing import close_account
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import AccountClosed, GrantEnded, NotAuthorised
from accounts.joining import open_account, sign_up
from accounts.models import Account, CollaboratorGrant, Person, Scope
from evidence.kinds import Kind
from evidence.models import Entry
from tests.support import at_once, while_another_waits

DAY = timedelta(days=1)
PASSWORD = "seven quiet lanterns"


def test_closing_ends_every_open_grant_and_is_logged(alice: Person, bob: Person, now: datetime, last_entry) -> None:
    waiting = grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now - 2 * DAY)
    before = grant(account=alice.account, actor=alice, qq_number="80008", scopes=[Scope.SETTLE_FEES], at=now - 2 * DAY)
    end_grant(grant=before, actor=alice, at=now - DAY)
    number = Entry.objects.count()
    closed = close_account(account=alice.account, actor=alice, at=now)
    ended = CollaboratorGrant.objects.filter(account=closed).order_by("pk")
    assert [(g.person.qq_number, g.ended_at, g.ended_by) for g in ended] == [
        ("10001", now, alice),
        ("70007", now, alice),
        ("80008", now - DAY, alice),
    ]
    kinds = [entry.kind for entry in Entry.objects.order_by("pk")[number:]]
    assert kinds == [Kind.COLLABORATOR_ENDED, Kind.COLLABORATOR_ENDED, Kind.ACCOUNT_CLOSED]
    assert last_entry() == {
        "kind": Kind.ACCOUNT_CLOSED,
        "at": now,
        "facts": {"account": closed.pk, "actor": alice.pk},
        "personal": {"account_qq": "20002", "actor_qq": "20002"},
    }
    assert Account.objects.get(owner=alice).closed_at == now
    assert waiting.pk == ended[1].pk


def test_only_the_owner_closes(alice: Person, bob: Person, charlie: Person, administrator: Person, now) -> None:
    before = Entry.objects.count()
    for actor in (bob, charlie, administrator):
        with pytest.raises(NotAuthorised) as refusal:
            close_account(account=alice.account, actor=actor, at=now)
        assert refusal.value.status == 403
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(NotAuthorised):
        close_account(account=alice.account, actor=Person.objects.get(pk=alice.pk), at=now)
    assert (Entry.objects.count(), Account.objects.get(owner=alice).closed_at) == (before, None)


def test_an_account_is_closed_once(alice: Person, now: datetime) -> None:
    close_account(account=alice.account, actor=alice, at=now)
    before = Entry.objects.count()
    with pytest.raises(AccountClosed) as refusal:
        close_account(account=alice.account, actor=alice, at=now + DAY)
    assert (refusal.value.status, refusal.value.values) == (409, {"qq_number": alice.account})
    assert Entry.objects.count() == before


def test_nobody_acts_for_a_closed_account(alice: Person, bob: Person, now: datetime) -> None:
    account = close_account(account=alice.account, actor=alice, at=now)
    later = now + DAY
    for scope in (None, *Scope):
        with pytest.raises(AccountClosed):
            authority_for(actor=alice, account=account, scope=scope, at=later)
        with pytest.raises(NotAuthorised):
            authority_for(actor=bob, account=account, scope=scope, at=later)
        assert not may_act_for(actor=alice, account=account, scope=scope, at=later)
    assert [authorities(actor=person, at=later) for person in (alice, bob)] == [[], []]


def test_before_the_closing_authority_was_as_it_was(alice: Person, bob: Person, now: datetime) -> None:
    account = close_account(account=alice.account, actor=alice, at=now)
    earlier = now - DAY
    assert authority_for(actor=alice, account=account, scope=None, at=earlier).capacity == "owner"
    assert authority_for(actor=bob, account=account, scope=None, at=earlier).capacity == "collaborator"
    assert [a.account for a in authorities(actor=alice, at=earlier)] == [account]
    # An act that would be written now is refused, however early its request came.
    with pytest.raises(AccountClosed):
        authority_for(actor=alice, account=account, scope=None, at=earlier, lock=True)


def test_the_owner_still_reads_the_acts(alice: Person, bob: Person, now: datetime) -> None:
    account = close_account(account=alice.account, actor=alice, at=now)
    assert may_read_acts_of(person=alice, account=account, actor=bob, at=now + DAY)
    assert may_read_acts_of(person=bob, account=account, actor=bob, at=now + DAY)


def test_a_closed_account_gets_no_collaborator(alice: Person, now: datetime) -> None:
    invitation = grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now - DAY)
    invited = sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=now - DAY)
    close_account(account=alice.account, actor=alice, at=now)
    with pytest.raises(GrantEnded):
        confirm_grant(grant=invitation, actor=invited, at=now + DAY)
    # Alice's account object is one from before the closing.
    with pytest.raises(AccountClosed):
        grant(account=alice.account, actor=alice, qq_number="70008", scopes=[Scope.SETTLE_FEES], at=now + DAY)
    assert not Person.objects.filter(qq_number="70008").exists()


def test_the_number_gets_no_second_account(alice: Person, now: datetime) -> None:
    close_account(account=alice.account, actor=alice, at=now)
    with pytest.raises(AccountClosed):
        open_account(owner=alice, at=now + DAY)
    assert Account.objects.count() == 1


def opened(now: datetime) -> Account:
    return sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=now).account


def invite(account: Account, now: datetime) -> CollaboratorGrant:
    return grant(account=account, actor=account.owner, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now)


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_an_invitation_and_ends_it(now: datetime) -> None:
    account = opened(now)
    waited, closed = while_another_waits(
        lambda: invite(account, now), lambda: close_account(account=account, actor=account.owner, at=now)
    )
    made = CollaboratorGrant.objects.get()
    assert (waited, made.ended_at, closed.closed_at) == (True, now, now)


@pytest.mark.django_db(transaction=True)
def test_an_invitation_waits_for_the_closing_and_is_refused(now: datetime) -> None:
    account = opened(now)
    waited, refusal = while_another_waits(
        lambda: close_account(account=account, actor=account.owner, at=now), lambda: invite(account, now)
    )
    assert (waited, type(refusal)) == (True, AccountClosed)
    assert CollaboratorGrant.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_account_closed_twice_at_once_is_closed_once(now: datetime) -> None:
    account = opened(now)
    act: Callable = lambda: close_account(account=account, actor=account.owner, at=now)  # noqa: E731
    results = at_once(act, act)
    assert sorted(type(result).__name__ for result in results) == ["Account", "AccountClosed"]
    assert Entry.objects.filter(kind=Kind.ACCOUNT_CLOSED).count() == 1
