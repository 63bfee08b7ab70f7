"""What every page knows about the reader's standing: what waits for a decision."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.acting import SESSION_KEY, acting
from assent.standing import Standing, standing


def standing_of_reader(request: HttpRequest) -> dict[str, Any]:
    """Return `standing`: that of the account for which the reader acts, asked for when used; None without an account."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"standing": None}

    def ask() -> Standing | None:
        at = timezone.now()
        now = acting(person=user, chosen=request.session.get(SESSION_KEY), at=at)
        return standing(account=now.account, actor=user, at=at) if now else None

    return {"standing": SimpleLazyObject(ask)}
