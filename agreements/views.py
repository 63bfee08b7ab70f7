"""Reading pages, open to everyone: what is in force, every version, any day, search and downloads."""

from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from agreements.listing import list_agreements, list_versions
from agreements.models import Agreement, Language, Version, VersionText
from agreements.searching import search_clauses
from agreements.text.clauses import parse
from agreements.text.rendering import SafeHtml, contents, plain

HITS_PER_PAGE = 30


def version_or_404(slug: str, number: int) -> Version:
    """Return a version, whatever its state, with all that a page asks of it."""
    versions = Version.objects.select_related("agreement", "withdrawal").prefetch_related("texts")
    return get_object_or_404(versions, agreement__slug=slug, number=number)


def chosen_text(request: HttpRequest, version: Version) -> VersionText:
    """Return the text in the language of `?text=`, or of the page, or the governing one."""
    wished = request.GET.get("text")
    return version.text_in(wished if wished in Language.values else None)


def reading_context(request: HttpRequest, version: Version, *, at: datetime) -> dict:
    """Return what the reading page shows of a version at `at`."""
    text = chosen_text(request, version)
    outline = parse(text.text)
    current = Version.objects.in_force(at=at).filter(agreement=version.agreement).first()
    successor = version.successors(at=at).first()
    slug = version.agreement.slug
    state = version.state_beside(current, at=at)
    announced = Version.objects.announced(at=at).filter(agreement=version.agreement, number__gt=version.number)
    if current and current.number > version.number:
        compare_url = reverse("agreements:compare", args=[slug, version.number, current.number])
    else:
        compare_url = version.compare_url
    return {
        "agreement": version.agreement,
        "version": version,
        "text": text,
        "texts": version.texts.all(),
        "body": SafeHtml(text.html),
        "contents": contents(outline),
        "emphasised_count": sum(unit.emphasised and not unit.heading for unit in outline.units),
        "state": state,
        "current": current,
        "announced": announced.order_by("number").first() if state == "in_force" else None,
        "superseded_at": successor.effective_at if successor else None,
        "compare_url": compare_url,
        "download_md": f"{reverse('agreements:download_md', args=[slug, version.number])}?text={text.language}",
        "download_txt": f"{reverse('agreements:download_txt', args=[slug, version.number])}?text={text.language}",
    }


@login_not_required
@require_safe
def agreement_list(request: HttpRequest) -> HttpResponse:
    """List every agreement that has a public version."""
    rows = [listed for listed in list_agreements(at=timezone.now()) if listed.is_public]
    return render(request, "agreements/list.html", {"rows": rows})


@login_not_required
@require_safe
def current(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the version in force; before the first one takes effect, the announced one."""
    now = timezone.now()
    versions = Version.objects.filter(agreement__slug=slug).select_related("agreement").prefetch_related("texts")
    version = versions.in_force(at=now).first() or versions.announced(at=now).order_by("number").first()
    if version is None:
        raise Http404
    return render(request, "agreements/version.html", reading_context(request, version, at=now) | {"pinned": False})


@login_not_required
@require_safe
def version_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Show one version, whatever its state, and say what it is."""
    context = reading_context(request, version_or_404(slug, number), at=timezone.now())
    return render(request, "agreements/version.html", context | {"pinned": True})


@login_not_required
@require_safe
def versions(request: HttpRequest, slug: str) -> HttpResponse:
    """List the versions of an agreement, the newest first."""
    agreement = get_object_or_404(Agreement, slug=slug)
    rows = list_versions(agreement, at=timezone.now())
    if not rows:
        raise Http404
    return render(request, "agreements/versions.html", {"agreement": agreement, "rows": rows})


@login_not_required
@require_safe
def on_day(request: HttpRequest, slug: str, day: date) -> HttpResponse:
    """Show the text as it stood at the end of a day in the site's time zone, and say if it changed on that day."""
    agreement = get_object_or_404(Agreement.objects.filter(versions__isnull=False).distinct(), slug=slug)
    try:
        start, following = (
            timezone.make_aware(datetime.combine(first, time.min)).astimezone(UTC)
            for first in (day, day + timedelta(days=1))
        )
    except OverflowError:
        raise Http404 from None
    found = agreement.versions.select_related("agreement").prefetch_related("texts")
    version = found.in_force(at=following - timedelta(microseconds=1)).first()
    context: dict = {"agreement": agreement, "version": version}
    if version is not None:
        context |= reading_context(request, version, at=timezone.now())
    context |= {
        "day": day,
        "pinned": False,
        "changed_that_day": list(
            agreement.versions.public().filter(effective_at__gte=start, effective_at__lt=following).order_by("number")
        ),
    }
    return render(request, "agreements/on_day.html", context)


@login_not_required
@require_safe
def choose_day(request: HttpRequest, slug: str) -> HttpResponse:
    """Lead the form that asks for a day to that day's page."""
    try:
        day = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return redirect("agreements:versions", slug)
    return redirect("agreements:on_day", slug, day)


def _download(request: HttpRequest, slug: str, number: int, *, extension: str, content_type: str) -> HttpResponse:
    version = version_or_404(slug, number)
    text = chosen_text(request, version)
    body = text.text if extension == "md" else plain(parse(text.text))
    response = HttpResponse(body.encode(), content_type=f"{content_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-{number}.{text.language}.{extension}"'
    response["Content-Language"] = text.language
    return response


@login_not_required
@require_safe
def download_md(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give the canonical text, byte for byte: its SHA-256 is the version's digest."""
    return _download(request, slug, number, extension="md", content_type="text/markdown")


@login_not_required
@require_safe
def download_txt(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give the text without markup."""
    return _download(request, slug, number, extension="txt", content_type="text/plain")


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Search every clause of what is in force and announced."""
    query = request.GET.get("q", "").strip()[:200]
    hits = search_clauses(query=query, at=timezone.now())
    page = Paginator(hits, HITS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "agreements/search.html", {"query": query, "hits": page, "total": len(hits), "page": page})
