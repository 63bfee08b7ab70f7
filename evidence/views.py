"""The log as tools read it: the newest checkpoint, the tiles of the tree and the public keys, as plain text and bytes."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from evidence.models import Checkpoint, LogKey, Tile
from evidence.tiles import HASH, parse_path

PLAIN = "text/plain; charset=utf-8"


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
