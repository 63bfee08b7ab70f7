"""The log as tools use it: the newest checkpoint, the tiles of the tree, the public keys, and where witnesses cosign."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from evidence.cosigning import receive_cosignatures
from evidence.errors import MalformedCosignatures, Refusal
from evidence.models import Checkpoint, LogKey, Tile
from evidence.tiles import HASH, parse_path

PLAIN = "text/plain; charset=utf-8"
# How long a note that is sent to us may be, in bytes.
LONGEST_NOTE = 16 * 1024


@login_not_required
@never_cache
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Answer the newest checkpoint with its cosignatures (C2SP tlog-tiles); 404 while there is none."""
    newest = Checkpoint.objects.prefetch_related("cosignatures").order_by("-number").first()
    if newest is None:
        raise Http404
    return HttpResponse(newest.cosigned_note(), content_type=PLAIN)


@login_not_required
@cache_control(public=True, max_age=365 * 24 * 60 * 60, immutable=True)
@require_safe
def tile(request: HttpRequest, path: str) -> HttpResponse:
    """Answer a tile of hashes, whole or as it was when it held so many (C2SP tlog-tiles)."""
    try:
        level, index, width = parse_path(path)
    except ValueError:
        raise Http404 from None
    stored = Tile.objects.filter(level=level, index=index).first()
    if stored is None or len(stored.hashes) < width * HASH:
        raise Http404
    return HttpResponse(bytes(stored.hashes)[: width * HASH], content_type="application/octet-stream")


@login_not_required
@never_cache
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Answer every public key that signs checkpoints or did, a line each, the oldest first."""
    lines = LogKey.objects.order_by("pk").values_list("verifier_key", flat=True)
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=PLAIN)


@csrf_exempt
@login_not_required
@never_cache
@require_POST
def cosignatures(request: HttpRequest) -> HttpResponse:
    """Take a checkpoint with the signature lines of witnesses; answer the lines that are kept of those witnesses.

    404 for a checkpoint that is not ours, 403 unless every line of a known witness is good and there is one, 400, 411, 413
    and 415 for what is no such note; the reason is plain English, for tools.
    """
    length = request.headers.get("Content-Length", "")
    if not length.isascii() or not length.isdigit():
        return HttpResponse("A Content-Length is needed.\n", content_type=PLAIN, status=411)
    if int(length[:9]) > LONGEST_NOTE:
        return HttpResponse(f"At most {LONGEST_NOTE} bytes are read.\n", content_type=PLAIN, status=413)
    if request.content_type != "text/plain":
        return HttpResponse("The content has to be text/plain.\n", content_type=PLAIN, status=415)
    with translation.override("en"):
        try:
            kept = receive_cosignatures(text=_text_of(request), at=timezone.now())
        except Refusal as refusal:
            return HttpResponse(f"{refusal}\n", content_type=PLAIN, status=refusal.status)
    return HttpResponse("".join(cosignature.line for cosignature in kept), content_type=PLAIN)


def _text_of(request: HttpRequest) -> str:
    try:
        return request.body.decode()
    except UnicodeDecodeError:
        raise MalformedCosignatures from None
