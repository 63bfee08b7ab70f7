"""The comparison of two versions as page, JSON, plain text and Word: any pair, in either direction, in one language."""

import io
import zipfile

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from agreements.models import Agreement, KeptComparison, Version
from tests.support import DAY, EN, MONDAY, ZH, chinese, english, publish

pytestmark = pytest.mark.usefixtures("noon")
PAIR = "/agreements/terms/compare/1...2"


def page(client: Client, path: str) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    """The words of a tag on one line."""
    return " ".join(tag.get_text(" ").split())


OLD = """\
# 开发者测试协议

## 1. 总则

1.1 本协议适用于开发者，开发者可以转让其帐户。

1.2 词语按照通常的含义理解，依照第2.1条的约定执行。

## 2. 资费

2.1 费用按月结算，逾期的按日计算违约金。

2.2 平台公布的资费标准对双方都有约束力。

## 3. 争议

3.1 争议由双方先行协商解决。

3.2 协商不成的，提交平台所在地的法院管辖。
"""
NEW = """\
# 开发者测试协议

## 1. 总则

1.1 本协议适用于开发者，开发者不可以转让其帐户。

1.2 平台提供文档、示例和测试环境。

1.3 协商不成的，提交平台所在地的法院管辖。

1.4 词语按照通常的含义理解，依照第2.1条的约定执行。

## 2. 资费

**2.1 费用按月结算，逾期的按日计算违约金。**

## 3. 争议

3.1 争议由双方先行协商解决。
"""


@pytest.fixture
def two(agreement: Agreement, petra) -> list[Version]:
    """A revision that adds a 不 and a clause, moves one, deletes one, and makes one bold."""
    return [publish(agreement, petra, texts={ZH: OLD}), publish(agreement, petra, texts={ZH: NEW}, at=MONDAY + DAY)]


# Any pair.


def changes(soup: BeautifulSoup) -> list[tuple[str, str]]:
    return [
        (words(row.select_one(".number")), words(row.select_one(".change-text")))
        for row in soup.select("article[data-change]")
    ]


def test_a_comparison_shows_the_changed_words(client, four) -> None:
    soup = page(client, "/agreements/terms/compare/1...2/")
    (change,) = soup.select("article[data-change]")
    assert words(change.select_one(".number")) == "1.1"
    text = change.select_one(".change-text")
    assert ("".join(d.get_text() for d in text.select("del")), "".join(i.get_text() for i in text.select("ins"))) == (
        "第一",
        "第二",
    )


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 1), (1, 3), (3, 1), (4, 1), (2, 4)])
def test_any_pair_can_be_compared_in_either_direction(client, four, old, new) -> None:
    data = client.get(f"/agreements/terms/compare/{old}...{new}.json").json()
    edited = [row for row in data["rows"] if row["kind"] != "unchanged"]
    names = "一二三四"
    assert [(row["kind"], row["old_no"], row["new_no"], row["old_text"], row["new_text"]) for row in edited] == [
        ("edited", "1.1", "1.1", f"第{names[old - 1]}版。", f"第{names[new - 1]}版。")
    ]
    response = client.get(f"/agreements/terms/compare/{old}...{new}/")
    assert (response.status_code, response.context["old"], response.context["new"]) == (
        200,
        four[old - 1],
        four[new - 1],
    )


def test_a_version_compared_with_itself_has_no_change(client, four) -> None:
    data = client.get("/agreements/terms/compare/2...2.json").json()
    assert {row["kind"] for row in data["rows"]} == {"unchanged"}
    soup = page(client, "/agreements/terms/compare/2...2/")
    assert soup.select("article[data-change]") == []
    assert words(soup.select_one("main .empty")) == "没有任何条款改动 两份文字相同。"
    assert words(soup.select_one(".lede")) == "两边都是第 2 版"


