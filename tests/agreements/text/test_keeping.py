"""Kept comparisons: what comes back is what was kept, and rows of other texts are refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agreements.text.clauses import Outline, parse
from agreements.text.comparing import Comparison, compare
from agreements.text.keeping import DoesNotFit, pack, unpack

SAMPLE = Path(__file__).resolve().parents[3] / "agreements" / "sample"
CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus" / "mutated"


def outlines(*files: Path) -> list[Outline]:
    return [parse(file.read_text(encoding="utf-8")) for file in files]


def through_json(comparison: Comparison) -> list[list[object]]:
    return json.loads(json.dumps(pack(comparison)))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_kept_comparison_equals_a_fresh_one(language: str) -> None:
    old, new = outlines(*(SAMPLE / f"developer-agreement.{number}.{language}.md" for number in (1, 3)))
    fresh = compare(old, new)
    assert unpack(through_json(fresh), old, new) == fresh


@pytest.mark.skipif(not CORPUS.exists(), reason=f"the corpus is not here: {CORPUS.name}")
def test_a_kept_comparison_of_a_heavy_revision_equals_a_fresh_one() -> None:
    old, new = outlines(*(CORPUS / "heavy-1" / name for name in ("old.md", "new.md")))
    fresh = compare(old, new)
    assert unpack(through_json(fresh), old, new) == fresh


def test_what_was_carried_and_what_is_a_piece_comes_back() -> None:
    old, new = (
        parse("1.1 甲方负责。\n\n1.2 乙方配合。\n"),
        parse("1.1 甲方负责。\n\n1.2 乙方应当配合。\n\n1.3 丙方监督。\n"),
    )
    rows = compare(old, new).rows
    fresh = Comparison((replace(rows[0], carried=True), rows[1], replace(rows[2], flags=("split",), whole=1)))
    back = unpack(through_json(fresh), old, new)
    assert back == fresh
    assert (back.rows[0].carried, back.rows[2].whole, back.rows[2].flags) == (True, 1, ("split",))


@pytest.mark.parametrize(
    "other",
    [
        "1.1 甲方负责。\n",
        "1.1 甲方负责。\n\n1.2 乙方配合。\n\n1.3 丙方监督。\n",
        "1.1 甲方负。\n\n1.2 乙方配合。\n",
    ],
)
def test_rows_of_other_texts_are_refused(other: str) -> None:
    old, new = parse("1.1 甲方负责。\n"), parse("1.1 甲方负责。\n\n1.2 乙方配合。\n")
    with pytest.raises(DoesNotFit):
        unpack(through_json(compare(old, new)), old, parse(other))
