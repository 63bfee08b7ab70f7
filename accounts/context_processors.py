"""What every page knows about who reads it: for whom they act, their roles, and invitations that wait for them."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.acting import SESSION_KEY, acting
from accounts.authority import roles
from accounts.models import CollaboratorGrant


def people(request: HttpRequest) -> dict[str, Any]:
    """Return `acting` (None or Acting), `roles` (a set) and `invitations` (unconfirmed grants), each asked for once, when used."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"acting": None, "roles": set(), "invitations": []}
    at = timezone.now()
    return {
        "acting": SimpleLazyObject(lambda: acting(person=user, chosen=request.session.get(SESSION_KEY), at=at)),
        "roles": SimpleLazyObject(lambda: roles(person=user, at=at)),
        "invitations": SimpleLazyObject(
            lambda: list(
                CollaboratorGrant.objects.open_at(at)
                .filter(person=user, confirmed_at__isnull=True)
                .select_related("account__owner")
            )
        ),
    }
