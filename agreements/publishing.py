"""publish_version(): Draft → Version, the only writer of versions and their texts; withdraw_version() takes back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authority import may_publish
from accounts.errors import NotAuthorised
from accounts.models import Person
from agreements.drafting import texts_state
from agreements.errors import (
    DraftPublished,
    EffectiveTooEarly,
    GoverningTextMissing,
    InForceAlready,
    NotAnAgreement,
    NothingChanged,
    StaleDraft,
    SummaryMissing,
    WithdrawnAlready,
)
from agreements.models import Agreement, Change, Draft, DraftText, Language, Version, VersionText, Withdrawal
from agreements.reading import canonical_or_refusal
from agreements.text.canonical import sha256, sm3
from agreements.text.clauses import parse
from agreements.text.rendering import render
from agreements.text.showing import first_unshown
from evidence.kinds import Kind
from evidence.log import append, not_before_the_log
from evidence.statements import timestamp

LONGEST_TITLE = VersionText._meta.get_field("title").max_length


def _text_of(draft_text: DraftText) -> VersionText:
    """Return the unsaved text of a version: canonical, parsed, rendered once and digested (invariant 4)."""
    text = canonical_or_refusal(draft_text.text)
    outline = parse(text)
    if not any(unit.kind == "clause" for unit in outline.units) or not outline.title:
        raise NotAnAgreement(_("文本缺少标题或编号条款。"))
    if unshown := first_unshown(text, outline):
        reason = _("文本中有读者看不到的内容：“%(words)s”。请删去，或者写成条款。")
        raise NotAnAgreement(reason % {"words": unshown[:80]})
    if len(outline.title) > LONGEST_TITLE:
        raise NotAnAgreement(_("标题超过 %(limit)s 个字。") % {"limit": LONGEST_TITLE})
    html = str(render(outline))
    return VersionText(
        language=draft_text.language,
        title=outline.title,
        text=text,
        text_sha256=sha256(text),
        text_sm3=sm3(text),
        html=html,
        html_sha256=sha256(html),
    )


def review_state(draft: Draft) -> str:
    """Return a token for what a publisher reviews: the texts of the draft and the version that they are compared with."""
    newest = draft.agreement.versions.public().order_by("number").last()
    return sha256(f"{texts_state(draft)} {newest.pk if newest else 0}")


@transaction.atomic
def publish_version(
    *,
    draft: Draft,
    effective_at: datetime | None,
    change: Change,
    summary_zh: str,
    summary_en: str,
    actor: Person,
    at: datetime,
    seen: str | None = None,
) -> Version:
    """Publish a draft as the next version of its agreement, with all its texts, and log it.

    `effective_at` None means at once. `seen` is the `review_state` of what the publisher read before deciding; None takes
    the draft as it stands. Drafts of one agreement are published one after the other. Raises NotAuthorised,
    DraftPublished, StaleDraft, GoverningTextMissing, NotAnAgreement, SummaryMissing (a revision says what changes),
    NothingChanged, EffectiveTooEarly.
    """
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    agreement = Agreement.objects.select_for_update().get(pk=draft.agreement_id)
    draft = Draft.objects.select_for_update().get(pk=draft.pk)
    if draft.is_published:
        raise DraftPublished
    if seen is not None and seen != review_state(draft):
        raise StaleDraft
    texts = [_text_of(text) for text in draft.texts.order_by("language")]
    if agreement.governing_language not in {text.language for text in texts}:
        raise GoverningTextMissing
    # The lock makes acceptances of these versions come wholly before or wholly after this publication.
    previous = agreement.versions.public().select_for_update(of=("self",)).order_by("-number").first()
    if previous is not None:
        if not (summary_zh.strip() and summary_en.strip()):
            raise SummaryMissing
        before = set(previous.texts.values_list("language", "text_sha256"))
        if before == {(text.language, text.text_sha256) for text in texts}:
            raise NothingChanged
    earliest = max(at, previous.effective_at) if previous else at
    # "At once" is now, under the lock: who accepted the previous version while we waited did so after `at`.
    effective_at = effective_at or (max(at, timezone.now()) if previous else at)
    if effective_at < earliest:
        raise EffectiveTooEarly(earliest=timezone.localtime(earliest).strftime("%Y-%m-%d %H:%M:%S (UTC%z)"))
    version = Version.objects.create(
        agreement=agreement,
        number=agreement.versions.count() + 1,
        draft=draft,
        governing_language=agreement.governing_language,
        change=change,
        summary_zh=summary_zh.strip(),
        summary_en=summary_en.strip(),
        published_at=at,
        published_by=actor,
        effective_at=effective_at,
    )
    for text in texts:
        text.version = version
        text.save()
    append(
        kind=Kind.VERSION_PUBLISHED,
        at=at,
        facts={
            "agreement": agreement.slug,
            "version": version.number,
            "change": version.change,
            "summary": {Language.CHINESE.value: version.summary_zh, Language.ENGLISH.value: version.summary_en},
            "governing_language": version.governing_language,
            "effective_at": timestamp(version.effective_at),
            "texts": [
                {"language": t.language, "sha256": t.text_sha256, "sm3": t.text_sm3, "html_sha256": t.html_sha256}
                for t in texts
            ],
            "actor": actor.pk,
            # What the rows of the agreement and the draft say for good, and the keys of all rows that this statement describes.
            "agreement_created_at": timestamp(agreement.created_at),
            "drafted_at": timestamp(draft.created_at),
            "drafted_by": draft.created_by_id,
            "rows": {
                "agreement": agreement.pk,
                "draft": draft.pk,
                "version": version.pk,
                "texts": {text.language: text.pk for text in texts},
            },
        },
        personal={"actor_qq": str(actor)},
    )
    return version


@transaction.atomic
def withdraw_version(*, version: Version, actor: Person, at: datetime) -> Withdrawal:
    """Take an announced version back before it takes effect, and log it. Raises NotAuthorised, InForceAlready,
    WithdrawnAlready.
    """
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    Agreement.objects.select_for_update().get(pk=version.agreement_id)
    Version.objects.select_for_update().get(pk=version.pk)
    at = not_before_the_log(at)
    if Withdrawal.objects.filter(version=version).exists():
        raise WithdrawnAlready
    if version.effective_at <= at:
        raise InForceAlready
    withdrawal = Withdrawal.objects.create(version=version, withdrawn_at=at, withdrawn_by=actor)
    append(
        kind=Kind.VERSION_WITHDRAWN,
        at=at,
        facts={
            "agreement": version.agreement.slug,
            "version": version.number,
            "actor": actor.pk,
            "rows": {"version": version.pk, "withdrawal": withdrawal.pk},
        },
        personal={"actor_qq": str(actor)},
    )
    return withdrawal