def test_the_json_of_a_comparison_has_every_key_in_every_row(client, four) -> None:
    response = client.get("/agreements/terms/compare/1...2.json")
    assert response.headers["Content-Type"] == "application/json"
    keys = {"kind", "moved", "flags", "old_no", "new_no", "old_text", "new_text", "spans"}
    assert [set(row) for row in response.json()["rows"]] == [keys] * 9
    assert "\\u" not in response.content.decode()


def test_a_comparison_shows_all_or_only_changes_inline_or_side_by_side(client, four) -> None:
    def view(query: str) -> tuple[str, str, int]:
        context = client.get(f"/agreements/terms/compare/1...2/{query}").context
        return context["look"].view, context["look"].show, len(context["rows"])

    assert view("") == ("inline", "changes", 3)
    assert view("?show=all") == ("inline", "all", 9)
    assert view("?view=side") == ("side", "changes", 3)
    assert view("?view=nonsense&show=nonsense") == ("inline", "changes", 3)
    soup = page(client, "/agreements/terms/compare/1...2/?view=side")
    sides = [words(side) for side in soup.select("article[data-change] .change-text")]
    assert [side.replace(" ", "") for side in sides] == ["第1版第一版。", "第2版第二版。"]


def test_a_comparison_is_in_one_language(client, agreement, petra) -> None:
    """A text that only one of the versions has is not compared with another language."""
    publish(agreement, petra, texts={ZH: chinese("甲。")})
    publish(agreement, petra, texts={ZH: chinese("乙。"), EN: english("Second.")})
    publish(agreement, petra, texts={ZH: chinese("丙。"), EN: english("Third.")})
    found = {}
    for pair in ("1...2", "2...3"):
        for language in ("zh-hans", "en"):
            found[pair, language] = client.get(f"/agreements/terms/compare/{pair}/?text={language}").context["language"]
    assert found == {
        ("1...2", "zh-hans"): "zh-hans",
        ("1...2", "en"): "zh-hans",
        ("2...3", "zh-hans"): "zh-hans",
        ("2...3", "en"): "en",
    }


def test_a_text_in_a_language_that_only_the_older_version_has_is_not_shown(client, agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: chinese("甲。"), EN: english("First.")})
    publish(agreement, petra, texts={ZH: chinese("乙。")})
    assert client.get("/agreements/terms/compare/1...2/?text=en").context["language"] == "zh-hans"


def test_a_comparison_against_time_says_so_and_leads_to_the_other_direction(client, four) -> None:
    notice = page(client, "/agreements/terms/compare/3...1/").select_one(".notice.is-warn")
    assert words(notice).startswith("这是倒过来的比较：第 3 版作旧，第 1 版作新。")
    assert notice.a["href"] == "/agreements/terms/compare/1...3/"
    assert page(client, "/agreements/terms/compare/1...3/").select(".notice") == []


def test_a_withdrawn_version_says_so_at_its_side(client, four) -> None:
    sides = page(client, "/agreements/terms/compare/2...4/").select(".versus dd")
    digests = [words(side.select_one(".only-print").extract()) for side in sides]
    assert digests == [f"SHA-256 {four[number].texts.get(language=ZH).text_sha256}" for number in (1, 3)]
    assert [words(side) for side in sides] == [
        "第 2 版 生效 2026年3月3日 10:00（UTC+8）",
        "第 4 版 已撤回，从未有效",
    ]


def test_every_face_that_names_a_withdrawn_version_says_so(client, four) -> None:
    heads = page(client, "/agreements/terms/compare/2...4/?view=side").select(".side-heads span")
    assert [words(head) for head in heads] == ["第 2 版", "第 4 版（已撤回）"]
    assert "新：第 4 版（已撤回）" in client.get("/agreements/terms/compare/2...4.txt").content.decode().splitlines()
    word = zipfile.ZipFile(io.BytesIO(client.get("/agreements/terms/compare/2...4.docx").content))
    assert "第 2 版 → 第 4 版（已撤回）" in word.read("docProps/core.xml").decode()


