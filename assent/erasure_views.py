"""The administrator's pages of erasure: find a person by number, see what would go and what forbids it, confirm."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.appointing import holder_of
from accounts.authority import may_appoint
from accounts.errors import NoSuchPerson, NotAuthorised
from accounts.forms import ConfirmNumberForm
from accounts.models import Person
from assent.erasing import erase_person, look_before_erasing
from assent.forms import FindPersonForm
from evidence.errors import Refusal

ERASURES_LISTED = 50
FIELDS = {
    "account_qq": gettext_lazy("账户 QQ"),
    "actor_qq": gettext_lazy("操作 QQ"),
    "address": gettext_lazy("网络地址"),
    "auditor_qq": gettext_lazy("审计员 QQ"),
    "collaborator_qq": gettext_lazy("协作者 QQ"),
    "person_qq": gettext_lazy("所涉使用者的 QQ"),
    "qq_number": gettext_lazy("注册、开户的 QQ"),
    "reason": gettext_lazy("法律保全的理由"),
    "user_agent": gettext_lazy("浏览器"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find a person by number, by POST so that the number stands in no address; list the erasures so far."""
    if not may_appoint(person=request.user, at=timezone.now()):
        raise NotAuthorised
    form = FindPersonForm(request.POST or None)
    if form.is_valid():
        try:
            return redirect("assent:erase", holder_of(form.cleaned_data["qq_number"]).pk)
        except NoSuchPerson as refusal:
            form.add_error("qq_number", str(refusal))
    erased = Person.objects.filter(erased_at__isnull=False).order_by("-erased_at", "-pk")[:ERASURES_LISTED]
    return render(
        request, "assent/find_person.html", {"form": form, "erased": erased}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what would be erased and what forbids it; erase once the number is typed."""
    at = timezone.now()
    if not may_appoint(person=request.user, at=at):
        raise NotAuthorised
    person = get_object_or_404(Person, pk=pk)
    form = ConfirmNumberForm(request.POST or None, expected=person.qq_number)
    status = 200
    if form.is_valid():
        try:
            entry = erase_person(person=person, actor=request.user, at=at)
        except Refusal as refusal:
            status = refusal.status
        else:
            messages.success(request, _("已删除。日志记录：%(entry)s") % {"entry": entry.uid})
            return redirect("assent:find_person")
    prospect = look_before_erasing(person=person, actor=request.user, at=at)
    context = {
        "form": form,
        "person": person,
        "prospect": prospect,
        "values": [(FIELDS.get(field, field), count) for field, count in prospect.values.items()],
        "total": sum(prospect.values.values()),
    }
    return render(request, "assent/erase.html", context, status=422 if form.errors else status)
