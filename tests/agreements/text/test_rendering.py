"""HTML, contents, plain text and canonical Markdown of a parsed text."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.text import markup, rendering
from agreements.text.clauses import parse
from agreements.text.markup import Run
from agreements.text.rendering import Entry, contents, markdown, plain, render

CORPUS = sorted((Path(__file__).parents[4] / "shared" / "corpus").glob("*/*/*.md"))
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
ODD = [
    "*", "**", "***", "_", "__", "[", "]", "(", ")", "](", "![", "](http://a.b)", "](http://a.b/?c=1&copy;)", "](http://c_d*)",
    "](/x)", "<http://a.b/_c_?d=1&amp;>", "<mailto:a@b>", "<", ">", "<b>", "</b>", "<i>", "</i>", "&", "&amp;", "&lt;",
    "&#10;", "&copy", "&averylongname;", "amp;", "#38;", "`", "``", "\\", "\\\\", "#", "!", "~", "|", ":", "'", '"', "-", "+",
    "=", "1", "2.", "甲", "您同意", "。", "，", "a", "b c", "é", " ", "  ", "\t", "\r", "\u200b", "\u3000", "\xa0", "\ufeff",
]  # fmt: skip
WORDS = (
    st.lists(st.sampled_from(ODD), max_size=25).map("".join)
    | st.text("*_[]()<>&`\\#!~|:0129 甲乙ab\u200b\u3000;'\"", max_size=60)
    | st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)
)
HREFS = st.sampled_from(["", "", "http://a.b", "/x", "http://a.b/_(c)'[d]\"&amp;<e>*f*"])
RUNS = st.lists(st.builds(Run, WORDS, st.booleans(), st.booleans(), HREFS), max_size=6)


class Letter(NamedTuple):
    """A character and how it looks."""

    char: str
    strong: bool
    em: bool
    href: str


class Read(HTMLParser):
    """The words of every unit as a browser reads them, without its number, letter by letter."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.units: list[list[Letter]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append((tag, dict(attrs)))
        if tag == "section":
            self.units.append([])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        classes = {attributes.get("class") for _, attributes in self.open}
        tags = {tag for tag, _ in self.open}
        href = next((attributes["href"] or "" for tag, attributes in self.open if tag == "a"), "")
        if "words" in classes and "number" not in classes:
            self.units[-1] += [Letter(char, "strong" in tags, "em" in tags, href) for char in data]


def seen(letters: list[Letter]) -> list[Letter]:
    return [letter for letter in letters if not letter.char.isspace()]


def collapsed(words: str) -> str:
    return re.sub("[ \t\n\f\r]+", " ", words).strip()


def assert_readers_agree(text: str) -> None:
    """Python-Markdown, by way of the HTML, reads the words, bold, slant and links that parse() and inline() read."""
    units = parse(text).units
    found = Read(render(parse(text))).units
    assert len(found) == len(units)
    for unit, letters in zip(units, found, strict=True):
        runs = markup.inline(unit.markdown) if unit.markdown else [Run(unit.words)]
        assert collapsed("".join(letter.char for letter in letters)) == collapsed(unit.words)
        assert markup.plain(runs) == unit.words
        targets = [run.href if run.href.lower().startswith(rendering.TARGETS) else "" for run in runs]
        read = [
            Letter(char, unit.emphasised or run.strong, run.em, href)
            for run, href in zip(runs, targets, strict=True)
            for char in run.text
        ]
        if unit.heading:
            letters = [letter._replace(strong=True) for letter in letters]
            read = [letter._replace(strong=True) for letter in read]
        assert seen(letters) == seen(read)


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


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_both_readers_agree_on_the_sample_texts(path: Path) -> None:
    assert_readers_agree(path.read_text())


