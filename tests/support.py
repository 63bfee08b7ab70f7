"""A short agreement of two languages and the acts upon it, with defaults, for tests that care about one thing at a time."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Account, Person
from agreements.drafting import create_agreement, start_draft
from agreements.models import Agreement, Binds, Change, Draft, Language, Version
from agreements.publishing import publish_version
from assent.accepting import Circumstances, Shown, accept
from assent.forms import document_value
from assent.models import Acceptance, AcceptanceLine, Refusal
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Disclosure, Entry

# 10:00 of a Monday in Shanghai; after the cast has joined.
MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
# 12:00 in Shanghai, a month later: where pages ask the clock, it stands here.
NOON = datetime(2026, 4, 1, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CIRCUMSTANCES = Circumstances(language="zh-hans", address="203.0.113.7", user_agent="Firefox/140.0")
ZH, EN = Language.CHINESE, Language.ENGLISH


def chinese(words: str = "本协议适用于开发者。", *, title: str = "开发者测试协议") -> str:
    """A canonical text with six units besides its chapters; clause 1.1 has these words, 1.2 is emphasised."""
    return (
        f"# {title}\n\n## 导言\n\n请先通读全文。\n\n## 1. 总则\n\n1.1 {words}\n\n"
        "**1.2 开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。**\n\n"
        "## 2. 资费\n\n2.1 费用按月结算，包括：\n\n（1）服务费；\n\n（2）税费。\n"
    )


def english(words: str = "These terms apply to developers.", *, title: str = "Developer Test Agreement") -> str:
    """The same agreement in English."""
    return (
        f"# {title}\n\n## Preamble\n\nPlease read it all.\n\n## 1. General\n\n1.1 {words}\n\n"
        "**1.2 Developers keep their keys safe and bear the loss caused by a leak.**\n\n"
        "## 2. Fees\n\n2.1 Fees are settled monthly and comprise:\n\n(1) the service fee;\n\n(2) taxes.\n"
    )


def make_agreement(
    petra: Person,
    *,
    slug: str = "terms",
    binds: Binds = Binds.ACCOUNT,
    name_zh: str = "开发者测试协议",
    at: datetime = MONDAY,
) -> Agreement:
    return create_agreement(
        slug=slug,
        name_zh=name_zh,
        name_en="Developer Test Agreement",
        governing_language=ZH,
        binds=binds,
        actor=petra,
        at=at,
    )


def make_draft(
    agreement: Agreement, petra: Person, *, texts: Mapping[Language, str] | None = None, at: datetime = MONDAY
) -> Draft:
    return start_draft(agreement=agreement, texts=texts or {ZH: chinese()}, actor=petra, at=at)


def publish_draft(draft: Draft, petra: Person, *, at: datetime = MONDAY, **changes: Any) -> Version:
    """Publish, in force from `at` on unless `effective_at` says otherwise."""
    values = {
        "effective_at": at,
        "change": Change.MATERIAL,
        "summary_zh": "修改第一条。",
        "summary_en": "Clause 1 changes.",
    }
    return publish_version(draft=draft, actor=petra, at=at, **values | changes)


def publish(
    agreement: Agreement,
    petra: Person,
    words: str = "本协议适用于开发者。",
    *,
    texts: Mapping[Language, str] | None = None,
    at: datetime = MONDAY,
    **changes: Any,
) -> Version:
    """Publish a version whose clause 1.1 has these words, or which has these texts."""
    draft = make_draft(agreement, petra, texts=texts or {ZH: chinese(words)}, at=at)
    return publish_draft(draft, petra, at=at, **changes)


def shown(version: Version, language: str = ZH) -> Shown:
    """A version as a page shows it."""
    text = version.texts.get(language=language)
    return Shown(version.agreement.slug, version.number, text.language, text.text_sha256, text.html_sha256)


def accept_versions(
    account: Account,
    actor: Person,
    *versions: Version,
    at: datetime = MONDAY,
    form_key: UUID | None = None,
    language: str = ZH,
) -> Acceptance:
    return accept(
        account=account,
        actor=actor,
        documents=[shown(version, language) for version in versions],
        form_key=form_key or uuid4(),
        circumstances=CIRCUMSTANCES,
        at=at,
    )


def decision(account: Account, *documents: Shown | str, form_key: object = None) -> dict[str, Any]:
    """What the form of the accept page posts."""
    values = [document if isinstance(document, str) else document_value(document) for document in documents]
    return {"account": account.pk, "form_key": str(form_key or uuid4()), "documents": values}


def erase_values(
    person: int, administrator: Person, values: Sequence[tuple[Entry, str]], *, at: datetime = MONDAY
) -> Entry:
    """Empty single values of entries and log it as the erasure of a person does; return the log's entry."""
    with transaction.atomic():
        for entry, field in values:
            Disclosure.objects.filter(entry=entry, field=field).update(salt=None, value=None)
        return append(
            kind=Kind.PERSON_ERASED,
            at=at,
            facts={
                "person": person,
                "actor": administrator.pk,
                "disclosures": sorted([str(entry.uid), field] for entry, field in values),
            },
            personal={"actor_qq": str(administrator)},
        )


RECORDS: tuple[type[models.Model], ...] = (Acceptance, AcceptanceLine, Refusal, Entry, Disclosure)


def recorded() -> dict[str, int]:
    """How many rows of each kind an act could have left behind."""
    return {model.__name__: model.objects.count() for model in RECORDS}


def queries_of(act: Callable[[], Any]) -> int:
    """How many queries the act takes."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Start each act in a thread of its own at the same moment; return what each returned or raised, in their order."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait(timeout=20)
            return act()
        except Exception as raised:
            return raised
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def waits(work: Future[Any]) -> bool:
    """Does the other thread wait for a lock that this thread's transaction holds? Asked until it does, or is done."""
    patience = monotonic() + 5
    while not work.done() and monotonic() < patience:
        if connection.vendor == "sqlite":  # It waits at its BEGIN IMMEDIATE, which can only be seen from outside.
            sleep(0.3)
            return not work.done()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # A transaction sees the activity of its first look.
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() == (1,):
                return True
        sleep(0.02)
    return False


def while_another_waits(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[bool, Any]:
    """Do `first` and hold its transaction open while `second` tries; return whether it waited, and what became of it."""

    def run() -> Any:
        try:
            return second()
        except Exception as raised:
            return raised
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            other = pool.submit(run)
            waited = waits(other)
        return waited, other.result(timeout=30)
