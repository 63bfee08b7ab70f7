"""draw_map(): where in the text the changes are, as marks on a strip that has the length of the text."""

from collections.abc import Iterator
from dataclasses import dataclass

from agreements.comparison_page import Gap, Item, PageRow, Stub
from agreements.text.pieces import width

LANES = {"inserted": 0, "moved": 2, "moved+edited": 2, "carried": 2, "stub": 2, "deleted": 3}
"""The lane of a kind, from above; what is not named has lane 1, that of edits."""
LANE = 9
"""Height of a lane, and of what is below them for the chapters, in pixels."""
THINNEST = 0.25
"""Percent of the strip that a mark covers at least."""
BETWEEN = 0.15
"""Percent of the strip that stays free between two marks that are wider."""
WIDEST = 1.6
"""Percent of the strip that a character of a chapter's number covers."""
SHORTEST = 24
"""A unit counts as so many characters at least, so that a heading has a place."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A change on the strip; `x` and `width` in percent, `y` in pixels."""

    item: PageRow | Stub
    x: str
    width: str
    y: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Where a chapter begins; its label is '' where there is no room."""

    label: str
    x: str
    anchor: str
    """Which end of the label stands at the place: the last one's, where it would leave the strip."""


@dataclass(frozen=True, slots=True)
class ChangeMap:
    marks: list[Mark]
    ticks: list[Tick]


def draw_map(items: list[Item]) -> ChangeMap:
    """Return the strip for the rows of a page, folded ones included."""
    total = sum(_length(item) for item, _folded in _all(items)) or 1
    marks: list[Mark] = []
    ticks: list[Tick] = []
    at, labelled = 0, 0.0
    for item, is_folded in _all(items):
        x, wide = 100 * at / total, 100 * _length(item) / total
        at += _length(item)
        if isinstance(item, PageRow) and item.level == 1 and item.is_heading and item.new_no:
            is_free = x >= labelled
            ends = x + WIDEST * width(item.new_no) > 100
            ticks.append(Tick(item.new_no if is_free else "", f"{x:.2f}%", "end" if ends else "start"))
            labelled = x + WIDEST * width(item.new_no) if is_free else labelled
        if not is_folded and (isinstance(item, Stub) or item.is_changed):
            lane = LANES.get(item.kind, 1)
            seen = max(wide - BETWEEN, THINNEST)
            marks.append(Mark(item, f"{min(x, 100 - seen):.2f}%", f"{seen:.2f}%", lane * LANE))
    return ChangeMap(marks, ticks)


def _all(items: list[Item]) -> Iterator[tuple[PageRow | Stub, bool]]:
    """Yield every row, and whether it is folded away."""
    for item in items:
        if isinstance(item, Gap):
            yield from ((row, True) for row in item.rows)
        else:
            yield item, False


def _length(item: PageRow | Stub) -> int:
    """How much of the strip an item takes; what stands elsewhere by now takes none."""
    if isinstance(item, Stub):
        return 0
    return max(SHORTEST, item.length)
