"""Pages of assent: accept or decline, one's own acceptances, and what changed since one accepted."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.acting import SESSION_KEY, Acting, acting
from accounts.authority import may_act_for
from accounts.errors import NotAuthorised
from accounts.models import Account, Scope
from agreements.comparison_views import pair_context, pair_or_404
from agreements.models import Agreement
from assent.accept_page import tasks
from assent.accepting import Circumstances, accept, refuse
from assent.errors import NothingTicked, StaleText
from assent.forms import DecisionForm
from assent.models import Acceptance, AcceptanceLine, Refusal
from assent.standing import accepted_numbers, standing

ACCEPTANCES_PER_PAGE = 20


def circumstances(request: HttpRequest) -> Circumstances:
    """Return the network address and user agent of a request.

    The address is REMOTE_ADDR; with TRUSTED_PROXIES = n it is the n-th from the right in X-Forwarded-For, which our own
    proxies wrote: what stands left of it could be anybody's invention.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        address = hops[-settings.TRUSTED_PROXIES]
    return Circumstances(
        language=get_language() or "", address=address[:64], user_agent=request.META.get("HTTP_USER_AGENT", "")[:1000]
    )


def acting_now(request: HttpRequest, *, at: datetime) -> Acting | None:
    """Return for which account the reader acts."""
    return acting(person=request.user, chosen=request.session.get(SESSION_KEY), at=at)


def _show_tasks(
    request: HttpRequest, now: Acting | None, *, at: datetime, error: str = "", status: int = 200
) -> HttpResponse:
    """Show everything that the account still has to accept, with nothing ticked (invariant 9)."""
    stands = standing(account=now.account, actor=request.user, at=at) if now else None
    items = stands.outstanding + stands.upcoming if stands else []
    shown = [version for item in items for version in (item.version, item.accepted_before) if version]
    prefetch_related_objects(shown, "texts")
    shown_tasks = tasks(items, is_alone=len(items) == 1)
    context = {
        "now": now,
        "own_account": Account.objects.filter(owner=request.user).first(),
        "may_accept": bool(now)
        and may_act_for(actor=request.user, account=now.account, scope=Scope.ACCEPT_AGREEMENTS, at=at),
        "tasks": [task for task in shown_tasks if not task.item.announced],
        "upcoming": [task for task in shown_tasks if task.item.announced],
        "form_key": uuid.uuid4(),
        "early_key": uuid.uuid4(),
        "error": error,
    }
    return render(request, "assent/accept.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def accept_page(request: HttpRequest) -> HttpResponse:
    """Show what is to be accepted, and record what was ticked."""
    at = timezone.now()
    if request.method != "POST":
        return _show_tasks(request, acting_now(request, at=at), at=at)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show_tasks(
            request, acting_now(request, at=at), at=at, error=_("表单已损坏，请重新打开页面。"), status=400
        )
    account = Account.objects.filter(pk=form.cleaned_data["account"]).select_related("owner").first()
    if account is None:
        raise NotAuthorised
    try:
        acceptance = accept(
            account=account,
            actor=request.user,
            documents=form.cleaned_data["documents"],
            form_key=form.cleaned_data["form_key"],
            circumstances=circumstances(request),
            at=at,
        )
    except (NothingTicked, StaleText) as refusal:
        return _show_tasks(request, acting_now(request, at=at), at=at, error=str(refusal), status=refusal.status)
    messages.success(request, _("已记录同意。这是您的回执，请留存。"))
    return redirect(acceptance)


@require_http_methods(["GET", "HEAD", "POST"])
def decline_page(request: HttpRequest) -> HttpResponse:
    """State what follows from not accepting (6.1, 11.1), and record it when it is confirmed."""
    at = timezone.now()
    now = acting_now(request, at=at)
    form = DecisionForm(request.POST or None)
    if form.is_valid() and len(form.cleaned_data["documents"]) == 1:
        account = Account.objects.filter(pk=form.cleaned_data["account"]).select_related("owner").first()
        if account is None:
            raise NotAuthorised
        try:
            refuse(
                account=account,
                actor=request.user,
                document=form.cleaned_data["documents"][0],
                form_key=form.cleaned_data["form_key"],
                circumstances=circumstances(request),
                at=at,
            )
        except StaleText as refusal:
            return _show_tasks(request, now, at=at, error=str(refusal), status=refusal.status)
        messages.info(request, _("已记录您不同意。您仍可以随时改为同意。"))
        return redirect("assent:accept")
    if now is None:
        return redirect("assent:accept")
    stands = standing(account=now.account, actor=request.user, at=at)
    context = {
        "now": now,
        "tasks": tasks(stands.outstanding + stands.upcoming),
        "may_accept": may_act_for(actor=request.user, account=now.account, scope=Scope.ACCEPT_AGREEMENTS, at=at),
    }
    return render(request, "assent/decline.html", context, status=400 if request.method == "POST" else 200)


def _with_lines(acceptances: QuerySet[Acceptance]) -> QuerySet[Acceptance]:
    lines = AcceptanceLine.objects.select_related("version__agreement", "version__withdrawal", "text").defer(
        "text__text", "text__html"
    )
    return acceptances.select_related("entry", "account__owner", "actor", "grant").prefetch_related(
        Prefetch("lines", queryset=lines)
    )


@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """List what was accepted and refused for the account: all of it for the owner, their own acts for a collaborator.

    With `?closed`, or where there is no other, that is the account which the reader closed.
    """
    at = timezone.now()
    now = acting_now(request, at=at)
    acceptances, refusals = Acceptance.objects.none(), Refusal.objects.none()
    own_closed = Account.objects.filter(owner=request.user, closed_at__isnull=False).select_related("owner").first()
    closed = own_closed if now is None or "closed" in request.GET else None
    if closed or now:
        whose = {"account": closed or now.account}
        if not closed and now.capacity != "owner":
            whose["actor"] = request.user
        acceptances = _with_lines(Acceptance.objects.filter(**whose)).order_by("-pk")
        refusals = (
            Refusal.objects.filter(**whose).select_related("entry", "version__agreement", "actor").order_by("-pk")
        )
    page = Paginator(acceptances, ACCEPTANCES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "now": now,
        "own_closed": own_closed,
        "closed": closed,
        "page": page,
        "acceptances": page.object_list,
        "refusals": refusals,
    }
    return render(request, "assent/me.html", context)


@login_not_required
@never_cache
@require_safe
def since_accepted(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the changes since the version that the reader's account accepted; others are led to the newest revision.

    With `?old=` and `?new=`, lead to that pair.
    """
    at = timezone.now()
    agreement = get_object_or_404(Agreement, slug=slug)
    asked = [request.GET.get(name, "") for name in ("old", "new")]
    if all(number.isascii() and number.isdecimal() and number[0] != "0" and len(number) <= 6 for number in asked):
        return redirect("agreements:compare", slug, *map(int, asked))
    versions = agreement.versions.public().filter(published_at__lte=at).order_by("number")
    newest = versions.last()
    if newest is None:
        raise Http404
    now = acting_now(request, at=at) if request.user.is_authenticated else None
    accepted = accepted_numbers(agreement, account=now.account, actor=request.user) if now else set()
    before = max((number for number in accepted if number < newest.number), default=None)
    if before is None:
        return redirect("agreements:compare", slug, newest.predecessor_number or newest.number, newest.number)
    context = pair_context(request, pair_or_404(request, slug, before, newest.number))
    context |= {"now": now, "is_accepted": newest.number in accepted}
    return render(request, "assent/since.html", context)
