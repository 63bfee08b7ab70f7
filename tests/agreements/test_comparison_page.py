"""The items of the comparison page: what is shown, folded or hidden, moves linked both ways, and a moved chapter said once."""

from dataclasses import replace

import pytest
from django.utils import translation

from agreements.comparison_map import draw_map
from agreements.comparison_page import Gap, Item, Look, Stub, changes_only, compare_texts, listed_rows, page_rows, tally
from agreements.phrasing import plain
from agreements.text.comparing import Comparison
from agreements.text.refining import refine
from tests.support import chinese

OLD = chinese("本协议适用于开发者。")
NEW = chinese("本协议适用于全体开发者。")
BEFORE = """\
## 1. 总则

1.1 本协议适用于全体开发者和协作者。

1.2 词语按照通常的含义理解。

## 2. 资费

2.1 费用按月结算，逾期的按日计算违约金。

2.2 平台可以调整收费标准，并提前通知。

## 3. 争议

3.1 争议由双方先行协商解决。

3.2 协商不成的，提交法院管辖。
"""
AFTER = """\
## 1. 总则

1.1 本协议适用于全体开发者和协作者。

1.2 词语按照通常的含义理解。

## 2. 争议

2.1 争议由双方先行协商解决。

2.2 协商不成的，提交仲裁机构仲裁。

## 3. 资费

3.1 费用按月结算，逾期的按日计算违约金。

3.2 平台可以调整收费标准，并提前通知。
"""


def moved_chapter() -> Comparison:
    """Chapter 3 became chapter 2, and its second clause was edited; its clauses moved only because it did."""
    rows = compare_texts(BEFORE, AFTER).rows
    return Comparison(tuple(replace(row, carried=row.moved and row.old.level > 1) for row in rows))


def outlined(items: list[Item]) -> list[tuple[str, str]]:
    """Each item's kind with its number, a gap's fold with that of its first row."""
    return [(item.fold, item.rows[0].number) if isinstance(item, Gap) else (item.kind, item.number) for item in items]


def test_of_an_edited_clause_only_its_row_is_shown_and_the_rest_is_folded() -> None:
    rows = page_rows(compare_texts(OLD, NEW))
    assert [row.kind for row in rows] == ["gap", "edited", "gap"]
    edited = rows[1]
    assert (edited.old_no, edited.new_no, edited.was, edited.anchor, edited.level, edited.is_heading) == (
        "1.1", "1.1", "", "c4", 2, False,
    )  # fmt: skip
    assert [piece[:2] for piece in edited.pieces] == [
        ("equal", "本协议适用于"),
        ("insert", "全体"),
        ("equal", "开发者。"),
    ]
    assert [piece[:2] for piece in edited.old_pieces] == [("equal", "本协议适用于"), ("equal", "开发者。")]
    assert edited.new_pieces == edited.pieces


def test_everything_shows_every_unit_once_and_in_order() -> None:
    rows = page_rows(compare_texts(OLD, NEW), Look(show="all"))
    assert [row.new_no for row in rows] == ["导言", "导言¶1", "1", "1.1", "1.2", "2", "2.1", "2.1（1）", "2.1（2）"]
    assert [row.anchor for row in rows] == [f"c{number}" for number in range(1, 10)]


def test_gaps_hold_what_they_fold() -> None:
    first, _edited, last = page_rows(compare_texts(OLD, NEW))
    assert isinstance(first, Gap)
    assert ([row.new_no for row in first.rows], first.count) == (["导言", "导言¶1", "1"], 3)
    assert [row.new_no for row in last.rows] == ["1.2", "2", "2.1", "2.1（1）", "2.1（2）"]


def test_inserted_and_deleted_units_have_one_side() -> None:
    inserted = OLD.replace("\n\n## 2.", "\n\n1.3 新增的条款全文。\n\n## 2.")
    [added] = listed_rows(page_rows(compare_texts(OLD, inserted)), Look())
    assert (added.kind, added.old_no, added.new_no, added.old_pieces) == ("inserted", "", "1.3", [])
    assert [piece[:2] for piece in added.pieces] == [("insert", "新增的条款全文。")]
    [removed] = listed_rows(page_rows(compare_texts(inserted, OLD)), Look())
    assert (removed.kind, removed.old_no, removed.new_no, removed.new_pieces) == ("deleted", "1.3", "", [])
    assert [piece[:2] for piece in removed.pieces] == [("delete", "新增的条款全文。")]


def test_equal_texts_are_one_gap() -> None:
    [gap] = page_rows(compare_texts(OLD, OLD))
    assert (gap.kind, gap.count) == ("gap", 9)
    assert changes_only([gap]) == []


def test_a_moved_chapter_is_said_once_and_its_edited_clause_is_shown() -> None:
    items = page_rows(moved_chapter())
    assert outlined(items) == [
        ("same", "1"),
        ("moved", "2"),
        ("carried", "2.1"),
        ("edited", "2.2"),
        ("same", "3"),
        ("stub", "3"),
    ]
    head, edited, stub = items[1], items[3], items[5]
    assert (plain(head.sentence), head.carried, head.was) == ("移自第 3 章，连同其下 2 段", 2, "")
    assert (edited.was, edited.origin) == ("3.2", None)
    assert isinstance(stub, Stub)
    assert (head.origin.anchor, stub.anchor, stub.target.anchor, stub.target.number, stub.carried) == (
        stub.anchor, "m4", head.anchor, "2", 2,
    )  # fmt: skip
    assert [(one.kind, one.count) for one in tally(moved_chapter())] == [
        ("edited", 1),
        ("moved", 1),
        ("carried", 1),
        ("renumbered", 3),
        ("unchanged", 3),
    ]


