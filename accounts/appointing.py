"""give_role(), end_role() and issue_reset_link(): what an administrator does for and about people."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.authority import may_appoint
from accounts.errors import NoSuchPerson, NotAuthorised, RoleHeld, RoleNotHeld
from accounts.holding import hold_person
from accounts.models import Person, Role, RoleHolding
from accounts.resetting import reset_parts
from evidence.kinds import Kind
from evidence.log import append


def person_by_number(qq_number: str) -> Person:
    """Return the person who has joined with this number. Raises NoSuchPerson."""
    person = Person.objects.filter(qq_number=qq_number, joined_at__isnull=False).first()
    if person is None:
        raise NoSuchPerson(qq_number=qq_number)
    return person


def holder_of(qq_number: str) -> Person:
    """Return the person with this number, who may have been invited only and not joined. Raises NoSuchPerson."""
    person = Person.objects.filter(qq_number=qq_number).first()
    if person is None:
        raise NoSuchPerson(qq_number=qq_number)
    return person


@transaction.atomic
def give_role(*, person: Person, role: Role, actor: Person, at: datetime) -> RoleHolding:
    """Give a role. Raises NotAuthorised, NoSuchPerson, RoleHeld."""
    if not may_appoint(person=actor, at=at):
        raise NotAuthorised
    person = hold_person(person)
    try:
        with transaction.atomic():
            holding = RoleHolding.objects.create(person=person, role=role, given_at=at, given_by=actor)
    except IntegrityError:
        raise RoleHeld from None
    append(
        kind=Kind.ROLE_GIVEN,
        at=at,
        facts={"holding": holding.pk, "person": person.pk, "role": role.value, "actor": actor.pk},
        personal={"person_qq": str(person), "actor_qq": str(actor)},
    )
    return holding


@transaction.atomic
def end_role(*, person: Person, role: Role, actor: Person, at: datetime) -> RoleHolding:
    """End a role that the person holds. Raises NotAuthorised, RoleNotHeld."""
    if not may_appoint(person=actor, at=at):
        raise NotAuthorised
    holding = RoleHolding.objects.select_for_update().filter(person=person, role=role, ended_at__isnull=True).first()
    if holding is None:
        raise RoleNotHeld
    holding.ended_at, holding.ended_by = at, actor
    holding.save()
    append(
        kind=Kind.ROLE_ENDED,
        at=at,
        facts={"holding": holding.pk, "person": person.pk, "role": role.value, "actor": actor.pk},
        personal={"person_qq": str(person), "actor_qq": str(actor)},
    )
    return holding


@transaction.atomic
def issue_reset_link(*, person: Person, actor: Person, at: datetime) -> tuple[str, str]:
    """Return (uid, token) of a one-time password reset, which ends by use or after PASSWORD_RESET_TIMEOUT seconds.

    The issuing is logged, the token is not. Raises NotAuthorised, NoSuchPerson.
    """
    if not may_appoint(person=actor, at=at):
        raise NotAuthorised
    person = hold_person(person)
    append(
        kind=Kind.RESET_LINK_ISSUED,
        at=at,
        facts={"person": person.pk, "actor": actor.pk},
        personal={"person_qq": str(person), "actor_qq": str(actor)},
    )
    return reset_parts(person)
