"""The auditor's page of legal holds: list them, place one, lift one."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.appointing import holder_of
from accounts.authority import may_audit
from accounts.errors import NotAuthorised
from assent.errors import HoldLifted
from assent.forms import HoldForm, ReasonForm
from assent.legal_holds import lift_hold, place_hold
from assent.models import LegalHold
from evidence.errors import Refusal

HOLDS_PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def holds(request: HttpRequest) -> HttpResponse:
    """List the holds, the newest first, and place one."""
    at = timezone.now()
    if not may_audit(person=request.user, at=at):
        raise NotAuthorised
    form = HoldForm(request.POST or None)
    if form.is_valid():
        try:
            person = holder_of(form.cleaned_data["qq_number"])
            place_hold(person=person, reason=form.cleaned_data["reason"], actor=request.user, at=at)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("已对 QQ %(number)s 作法律保全。") % {"number": person})
            return redirect("assent:holds")
    found = LegalHold.objects.select_related("person", "placed_by", "lifted_by").prefetch_related(
        "placed_entry__disclosures", "lifted_entry__disclosures"
    )
    page = Paginator(found.order_by("-pk"), HOLDS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "assent/holds.html", {"form": form, "page": page}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why a hold is lifted, and lift it."""
    at = timezone.now()
    if not may_audit(person=request.user, at=at):
        raise NotAuthorised
    hold = get_object_or_404(LegalHold.objects.select_related("person", "placed_by", "placed_entry"), pk=pk)
    if hold.lifted_at is not None:
        raise HoldLifted
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        lift_hold(hold=hold, reason=form.cleaned_data["reason"], actor=request.user, at=at)
        messages.success(request, _("已解除对 QQ %(number)s 的法律保全。") % {"number": hold.person})
        return redirect("assent:holds")
    return render(request, "assent/lift_hold.html", {"form": form, "hold": hold}, status=422 if form.errors else 200)
