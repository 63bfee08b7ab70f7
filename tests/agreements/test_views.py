"""The reading pages: open to everyone, true to the published bytes, and what each says about the state of a text."""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import Resolver404, resolve

from agreements.models import Change, Draft, Version, VersionText
from agreements.publishing import withdraw_version
from agreements.text.canonical import sha256
from tests.support import DAY, EN, MONDAY, NOON, ZH, chinese, english, make_agreement, make_draft, publish, queries_of

pytestmark = pytest.mark.usefixtures("noon")
TICK = timedelta(microseconds=1)


def page(client: Client, path: str, status: int = 200) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == status
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    """The words of a tag on one line."""
    return " ".join(tag.get_text(" ").split())


# The list.


def test_the_list_of_no_agreements_says_so(client, db) -> None:
    assert words(page(client, "/agreements/").select_one("main .empty")) == "还没有协议。 公布之后，会列在这里。"


def test_the_list_has_every_agreement_with_a_public_version(client, four, petra) -> None:
    announced = make_agreement(petra, slug="announced", name_zh="将来的协议")
    publish(announced, petra, effective_at=NOON + DAY)
    make_draft(make_agreement(petra, slug="drafted", name_zh="草稿中的协议"), petra)
    withdrawn = publish(make_agreement(petra, slug="withdrawn", name_zh="撤回的协议"), petra, effective_at=NOON + DAY)
    withdraw_version(version=withdrawn, actor=petra, at=MONDAY)
    rows = [words(row) for row in page(client, "/agreements/").select(".document")]
    assert rows == [
        "将来的协议 已公布，尚未生效 第 1 版 2026年4月2日生效 历次版本",
        "开发者测试协议 现行有效 第 2 版 2026年3月3日起有效 已公布，尚未生效 第 3 版 2026年4月11日生效 历次版本",
    ]


def test_the_list_takes_three_queries_for_one_agreement_and_for_three(
    client, four, petra, django_assert_num_queries
) -> None:
    with django_assert_num_queries(3):
        assert len(page(client, "/agreements/").select(".document")) == 1
    for slug in ("fees", "data"):
        publish(make_agreement(petra, slug=slug), petra)
    with django_assert_num_queries(3):
        assert len(page(client, "/agreements/").select(".document")) == 3


# One version.


@pytest.mark.parametrize(
    ("number", "status", "notice"),
    [
        (1, "已被取代", "这是旧版本，只供查考，不再适用。 读现行的第 2 版"),
        (2, "现行有效", "第 3 版已经公布，将于此时生效： 2026年4月11日 12:00（UTC+8） 看改动"),
        (3, "已公布，尚未生效", "这一版已经公布，生效之前仍以现行版本为准。 读现行的第 2 版"),
        (4, "已撤回", "这一版在生效之前撤回，从未有效。 读现行的第 2 版"),
    ],
)
def test_a_version_says_what_it_is(client, four, number, status, notice) -> None:
    soup = page(client, f"/agreements/terms/versions/{number}/")
    assert words(soup.select_one(".standing-state .status")) == status
    found = soup.select_one(".document-head .notice")
    assert (found and words(found)) == notice


@pytest.mark.parametrize(
    ("number", "compare_url"),
    [
        (1, "/agreements/terms/compare/1...2/"),
        (2, "/agreements/terms/compare/1...2/"),
        (3, "/agreements/terms/compare/2...3/"),
        (4, "/agreements/terms/compare/3...4/"),
    ],
)
def test_a_version_leads_to_the_comparison_that_its_reader_needs(client, four, number, compare_url) -> None:
    assert client.get(f"/agreements/terms/versions/{number}/").context["compare_url"] == compare_url


def test_a_version_shows_its_stored_html_and_the_anchors_of_its_clauses(client, four) -> None:
    response = client.get("/agreements/terms/versions/2/")
    stored = four[1].texts.get(language=ZH)
    assert stored.html in response.content.decode()
    article = BeautifulSoup(response.content, "html.parser").select_one("article.statute")
    assert [unit["id"] for unit in article.select(".unit")] == [
        "0", "0¶1", "1", "1.1", "1.2", "2", "2.1", "2.1（1）", "2.1（2）",
    ]  # fmt: skip
    assert [unit["id"] for unit in article.select(".is-emphasised")] == ["1.2"]


