"""erase_person(): the personal values of one person leave the database; the log and every proof stay (PIPL 47)."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.authority import may_appoint
from accounts.errors import NotAuthorised
from accounts.models import Account, CollaboratorGrant, Person, RoleHolding
from agreements.models import LegalProfile
from assent.errors import AccountStillOpen, AlreadyErased, OnHold, RetentionRunning
from assent.models import AcceptanceLine, LegalHold, Refusal
from assent.pack_requests import drop_packs
from assent.records import erasures_of
from evidence import errors
from evidence.kinds import Kind
from evidence.log import append, not_before_the_log
from evidence.models import Disclosure, Entry

ROLE_RETENTION_YEARS = 3
"""For how long what somebody did in a role of the operator's is kept after its end (E-Commerce Law 31)."""

AT_A_TIME = 500
NUMBERS = Q(field="qq_number") | Q(field__endswith="_qq")
ABOUT_THE_PERSON = {Kind.HOLD_PLACED, Kind.HOLD_LIFTED}
"""Kinds whose words are about `person`, whoever wrote them; other values beside numbers are those of who acted."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an erasure would take, by field, and why it is refused now (None: it is not)."""

    entries: int
    values: dict[str, int]
    sessions: int
    refusal: errors.Refusal | None


def years_later(at: datetime, years: int) -> datetime:
    """Return the same moment so many calendar years later; 29 February becomes 1 March."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


def _acted_for(person: Person) -> Q:
    return Q(acceptances__actor=person) | Q(refusals__actor=person)


def _still_in_use(person: Person) -> list[str]:
    """Return what has to end before the person can be erased, each as a sentence."""
    reasons = []
    if Account.objects.filter(owner=person, closed_at__isnull=True).exists():
        reasons.append(_("请本人先在“我的账户”注销开发者账户。"))
    for grant in CollaboratorGrant.objects.filter(person=person, ended_at__isnull=True).select_related(
        "account__owner"
    ):
        reasons.append(_("请先终止账户 QQ %(account)s 给此人的授权或邀请。") % {"account": grant.account})
    for holding in RoleHolding.objects.filter(person=person, ended_at__isnull=True):
        reasons.append(_("请先在“角色”页收回角色“%(role)s”。") % {"role": holding.get_role_display()})
    if person.is_superuser or person.is_staff:
        reasons.append(_("请先在服务器上撤去其管理员身份。"))
    others = Account.objects.filter(_acted_for(person), closed_at__isnull=True).exclude(owner=person).distinct()
    for account in others.select_related("owner").order_by("pk"):
        reasons.append(_("此人代为办理过事务的账户 QQ %(account)s 尚未注销。") % {"account": account})
    return reasons


def kept_until(person: Person) -> datetime | None:
    """Return until when the person's values must be kept; None if nothing demands it.

    For the own account and each one that they acted for: the years of the strictest legal profile among the agreements that
    it accepted or refused, from its closing. For a role, and for what an administrator did about roles: 3 years.
    """
    accounts = Account.objects.filter(Q(owner=person) | _acted_for(person), closed_at__isnull=False).values("pk")
    profile = "version__agreement__legal_profile"
    lines = AcceptanceLine.objects.filter(acceptance__account__in=accounts).order_by().distinct()
    refusals = Refusal.objects.filter(account__in=accounts).order_by().distinct()
    decided = {
        *lines.values_list("acceptance__account__closed_at", profile),
        *refusals.values_list("account__closed_at", profile),
    }
    floors = [years_later(closed_at, LegalProfile(name).retention_years) for closed_at, name in decided]
    holdings = RoleHolding.objects
    ends = [
        *holdings.filter(person=person, ended_at__isnull=False).values_list("ended_at", flat=True),
        *holdings.filter(given_by=person).values_list("given_at", flat=True),
        *holdings.filter(ended_by=person).values_list("ended_at", flat=True),
    ]
    return max(floors + [years_later(end, ROLE_RETENTION_YEARS) for end in ends], default=None)


def _refusal(person: Person, *, at: datetime) -> errors.Refusal | None:
    """Return why the person cannot be erased at `at`, None if they can."""
    if person.qq_number is None:
        return AlreadyErased()
    if reasons := _still_in_use(person):
        return AccountStillOpen(reasons)
    if LegalHold.objects.filter(person=person, lifted_at__isnull=True).exists():
        return OnHold()
    until = kept_until(person)
    return RetentionRunning(until) if until is not None and until > at else None


def _facts(entry: Entry) -> dict:
    return json.loads(bytes(entry.statement))["facts"]


def _whose_words(entry: Entry) -> int | None:
    """Return the primary key of the person to whom an entry's address, user agent and free text belong."""
    facts = _facts(entry)
    if entry.kind in ABOUT_THE_PERSON:
        return facts["person"]
    return next((facts[role] for role in ("actor", "auditor", "person") if role in facts), None)


