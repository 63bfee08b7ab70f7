"""The words of a comparison in Chinese and English: every fact has a sentence, and numbers have names."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from agreements import phrasing
from agreements.phrasing import KIND_NAMES, Part, language_of, number_of, plain, sentence
from agreements.text.clauses import Unit, parse
from agreements.text.summarising import SHOWN_KINDS, Fact

SUMMARISING = Path(phrasing.__file__).parent / "text" / "summarising.py"


def unit(number: str, *, heading: str = "", written: str = "") -> Unit:
    return Unit(number, number.count(".") + 1, heading, False, "" if heading else "甲", "甲", "", written)


CHAPTER = unit("5", heading="资费")
SAID = [
    (Fact("replaced", "应当", "可以"), "“应当”改为“可以”", "‘应当’ → ‘可以’"),
    (Fact("added", new="书面"), "新增“书面”", "‘书面’ added"),
    (Fact("added_within", "不可以转让", "不"), "新增“不”，成为“不可以转让”", "‘不’ added: ‘不可以转让’"),
    (Fact("removed", "书面"), "删去“书面”", "‘书面’ removed"),
    (Fact("removed_within", "不", "不可以转让"), "删去“不”，原为“不可以转让”", "‘不’ removed from ‘不可以转让’"),
    (Fact("sentence_added"), "新增一句", "one sentence added"),
    (Fact("sentence_removed"), "删去一句", "one sentence removed"),
    (Fact("short_sentence_added", new="费用不退。"), "新增一句“费用不退。”", "one sentence added: ‘费用不退。’"),
    (Fact("short_sentence_removed", new="费用不退。"), "删去一句“费用不退。”", "one sentence removed: ‘费用不退。’"),
    (Fact("sentences_added", count=2), "新增 2 句", "2 sentences added"),
    (Fact("sentences_removed", count=3), "删去 3 句", "3 sentences removed"),
    (Fact("more", count=1), "另有 1 处改动", "1 more change"),
    (Fact("more", count=2), "另有 2 处改动", "2 more changes"),
    (Fact("rewritten"), "大部分改写", "mostly rewritten"),
    (Fact("bolded", new="应当"), "“应当”改为粗体", "‘应当’ now bold"),
    (Fact("unbolded", new="应当"), "“应当”不再是粗体", "‘应当’ no longer bold"),
    (Fact("slanted", new="应当"), "“应当”改为斜体", "‘应当’ now in italics"),
    (Fact("unslanted", new="应当"), "“应当”不再是斜体", "‘应当’ no longer in italics"),
    (Fact("all_bolded"), "整条改为粗体", "all of it now bold"),
    (Fact("all_unbolded"), "整条不再是粗体", "no longer bold"),
    (
        Fact("reference", "第2.1条", "第2.2条"),
        "引用随条款改号：“第2.1条”改为“第2.2条”",
        "reference follows its clause: ‘第2.1条’ → ‘第2.2条’",
    ),
    (Fact("format"), "空格、标点或版式有变，文字未改", "spacing, punctuation or layout differ, the words do not"),
    (Fact("link"), "链接有变，文字未改", "links differ, the words do not"),
    (
        Fact("link_replaced", "https://example.com/a", "https://example.com/b"),
        "链接“https://example.com/a”改为“https://example.com/b”",
        "link ‘https://example.com/a’ → ‘https://example.com/b’",
    ),
    (
        Fact("link_added", new="https://example.com/b"),
        "新增链接“https://example.com/b”",
        "link ‘https://example.com/b’ added",
    ),
    (
        Fact("link_removed", "https://example.com/a"),
        "删去链接“https://example.com/a”",
        "link ‘https://example.com/a’ removed",
    ),
    (Fact("inserted", new="平台提供文档。"), "平台提供文档。", "平台提供文档。"),
    (Fact("deleted", "平台提供文档。"), "平台提供文档。", "平台提供文档。"),
    (Fact("moved", units=(unit("5.3"),)), "移自 5.3", "moved from 5.3"),
    (
        Fact("moved_with", count=12, units=(CHAPTER,)),
        "移自第 5 章，连同其下 12 段",
        "moved from Section 5 with 12 paragraphs below it",
    ),
    (Fact("moved", units=(unit("第三条"),)), "移自第三条", "moved from 第三条"),
    (Fact("renumbered", units=(unit("2.1（3）"),)), "原编号 2.1（3）", "formerly 2.1(3)"),
    (Fact("split", units=(unit("2.3"), unit("2.4"))), "拆出 2.3、2.4", "split: 2.3, 2.4 came out of it"),
    (Fact("split_from", units=(unit("2.2"),)), "拆自 2.2", "split off from 2.2"),
    (Fact("merged", units=(unit("2.3"),)), "并入了原 2.3", "now includes the former 2.3"),
    (Fact("merged_into", units=(unit("2.2"),)), "并入 2.2", "merged into 2.2"),
]


@pytest.mark.parametrize(("fact", "chinese", "english"), SAID, ids=[fact.what for fact, *_ in SAID])
def test_a_fact_is_said(fact: Fact, chinese: str, english: str) -> None:
    assert plain(sentence([fact])) == chinese
    with translation.override("en"):
        assert plain(sentence([fact])) == english


def test_every_fact_that_is_found_is_said_here() -> None:
    docstring = re.search(r"`what` is one of (.*?)\n    \"\"\"", SUMMARISING.read_text("utf-8"), re.DOTALL)
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", re.sub(r"\([^)]*\)", "", docstring[1]))) - {"and"}
    assert named == {fact.what for fact, *_ in SAID}


def test_facts_make_one_sentence_whose_quotes_are_told_apart() -> None:
    facts = [Fact("replaced", "shall", "may"), Fact("sentence_added")]
    assert plain(sentence(facts)) == "“shall”改为“may”；新增一句"
    with translation.override("en"):
        assert sentence(facts) == (
            Part("‘", False),
            Part("shall", True),
            Part("’ → ‘", False),
            Part("may", True),
            Part("’; one sentence added", False),
        )
    assert sentence([]) == ()


def test_quoted_words_may_hold_what_formats_hold() -> None:
    assert plain(sentence([Fact("replaced", "100%(s)", "{0} %s")])) == "“100%(s)”改为“{0} %s”"


def test_every_kind_has_a_name() -> None:
    assert set(KIND_NAMES) == set(SHOWN_KINDS)


@pytest.mark.parametrize(
    ("one", "chinese", "english"),
    [
        (None, "", ""),
        (unit("0", heading="前言"), "导言", "Preamble"),
        (unit("0¶2"), "导言¶2", "Preamble¶2"),
        (unit("2.9.3¶1"), "2.9.3¶1", "2.9.3¶1"),
        (unit("2.1（3）"), "2.1（3）", "2.1(3)"),
        (unit("附件A", heading="Data", written="Annex A"), "Annex A", "Annex A"),
        (unit("附件¶1"), "附件¶1", "Annex¶1"),
        (unit("附件B（2）"), "附件B（2）", "Annex B(2)"),
        (unit("第三条之一"), "第三条之一", "第三条之一"),
    ],
)
def test_numbers_have_names_where_they_are_none(one: Unit | None, chinese: str, english: str) -> None:
    assert number_of(one) == chinese
    with translation.override("en"):
        assert number_of(one) == english


def test_the_language_of_a_text_is_that_of_most_of_it() -> None:
    assert language_of(parse("1.1 甲方负责。\n\n1.2 See the Guide.\n")) == "zh-hans"
    assert language_of(parse("1.1 See 指南.\n\n1.2 The party pays.\n\n1.3 Fees are due.\n")) == "en"
