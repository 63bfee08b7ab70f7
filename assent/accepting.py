"""accept(), the only writer of Acceptance, and refuse(), the only writer of Refusal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.authority import Authority, authority_for
from accounts.models import Account, Person, Scope
from agreements.holding import hold_versions
from agreements.models import Version, VersionText
from assent.errors import AlreadyAccepted, FormKeyReused, NoSuchVersion, NothingTicked, SameVersionTwice, StaleText
from assent.models import Acceptance, AcceptanceLine, Basis, Identity, Refusal
from assent.standing import counting
from evidence.kinds import Kind
from evidence.log import append


@dataclass(frozen=True, slots=True)
class Shown:
    """One document as the page showed it: the version's number, the language, and both digests of that very text."""

    slug: str
    number: int
    language: str
    text_sha256: str
    html_sha256: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds an act: the page's language, the network address and the user agent of the request."""

    language: str
    address: str
    user_agent: str


def _open_texts(documents: Sequence[Shown], *, at: datetime) -> list[VersionText]:
    """Return the stored texts that are exactly what was shown, of versions in force or announced at `at` (invariant 2).

    The versions are held first, so that none is withdrawn or superseded before the transaction ends. Raises
    NoSuchVersion, and StaleText for another text, a superseded or a withdrawn version.
    """
    texts = []
    for shown in documents:
        version = Version.objects.filter(agreement__slug=shown.slug, number=shown.number).first()
        if version is None:
            raise NoSuchVersion
        text = version.texts.filter(language=shown.language).select_related("version__agreement").first()
        if text is None or (text.text_sha256, text.html_sha256) != (shown.text_sha256, shown.html_sha256):
            raise StaleText
        texts.append(text)
    wanted = {text.version_id for text in texts}
    hold_versions(wanted)
    if Version.objects.open_at(at=at).filter(pk__in=wanted).count() != len(wanted):
        raise StaleText
    return texts


def _statement_facts(
    authority: Authority, texts: Sequence[VersionText], form_key: UUID, circumstances: Circumstances
) -> dict:
    return {
        "account": authority.account.pk,
        "actor": authority.actor.pk,
        "capacity": authority.capacity,
        "grant": authority.grant.pk if authority.grant else None,
        "identity": Identity.STATED.value,
        "page_language": circumstances.language,
        "form_key": str(form_key),
        "documents": [
            {
                "agreement": text.version.agreement.slug,
                "version": text.version.number,
                "language": text.language,
                "text_sha256": text.text_sha256,
                "text_sm3": text.text_sm3,
                "html_sha256": text.html_sha256,
            }
            for text in texts
        ],
    }


def _personal(authority: Authority, circumstances: Circumstances) -> dict[str, str]:
    return {
        "account_qq": authority.account.qq_number,
        "actor_qq": str(authority.actor),
        "address": circumstances.address,
        "user_agent": circumstances.user_agent,
    }


def _same_act(earlier: Acceptance, *, account: Account, actor: Person, documents: Sequence[Shown]) -> bool:
    """Was the earlier acceptance the answer to this very form?"""
    lines = earlier.lines.values_list(
        "version__agreement__slug", "version__number", "language", "text_sha256", "html_sha256"
    )
    shown = {(d.slug, d.number, d.language, d.text_sha256, d.html_sha256) for d in documents}
    return earlier.account_id == account.pk and earlier.actor_id == actor.pk and set(lines) == shown


def accept(
    *,
    account: Account,
    actor: Person,
    documents: Sequence[Shown],
    form_key: UUID,
    circumstances: Circumstances,
    at: datetime,
) -> Acceptance:
    """Record that `actor` expressly accepts the shown documents on behalf of `account` (2.1.6, 11.1).

    One transaction writes the acceptance, a line per document and the log entry, or nothing. The same form sent twice,
    even at once, returns the first acceptance. Raises NotAuthorised, NothingTicked, SameVersionTwice,
    NoSuchVersion, StaleText, FormKeyReused.
    """
    if not documents:
        raise NothingTicked
    if len({(document.slug, document.number) for document in documents}) != len(documents):
        raise SameVersionTwice
    earlier = Acceptance.objects.filter(form_key=form_key).first()
    if earlier is None:
        try:
            return _write_acceptance(account, actor, documents, form_key, circumstances, at)
        except IntegrityError:  # The other click of a double click was first.
            earlier = Acceptance.objects.filter(form_key=form_key).first()
            if earlier is None:
                raise
    if not _same_act(earlier, account=account, actor=actor, documents=documents):
        raise FormKeyReused
    return earlier


@transaction.atomic
def _write_acceptance(
    account: Account,
    actor: Person,
    documents: Sequence[Shown],
    form_key: UUID,
    circumstances: Circumstances,
    at: datetime,
) -> Acceptance:
    authority = authority_for(actor=actor, account=account, scope=Scope.ACCEPT_AGREEMENTS, at=at, lock=True)
    texts = _open_texts(documents, at=at)
    entry = append(
        kind=Kind.ACCEPTED_EXPRESS,
        at=at,
        facts=_statement_facts(authority, texts, form_key, circumstances),
        personal=_personal(authority, circumstances),
    )
    acceptance = Acceptance.objects.create(
        entry=entry,
        account=account,
        actor=actor,
        capacity=authority.capacity,
        grant=authority.grant,
        identity=Identity.STATED,
        basis=Basis.EXPRESS,
        accepted_at=at,
        form_key=form_key,
    )
    AcceptanceLine.objects.bulk_create(
        AcceptanceLine(
            acceptance=acceptance,
            version=text.version,
            text=text,
            language=text.language,
            text_sha256=text.text_sha256,
            html_sha256=text.html_sha256,
        )
        for text in texts
    )
    return acceptance


def refuse(
    *, account: Account, actor: Person, document: Shown, form_key: UUID, circumstances: Circumstances, at: datetime
) -> Refusal:
    """Record that `actor` does not accept the shown document on behalf of `account` (6.1, 11.1).

    The same form sent twice returns the first refusal. Raises NotAuthorised, NoSuchVersion, StaleText, AlreadyAccepted,
    FormKeyReused.
    """
    earlier = Refusal.objects.filter(form_key=form_key).first()
    if earlier is None:
        try:
            return _write_refusal(account, actor, document, form_key, circumstances, at)
        except IntegrityError:
            earlier = Refusal.objects.filter(form_key=form_key).first()
            if earlier is None:
                raise
    version = earlier.version
    before = (earlier.account_id, earlier.actor_id, version.agreement.slug, version.number, earlier.text_sha256)
    if before != (account.pk, actor.pk, document.slug, document.number, document.text_sha256):
        raise FormKeyReused
    return earlier


@transaction.atomic
def _write_refusal(
    account: Account, actor: Person, document: Shown, form_key: UUID, circumstances: Circumstances, at: datetime
) -> Refusal:
    authority = authority_for(actor=actor, account=account, scope=Scope.ACCEPT_AGREEMENTS, at=at, lock=True)
    [text] = _open_texts([document], at=at)
    if counting(account=account, actor=actor).filter(version=text.version).exists():
        raise AlreadyAccepted
    entry = append(
        kind=Kind.REFUSED,
        at=at,
        facts=_statement_facts(authority, [text], form_key, circumstances),
        personal=_personal(authority, circumstances),
    )
    return Refusal.objects.create(
        entry=entry,
        account=account,
        actor=actor,
        capacity=authority.capacity,
        grant=authority.grant,
        identity=Identity.STATED,
        version=text.version,
        text_sha256=text.text_sha256,
        refused_at=at,
        form_key=form_key,
    )
