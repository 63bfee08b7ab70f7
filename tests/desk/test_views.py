"""The publisher's pages: from a new agreement through an uploaded text and its draft to a version, and back again."""

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.drafting import save_draft, texts_state
from agreements.models import Agreement, Draft, DraftText, Version, Withdrawal
from agreements.publishing import review_state, withdraw_version
from agreements.text.clauses import parse
from evidence.models import Entry
from tests.support import (
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    chinese,
    english,
    make_agreement,
    make_draft,
    publish,
    publish_draft,
    queries_of,
)

pytestmark = pytest.mark.usefixtures("noon")


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def errors(response) -> list[str]:
    return [words(error) for error in soup_of(response).select(".error-summary li")]


def texts_of(draft: Draft) -> dict[str, str]:
    return dict(DraftText.objects.filter(draft=draft).values_list("language", "text"))


@pytest.fixture
def petras(petra) -> Client:
    client = Client()
    client.force_login(petra)
    return client


# The index.


def test_the_index_shows_what_is_in_force_announced_and_drafted(petras, agreement, petra) -> None:
    publish(agreement, petra)
    publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    publish(agreement, petra, "第三版。", at=MONDAY + DAY, effective_at=NOON + DAY)
    gone = publish(agreement, petra, "第四版。", at=MONDAY + DAY, effective_at=NOON + DAY)
    withdraw_version(version=gone, actor=petra, at=MONDAY + DAY)
    draft = make_draft(agreement, petra)
    make_agreement(petra, slug="empty")
    rows = petras.get("/desk/").context["rows"]
    found = {
        row.agreement.slug: (row.in_force and row.in_force.number, [v.number for v in row.announced], drafts)
        for row, drafts in rows
    }
    assert found == {"terms": (2, [3], [draft]), "empty": (None, [], [])}


def test_the_index_takes_as_many_queries_for_three_agreements_as_for_one(petras, agreement, petra) -> None:
    def fill(agreement: Agreement) -> None:
        publish(agreement, petra)
        publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
        make_draft(agreement, petra)

    fill(agreement)
    for_one = queries_of(lambda: petras.get("/desk/"))
    for slug in ("fees", "data"):
        fill(make_agreement(petra, slug=slug))
    assert len(petras.get("/desk/").context["rows"]) == 3
    assert queries_of(lambda: petras.get("/desk/")) == for_one


def test_an_empty_desk_says_how_to_begin(petras) -> None:
    assert words(soup_of(petras.get("/desk/")).select_one(".empty h2")) == "从建立第一份协议开始"


# A new agreement.

NEW = {"slug": "fees", "name_zh": "资费规则", "name_en": "Fees", "governing_language": "zh-hans", "binds": "person"}


def test_a_new_agreement_is_made_and_leads_to_its_page(petras) -> None:
    response = petras.post("/desk/new/", NEW)
    assert (response.status_code, response.url) == (302, "/desk/agreements/fees/")
    made = Agreement.objects.get()
    assert {name: getattr(made, name) for name in NEW} == NEW


@pytest.mark.parametrize(
    "changes",
    [
        {"slug": ""},
        {"slug": "two words"},
        {"slug": "服务"},
        {"slug": "x" * 51},
        {"slug": "terms"},
        {"slug": "a\0b"},
        {"name_zh": ""},
        {"name_zh": "长" * 201},
        {"governing_language": "fr"},
        {"binds": "nobody"},
    ],
)
def test_a_new_agreement_that_cannot_be_is_refused(petras, agreement, changes) -> None:
    response = petras.post("/desk/new/", NEW | changes)
    assert (response.status_code, errors(response) == []) == (422, False)
    assert [found.slug for found in Agreement.objects.all()] == ["terms"]


# One agreement.


def test_an_uploaded_file_becomes_a_draft(petras, agreement, petra) -> None:
    file = SimpleUploadedFile("terms.md", chinese().encode())
    response = petras.post("/desk/agreements/terms/", {"language": "zh-hans", "file": file})
    draft = Draft.objects.get()
    assert (response.status_code, response.url) == (302, f"/desk/drafts/{draft.pk}/")
    assert (draft.agreement, draft.created_by, list(texts_of(draft))) == (agreement, petra, ["zh-hans"])
    assert parse(texts_of(draft)["zh-hans"]).as_json() == parse(chinese()).as_json()


def test_a_pasted_text_becomes_a_draft(petras, agreement) -> None:
    petras.post("/desk/agreements/terms/", {"language": "en", "pasted": english()})
    draft = Draft.objects.get()
    assert list(texts_of(draft)) == ["en"]
    assert parse(texts_of(draft)["en"]).as_json() == parse(english()).as_json()


