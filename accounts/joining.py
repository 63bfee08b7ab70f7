"""sign_up() and open_account(): how a QQ number becomes a person and gets its developer account."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import AccountClosed, NotAQQNumber, NumberTaken
from accounts.holding import hold_number, hold_person
from accounts.models import Account, Person, qq_number_validator
from evidence.kinds import Kind
from evidence.log import append


def known_number(qq_number: str) -> str:
    """Return the number if it has the form of a QQ number. Raises NotAQQNumber."""
    try:
        qq_number_validator(qq_number)
    except ValidationError:
        raise NotAQQNumber from None
    return qq_number


@transaction.atomic
def sign_up(*, qq_number: str, password: str, with_account: bool, at: datetime) -> Person:
    """Let a QQ number join, and open its developer account if asked for (2.1.1).

    A number that was invited before claims the row that waits for it. Raises NotAQQNumber, NumberTaken, and Django's
    ValidationError for a weak password.
    """
    known_number(qq_number)
    person = hold_number(qq_number)
    if person.joined_at is not None:
        raise NumberTaken(qq_number=qq_number)
    validate_password(password, person)
    person.set_password(password)
    person.joined_at = at
    person.save()
    append(kind=Kind.PERSON_JOINED, at=at, facts={"person": person.pk}, personal={"qq_number": qq_number})
    if with_account:
        open_account(owner=person, at=at)
    return person


@transaction.atomic
def open_account(*, owner: Person, at: datetime) -> Account:
    """Open the developer account of a person who has joined.

    Raises NumberTaken if there is one (2.1.1), AccountClosed if there was, NoSuchPerson if its owner was erased.
    """
    owner = hold_person(owner)
    try:
        with transaction.atomic():
            account = Account.objects.create(owner=owner, opened_at=at)
    except IntegrityError:
        if Account.objects.filter(owner=owner, closed_at__isnull=False).exists():
            raise AccountClosed(qq_number=owner) from None
        raise NumberTaken(qq_number=str(owner)) from None
    append(
        kind=Kind.ACCOUNT_OPENED,
        at=at,
        facts={"account": account.pk, "owner": owner.pk},
        personal={"qq_number": str(owner)},
    )
    return account
