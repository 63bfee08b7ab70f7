"""Numbers as agreements write them: every way of writing is read, and what only looks like a number is not."""

from textwrap import dedent

import pytest

from agreements.text.clauses import parse


def numbers(text: str) -> list[str]:
    return [unit.number for unit in parse(dedent(text)).units]


def levels(text: str) -> list[tuple[str, int, str]]:
    return [(unit.number, unit.level, unit.words) for unit in parse(dedent(text)).units]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("1 甲", "2 乙", ["0¶1", "0¶2"]),
        ("## 1 甲", "## 2 乙", ["1", "2"]),
        ("1. 甲", "2. 乙", ["1", "2"]),
        ("１．甲", "２．乙", ["1", "2"]),
        ("⒈ 甲", "⒉ 乙", ["1", "2"]),
        ("1、甲", "2、乙", ["1", "2"]),
        ("1) 甲", "2) 乙", ["1", "2"]),
        ("１）甲", "２）乙", ["1", "2"]),
        ("一、甲", "二、乙", ["一", "二"]),
        ("第一条 甲", "第二条 乙", ["第一条", "第二条"]),
        ("第 一 条 甲", "第 二 条 乙", ["第一条", "第二条"]),
        ("第1条 甲", "第２条 乙", ["第1条", "第2条"]),
        ("第一条　甲", "第一条之一　乙", ["第一条", "第一条之一"]),
        ("第一章 甲", "第二章 乙", ["第一章", "第二章"]),
        ("（1）甲", "（2）乙", ["（1）", "（2）"]),
        ("(1) 甲", "（２） 乙", ["（1）", "（2）"]),
        ("(一)甲", "（二) 乙", ["（一）", "（二）"]),
        ("㈠ 甲", "㈡ 乙", ["（一）", "（二）"]),
        ("① 甲", "②乙", ["（1）", "（2）"]),
        ("⑴ 甲", "⑵ 乙", ["（1）", "（2）"]),
        ("(a) One", "(b) Two", ["（a）", "（b）"]),
        ("(A) One", "(B) Two", ["（A）", "（B）"]),
        ("（ａ）甲", "（b）乙", ["（a）", "（b）"]),
        ("(i) One", "(ii) Two", ["（i）", "（ii）"]),
        ("(I) One", "(II) Two", ["（I）", "（II）"]),
        ("A. One", "B. Two", ["A", "B"]),
        ("I. One", "II. Two", ["I", "II"]),
        ("Ⅰ 甲", "Ⅱ、乙", ["I", "II"]),
        ("Article 1 One", "ARTICLE 2: Two", ["Article 1", "Article 2"]),
        ("ARTICLE I", "ARTICLE II", ["Article I", "Article II"]),
        ("Section 1. One", "Section 2. Two", ["Section 1", "Section 2"]),
        ("Clause 1 One", "Clause 2 Two", ["Clause 1", "Clause 2"]),
        ("Chapter 1 One", "Chapter 2 Two", ["Chapter 1", "Chapter 2"]),
        ("§ 1 One", "§2 Two", ["§ 1", "§ 2"]),
        ("§ 3a One", "§ 3b Two", ["§ 3a", "§ 3b"]),
        ("1.1 甲", "1.2 乙", ["1.1", "1.2"]),
        ("１．１　甲", "１．２　乙", ["1.1", "1.2"]),
        ("1.1. 甲", "1.2、乙", ["1.1", "1.2"]),
        ("1.1) 甲", "1.2）乙", ["1.1", "1.2"]),
        ("1.01 One", "1.02 Two", ["1.01", "1.02"]),
        ("§ 1.1 One", "§ 1.2 Two", ["1.1", "1.2"]),
        ("Section 1.1 One", "Section 1.2 Two", ["1.1", "1.2"]),
        ("2.1.5 甲", "2.1.6 乙", ["2.1.5", "2.1.6"]),
        ("**1.1** 甲", "**1.2 乙**", ["1.1", "1.2"]),
        ("1.**1** 甲", "**1**.2 乙", ["1.1", "1.2"]),
        ("**（1）** 甲", "（**2**） 乙", ["（1）", "（2）"]),
        ("**第一条** 甲", "__第二条__ 乙", ["第一条", "第二条"]),
        ("第\u200b一条 甲", "\u200b第二\u200d条\ufeff 乙", ["第一条", "第二条"]),
        ("1\u200b.1 甲", "1.\u20602 乙", ["1.1", "1.2"]),
        ("\u20281.1 甲", "\u3000\u30001.2 乙", ["1.1", "1.2"]),
    ],
)
def test_a_number_is_read_however_written(first: str, second: str, found: list[str]) -> None:
    assert numbers(f"# 协议\n\n{first}\n\n{second}\n") == found


def test_a_number_is_no_part_of_the_words() -> None:
    text = "# 协议\n\n第\u200b一条\u200b 甲\u200b乙。\n\n**（1）\u3000**丙；\n\nⅡ、丁\n"
    assert [unit.text for unit in parse(text).units] == ["甲\u200b乙。", "丙；", "Ⅱ、丁"]


