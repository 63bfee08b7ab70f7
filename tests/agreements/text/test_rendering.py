"""HTML, contents, plain text and canonical Markdown of a parsed text."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.text.clauses import parse
from agreements.text.rendering import Entry, contents, markdown, plain, render

SAMPLES = sorted((Path(__file__).parents[3] / "agreements" / "sample").glob("*.*.*.md"))
TEXT = (
    "# 某平台协议\n\n更新日期：2024年1月1日\n\n## 导言\n\n欢迎。\n\n## 2. 权利\n\n### **2.1 注册**\n\n**2.1.1 您同意**：见[《规则》](https://a.b/?c=1&d=2)。\n\n"
    "（1）*甲*；\n\n**2.1.2 您保证，**[**合法**](http://e.f)**。**\n\n后文。\n\n## 附件：规则\n\n某某公司\n"
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT&#58;alert(1))",
    "[x](data:text/html,y)",
    "<javascript:alert(1)>",
    '[x](http://a.b/"onclick=alert(1))',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</section><iframe src=//a.b>",
    "[x](//a.b/c)",
    "[x](/accept/)",
]


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_unit_is_a_section_with_its_number_as_address() -> None:
    assert str(render(parse(TEXT))).split("\n") == [
        '<div class="notes"><p>更新日期：2024年1月1日</p></div>',
        '<section class="unit unit-chapter" id="0" data-level="1"><h2 class="words">导言</h2></section>',
        '<section class="unit unit-paragraph" id="0¶1" data-level="2"><div class="words">欢迎。</div></section>',
        '<section class="unit unit-chapter" id="2" data-level="1"><h2 class="words">'
        '<a class="number" href="#2" rel="noopener">2</a> 权利</h2></section>',
        '<section class="unit unit-clause is-emphasised" id="2.1" data-level="2"><h3 class="words">'
        '<a class="number" href="#2.1" rel="noopener">2.1</a> 注册</h3></section>',
        '<section class="unit unit-clause" id="2.1.1" data-level="3"><a class="number" href="#2.1.1" rel="noopener">2.1.1</a>'
        '<div class="words"><strong>您同意</strong>：见<a href="https://a.b/?c=1&amp;d=2" rel="noopener">《规则》</a>。</div></section>',
        '<section class="unit unit-item" id="2.1.1（1）" data-level="4"><a class="number" href="#2.1.1（1）" rel="noopener">（1）</a>'
        '<div class="words"><em>甲</em>；</div></section>',
        '<section class="unit unit-clause is-emphasised" id="2.1.2" data-level="3">'
        '<a class="number" href="#2.1.2" rel="noopener">2.1.2</a><div class="words"><strong>您保证，'
        '<a href="http://e.f" rel="noopener">合法</a>。</strong></div></section>',
        '<section class="unit unit-paragraph" id="2.1.2¶1" data-level="4"><div class="words">后文。</div></section>',
        '<section class="unit unit-annex" id="附件" data-level="1"><h2 class="words">'
        '<a class="number" href="#附件" rel="noopener">附件</a> 规则</h2></section>',
        '<section class="unit unit-paragraph" id="附件¶1" data-level="2"><div class="words">某某公司</div></section>',
    ]


def test_a_template_prints_the_html_as_it_is() -> None:
    html = render(parse(TEXT))
    assert html.__html__() == html


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize(
    "frame",
    ["## 1. {}\n\n1.1 甲\n", "## 1. 甲\n\n**1.1 {}**\n", "# 甲\n\n2020年1月{}通过\n\n## 1. 乙\n", "## {}\n\n1.1 甲\n"],
)
def test_hostile_text_becomes_neither_tag_nor_target(frame: str, words: str) -> None:
    for tag, attributes in Tags(render(parse(frame.format(words)))).found:
        assert tag in ("section", "div", "h2", "h3", "p", "a", "strong")
        assert set(attributes) <= {"class", "id", "data-level", "href", "rel"}
        assert attributes.get("href", "#").startswith(("#", "http://a.b/")) and '"' not in attributes.get("href", "")


def test_a_number_used_twice_has_two_addresses() -> None:
    text = "## 1. 甲\n\n1.1 乙。\n\n**1.1** 丙。\n\n## Article 5. Fees\n\n5.1 x\n"
    assert [attributes["id"] for tag, attributes in Tags(render(parse(text))).found if tag == "section"] == [
        "1", "1.1", "1.1~2", "Article-5", "5.1",
    ]  # fmt: skip
    assert contents(parse(text)) == [Entry("1", "甲", 1, "1"), Entry("Article 5", "Fees", 1, "Article-5")]


def test_contents_are_the_headed_units() -> None:
    assert contents(parse(TEXT)) == [
        Entry("0", "导言", 1, "0"),
        Entry("2", "权利", 1, "2"),
        Entry("2.1", "注册", 2, "2.1"),
        Entry("附件", "规则", 1, "附件"),
    ]


def test_plain_text_has_numbers_and_no_marks() -> None:
    assert plain(parse(TEXT)) == (
        "某平台协议\n\n更新日期：2024年1月1日\n\n导言\n\n欢迎。\n\n2 权利\n\n2.1 注册\n\n2.1.1 您同意：见《规则》。\n\n（1） 甲；\n\n"
        "2.1.2 您保证，合法。\n\n后文。\n\n附件 规则\n\n某某公司\n"
    )


def test_canonical_markdown_is_written_as_it_was_read() -> None:
    assert markdown(parse(TEXT)) == TEXT.replace("，**[**合法**](http://e.f)**。**", "，[合法](http://e.f)。**")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_sample_texts_are_canonical(path: Path) -> None:
    assert markdown(parse(path.read_text())) == path.read_text()


@pytest.mark.parametrize(
    "text",
    [
        "# 法\n\n## 第一编 总则\n\n### 第一章 甲\n\n#### 第一节 乙\n\n**第一条** 丙。\n\n（一）丁\n",
        "## A. Words\n\n(1) First.\n\n### B.1 Controls\n\nYou.\n",
        "## 一、总则\n\n（一）甲\n\n（1）乙\n",
        "# 甲\n\n## 附件一\n\n**1.1** 甲\n",
        "## 1. 甲\n\n\\# 乙\n\n\\- 丙\n\n\\<!-- 丁 -->\n\n| 戊 | 己 |\n",
        "# Terms\n\n## Annex A: Prices\n\n(1) x\n",
        "**1.** 甲\n\n**2.** 乙\n",
    ],
)
def test_markdown_of_every_style_is_stable(text: str) -> None:
    assert markdown(parse(text)) == text


@given(st.text(max_size=200))
def test_rendering_is_deterministic_and_total(text: str) -> None:
    found = parse(text)
    assert render(found) == render(found)
    assert plain(found).endswith("\n") and len(contents(found)) <= len(found.units)