def test_html_is_not_rendered_again(client, agreement, petra) -> None:
    """Invariant 4: what a reader sees is what was rendered at publication, whatever today's renderer would make of the text."""
    html = '<section class="unit" id="1.1">rendered long ago</section>'
    version = Version.objects.create(
        agreement=agreement,
        number=1,
        draft=make_draft(agreement, petra),
        governing_language=ZH,
        change=Change.MATERIAL,
        published_at=MONDAY,
        published_by=petra,
        effective_at=MONDAY,
    )
    VersionText.objects.create(
        version=version,
        language=ZH,
        title="旧协议",
        text=chinese(),
        text_sha256=sha256(chinese()),
        text_sm3="0" * 64,
        html=html,
        html_sha256=sha256(html),
    )
    for path in ("/agreements/terms/", "/agreements/terms/versions/1/", "/agreements/terms/on/2026-03-05/"):
        assert page(client, path).select_one("article.statute").decode_contents().strip() == html


def test_a_version_shows_its_digest_times_and_summary(client, four) -> None:
    facts = page(client, "/agreements/terms/versions/2/").select_one("dl.facts")
    text = four[1].texts.get(language=ZH)
    values = [words(value) for value in facts.select("dd")]
    assert values[:5] == [
        "第 2 版",
        "2026年3月3日 10:00（UTC+8）",
        "2026年3月3日 10:00（UTC+8）",
        "修改第一条。",
        hashlib.sha256(text.text.encode()).hexdigest(),
    ]


def test_the_current_page_shows_the_version_in_force(client, four) -> None:
    response = client.get("/agreements/terms/")
    assert (response.context["version"], response.context["state"], response.context["pinned"]) == (
        four[1],
        "in_force",
        False,
    )


def test_the_version_in_force_leads_to_what_the_announced_one_changes(client, four) -> None:
    for path in ("/agreements/terms/", "/agreements/terms/versions/2/"):
        assert page(client, path).select_one(".document-head .notice a")["href"] == "/agreements/terms/compare/2...3/"


def test_before_anything_is_in_force_the_announced_version_is_shown(client, agreement, petra) -> None:
    first = publish(agreement, petra, effective_at=NOON + DAY)
    publish(agreement, petra, "第二版。", effective_at=NOON + 2 * DAY)
    response = client.get("/agreements/terms/")
    assert (response.context["version"], response.context["state"]) == (first, "announced")


def test_an_agreement_without_a_public_version_has_no_current_page(client, agreement, petra) -> None:
    make_draft(agreement, petra)
    page(client, "/agreements/terms/", 404)
    withdraw_version(version=publish(agreement, petra, effective_at=NOON + DAY), actor=petra, at=MONDAY)
    page(client, "/agreements/terms/", 404)


def test_a_reader_chooses_the_language_of_text_by_cookie_or_by_address(client, four) -> None:
    def language(path: str) -> str:
        return client.get(path).context["text"].language

    assert language("/agreements/terms/") == "zh-hans"
    assert language("/agreements/terms/?text=en") == "en"
    client.cookies["django_language"] = "en"
    assert language("/agreements/terms/") == "en"
    assert language("/agreements/terms/?text=zh-hans") == "zh-hans"
    assert language("/agreements/terms/?text=fr") == "en"
    assert language("/agreements/terms/versions/1/") == "zh-hans"


def test_the_browsers_own_language_decides_nothing(client, four) -> None:
    response = client.get("/agreements/terms/", headers={"accept-language": "en"})
    assert (response.context["text"].language, response.headers["Content-Language"]) == ("zh-hans", "zh-hans")


def test_a_translation_says_that_it_does_not_govern(client, four) -> None:
    note = "这是译文，仅供参考；各语言文本不一致时，以作准文本为准。"
    assert note in words(page(client, "/agreements/terms/?text=en").select_one("main"))
    assert note not in words(page(client, "/agreements/terms/").select_one("main"))