def test_a_word_before_a_decimal_number_is_kept_for_display() -> None:
    found = parse("# Terms\n\n## Article 2 Fees\n\nSection 2.1 Payment. You pay.\n\n2.2 Taxes.\n").units
    assert [(unit.number, unit.label) for unit in found] == [
        ("Article 2", "Article 2"),
        ("2.1", "Section 2.1"),
        ("2.2", "2.2"),
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "Section 2.1 of the Act applies.",
        "Section 1.2, as amended, applies.",
        "§ 5 applies.",
        "Article 5 of the Code applies.",
        "第三条规定的除外。",
        "第三条、第四条除外。",
        "1.2条所述除外。",
        "1.5倍。",
        "2024年起。",
        "(见附件)除外。",
        "I am here.",
    ],
)
def test_words_that_only_begin_like_a_number_are_a_paragraph(reference: str) -> None:
    assert numbers(f"# 协议\n\n1. 总则\n\n1.1 甲。\n\n{reference}\n") == ["1", "1.1", "1.1¶1"]


def test_short_english_articles_above_their_text_are_headings() -> None:
    text = "# Terms\n\nArticle 1 Scope\n\n1.1 One.\n\n§ 2 Term\n\nTwo.\n\nSection 3. Everything else ends here.\n\nThree.\n"
    assert [unit.number for unit in parse(text).units if unit.heading] == ["Article 1", "§ 2"]


def test_capitals_are_a_level_of_their_own() -> None:
    text = """
        1. 总则

        1.1 甲：

        (a) 乙：

        (i) 丙：

        (A) 丁；

        (B) 戊；

        (ii) 己；

        (b) 庚。
        """
    assert numbers(text) == [
        "1", "1.1", "1.1（a）", "1.1（a）（i）", "1.1（a）（i）（A）", "1.1（a）（i）（B）", "1.1（a）（ii）", "1.1（b）",
    ]  # fmt: skip


def test_roman_chapters_hold_lettered_clauses() -> None:
    text = """
        Agreement

        I. Definitions

        A. Terms.

        B. More terms:

        1. one;

        2. two.

        II. Duties

        A. Pay.

        III. End

        None.
        """
    assert numbers(text) == ["I", "I（A）", "I（B）", "I（B）（1）", "I（B）（2）", "II", "II（A）", "III", "III¶1"]


def test_chapters_hold_articles() -> None:
    assert levels("# 协议\n\n欢迎。\n\n一、总则\n\n第一条 甲。\n\n二、附则\n\n第二条 乙。\n") == [
        ("0¶1", 2, "欢迎。"),
        ("一", 1, "总则"),
        ("第一条", 2, "甲。"),
        ("二", 1, "附则"),
        ("第二条", 2, "乙。"),
    ]


def test_lists_before_the_first_article_are_the_preambles() -> None:
    text = "合同\n\n甲方：某公司\n\n鉴于：\n\n1、甲；\n\n2、乙；\n\n双方约定：\n\n第一条 内容\n\n1、丙。\n\n2、丁。\n"
    assert numbers(text) == ["0¶1", "0¶2", "0（1）", "0（2）", "0¶3", "第一条", "第一条（1）", "第一条（2）"]
    text = "LICENCE\n\nBackground:\n\n(A) One.\n\n(B) Two.\n\nAgreed terms:\n\n1. Scope\n\n1.1 Three.\n"
    assert numbers(text) == ["0¶1", "0（A）", "0（B）", "0¶2", "1", "1.1"]


def test_chapters_before_an_annex_of_articles_are_no_list() -> None:
    text = "协议\n\n欢迎。\n\n1、甲。\n\n2、乙。\n\n附件：规则\n\n第一条 丙。\n"
    assert numbers(text) == ["0¶1", "1", "2", "附件", "附件·第一条"]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_items_go_on_counting_in_the_next_chapter(gap: str) -> None:
    lines = [
        "规则\n",
        "一、要求",
        "（一）甲。",
        "（二）乙：",
        "1.丙。",
        "2.丁。",
        "二、任务",
        "（三）戊。",
        "（四）己。",
        "三、附则",
        "庚。",
    ]
    assert numbers(gap.join(lines)) == [
        "一", "一（一）", "一（二）", "一（二）（1）", "一（二）（2）", "二", "二（三）", "二（四）", "三", "三¶1",
    ]  # fmt: skip


def test_indented_numbers_are_below_the_item_above() -> None:
    text = "## A. Words\n\n1. One\n1. Two\n    1. Three\n    2. Four\n1. Five\n\n## B. Duties\n\n1. Six\n   1. Seven\n2. Eight\n"
    assert numbers(text) == [
        "A", "A（1）", "A（2）", "A（2）（1）", "A（2）（2）", "A（3）", "B", "B（1）", "B（1）（1）", "B（2）",
    ]  # fmt: skip


def test_headings_without_numbers_are_below_the_heading_above() -> None:
    text = "# Policy\n\n## Data\n\n### Names\n\nYours.\n\n## Sharing\n\n### Names\n\nOurs.\n"
    assert [(unit.number, unit.level, unit.label) for unit in parse(text).units] == [
        ("Data", 1, ""),
        ("Names", 2, ""),
        ("Names¶1", 3, ""),
        ("Sharing", 1, ""),
        ("Sharing·Names", 2, ""),
        ("Sharing·Names¶1", 3, ""),
    ]


def test_a_text_without_numbers_has_one_unit_for_every_paragraph() -> None:
    text = "# Terms\n\nWe serve you.\n\nYou pay\nus.\n\n- Be kind.\n- Be honest.\n\n> Quoted words.\n\n| a | b |\n"
    assert levels(text) == [
        ("0¶1", 2, "We serve you."),
        ("0¶2", 2, "You pay us."),
        ("0¶3", 2, "Be kind."),
        ("0¶4", 2, "Be honest."),
        ("0¶5", 2, "Quoted words."),
        ("0¶6", 2, "a | b"),
    ]
