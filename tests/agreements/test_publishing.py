"""publish_version() and withdraw_version(): what they write, what they refuse, and that a refusal leaves nothing."""

import hashlib
import json
from datetime import timedelta

import pytest

from accounts.appointing import end_role
from accounts.errors import NotAuthorised
from accounts.joining import sign_up
from accounts.models import Person, Role
from agreements.errors import (
    DraftPublished,
    EffectiveTooEarly,
    GoverningTextMissing,
    InForceAlready,
    NotAnAgreement,
    NothingChanged,
    SummaryMissing,
    WithdrawnAlready,
)
from agreements.models import Agreement, Change, Draft, DraftText, Version, VersionText, Withdrawal
from agreements.publishing import withdraw_version
from evidence.models import Entry
from tests.support import (
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    at_once,
    chinese,
    english,
    make_agreement,
    make_draft,
    publish,
    publish_draft,
    queries_of,
)

TICK = timedelta(microseconds=1)


def last_statement() -> dict:
    return json.loads(bytes(Entry.objects.latest("pk").statement))


def test_publishing_stores_every_text_with_digests_that_anyone_can_recompute(agreement, petra) -> None:
    version = publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    stored = {text.language: text for text in version.texts.all()}
    assert {language: text.text for language, text in stored.items()} == {ZH: chinese(), EN: english()}
    assert {text.title for text in stored.values()} == {"开发者测试协议", "Developer Test Agreement"}
    for text in stored.values():
        assert text.text_sha256 == hashlib.sha256(text.text.encode("utf-8")).hexdigest()
        assert text.html_sha256 == hashlib.sha256(text.html.encode("utf-8")).hexdigest()


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this Python's OpenSSL has no SM3")
def test_publishing_stores_the_sm3_digest(agreement, petra) -> None:
    text = publish(agreement, petra).texts.get()
    assert text.text_sm3 == hashlib.new("sm3", text.text.encode()).hexdigest()


def test_what_is_published_is_canonical(agreement, petra) -> None:
    composed = chinese("Qiye\u0301 适用。")
    version = publish(agreement, petra, texts={ZH: "\ufeff" + composed.replace("\n", "\r\n") + "\n\n"})
    assert version.texts.get().text == chinese("Qiy\u00e9 适用。")


