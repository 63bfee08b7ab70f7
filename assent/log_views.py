"""The page about the log, for anybody: what it is, its newest checkpoint, keys, timestamps, witnesses, and how to check it."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from evidence.checkpoint import parse
from evidence.health import PATIENCE, health, timestamp_sentence
from evidence.models import Checkpoint, LogKey


@login_not_required
@never_cache
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """Show how the log is, and the way to its data."""
    at = timezone.now()
    newest = Checkpoint.objects.prefetch_related("cosignatures").order_by("-number").first()
    now = health(at=at)
    context = {
        "checkpoint": newest,
        "head": parse(newest.note).head if newest else None,
        "keys": LogKey.objects.order_by("pk"),
        "health": now,
        "is_late": now.unsealed_for > PATIENCE,
        "timestamps": timestamp_sentence(now.timestamps),
        "site": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "assent/log.html", context)
