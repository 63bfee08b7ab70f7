"""Moves as a reader follows them: where each moved unit stood before, and how many units moved along with it."""

from agreements.text.aligning import parents
from agreements.text.comparing import Comparison


def carried_along(comparison: Comparison) -> dict[int, int]:
    """For each row that moved of itself and holds others, how many rows moved only because it did."""
    rows = comparison.rows
    places = sorted((row.new_index, place) for place, row in enumerate(rows) if row.new_index is not None)
    order = [place for _, place in places]
    holders = parents([row.new for place in order if (row := rows[place]).new])
    counts: dict[int, int] = {}
    for index, place in enumerate(order):
        if not rows[place].carried:
            continue
        while index >= 0 and rows[order[index]].carried:
            index = holders[index]
        if index >= 0:
            counts[order[index]] = counts.get(order[index], 0) + 1
    return counts


def former_places(comparison: Comparison) -> dict[int, int]:
    """For each row that moved of itself, the row after which its old text stood; -1 where it stood before all.

    That is the nearest unit before it which kept its place, with all that now stands below that unit.
    """
    rows = comparison.rows
    order = [
        place
        for _, place in sorted((row.old_index, place) for place, row in enumerate(rows) if row.old_index is not None)
    ]
    holders = parents([row.old for place in order if (row := rows[place]).old])
    displaced: list[bool] = []
    found: dict[int, int] = {}
    before = -1
    for index, place in enumerate(order):
        row, holder = rows[place], holders[index]
        displaced.append(row.moved or (row.new is None and holder >= 0 and displaced[holder]))
        if not displaced[index]:
            before = place
        elif row.moved and not row.carried:
            found[place] = _after_what_it_holds(comparison, before, row.old.level if row.old else 1)
    return found


def _after_what_it_holds(comparison: Comparison, place: int, level: int) -> int:
    while place + 1 < len(comparison.rows) and place >= 0 and comparison.rows[place + 1].level > level:
        place += 1
    return place
