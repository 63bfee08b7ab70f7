"""A receipt as a page, as JSON that can be checked, and as PDF, for those who may see the act."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.authority import may_read_acts_of
from accounts.errors import NotAuthorised
from assent.errors import NotSealedYet
from assent.models import Acceptance, Refusal
from assent.receipt_pdf import pdf
from assent.receipt_words import certificate, file_name
from assent.receipts import receipt, texts_of


def _act_or_404(request: HttpRequest, uid: uuid.UUID) -> Acceptance | Refusal:
    """Return the act of this number. Raises Http404, and NotAuthorised for who may not see it."""
    for model in (Acceptance, Refusal):
        acts = model.objects.select_related("entry", "account__owner", "actor", "grant")
        act = acts.prefetch_related("entry__disclosures").filter(entry__uid=uid).first()
        if act is not None:
            if may_read_acts_of(person=request.user, account=act.account, actor=act.actor, at=timezone.now()):
                return act
            raise NotAuthorised
    raise Http404


def _site(request: HttpRequest) -> str:
    return request.build_absolute_uri("/")


@require_safe
def page(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Show the receipt; until its entry is sealed, in a second, it says that the proof is being made."""
    act = _act_or_404(request, uid)
    texts = texts_of(act)
    try:
        made = receipt(act, texts=texts)
    except NotSealedYet:
        made = None
    said = certificate(act, texts=texts, receipt=made, site=_site(request), at=timezone.now())
    context = {
        "act": act,
        "is_acceptance": isinstance(act, Acceptance),
        "certificate": said,
        "documents": list(zip(said.documents, texts, strict=True)),
        "receipt": made,
        "statement": bytes(act.entry.statement).decode(),
    }
    return render(request, "assent/receipt.html", context)


@require_safe
def as_json(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Download the receipt for machines."""
    act = _act_or_404(request, uid)
    text = receipt(act, texts=texts_of(act)).text()
    return _download(text, "application/json", file_name(act, "json"))


@require_safe
def as_pdf(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Download the receipt for people, in the language of the page, with the JSON attached."""
    act = _act_or_404(request, uid)
    texts = texts_of(act)
    said = certificate(act, texts=texts, receipt=receipt(act, texts=texts), site=_site(request), at=timezone.now())
    return _download(pdf(said), "application/pdf", file_name(act, "pdf"))


def _download(content: str | bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
