"""What an account still has to accept: versions in force, and announced, against the acceptances that count."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Account, Person
from agreements.models import Agreement, Binds, Version
from assent.models import AcceptanceLine, Refusal


@dataclass(frozen=True, slots=True)
class Item:
    """One version that waits for a decision: what was accepted before, and whether it was refused already."""

    agreement: Agreement
    version: Version
    accepted_before: Version | None
    refusal: Refusal | None
    announced: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account, through this actor, still has to accept now, and what it may accept early."""

    outstanding: list[Item]
    upcoming: list[Item]

    @property
    def count(self) -> int:
        """Return how many agreements demand a decision now."""
        return len(self.outstanding)


def counting(*, account: Account, actor: Person) -> QuerySet[AcceptanceLine]:
    """Return the accepted documents that count here: for an agreement that binds the account, whoever accepted for it;
    for one that binds each person, only what this actor accepted for this account.
    """
    return AcceptanceLine.objects.filter(acceptance__account=account, version__withdrawal__isnull=True).filter(
        Q(version__agreement__binds=Binds.ACCOUNT) | Q(acceptance__actor=actor)
    )


def accepted_numbers(agreement: Agreement, *, account: Account, actor: Person) -> set[int]:
    """Return the numbers of the versions of an agreement whose acceptance counts here."""
    lines = counting(account=account, actor=actor).filter(version__agreement=agreement)
    return set(lines.values_list("version__number", flat=True))


def standing(*, account: Account, actor: Person, at: datetime) -> Standing:
    """Return the standing of an account and actor at `at`, in a constant number of queries."""
    open_now = Version.objects.open_at(at=at).select_related("agreement")
    lines = counting(account=account, actor=actor).filter(acceptance__accepted_at__lte=at)
    accepted: dict[int, dict[int, Version]] = {}
    for line in lines.select_related("version"):
        accepted.setdefault(line.version.agreement_id, {})[line.version.number] = line.version
    refused = Refusal.objects.filter(account=account, refused_at__lte=at).filter(
        Q(version__agreement__binds=Binds.ACCOUNT) | Q(actor=actor)
    )
    refusals = {refusal.version_id: refusal for refusal in refused.order_by("pk")}
    outstanding, upcoming = [], []
    for version in open_now.order_by("agreement__slug", "number"):
        before = accepted.get(version.agreement_id, {})
        if version.number in before:
            continue
        earlier = [number for number in before if number < version.number]
        item = Item(
            agreement=version.agreement,
            version=version,
            accepted_before=before[max(earlier)] if earlier else None,
            refusal=refusals.get(version.pk),
            announced=version.effective_at > at,
        )
        (upcoming if item.announced else outstanding).append(item)
    return Standing(outstanding=outstanding, upcoming=upcoming)