def test_publishing_stores_its_facts(agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    version = publish_draft(
        draft,
        petra,
        effective_at=NOON,
        change=Change.EDITORIAL,
        summary_zh="  首版。\n",
        summary_en=" First. ",
    )
    version.refresh_from_db()
    facts = (
        version.agreement,
        version.number,
        version.draft,
        version.governing_language,
        version.change,
        version.summary_zh,
        version.summary_en,
        version.published_at,
        version.published_by,
        version.effective_at,
    )
    assert facts == (agreement, 1, draft, "zh-hans", "editorial", "首版。", "First.", MONDAY, petra, NOON)


def test_publishing_logs_exactly_what_was_published(agreement, petra) -> None:
    version = publish(agreement, petra, texts={ZH: chinese(), EN: english()}, effective_at=NOON)
    entry = Entry.objects.latest("pk")
    statement = last_statement()
    assert (entry.kind, entry.at, statement["kind"]) == ("version.published", MONDAY, "version.published")
    assert statement["facts"] == {
        "agreement": "terms",
        "version": 1,
        "change": "material",
        "summary": {"zh-hans": "修改第一条。", "en": "Clause 1 changes."},
        "governing_language": "zh-hans",
        "effective_at": "2026-04-01T04:00:00.000000Z",
        "texts": [
            {
                "language": text.language,
                "sha256": hashlib.sha256(text.text.encode()).hexdigest(),
                "sm3": text.text_sm3,
                "html_sha256": hashlib.sha256(text.html.encode()).hexdigest(),
            }
            for text in version.texts.order_by("language")
        ],
        "actor": petra.pk,
        "agreement_created_at": "2026-03-02T02:00:00.000000Z",
        "drafted_at": "2026-03-02T02:00:00.000000Z",
        "drafted_by": petra.pk,
        "rows": {
            "agreement": agreement.pk,
            "draft": version.draft_id,
            "version": version.pk,
            "texts": {text.language: text.pk for text in version.texts.all()},
        },
    }
    assert {d.field: d.value for d in entry.disclosures.all()} == {"actor_qq": "40004"}
    assert set(statement["commitments"]) == {"actor_qq"}


def test_a_first_version_needs_no_summary(agreement, petra) -> None:
    assert publish(agreement, petra, summary_zh="", summary_en="").number == 1


def test_numbers_are_gapless_per_agreement_and_a_withdrawn_one_is_not_reused(agreement, petra) -> None:
    other = make_agreement(petra, slug="other")
    publish(agreement, petra)
    withdrawn = publish(agreement, petra, "撤回的。", effective_at=NOON)
    withdraw_version(version=withdrawn, actor=petra, at=MONDAY)
    publish(other, petra)
    with pytest.raises(SummaryMissing):
        publish(agreement, petra, "不成。", summary_zh="")
    publish(agreement, petra, "第三版。")
    found = Version.objects.order_by("pk").values_list("agreement__slug", "number")
    assert list(found) == [("terms", 1), ("terms", 2), ("other", 1), ("terms", 3)]


@pytest.mark.django_db(transaction=True)
def test_two_drafts_published_at_once_get_the_numbers_one_and_two(petra) -> None:
    for attempt in range(4):
        agreement = make_agreement(petra, slug=f"terms-{attempt}")
        drafts = [make_draft(agreement, petra, texts={ZH: chinese(words)}) for words in ("甲。", "乙。")]
        outcomes = at_once(*[lambda draft=draft: publish_draft(draft, petra) for draft in drafts])
        assert sorted(version.number for version in outcomes) == [1, 2]
        assert agreement.versions.count() == 2


@pytest.mark.django_db(transaction=True)
def test_one_draft_published_twice_at_once_becomes_one_version(petra) -> None:
    for attempt in range(4):
        agreement = make_agreement(petra, slug=f"terms-{attempt}")
        draft = make_draft(agreement, petra)
        outcomes = at_once(*[lambda draft=draft: publish_draft(draft, petra)] * 2)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DraftPublished", "Version"]
        assert agreement.versions.count() == 1


def outcome_of(act) -> tuple[object, dict[str, int]]:
    """What the act raised, and how many rows it left."""
    models = (Version, VersionText, Withdrawal, Entry)
    before = {model.__name__: model.objects.count() for model in models}
    with pytest.raises(Exception) as raised:
        act()
    after = {model.__name__: model.objects.count() for model in models}
    return raised.type, {name: after[name] - before[name] for name in after}


NOTHING = {"Version": 0, "VersionText": 0, "Withdrawal": 0, "Entry": 0}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"summary_zh": " \n"}, SummaryMissing),
        ({"summary_en": ""}, SummaryMissing),
        ({"effective_at": MONDAY - TICK}, EffectiveTooEarly),
        ({"effective_at": MONDAY + DAY, "at": MONDAY + DAY + TICK}, EffectiveTooEarly),
    ],
)
def test_publishing_a_revision_refuses(agreement, petra, changes, refusal) -> None:
    publish(agreement, petra, at=MONDAY - DAY)
    assert outcome_of(lambda: publish(agreement, petra, "第二版。", **changes)) == (refusal, NOTHING)


@pytest.mark.parametrize(
    ("texts", "refusal"),
    [
        ({EN: english()}, GoverningTextMissing),
        ({ZH: "# 只有标题\n\n没有编号的话。\n"}, NotAnAgreement),
        ({ZH: "1.1 没有标题。\n\n1.2 也没有。\n"}, NotAnAgreement),
        ({ZH: ""}, NotAnAgreement),
        ({ZH: chinese(), EN: "# Title only\n"}, NotAnAgreement),
    ],
)
def test_publishing_refuses_what_is_no_agreement(agreement, petra, texts, refusal) -> None:
    assert outcome_of(lambda: publish(agreement, petra, texts=texts)) == (refusal, NOTHING)


