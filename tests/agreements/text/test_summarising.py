"""The facts of a row: what matters most first, short words whole, sentences counted, and one kind per unit."""

from dataclasses import replace

import pytest

from agreements.text.clauses import parse
from agreements.text.comparing import Comparison, compare
from agreements.text.refining import Span, refine
from agreements.text.summarising import Fact, count, excerpt, shown_kind, summarise


def facts(old: str, new: str) -> list[tuple[str, ...]]:
    """The facts of clause 1.1, each with its quoted words."""
    comparison = compare(parse(f"1.1 {old}\n\n1.2 其他约定。\n"), parse(f"1.1 {new}\n\n1.2 其他约定。\n"))
    found = next(said for row, said in zip(comparison.rows, summarise(comparison), strict=True) if row.new_no == "1.1")
    return [tuple(part for part in (fact.what, fact.old, fact.new) if part) for fact in found]


def test_what_did_not_change_has_no_facts() -> None:
    assert facts("开发者应当通知平台。", "开发者应当通知平台。") == []


def test_short_words_are_quoted_whole() -> None:
    assert facts("开发者应当通知平台。", "开发者可以通知平台。") == [("replaced", "应当", "可以")]
    assert facts("The developer shall tell us.", "The developer may tell us.") == [("replaced", "shall", "may")]
    assert facts("开发者通知平台。", "开发者以书面形式通知平台。") == [("added", "以书面形式")]
    assert facts("开发者以书面形式通知平台。", "开发者通知平台。") == [("removed", "以书面形式")]


def test_a_negation_is_quoted_with_the_words_around_it() -> None:
    assert facts("开发者可以转让帐户，但应当通知。", "开发者不可以转让帐户，但应当通知。") == [
        ("added_within", "开发者不可以转让帐户", "不")
    ]
    assert facts("开发者不可以转让帐户。", "开发者可以转让帐户。") == [("removed_within", "不", "开发者不可以转让帐户")]
    assert facts("You may assign the account.", "You may not assign the account.") == [
        ("added_within", "may not assign the", "not")
    ]


def test_what_matters_most_comes_first_and_the_rest_is_counted() -> None:
    old = "平台提供服务，开发者使用素材，逾期按日支付百分之一的费用，开发者应当配合核查，但是可以申诉。"
    new = "平台交付服务，开发者运用素材，逾期按日支付百分之二的费用，开发者可以配合核查，但是不可以申诉。"
    found = facts(old, new)
    assert [fact[0] for fact in found] == ["added_within", "replaced", "replaced", "more"]
    assert found[0][-1] == "不"
    assert found[1][-1] in ("百分之二", "二")
    assert found[2] == ("replaced", "应当", "可以")


def test_whole_sentences_are_counted_and_a_short_one_is_quoted() -> None:
    old = "开发者应当在三十日内通知平台。"
    one = "平台收到通知以后，应当在五个工作日之内予以书面答复并说明理由。"
    assert facts(old, old + one) == [("sentence_added",)]
    assert facts(old + one, old) == [("sentence_removed",)]
    assert facts(old, f"{old}费用不退。") == [("short_sentence_added", "费用不退。")]
    comparison = compare(parse(f"1.1 {old}{one}\n"), parse(f"1.1 {old}费用不退。账户不转。{one}\n"))
    assert summarise(comparison) == [(Fact("sentences_added", count=2),)]
    assert facts("The fee is due.", "The fee is due. We answer within five working days of the notice.") == [
        ("sentence_added",)
    ]


def test_part_of_a_sentence_is_no_sentence() -> None:
    assert facts("费用按月结算。", "费用按月结算，逾期不退。") == [("added", "逾期不退")]


def test_a_sign_that_has_a_meaning_is_quoted() -> None:
    assert facts("自收到之日起3至5日内答复。", "自收到之日起3-5日内答复。") == [("replaced", "至", "-")]


def test_a_mark_that_goes_along_is_not_quoted() -> None:
    assert [fact[0] for fact in facts("协商不成的,由法院管辖。", "协商不成的，并在三日内报告，由法院管辖。")] == [
        "added"
    ]


def test_the_words_around_are_those_of_the_text_that_has_the_change() -> None:
    assert facts("提供软件、网站、小程序。", "提供软件、网站和小程序。") == [("added_within", "网站和小程序", "和")]
    assert facts("提供软件、网站和小程序。", "提供软件、网站、小程序。") == [("removed_within", "和", "网站和小程序")]


