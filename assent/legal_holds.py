"""place_hold() and lift_hold(): an auditor keeps a person from being erased while a lawsuit or an inquiry needs the records."""

from datetime import datetime

from django.db import transaction

from accounts.authority import may_audit
from accounts.errors import NotAuthorised
from accounts.holding import hold_person
from accounts.models import Person
from assent.errors import HoldLifted, ReasonMissing
from assent.models import LegalHold
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Entry


def _log(kind: Kind, hold: LegalHold, *, actor: Person, reason: str, at: datetime) -> Entry:
    if not reason.strip():
        raise ReasonMissing
    return append(
        kind=kind,
        at=at,
        facts={"hold": hold.pk, "person": hold.person_id, "actor": actor.pk},
        personal={"person_qq": str(hold.person), "actor_qq": str(actor), "reason": reason.strip()},
    )


@transaction.atomic
def place_hold(*, person: Person, reason: str, actor: Person, at: datetime) -> LegalHold:
    """Put a person under a legal hold. Raises NotAuthorised, ReasonMissing, NoSuchPerson (erased before)."""
    if not may_audit(person=actor, at=at):
        raise NotAuthorised
    hold = LegalHold.objects.create(person=hold_person(person), placed_at=at, placed_by=actor)
    hold.placed_entry = _log(Kind.HOLD_PLACED, hold, actor=actor, reason=reason, at=at)
    hold.save()
    return hold


@transaction.atomic
def lift_hold(*, hold: LegalHold, reason: str, actor: Person, at: datetime) -> LegalHold:
    """Lift a hold; the others of the same person stay. Raises NotAuthorised, HoldLifted, ReasonMissing."""
    if not may_audit(person=actor, at=at):
        raise NotAuthorised
    hold = LegalHold.objects.select_for_update(of=("self",)).select_related("person").get(pk=hold.pk)
    if hold.lifted_at is not None:
        raise HoldLifted
    hold.lifted_at, hold.lifted_by = at, actor
    hold.lifted_entry = _log(Kind.HOLD_LIFTED, hold, actor=actor, reason=reason, at=at)
    hold.save()
    return hold