def test_a_changed_title_is_shown_before_the_clauses(client, agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: OLD})
    publish(agreement, petra, texts={ZH: OLD.replace("# 开发者测试协议", "# 开发者服务协议")})
    front = page(client, f"{PAIR}/").select_one(".front-changes")
    assert (words(front.select_one("del")), words(front.select_one("ins"))) == ("开发者测试协议", "开发者服务协议")


# What the page says.


def test_counts_are_links_that_show_one_kind_and_can_be_combined(client, two) -> None:
    soup = page(client, f"{PAIR}/")
    chips = {words(chip): chip["href"] for chip in soup.select(".kinds a")}
    assert chips == {
        "修改 1": "?kinds=edited",
        "新增 1": "?kinds=inserted",
        "删除 1": "?kinds=deleted",
        "移动 1": "?kinds=moved",
        "只改重点标记 1": "?kinds=emphasis-only",
        "只改编号 1": "?kinds=renumbered",
    }
    assert words(soup.select_one(".kinds span")) == "未改 4"
    soup = page(client, f"{PAIR}/?kinds=deleted&view=side")
    assert [words(row.select_one(".number")) for row in soup.select(".changes > article[data-change]")] == ["2.2"]
    assert [words(gap.summary) for gap in soup.select(".gap")] == ["… 7 段未列出 …", "… 2 段未列出 …"]
    chips = {words(chip): (chip["href"], chip.get("aria-current")) for chip in soup.select(".kinds a")}
    assert chips["删除 1"] == ("?view=side", "true")
    assert chips["新增 1"] == ("?view=side&kinds=inserted%2Cdeleted", None)


def test_kinds_that_are_unknown_or_that_nothing_has_are_no_filter(client, two) -> None:
    assert client.get(f"{PAIR}/?kinds=nonsense,%00,split").context["look"].kinds == ()
    assert client.get(f"{PAIR}/?kinds=split,moved").context["look"].kinds == ("moved",)


def test_every_change_in_the_list_says_what_changed_and_leads_to_it(client, two) -> None:
    soup = page(client, f"{PAIR}/")
    entries = soup.select(".changes-nav a")
    assert [words(entry) for entry in entries] == [
        "1.1 修改 新增“ 不 ”，成为“ 开发者不可以转让其 ”",
        "1.2 新增 平台提供文档、示例和测试环境。",
        "1.3 移动 移自 3.2",
        "2.1 只改重点标记 整条改为粗体",
        "2.2 删除 平台公布的资费标准对双方都有约束…",
    ]
    for entry in entries:
        assert len(soup.select(f'[id="{entry["href"][1:]}"]')) == 1
    assert [words(group) for group in soup.select(".drawer-group")] == ["1 总则", "2 资费"]


def test_a_lone_negation_has_the_stronger_mark(client, two) -> None:
    assert [words(mark) for mark in page(client, f"{PAIR}/").select("ins.is-short")] == ["不"]


def test_a_moved_clause_and_its_old_place_lead_to_each_other(client, two) -> None:
    soup = page(client, f"{PAIR}/")
    moved = soup.select_one(".change.is-moved")
    there = moved.select_one(".move a")
    assert words(there) == "移自 3.2"
    stub = soup.select_one(f'[id="{there["href"][1:]}"]')
    assert words(stub) == "3.2 移至 1.3 协商不成的，提交平台所在地的法院管辖。"
    assert stub.select_one(".kind a")["href"] == f"#{moved['id']}"
    items = [item.get("id") for item in soup.select(".changes > *")]
    assert items.index(stub["id"]) > items.index(soup.select(".is-deleted[id]")[0]["id"])


def test_emphasis_alone_is_folded_to_a_line_that_says_which_words(client, two) -> None:
    fold = page(client, f"{PAIR}/").select_one("details.is-emphasis-only")
    assert "open" not in fold.attrs
    assert words(fold.summary).startswith("2.1 只改重点标记 整条改为粗体")
    assert words(fold.select_one(".is-bolded strong")) == "费用按月结算，逾期的按日计算违约金。"


