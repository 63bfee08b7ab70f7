"""Tests of sign_up() and open_account(): one person and one account per QQ number (2.1.1)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.collaborating import confirm_grant, grant
from accounts.errors import NotAQQNumber, NumberTaken
from accounts.joining import known_number, open_account, sign_up
from accounts.models import Account, CollaboratorGrant, Person, Scope
from evidence.kinds import Kind
from evidence.models import Entry
from tests.support import at_once

PASSWORD = "seven quiet lanterns"

# Full-width digits, a trailing newline and spaces are what a copied number may bring along.
NOT_NUMBERS = [
    "",
    "1234",
    "123456789012",
    "01234",
    "00000",
    "１２３４５",
    "12345\n",
    " 12345",
    "12345 ",
    "1234５",
    "12 345",
]
NOT_NUMBERS += ["-12345", "+12345", "12345.0", "1e5", "١٢٣٤٥", "abcde", "12345\x00"]


@pytest.mark.parametrize("number", ["10000", "99999999999", "12345", "20002"])
def test_known_number_returns_a_qq_number(number: str) -> None:
    assert known_number(number) == number


@pytest.mark.parametrize("number", NOT_NUMBERS, ids=ascii)
def test_known_number_refuses_anything_else(number: str) -> None:
    with pytest.raises(NotAQQNumber) as refusal:
        known_number(number)
    assert (refusal.value.status, str(refusal.value)) == (400, "QQ 号应是 5 到 11 位数字，首位不为 0。")


def test_sign_up_with_an_account(now: datetime, last_entry: Callable[[], dict]) -> None:
    person = sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=now)
    person.refresh_from_db()
    assert (person.qq_number, person.joined_at, person.is_active) == ("20002", now, True)
    assert (person.is_staff, person.is_superuser) == (False, False)
    assert person.check_password(PASSWORD)
    assert (person.account.owner, person.account.opened_at, person.account.qq_number) == (person, now, "20002")
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
        Kind.PERSON_JOINED,
        Kind.ACCOUNT_OPENED,
    ]
    assert last_entry() == {
        "kind": Kind.ACCOUNT_OPENED,
        "at": now,
        "facts": {"account": person.account.pk, "owner": person.pk},
        "personal": {"qq_number": "20002"},
    }


def test_sign_up_without_an_account(now: datetime, last_entry: Callable[[], dict]) -> None:
    person = sign_up(qq_number="10001", password=PASSWORD, with_account=False, at=now)
    assert Account.objects.count() == 0
    assert last_entry() == {
        "kind": Kind.PERSON_JOINED,
        "at": now,
        "facts": {"person": person.pk},
        "personal": {"qq_number": "10001"},
    }


@pytest.mark.parametrize("number", NOT_NUMBERS, ids=ascii)
def test_sign_up_refuses_what_is_not_a_number(number: str, db: None, now: datetime) -> None:
    with pytest.raises(NotAQQNumber):
        sign_up(qq_number=number, password=PASSWORD, with_account=True, at=now)
    assert (Person.objects.count(), Account.objects.count(), Entry.objects.count()) == (0, 0, 0)


def test_sign_up_refuses_a_number_that_has_joined(alice: Person, now: datetime) -> None:
    before = Entry.objects.count()
    with pytest.raises(NumberTaken) as refusal:
        sign_up(qq_number="20002", password="another quiet lantern", with_account=False, at=now)
    assert (refusal.value.status, str(refusal.value)) == (409, "QQ 号 20002 已经注册过，请直接登录。")
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("123456789", "password_too_short"),
        ("nine char", "password_too_short"),
        ("password123", "password_too_common"),
        ("98765432109876", "password_entirely_numeric"),
        ("my number 20002 is", "password_contains_number"),
        ("", "password_too_short"),
    ],
)
def test_sign_up_refuses_a_weak_password(password: str, code: str, db: None, now: datetime) -> None:
    with pytest.raises(ValidationError) as weak:
        sign_up(qq_number="20002", password=password, with_account=True, at=now)
    assert code in {error.code for error in weak.value.error_list}
    assert (Person.objects.count(), Account.objects.count(), Entry.objects.count()) == (0, 0, 0)


def test_sign_up_claims_the_row_of_an_invited_number(alice: Person, now: datetime) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.ACCEPT_AGREEMENTS], at=now)
    invited = made.person
    assert (invited.joined_at, invited.has_usable_password()) == (None, False)
    person = sign_up(qq_number="10001", password=PASSWORD, with_account=True, at=now)
    assert person.pk == invited.pk
    assert Person.objects.filter(qq_number="10001").count() == 1
    assert confirm_grant(grant=made, actor=person, at=now).confirmed_at == now


def test_a_weak_password_leaves_an_invited_row_unclaimed(alice: Person, now: datetime) -> None:
    grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.ACCEPT_AGREEMENTS], at=now)
    with pytest.raises(ValidationError):
        sign_up(qq_number="10001", password="short", with_account=True, at=now)
    invited = Person.objects.get(qq_number="10001")
    assert (invited.joined_at, invited.has_usable_password()) == (None, False)


def test_open_account_opens_one_account(now: datetime, alice: Person, bob: Person, last_entry: Callable) -> None:
    account = open_account(owner=bob, at=now)
    assert (account.owner, account.opened_at) == (bob, now)
    assert last_entry()["facts"] == {"account": account.pk, "owner": bob.pk}


def test_open_account_refuses_a_second_one(alice: Person, now: datetime) -> None:
    before = Entry.objects.count()
    with pytest.raises(NumberTaken):
        open_account(owner=alice, at=now)
    assert (Account.objects.filter(owner=alice).count(), Entry.objects.count()) == (1, before)


def outcome(results: list[Any]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_at_once_make_one_person(now: datetime) -> None:
    results = at_once(
        lambda: sign_up(qq_number="20002", password="the first lantern", with_account=True, at=now),
        lambda: sign_up(qq_number="20002", password="the second lantern", with_account=True, at=now),
    )
    assert outcome(results) == ["NumberTaken", "Person"]
    person = Person.objects.get()
    winner = ("the first lantern", "the second lantern")[isinstance(results[1], Person)]
    assert person.check_password(winner)
    assert Account.objects.get().owner == person
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == [
        Kind.PERSON_JOINED,
        Kind.ACCOUNT_OPENED,
    ]


@pytest.mark.django_db(transaction=True)
def test_two_claims_of_an_invited_number_at_once_make_one_person(now: datetime) -> None:
    alice = sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=now)
    grant(account=alice.account, actor=alice, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)
    results = at_once(
        lambda: sign_up(qq_number="10001", password="the first lantern", with_account=False, at=now),
        lambda: sign_up(qq_number="10001", password="the second lantern", with_account=False, at=now),
    )
    assert outcome(results) == ["NumberTaken", "Person"]
    person = Person.objects.get(qq_number="10001")
    winner = ("the first lantern", "the second lantern")[isinstance(results[1], Person)]
    assert person.check_password(winner)
    assert Entry.objects.filter(kind=Kind.PERSON_JOINED).count() == 2


@pytest.mark.django_db(transaction=True)
def test_an_account_is_opened_once_by_a_double_click(now: datetime) -> None:
    bob = sign_up(qq_number="10001", password=PASSWORD, with_account=False, at=now)
    results = at_once(lambda: open_account(owner=bob, at=now), lambda: open_account(owner=bob, at=now))
    assert outcome(results) == ["Account", "NumberTaken"]
    assert Entry.objects.filter(kind=Kind.ACCOUNT_OPENED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_number_is_invited_twice_at_once_but_once_per_account(now: datetime) -> None:
    alice, charlie = (
        sign_up(qq_number=number, password=PASSWORD, with_account=True, at=now) for number in ("20002", "30003")
    )

    def invite(owner: Person) -> CollaboratorGrant:
        return grant(account=owner.account, actor=owner, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=now)

    results = at_once(lambda: invite(alice), lambda: invite(alice), lambda: invite(charlie))
    assert outcome(results) == ["AlreadyGranted", "CollaboratorGrant", "CollaboratorGrant"]
    assert Person.objects.filter(qq_number="10001").count() == 1
    assert Entry.objects.filter(kind=Kind.COLLABORATOR_GRANTED).count() == 2
