"""Tests of grant(), confirm_grant() and end_grant(): owner, collaborator and stranger (2.1.5)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import AlreadyGranted, GrantEnded, NotAQQNumber, NotAuthorised, NothingGranted, OwnNumber
from accounts.joining import sign_up
from accounts.models import CollaboratorGrant, Person, Scope
from evidence.kinds import Kind
from evidence.models import Entry
from tests.support import at_once

DAY = timedelta(days=1)


def facts(made: CollaboratorGrant, actor: Person, *scopes: str) -> dict:
    return {
        "grant": made.pk,
        "account": made.account.pk,
        "collaborator": made.person.pk,
        "scopes": list(scopes),
        "actor": actor.pk,
    }


def numbers(actor: str) -> dict[str, str]:
    return {"account_qq": "20002", "collaborator_qq": "10001", "actor_qq": actor}


@pytest.fixture
def invitation(alice: Person, now: datetime) -> CollaboratorGrant:
    """Alice's invitation to a number that has joined and not yet confirmed."""
    sign_up(qq_number="10001", password="seven quiet lanterns", with_account=False, at=now)
    return grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.ACCEPT_AGREEMENTS], at=now)


def test_grant_invites_a_number_that_has_not_joined(alice: Person, now: datetime, last_entry: Callable) -> None:
    made = grant(
        account=alice.account,
        actor=alice,
        qq_number="10001",
        scopes=[Scope.SETTLE_FEES, Scope.ACCEPT_AGREEMENTS],
        at=now,
    )
    made.refresh_from_db()
    assert made.scopes == [Scope.ACCEPT_AGREEMENTS, Scope.SETTLE_FEES]
    assert (made.granted_at, made.confirmed_at, made.ended_at, made.ended_by) == (now, None, None, None)
    assert (made.person.qq_number, made.person.joined_at, made.person.password) == ("10001", None, "!")
    assert last_entry() == {
        "kind": Kind.COLLABORATOR_GRANTED,
        "at": now,
        "facts": facts(made, alice, "accept_agreements", "settle_fees"),
        "personal": numbers("20002"),
    }


def test_grant_takes_each_operation_by_itself(alice: Person, now: datetime) -> None:
    for position, scope in enumerate(Scope):
        made = grant(account=alice.account, actor=alice, qq_number=f"1000{position}", scopes=[scope], at=now)
        assert made.scopes == [scope]


def test_only_the_owner_grants(
    alice: Person, bob: Person, charlie: Person, administrator: Person, now: datetime
) -> None:
    before = (CollaboratorGrant.objects.count(), Person.objects.count(), Entry.objects.count())
    for actor in (bob, charlie, administrator):
        with pytest.raises(NotAuthorised) as refusal:
            grant(account=alice.account, actor=actor, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now)
        assert refusal.value.status == 403
    alice.is_active = False
    with pytest.raises(NotAuthorised):
        grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=now)
    assert (CollaboratorGrant.objects.count(), Person.objects.count(), Entry.objects.count()) == before


@pytest.mark.parametrize(
    ("number", "scopes", "refusal", "status"),
    [
        ("1234", [Scope.SETTLE_FEES], NotAQQNumber, 400),
        ("１２３４５", [Scope.SETTLE_FEES], NotAQQNumber, 400),
        ("20002", [Scope.SETTLE_FEES], OwnNumber, 400),
        ("70007", [], NothingGranted, 400),
        ("10001", [Scope.SETTLE_FEES], AlreadyGranted, 409),
    ],
)
def test_grant_refuses(
    number: str, scopes: list, refusal: type, status: int, alice: Person, bob: Person, now: datetime
) -> None:
    before = (CollaboratorGrant.objects.count(), Person.objects.count(), Entry.objects.count())
    with pytest.raises(refusal) as refused:
        grant(account=alice.account, actor=alice, qq_number=number, scopes=scopes, at=now)
    assert refused.value.status == status
    assert (CollaboratorGrant.objects.count(), Person.objects.count(), Entry.objects.count()) == before


def test_grant_refuses_a_second_invitation_before_the_first_is_confirmed(
    alice: Person, invitation: CollaboratorGrant, now: datetime
) -> None:
    with pytest.raises(AlreadyGranted, match="10001"):
        grant(account=alice.account, actor=alice, qq_number="10001", scopes=list(Scope), at=now)


def test_grant_again_after_an_end_makes_a_new_one(alice: Person, invitation: CollaboratorGrant, now: datetime) -> None:
    end_grant(grant=invitation, actor=alice, at=now)
    again = grant(account=alice.account, actor=alice, qq_number="10001", scopes=list(Scope), at=now + DAY)
    assert again.pk != invitation.pk
    assert [g.scopes for g in CollaboratorGrant.objects.order_by("pk")] == [[Scope.ACCEPT_AGREEMENTS], list(Scope)]


def test_two_accounts_may_have_the_same_collaborator(
    alice: Person, bob: Person, charlie: Person, now: datetime
) -> None:
    made = grant(account=charlie.account, actor=charlie, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)
    assert made.person == bob


def test_the_invited_number_confirms(invitation: CollaboratorGrant, now: datetime, last_entry: Callable) -> None:
    confirmed = confirm_grant(grant=invitation, actor=invitation.person, at=now + DAY)
    assert confirmed.confirmed_at == now + DAY
    assert last_entry() == {
        "kind": Kind.COLLABORATOR_CONFIRMED,
        "at": now + DAY,
        "facts": facts(invitation, invitation.person, "accept_agreements"),
        "personal": numbers("10001"),
    }


