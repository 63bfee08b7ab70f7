"""The auditor's pages: filter acceptances, open one with all its facts, export."""

import uuid

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.authority import may_audit
from accounts.errors import NotAuthorised
from assent.auditing import Query, export_csv, find, page_after
from assent.erasing import erased_by
from assent.forms import AuditForm, PackForm
from assent.models import Acceptance


def _query(form: AuditForm) -> Query:
    values = {name: value for name, value in form.cleaned_data.items() if value}
    if "agreement" in values:
        values["agreement"] = values["agreement"].slug
    return Query(**values)


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """List the acceptances that match, the newest first."""
    at = timezone.now()
    if not may_audit(person=request.user, at=at):
        raise NotAuthorised
    form = AuditForm(request.GET)
    rows, following = [], None
    if form.is_valid():
        before = request.GET.get("before", "")
        before = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
        rows, following = page_after(find(query=_query(form), person=request.user, at=at), before=before)
    asked = request.GET.copy()
    asked.pop("before", None)
    packs = PackForm(
        auto_id="pack_%s", initial={"account_qq": form.data.get("account"), "agreement": form.data.get("agreement")}
    )
    context = {"form": form, "rows": rows, "following": following, "asked": asked.urlencode(), "packs": packs}
    return render(request, "assent/audit.html", context, status=422 if form.errors else 200)


@require_safe
def record(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Show one acceptance with all its facts, the personal values among them."""
    if not may_audit(person=request.user, at=timezone.now()):
        raise NotAuthorised
    found = Acceptance.objects.select_related("entry", "account__owner", "actor", "grant").prefetch_related(
        "lines__version__agreement", "lines__version__withdrawal", "entry__disclosures"
    )
    acceptance = get_object_or_404(found, entry__uid=uid)
    context = {
        "acceptance": acceptance,
        "personal": {d.field: d.value for d in acceptance.entry.disclosures.all()},
        "erasures": erased_by(acceptance.entry),
        "statement": bytes(acceptance.entry.statement).decode(),
        "leaf_hash": bytes(acceptance.entry.leaf_hash).hex(),
    }
    return render(request, "assent/record.html", context)


@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Export what matches as CSV; the export is itself logged, so it is asked for by POST."""
    at = timezone.now()
    if not may_audit(person=request.user, at=at):
        raise NotAuthorised
    form = AuditForm(request.POST)
    if not form.is_valid():
        return render(request, "assent/audit.html", {"form": form, "rows": []}, status=422)
    stream = export_csv(query=_query(form), person=request.user, at=at)
    response = StreamingHttpResponse(stream, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="acceptances-{at:%Y%m%dT%H%M%SZ}.csv"'
    return response
