"""load_demo(): fill an empty portal with people, a sample agreement with two revisions and acceptances, through the acts."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from accounts.appointing import give_role
from accounts.collaborating import confirm_grant, grant
from accounts.joining import sign_up
from accounts.models import Account, Person, Role, Scope
from agreements.drafting import create_agreement, start_draft
from agreements.models import Agreement, Binds, Change, Language, Version
from agreements.publishing import publish_version
from assent.accepting import Circumstances, Shown, accept
from assent.models import Acceptance

SAMPLE = settings.BASE_DIR / "agreements" / "sample"
PASSWORD = "qiyue-demo-2026"
CIRCUMSTANCES = Circumstances(language="zh-hans", address="127.0.0.1", user_agent="load_demo")


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the demo, who are also the cast of the tests."""

    administrator: Person
    alice: Person
    bob: Person
    charlie: Person
    petra: Person
    arno: Person
    audrey: Person


# What each of the demo's people is, with its QQ number.
PEOPLE = {
    "administrator": "10000001",
    "alice": "20002",
    "bob": "10001",
    "charlie": "30003",
    "petra": "40004",
    "arno": "50005",
    "audrey": "60006",
}


@transaction.atomic
def load_people(*, password: str, at: datetime) -> Cast:
    """Make the cast: an administrator, alice with an account, bob her collaborator, charlie with an account of his own, and one
    holder of each role.
    """
    admin = Person.objects.create_superuser(PEOPLE["administrator"], password, at=at)
    people = {
        name: sign_up(qq_number=number, password=password, with_account=name in ("alice", "charlie"), at=at)
        for name, number in PEOPLE.items()
        if name != "administrator"
    }
    cast = Cast(administrator=admin, **people)
    for person, role in ((cast.petra, Role.PUBLISHER), (cast.arno, Role.APPROVER), (cast.audrey, Role.AUDITOR)):
        give_role(person=person, role=role, actor=admin, at=at)
    made = grant(
        account=Account.objects.get(owner=cast.alice),
        actor=cast.alice,
        qq_number=PEOPLE["bob"],
        scopes=[Scope.ACCEPT_AGREEMENTS, Scope.SUBMIT_MATERIAL],
        at=at,
    )
    confirm_grant(grant=made, actor=cast.bob, at=at)
    return cast


def sample_texts(slug: str, number: int) -> dict[Language, str]:
    """Return the texts of one version of a sample agreement, by language."""
    return {
        language: (SAMPLE / f"{slug}.{number}.{language.value}.md").read_text(encoding="utf-8") for language in Language
    }


def load_agreement(slug: str, *, actor: Person, at: datetime) -> Agreement:
    """Create a sample agreement without any version."""
    names = json.loads((SAMPLE / "summaries.json").read_text(encoding="utf-8"))["names"][slug]
    return create_agreement(
        slug=slug,
        name_zh=names[Language.CHINESE.value],
        name_en=names[Language.ENGLISH.value],
        governing_language=Language.CHINESE,
        binds=Binds.ACCOUNT,
        actor=actor,
        at=at,
    )


def publish_sample(
    agreement: Agreement, number: int, *, actor: Person, at: datetime, effective_at: datetime
) -> Version:
    """Publish one version of a sample agreement, with its change summary."""
    summaries = json.loads((SAMPLE / "summaries.json").read_text(encoding="utf-8")).get(agreement.slug, {})
    summary = summaries.get(str(number), {})
    draft = start_draft(agreement=agreement, texts=sample_texts(agreement.slug, number), actor=actor, at=at)
    return publish_version(
        draft=draft,
        effective_at=effective_at,
        change=Change.MATERIAL,
        summary_zh=summary.get(Language.CHINESE.value, ""),
        summary_en=summary.get(Language.ENGLISH.value, ""),
        actor=actor,
        at=at,
    )


def shown(version: Version, language: str = Language.CHINESE) -> Shown:
    """Return a version as a page shows it."""
    text = version.text_in(language)
    return Shown(version.agreement.slug, version.number, text.language, text.text_sha256, text.html_sha256)


def accept_versions(account: Account, actor: Person, *versions: Version, at: datetime) -> Acceptance:
    """Accept versions the way that the accept page does."""
    return accept(
        account=account,
        actor=actor,
        documents=[shown(version) for version in versions],
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=at,
    )


@transaction.atomic
def load_demo(*, at: datetime) -> Cast:
    """Load the demo as a story that ends at `at`.

    Version 1 came into force 60 days ago and version 2 20 days ago; version 3 was announced yesterday and takes effect in 14 days.
    Alice and charlie accepted version 1, bob accepted version 2 for alice; charlie has not yet.
    """
    start = at - timedelta(days=60)
    cast = load_people(password=PASSWORD, at=start)
    agreement = load_agreement("developer-agreement", actor=cast.petra, at=start)
    rules = load_agreement("qualification-rules", actor=cast.petra, at=start)
    first = publish_sample(agreement, 1, actor=cast.petra, at=start, effective_at=start)
    first_rules = publish_sample(rules, 1, actor=cast.petra, at=start, effective_at=start)
    alice, charlie = Account.objects.get(owner=cast.alice), Account.objects.get(owner=cast.charlie)
    accept_versions(alice, cast.alice, first, first_rules, at=at - timedelta(days=58))
    accept_versions(charlie, cast.charlie, first, at=at - timedelta(days=57))
    second = publish_sample(
        agreement, 2, actor=cast.petra, at=at - timedelta(days=35), effective_at=at - timedelta(days=20)
    )
    accept_versions(alice, cast.bob, second, at=at - timedelta(days=19))
    publish_sample(agreement, 3, actor=cast.petra, at=at - timedelta(days=1), effective_at=at + timedelta(days=14))
    return cast
