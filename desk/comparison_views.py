"""The publisher's comparison of two files or pasted texts, before anything is published; nothing of them is stored."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agreements.comparison_page import Look, compare_texts
from agreements.comparison_views import Compared, body_context, text_file, word_file
from agreements.phrasing import language_of
from agreements.text.clauses import parse
from desk.forms import CompareForm
from desk.views import publishers_only


@require_http_methods(["GET", "HEAD", "POST"])
@publishers_only
def compare_page(request: HttpRequest) -> HttpResponse:
    """Ask for two texts, and show what differs or give it as a file."""
    form = CompareForm(request.POST or None, request.FILES or None)
    sources = form.read() if form.is_valid() else []
    if not sources:
        return render(request, "desk/compare.html", {"form": form}, status=422 if form.errors else 200)
    old, new = (source.markdown for source in sources)
    names = (_("旧文本"), _("新文本"))
    compared = Compared(parse(old), parse(new), compare_texts(old, new), names, language_of(parse(new)))
    match request.POST.get("download"):
        case "txt":
            return text_file(compared, name="comparison.txt")
        case "docx":
            return word_file(compared, name="comparison.docx", at=timezone.now())
    context = body_context(compared, Look.asked(request.POST), keep={}) | {
        "form": form,
        "buttons": "texts",
        "titles": [source.title for source in sources],
        "warnings": [
            (name, warning) for name, source in zip(names, sources, strict=True) for warning in source.warnings
        ],
    }
    return render(request, "desk/compare.html", context)