def test_everything_shows_what_was_carried_too() -> None:
    items = page_rows(moved_chapter(), Look(show="all"))
    assert [kind for kind, _number in outlined(items)].count("carried") == 1
    assert [item.number for item in items if not isinstance(item, Stub)] == [
        "1", "1.1", "1.2", "2", "2.1", "2.2", "3", "3.1", "3.2",
    ]  # fmt: skip


def test_only_the_kinds_that_are_asked_for_are_shown_and_the_rest_is_one_fold() -> None:
    look = Look.asked({"kinds": "edited,nonsense", "show": "all"})
    assert look.kinds == ("edited",)
    assert outlined(page_rows(moved_chapter(), look)) == [("hidden", "1"), ("edited", "2.2"), ("hidden", "3")]
    assert [row.number for row in listed_rows(page_rows(moved_chapter(), Look(kinds=("renumbered",))), Look(kinds=("renumbered",)))] == [
        "3", "3.1", "3.2",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["edited", "moved", "renumbered", "carried"])
def test_where_a_hidden_unit_stood_before_is_hidden_and_not_lost(kind: str) -> None:
    items = page_rows(moved_chapter(), Look(kinds=(kind,)))
    hidden = [row for item in items if isinstance(item, Gap) for row in item.rows]
    everything = [*hidden, *(item for item in items if not isinstance(item, Gap))]
    assert [row.anchor for row in everything if isinstance(row, Stub)] == ["m4"]
    assert any(isinstance(row, Stub) for row in hidden) == (kind != "moved")


def test_a_prefix_leads_every_anchor_and_every_way() -> None:
    items = page_rows(moved_chapter(), prefix="v7-")
    assert [item.anchor for item in items if not isinstance(item, Gap)] == ["v7-c4", "v7-c6", "v7-m4"]
    assert (items[1].origin.anchor, items[1].following, items[5].target.anchor) == ("v7-m4", "v7-c6", "v7-c4")


def split() -> Comparison:
    """The fourth row was split, and the fifth is the piece that came off it."""
    rows = list(compare_texts(OLD, NEW).rows)
    rows[3] = replace(rows[3], flags=("split",))
    spans = refine("", rows[4].new_text)
    rows[4] = replace(rows[4], kind="inserted", flags=("split",), old=None, old_index=None, spans=spans, whole=3)
    return Comparison(tuple(rows))


def test_a_piece_and_what_it_was_split_from_lead_to_each_other() -> None:
    _gap, whole, piece, _rest = page_rows(split())
    assert (whole.kind, [(part.number, part.anchor) for part in whole.parts]) == ("split", [("1.2", piece.anchor)])
    assert (piece.kind, piece.whole.number, piece.whole.anchor) == ("split", "1.1", whole.anchor)
    assert (plain(whole.sentence), plain(piece.sentence)) == (
        "新增“全体”，成为“适用于全体开发者”；拆出 1.2",
        "拆自 1.1",
    )


def test_changes_know_their_neighbours() -> None:
    rows = listed_rows(page_rows(moved_chapter()), Look())
    assert [(row.anchor, row.previous, row.following) for row in rows] == [("c4", "", "c6"), ("c6", "c4", "")]


def test_the_map_gives_every_change_its_lane_and_the_chapters_their_places() -> None:
    drawn = draw_map(page_rows(moved_chapter()))
    assert [(mark.item.kind, mark.y) for mark in drawn.marks] == [("moved", 18), ("edited", 9), ("stub", 18)]
    assert [(tick.label, tick.x) for tick in drawn.ticks] == [("1", "0.00%"), ("2", "33.33%"), ("3", "66.67%")]
    assert [float(mark.x[:-1]) for mark in drawn.marks] == sorted(float(mark.x[:-1]) for mark in drawn.marks)
    assert draw_map([]).marks == []


@pytest.mark.parametrize(
    ("values", "look"),
    [
        ({}, Look()),
        ({"view": "side", "show": "all"}, Look(view="side", show="all")),
        ({"view": "x", "show": "y", "kinds": "z"}, Look()),
        ({"kinds": "moved-edited,emphasis-only"}, Look(kinds=("moved+edited", "emphasis_only"))),
    ],
)
def test_what_is_asked_for(values: dict[str, str], look: Look) -> None:
    assert Look.asked(values) == look
    assert Look.asked({"view": look.view, "show": look.show, "kinds": look.as_value}) == look


def test_numbers_and_names_are_in_the_language_of_the_page() -> None:
    with translation.override("en"):
        rows = page_rows(compare_texts(OLD, NEW), Look(show="all"))
        assert [row.number for row in rows] == [
            "Preamble",
            "Preamble¶1",
            "1",
            "1.1",
            "1.2",
            "2",
            "2.1",
            "2.1(1)",
            "2.1(2)",
        ]
        assert rows[3].name == "Changed"