@pytest.mark.parametrize(
    "path",
    [
        "/agreements/unknown/",
        "/agreements/terms/versions/5/",
        "/agreements/terms/versions/0/",
        "/agreements/terms/versions/01/",
        "/agreements/terms/versions/-1/",
        "/agreements/terms/versions/1000000/",
        "/agreements/terms/versions/99999999999999999999/",
        "/agreements/terms/versions/1%00/",
        "/agreements/unknown/versions/1/",
        "/agreements/unknown/versions/",
        "/agreements/terms/versions/5.md",
        "/agreements/terms/versions/1.pdf",
        "/agreements/terms/compare/1...5/",
        "/agreements/terms/compare/5...1/",
        "/agreements/terms/compare/1...2.xml",
        "/agreements/terms/compare/0...1/",
        "/agreements/unknown/compare/1...2/",
        "/agreements/unknown/compare/1...2.json",
        "/agreements/unknown/on/2026-03-05/",
        "/agreements/" + "t" * 5000 + "/",
    ],
)
def test_what_is_not_there_is_404(client, four, path) -> None:
    page(client, path, 404)


@pytest.mark.parametrize("number", ["1２", "１", "01", "1000000", "1 ", "1\n"])
def test_a_version_has_one_address(number) -> None:
    assert resolve("/agreements/terms/versions/12/").kwargs == {"slug": "terms", "number": 12}
    for path in ("versions/{}/", "versions/{}.md", "compare/{}...2/", "compare/2...{}.json"):
        with pytest.raises(Resolver404):
            resolve("/agreements/terms/" + path.format(number))


def test_reading_pages_are_read_only(client, four) -> None:
    for path in ("/agreements/", "/agreements/terms/", "/agreements/terms/versions/1/", "/search/"):
        assert [getattr(client, method)(path).status_code for method in ("post", "put", "delete")] == [405] * 3
        assert client.head(path).status_code == 200


# All versions.


def test_the_list_of_versions_has_each_with_its_state(client, four) -> None:
    rows = page(client, "/agreements/terms/versions/").select(".timeline > li")
    assert [words(row.h2) for row in rows] == [
        "第 4 版 已撤回",
        "第 3 版 已公布，尚未生效",
        "第 2 版 现行有效",
        "第 1 版 已被取代",
    ]
    links = [[a["href"] for a in row.select("a") if "compare" in a["href"]] for row in rows]
    assert links == [
        ["/agreements/terms/compare/3...4/"],
        ["/agreements/terms/compare/2...3/"],
        ["/agreements/terms/compare/1...2/"],
        [],
    ]


def test_the_list_of_versions_takes_as_many_queries_for_three_as_for_one(client, agreement, petra) -> None:
    def rows() -> int:
        return len(page(client, "/agreements/terms/versions/").select(".timeline > li"))

    publish(agreement, petra)
    assert rows() == 1
    for_one = queries_of(rows)
    for number in (2, 3):
        publish(agreement, petra, f"第 {number} 版。", at=MONDAY + number * DAY)
    assert rows() == 3
    assert queries_of(rows) == for_one


def test_an_agreement_without_versions_has_no_list(client, agreement) -> None:
    page(client, "/agreements/terms/versions/", 404)


# As it stood on a day.