def test_an_html_file_becomes_a_draft(petras, agreement) -> None:
    html = "<html><head><title>标题</title></head><body><h1>标题</h1><h2>1. 总则</h2><p>1.1 甲。</p><p><b>1.2 乙。</b></p></body></html>"
    file = SimpleUploadedFile("terms.html", html.encode())
    petras.post("/desk/agreements/terms/", {"language": "zh-hans", "file": file})
    units = parse(texts_of(Draft.objects.get())["zh-hans"]).units
    assert [(unit.number, unit.words, unit.emphasised) for unit in units if unit.kind == "clause"] == [
        ("1.1", "甲。", False),
        ("1.2", "乙。", True),
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "请上传一个文件，或者粘贴文本，二者择一。"),
        ({"pasted": " \n"}, "请上传一个文件，或者粘贴文本，二者择一。"),
        ({"pasted": chinese(), "file": chinese().encode()}, "请上传一个文件，或者粘贴文本，二者择一。"),
        ({"pasted": "没有编号的话。"}, "无法读作协议：没有找到带编号的条款。"),
        ({"file": b"\x00\x01"}, "无法读作协议：这是二进制文件，不是文本。"),
        ({"file": b"x" * (5 * 1024 * 1024 + 1)}, "上传文件：文件超过 5 MB。"),
        ({"file": b""}, "上传文件：所提交的是空文件。"),
    ],
)
def test_what_is_no_agreement_is_refused_with_the_reason(petras, agreement, data, error) -> None:
    if "file" in data:
        data = data | {"file": SimpleUploadedFile("source", data["file"])}
    response = petras.post("/desk/agreements/terms/", {"language": "zh-hans"} | data)
    assert (response.status_code, errors(response), Draft.objects.count()) == (422, [error], 0)


def test_an_agreements_page_shows_versions_with_their_states_and_withdraws_only_the_announced(
    petras, agreement, petra
) -> None:
    publish(agreement, petra)
    publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    third = publish(agreement, petra, "第三版。", at=MONDAY + DAY, effective_at=NOON + DAY)
    response = petras.get("/desk/agreements/terms/")
    assert [(v.number, state) for v, state in response.context["versions"]] == [
        (3, "announced"),
        (2, "in_force"),
        (1, "superseded"),
    ]
    forms = [form["action"] for form in soup_of(response).select("form") if "withdraw" in form["action"]]
    assert forms == [f"/desk/versions/{third.pk}/withdraw/"]


def test_an_agreements_page_takes_as_many_queries_for_three_versions_and_drafts_as_for_one(
    petras, agreement, petra
) -> None:
    publish(agreement, petra)
    make_draft(agreement, petra)
    for_one = queries_of(lambda: petras.get("/desk/agreements/terms/"))
    for number in (2, 3):
        publish(agreement, petra, f"第 {number} 版。", at=MONDAY + number * DAY)
        make_draft(agreement, petra)
    context = petras.get("/desk/agreements/terms/").context
    assert (len(context["versions"]), len(context["drafts"])) == (3, 3)
    assert queries_of(lambda: petras.get("/desk/agreements/terms/")) == for_one


def test_a_revision_is_drafted_from_the_newest_public_version(petras, agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: chinese("第一版。"), EN: english("The first.")})
    second = {ZH: chinese("第二版。"), EN: english("The second.")}
    publish(agreement, petra, texts=second, at=MONDAY + DAY)
    gone = publish(agreement, petra, "第三版。", at=MONDAY + DAY, effective_at=NOON + DAY)
    withdraw_version(version=gone, actor=petra, at=MONDAY + DAY)
    response = petras.post("/desk/agreements/terms/drafts/")
    draft = Draft.objects.latest("pk")
    assert (response.url, texts_of(draft)) == (f"/desk/drafts/{draft.pk}/", {str(k): v for k, v in second.items()})


def test_a_first_draft_begins_empty(petras, agreement) -> None:
    petras.post("/desk/agreements/terms/drafts/")
    assert texts_of(Draft.objects.get()) == {}


# A draft.


def edit(client: Client, draft: Draft, **changes: str):
    form = soup_of(client.get(f"/desk/drafts/{draft.pk}/")).select_one(f"form[action='/desk/drafts/{draft.pk}/']")
    data = {"seen": form.select_one("input[name=seen]")["value"]}
    for name in ("chinese", "english"):
        data[name] = form.select_one(f"textarea[name={name}]").get_text().removeprefix("\n")
    return client.post(f"/desk/drafts/{draft.pk}/", data | changes)


