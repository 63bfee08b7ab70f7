"""The publisher's pages: agreements, drafts, and publishing a version."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.authority import may_publish
from accounts.errors import NotAuthorised
from agreements.comparison_page import changes_only, compare_texts, page_rows, tally
from agreements.drafting import create_agreement, save_draft, start_draft, texts_state
from agreements.errors import StaleDraft
from agreements.importing import import_source
from agreements.listing import list_agreements, list_versions
from agreements.models import Agreement, Draft, Language, Version
from agreements.publishing import publish_version, review_state, withdraw_version
from agreements.text.clauses import parse
from agreements.text.rendering import render as render_text
from desk.forms import AgreementForm, DraftForm, PublishForm, SourceForm
from evidence.errors import Refusal


def publishers_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show a page of the desk to publishers; the acts behind it ask again."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not may_publish(person=request.user, at=timezone.now()):
            raise NotAuthorised
        return view(request, *args, **kwargs)

    return wrapped


@require_safe
@publishers_only
def index(request: HttpRequest) -> HttpResponse:
    """List the agreements with what is in force, announced and being drafted."""
    drafts: dict[int, list[Draft]] = {}
    for draft in Draft.objects.filter(version__isnull=True):
        drafts.setdefault(draft.agreement_id, []).append(draft)
    rows = [(listed, drafts.get(listed.agreement.pk, [])) for listed in list_agreements(at=timezone.now())]
    return render(request, "desk/index.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def new_agreement(request: HttpRequest) -> HttpResponse:
    """Create an agreement; its first text is added on its page."""
    form = AgreementForm(request.POST or None)
    if form.is_valid():
        try:
            agreement = create_agreement(actor=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("slug", str(refusal))
        else:
            messages.success(request, _("协议已建立。现在添加它的文本。"))
            return redirect("desk:agreement", agreement.slug)
    return render(request, "desk/new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def agreement_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an agreement's drafts and versions; start a draft from an uploaded or pasted text."""
    now = timezone.now()
    agreement = get_object_or_404(Agreement, slug=slug)
    form = SourceForm(request.POST or None, request.FILES or None, initial={"language": agreement.governing_language})
    if form.is_valid():
        data, name = form.source()
        try:
            imported = import_source(
                data=data, name=name, slug=slug, language=form.cleaned_data["language"], actor=request.user, at=now
            )
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            for warning in imported.warnings:
                messages.warning(request, warning)
            messages.success(request, _("文本已读入草稿。请核对条款，然后公布。"))
            return redirect("desk:draft", imported.draft.pk)
    context = {
        "agreement": agreement,
        "form": form,
        "drafts": agreement.drafts.filter(version__isnull=True).select_related("created_by").prefetch_related("texts"),
        "versions": list_versions(agreement, at=now),
    }
    return render(request, "desk/agreement.html", context, status=422 if form.errors else 200)


@require_POST
@publishers_only
def new_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """Start a draft from the newest version's texts."""
    agreement = get_object_or_404(Agreement, slug=slug)
    newest = agreement.versions.public().order_by("number").last()
    texts = {Language(text.language): text.text for text in newest.texts.all()} if newest else {}
    draft = start_draft(agreement=agreement, texts=texts, actor=request.user, at=timezone.now())
    return redirect("desk:draft", draft.pk)


def _previews(draft: Draft) -> list[dict]:
    """Return for each text of a draft its outline, its rendering, and the changes to the newest version's text."""
    newest = draft.agreement.versions.public().order_by("number").last()
    previews = []
    for text in draft.texts.order_by("-language"):
        outline = parse(text.text)
        before = newest.texts.filter(language=text.language).first() if newest else None
        comparison = compare_texts(before.text, text.text) if before else None
        previews.append(
            {
                "text": text,
                "title": outline.title,
                "units": outline.units,
                "clauses": sum(unit.kind == "clause" for unit in outline.units),
                "emphasised": sum(unit.emphasised and not unit.heading for unit in outline.units),
                "body": render_text(outline),
                "newest": newest,
                "comparison": comparison,
                "is_changed": comparison is not None
                and any(row.kind != "unchanged" or row.flags for row in comparison.rows),
                "tally": tally(comparison) if comparison else [],
                "rows": changes_only(page_rows(comparison, prefix=f"{text.language}-")) if comparison else [],
            }
        )
    return previews


def _texts(draft: Draft) -> dict[str, str]:
    texts = {text.language: text.text for text in draft.texts.all()}
    return {"chinese": texts.get(Language.CHINESE, ""), "english": texts.get(Language.ENGLISH, "")}


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def edit_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Edit the texts of a draft beside their rendering; what somebody else saved in between is never overwritten."""
    now = timezone.now()
    draft = get_object_or_404(Draft.objects.select_related("agreement", "version"), pk=pk)
    form = DraftForm(request.POST or None, initial=_texts(draft) | {"seen": texts_state(draft)})
    stale: dict[str, str] = {}
    status = 422 if form.errors else 200
    if form.is_valid():
        try:
            save_draft(draft=draft, texts=form.texts, seen=form.cleaned_data["seen"], actor=request.user, at=now)
        except StaleDraft as refusal:
            form.add_error(None, str(refusal))
            form.data = {**form.data.dict(), "seen": texts_state(draft)}
            typed = {name: form.cleaned_data[name].replace("\r\n", "\n").strip() for name in ("chinese", "english")}
            stale = {name: text for name, text in _texts(draft).items() if text.strip() != typed[name]}
            status = refusal.status
        except Refusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
        else:
            messages.success(request, _("草稿已保存。"))
            return redirect("desk:publish" if "publish" in request.POST else "desk:draft", draft.pk)
    context = {"draft": draft, "form": form, "previews": _previews(draft), "stale": stale}
    return render(request, "desk/draft.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def publish_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a draft would change, and publish it."""
    now = timezone.now()
    draft = get_object_or_404(Draft.objects.select_related("agreement", "version"), pk=pk)
    status = None
    form = PublishForm(request.POST or None, initial={"seen": review_state(draft)})
    if form.is_valid():
        try:
            version = publish_version(draft=draft, actor=request.user, at=now, **form.cleaned_data)
        except StaleDraft as refusal:
            form.add_error(None, str(refusal))
            form.data = {**form.data.dict(), "seen": review_state(draft)}
            status = refusal.status
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("第 %(number)s 版已公布。") % {"number": version.number})
            return redirect(version)
    context = {"draft": draft, "form": form, "previews": _previews(draft)}
    return render(request, "desk/publish.html", context, status=status or (422 if form.errors else 200))


@require_POST
@publishers_only
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an announced version back."""
    version = get_object_or_404(Version.objects.select_related("agreement"), pk=pk)
    withdraw_version(version=version, actor=request.user, at=timezone.now())
    messages.success(request, _("第 %(number)s 版已撤回，不会生效。") % {"number": version.number})
    return redirect("desk:agreement", version.agreement.slug)
