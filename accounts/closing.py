"""close_account(): the owner ends a developer account, and with it every grant for it."""

from datetime import datetime

from django.db import transaction

from accounts.collaborating import end_grant
from accounts.errors import AccountClosed, NotAuthorised
from accounts.holding import hold_account
from accounts.models import Account, Person
from evidence.kinds import Kind
from evidence.log import append, not_before_the_log


@transaction.atomic
def close_account(*, account: Account, actor: Person, at: datetime) -> Account:
    """Close an account for good: its grants end, and nobody acts for it any more. Raises NotAuthorised, AccountClosed.

    Closing waits for the act that is being written for the account, and is dated after it.
    """
    account = hold_account(account)
    if account.owner_id != actor.pk or not actor.is_active:
        raise NotAuthorised
    if account.closed_at is not None:
        raise AccountClosed(qq_number=account)
    for grant in account.grants.filter(ended_at__isnull=True).order_by("pk"):
        end_grant(grant=grant, actor=actor, at=at)
    account.closed_at = not_before_the_log(at)
    account.save()
    append(
        kind=Kind.ACCOUNT_CLOSED,
        at=account.closed_at,
        facts={"account": account.pk, "actor": actor.pk},
        personal={"account_qq": account.qq_number, "actor_qq": str(actor)},
    )
    return account
