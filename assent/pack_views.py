"""Pages of evidence packs: ask for one, see how far it is, and have its file; they are for who asked."""

import uuid

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authority import may_audit
from accounts.errors import NotAuthorised
from assent.forms import PackForm
from assent.models import PackRequest
from assent.pack_requests import KEPT, may_open, open_pack, request_pack
from assent.packing import Selection

SHOWN = 50
REQUESTS = PackRequest.objects.select_related("account__owner", "agreement", "acceptance__entry", "checkpoint")


@require_http_methods(["GET", "HEAD", "POST"])
def packs(request: HttpRequest) -> HttpResponse:
    """List the packs that the reader asked for, the newest first; a POST asks for one."""
    if "account_qq" in request.POST and not may_audit(person=request.user, at=timezone.now()):
        raise NotAuthorised  # Who has an account is nobody else's business.
    form = PackForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        selection = Selection(**form.cleaned_data["selection"])
        return redirect(request_pack(selection=selection, actor=request.user, at=timezone.now()))
    context = {"packs": REQUESTS.filter(asked_by=request.user)[:SHOWN], "days": KEPT.days, "form": form}
    return render(request, "assent/packs.html", context, status=422 if form.errors else 200)


def _pack_or_refusal(request: HttpRequest, uid: uuid.UUID) -> PackRequest:
    found = get_object_or_404(REQUESTS.select_related("asked_by", "acceptance__account", "acceptance__actor"), uid=uid)
    if not may_open(pack=found, person=request.user, at=timezone.now()):
        raise NotAuthorised
    return found


@require_safe
def pack(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Show how far a pack is; while it is being made the page asks again by itself."""
    found = _pack_or_refusal(request, uid)
    kept_until = found.finished_at + KEPT if found.finished_at else None
    context = {
        "pack": found,
        "kept_until": kept_until,
        "days": KEPT.days,
        "stamped": found.checkpoint.timestamps.filter(response__isnull=False).exists(),
    }
    return render(request, "assent/pack.html", context)


@require_safe
def pack_file(request: HttpRequest, uid: uuid.UUID) -> FileResponse:
    """Answer the file of a pack."""
    found = _pack_or_refusal(request, uid)
    file = open_pack(pack=found, person=request.user, at=timezone.now())
    return FileResponse(file, as_attachment=True, filename=f"qiyue-{uid}.zip", content_type="application/zip")
