"""Where moved units stood before, and what moved along with them."""

from dataclasses import replace

from agreements.text.clauses import parse
from agreements.text.comparing import Comparison, compare
from agreements.text.moving import carried_along, former_places

OLD = """\
## 1. 总则

1.1 本协议适用于全体开发者和协作者。

1.2 词语按照通常的含义理解。

## 2. 资费

2.1 费用按月结算，包括：

（1）服务费，按使用量计算；

（2）税费，按法律规定计算。

2.2 逾期的费用按日计算违约金。

## 3. 争议

3.1 争议由双方先行协商解决。

3.2 协商不成的，提交法院管辖。
"""


def moved_chapter() -> Comparison:
    """Chapter 3 stands before chapter 2; its clauses moved only because it did."""
    head, rest = OLD.split("## 2.")
    fees, disputes = rest.split("## 3.")
    new = f"{head}## 2.{disputes}\n## 3.{fees}".replace("3.1 争", "2.1 争").replace("3.2 协", "2.2 协")
    new = new.replace("2.1 费", "3.1 费").replace("2.2 逾", "3.2 逾")
    result = compare(parse(OLD), parse(new))
    return Comparison(
        tuple(replace(row, carried=row.moved and row.old is not None and row.old.level > 1) for row in result.rows)
    )


def numbers(comparison: Comparison) -> list[tuple[str | None, str | None]]:
    return [(row.old_no, row.new_no) for row in comparison.rows]


def test_a_moved_chapter_carries_its_clauses() -> None:
    comparison = moved_chapter()
    assert [(row.old_no, row.new_no) for row in comparison.rows if row.moved] == [
        ("3", "2"),
        ("3.1", "2.1"),
        ("3.2", "2.2"),
    ]
    assert carried_along(comparison) == {numbers(comparison).index(("3", "2")): 2}


def test_what_carried_nothing_is_not_named() -> None:
    comparison = compare(parse(OLD), parse(OLD))
    assert carried_along(comparison) == {}
    assert former_places(comparison) == {}


def test_only_what_moved_of_itself_has_a_former_place() -> None:
    comparison = moved_chapter()
    places = numbers(comparison)
    # The chapter stood at the end of the text.
    assert former_places(comparison) == {places.index(("3", "2")): places.index(("2.2", "3.2"))}


def test_a_clause_stood_after_all_that_its_neighbour_holds() -> None:
    clause = "2.2 逾期的费用按日计算违约金。\n\n"
    new = OLD.replace(clause, "").replace("1.2 词语", f"1.2 {clause[4:]}1.3 词语")
    comparison = compare(parse(OLD), parse(new))
    places = numbers(comparison)
    assert places[places.index(("2.2", "1.2"))] == ("2.2", "1.2")
    assert former_places(comparison) == {places.index(("2.2", "1.2")): places.index(("2.1（2）", "2.1（2）"))}


def test_a_new_item_below_the_neighbour_comes_before_the_former_place() -> None:
    clause = "2.2 逾期的费用按日计算违约金。\n\n"
    new = OLD.replace(clause, "（3）平台另行公布的其他合理费用。\n\n").replace("1.2 词语", f"1.2 {clause[4:]}1.3 词语")
    comparison = compare(parse(OLD), parse(new))
    places = numbers(comparison)
    assert former_places(comparison) == {places.index(("2.2", "1.2")): places.index((None, "2.1（3）"))}


def test_what_stood_first_stood_before_all() -> None:
    first, second, third = "协作者由所有人邀请并确认。", "费用按月结算，逾期计算违约金。", "争议由双方先行协商解决。"
    old = f"1.1 {first}\n\n1.2 {second}\n\n1.3 {third}\n"
    new = f"1.1 {second}\n\n1.2 {third}\n\n1.3 {first}\n"
    comparison = compare(parse(old), parse(new))
    assert former_places(comparison) == {numbers(comparison).index(("1.1", "1.3")): -1}