def test_confirming_twice_changes_nothing(invitation: CollaboratorGrant, now: datetime) -> None:
    confirm_grant(grant=invitation, actor=invitation.person, at=now)
    entries = Entry.objects.count()
    assert confirm_grant(grant=invitation, actor=invitation.person, at=now + DAY).confirmed_at == now
    assert Entry.objects.count() == entries


def test_nobody_else_confirms(
    alice: Person, charlie: Person, administrator: Person, invitation: CollaboratorGrant, now: datetime
) -> None:
    entries = Entry.objects.count()
    invitation.person.is_active = False
    for actor in (alice, charlie, administrator, invitation.person):
        with pytest.raises(NotAuthorised):
            confirm_grant(grant=invitation, actor=actor, at=now)
    invitation.refresh_from_db()
    assert (invitation.confirmed_at, Entry.objects.count()) == (None, entries)


def test_an_ended_invitation_cannot_be_confirmed(alice: Person, invitation: CollaboratorGrant, now: datetime) -> None:
    end_grant(grant=invitation, actor=alice, at=now)
    entries = Entry.objects.count()
    with pytest.raises(GrantEnded) as refusal:
        confirm_grant(grant=invitation, actor=invitation.person, at=now + DAY)
    assert refusal.value.status == 409
    invitation.refresh_from_db()
    assert (invitation.confirmed_at, Entry.objects.count()) == (None, entries)


@pytest.mark.parametrize("who", ["20002", "10001"])
def test_owner_and_collaborator_end_a_grant(
    who: str, invitation: CollaboratorGrant, now: datetime, last_entry: Callable
) -> None:
    confirm_grant(grant=invitation, actor=invitation.person, at=now)
    actor = Person.objects.get(qq_number=who)
    ended = end_grant(grant=invitation, actor=actor, at=now + DAY)
    ended.refresh_from_db()
    assert (ended.ended_at, ended.ended_by, ended.confirmed_at) == (now + DAY, actor, now)
    assert last_entry() == {
        "kind": Kind.COLLABORATOR_ENDED,
        "at": now + DAY,
        "facts": facts(invitation, actor, "accept_agreements"),
        "personal": numbers(who),
    }


def test_the_invited_number_declines(invitation: CollaboratorGrant, now: datetime) -> None:
    ended = end_grant(grant=invitation, actor=invitation.person, at=now)
    assert (ended.confirmed_at, ended.ended_by) == (None, invitation.person)


def test_nobody_else_ends_a_grant(
    alice: Person, charlie: Person, administrator: Person, invitation: CollaboratorGrant, now: datetime
) -> None:
    entries = Entry.objects.count()
    alice.is_active = False
    for actor in (charlie, administrator, alice):
        with pytest.raises(NotAuthorised):
            end_grant(grant=invitation, actor=actor, at=now)
    invitation.refresh_from_db()
    assert (invitation.ended_at, Entry.objects.count()) == (None, entries)


def test_a_grant_ends_once(alice: Person, invitation: CollaboratorGrant, now: datetime) -> None:
    end_grant(grant=invitation, actor=alice, at=now)
    entries = Entry.objects.count()
    # The second click comes with the row as it was before the first.
    for stale in (invitation, CollaboratorGrant.objects.get(pk=invitation.pk)):
        with pytest.raises(GrantEnded):
            end_grant(grant=stale, actor=alice, at=now + DAY)
    invitation.refresh_from_db()
    assert (invitation.ended_at, Entry.objects.count()) == (now, entries)


def test_edits_of_a_grant_are_kept_for_humans(alice: Person, invitation: CollaboratorGrant, now: datetime) -> None:
    confirm_grant(grant=invitation, actor=invitation.person, at=now)
    end_grant(grant=invitation, actor=alice, at=now)
    assert list(invitation.history.order_by("pk").values_list("history_type", flat=True)) == ["+", "~", "~"]


@pytest.mark.django_db(transaction=True)
def test_confirming_and_ending_at_once_come_one_after_the_other(now: datetime) -> None:
    alice = sign_up(qq_number="20002", password="seven quiet lanterns", with_account=True, at=now)
    bob = sign_up(qq_number="10001", password="seven quiet lanterns", with_account=False, at=now)
    made = grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)
    confirmed, ended = at_once(
        lambda: confirm_grant(grant=made, actor=bob, at=now),
        lambda: end_grant(grant=made, actor=alice, at=now),
    )
    assert isinstance(ended, CollaboratorGrant)
    assert isinstance(confirmed, CollaboratorGrant | GrantEnded)
    made.refresh_from_db()
    assert made.ended_at == now
    # The end does not undo the confirmation, nor the confirmation the end.
    assert (made.confirmed_at is not None) == isinstance(confirmed, CollaboratorGrant)
    kinds = Entry.objects.order_by("pk").values_list("kind", flat=True)
    told = [kind for kind in kinds if kind in (Kind.COLLABORATOR_CONFIRMED, Kind.COLLABORATOR_ENDED)]
    expected = [Kind.COLLABORATOR_CONFIRMED] if isinstance(confirmed, CollaboratorGrant) else []
    assert told == [*expected, Kind.COLLABORATOR_ENDED]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_ends_a_grant_once(now: datetime) -> None:
    alice = sign_up(qq_number="20002", password="seven quiet lanterns", with_account=True, at=now)
    made = grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)
    results = at_once(*[lambda: end_grant(grant=made, actor=alice, at=now)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["CollaboratorGrant", "GrantEnded"]
    assert Entry.objects.filter(kind=Kind.COLLABORATOR_ENDED).count() == 1
