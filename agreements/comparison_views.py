"""Comparisons of any two versions, open to everyone: the page, JSON, plain text, and Word with tracked changes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from agreements.comparing_versions import comparison_of
from agreements.comparison_map import draw_map
from agreements.comparison_page import Look, controls, listed_rows, page_rows, tally
from agreements.comparison_text import as_text
from agreements.models import Version, VersionText
from agreements.text.clauses import Outline, parse
from agreements.text.comparing import Comparison
from agreements.text.front_matter import front_changes
from agreements.text.tracked import tracked_changes
from agreements.views import chosen_text, version_or_404


@dataclass(frozen=True, slots=True)
class Compared:
    """Two texts in one language, what they are called, and their comparison."""

    old: Outline
    new: Outline
    comparison: Comparison
    names: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of an agreement, and the text of either in one language."""

    old: Version
    new: Version
    old_text: VersionText
    new_text: VersionText

    def compared(self, *names: str) -> "Compared":
        old, new = parse(self.old_text.text), parse(self.new_text.text)
        return Compared(old, new, comparison_of(self.old_text, self.new_text), names, self.new_text.language)

    def address(self, name: str) -> str:
        return reverse(name, args=[self.new.agreement.slug, self.old.number, self.new.number])


def pair_or_404(request: HttpRequest, slug: str, old: int, new: int) -> Pair:
    """Return both versions and their texts: in the chosen language if both have it, or in the governing one."""
    first, second = version_or_404(slug, old), version_or_404(slug, new)
    text = chosen_text(request, second)
    if text.language not in {other.language for other in first.texts.all()}:
        text = second.text_in(second.governing_language)
    return Pair(first, second, first.text_in(text.language), text)


def body_context(compared: Compared, look: Look, *, keep: Mapping[str, str]) -> dict:
    """Return what `agreements/_comparison.html` shows of a comparison."""
    comparison = compared.comparison
    counts = tally(comparison)
    look = replace(look, kinds=tuple(one.kind for one in counts if one.kind in look.kinds))
    rows = page_rows(comparison, look)
    return {
        "names": compared.names,
        "language": compared.language,
        "front": list(front_changes(compared.old, compared.new)),
        "look": look,
        "rows": rows,
        "listed": listed_rows(rows, look),
        "map": draw_map(rows),
        "controls": controls(comparison, look, keep=keep),
        "tally": counts,
        "has_parts": any(row.whole is not None for row in comparison.rows),
        "is_changed": any(row.changed for row in comparison.rows),
    }


def pair_context(request: HttpRequest, pair: Pair) -> dict:
    """Return what the comparison page shows of two versions."""
    keep = {"text": pair.new_text.language} if "text" in request.GET else {}
    compared = pair.compared(version_name(pair.old), version_name(pair.new))
    agreement = pair.new.agreement
    return body_context(compared, Look.asked(request.GET), keep=keep) | {
        "agreement": agreement,
        "old": pair.old,
        "new": pair.new,
        "choices": Version.objects.filter(agreement=agreement).order_by("-number"),
        "digests": [pair.old_text.text_sha256, pair.new_text.text_sha256],
        "pinned_url": pair.address("agreements:compare"),
        "address": request.build_absolute_uri(pair.address("agreements:compare")),
        "forward_url": reverse("agreements:compare", args=[agreement.slug, pair.new.number, pair.old.number]),
        "downloads": {
            name: f"{pair.address(f'agreements:compare_{name}')}?text={pair.new_text.language}"
            for name in ("docx", "txt", "json")
        },
    }


def version_name(version: Version) -> str:
    """Return what a text is called beside the other; one that was withdrawn is never shown without saying so."""
    if hasattr(version, "withdrawal"):
        return _("第 %(number)s 版（已撤回）") % {"number": version.number}
    return _("第 %(number)s 版") % {"number": version.number}


@login_not_required
@require_safe
def compare_page(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponse:
    """Show what changed between any two versions, clause by clause."""
    return render(request, "agreements/compare.html", pair_context(request, pair_or_404(request, slug, old, new)))


@login_not_required
@require_safe
def compare_json(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponse:
    """Give the comparison as JSON."""
    pair = pair_or_404(request, slug, old, new)
    comparison = comparison_of(pair.old_text, pair.new_text)
    return JsonResponse(comparison.as_json(), json_dumps_params={"ensure_ascii": False})


@login_not_required
@require_safe
def compare_txt(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponse:
    """Give the comparison as plain text, for an e-mail."""
    pair = pair_or_404(request, slug, old, new)
    url = request.build_absolute_uri(pair.address("agreements:compare"))
    return text_file(pair.compared(_dated(pair.old), _dated(pair.new)), url=url)


@login_not_required
@require_safe
def compare_docx(request: HttpRequest, slug: str, old: int, new: int) -> HttpResponse:
    """Give the comparison as a Word document with tracked changes, made at the publication of the newer text."""
    pair = pair_or_404(request, slug, old, new)
    at = max(pair.old.published_at, pair.new.published_at)
    name = f"{slug}-{old}...{new}.{pair.new_text.language}.docx"
    return word_file(pair.compared(version_name(pair.old), version_name(pair.new)), name=name, at=at)


def text_file(compared: Compared, *, name: str = "", url: str = "") -> HttpResponse:
    """Return a comparison as plain text: to be read at once, or kept under a name."""
    text = as_text(
        compared.comparison,
        title=compared.new.title or compared.old.title,
        sides=compared.names,
        front=front_changes(compared.old, compared.new),
        url=url,
    )
    return _file(text.encode(), "text/plain; charset=utf-8", name)


def word_file(compared: Compared, *, name: str, at: datetime) -> HttpResponse:
    """Return a comparison as a Word document whose changes were made at `at`."""
    document = tracked_changes(
        compared.old,
        compared.new,
        compared.comparison,
        names=compared.names,
        author=_("契阅"),
        at=at,
        language=compared.language,
    )
    return _file(document, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", name)


def _file(data: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    if name:
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _dated(version: Version) -> str:
    """Return what an e-mail says of a version: its number, and since when it is in force."""
    if hasattr(version, "withdrawal"):
        return version_name(version)
    day = date_format(timezone.localtime(version.effective_at), _("Y年n月j日"))
    return _("第 %(number)s 版（%(day)s生效）") % {"number": version.number, "day": day}
