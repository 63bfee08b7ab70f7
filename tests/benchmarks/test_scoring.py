"""The score of a comparison: what is found right, by pairs, moves and kinds, equal units being interchangeable."""

from agreements.text.clauses import parse
from benchmarks.scoring import Score, score

OLD = parse("1.1 甲方付款。\n\n1.2 乙方交货。\n\n1.3 丙方验收。\n\n1.4 丙方验收。\n")
NEW = parse("1.1 丙方验收。\n\n1.2 甲方按月付款。\n\n1.3 丁方保管。\n\n1.4 丙方验收。\n")
TRUTH = [
    {"kind": "edited", "old_no": "1.1", "new_no": "1.2"},
    {"kind": "deleted", "old_no": "1.2", "new_no": None},
    {"kind": "moved", "old_no": "1.3", "new_no": "1.1"},
    {"kind": "unchanged", "old_no": "1.4", "new_no": "1.4"},
    {"kind": "inserted", "old_no": None, "new_no": "1.3"},
]


def test_the_truth_scores_full_marks() -> None:
    found = [(0, 1, "edited"), (1, None, "deleted"), (2, 0, "moved"), (3, 3, "unchanged"), (None, 2, "inserted")]
    assert score(OLD, NEW, found, TRUTH) == Score(1.0, 1.0, 1.0)


def test_units_of_equal_words_are_interchangeable() -> None:
    found = [(0, 1, "edited"), (1, None, "deleted"), (3, 0, "moved"), (2, 3, "unchanged"), (None, 2, "inserted")]
    assert score(OLD, NEW, found, TRUTH) == Score(1.0, 1.0, 1.0)


def test_a_deleted_clause_that_is_paired_costs_precision() -> None:
    found = [(0, 1, "edited"), (1, 2, "edited"), (2, 0, "moved"), (3, 3, "unchanged")]
    # Two of three found pairs and both true ones; three of five rows.
    assert score(OLD, NEW, found, TRUTH) == Score(0.8, 1.0, 0.6)


def test_a_move_that_is_missed_costs_recall() -> None:
    found = [(0, 1, "edited"), (1, None, "deleted"), (2, 0, "renumbered"), (3, 3, "unchanged"), (None, 2, "inserted")]
    assert score(OLD, NEW, found, TRUTH) == Score(1.0, 0.0, 0.8)


def test_a_unit_that_was_not_found_in_the_text_is_missed() -> None:
    truth = [*TRUTH, {"kind": "edited", "old_no": "1.5", "new_no": "1.5"}]
    found = [(0, 1, "edited"), (1, None, "deleted"), (2, 0, "moved"), (3, 3, "unchanged"), (None, 2, "inserted")]
    assert score(OLD, NEW, found, truth) == Score(0.8, 1.0, 5 / 6)
