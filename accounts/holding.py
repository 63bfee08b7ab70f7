"""hold_account(), hold_person(), hold_number(): keep an account or a person as they are until a transaction ends.

Who holds both holds the account first. Erasure holds a person, and nothing else that others wait for.
"""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from accounts.errors import NoSuchPerson
from accounts.models import Account, Person


def hold_account(account: Account) -> Account:
    """Return the account as it is now; it is neither closed nor acted for by another before the transaction ends."""
    held = Account.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
    return held.get(pk=account.pk)


def hold_person(person: Person) -> Person:
    """Return the person as they are now, not to be erased before the transaction ends. Raises NoSuchPerson if they were."""
    held = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if held.qq_number is None:
        raise NoSuchPerson(qq_number=person)
    return held


def hold_number(qq_number: str) -> Person:
    """Return the person with this number, made without a password where there is none, not to be erased before the
    transaction ends.
    """
    while True:
        Person.objects.get_or_create(qq_number=qq_number, defaults={"password": UNUSABLE_PASSWORD_PREFIX})
        held = Person.objects.select_for_update(no_key=True).filter(qq_number=qq_number).first()
        if held is not None:
            return held
        # Its person was erased while we waited. The number is free, and the next round makes a new person of it.
