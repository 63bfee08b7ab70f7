"""grant(), confirm_grant() and end_grant(): the collaborators of an account (2.1.5)."""

from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.errors import AccountClosed, AlreadyGranted, GrantEnded, NotAuthorised, NothingGranted, OwnNumber
from accounts.holding import hold_account, hold_number
from accounts.joining import known_number
from accounts.models import Account, CollaboratorGrant, Person, Scope
from evidence.kinds import Kind
from evidence.log import append, not_before_the_log


def _facts(grant: CollaboratorGrant, actor: Person) -> dict[str, object]:
    return {
        "grant": grant.pk,
        "account": grant.account_id,
        "collaborator": grant.person_id,
        "scopes": [scope.value for scope in grant.scopes],
        "actor": actor.pk,
    }


def _numbers(grant: CollaboratorGrant, actor: Person) -> dict[str, str]:
    return {
        "account_qq": grant.account.qq_number,
        "collaborator_qq": str(grant.person),
        "actor_qq": str(actor),
    }


@transaction.atomic
def grant(
    *, account: Account, actor: Person, qq_number: str, scopes: Collection[Scope], at: datetime
) -> CollaboratorGrant:
    """Let the owner invite a QQ number for the named operations; it holds once that number confirms.

    Raises NotAuthorised (only the owner grants), AccountClosed, NotAQQNumber, OwnNumber, NothingGranted, AlreadyGranted.
    """
    if account.owner_id != actor.pk or not actor.is_active:
        raise NotAuthorised
    account = hold_account(account)
    if account.closed_at is not None:
        raise AccountClosed(qq_number=account)
    known_number(qq_number)
    if qq_number == actor.qq_number:
        raise OwnNumber
    if not scopes:
        raise NothingGranted
    person = hold_number(qq_number)
    try:
        with transaction.atomic():
            made = CollaboratorGrant.objects.create(
                account=account, person=person, granted_at=at, **{scope.value: True for scope in scopes}
            )
    except IntegrityError:
        raise AlreadyGranted(qq_number=qq_number) from None
    append(kind=Kind.COLLABORATOR_GRANTED, at=at, facts=_facts(made, actor), personal=_numbers(made, actor))
    return made


def _locked(grant: CollaboratorGrant) -> CollaboratorGrant:
    locked = (
        CollaboratorGrant.objects.select_for_update(of=("self",))
        .select_related("account__owner", "person")
        .get(pk=grant.pk)
    )
    return locked


@transaction.atomic
def confirm_grant(*, grant: CollaboratorGrant, actor: Person, at: datetime) -> CollaboratorGrant:
    """Let the invited number confirm; confirming twice changes nothing. Raises NotAuthorised, GrantEnded."""
    grant = _locked(grant)
    if grant.person_id != actor.pk or not actor.is_active:
        raise NotAuthorised
    if grant.ended_at is not None:
        raise GrantEnded
    if grant.confirmed_at is None:
        grant.confirmed_at = at
        grant.save()
        append(kind=Kind.COLLABORATOR_CONFIRMED, at=at, facts=_facts(grant, actor), personal=_numbers(grant, actor))
    return grant


@transaction.atomic
def end_grant(*, grant: CollaboratorGrant, actor: Person, at: datetime) -> CollaboratorGrant:
    """Let the owner, or the collaborator, end a grant or decline an invitation. Raises NotAuthorised, GrantEnded."""
    grant = _locked(grant)
    if actor.pk not in (grant.account.owner_id, grant.person_id) or not actor.is_active:
        raise NotAuthorised
    if grant.ended_at is not None:
        raise GrantEnded
    at = not_before_the_log(at)
    grant.ended_at, grant.ended_by = at, actor
    grant.save()
    append(kind=Kind.COLLABORATOR_ENDED, at=at, facts=_facts(grant, actor), personal=_numbers(grant, actor))
    return grant
