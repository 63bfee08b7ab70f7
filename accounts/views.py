"""Pages of people: joining, acting for an account, collaborators, roles and forgotten passwords."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.acting import SESSION_KEY
from accounts.appointing import end_role, give_role, issue_reset_link, person_by_number
from accounts.authority import may_appoint
from accounts.closing import close_account
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import AccountClosed, NotAuthorised, RoleNotHeld
from accounts.forms import ConfirmNumberForm, InviteForm, ResetForm, RoleForm, SignUpForm
from accounts.joining import open_account, sign_up
from accounts.models import Account, CollaboratorGrant, Role, RoleHolding
from accounts.resetting import send_reset_letter
from evidence.errors import Refusal


def next_url(request: HttpRequest, default: str) -> str:
    """Return where the form asks to go next if that is a page of ours, or else `default`."""
    wished = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wished, {request.get_host()}, require_https=request.is_secure())
    # A bare word is the name of a view to redirect(); only a path may go there.
    return wished if safe and wished.startswith("/") else default


@login_not_required
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_page(request: HttpRequest) -> HttpResponse:
    """Let a QQ number join, and sign it in."""
    form = SignUpForm(request.POST or None)
    if form.is_valid():
        try:
            person = sign_up(
                qq_number=form.cleaned_data["qq_number"],
                password=form.cleaned_data["password"],
                with_account=form.cleaned_data["purpose"] == SignUpForm.WITH_ACCOUNT,
                at=timezone.now(),
            )
        except ValidationError as weak:
            form.add_error("password", weak)
        except Refusal as refusal:
            form.add_error("qq_number", str(refusal))
        else:
            login(request, person)
            return redirect(next_url(request, reverse("assent:accept")))
    return render(
        request,
        "accounts/sign_up.html",
        {"form": form, "next": next_url(request, "")},
        status=422 if form.errors else 200,
    )


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, for whom they may act, and what waits for them."""
    return render(request, "accounts/profile.html", {"own_account": Account.objects.filter(owner=request.user).first()})


@require_POST
def open_account_page(request: HttpRequest) -> HttpResponse:
    """Open the reader's own developer account."""
    account = open_account(owner=request.user, at=timezone.now())
    request.session[SESSION_KEY] = account.pk
    messages.success(request, _("已开通开发者账户 %(number)s。") % {"number": account.qq_number})
    return redirect("assent:accept")


@require_http_methods(["GET", "HEAD", "POST"])
def close_account_page(request: HttpRequest) -> HttpResponse:
    """Say what follows from closing the reader's account, and close it once its number is typed."""
    account = Account.objects.filter(owner=request.user).select_related("owner").first()
    if account is None:
        raise NotAuthorised
    if account.closed_at is not None:
        raise AccountClosed(qq_number=account)
    form = ConfirmNumberForm(request.POST or None, expected=account.qq_number)
    if form.is_valid():
        close_account(account=account, actor=request.user, at=timezone.now())
        messages.success(request, _("开发者账户 %(number)s 已经注销。") % {"number": account.qq_number})
        return redirect("accounts:profile")
    open_grants = account.grants.filter(ended_at__isnull=True).select_related("person").order_by("pk")
    context = {"form": form, "account": account, "grants": open_grants}
    return render(request, "accounts/close_account.html", context, status=422 if form.errors else 200)