def test_a_draft_is_edited_beside_its_rendering(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    response = edit(petras, draft, chinese=chinese("改过的。"), english=english())
    assert (response.status_code, response.url) == (302, f"/desk/drafts/{draft.pk}/")
    assert texts_of(draft) == {"zh-hans": chinese("改过的。"), "en": english()}
    statutes = soup_of(petras.get(f"/desk/drafts/{draft.pk}/")).select(".statute")
    assert [words(statute.select_one(".unit-clause .words")) for statute in statutes] == [
        "改过的。",
        "These terms apply to developers.",
    ]


def test_saving_without_an_edit_changes_nothing(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra, texts={ZH: chinese(), EN: english()})
    before = DraftText.history.count()
    assert edit(petras, draft).status_code == 302
    assert (texts_of(draft), DraftText.history.count()) == ({"zh-hans": chinese(), "en": english()}, before)


def test_history_knows_who_edited_through_the_page(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    edit(petras, draft, chinese=chinese("改过的。"))
    assert DraftText.history.latest("history_id").history_user == petra


def test_a_stale_save_keeps_both_texts_on_the_page_and_the_colleagues_in_the_draft(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    seen = texts_state(draft)
    save_draft(draft=draft, texts={ZH: chinese("同事的。")}, seen=seen, actor=petra, at=NOON)
    response = petras.post(f"/desk/drafts/{draft.pk}/", {"chinese": chinese("我的。"), "english": "", "seen": seen})
    assert (response.status_code, texts_of(draft)) == (409, {"zh-hans": chinese("同事的。")})
    soup = soup_of(response)
    assert soup.select_one("textarea[name=chinese]").get_text().strip() == chinese("我的。").strip()
    assert soup.select_one("#theirs-zh-hans").get_text().strip() == chinese("同事的。").strip()
    again = {
        "chinese": chinese("我们的。"),
        "english": "",
        "seen": soup.select_one("input[name=seen]")["value"],
    }
    assert petras.post(f"/desk/drafts/{draft.pk}/", again).status_code == 302
    assert texts_of(draft) == {"zh-hans": chinese("我们的。")}


@pytest.mark.parametrize("character", ["\a", "\u202e"])
def test_a_character_that_no_agreement_has_is_an_error_on_the_page(petras, agreement, petra, character) -> None:
    draft = make_draft(agreement, petra)
    response = edit(petras, draft, chinese=chinese(f"适用{character}。"))
    assert (response.status_code, len(errors(response)), texts_of(draft)) == (422, 1, {"zh-hans": chinese()})


def test_a_published_draft_is_not_edited(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    publish_draft(draft, petra)
    data = {"chinese": chinese("后改的。"), "english": "", "seen": texts_state(draft)}
    assert petras.post(f"/desk/drafts/{draft.pk}/", data).status_code == 409
    assert texts_of(draft) == {"zh-hans": chinese()}


@pytest.mark.parametrize("changes", [{"seen": ""}, {"seen": "x" * 65}, {"chinese": "a\0b"}])
def test_a_broken_form_saves_nothing(petras, agreement, petra, changes) -> None:
    draft = make_draft(agreement, petra)
    response = edit(petras, draft, **{"chinese": chinese("改过的。")} | changes)
    assert (response.status_code, texts_of(draft)) == (422, {"zh-hans": chinese()})


# Publishing.


def terms(draft: Draft) -> dict[str, str]:
    """What a publisher sends who has just read the draft."""
    words = {"effective_at": "", "change": "material", "summary_zh": "改。", "summary_en": "Changed."}
    return words | {"seen": review_state(draft)}


def test_publishing_at_once(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra, texts={ZH: chinese(), EN: english()})
    response = petras.post(f"/desk/drafts/{draft.pk}/publish/", terms(draft))
    version = Version.objects.get()
    assert (response.status_code, response.url) == (302, "/agreements/terms/versions/1/")
    assert (version.draft, version.published_by, version.published_at, version.effective_at) == (
        draft,
        petra,
        NOON,
        NOON,
    )
    assert (version.change, version.summary_zh, version.summary_en) == ("material", "改。", "Changed.")


def test_the_effective_time_is_given_in_the_site_zone(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    petras.post(
        f"/desk/drafts/{draft.pk}/publish/", terms(draft) | {"effective_at": "2026-04-16T00:00", "change": "editorial"}
    )
    version = Version.objects.get()
    assert (version.effective_at, version.change) == (datetime(2026, 4, 15, 16, 0, tzinfo=UTC), "editorial")


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"effective_at": "2026-04-01T11:59"}, 1),
        ({"effective_at": "0001-01-01T00:00"}, 1),
        ({"effective_at": "never"}, 1),
        ({"change": ""}, 1),
        ({"change": "cosmetic"}, 1),
        ({"summary_zh": ""}, 1),
        ({"summary_en": " "}, 1),
        ({"summary_zh": "长" * 2001, "summary_en": "x" * 2001}, 2),
    ],
)
def test_a_revision_that_cannot_be_published_says_why(petras, agreement, petra, changes, count) -> None:
    publish(agreement, petra)
    draft = make_draft(agreement, petra, texts={ZH: chinese("第二版。")})
    before = Entry.objects.count()
    response = petras.post(f"/desk/drafts/{draft.pk}/publish/", terms(draft) | changes)
    assert (response.status_code, len(errors(response))) == (422, count)
    assert (Version.objects.count(), Entry.objects.count()) == (1, before)


def test_what_would_change_is_shown_before_publishing(petras, agreement, petra) -> None:
    publish(agreement, petra, "本协议适用于开发者。")
    draft = make_draft(agreement, petra, texts={ZH: chinese("本协议适用于全体开发者。"), EN: english()})
    soup = soup_of(petras.get(f"/desk/drafts/{draft.pk}/publish/"))
    assert [words(change.select_one(".change-text")) for change in soup.select("article[data-change]")] == [
        "本协议适用于 全体 开发者。"
    ]
    assert soup.select("main [checked]") == []


def test_nothing_changed_is_said(petras, agreement, petra) -> None:
    publish(agreement, petra)
    draft = make_draft(agreement, petra)
    response = petras.post(f"/desk/drafts/{draft.pk}/publish/", terms(draft))
    assert errors(response) == ["草稿与上一版本的文本完全相同，没有可公布的改动。"]


def test_publishing_twice_makes_one_version(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    statuses = [petras.post(f"/desk/drafts/{draft.pk}/publish/", terms(draft)).status_code for _ in range(2)]
    assert (statuses, Version.objects.count()) == ([302, 422], 1)


def test_a_draft_that_changed_since_it_was_read_is_not_published(petras, agreement, petra) -> None:
    """The peer's defect in the publisher's chair: what is published is what the publisher was shown."""
    draft = make_draft(agreement, petra)
    read = terms(draft)
    edit(petras, draft, chinese=chinese("后改的。"))
    response = petras.post(f"/desk/drafts/{draft.pk}/publish/", read)
    assert (response.status_code, Version.objects.count()) == (409, 0)
    assert "后改的。" in response.content.decode()
    again = soup_of(response).select_one("main form [name=seen]")["value"]
    assert petras.post(f"/desk/drafts/{draft.pk}/publish/", read | {"seen": again}).status_code == 302
    assert Version.objects.get().texts.get().text == chinese("后改的。")


def test_saving_on_the_way_to_publishing_keeps_what_was_typed(petras, agreement, petra) -> None:
    draft = make_draft(agreement, petra)
    response = edit(petras, draft, chinese=chinese("改过的。"), publish="1")
    assert response.url == f"/desk/drafts/{draft.pk}/publish/"
    assert texts_of(draft) == {"zh-hans": chinese("改过的。")}


def test_a_draft_without_text_is_not_published(petras, agreement, petra) -> None:
    draft = Draft.objects.create(agreement=agreement, created_by=petra)
    assert petras.get(f"/desk/drafts/{draft.pk}/publish/").status_code == 200
    assert petras.post(f"/desk/drafts/{draft.pk}/publish/", terms(draft)).status_code == 422
    assert Version.objects.count() == 0


# Withdrawing.


def test_an_announced_version_is_withdrawn_once(petras, agreement, petra) -> None:
    version = publish(agreement, petra, effective_at=NOON + DAY)
    response = petras.post(f"/desk/versions/{version.pk}/withdraw/")
    assert (response.status_code, response.url) == (302, "/desk/agreements/terms/")
    withdrawal = Withdrawal.objects.get()
    assert (withdrawal.version, withdrawal.withdrawn_at, withdrawal.withdrawn_by) == (version, NOON, petra)
    assert petras.post(f"/desk/versions/{version.pk}/withdraw/").status_code == 409
    assert Withdrawal.objects.count() == 1


def test_a_version_in_force_is_not_withdrawn(petras, agreement, petra) -> None:
    version = publish(agreement, petra, effective_at=NOON)
    assert petras.post(f"/desk/versions/{version.pk}/withdraw/").status_code == 409
    assert Withdrawal.objects.count() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/desk/agreements/unknown/",
        "/desk/drafts/0/",
        "/desk/drafts/999999/",
        "/desk/drafts/99999999999999999999999/",
        "/desk/drafts/999999/publish/",
        "/desk/drafts/-1/",
        "/desk/versions/99999999999999999999999/",
    ],
)
def test_what_is_not_there_is_404(petras, path) -> None:
    assert petras.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/desk/agreements/unknown/drafts/", "/desk/versions/99999999999999999999999/withdraw/"]
)
def test_what_is_not_there_cannot_be_changed(petras, path) -> None:
    assert petras.post(path).status_code == 404
