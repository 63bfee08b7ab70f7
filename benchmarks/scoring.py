"""score(): how well rows of a comparison agree with the known truth of a revision."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from agreements.text.aligning import wording
from agreements.text.clauses import Outline, Unit
from agreements.text.comparing import Comparison

HARD = frozenset({"edited", "moved", "moved+edited", "inserted", "deleted"})
EASY = frozenset({"unchanged", "renumbered"})

Found = tuple[int | None, int | None, str]
"""Places of an old and a new unit, and the kind of the row."""
Pair = tuple[str, str]


class Score(NamedTuple):
    """Each from 0 to 1. `hard`: F1 of the pairs that touch a hard unit, `moved`: F1 of the moved old units."""

    hard: float
    moved: float
    kinds: float


def rows_of(comparison: Comparison) -> list[Found]:
    """What our engine found."""
    return [(row.old_index, row.new_index, row.kind) for row in comparison.rows]


def score(old: Outline, new: Outline, found: Iterable[Found], truth: Sequence[dict[str, Any]]) -> Score:
    """The truth names units by number; units of equal wording are interchangeable, so all is counted in multisets."""
    old_keys, new_keys = _keys(old.units), _keys(new.units)
    true = Counter((_key(old_keys, row["old_no"]), _key(new_keys, row["new_no"]), row["kind"]) for row in truth)
    rows = Counter(
        (
            None if i is None else wording(old.units[i].words),
            None if j is None else wording(new.units[j].words),
            kind,
        )
        for i, j, kind in found
    )
    hard = _pairs(true, HARD)
    hard_units = [{key[side] for key in true if key[2] in HARD} - {None} for side in (0, 1)]
    near = Counter(
        {pair: n for pair, n in _pairs(rows).items() if pair[0] in hard_units[0] or pair[1] in hard_units[1]}
    )
    near -= _pairs(true, EASY)
    moved, found_moved = _moved(true), _moved(rows)
    return Score(
        _f1((near & hard).total(), near.total(), hard.total()),
        _f1((moved & found_moved).total(), found_moved.total(), moved.total()),
        (true & rows).total() / len(truth),
    )


def _keys(units: Sequence[Unit]) -> dict[str, str]:
    return {unit.number: wording(unit.words) for unit in units}


def _key(keys: dict[str, str], number: str | None) -> str | None:
    """The wording of a unit; of one that the engine did not find in the text, a key that nothing equals."""
    return None if number is None else keys.get(number, f"\0{number}")


def _pairs(rows: "Counter[tuple[str | None, str | None, str]]", kinds: frozenset[str] = HARD | EASY) -> Counter[Pair]:
    chosen: Counter[Pair] = Counter()
    for (old, new, kind), count in rows.items():
        if old is not None and new is not None and kind in kinds:
            chosen[old, new] += count
    return chosen


def _moved(rows: "Counter[tuple[str | None, str | None, str]]") -> "Counter[str | None]":
    return Counter(old for old, _, kind in rows.elements() if "moved" in kind)


def _f1(common: int, found: int, true: int) -> float:
    return 2 * common / (found + true) if found + true else 1.0