@pytest.fixture
def at_midnight(agreement, petra) -> list[Version]:
    """In force from 00:00 of 10 March, and from noon and from 18:00 of 20 March, in Shanghai."""
    return [
        publish(agreement, petra, "甲。", effective_at=datetime(2026, 3, 9, 16, 0, tzinfo=UTC)),
        publish(agreement, petra, "乙。", effective_at=datetime(2026, 3, 20, 4, 0, tzinfo=UTC)),
        publish(agreement, petra, "丙。", effective_at=datetime(2026, 3, 20, 10, 0, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("day", "number", "changed"),
    [
        ("2026-03-09", None, []),
        ("2026-03-10", 1, [1]),
        ("2026-03-11", 1, []),
        ("2026-03-19", 1, []),
        ("2026-03-20", 3, [2, 3]),
        ("2026-03-21", 3, []),
        ("2000-02-29", None, []),
        ("9998-12-31", 3, []),
    ],
)
def test_a_day_shows_the_text_at_its_end_in_the_site_zone(client, at_midnight, day, number, changed) -> None:
    response = client.get(f"/agreements/terms/on/{day}/")
    assert response.status_code == 200
    version = response.context["version"]
    assert (version.number if version else None) == number
    assert [changed.number for changed in response.context["changed_that_day"]] == changed


def test_a_version_effective_in_the_last_microsecond_of_a_day_is_of_that_day(client, agreement, petra) -> None:
    publish(agreement, petra, effective_at=datetime(2026, 3, 9, 16, 0, tzinfo=UTC) - TICK)
    publish(agreement, petra, "第二版。", effective_at=datetime(2026, 3, 9, 16, 0, tzinfo=UTC))
    found = [client.get(f"/agreements/terms/on/2026-03-{day}/").context for day in ("08", "09", "10")]
    assert [context["version"] and context["version"].number for context in found] == [None, 1, 2]
    assert [[v.number for v in context["changed_that_day"]] for context in found] == [[], [1], [2]]


def test_a_day_says_when_its_text_changed(client, at_midnight) -> None:
    notice = page(client, "/agreements/terms/on/2026-03-20/").select_one(".document-head .notice")
    assert [words(line) for line in notice.select("p")] == [
        "2026年3月20日终了时有效的文本",
        "文本在这一天变更：第 2 版的生效时间是 2026年3月20日 12:00（UTC+8）",
        "文本在这一天变更：第 3 版的生效时间是 2026年3月20日 18:00（UTC+8）",
    ]


def test_a_day_before_the_first_version_says_so(client, at_midnight) -> None:
    empty = page(client, "/agreements/terms/on/2026-03-09/").select_one("main .empty")
    assert words(empty.h1) == "2026年3月9日还没有生效的文本"


def test_a_withdrawn_version_is_not_the_text_of_any_day(client, four) -> None:
    response = client.get("/agreements/terms/on/2027-01-01/")
    assert response.context["version"] == four[2]
    day = client.get("/agreements/terms/on/2026-04-21/").context
    assert (day["version"], day["changed_that_day"]) == (four[2], [])


@pytest.mark.parametrize(
    "day",
    ["0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01", "0000-01-01", "2026-1-1", "20260310", "２０２６-03-10"],
)
def test_an_absurd_day_is_404(client, at_midnight, day) -> None:
    page(client, f"/agreements/terms/on/{day}/", 404)


@pytest.mark.parametrize(
    ("asked", "target"),
    [
        ("2026-03-10", "/agreements/terms/on/2026-03-10/"),
        ("0001-01-01", "/agreements/terms/on/0001-01-01/"),
        ("2026-02-30", "/agreements/terms/versions/"),
        ("", "/agreements/terms/versions/"),
        ("\0", "/agreements/terms/versions/"),
        ("//evil.example/", "/agreements/terms/versions/"),
    ],
)
def test_the_form_for_a_day_leads_to_its_page(client, four, asked, target) -> None:
    response = client.get("/agreements/terms/on/", {"day": asked})
    assert (response.status_code, response.url) == (302, target)


# Downloads.


@pytest.mark.parametrize("language", [ZH, EN])
def test_the_markdown_download_is_the_canonical_text_byte_for_byte(client, four, language) -> None:
    response = client.get(f"/agreements/terms/versions/2.md?text={language}")
    text = four[1].texts.get(language=language)
    assert response.content == text.text.encode("utf-8")
    assert hashlib.sha256(response.content).hexdigest() == text.text_sha256
    assert (response.headers["Content-Type"], response.headers["Content-Language"]) == (
        "text/markdown; charset=utf-8",
        str(language),
    )
    assert response.headers["Content-Disposition"] == f'attachment; filename="terms-2.{language}.md"'


def test_the_text_download_has_no_marks(client, four) -> None:
    response = client.get("/agreements/terms/versions/2.txt")
    assert response.content.decode() == (
        "开发者测试协议\n\n导言\n\n请先通读全文。\n\n1 总则\n\n1.1 第二版。\n\n"
        "1.2 开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。\n\n2 资费\n\n2.1 费用按月结算，包括：\n\n"
        "（1） 服务费；\n\n（2） 税费。\n"
    )
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="terms-2.zh-hans.txt"'


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_version_can_be_downloaded_whatever_its_state(client, four, number) -> None:
    text = four[number - 1].texts.get(language=ZH)
    assert client.get(f"/agreements/terms/versions/{number}.md").content == text.text.encode()


def test_the_page_links_to_the_downloads_of_the_text_it_shows(client, four) -> None:
    soup = page(client, "/agreements/terms/?text=en")
    links = [a["href"] for a in soup.select("a[download]")]
    assert links == ["/agreements/terms/versions/2.md?text=en", "/agreements/terms/versions/2.txt?text=en"]


# Search.


def hits(client: Client, query: str, **more: str) -> list[str]:
    response = client.get("/search/", {"q": query} | more)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content.decode(), "html.parser")
    return [f"{words(hit.h2)}: {words(hit.select_one('.excerpt'))}" for hit in soup.select(".hits > li")]


def test_search_shows_clauses_with_the_word_marked_and_linked(client, agreement, petra) -> None:
    publish(agreement, petra)
    assert hits(client, "密钥") == ["1.2: 开发者应当妥善保管 密钥 ，因泄露造成的损失由开发者承担。"]
    soup = page(client, "/search/?q=密钥")
    assert [mark.get_text() for mark in soup.select("mark")] == ["密钥"]
    assert soup.select_one(".hits a")["href"] == "/agreements/terms/versions/1/?text=zh-hans#1.2"


def test_search_for_a_number_two_words_english_and_nothing(client, agreement, petra) -> None:
    publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    assert len(hits(client, "1.2")) == 2
    assert hits(client, "损失 密钥") == ["1.2: 开发者应当妥善保管密钥，因泄露造成的 损失 由开发者承担。"]
    assert hits(client, "TAXES") == ["2.1（2）: taxes ."]
    assert hits(client, "没有的词") == []
    assert words(page(client, "/search/?q=没有的词").select_one(".empty h2")) == "没有找到"
    assert page(client, "/search/").select(".empty, .hits") == []


@pytest.mark.parametrize(
    "query", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7|add:7 }}", "%(x)s & %"]
)
def test_what_is_searched_for_is_shown_as_words(client, agreement, petra, query) -> None:
    publish(agreement, petra)
    soup = page(client, f"/search/?q={quote(query)}")
    assert soup.select_one("main input[name=q]")["value"] == query
    assert query in soup.select_one("main [role=status]").get_text()
    assert len(soup.select("script")) == 1
    assert soup.select("main img, main script, [onerror]") == []


