"""Tests of persons, accounts, grants and roles as tables: the number that never changes, constraints, as-of querysets."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from evidence.errors import NeverChanges
from evidence.kinds import Kind
from evidence.models import Entry

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def test_a_person_is_shown_by_number(alice: Person) -> None:
    assert (str(alice), alice.email, str(alice.account), alice.account.qq_number) == (
        "20002",
        "20002@qq.com",
        "20002",
        "20002",
    )


def test_a_read_persons_number_never_changes(alice: Person) -> None:
    person = Person.objects.get(pk=alice.pk)
    person.qq_number = "20003"
    for attempt in (person.save, lambda: person.save(update_fields=["qq_number"])):
        with pytest.raises(NeverChanges):
            attempt()
    alice.refresh_from_db()
    assert alice.qq_number == "20002"


def test_a_new_persons_number_never_changes_either(alice: Person) -> None:
    # Alice is the very object that sign_up() made.
    alice.qq_number = "20003"
    with pytest.raises(NeverChanges):
        alice.save()
    assert Person.objects.get(pk=alice.pk).qq_number == "20002"


def test_a_number_that_was_not_read_is_not_changed(alice: Person) -> None:
    person = Person.objects.defer("qq_number").get(pk=alice.pk)
    person.qq_number = "20003"
    with pytest.raises((NeverChanges, IntegrityError)), transaction.atomic():
        person.save()
    assert Person.objects.get(pk=alice.pk).qq_number == "20002"


def test_a_queryset_changes_no_number(alice: Person, charlie: Person) -> None:
    alice.qq_number = "20003"
    for attempt in (
        lambda: Person.objects.filter(pk=alice.pk).update(qq_number="20003"),
        lambda: Person.objects.bulk_update([alice], ["qq_number"]),
    ):
        with pytest.raises(IntegrityError, match="are kept for good"), transaction.atomic():
            attempt()
    assert set(Person.objects.values_list("qq_number", flat=True)) == {"20002", "30003"}


def test_a_number_may_be_emptied_and_stays_empty(alice: Person, charlie: Person) -> None:
    for person in Person.objects.all():
        person.qq_number = None
        person.save()
    for person in Person.objects.all():
        person.qq_number = "20002"
        with pytest.raises((NeverChanges, IntegrityError)), transaction.atomic():
            person.save()
    assert [str(person) for person in Person.objects.all()] == ["（已删除的号码）"] * 2


def test_other_columns_of_a_person_may_change(alice: Person) -> None:
    person = Person.objects.get(pk=alice.pk)
    person.is_active = False
    person.set_password("six loud lanterns")
    person.save()
    person.refresh_from_db()
    assert (person.is_active, person.check_password("six loud lanterns")) == (False, True)


def test_a_number_belongs_to_one_person(alice: Person) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(qq_number="20002")
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "number", ["1234", "01234", "123456789012", "１２３４５", "12345\n", " 12345", "abcde"], ids=ascii
)
def test_the_model_knows_what_a_number_is(number: str, db: None, now: datetime) -> None:
    with pytest.raises(ValidationError) as refused:
        Person(qq_number=number, password="!", joined_at=now).full_clean()
    assert list(refused.value.message_dict) == ["qq_number"]


def test_a_person_has_one_account(alice: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(owner=alice, opened_at=now)
    assert Account.objects.count() == 1


def test_an_account_does_not_change_hands(alice: Person, bob: Person) -> None:
    account = Account.objects.get()
    account.owner = bob
    with pytest.raises(IntegrityError, match="are kept for good"), transaction.atomic():
        account.save()
    assert Account.objects.get().owner == alice


def test_a_grant_names_an_operation(alice: Person, charlie: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="accounts_grant_names_an_operation"), transaction.atomic():
        CollaboratorGrant.objects.create(account=alice.account, person=charlie, granted_at=now)
    assert CollaboratorGrant.objects.count() == 0


def test_a_person_has_one_open_grant_per_account(alice: Person, bob: Person, now: datetime) -> None:
    values = {"account": alice.account, "person": bob, "settle_fees": True, "granted_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        CollaboratorGrant.objects.create(**values)
    CollaboratorGrant.objects.create(**values, ended_at=now, ended_by=alice)
    assert CollaboratorGrant.objects.count() == 2


def test_the_operations_of_a_grant_never_widen(alice: Person, bob: Person) -> None:
    made = CollaboratorGrant.objects.get()
    made.settle_fees = True
    with pytest.raises(IntegrityError, match="are kept for good"), transaction.atomic():
        made.save()
    made.refresh_from_db()
    assert made.scopes == [Scope.ACCEPT_AGREEMENTS]


def test_a_person_holds_a_role_once(petra: Person, administrator: Person, now: datetime) -> None:
    values = {"person": petra, "role": Role.PUBLISHER, "given_at": now, "given_by": administrator}
    with pytest.raises(IntegrityError), transaction.atomic():
        RoleHolding.objects.create(**values)
    RoleHolding.objects.create(**values, ended_at=now, ended_by=administrator)
    assert RoleHolding.objects.count() == 2


def test_held_at_asks_for_the_time(petra: Person, administrator: Person, now: datetime) -> None:
    RoleHolding.objects.all().update(ended_at=now, ended_by=administrator)
    given = RoleHolding.objects.get().given_at
    moments = [given - SECOND, given, now - SECOND, now]
    assert [RoleHolding.objects.held_at(at).count() for at in moments] == [0, 1, 1, 0]


def test_open_at_and_holding_at_ask_for_the_time(alice: Person, charlie: Person, now: datetime) -> None:
    CollaboratorGrant.objects.create(
        account=alice.account,
        person=charlie,
        settle_fees=True,
        granted_at=now,
        confirmed_at=now + DAY,
        ended_at=now + 2 * DAY,
        ended_by=alice,
    )
    moments = [now - SECOND, now, now + DAY, now + 2 * DAY]
    assert [CollaboratorGrant.objects.open_at(at).count() for at in moments] == [0, 1, 1, 0]
    assert [CollaboratorGrant.objects.holding_at(at).count() for at in moments] == [0, 0, 1, 0]


def test_grants_and_roles_say_what_they_are(bob: Person, petra: Person) -> None:
    assert str(CollaboratorGrant.objects.get()) == "20002 → 10001"
    assert str(RoleHolding.objects.get()) == "40004: 发布人"


def test_createsuperuser_works_by_number(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "seven quiet lanterns")
    call_command("createsuperuser", qq_number="90009", interactive=False, verbosity=0)
    person = Person.objects.get()
    assert (person.qq_number, person.is_superuser, person.is_staff) == ("90009", True, True)
    assert person.joined_at is not None
    assert person.check_password("seven quiet lanterns")


@pytest.mark.parametrize("number", ["0123456", "1234", "administrator", "20002"])
def test_createsuperuser_refuses_in_one_line(number: str, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "seven quiet lanterns")
    with pytest.raises(CommandError) as error:
        call_command("createsuperuser", qq_number=number, interactive=False, verbosity=0)
    assert "\n" not in str(error.value)
    assert Person.objects.filter(is_superuser=True).count() == 0


def test_who_is_made_an_administrator_is_logged(administrator: Person, last_entry) -> None:
    assert last_entry() == {
        "kind": Kind.ADMINISTRATOR_MADE,
        "at": administrator.joined_at,
        "facts": {"person": administrator.pk},
        "personal": {"person_qq": "90009"},
    }


def test_an_administrator_and_the_entry_are_made_together(alice: Person) -> None:
    before = Entry.objects.count()
    with pytest.raises(ValidationError):
        Person.objects.create_superuser("20002", "seven quiet lanterns")
    assert (Entry.objects.count(), Person.objects.count()) == (before, 1)


def test_an_erased_person_is_shown_with_the_day_and_the_entry(alice: Person, now: datetime) -> None:
    alice.qq_number, alice.erased_at, alice.erasure = None, now, UUID(int=1)
    assert (str(alice), alice.email) == (
        "（号码已于 2026-11-24 删除，记录 00000000-0000-0000-0000-000000000001）",
        "",
    )


def test_is_closed_asks_for_the_time(alice: Person, now: datetime) -> None:
    account = alice.account
    assert account.is_closed(at=now) is False
    account.closed_at = now
    assert [account.is_closed(at=at) for at in (now - SECOND, now, now + SECOND)] == [False, True, True]