def test_long_words_are_quoted_in_part_around_what_matters() -> None:
    old = "平台提供服务，并公布资费标准；开发者按月支付费用，逾期的计算违约金。"
    new = f"{old[:-1]}，开发者在接入时按照平台公布的流程提交资料并完成核验的不得转让其帐户。"
    [(what, words)] = facts(old, new)
    assert what == "added"
    assert words.startswith("…")
    assert "不得" in words
    assert len(words) <= 18


def test_a_clause_that_hardly_kept_a_word_is_rewritten() -> None:
    [row] = compare(
        parse("1.1 开发者应当按照平台要求妥善保管登录凭证。\n"), parse("1.1 开发者应当按照平台要求保管密码。\n")
    ).rows
    new = parse("1.1 开发者由所有人邀请并经确认以后代表其办理业务。\n").units[0]
    old_length, new_length = len(row.old_text), len(new.text)
    spans = (Span("equal", 0, 3, 0, 3), Span("replace", 3, old_length, 3, new_length))
    [said] = summarise(Comparison((replace(row, new=new, spans=spans),)))
    assert [fact.what for fact in said] == ["rewritten", "replaced"]


def test_bold_is_told_of_the_whole_or_of_the_words() -> None:
    assert facts("开发者应当保管密钥。", "**开发者应当保管密钥。**") == [("all_bolded",)]
    assert facts("**开发者应当保管密钥。**", "开发者应当保管密钥。") == [("all_unbolded",)]
    assert facts("开发者应当保管密钥。", "开发者**应当**保管密钥。") == [("bolded", "应当")]
    assert facts("开发者**应当**保管密钥。", "开发者应当保管密钥。") == [("unbolded", "应当")]


def test_bold_is_told_beside_changed_words() -> None:
    assert facts("开发者应当保管密钥。", "**开发者可以保管密钥。**") == [("replaced", "应当", "可以"), ("all_bolded",)]


def test_form_and_links_are_told_apart() -> None:
    assert facts("使用QQ号码（密钥）。", "使用QQ号码(密钥)。") == [("format",)]
    assert facts("见[规则](https://example.com/a)。", "见[规则](https://example.com/b)。") == [
        ("link_replaced", "https://example.com/a", "https://example.com/b")
    ]
    assert facts("见规则。", "见[规则](https://example.com/b)。") == [("link_added", "https://example.com/b")]
    assert facts("见[规则](https://example.com/a)。", "见规则。") == [("link_removed", "https://example.com/a")]
    assert facts("[见规则。](https://example.com/a)", "见[规则](https://example.com/a)。") == [("link",)]


def test_a_link_that_leads_elsewhere_is_told_beside_changed_words_and_bold() -> None:
    old = "开发者应当遵守[规则](https://example.com/a)。"
    assert facts(old, "开发者可以遵守[规则](https://example.com/b)。") == [
        ("replaced", "应当", "可以"),
        ("link_replaced", "https://example.com/a", "https://example.com/b"),
    ]
    assert facts(old, "开发者**应当**遵守[规则](https://example.com/b)。") == [
        ("bolded", "应当"),
        ("link_replaced", "https://example.com/a", "https://example.com/b"),
    ]


def test_a_reference_that_follows_its_clause_is_told_as_such() -> None:
    old = "1.1 依照第2.1条执行。\n\n2.1 费用按月结算，逾期的计算违约金。\n"
    new = "1.1 依照第2.2条执行。\n\n2.1 平台公布资费标准和优惠。\n\n2.2 费用按月结算，逾期的计算违约金。\n"
    comparison = compare(parse(old), parse(new))
    assert comparison.rows[0].flags == ("reference_only",)
    assert summarise(comparison)[0] == (Fact("reference", "第2.1条", "第2.2条"),)