@pytest.mark.skipif(not CORPUS, reason="the corpus is not there")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_both_readers_agree_on_the_corpus(path: Path) -> None:
    assert_readers_agree(path.read_text())


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["", "## 1. ", "**1.1 甲** ", "**1.1 ", "1.1 甲"]), WORDS)
def test_both_readers_agree_on_odd_texts(head: str, words: str) -> None:
    assert_readers_agree(head + words)


@settings(max_examples=400, deadline=None)
@given(RUNS)
def test_runs_are_written_so_that_both_read_their_words_and_bold(runs: list[Run]) -> None:
    runs = [run._replace(text=re.sub("[\r\n]", "", run.text)) for run in runs]
    written = markup.to_markdown(runs)
    back = markup.inline(written)
    assert markup.plain(back) == markup.plain(runs)
    before, after = (
        [Letter(char, run.strong, False, "") for run in some for char in run.text] for some in (runs, back)
    )
    assert seen(before) == seen(after)
    assert_readers_agree(f"## 1. 甲\n\n1.1 乙{written}")


@pytest.mark.parametrize(
    ("runs", "written"),
    [
        ([Run("甲"), Run("乙", em=True), Run("丙")], "甲*乙*丙"),
        ([Run("甲", strong=True, em=True), Run("。")], "**_甲_**。"),
        ([Run("甲", strong=True), Run("乙", strong=True, em=True)], "**甲乙**"),
        ([Run("a"), Run("b", em=True), Run("c")], "abc"),
        ([Run("见!"), Run("规则", href="http://a.b")], "见\\![规则](http://a.b)"),
        ([Run("/x", href="/x")], "[/x](/x)"),
        ([Run("[甲]", href="http://a.b/(c)")], "[\\[甲\\]](http://a.b/%28c%29)"),
        ([Run("[甲](乙) & &lt; a_b _c")], "[甲\\](乙) & &amp;lt; a_b \\_c"),
        ([Run("甲", href="http://a.b/?c&lt;")], "[甲](http://a.b/?c&amp;lt;)"),
    ],
)
def test_marks_are_those_that_both_read(runs: list[Run], written: str) -> None:
    assert markup.to_markdown(runs) == written
    assert_readers_agree(f"1.1 {written}")


@pytest.mark.parametrize("mark", ["*a", "**甲**乙", "[a](http://b.c) ", "[", "![a", "[a](", "&amp;amp;", "<a"])
def test_a_paragraph_of_any_length_agrees_and_takes_little_time(mark: str) -> None:
    text = "1.1 甲" + mark * 30_000
    assert len(parse(text).units[0].markdown) > rendering.LONGEST
    started = time.process_time()
    render(parse(text))
    assert time.process_time() - started < 5
    assert_readers_agree(text[: 2 * rendering.LONGEST])
    assert_readers_agree(text[: rendering.LONGEST // 4])


def test_50_kilobytes_are_rendered_at_once() -> None:
    texts = [path.read_text() for path in SAMPLES if path.name.startswith("developer")]
    outlines = [parse(text) for text in texts]
    started = time.process_time()
    for outline in outlines:
        render(outline)
    per_byte = (time.process_time() - started) / sum(len(text.encode()) for text in texts)
    assert per_byte * 50_000 < 0.15


def test_threads_do_not_disturb_one_another() -> None:
    outlines = [parse(path.read_text()) for path in SAMPLES] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(render, outlines)) == [render(outline) for outline in outlines]


def test_an_english_annex_has_the_chinese_number_as_address_and_its_own_words_as_label() -> None:
    text = "# Terms\n\n## 1. Words\n\nYou.\n\n## Annex 2: Prices\n\nFree.\n"
    html = render(parse(text))
    assert '<a class="number" href="#附件2" rel="noopener">Annex 2</a> Prices' in html and 'id="附件2¶1"' in html
    assert contents(parse(text))[-1] == Entry("Annex 2", "Prices", 1, "附件2")
    assert markdown(parse(text)) == text and "\n\nAnnex 2 Prices\n\n" in plain(parse(text))
