"""Numbered units: the sequence of numbers decides, and nothing of the source is lost."""

import json
import random
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.text import markup
from agreements.text.clauses import Unit, parse

SAMPLES = sorted((Path(__file__).parents[3] / "agreements" / "sample").glob("*.zh-hans.md"))
CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
MUTATED = sorted((CORPUS / "mutated").glob("*/*.md"))
ENGLISH = sorted((CORPUS / "english").glob("*/*.md"))
LAWS = sorted((CORPUS / "laws").glob("*/*.md"))
PIECES = [
    "**", "*", "_", "__", "`", "[", "](", "](http://a.b)", "<b>", "</b>", "<br>", "&amp;", "\\", "\n", "\n\n",
    "  \n", "# ", "## ", "### ", "1. ", "1、", "2、", "1.1 ", "1.2 ", "2.1", "（1）", "（2）", "(a)", "(i) ",
    "①", "一、", "（一）", "第一章 ", "第二条 ", "第三条之一", "第一节 ", "Article 5. ", "附件：", "Annex A",
    "导言", "目录", "---", "===", "> ", "- ", "* ", "A. ", "甲方", "您同意。", "：", "，", "abc", " ",
    "\u3000", "\u200b", "$", "!", "鉴于", "<!-- x -->", "~", "+", ".", "\r\n", "0", "¶", "·", "（", "）", "\0",
    "|", "\r", "\ufeff", "\u2028", "\x0c", "\x85", "§ 1 ", "Section 2.1 A", "ARTICLE I", "Ⅰ、", "⒈", "1.\u200b1 ", "(A) ",
    "    1. ", "；（3）", "第一章第一节 ",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | st.text(max_size=60)


CJK = r"\u3000-\u9fff\uff00-\uffef"
WRAPS = re.compile(
    rf"(?<=[{CJK}])(?=[\w（《“])|(?<=[0-9A-Za-z])(?=[{CJK}])(?![）》”，。；：、！？])|(?<=[!-~]) (?=[0-9A-Za-z])"
)
"""Where a line may be wrapped: between Chinese and any letter, or at a space with no Chinese beside it."""


def wrapped(text: str, width: int, chance: random.Random) -> str:
    """The same text with its lines wrapped; headings, tables, comments and the targets of links stay whole."""
    found = []
    for line in text.split("\n"):
        start, rest = 0, width
        parts = []
        for place in WRAPS.finditer(line, 9) if line[:1] not in "#|<" else ():
            is_target = re.search(r"\]\([^)]*$", line[start : place.start()])
            if place.start() - start >= rest and not is_target:
                parts.append(line[start : place.start()])
                start, rest = place.end(), chance.randint(width // 2, width)
        found.append("\n".join([*parts, line[start:]]))
    return "\n".join(found)


def reading(text: str) -> tuple[object, ...]:
    """All that parse() says of a text but its slices."""
    found = parse(text)
    units = [(unit.number, unit.level, unit.heading, unit.emphasised, unit.text, unit.markdown) for unit in found.units]
    return found.title, found.notes, units


def outline(text: str) -> list[tuple[str, int, str, str]]:
    return [(unit.number, unit.level, unit.heading, unit.text) for unit in parse(text).units]


def numbers(text: str) -> list[str]:
    return [unit.number for unit in parse(text).units]


def unit(text: str, number: str) -> Unit:
    return next(unit for unit in parse(text).units if unit.number == number)


def test_canonical_markdown_has_every_kind_of_unit() -> None:
    text = (
        "# 某平台协议\n\n## 导言\n\n欢迎。\n\n## 1. 术语含义\n\n下列术语：\n\n**1.1 平台**：指平台。\n\n## 2. 权利\n\n### 2.1 注册\n\n"
        "**2.1.1** 您应当：\n\n（1）甲；\n\n（2）乙。\n\n前述事项由您负责。\n\n## 附件：附属规则\n\n见网站。\n\n某某公司\n"
    )
    assert parse(text).title == "某平台协议"
    assert outline(text) == [
        ("0", 1, "导言", ""),
        ("0¶1", 2, "", "欢迎。"),
        ("1", 1, "术语含义", ""),
        ("1¶1", 2, "", "下列术语："),
        ("1.1", 2, "", "平台：指平台。"),
        ("2", 1, "权利", ""),
        ("2.1", 2, "注册", ""),
        ("2.1.1", 3, "", "您应当："),
        ("2.1.1（1）", 4, "", "甲；"),
        ("2.1.1（2）", 4, "", "乙。"),
        ("2.1.1¶1", 4, "", "前述事项由您负责。"),
        ("附件", 1, "附属规则", ""),
        ("附件¶1", 2, "", "见网站。"),
        ("附件¶2", 2, "", "某某公司"),
    ]
    assert [unit.kind for unit in parse(text).units] == (
        [
            "chapter",
            "paragraph",
            "chapter",
            "paragraph",
            "clause",
            "chapter",
            "clause",
            "clause",
            "item",
            "item",
            "paragraph",
            "annex",
            "paragraph",
            "paragraph",
        ]
    )
    assert [unit.label for unit in parse(text).units] == (
        ["", "", "1", "", "1.1", "2", "2.1", "2.1.1", "（1）", "（2）", "", "附件", "", ""]
    )


def test_outline_json_has_every_key() -> None:
    assert parse("## 1. 总则\n\n**1.1 您同意。**\n").as_json() == {
        "title": "",
        "clauses": [
            {"number": "1", "level": 1, "heading": "总则", "emphasised": False, "text": ""},
            {"number": "1.1", "level": 2, "heading": "", "emphasised": True, "text": "您同意。"},
        ],
    }


def test_statutes_count_the_articles_own_words_as_first_paragraph() -> None:
    text = (
        "# 某法\n\n2020年1月1日 某会议通过\n\n## 第一章 总则\n\n### 第一节 目的\n\n"
        "第一条 甲。\n\n乙：\n\n（一）丙；\n\n(二)丁：\n\n1.戊；\n\n2.己。\n\n"
        "庚。\n\n第一条之一 辛。\n\n## 第二章 附 则\n\n### 第一节 施行\n\n第二条 壬。\n"
    )
    assert parse(text).notes == ("2020年1月1日 某会议通过",)
    assert [(number, level) for number, level, _, _ in outline(text)] == [
        ("第一章", 1),
        ("第一章第一节", 2),
        ("第一条", 3),
        ("第一条¶2", 4),
        ("第一条（一）", 4),
        ("第一条（二）", 4),
        ("第一条（二）（1）", 5),
        ("第一条（二）（2）", 5),
        ("第一条¶3", 4),
        ("第一条之一", 3),
        ("第二章", 1),
        ("第二章第一节", 2),
        ("第二条", 3),
    ]


@pytest.mark.parametrize("written", ["（{}）", "({})", "{}、", "{})", "（ {} ）"])
def test_items_have_one_number_however_written(written: str) -> None:
    text = "## 1. 总则\n\n1.1 如下：\n\n" + "".join(f"{written.format(n)}甲；\n\n" for n in (1, 2, 3))
    assert numbers(text) == ["1", "1.1", "1.1（1）", "1.1（2）", "1.1（3）"]


def test_a_list_goes_on_in_another_writing() -> None:
    assert numbers("## 1. 总则\n\n1.1 如下：\n\n（1）甲；\n\n2、乙；\n\n(3) 丙。\n") == [
        "1",
        "1.1",
        "1.1（1）",
        "1.1（2）",
        "1.1（3）",
    ]


def test_circled_numbers_are_items_of_the_item_above() -> None:
    text = "## 1. 总则\n\n1.1 如下：\n\n（1）甲：\n\n① 丙；\n\n② 丁。\n\n（2）乙。\n"
    assert numbers(text) == ["1", "1.1", "1.1（1）", "1.1（1）（1）", "1.1（1）（2）", "1.1（2）"]


def test_chinese_numerals_make_chapters_of_a_text_without_others() -> None:
    text = "协议\n\n一、总则\n\n（一）定义如下：\n\n1. 甲；\n\n2、乙。\n\n二、其他\n\n完。\n"
    assert outline(text) == [
        ("一", 1, "总则", ""),
        ("一（一）", 2, "", "定义如下："),
        ("一（一）（1）", 3, "", "甲；"),
        ("一（一）（2）", 3, "", "乙。"),
        ("二", 1, "其他", ""),
        ("二¶1", 2, "", "完。"),
    ]


def test_a_chapter_after_a_list_is_no_item_of_it() -> None:
    text = "协议\n\n1. 总则\n\n1.1 如下：\n\n（1）甲。\n\n2. 费用\n\n2.1 乙。\n\n（1）丙；\n\n（2）丁。\n\n3. 其他\n\n完。\n"
    assert numbers(text) == ["1", "1.1", "1.1（1）", "2", "2.1", "2.1（1）", "2.1（2）", "3", "3¶1"]


def test_english_numbers() -> None:
    text = (
        "# Terms\n\n## Article 1. Definitions\n\n"
        "1.1 The following:\n\n(a) one;\n\n(b) two:\n\n(i) three; and\n\n(ii) four.\n\n(c) five.\n\n"
        "## Article 2. Fees\n\nSection 2.1 is reserved.\n\n2.1 Late fees are 1.5% a month.\n\n## Annex A: Prices\n\n1. 10.5 USD.\n"
    )
    assert numbers(text) == [
        "Article 1", "1.1", "1.1（a）", "1.1（b）", "1.1（b）（i）", "1.1（b）（ii）", "1.1（c）",
        "Article 2", "Article 2¶1", "2.1", "附件A", "附件A（1）",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "number", "label"),
    [
        ("附件：甲", "附件", "附件"),
        ("附件一：甲", "附件一", "附件一"),
        ("附件 2：甲", "附件2", "附件 2"),
        ("附录：甲", "附录", "附录"),
        ("Annex: A", "附件", "Annex"),
        ("ANNEX 2: A", "附件2", "ANNEX 2"),
        ("Appendix B: A", "附件B", "Appendix B"),
        ("Schedule 1", "附件1", ""),
    ],
)
def test_an_annex_has_one_number_in_every_language(written: str, number: str, label: str) -> None:
    found = parse(f"## 1. 总则\n\n甲。\n\n## {written}\n\n乙。\n\n1.1 丙。\n\n（1）丁\n").units[2:]
    assert [unit.number for unit in found] == [number, f"{number}¶1", f"{number}·1.1", f"{number}·1.1（1）"]
    assert (found[0].kind, found[0].label, found[2].label) == ("annex", label, "1.1")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_both_languages_of_a_sample_text_have_the_same_numbers_and_bold(path: Path) -> None:
    chinese, english = (
        parse(text.read_text()).units for text in (path, path.with_name(path.name.replace("zh-hans", "en")))
    )
    assert [(unit.number, unit.level, unit.emphasised) for unit in english] == [
        (unit.number, unit.level, unit.emphasised) for unit in chinese
    ]


def test_numbered_headings_below_a_lettered_one_have_its_letter() -> None:
    text = "## A. Words\n\n1. First.\n1. Second.\n\n## B. Account\n\n### 1. Controls\n\nYou.\n\n### 2. Terms\n\nWe.\n"
    assert numbers(text) == ["A", "A（1）", "A（2）", "B", "B.1", "B.1¶1", "B.2", "B.2¶1"]


def test_references_in_running_text_are_not_numbers() -> None:
    text = (
        "## 1. 总则\n\n1.1 甲。\n\n"
        "1.5倍的违约金由您承担。\n\n1.2条所述事项除外。\n\n第三条规定的内容除外。\n\n1.2 乙。\n\n2024年1月1日起施行。\n"
    )
    assert numbers(text) == ["1", "1.1", "1.1¶1", "1.1¶2", "1.1¶3", "1.2", "1.2¶1"]


def test_a_wrapped_inline_list_is_not_a_list_of_items() -> None:
    """Clause 11.1 of the source, wrapped so that its inline numbers begin lines."""
    wrapped = (
        "## 11. 其他\n\n**11.1 本协议内容同时包括甲规则、乙规则、本协议附件中的协议或规则等内容。上述文件的优先解释顺序如下：\n"
        "（1）单项服务配置的单独服务协议、使用规则等内容；（2）本协议；\n（3）《腾讯服务协议》、《QQ号码规则》。一经注册或使用本协议下任何服务，即视为\n"
        "11.2 所述的同意。**\n\n11.2 完。\n"
    )
    assert numbers(wrapped) == ["11", "11.1", "11.2"]
    assert unit(wrapped, "11.1").emphasised
    assert "如下：（1）单项" in unit(wrapped, "11.1").text


def test_items_on_mere_line_ends_are_items() -> None:
    text = "## 1. 总则\n\n1.1 您应当：\n（1）遵守规则；\n（2）支付费用。\n1.2 完。\n"
    assert numbers(text) == ["1", "1.1", "1.1（1）", "1.1（2）", "1.2"]


def test_a_text_with_one_paragraph_per_line_is_not_joined() -> None:
    text = (
        "合同\n\n第一条 定义\n1.1 服务：指服务。\n1.2 用户：指用户。\n前述用户均须实名。\n"
        "第二条 费用\n2.1费用按月支付。\n第三条 其他\n一式两份。\n"
    )
    assert outline(text) == [
        ("第一条", 1, "定义", ""),
        ("1.1", 2, "", "服务：指服务。"),
        ("1.2", 2, "", "用户：指用户。"),
        ("1.2¶1", 3, "", "前述用户均须实名。"),
        ("第二条", 1, "费用", ""),
        ("2.1", 2, "", "费用按月支付。"),
        ("第三条", 1, "其他", ""),
        ("第三条¶1", 2, "", "一式两份。"),
    ]


def test_a_line_in_small_letters_goes_on_with_an_unfinished_one() -> None:
    text = (
        "Agreement\n\n1. Duties\n1.1 You must not:\n(a) copy the service, or any part\nof it;\n(b) sell it.\n1.2 End.\n"
    )
    assert numbers(text) == ["1", "1.1", "1.1（a）", "1.1（b）", "1.2"]


def test_wraps_are_joined_without_a_space_beside_chinese() -> None:
    text = "## 1. 总则\n\n1.1 旗下公司--\n北京某某与 QQ\n号码 and the\nlong rest\n（完）。\n"
    assert unit(text, "1.1").text == "旗下公司--北京某某与 QQ号码 and the long rest（完）。"


@pytest.mark.parametrize("width", [12, 20, 33, 45])
@pytest.mark.parametrize("path", sorted(SAMPLES[0].parent.glob("*.*.md")), ids=lambda path: path.stem)
def test_a_sample_text_has_the_same_units_however_its_lines_are_wrapped(path: Path, width: int) -> None:
    source = path.read_text()
    changed = wrapped(source, width, random.Random(width))
    assert changed.count("\n") > source.count("\n")
    assert reading(changed) == reading(source)


@pytest.mark.skipif(not LAWS, reason=f"{CORPUS}/laws is not there")
@pytest.mark.parametrize("path", [*LAWS, *MUTATED, *ENGLISH], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_text_of_the_corpus_has_the_same_units_however_its_lines_are_wrapped(path: Path) -> None:
    source = path.read_text()
    front = source.find("---", 3) if source.startswith("---") else 0
    for width in (15, 40):
        changed = source[:front] + wrapped(source[front:], width, random.Random(width))
        assert reading(changed) == reading(source)


def test_notes_titles_and_links_may_be_wrapped() -> None:
    text = (
        "某某开放平台开发者服务\n协议\n\n2020年1月1日 某会议《关于修改\n〈某规则〉的决定》修正\n\n"
        "第一条 甲见《[某某\n规则](http://a.b)》与 [the\nrules](http://a.b)。\n\n乙。\n"
    )
    assert reading(text) == (
        "某某开放平台开发者服务协议",
        ("2020年1月1日 某会议《关于修改〈某规则〉的决定》修正",),
        [
            (
                "第一条", 1, "", False, "甲见《某某规则》与 the rules。",
                "甲见《[某某规则](http://a.b)》与 [the rules](http://a.b)。",
            ),
            ("第一条¶2", 2, "", False, "乙。", "乙。"),
        ],
    )  # fmt: skip


def test_a_wrapped_reference_is_not_the_number_of_a_clause() -> None:
    text = '1. Words\n\n1.1 "Order" means a form under Section\n2.1 of this text, or clause\n1.2 below.\n\n1.2 "Data" means copies.\n'
    assert numbers(text) == ["1", "1.1", "1.2"]


def test_a_line_that_only_begins_like_a_number_may_come_first() -> None:
    assert numbers("协议\n1.5倍的违约金。\n甲。\n乙。\n") == ["0¶1", "0¶2", "0¶3"]
    assert numbers("协议\n第三条规定的内容。\n甲。\n乙。\n") == ["0¶1", "0¶2", "0¶3"]


def test_title_lines_are_headings_and_defined_terms_are_not() -> None:
    text = (
        "## 1. 术语\n\n**1.1 开发者**\n：指您。\n\n**1.2 应用** 指程序\n\n"
        "## 2. 义务\n\n**2.1 注册**  \n**2.1.1** 甲  \n2.2 费用\n\n2.2.1 乙。\n"
    )
    assert [(number, heading) for number, _, heading, _ in outline(text) if heading] == [
        ("1", "术语"),
        ("2", "义务"),
        ("2.1", "注册"),
        ("2.2", "费用"),
    ]
    assert unit(text, "1.1").text == "开发者：指您。"


@pytest.mark.parametrize(
    ("words", "emphasised"),
    [
        ("**1.1 您同意。**", True),
        ("**1.1** 您同意。", False),
        ("1.1 **您同意。**", True),
        ("1.1 **您**，**同意**。", True),
        ("**1.1 您同意**，但除外。", False),
        ("**1.1 您\n同意。\n**", True),
        ("**1.1 您同意。  \n  \n**", True),
        ("<b>1.1 您同意。</b>", True),
        ("1.1 您<b>同意。", False),
        ("1.1 __You agree.__", True),
        ("1.1 *You agree.*", False),
        ("**1.1 您同意**《[**规则**](http://a.b)》", True),
        ("**1.1 您同意** 138****1234", False),
    ],
)
def test_emphasised_means_every_letter_is_bold(words: str, emphasised: bool) -> None:
    text = f"## 1. 总则\n\n{words}\n\n**1.2 乙。**\n"
    assert (unit(text, "1.1").emphasised, unit(text, "1.2").emphasised) == (emphasised, True)
    assert numbers(text) == ["1", "1.1", "1.2"]


def test_bold_goes_on_over_the_items_of_one_block() -> None:
    text = "## 1. 总则\n\n**1.1 您同意：  \n（1）甲；  \n（2）乙。**\n\n1.2 丙。\n"
    assert [unit.emphasised for unit in parse(text).units] == [False, True, True, True, False]


def test_text_has_no_marks_and_markdown_keeps_emphasis_and_links() -> None:
    text = (
        '## 1. 总则\n\n1.1 见《[**规则**](http://a.b/c "题")》、<http://d.e>、![图](f.png)与 a\\*b&lt;c&gt;，5*3*2。\n'
    )
    assert unit(text, "1.1").text == "见《规则》、http://d.e、图与 a*b<c>，5*3*2。"
    assert unit(text, "1.1").markdown == "见《**[规则](http://a.b/c)**》、<http://d.e>、图与 a\\*b&lt;c>，5\\*3\\*2。"


def test_a_lead_in_before_the_next_clause_belongs_to_the_chapter() -> None:
    text = "## 1. 术语\n\n1.1 新条款。\n\n下列术语的\n含义为：\n\n1.2 平台：指平台。\n"
    assert outline(text)[2:] == [("1¶1", 2, "", "下列术语的含义为："), ("1.2", 2, "", "平台：指平台。")]
    text = "## 1. 术语\n\n1.1 甲：\n\n（1）乙。\n\n丙。\n\n下列术语的含义为：\n\n1.2 平台：指平台。\n"
    assert numbers(text) == ["1", "1.1", "1.1（1）", "1.1¶1", "1¶1", "1.2"]
    assert numbers("## 导言\n\n下列术语：\n\n1.1 平台：指平台。\n") == ["0", "0¶1", "1.1"]


def test_a_second_list_of_a_clause_has_its_paragraphs_number() -> None:
    text = "## 1. 总则\n\n1.1 如下：\n\n（1）甲；\n\n（2）乙。\n\n又如下：\n\n（1）丙；\n\n（2）丁。\n"
    assert numbers(text) == ["1", "1.1", "1.1（1）", "1.1（2）", "1.1¶1", "1.1¶1（1）", "1.1¶1（2）"]


def test_tables_of_contents_front_matter_and_comments_are_no_units() -> None:
    text = (
        "---\ntitle: 某协议\n---\n<!-- note -->\n\n## 目录\n\n* 1 总则\n* 2 其他\n\n---\n\n"
        "## 1. 总则\n\n1.1 甲。\n\n## 2. 其他\n\n2.1 乙。\n"
    )
    assert (parse(text).title, numbers(text)) == ("某协议", ["1", "1.1", "2", "2.1"])


def test_a_long_heading_goes_on_in_the_next_line() -> None:
    text = "## 9. 针对多区多服游戏类应用在境内各平台的商业化运营首发以及推广的\n特别约定\n\n9.1 甲。\n"
    assert outline(text)[0][2] == "针对多区多服游戏类应用在境内各平台的商业化运营首发以及推广的特别约定"


@pytest.mark.skipif(not MUTATED, reason=f"{CORPUS}/mutated is not there")
@pytest.mark.parametrize("path", MUTATED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_units_of_the_corpus_have_the_true_numbers(path: Path) -> None:
    rows = json.loads((path.parent / "truth.json").read_text())["rows"]
    true = [row[f"{path.stem}_no"] for row in rows if row[f"{path.stem}_no"]]
    found = numbers(path.read_text())
    # The rows stand in the order of the old text; what is new comes last.
    assert found == true if path.stem == "old" else Counter(found) == Counter(true)


@pytest.mark.skipif(not LAWS, reason=f"{CORPUS}/laws is not there")
@pytest.mark.parametrize("path", LAWS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_articles_of_the_statutes_are_complete_and_in_order(path: Path) -> None:
    source = path.read_text()
    articles = [unit.number for unit in parse(source).units if unit.kind == "clause"]
    written = [
        line.split()[0].strip("\u200b") for line in source.splitlines() if line.startswith("第") and "条" in line[:9]
    ]
    assert articles == written
    assert len(set(numbers(source))) == len(numbers(source))


@given(SOURCES)
def test_any_text_is_parsed_and_rebuilt_from_its_slices(source: str) -> None:
    found = parse(source)
    assert found.preface + "".join(unit.raw for unit in found.units) == source
    for unit in found.units:
        assert unit.number and unit.kind and unit.level > 0 and not (unit.heading and unit.text)
        runs = markup.inline(unit.markdown)
        assert markup.plain(runs) == (unit.words if unit.markdown else "")
        assert markup.to_markdown(runs) == unit.markdown


WORST = {
    "stars": "*", "open bold": "**a\n\n", "crossed marks": "*a_b ", "slanted words": "*甲* _乙_ ", "underscores": "_a ",
    "brackets": "[", "labels": "[a](", "links in labels": "[[a](b)", "targets": "[](a<b)", "titles": '[a](b "x ',
    "long labels": f"[{'a' * 999}](", "long targets": f"[a]({'b' * 1999} ", "parentheses": "[](((", "images": "![",
    "tags": "<b>", "open tags": f"<a {'x' * 495}", "addresses": "<http://a", "comments": "<!-- a\n",
    "references": "&amp;", "open references": "&a", "backticks": "`a", "backslashes": "\\",
    "dots": "1.", "decimals": "1.1.1 甲\n\n", "decimal lines": "1.1\n", "ordered list": "1. a\n", "chapters": "一、甲\n",
    "第": "第", "articles": "第一条 甲\n\n", "sections": "第一章 甲\n\n第一节 乙\n\n", "signs": "§ 1 A\n\n", "Roman": "I. a\n\n",
    "items": "（1）甲；\n", "nested items": "(a) x\n\n(i) y\n\n", "deep items": "    1. a\n  1. b\n", 
    "lead-ins": "1.1 a\n\nb：\n\n1.2 c\n\n",
    "table": "| a | b |\n", "table rules": "| - |\n", "bars": "|-", "headings": "# a\n\n###### b\n\n", "one heading": "#",
    "long headings": f"# {'长' * 35}\n短\n\n", "underlines": "a\n===\n", "bullets": "- - a\n", "quotes": "> ", "rules": "---\n",
    "annexes": "附件一：甲\n\n", "contents": "目录\n\n", "dates": "2020年1月1日通过\n", "front matter": "---\na\n",
    "zero-width lines": "\u200b1\u200b.\n", "zero-width words": "甲\u200b1.\u200b1\u200d ", "blanks": "x \u3000\t", "form feeds": "\x0c\n",
    "line ends": "\r\n", "equal paragraphs": "同样的段落，同样的内容。\n\n", "short lines": "甲\n", "short paragraphs": "a\n\n",
    "one line": "甲方应当，", "words": "the party ",
}  # fmt: skip
"""Short pieces that are slow to read one after another, wherever a rule looks ahead or back further than it should."""


def read_in_time(source: str, seconds: float) -> None:
    started = time.process_time()
    found = parse.__wrapped__(source)
    assert time.process_time() - started < seconds
    assert found.preface + "".join(unit.raw for unit in found.units) == source


@pytest.mark.parametrize("piece", WORST.values(), ids=WORST)
def test_a_repetitive_text_is_read_in_time_and_whole(piece: str) -> None:
    # A tenth of a second as a rule; an algorithm that looks back at every line takes minutes.
    read_in_time(piece * (60_000 // len(piece)), seconds=2)


@pytest.mark.soak
@pytest.mark.parametrize("piece", WORST.values(), ids=WORST)
def test_a_megabyte_of_anything_is_read_in_time_and_whole(piece: str) -> None:
    read_in_time(piece * (1_000_000 // len(piece)), seconds=20)


@pytest.mark.parametrize(
    "source",
    [
        "1.1 条款" + "正文" * 500_000,
        "同样的段落，同样的内容。\n\n" * 10_000,
        "[" * 500_000 + "]" * 500_000,
        "**" * 500_000,
        "1." * 500_000,
        "第" * 1_000_000,
        "x" + " " * 1_000_000,
    ],
    ids=["one line", "equal paragraphs", "brackets", "stars", "dots", "第", "blanks"],
)
def test_a_megabyte_in_one_line_or_in_few_takes_no_longer(source: str) -> None:
    read_in_time(source, seconds=2)