def _values_of(person: Person) -> Iterator[Disclosure]:
    """Yield every value that concerns the person and nobody else: their number wherever it stands, and what is theirs
    beside it. Where they act, their number stands too.
    """
    numbers = Disclosure.objects.filter(NUMBERS, value=person.qq_number)
    beside = Disclosure.objects.filter(entry__in=numbers.values("entry"), value__isnull=False).exclude(NUMBERS)
    yield from numbers.select_related("entry")
    for disclosure in beside.select_related("entry"):
        if _whose_words(disclosure.entry) == person.pk:
            yield disclosure


def _sessions_of(person: Person) -> list[str]:
    """Return the keys of the sessions in which the person is signed in."""
    return [
        session.session_key
        for session in Session.objects.iterator()
        if session.get_decoded().get("_auth_user_id") == str(person.pk)
    ]


def look_before_erasing(*, person: Person, actor: Person, at: datetime) -> Prospect:
    """Return what `erase_person` would do at `at`. Raises NotAuthorised."""
    if not may_appoint(person=actor, at=at):
        raise NotAuthorised
    person = Person.objects.get(pk=person.pk)
    values = [] if person.qq_number is None else list(_values_of(person))
    return Prospect(
        entries=len({value.entry_id for value in values}),
        values=dict(sorted(Counter(value.field for value in values).items())),
        sessions=len(_sessions_of(person)),
        refusal=_refusal(person, at=at),
    )


@transaction.atomic
def erase_person(*, person: Person, actor: Person, at: datetime) -> Entry:
    """Erase the personal values of a person and return the log's entry of it; statements and their hashes stay as they are.

    The number is free afterwards: who signs up with it is a new person (docs/decisions/0010-erasure.md). Raises NotAuthorised,
    AlreadyErased, AccountStillOpen, OnHold, RetentionRunning.
    """
    if not may_appoint(person=actor, at=at):
        raise NotAuthorised
    # Whoever writes the number into the log holds the person, or else an account or a grant that has ended by now.
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    refusal = _refusal(person, at=at)
    if refusal is not None:
        raise refusal
    at = not_before_the_log(at)
    values = [(value.pk, str(value.entry.uid), value.field) for value in _values_of(person)]
    for start in range(0, len(values), AT_A_TIME):
        keys = [pk for pk, _uid, _field in values[start : start + AT_A_TIME]]
        Disclosure.objects.filter(pk__in=keys).update(salt=None, value=None)
    Session.objects.filter(session_key__in=_sessions_of(person)).delete()
    told = rf"(^|[^0-9]){person.qq_number}([^0-9]|$)"
    LogEntry.objects.filter(Q(user=person) | Q(object_repr__regex=told) | Q(change_message__regex=told)).delete()
    entry = append(
        kind=Kind.PERSON_ERASED,
        at=at,
        facts={
            "person": person.pk,
            "actor": actor.pk,
            "disclosures": sorted([uid, field] for _pk, uid, field in values),
        },
        personal={"actor_qq": str(actor)},
    )
    person.groups.clear()
    person.user_permissions.clear()
    person.set_unusable_password()
    person.qq_number = person.last_login = None
    person.is_active = False
    person.erased_at, person.erasure = at, entry.uid
    person.save()
    drop_packs(at=at)
    return entry


def erased_by(entry: Entry) -> dict[str, Entry]:
    """Return, for each erased value of an entry by its field, the entry of the erasure that took it."""
    return {field: erasure for (_uid, field), erasure in erasures_of(entry.disclosures.all()).items()}
