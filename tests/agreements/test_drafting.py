"""Agreements and drafts: who may edit them, that nobody's edit is lost, and that history keeps every state."""

import pytest

from accounts.errors import NotAuthorised
from agreements.drafting import create_agreement, save_draft, start_draft, texts_state
from agreements.errors import DraftPublished, NotAnAgreement, SlugTaken, StaleDraft
from agreements.models import Agreement, Draft, DraftText
from tests.support import EN, MONDAY, NOON, ZH, at_once, chinese, english, make_agreement, make_draft, publish_draft


def texts_of(draft: Draft) -> dict[str, str]:
    return dict(DraftText.objects.filter(draft=draft).values_list("language", "text"))


def save(draft: Draft, petra, texts, *, seen: str | None = None) -> Draft:
    return save_draft(draft=draft, texts=texts, seen=texts_state(draft) if seen is None else seen, actor=petra, at=NOON)


def test_create_agreement_stores_what_it_is_given(petra) -> None:
    made = create_agreement(
        slug="fees", name_zh="资费", name_en="Fees", governing_language=EN, binds="person", actor=petra, at=MONDAY
    )
    made.refresh_from_db()
    assert (made.slug, made.name_zh, made.name_en, made.governing_language, made.binds, made.created_at) == (
        "fees", "资费", "Fees", "en", "person", MONDAY,
    )  # fmt: skip
    assert made.get_absolute_url() == "/agreements/fees/"


def test_an_address_belongs_to_one_agreement(agreement, petra) -> None:
    with pytest.raises(SlugTaken) as raised:
        make_agreement(petra, name_zh="另一份")
    assert str(raised.value) == "地址“terms”已被另一份协议使用。"
    assert [found.name_zh for found in Agreement.objects.all()] == ["开发者测试协议"]


def test_only_a_publisher_creates_and_drafts(agreement, petra, arno, alice, audrey, administrator) -> None:
    draft = make_draft(agreement, petra)
    for person in (arno, alice, audrey, administrator):
        with pytest.raises(NotAuthorised):
            make_agreement(person, slug="mine")
        with pytest.raises(NotAuthorised):
            make_draft(agreement, person)
        with pytest.raises(NotAuthorised):
            save(draft, person, {ZH: "# 我的\n"})
    assert (Agreement.objects.count(), Draft.objects.count(), texts_of(draft)) == (1, 1, {"zh-hans": chinese()})


def test_a_draft_keeps_canonical_texts_and_its_author(agreement, petra) -> None:
    draft = start_draft(
        agreement=agreement, texts={ZH: "# 标题\r\n\r\n1.1 甲\r\n\r\n", EN: english()}, actor=petra, at=MONDAY
    )
    assert texts_of(draft) == {"zh-hans": "# 标题\n\n1.1 甲\n", "en": english()}
    assert (draft.created_by, draft.created_at, draft.is_published) == (petra, MONDAY, False)


def test_saving_changes_adds_and_removes_languages(agreement, petra) -> None:
    draft = make_draft(agreement, petra, texts={ZH: chinese()})
    save(draft, petra, {ZH: chinese("改。"), EN: english()})
    assert texts_of(draft) == {"zh-hans": chinese("改。"), "en": english()}
    save(draft, petra, {ZH: chinese("改。"), EN: " \n"})
    assert texts_of(draft) == {"zh-hans": chinese("改。")}
    save(draft, petra, {EN: english()})
    assert texts_of(draft) == {"zh-hans": chinese("改。"), "en": english()}


def test_a_stale_save_is_refused_and_the_colleagues_text_kept(agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    seen = texts_state(draft)
    save(draft, petra, {ZH: chinese("同事的。")}, seen=seen)
    with pytest.raises(StaleDraft):
        save(draft, petra, {ZH: chinese("我的。"), EN: english()}, seen=seen)
    assert texts_of(draft) == {"zh-hans": chinese("同事的。")}


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_a_save_that_has_seen_nothing_is_refused(agreement, petra, seen) -> None:
    draft = make_draft(agreement, petra)
    with pytest.raises(StaleDraft):
        save(draft, petra, {ZH: chinese("我的。")}, seen=seen)
    assert texts_of(draft) == {"zh-hans": chinese()}


def test_the_state_of_texts_tells_languages_and_texts_apart(agreement, petra) -> None:
    states = [
        texts_state(make_draft(agreement, petra, texts=texts))
        for texts in ({ZH: chinese()}, {EN: chinese()}, {ZH: english()}, {ZH: chinese(), EN: english()})
    ]
    assert len(set(states)) == 4
    assert texts_state(make_draft(agreement, petra, texts={EN: english(), ZH: chinese()})) == states[3]


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_one_is_refused(petra) -> None:
    for attempt in range(4):
        draft = make_draft(make_agreement(petra, slug=f"terms-{attempt}"), petra)
        seen = texts_state(draft)
        texts = [{ZH: chinese("甲。")}, {ZH: chinese("乙。")}]
        outcomes = at_once(*[lambda text=text, d=draft, s=seen: save(d, petra, text, seen=s) for text in texts])
        kinds = [type(outcome).__name__ for outcome in outcomes]
        assert sorted(kinds) == ["Draft", "StaleDraft"]
        assert texts_of(draft) == {"zh-hans": texts[kinds.index("Draft")][ZH]}


def test_a_published_draft_is_not_edited(agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    version = publish_draft(draft, petra)
    with pytest.raises(DraftPublished):
        save(draft, petra, {ZH: chinese("后改的。")})
    assert texts_of(draft) == {"zh-hans": chinese()}
    assert version.texts.get().text == chinese()


@pytest.mark.parametrize("character", ["\0", "\a", "\u202e", "\x85"])
def test_a_character_that_no_agreement_has_is_refused_with_its_place(agreement, petra, character) -> None:
    draft = make_draft(agreement, petra)
    with pytest.raises(NotAnAgreement, match=f"U\\+{ord(character):04X}"):
        save(draft, petra, {ZH: chinese(f"适用于{character}开发者。")})
    with pytest.raises(NotAnAgreement):
        make_draft(agreement, petra, texts={ZH: chinese(character)})
    assert texts_of(draft) == {"zh-hans": chinese()}
    assert Draft.objects.count() == 1


def test_history_keeps_every_state_of_a_draft(agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    save(draft, petra, {ZH: chinese("第二稿。")})
    save(draft, petra, {ZH: chinese("第二稿。")})
    save(draft, petra, {ZH: ""})
    history = DraftText.history.order_by("history_id").values_list("history_type", "text")
    assert list(history) == [("+", chinese()), ("~", chinese("第二稿。")), ("-", chinese("第二稿。"))]


def test_history_keeps_every_state_of_an_agreement(agreement) -> None:
    agreement.name_en = "Renamed"
    agreement.save()
    found = Agreement.history.order_by("history_id").values_list("history_type", "name_en")
    assert list(found) == [("+", "Developer Test Agreement"), ("~", "Renamed")]
