"""tracked_changes(): accepting all gives exactly the new text, rejecting all exactly the old one, for each kind of change."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import mammoth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.text.canonical import canonical
from agreements.text.clauses import Outline, parse
from agreements.text.comparing import Comparison, compare
from agreements.text.rendering import plain
from agreements.text.tracked import tracked_changes

CORPUS = sorted((Path(__file__).parents[4] / "shared" / "corpus").glob("*/*/old.md"))
SAMPLES = sorted((Path(__file__).parents[3] / "agreements" / "sample").glob("*.*.*.md"))
AT = datetime(2026, 3, 1, 8, 30, 20, tzinfo=UTC)
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CHANGES = ("ins", "del", "moveFrom", "moveTo")
TEXT = """\
# 开发者测试协议

更新日期：2025年1月1日

## 1. 总则

1.1 本协议适用于开发者。

**1.2 开发者应当妥善保管密钥。**

## 2. 资费

2.1 费用按月结算，包括：

（1）服务费，按使用量计算；

（2）税费，按法律规定计算。

2.2 开发者可以转让其帐户。

2.3 平台提前三十日公布资费。
"""


class Line(NamedTuple):
    """A paragraph as Word shows it: its style, its words, and which of them are bold or slanted."""

    style: str
    text: str
    bold: str
    slanted: str


def document(old: str, new: str, **values: object) -> bytes:
    outlines = parse(old), parse(new)
    return write(*outlines, compare(*outlines), **values)


def write(old: Outline, new: Outline, comparison: Comparison, **values: object) -> bytes:
    arguments = {"names": ("第 1 版", "第 2 版"), "author": "契阅", "at": AT, "language": "zh-hans", **values}
    return tracked_changes(old, new, comparison, **arguments)


def body(docx: bytes) -> Element:
    root = ElementTree.fromstring(ZipFile(BytesIO(docx)).read("word/document.xml"))
    found = root.find(f"{W}body")
    assert found is not None
    return found


def accepted(docx: bytes) -> list[Line]:
    return resolved(docx, gone=("del", "moveFrom"), is_new=True)


def rejected(docx: bytes) -> list[Line]:
    return resolved(docx, gone=("ins", "moveTo"), is_new=False)


def resolved(docx: bytes, *, gone: tuple[str, str], is_new: bool) -> list[Line]:
    """The paragraphs once every change is decided. One whose mark goes runs into the next, which keeps its own style."""
    lines: list[Line] = []
    letters: list[tuple[str, bool, bool]] = []
    for paragraph in body(docx).iter(f"{W}p"):
        for child in paragraph:
            if child.tag not in [W + change for change in gone]:
                letters += [letter for run in child.iter(f"{W}r") for letter in read(run, is_new=is_new)]
        properties = paragraph.find(f"{W}pPr")
        assert properties is not None
        if any(properties.find(f"{W}rPr/{W}{change}") is not None for change in gone):
            continue
        before = properties.find(f"{W}pPrChange/{W}pPr/{W}pStyle")
        style = properties.find(f"{W}pStyle") if is_new or before is None else before
        assert style is not None
        texts = ["".join(letter[0] for letter in letters if letter[which]) for which in (0, 1, 2)]
        lines.append(Line(style.get(f"{W}val", ""), *texts))
        letters = []
    assert not letters
    return lines


def read(run: Element, *, is_new: bool) -> list[tuple[str, bool, bool]]:
    looks = run.find(f"{W}rPr")
    before = run.find(f"{W}rPr/{W}rPrChange/{W}rPr")
    if before is not None and not is_new:
        looks = before
    is_bold, is_slanted = (looks is not None and looks.find(f"{W}{tag}") is not None for tag in "bi")
    return [(letter, is_bold, is_slanted) for letter in words(run)]


def words(element: Element) -> str:
    texts = {f"{W}t", f"{W}delText"}
    return "".join("\t" if e.tag == f"{W}tab" else e.text or "" for e in element.iter() if e.tag in texts | {f"{W}tab"})


def changes(docx: bytes) -> list[tuple[str, str]]:
    """Each change of words in document order, with the words."""
    return [(e.tag[len(W) :], words(e)) for e in body(docx).iterfind(f"{W}p/*") if e.tag[len(W) :] in CHANGES]


def marks(docx: bytes) -> list[str]:
    """What tracks the mark of each paragraph, '' for nothing."""
    found = []
    for paragraph in body(docx).iterfind(f"{W}p"):
        tags = [e.tag[len(W) :] for e in paragraph.iterfind(f"{W}pPr/{W}rPr/*")]
        found.append(tags[0] if tags else "")
    return found


def lines(text: str) -> list[str]:
    return plain(parse(text)).removesuffix("\n").split("\n\n")


def assert_sound(docx: bytes, old: str, new: str) -> None:
    """It resolves into both texts with their styles and looks, and its ids and ranges are in order."""
    for found, text in ((accepted(docx), new), (rejected(docx), old)):
        assert [line.text for line in found] == lines(text)
        untouched = document(text, text)
        assert changes(untouched) == []
        assert found == accepted(untouched) == rejected(untouched)
    assert_ids_and_ranges(docx)


def assert_ids_and_ranges(docx: bytes) -> None:
    ends = {f"{W}moveFromRangeEnd", f"{W}moveToRangeEnd"}
    ids = [e.get(f"{W}id") for e in body(docx).iter() if e.tag not in ends and e.get(f"{W}id")]
    assert len(ids) == len(set(ids))
    names: dict[str, list[str | None]] = {"moveFrom": [], "moveTo": []}
    opened: dict[str, str | None] = {}
    for element in body(docx).iter():
        tag = element.tag[len(W) :]
        kind = re.sub("Range(Start|End)$", "", tag)
        if tag.endswith("RangeStart"):
            assert kind not in opened
            opened[kind] = element.get(f"{W}id")
            names[kind].append(element.get(f"{W}name"))
        elif tag.endswith("RangeEnd"):
            assert opened.pop(kind) == element.get(f"{W}id")
        elif tag in names and words(element):
            assert tag in opened
    assert not opened
    assert Counter(names["moveFrom"]) == Counter(names["moveTo"]) == Counter(set(names["moveTo"]))


def edited(*edits: tuple[str, str]) -> str:
    text = TEXT
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def test_a_text_against_itself_has_no_changes() -> None:
    docx = document(TEXT, TEXT)
    assert changes(docx) == []
    assert accepted(docx) == [
        ("Title", "开发者测试协议", "", ""),
        ("Subtitle", "更新日期：2025年1月1日", "", ""),
        ("Heading1", "1 总则", "", ""),
        ("Clause1", "1.1 本协议适用于开发者。", "", ""),
        ("Clause1", "1.2 开发者应当妥善保管密钥。", "1.2 开发者应当妥善保管密钥。", ""),
        ("Heading1", "2 资费", "", ""),
        ("Clause1", "2.1 费用按月结算，包括：", "", ""),
        ("Clause2", "（1） 服务费，按使用量计算；", "", ""),
        ("Clause2", "（2） 税费，按法律规定计算。", "", ""),
        ("Clause1", "2.2 开发者可以转让其帐户。", "", ""),
        ("Clause1", "2.3 平台提前三十日公布资费。", "", ""),
    ]


def test_changed_words_are_deleted_and_inserted() -> None:
    new = edited(("可以转让", "不可以转让"), ("三十日", "十五日"))
    docx = document(TEXT, new)
    assert changes(docx) == [("ins", "不"), ("del", "三十日"), ("ins", "十五日")]
    assert_sound(docx, TEXT, new)


def test_a_changed_number_is_tracked_whole() -> None:
    new = edited(("2.1 费用", "2.1 本章规定资费。\n\n2.2 费用"), ("2.2 开", "2.3 开"), ("2.3 平", "2.4 平"))
    docx = document(TEXT, new)
    assert changes(docx) == [
        ("ins", "2.1 本章规定资费。"),
        *[("del", "2.1"), ("ins", "2.2")],
        *[("del", "2.2"), ("ins", "2.3")],
        *[("del", "2.3"), ("ins", "2.4")],
    ]
    assert_sound(docx, TEXT, new)


def test_title_and_dates_change_like_clauses() -> None:
    new = edited(("开发者测试协议", "开发者协议"), ("2025年1月1日", "2026年3月1日\n\n生效日期：2026年4月1日"))
    docx = document(TEXT, new)
    assert changes(docx)[-1] == ("ins", "生效日期：2026年4月1日")
    assert_sound(docx, TEXT, new)


def test_inserted_and_deleted_paragraphs_have_tracked_marks() -> None:
    new = edited(("1.1 本协议适用于开发者。\n\n", ""), ("2.2 开", "平台另行通知。\n\n2.2 开"))
    docx = document(TEXT, new)
    assert changes(docx) == [("del", "1.1 本协议适用于开发者。"), ("ins", "平台另行通知。")]
    assert [mark for mark in marks(docx) if mark] == ["del", "ins"]
    assert_sound(docx, TEXT, new)


MOVED = (("2.2 开发者可以转让其帐户。\n\n", ""), ("2.3 平", "2.2 平"))


def test_a_moved_clause_leaves_one_place_for_another() -> None:
    new = edited(*MOVED, ("1.1 本", "1.1 开发者可以转让其帐户。\n\n1.2 本"), ("**1.2 开", "**1.3 开"))
    docx = document(TEXT, new)
    assert [change for change in changes(docx) if change[0].startswith("move")] == [
        ("moveTo", "1.1 开发者可以转让其帐户。"),
        ("moveFrom", "2.2 开发者可以转让其帐户。"),
    ]
    assert [mark for mark in marks(docx) if mark] == ["moveTo", "moveFrom"]
    assert_sound(docx, TEXT, new)


def test_a_moved_clause_shows_what_it_lost_and_what_it_gained() -> None:
    new = edited(*MOVED, ("1.1 本", "1.1 开发者可以出租其帐户。\n\n1.2 本"), ("**1.2 开", "**1.3 开"))
    docx = document(TEXT, new)
    assert changes(docx) == [
        *[("moveTo", "1.1 开发者可以"), ("ins", "出租"), ("moveTo", "其帐户。")],
        *[("del", "1.1"), ("ins", "1.2")],
        *[("del", "1.2"), ("ins", "1.3")],
        *[("moveFrom", "2.2 开发者可以"), ("del", "转让"), ("moveFrom", "其帐户。")],
        *[("del", "2.3"), ("ins", "2.2")],
    ]
    assert_sound(docx, TEXT, new)


def test_a_moved_clause_takes_what_it_carries_in_one_range() -> None:
    clause = "2.1 费用按月结算，包括：\n\n（1）服务费，按使用量计算；\n\n（2）税费，按法律规定计算。\n\n"
    moved = clause.replace("2.1", "1.3", 1)
    new = edited((clause, ""), ("密钥。**\n\n", f"密钥。**\n\n{moved}"), ("2.2 开", "2.1 开"), ("2.3 平", "2.2 平"))
    outlines = parse(TEXT), parse(new)
    rows = compare(*outlines).rows
    carried = Comparison(tuple(replace(row, carried="（" in (row.new_no or "")) for row in rows))
    apart = Comparison(tuple(replace(row, carried=False) for row in rows))
    for comparison, ranges in ((carried, 1), (apart, 3)):
        docx = write(*outlines, comparison)
        assert len(list(body(docx).iter(f"{W}moveFromRangeStart"))) == ranges
        assert_sound(docx, TEXT, new)


def test_emphasis_is_a_change_of_look() -> None:
    new = edited(("**1.2 开发者应当妥善保管密钥。**", "1.2 开发者应当妥善保管密钥。"), ("可以转让", "**可以**转让"))
    docx = document(TEXT, new)
    assert changes(docx) == []
    changed = [run for run in body(docx).iter(f"{W}r") if run.find(f"{W}rPr/{W}rPrChange") is not None]
    assert [words(run) for run in changed] == ["1.2 开发者应当妥善保管密钥。", "可以"]
    assert_sound(docx, TEXT, new)


def test_a_clause_that_becomes_a_heading_changes_its_style() -> None:
    new = edited(("1.1 本协议适用于开发者。", "### 1.1 本协议适用于开发者"))
    docx = document(TEXT, new)
    assert [e.get(f"{W}val") for e in body(docx).iterfind(f".//{W}pPrChange/{W}pPr/{W}pStyle")] == ["Clause1"]
    assert_sound(docx, TEXT, new)


LATE = "乙方交货，逾期的支付违约金。"
PAIRS = {
    "split": (f"1.1 甲方付款。{LATE}\n\n1.2 丙。\n", f"1.1 甲方付款。\n\n1.2 {LATE}\n\n1.3 丙。\n"),
    "merged": (f"1.1 甲方付款。\n\n1.2 {LATE}\n\n1.3 丙。\n", f"1.1 甲方付款。{LATE}\n\n1.2 丙。\n"),
    "no title before": ("1.1 甲。\n", "# 协议\n\n1.1 甲。\n"),
    "another title": ("# 旧协议\n\n1.1 甲。\n", "# 新的规则\n\n1.1 甲。\n"),
    "no date after": ("# 协议\n\n更新日期：2025年1月1日\n\n1.1 甲。\n", "# 协议\n\n1.1 甲。\n"),
    "all new": ("", TEXT),
    "all gone": (TEXT, ""),
    "nothing in common": ("1.1 平台提供接口。\n\n1.2 平台收费。\n", "# Terms\n\nA. You agree.\n\nB. We may end this.\n\nC. Law.\n"),
    "longer": (TEXT, TEXT + "\n2.4 平台可以修改本协议。\n\n## 3. 附则\n\n3.1 本协议自公布之日起施行。\n"),
    "shorter": (TEXT + "\n2.4 平台可以修改本协议。\n\n## 3. 附则\n\n3.1 本协议自公布之日起施行。\n", TEXT),
    "another end": (TEXT + "\n## 3. 附则\n\n3.1 本协议自公布之日起施行。\n", TEXT + "\n2.4 争议由法院管辖。\n"),
    "the end moved": (TEXT, edited(("1.1 本", "1.1 平台提前三十日公布资费。\n\n1.2 本"), ("\n2.3 平台提前三十日公布资费。\n", ""))),
    "moved to the end": (edited(("1.1 本", "1.1 平台可以修改本协议内容。\n\n1.2 本")), TEXT + "\n2.4 平台可以修改本协议内容。\n"),
    "two that end change places": ("1.1 甲方按月付款，逾期付息。\n\n1.2 乙方交货。\n", "1.1 乙方交货。\n\n1.2 甲方按月付款，逾期付息。\n"),
    "tab and blanks": ("1.1 甲\t乙 丙\u3000丁\n", "1.1 甲\t\t乙  丙\u2028丁\n"),
    "marks of XML": ('1.1 <a> & "b"\n', "1.1 <a> &amp; 'b' ]]>\n"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), PAIRS.values(), ids=PAIRS.keys())
def test_both_texts_come_back(old: str, new: str) -> None:
    assert_sound(document(old, new), old, new)


def test_an_insertion_that_ends_a_paragraph_is_kept_apart_from_one_that_begins_the_next() -> None:
    """LibreOffice would take them for one, and reject the break between the two."""
    new = edited(("可以转让其帐户。", "可以转让其帐户。但是应当通知平台。\n\n通知以书面为准。"))
    docx = document(TEXT, new)
    assert changes(docx) == [("ins", "。但是应当通知平台。"), ("del", "。"), ("ins", "通知以书面为准。")]
    assert_sound(docx, TEXT, new)


def test_characters_that_xml_cannot_hold_become_replacement_characters() -> None:
    docx = document("1.1 甲\ufffe。\n", "1.1 甲\uffff\x08\ud800。\n", author="\x00&\"'", names=("<1>", "\ufffe"))
    assert [line.text for line in accepted(docx)] == ["1.1 甲\ufffd\ufffd\ufffd。"]
    assert [line.text for line in rejected(docx)] == ["1.1 甲\ufffd。"]
    assert {e.get(f"{W}author") for e in body(docx).iter(f"{W}ins")} == {"\ufffd&\"'"}


def test_the_same_values_give_the_same_bytes() -> None:
    new = edited(("可以转让", "不可以转让"))
    docx = document(TEXT, new)
    assert docx == document(TEXT, new)
    entries = ZipFile(BytesIO(docx)).infolist()
    assert {entry.date_time for entry in entries} == {(2026, 3, 1, 8, 30, 20)}
    assert {e.get(f"{W}date") for e in body(docx).iter(f"{W}ins")} == {"2026-03-01T08:30:20Z"}


def test_every_part_is_xml_and_names_stand_in_the_header() -> None:
    package = ZipFile(BytesIO(document(TEXT, TEXT, names=("2025年版", "2026年版"))))
    parts = {name: ElementTree.fromstring(package.read(name)) for name in package.namelist()}
    assert words(parts["word/header.xml"]) == "开发者测试协议\t2025年版 → 2026年版"
    fields = [e.get(f"{W}instr", "").strip() for e in parts["word/footer.xml"].iter(f"{W}fldSimple")]
    assert fields == ["PAGE", "NUMPAGES"]


@pytest.mark.parametrize(("language", "latin"), [("zh-hans", "en-US"), ("zh-CN", "en-US"), ("en", "en")])
def test_the_language_is_that_of_the_text(language: str, latin: str) -> None:
    package = ZipFile(BytesIO(document("1. A\n", "1. B\n", language=language)))
    found = ElementTree.fromstring(package.read("word/styles.xml")).find(f".//{W}lang")
    assert found is not None
    assert found.attrib == {f"{W}val": latin, f"{W}eastAsia": "zh-CN"}


def test_every_style_that_is_used_is_defined() -> None:
    deep = "1. a\n\n1.1 b\n\n(1) c\n\n(a) d\n\n(i) e\n\n(A) f\n\ng\n"
    docx = document(TEXT, deep + "".join(f"\n{'#' * depth} h{depth}\n\ni\n" for depth in range(2, 7)))
    defined = {e.get(f"{W}styleId") for e in ElementTree.fromstring(ZipFile(BytesIO(docx)).read("word/styles.xml"))}
    used = {e.get(f"{W}val") for e in body(docx).iter(f"{W}pStyle")}
    assert len(used) > 6
    assert used <= defined


@pytest.mark.parametrize("path", SAMPLES[1:], ids=lambda path: path.name)
def test_the_importer_reads_the_new_text(path: Path) -> None:
    """mammoth is another witness of what accepting gives, but for the empty paragraphs that it makes of moved ones."""
    old, new = (canonical(file.read_text(encoding="utf-8")) for file in (SAMPLES[0], path))
    found = mammoth.extract_raw_text(BytesIO(document(old, new))).value
    assert [line for line in found.split("\n\n") if line] == lines(new)


@pytest.mark.parametrize("path", CORPUS or [None], ids=lambda path: "/".join(path.parts[-3:-1]) if path else "absent")
def test_the_corpus_comes_back(path: Path | None) -> None:
    if path is None:
        pytest.skip("the corpus of revisions is not here")
    old, new = (canonical(file.read_text(encoding="utf-8")) for file in (path, path.with_name("new.md")))
    assert_sound(document(old, new), old, new)


CLAUSES = (
    "甲方按月付款，逾期的支付违约金。",
    "甲方按季付款，逾期的支付违约金。",
    "乙方交货。",
    "**乙方交货。**",
    "乙方**不得**转让其帐户，但是法律另有规定的除外。",
    "乙方不得转让其帐户。",
    "The Provider may end this agreement at any time.",
    "*The Provider* may end this agreement with 30 days' notice.",
)
STARTS = ("", "（1）", "1.1 ", "2.1.1 ", "## 3. ", "第三条 ", "（a）", "# ", "更新日期：2025年1月")
BLOCKS = st.tuples(st.sampled_from(STARTS), st.sampled_from(CLAUSES)).map("".join)
TEXTS = st.lists(BLOCKS, max_size=9).map(lambda blocks: canonical("\n\n".join(blocks)))


@settings(max_examples=150)
@given(TEXTS, TEXTS)
def test_texts_of_the_same_clauses_come_back(old: str, new: str) -> None:
    assert_sound(document(old, new), old, new)


ANYTHING = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=60)
MARKED = st.text("*_#\n\t 1.（）甲乙ab。“\u2028\u3000\u200b|<&", max_size=60)


@settings(max_examples=150)
@given(ANYTHING | MARKED, ANYTHING | MARKED)
def test_any_texts_come_back(old: str, new: str) -> None:
    assert_sound(document(old, new), old, new)