def test_publishing_refuses_a_draft_without_any_text(agreement, petra) -> None:
    draft = Draft.objects.create(agreement=agreement, created_by=petra, created_at=MONDAY)
    assert outcome_of(lambda: publish_draft(draft, petra)) == (GoverningTextMissing, NOTHING)


def test_publishing_refuses_a_title_that_does_not_fit(agreement, petra) -> None:
    texts = {ZH: chinese(title="长" * 301)}
    assert outcome_of(lambda: publish(agreement, petra, texts=texts)) == (NotAnAgreement, NOTHING)


def test_publishing_refuses_the_texts_of_the_version_before(agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    assert outcome_of(lambda: publish(agreement, petra, texts={EN: english(), ZH: chinese()})) == (
        NothingChanged,
        NOTHING,
    )


def test_dropping_or_adding_a_language_is_a_change(agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: chinese()})
    publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    publish(agreement, petra, texts={ZH: chinese()})
    assert [version.texts.count() for version in agreement.versions.order_by("number")] == [1, 2, 1]


def test_a_withdrawn_text_may_be_published_again(agreement, petra) -> None:
    publish(agreement, petra)
    withdraw_version(version=publish(agreement, petra, "再来。", effective_at=NOON), actor=petra, at=MONDAY)
    assert publish(agreement, petra, "再来。").number == 3


def test_publishing_refuses_a_draft_that_is_a_version(agreement, petra) -> None:
    version = publish(agreement, petra)
    assert outcome_of(lambda: publish_draft(version.draft, petra)) == (DraftPublished, NOTHING)


def test_a_revision_takes_effect_no_earlier_than_the_announced_one_before_it(agreement, petra) -> None:
    publish(agreement, petra, effective_at=NOON)
    too_early = lambda: publish(agreement, petra, "第二版。", effective_at=NOON - TICK)  # noqa: E731
    assert outcome_of(too_early) == (EffectiveTooEarly, NOTHING)
    assert publish(agreement, petra, "第二版。", effective_at=NOON).effective_at == NOON


def test_a_withdrawn_version_does_not_hold_up_the_next(agreement, petra) -> None:
    withdraw_version(version=publish(agreement, petra, effective_at=NOON), actor=petra, at=MONDAY)
    assert publish(agreement, petra, "第二版。", effective_at=MONDAY).effective_at == MONDAY


def test_at_once_is_refused_while_another_version_waits_to_take_effect(agreement, petra, noon) -> None:
    publish(agreement, petra)
    publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
    at_once = lambda: publish(agreement, petra, "第三版。", at=NOON, effective_at=None)  # noqa: E731
    assert outcome_of(at_once) == (EffectiveTooEarly, NOTHING)


def test_at_once_is_the_moment_of_publication(agreement, petra, noon) -> None:
    versions = [publish(agreement, petra, words, at=NOON, effective_at=None) for words in ("甲。", "乙。")]
    assert [version.effective_at for version in versions] == [NOON, NOON]


def test_only_a_publisher_publishes_and_withdraws(agreement, petra, arno, audrey, alice, administrator) -> None:
    announced = publish(agreement, petra, effective_at=NOON)
    draft = make_draft(agreement, petra, texts={ZH: chinese("第二版。")})
    for person in (arno, audrey, alice, administrator):
        assert outcome_of(lambda person=person: publish_draft(draft, person)) == (NotAuthorised, NOTHING)
        withdraw = lambda person=person: withdraw_version(version=announced, actor=person, at=MONDAY)  # noqa: E731
        assert outcome_of(withdraw) == (NotAuthorised, NOTHING)


