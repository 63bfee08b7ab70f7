"""For which account a person acts now: the one chosen, if still allowed, or else the first of theirs."""

from dataclasses import dataclass
from datetime import datetime

from accounts.authority import Authority, authorities
from accounts.models import Account, Person

SESSION_KEY = "acting_for"


@dataclass(frozen=True, slots=True)
class Acting:
    """The authority under which a person acts now, and all those it may choose from."""

    authority: Authority
    choices: list[Authority]

    @property
    def account(self) -> Account:
        return self.authority.account

    @property
    def capacity(self) -> str:
        return self.authority.capacity


def acting(*, person: Person, chosen: int | None, at: datetime) -> Acting | None:
    """Return for which account the person acts at `at`; `chosen` is the primary key of the account asked for.

    None if the person has no account and no confirmed grant. What is chosen is only a wish: every act asks for its
    authority again.
    """
    choices = authorities(actor=person, at=at)
    if not choices:
        return None
    wished = [choice for choice in choices if choice.account.pk == chosen]
    return Acting(authority=(wished or choices)[0], choices=choices)
