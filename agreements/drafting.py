"""create_agreement(), start_draft() and save_draft(): the editable side of a text."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.authority import may_publish
from accounts.errors import NotAuthorised
from accounts.models import Person
from agreements.errors import DraftPublished, SlugTaken, StaleDraft
from agreements.models import Agreement, Draft, DraftText, Language
from agreements.reading import canonical_or_refusal


@transaction.atomic
def create_agreement(
    *, slug: str, name_zh: str, name_en: str, governing_language: Language, binds: str, actor: Person, at: datetime
) -> Agreement:
    """Create an agreement without any text. Raises NotAuthorised, SlugTaken."""
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    try:
        with transaction.atomic():
            return Agreement.objects.create(
                slug=slug,
                name_zh=name_zh,
                name_en=name_en,
                governing_language=governing_language,
                binds=binds,
                created_at=at,
            )
    except IntegrityError:
        raise SlugTaken(slug=slug) from None


@transaction.atomic
def start_draft(*, agreement: Agreement, texts: Mapping[Language, str], actor: Person, at: datetime) -> Draft:
    """Start a draft with a text in one or more languages. Raises NotAuthorised, NotAnAgreement."""
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    draft = Draft.objects.create(agreement=agreement, created_by=actor, created_at=at)
    for language, text in texts.items():
        DraftText.objects.create(draft=draft, language=language, text=canonical_or_refusal(text))
    return draft


def texts_state(draft: Draft) -> str:
    """Return a token for the texts of a draft as they stand, for `save_draft` to notice a colleague's edit."""
    parts = [f"{text.language}\0{text.text}" for text in draft.texts.order_by("language")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@transaction.atomic
def save_draft(*, draft: Draft, texts: Mapping[Language, str], seen: str, actor: Person, at: datetime) -> Draft:
    """Save the texts of a draft; an empty text removes its language.

    `seen` is the `texts_state` that the editor started from. Raises NotAuthorised, DraftPublished, StaleDraft, NotAnAgreement.
    """
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.is_published:
        raise DraftPublished
    if texts_state(draft) != seen:
        raise StaleDraft
    for language, text in texts.items():
        current = draft.texts.filter(language=language).first()
        text = canonical_or_refusal(text)
        if not text.strip():
            if current:
                current.delete()
        elif current is None:
            DraftText.objects.create(draft=draft, language=language, text=text)
        elif current.text != text:
            current.text = text
            current.save()
    return draft
