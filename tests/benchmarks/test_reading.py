"""The verdicts on real statutes: what the engine flags there is what a reader found right."""

from collections import Counter

import pytest

from benchmarks.comparison import CORPUS
from benchmarks.reading import Pair, pieces, read_laws, verdicts

needs_laws = pytest.mark.skipif(not (CORPUS / "laws").is_dir(), reason=f"the corpus is not there: {CORPUS}")


@pytest.fixture(scope="module")
def laws() -> list[Pair]:
    return read_laws(CORPUS)


@needs_laws
def test_pieces_of_the_laws_are_right(laws: list[Pair]) -> None:
    judged = {(one["law"], one["whole"], one["piece"]): one["verdict"] for one in verdicts("splits")}
    found = Counter(judged.get((law.name, *split), "not judged") for law in laws for split, _ in pieces(law))
    assert found["right"] >= 20 and found["right"] >= 0.9 * found.total(), found


@needs_laws
def test_references_of_the_laws_that_follow_are_right(laws: list[Pair]) -> None:
    judged = {(one["law"], one["old"], one["new"]): one["verdict"] for one in verdicts("references")}
    rows = [(law.name, row) for law in laws for row in law.result.rows if "reference_only" in row.flags]
    found = Counter(judged.get((law, row.old_no or "", row.new_no or ""), "not judged") for law, row in rows)
    assert found["right"] >= 34 and found["right"] >= 0.95 * found.total(), found


def test_every_disagreement_was_judged() -> None:
    assert {one["verdict"] for one in verdicts("pairings")} == {"ours", "peer", "both", "neither"}
    assert all(one["reason"] for one in verdicts("pairings"))
