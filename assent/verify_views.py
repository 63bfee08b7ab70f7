"""The page on which anybody checks a receipt or a pack, without signing in; the file is read in memory and kept nowhere."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from agreements.models import Language
from assent import verifier
from assent.checking import Checked, check_file
from assent.errors import FileTooLarge, NoFileChosen
from assent.models import Capacity
from evidence.errors import Refusal
from evidence.kinds import Kind

# Bytes of a request. Larger files Django would write to a disk; the handler below does not take them.
LARGEST = settings.FILE_UPLOAD_MAX_MEMORY_SIZE


@login_not_required
@never_cache
@csrf_exempt  # only until the body may be read: `_verify` asks for the token
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Offer the form, and check what it sends."""
    if request.method != "POST":
        return render(request, "assent/verify.html")
    if _length(request) > LARGEST:
        return _refused(request, FileTooLarge(limit=LARGEST // 1024 // 1024))
    request.upload_handlers = [MemoryFileUploadHandler(request)]
    return _verify(request)


def _length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


@csrf_protect
def _verify(request: HttpRequest) -> HttpResponse:
    files = request.FILES.getlist("file")
    if len(files) != 1:
        return _refused(request, NoFileChosen())
    try:
        checked = check_file(files[0].read())
    except FileTooLarge as refusal:
        return _refused(request, refusal)
    report, language = checked.report, get_language() or ""
    said = [
        (finding.holds, verifier.sentence(finding, language)) for finding in report.findings if finding.code != "key"
    ]
    context = {
        "checked": checked,
        "report": report,
        "good": [sentence for holds, sentence in said if holds],
        "bad": [sentence for holds, sentence in said if holds is False],
        "open": [sentence for holds, sentence in said if holds is None],
        "act": _act(checked) if report.format == "receipt" and report.facts else None,
    }
    return render(request, "assent/verify.html", context, status=200 if report.is_readable else 422)


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    return render(request, "assent/verify.html", {"error": str(refusal)}, status=refusal.status)


def _act(checked: Checked) -> dict[str, Any]:
    """Return who did what for whom and when, as the statement of a receipt has it, with our words for its codes."""
    told = checked.report.facts
    statement = told["statement"]
    facts = statement["facts"]
    return {
        "kind": dict(Kind.choices).get(statement["kind"], statement["kind"]),
        "at": _moment(statement["at"]),
        "at_written": statement["at"],
        "capacity": dict(Capacity.choices).get(str(facts.get("capacity")), facts.get("capacity")),
        "facts": facts,
        "documents": [
            {**document, "language_name": dict(Language.choices).get(str(document.get("language")), "")}
            for document in told["documents"]
        ],
    }


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None


@login_not_required
@cache_control(public=True, max_age=3600)
@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """Download the stand-alone verifier, the very file that this portal checks with."""
    with open(verifier.__file__, "rb") as file:
        content = file.read()
    headers = {"Content-Disposition": 'attachment; filename="verify.py"'}
    return HttpResponse(content, content_type="text/x-python; charset=utf-8", headers=headers)