def some_rows() -> Comparison:
    """Four clauses: one that was split in two, one that moved and was edited, one that the latter carried."""
    old = "1.1 甲方负责；乙方配合。\n\n1.2 丙方监督。\n\n1.3 丁方记录。\n"
    new = "1.1 甲方负责。\n\n1.2 乙方配合。\n\n1.3 丙方核查。\n\n1.4 丁方记录。\n"
    before, after = parse(old).units, parse(new).units
    base = compare(parse(old), parse(old)).rows[0]
    return Comparison(
        (
            replace(
                base,
                kind="edited",
                flags=("split",),
                old=before[0],
                new=after[0],
                spans=refine("甲方负责；乙方配合。", "甲方负责。"),
            ),
            replace(
                base, kind="inserted", flags=("split",), old=None, new=after[1], old_index=None, new_index=1, whole=0
            ),
            replace(base, kind="moved+edited", moved=True, old=before[1], new=after[2], old_index=1, new_index=2),
            replace(
                base, kind="moved", moved=True, old=before[2], new=after[3], old_index=2, new_index=3, carried=True
            ),
        )
    )


def test_pieces_name_what_they_were_split_from_and_the_other_way_round() -> None:
    comparison = some_rows()
    whole, piece, moved, carried = summarise(comparison)
    assert (whole[-1].what, [unit.number for unit in whole[-1].units]) == ("split", ["1.2"])
    assert [(fact.what, fact.units[0].number) for fact in piece] == [("split_from", "1.1")]
    assert [fact.what for fact in moved] == ["replaced", "moved"]
    assert moved[1].units[0].number == "1.2"
    assert carried == ()


def test_a_split_that_is_found_tells_only_of_the_split() -> None:
    old = "1.1 平台收到通知以后五个工作日内答复；逾期未答复的，视为同意所通知的事项。\n\n1.2 费用按月结算。\n"
    new = old.replace("答复；逾期", "答复。\n\n1.2 逾期").replace("1.2 费用", "1.3 费用")
    comparison = compare(parse(old), parse(new))
    assert [(row.kind, row.flags) for row in comparison.rows[:2]] == [("edited", ("split",)), ("inserted", ("split",))]
    whole, piece, _ = summarise(comparison)
    assert ([fact.what for fact in whole], [fact.what for fact in piece]) == (["split"], ["split_from"])
    back = summarise(compare(parse(new), parse(old)))
    assert ([fact.what for fact in back[0]], [fact.what for fact in back[1]]) == (["merged"], ["merged_into"])


def test_every_unit_has_one_kind_and_a_split_counts_once() -> None:
    comparison = some_rows()
    assert [shown_kind(row) for row in comparison.rows] == ["split", "split", "moved+edited", "carried"]
    assert {kind: number for kind, number in count(comparison).items() if number} == {
        "moved+edited": 1,
        "split": 1,
        "carried": 1,
    }


@pytest.mark.parametrize(
    ("kind", "moved", "flags", "carried", "shown"),
    [
        ("edited", False, ("reference_only",), False, "reference_only"),
        ("unchanged", False, ("emphasis_only",), False, "emphasis_only"),
        ("renumbered", False, ("format_only",), False, "format_only"),
        ("moved", True, ("emphasis_only",), False, "moved"),
        ("moved+edited", True, ("reference_only",), False, "moved"),
        ("moved", True, ("emphasis_only",), True, "emphasis_only"),
        ("moved+edited", True, (), True, "edited"),
        ("moved", True, (), True, "carried"),
        ("inserted", False, (), False, "inserted"),
        ("deleted", False, ("merged",), False, "merged"),
        ("renumbered", False, (), False, "renumbered"),
    ],
)
def test_the_kind_that_is_shown(kind: str, moved: bool, flags: tuple[str, ...], carried: bool, shown: str) -> None:
    row = replace(some_rows().rows[0], kind=kind, moved=moved, flags=flags, carried=carried)
    assert shown_kind(row) == shown


def test_excerpts_end_at_words() -> None:
    assert excerpt("费用按月结算。") == "费用按月结算。"
    assert excerpt("费用按月结算，") == "费用按月结算"
    assert excerpt("，") == "，"
    assert excerpt("The parties settle every dispute by friendly consultation.") == "The parties settle every…"


def test_a_link_that_leads_elsewhere_is_no_mere_form() -> None:
    old, new = (f"1.1 见[规则](http://{host}/)。\n\n1.2 您同意，付款。\n" for host in "ab")
    rows = compare(parse(old), parse(new.replace("，", ","))).rows
    assert [shown_kind(row) for row in rows] == ["link_only", "format_only"]
