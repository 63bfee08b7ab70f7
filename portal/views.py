"""The home page, and the two addresses that tell a supervisor whether the portal lives and is ready."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from agreements.models import Version
from evidence import protection
from evidence.health import health


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 without looking at the body, which may be the very thing that cannot be read."""
    return HttpResponse(render_to_string("400.html"), status=400)


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the agreements in force and the revisions announced (E-Commerce Law 33, 34)."""
    now = timezone.now()
    versions = Version.objects.select_related("agreement")
    context = {
        "in_force": versions.in_force(at=now).order_by("agreement__slug"),
        "announced": versions.announced(at=now).with_predecessor_number().order_by("effective_at", "agreement__slug"),
    }
    return render(request, "portal/home.html", context)


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers, is migrated and has every trigger; 503 with what is missing otherwise.

    How the log is goes with it: what is wrong there is a warning, as the portal can go on meanwhile.
    """
    log = None
    try:
        executor = MigrationExecutor(connection)
        problems = [f"migration {m}" for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        problems += [f"trigger {name}" for name in protection.missing(connection)]
        if not problems:
            log = health(at=timezone.now())
    except DatabaseError:
        problems = ["database"]
    status = {
        "status": "not ready" if problems else "ready",
        "missing": problems,
        "warnings": log.warnings() if log else [],
        "log": log.as_json() if log else None,
    }
    return JsonResponse(status, status=503 if problems else 200)