@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Remember for which account the reader wants to act; each act asks for its authority again."""
    chosen = request.POST.get("account", "")
    if chosen.isascii() and chosen.isdecimal() and len(chosen) < 19:
        request.session[SESSION_KEY] = int(chosen)
    return redirect(next_url(request, reverse("home")))


@require_http_methods(["GET", "HEAD", "POST"])
def collaborators(request: HttpRequest) -> HttpResponse:
    """Show the owner's grants and let the owner invite a number; show every reader the grants made to them."""
    account = Account.objects.filter(owner=request.user).first()
    form = InviteForm(request.POST or None)
    if request.method == "POST" and account is None:
        raise NotAuthorised
    if form.is_valid():
        try:
            made = grant(account=account, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("已邀请 QQ %(number)s。该号码登录并确认后，授权生效。") % {"number": made.person}
            )
            return redirect("accounts:collaborators")
    grants = CollaboratorGrant.objects.select_related("person", "account__owner", "ended_by").order_by("-pk")
    context = {
        "form": form,
        "account": account,
        "grants": grants.filter(account=account) if account else grants.none(),
        "received": grants.filter(person=request.user),
    }
    return render(request, "accounts/collaborators.html", context, status=422 if form.errors else 200)


@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the invited number confirm, and act for the account from then on."""
    made = confirm_grant(grant=get_object_or_404(CollaboratorGrant, pk=pk), actor=request.user, at=timezone.now())
    request.session[SESSION_KEY] = made.account_id
    messages.success(request, _("您现在是账户 %(number)s 的协作者。") % {"number": made.account.qq_number})
    return redirect(next_url(request, reverse("accounts:collaborators")))


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a grant."""
    end_grant(grant=get_object_or_404(CollaboratorGrant, pk=pk), actor=request.user, at=timezone.now())
    messages.success(request, _("授权已终止。此前的记录保持不变。"))
    return redirect("accounts:collaborators")


@require_http_methods(["GET", "HEAD", "POST"])
def roles_page(request: HttpRequest) -> HttpResponse:
    """Show who holds and held which role; let an administrator give one."""
    now = timezone.now()
    if not may_appoint(person=request.user, at=now):
        raise NotAuthorised
    form = RoleForm(request.POST or None)
    if form.is_valid():
        try:
            person = person_by_number(form.cleaned_data["qq_number"])
            give_role(person=person, role=form.cleaned_data["role"], actor=request.user, at=now)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("角色已授予。"))
            return redirect("accounts:roles")
    holdings = RoleHolding.objects.select_related("person", "given_by", "ended_by").order_by("-pk")
    context = {"form": form, "reset_form": ResetForm(), "holdings": holdings}
    return render(request, "accounts/roles.html", context, status=422 if form.errors else 200)


@require_POST
def end_role_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End the role that this holding gave; a page from before it ended does not end a later one."""
    holding = get_object_or_404(RoleHolding.objects.select_related("person"), pk=pk)
    if may_appoint(person=request.user, at=timezone.now()) and holding.ended_at is not None:
        raise RoleNotHeld
    end_role(person=holding.person, role=Role(holding.role), actor=request.user, at=timezone.now())
    messages.success(request, _("角色已收回。"))
    return redirect("accounts:roles")


@never_cache
@require_POST
def reset_link(request: HttpRequest) -> HttpResponse:
    """Show an administrator a one-time link by which a person sets a new password."""
    now = timezone.now()
    if not may_appoint(person=request.user, at=now):
        raise NotAuthorised
    form = ResetForm(request.POST)
    if not form.is_valid():
        return redirect("accounts:roles")
    person = person_by_number(form.cleaned_data["qq_number"])
    uid, token = issue_reset_link(person=person, actor=request.user, at=now)
    link = request.build_absolute_uri(reverse("accounts:set_password", args=[uid, token]))
    return render(request, "accounts/reset_link.html", {"person": person, "link": link})


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgot_password(request: HttpRequest) -> HttpResponse:
    """Send a reset link to NUMBER@qq.com; say the same whether the number has joined or not."""
    form = ResetForm(request.POST or None)
    sent = form.is_valid()
    if sent:
        send_reset_letter(
            qq_number=form.cleaned_data["qq_number"],
            link_for=lambda uid, token: request.build_absolute_uri(reverse("accounts:set_password", args=[uid, token])),
        )
    context = {"form": form, "sent": sent}
    return render(request, "accounts/forgot_password.html", context, status=422 if form.errors else 200)
