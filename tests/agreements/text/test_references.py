"""References: which clause one means, and when a pair differs only in references that followed their clauses."""

import pytest

from agreements.text.clauses import Unit, parse
from agreements.text.comparing import Row, compare
from agreements.text.references import references

STATUTE = """\
第一条 平台应当公示收费标准。

第二条 开发者应当付费：

（一）按月付费；

（二）按次付费。

逾期付费的，加收滞纳金。

第三条 依照{}的规定办理。
"""
NEW_ARTICLE = "第一条 本规定适用于全体开发者与平台之间的往来。\n\n"
RENUMBERED = (("第三条", "第四条"), ("第二条", "第三条"), ("第一条", "第二条"))


def last_row(before: str, after: str, *, is_moved_down: bool = True) -> Row:
    """The article with the reference, once the articles before it were moved down by a new one."""
    old, new = STATUTE, STATUTE
    if is_moved_down:
        for number, next_number in RENUMBERED:
            new = new.replace(number, next_number)
        new = NEW_ARTICLE + new
    return compare(parse(old.format(before)), parse(new.format(after))).rows[-1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("第一条", "第二条"),
        ("本规定第二条", "本规定第三条"),
        ("本办法第二条", "本办法第三条"),
        ("第二条第二款", "第三条第二款"),
        ("第二条第一款第（二）项", "第三条第一款第二项"),
        ("第二条第（一）项、第（二）项", "第三条第（一）项、第（二）项"),
        ("第一条和第二条第一款、第二款", "第二条和第三条第一款、第二款"),
    ],
)
def test_references_that_follow_their_clauses(before: str, after: str) -> None:
    row = last_row(before, after)
    assert (row.kind, row.flags) == ("edited", ("reference_only",))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("第一条", "第三条"),
        # The same words may mean another paragraph or item of the article.
        ("第二条第二款", "第三条第一款"),
        ("第二条第一款、第二款", "第三条第一款、第三款"),
        ("第二条第（一）项", "第三条第（二）项"),
        # What is not there cannot be followed.
        ("第二条第五款", "第三条第五款"),
        ("第九条", "第十条"),
        # Another document is not known here, whatever its numbers.
        ("《收费办法》第一条", "《收费办法》第二条"),
        ("合同法第一条", "合同法第二条"),
        ("合同法第一条、第二条", "合同法第二条、第三条"),
        # Besides the reference something else changed.
        ("第一条", "第二条但书"),
        ("第一条、第二条", "第二条和第三条"),
    ],
)
def test_references_that_do_not(before: str, after: str) -> None:
    row = last_row(before, after)
    assert (row.kind, row.flags) == ("edited", ())


def test_a_reference_to_a_clause_that_kept_its_number_is_an_edit() -> None:
    assert last_row("第一条", "第二条", is_moved_down=False).flags == ()


def test_a_paragraph_of_the_same_article_may_be_renumbered_too() -> None:
    old = "第一条 平台应当公示收费标准。\n\n开发者应当按月付费。\n\n依照前述第二款付费的，开具发票。\n"
    new = "第一条 平台应当公示收费标准。\n\n平台可以减免费用。\n\n开发者应当按月付费。\n\n依照前述第三款付费的，开具发票。\n"
    row = compare(parse(old), parse(new)).rows[-1]
    assert (row.old_no, row.new_no, row.flags) == ("第一条¶3", "第一条¶4", ("reference_only",))


@pytest.mark.parametrize(
    ("before", "after", "flags"),
    [
        ("Section 2.1", "Section 2.2", ("reference_only",)),
        ("Section 2.1(a)", "Section 2.2(a)", ("reference_only",)),
        ("Section 2.1 of this Agreement", "Section 2.2 of this Agreement", ("reference_only",)),
        ("Section 2.1(a)", "Section 2.2(b)", ()),
        ("Section 2.1 of the Privacy Act", "Section 2.2 of the Privacy Act", ()),
    ],
)
def test_references_in_english(before: str, after: str, flags: tuple[str, ...]) -> None:
    text = (
        "## 1. Scope\n\n1.1 Fees are due under {}, within thirty days.\n\n## 2. Fees\n\n{}"
        "2.{} You pay for these:\n\n(a) the service;\n\n(b) the tax.\n"
    )
    old, new = text.format(before, "", 1), text.format(after, "2.1 We publish our prices once a year.\n\n", 2)
    assert next(row for row in compare(parse(old), parse(new)).rows if row.new_no == "1.1").flags == flags


def test_references_say_what_they_mean() -> None:
    unit = Unit("第五条¶2", 2, "", False, "", "", "")
    wording = "依照本条第一款、第三款第(二)项和第八条之一的规定;电子签名法第三条、第四条除外"
    assert [(one.words, one.names[:1], one.paragraph, one.item) for one in references(wording, unit)] == [
        ("第一款", ("第五条",), "一", ""),
        ("第三款第(二)项", ("第五条",), "三", "二"),
        ("第八条之一", ("第八条之一",), "", ""),
        ("第三条", (), "", ""),
        ("第四条", (), "", ""),
    ]


@pytest.mark.parametrize("before", ["第〇款", "第999款", "第一百零三款", "第" + "一" * 5000 + "款"])
def test_a_number_that_no_paragraph_has_leads_nowhere(before: str) -> None:
    assert last_row(before, "第二款").flags == ()
