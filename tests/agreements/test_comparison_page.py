"""The rows of the comparison page: what is shown, what is folded away, and how changed words are cut into pieces."""

from agreements.comparison_page import Gap, PageRow, compare_texts, page_rows
from tests.support import chinese

OLD = chinese("本协议适用于开发者。")
NEW = chinese("本协议适用于全体开发者。")


def test_of_an_edited_clause_only_its_row_is_shown_and_the_rest_is_folded() -> None:
    rows = page_rows(compare_texts(OLD, NEW))
    assert [row.kind for row in rows] == ["gap", "edited", "gap"]
    edited = rows[1]
    assert (edited.old_no, edited.new_no, edited.anchor, edited.level, edited.is_heading, edited.emphasised) == (
        "1.1", "1.1", "c4", 2, False, False,
    )  # fmt: skip
    assert edited.pieces == [("equal", "本协议适用于"), ("insert", "全体"), ("equal", "开发者。")]
    assert edited.old_pieces == [("equal", "本协议适用于"), ("equal", "开发者。")]
    assert edited.new_pieces == edited.pieces


def test_everything_shows_every_unit_once_and_in_order() -> None:
    rows = page_rows(compare_texts(OLD, NEW), everything=True)
    assert [row.new_no for row in rows] == ["0", "0¶1", "1", "1.1", "1.2", "2", "2.1", "2.1（1）", "2.1（2）"]
    assert [row.anchor for row in rows] == [f"c{number}" for number in range(1, 10)]


def test_gaps_hold_what_they_fold() -> None:
    first, _edited, last = page_rows(compare_texts(OLD, NEW))
    assert isinstance(first, Gap)
    assert ([row.new_no for row in first.rows], first.count) == (["0", "0¶1", "1"], 3)
    assert [row.new_no for row in last.rows] == ["1.2", "2", "2.1", "2.1（1）", "2.1（2）"]


def test_pieces_of_either_side_rebuild_its_words() -> None:
    old = chinese("开发者可以在三十日内书面通知平台解除本协议。")
    new = chinese("开发者须在十五日内以电子邮件通知平台，方可解除本协议。")
    row = next(row for row in page_rows(compare_texts(old, new)) if row.kind == "edited")
    assert "".join(words for _op, words in row.old_pieces) == "开发者可以在三十日内书面通知平台解除本协议。"
    assert "".join(words for _op, words in row.new_pieces) == "开发者须在十五日内以电子邮件通知平台，方可解除本协议。"
    assert {op for op, _words in row.old_pieces} == {"equal", "delete"}
    assert {op for op, _words in row.new_pieces} == {"equal", "insert"}


def test_inserted_and_deleted_units_have_one_side() -> None:
    inserted = OLD.replace("\n\n## 2.", "\n\n1.3 新增的条款全文。\n\n## 2.")
    (added,) = [row for row in page_rows(compare_texts(OLD, inserted)) if isinstance(row, PageRow)]
    assert (added.kind, added.old_no, added.new_no) == ("inserted", None, "1.3")
    assert (added.pieces, added.old_pieces) == ([("insert", "新增的条款全文。")], [])
    (removed,) = [row for row in page_rows(compare_texts(inserted, OLD)) if isinstance(row, PageRow)]
    assert (removed.kind, removed.old_no, removed.new_no) == ("deleted", "1.3", None)
    assert (removed.pieces, removed.new_pieces) == ([("delete", "新增的条款全文。")], [])


def test_equal_texts_are_one_gap() -> None:
    (gap,) = page_rows(compare_texts(OLD, OLD))
    assert (gap.kind, gap.count) == ("gap", 9)
