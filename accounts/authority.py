"""Every "may" question: who may publish, audit, appoint, and act for which account at which moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q

from accounts.errors import AccountClosed, NotAuthorised
from accounts.holding import hold_account
from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from evidence.append_only import KeptQuerySet

Capacity = Literal["owner", "collaborator"]


@dataclass(frozen=True, slots=True)
class Authority:
    """That `actor` may act for `account`, in which capacity and, for a collaborator, by which grant."""

    actor: Person
    account: Account
    capacity: Capacity
    grant: CollaboratorGrant | None


def roles(*, person: Person, at: datetime) -> set[str]:
    """Return the roles that the person holds at `at`; an administrator has 'administrator' among them."""
    if not person.is_active:
        return set()
    held = set(RoleHolding.objects.held_at(at).filter(person=person).values_list("role", flat=True))
    return held | {"administrator"} if person.is_superuser else held


def may_publish(*, person: Person, at: datetime) -> bool:
    """May the person draft and publish versions and withdraw announced ones?"""
    return Role.PUBLISHER in roles(person=person, at=at)


def publishers(*, at: datetime) -> KeptQuerySet:
    """Return the persons who may publish at `at`."""
    holdings = RoleHolding.objects.held_at(at).filter(role=Role.PUBLISHER)
    return Person.objects.filter(is_active=True, pk__in=holdings.values("person"))


def may_audit(*, person: Person, at: datetime) -> bool:
    """May the person read and export every account's acceptances?"""
    return Role.AUDITOR in roles(person=person, at=at)


def may_appoint(*, person: Person, at: datetime) -> bool:
    """May the person give and end roles and issue reset links? Administrators may."""
    return "administrator" in roles(person=person, at=at)


def authority_for(
    *, actor: Person, account: Account, scope: Scope | None, at: datetime, lock: bool = False
) -> Authority:
    """Return by what right `actor` may do `scope` (None: anything at all) for `account` at `at`.

    With `lock` the account and the collaborator's grant stay as they are until the transaction ends: acts for one account,
    its closing and the end of the grant come one after the other, never at once. Raises NotAuthorised (2.1.5, 2.1.6), and
    for its owner AccountClosed.
    """
    if not actor.is_active:
        raise NotAuthorised
    if lock:
        account = hold_account(account)
    closed = account.closed_at is not None and (lock or account.is_closed(at=at))
    if account.owner_id == actor.pk:
        if closed:
            raise AccountClosed(qq_number=account)
        return Authority(actor=actor, account=account, capacity="owner", grant=None)
    grants = CollaboratorGrant.objects.holding_at(at).filter(account=account, person=actor)
    if scope is not None:
        grants = grants.filter(**{scope.value: True})
    if lock:
        grants = grants.select_for_update().filter(ended_at__isnull=True)
    grant = grants.first()
    if grant is None or closed or not account.owner.is_active:
        raise NotAuthorised
    return Authority(actor=actor, account=account, capacity="collaborator", grant=grant)


def may_act_for(*, actor: Person, account: Account, scope: Scope | None, at: datetime) -> bool:
    """May `actor` do `scope` for `account` at `at`?"""
    try:
        authority_for(actor=actor, account=account, scope=scope, at=at)
    except NotAuthorised:
        return False
    return True


def authorities(*, actor: Person, at: datetime) -> list[Authority]:
    """Return every account that `actor` may act for in any way at `at`, the own one first, then by grant.

    Grants end with the closing of their account, so only the own account is asked whether it is closed.
    """
    own = Account.objects.filter(Q(closed_at__isnull=True) | Q(closed_at__gt=at), owner=actor).select_related("owner")
    found = [Authority(actor=actor, account=account, capacity="owner", grant=None) for account in own]
    grants = (
        CollaboratorGrant.objects.holding_at(at)
        .filter(person=actor, account__owner__is_active=True)
        .select_related("account__owner")
        .order_by("pk")
    )
    found += [Authority(actor=actor, account=g.account, capacity="collaborator", grant=g) for g in grants]
    return found if actor.is_active else []


def may_read_acts_of(*, person: Person, account: Account, actor: Person, at: datetime) -> bool:
    """May the person see an act done for `account` by `actor`, with its personal values?

    The owner sees all acts for the account, everyone their own acts, an auditor all.
    """
    return person.is_active and (person.pk in (account.owner_id, actor.pk) or may_audit(person=person, at=at))