def test_a_publisher_whose_role_has_ended_publishes_no_more(agreement, petra, administrator) -> None:
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=NOON)
    draft = Draft.objects.create(agreement=agreement, created_by=petra, created_at=MONDAY)
    DraftText.objects.create(draft=draft, language=ZH, text=chinese())
    assert outcome_of(lambda: publish_draft(draft, petra, at=NOON)) == (NotAuthorised, NOTHING)
    assert publish_draft(draft, petra, at=NOON - TICK).number == 1


def test_a_text_that_cannot_be_rendered_leaves_no_version_behind(agreement, petra) -> None:
    """The second text is refused after the first has been made ready: neither is written."""
    texts = {ZH: chinese(), EN: "# Nothing but a title\n"}
    assert outcome_of(lambda: publish(agreement, petra, texts=texts)) == (NotAnAgreement, NOTHING)


def test_withdrawing_logs_it_and_keeps_the_version(agreement, petra) -> None:
    version = publish(agreement, petra, effective_at=NOON)
    withdrawal = withdraw_version(version=version, actor=petra, at=NOON - TICK)
    statement = last_statement()
    assert (withdrawal.version, withdrawal.withdrawn_at, withdrawal.withdrawn_by) == (version, NOON - TICK, petra)
    assert (statement["kind"], statement["at"]) == ("version.withdrawn", "2026-04-01T03:59:59.999999Z")
    assert statement["facts"] == {
        "agreement": "terms",
        "version": 1,
        "actor": petra.pk,
        "rows": {"version": version.pk, "withdrawal": withdrawal.pk},
    }
    assert list(Version.objects.all()) == [version]


@pytest.mark.parametrize("at", [NOON, NOON + DAY])
def test_a_version_that_has_taken_effect_is_not_withdrawn(agreement, petra, at) -> None:
    version = publish(agreement, petra, effective_at=NOON)
    assert outcome_of(lambda: withdraw_version(version=version, actor=petra, at=at)) == (InForceAlready, NOTHING)


def test_a_version_is_withdrawn_once(agreement, petra) -> None:
    version = publish(agreement, petra, effective_at=NOON)
    withdraw_version(version=version, actor=petra, at=MONDAY)
    for at in (MONDAY, NOON):
        assert outcome_of(lambda at=at: withdraw_version(version=version, actor=petra, at=at)) == (
            WithdrawnAlready,
            NOTHING,
        )


def test_refusals_say_what_to_do_in_the_language_of_the_page(agreement, petra) -> None:
    publish(agreement, petra, effective_at=NOON)
    with pytest.raises(EffectiveTooEarly) as raised:
        publish(agreement, petra, "第二版。", effective_at=MONDAY)
    assert str(raised.value) == (
        "生效时间不能早于公布时间，也不能早于上一版本的生效时间（2026-04-01 12:00:00 (UTC+0800)）。"
    )


def queries_of_a_publication(agreement: Agreement, petra: Person, words: str) -> int:
    draft = make_draft(agreement, petra, texts={ZH: chinese(words)})
    return queries_of(lambda: publish_draft(draft, petra, at=MONDAY + DAY))


def test_publishing_takes_no_more_queries_after_thirty_acceptances_than_after_none(agreement, petra) -> None:
    """django-termsandconditions asks a few questions per user at publication."""
    first = publish(agreement, petra)
    without = queries_of_a_publication(make_agreement_with_version(petra), petra, "第二版。")
    for number in range(30):
        person = sign_up(
            qq_number=str(500_000 + number), password="seven quiet lanterns", with_account=True, at=MONDAY - DAY
        )
        accept_versions(person.account, person, first)
    assert queries_of_a_publication(agreement, petra, "第二版。") == without


def make_agreement_with_version(petra: Person) -> Agreement:
    agreement = make_agreement(petra, slug="unloved")
    publish(agreement, petra)
    return agreement