def test_the_map_has_a_mark_for_every_change_and_for_where_moved_clauses_stood(client, two) -> None:
    soup = page(client, f"{PAIR}/")
    marks = {mark["aria-label"]: mark["href"] for mark in soup.select(".change-map a")}
    assert list(marks) == ["1.1 修改", "1.2 新增", "1.3 移动", "2.1 只改重点标记", "2.2 删除", "3.2 移至 1.3"]
    assert all(soup.select(f'[id="{href[1:]}"]') for href in marks.values())
    assert soup.select("[style]") == []


def test_changes_lead_to_their_neighbours_without_a_script(client, two) -> None:
    soup = page(client, f"{PAIR}/")
    stops = [change["id"] for change in soup.select("[data-change]")]
    ways = [[link["href"][1:] for link in change.select(".neighbours a")] for change in soup.select("[data-change]")]
    assert ways == [
        stops[1:2],
        [stops[0], stops[2]],
        [stops[1], stops[3]],
        [stops[2], stops[4]],
        stops[3:4],
    ]


def test_the_page_leads_to_its_files_in_the_language_that_it_shows(client, two) -> None:
    assert [link["href"] for link in page(client, f"{PAIR}/").select(".downloads a")] == [
        f"{PAIR}.docx?text=zh-hans",
        f"{PAIR}.txt?text=zh-hans",
        f"{PAIR}.json?text=zh-hans",
    ]


def test_the_links_keep_the_language_that_was_asked_for(client, two) -> None:
    soup = page(client, f"{PAIR}/?text=zh-hans")
    assert [link["href"] for link in soup.select(".switch a")] == [
        "?text=zh-hans",
        "?view=side&text=zh-hans",
        "?text=zh-hans",
        "?show=all&text=zh-hans",
    ]


# The other faces.


def test_plain_text_for_an_e_mail(client, two) -> None:
    response = client.get(f"{PAIR}.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (
        response.content.decode()
        == """\
开发者测试协议
旧：第 1 版（2026年3月2日生效）
新：第 2 版（2026年3月3日生效）
http://testserver/agreements/terms/compare/1...2/

修改 1，新增 1，删除 1，移动 1，只改重点标记 1，只改编号 1，未改 4
标记：[-删去的字-] {+增加的字+}

1.1  修改：新增“不”，成为“开发者不可以转让其”
    本协议适用于开发者，开发者{+不+}可以转让其帐户。

1.2  新增
    {+平台提供文档、示例和测试环境。+}

3.2 → 1.3  移动：移自 3.2
    协商不成的，提交平台所在地的法院管辖。

2.2  删除
    [-平台公布的资费标准对双方都有约束力。-]

只改重点标记：
    2.1：整条改为粗体
"""
    )


def test_word_has_the_changes_as_tracked_ones(client, two) -> None:
    response = client.get(f"{PAIR}.docx")
    assert response.headers["Content-Disposition"] == 'attachment; filename="terms-1...2.zh-hans.docx"'
    body = zipfile.ZipFile(io.BytesIO(response.content)).read("word/document.xml").decode()
    assert "<w:ins " in body
    assert "<w:moveFrom " in body
    assert client.get(f"{PAIR}.docx").content == response.content


# Kept comparisons.


def test_a_comparison_is_made_once_for_all_its_faces(client, two, django_assert_num_queries) -> None:
    assert KeptComparison.objects.count() == 0
    fresh = page(client, f"{PAIR}/").select_one(".comparison")
    kept = KeptComparison.objects.get()
    assert (kept.old_sha256, kept.new_sha256) == tuple(version.texts.get().text_sha256 for version in two)
    for face in ("/", ".json", ".txt", ".docx"):
        client.get(f"{PAIR}{face}")
    assert KeptComparison.objects.get().pk == kept.pk
    with django_assert_num_queries(6):
        assert page(client, f"{PAIR}/").select_one(".comparison") == fresh
