"""Comparison of two texts, clause by clause: what was kept, renumbered, edited, moved, inserted or deleted."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agreements.text import markup
from agreements.text.aligning import align, parents, wording
from agreements.text.clauses import Outline, Unit
from agreements.text.markup import Run
from agreements.text.refining import Span, refine

ENGINE = 1
"""Counted up whenever parsing or comparing may give other rows: comparisons that were kept are then made anew."""
KINDS = ("unchanged", "renumbered", "edited", "moved", "moved+edited", "inserted", "deleted")

_NUMERALS = "〇零一二三四五六七八九十百千两"
_REFERENCE = re.compile(
    rf"第(?P<article>\d+(?:\.\d+)*|[{_NUMERALS}]+)(?P<rank>[条款项点章节编目](?:之[{_NUMERALS}]+)?)"
    r"|(?<![\d.¥$€£])(?P<bare>\d+(?:\.\d+)+)(?![\d.]|[%‰元万亿倍折])"
    r"|(?<![\w.])(?P<letter>[A-Z]\.\d+(?:\.\d+)*)"
)
_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Row:
    """One unit of either text, or one of both, and what became of it. Indices point into `Outline.units`.

    `carried`: it moved only because the unit that holds it did. `whole`: of a piece that was split off or merged, the
    place in `Comparison.rows` of the row with the pair that it came from or went into.
    """

    kind: str
    moved: bool
    flags: tuple[str, ...]
    old_index: int | None
    new_index: int | None
    old: Unit | None
    new: Unit | None
    spans: tuple[Span, ...]
    carried: bool = False
    whole: int | None = None

    @property
    def old_no(self) -> str | None:
        return self.old.number if self.old else None

    @property
    def new_no(self) -> str | None:
        return self.new.number if self.new else None

    @property
    def old_text(self) -> str:
        return _words(self.old)

    @property
    def new_text(self) -> str:
        return _words(self.new)

    @property
    def level(self) -> int:
        unit = self.new or self.old
        return unit.level if unit else 1

    @property
    def changed(self) -> bool:
        """Whether a reader must look: more than a number changed."""
        return bool(self.flags) or self.kind not in ("unchanged", "renumbered")

    def as_json(self) -> dict[str, object]:
        return {
            "kind": self.kind,
            "moved": self.moved,
            "flags": list(self.flags),
            "old_no": self.old_no,
            "new_no": self.new_no,
            "old_text": self.old_text,
            "new_text": self.new_text,
            "spans": [list(span) for span in self.spans],
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows of both texts in the order in which one reads them."""

    rows: tuple[Row, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind, every kind present."""
        counts = dict.fromkeys(KINDS, 0)
        for row in self.rows:
            counts[row.kind] += 1
        return counts

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        return {"rows": [row.as_json() for row in self.rows]}


def compare(old: Outline, new: Outline) -> Comparison:
    """What became of each unit of the old text, and what is new."""
    units = _Units(old.units, new.units)
    pairs = align(old.units, new.units)
    partners = {i: j for i, j in pairs if i is not None and j is not None}
    moved = _moved(partners, units)
    rows = [_row(i, j, i in moved, units, partners) for i, j in pairs]
    return Comparison(tuple(_in_reading_order(rows, partners, moved, units)))


class _Units:
    """Both texts with the unit that holds each unit, -1 at the top."""

    def __init__(self, old: Sequence[Unit], new: Sequence[Unit]) -> None:
        self.old, self.new = old, new
        self.old_parents, self.new_parents = parents(old), parents(new)
        self.new_numbers = [unit.number for unit in new]
        self.old_numbers: dict[str, list[int]] = defaultdict(list)
        for index, unit in enumerate(old):
            self.old_numbers[unit.number].append(index)


def _words(unit: Unit | None) -> str:
    return (unit.heading or unit.text) if unit else ""


def _row(i: int | None, j: int | None, moved: bool, units: _Units, partners: dict[int, int]) -> Row:
    old = None if i is None else units.old[i]
    new = None if j is None else units.new[j]
    old_text, new_text = _words(old), _words(new)
    flags: tuple[str, ...] = ()
    if old is None or new is None:
        kind = "inserted" if old is None else "deleted"
    elif wording(old_text) != wording(new_text):
        kind = "moved+edited" if moved else "edited"
        if _only_references(old_text, new_text, units, partners):
            flags = ("reference_only",)
    else:
        kind = "moved" if moved else "unchanged" if old.number == new.number else "renumbered"
        flags = _look_flags(old, new)
    return Row(kind, moved, flags, i, j, old, new, refine(old_text, new_text))


def _only_references(old: str, new: str, units: _Units, partners: dict[int, int]) -> bool:
    """Whether the texts differ only in references, each of which follows its clause to its new number."""
    old_key, new_key = wording(old), wording(new)
    if _REFERENCE.sub("§", old_key) != _REFERENCE.sub("§", new_key):
        return False
    return all(
        before[0] == after[0] or _follows(before, after, units, partners)
        for before, after in zip(_REFERENCE.finditer(old_key), _REFERENCE.finditer(new_key), strict=True)
    )


def _follows(before: re.Match[str], after: re.Match[str], units: _Units, partners: dict[int, int]) -> bool:
    targets = {
        units.new_numbers[partners[index]]
        for number in _numbers(before)
        for index in units.old_numbers.get(number, ())
        if index in partners
    }
    return not targets.isdisjoint(_numbers(after))


def _numbers(reference: re.Match[str]) -> tuple[str, ...]:
    """The numbers that the clause referred to may have."""
    return reference[0], reference["article"] or reference["bare"] or reference["letter"]


def _look_flags(old: Unit, new: Unit) -> tuple[str, ...]:
    """The flag of a unit whose wording stayed; emphasis, which the law asks for, goes before mere form."""
    old_runs, new_runs = (markup.inline(unit.markdown) if old.markdown != new.markdown else [] for unit in (old, new))
    if _emphasis(old, old_runs) != _emphasis(new, new_runs):
        return ("emphasis_only",)
    is_link_changed = {run.href for run in old_runs} != {run.href for run in new_runs}
    if _words(old) != _words(new) or is_link_changed or bool(old.heading) != bool(new.heading):
        return ("format_only",)
    return ()


def _emphasis(unit: Unit, runs: Sequence[Run]) -> tuple[bool, str, str]:
    """Whether all letters are bold; if not, the bold ones; the italic ones."""
    bold = "" if unit.emphasised else "".join(run.text for run in runs if run.strong)
    italic = "".join(run.text for run in runs if run.em)
    return unit.emphasised, _NO_LETTER.sub("", bold), _NO_LETTER.sub("", italic)


def _moved(partners: dict[int, int], units: _Units) -> set[int]:
    """The old units that left their place, with all that moved along inside them.

    Among the units of one holder, at every level, the heaviest sequence that is in order on both sides stays. What lost
    its holder is judged by its place in the whole text.
    """
    sizes = [1 + min(len(_words(unit)), 1000) / 100_000 for unit in units.old]
    for index in reversed(range(len(sizes))):
        if units.old_parents[index] >= 0:
            sizes[units.old_parents[index]] += sizes[index]
    found = set(partners.values())
    families: dict[int, list[int]] = defaultdict(list)
    left: set[int] = set()
    loose: list[int] = []
    for i in sorted(partners):
        holder, new_holder = units.old_parents[i], units.new_parents[partners[i]]
        if holder == new_holder == -1 or (holder >= 0 and partners.get(holder) == new_holder):
            families[holder].append(i)
        elif (holder in partners or holder == -1) and (new_holder in found or new_holder == -1):
            # A paragraph that became a clause of its own, one level up, may still stand where it stood.
            (loose.append if _is_inside(partners.get(holder, -1), new_holder, units.new_parents) else left.add)(i)
        else:
            loose.append(i)
    for members in families.values():
        left.update(_out_of_order(members, partners, sizes))
    if loose:
        left.update(set(loose) & _out_of_order(sorted(partners), partners, [1.0] * len(sizes)))
    for i in sorted(partners):
        holder = units.old_parents[i]
        if holder in left and partners.get(holder) == units.new_parents[partners[i]]:
            left.add(i)
    return left


def _is_inside(one: int, other: int, holders: Sequence[int]) -> bool:
    """Whether one of two different units holds the other, directly or not; -1 holds all."""
    inner, outer = max(one, other), min(one, other)
    while inner > outer:
        inner = holders[inner]
    return inner == outer


def _out_of_order(members: Sequence[int], partners: dict[int, int], weights: Sequence[float]) -> set[int]:
    """All but the heaviest of the sequences that are in order on both sides (a Fenwick tree of maxima)."""
    places = sorted(partners[i] for i in members)
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(members) + 1)
    before: dict[int, int] = {}
    for i in members:
        rank = bisect_left(places, partners[i])
        best, at = (0.0, -1), rank
        while at:
            best, at = max(best, tree[at]), at & (at - 1)
        before[i] = best[1]
        heavier, at = (best[0] + weights[i], i), rank + 1
        while at <= len(members):
            tree[at], at = max(tree[at], heavier), at + (at & -at)
    last, at = (0.0, -1), len(members)
    while at:
        last, at = max(last, tree[at]), at & (at - 1)
    out, kept = set(members), last[1]
    while kept != -1:
        out.discard(kept)
        kept = before[kept]
    return out


def _in_reading_order(rows: Sequence[Row], partners: dict[int, int], moved: set[int], units: _Units) -> Iterator[Row]:
    """The new text's order; what was deleted stands after the old neighbour that it followed, in the same holder."""
    ends = list(range(len(units.new)))
    for j in reversed(range(len(ends))):
        holder = units.new_parents[j]
        if holder >= 0:
            ends[holder] = max(ends[holder], ends[j])
    places: dict[int, int] = {}
    after: dict[int, int] = {-1: -1}
    for i, holder in enumerate(units.old_parents):
        if i not in partners:
            places[i] = after[i] = after[holder]
            continue
        after[i] = j = partners[i]
        if i not in moved or (holder in moved and partners[holder] == units.new_parents[j]):
            after[holder] = max(after[holder], ends[j])

    def place(row: Row) -> tuple[int, int, int]:
        if row.new_index is not None:
            return row.new_index, 0, 0
        return places[row.old_index or 0], 1, row.old_index or 0

    return iter(sorted(rows, key=place))