@pytest.mark.parametrize("query", ["x" * 100_000, "\0", "\ud7ff\uffff", " ", "密" * 201])
def test_absurd_searches_find_nothing(client, agreement, petra, query) -> None:
    publish(agreement, petra)
    assert hits(client, query) == []


def test_search_pages_through_all_hits_once(client, agreement, petra) -> None:
    many = "\n\n".join(f"1.{number} 密语其{number}。" for number in range(1, 66))
    publish(agreement, petra, texts={ZH: f"# 标题\n\n## 1. 总则\n\n{many}\n"})
    pages = [hits(client, "密语", page=str(number)) for number in (1, 2, 3)]
    assert [len(found) for found in pages] == [30, 30, 5]
    assert [found.split(":")[0] for page_hits in pages for found in page_hits] == [
        f"1.{number}" for number in range(1, 66)
    ]
    assert hits(client, "密语", page="99") == pages[2]
    assert hits(client, "密语", page="x") == pages[0]
    assert hits(client, "密语", page="-1") == pages[2]
    soup = page(client, "/search/?q=密语&page=2")
    assert [a["href"] for a in soup.select(".pager a")] == [
        "?q=%E5%AF%86%E8%AF%AD&page=1",
        "?q=%E5%AF%86%E8%AF%AD&page=3",
    ]


def test_draft_texts_are_on_no_public_page(client, four, petra) -> None:
    make_draft(four[0].agreement, petra, texts={ZH: chinese("绝密的草稿。")})
    assert Draft.objects.filter(version__isnull=True).count() == 1
    paths = ["/", "/agreements/", "/agreements/terms/", "/agreements/terms/versions/", "/search/?q=绝密的草稿"]
    paths += [f"/agreements/terms/versions/{number}/" for number in (1, 2, 3, 4)]
    for path in paths:
        soup = page(client, path)
        for box in soup.select("input, title, [role=status]"):
            box.decompose()  # What was searched for may be repeated.
        assert "绝密的草稿" not in soup.get_text()
