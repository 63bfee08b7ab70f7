"""Comparison of two texts, clause by clause: what was kept, renumbered, edited, moved, inserted or deleted."""

import re
from dataclasses import dataclass, replace
from itertools import groupby

from agreements.text.aligning import Side, align, sides
from agreements.text.clauses import Outline, Unit
from agreements.text.ordering import is_carried, moved, reading_order
from agreements.text.references import Renumbering
from agreements.text.refining import Span, marks, refine
from agreements.text.splitting import find_parts

ENGINE = 4
"""Raised whenever the same two texts may be compared otherwise than before: what was kept of a lower number is stale."""
KINDS = ("unchanged", "renumbered", "edited", "moved", "moved+edited", "inserted", "deleted")

_NO_LETTER = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Row:
    """One unit of either text, or one of both, and what became of it. Indices point into `Outline.units`.

    `carried`: it moved only because the unit that holds it did. `whole`: of a piece that was split off or merged, the
    place in `Comparison.rows` of the row with the pair that it came from or went into. Nobody changes a row: it is not
    frozen only because that would take six times as long to make.
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
        return self.old.words if self.old else ""

    @property
    def new_text(self) -> str:
        return self.new.words if self.new else ""

    @property
    def marks(self) -> tuple[Span, ...]:
        """The spans for the eye: what differs in form alone is not marked as a change."""
        return marks(self.old_text, self.new_text)

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
    """The rows of both texts in the order in which one reads them, and what stands before the first unit of either."""

    rows: tuple[Row, ...]
    prefaces: tuple[str, str] = ("", "")

    def sources(self) -> tuple[str, str]:
        """Both sources, byte for byte: nothing of either text is lost in a comparison."""
        olds = {row.old_index: row.old.raw for row in self.rows if row.old and row.old_index is not None}
        news = {row.new_index: row.new.raw for row in self.rows if row.new and row.new_index is not None}
        return (
            self.prefaces[0] + "".join(olds[index] for index in range(len(olds))),
            self.prefaces[1] + "".join(news[index] for index in range(len(news))),
        )

    def as_json(self) -> dict[str, list[dict[str, object]]]:
        return {"rows": [row.as_json() for row in self.rows]}


def compare(old: Outline, new: Outline) -> Comparison:
    """What became of each unit of the old text, and what is new. Of the swapped texts it says the same the other way round."""
    before, after = sides(old.units, new.units)
    is_backward = _rank(after) < _rank(before)
    found = _find(after, before).mirrored() if is_backward else _find(before, after)
    order = reading_order(found.partners, found.moved, before, after)
    places = {pair: place for place, pair in enumerate(order)}
    renumbering = Renumbering(found.partners, before, after)
    rows = [_row(i, j, found, renumbering, before, after) for i, j in order]
    for j, i in found.splits.items():
        rows[places[None, j]] = replace(rows[places[None, j]], whole=places[i, found.partners[i]])
    for i, j in found.merges.items():
        rows[places[i, None]] = replace(rows[places[i, None]], whole=places[found.origins[j], j])
    return Comparison(tuple(rows), (old.preface, new.preface))


def _rank(side: Side) -> tuple[object, ...]:
    """Says in which of both directions to compare, so that it is the same one whichever text is given first."""
    return len(side), side.keys, tuple(side.units)


@dataclass
class _Found:
    """What is known of the units by their indices: `splits` and `merges` lead from a piece without partner to its whole."""

    partners: dict[int, int]
    moved: set[int]
    splits: dict[int, int]
    merges: dict[int, int]

    def __post_init__(self) -> None:
        self.origins = {j: i for i, j in self.partners.items()}
        self.split_units = set(self.splits.values())
        self.merged_units = set(self.merges.values())

    def flags(self, i: int, j: int) -> tuple[str, ...]:
        return ("split",) * (i in self.split_units) + ("merged",) * (j in self.merged_units)

    def mirrored(self) -> "_Found":
        return _Found(self.origins, {self.partners[i] for i in self.moved}, self.merges, self.splits)


def _find(old: Side, new: Side) -> _Found:
    partners, split, merged = find_parts(align(old, new), old, new)
    return _Found(partners, moved(partners, old, new), split, merged)


def _row(i: int | None, j: int | None, found: _Found, renumbering: Renumbering, old: Side, new: Side) -> Row:
    flags: tuple[str, ...]
    if j is None:
        assert i is not None  # a row has one side at least
        flags = ("merged",) * (i in found.merges)
        return Row("deleted", False, flags, i, j, old.units[i], None, refine(old.units[i].words, ""))
    if i is None:
        flags = ("split",) * (j in found.splits)
        return Row("inserted", False, flags, i, j, None, new.units[j], refine("", new.units[j].words))
    one, other = old.units[i], new.units[j]
    is_moved = i in found.moved
    if old.keys[i] != new.keys[j]:
        kind = "moved+edited" if is_moved else "edited"
        flags = found.flags(i, j) or ("reference_only",) * renumbering.explains(i, j)
    else:
        kind = "moved" if is_moved else "unchanged" if one.number == other.number else "renumbered"
        flags = _look_flags(one, other)
    spans = refine(one.words, other.words)
    carried = is_moved and is_carried(i, found.partners, found.moved, old, new)
    return Row(kind, is_moved, flags, i, j, one, other, spans, carried)


def _look_flags(old: Unit, new: Unit) -> tuple[str, ...]:
    """The flag of a unit whose wording stayed; emphasis, which the law asks for, goes before mere form."""
    is_alike = old.words == new.words and bool(old.heading) == bool(new.heading)
    if old.runs == new.runs:
        return () if is_alike else ("format_only",)
    if _emphasis(old) != _emphasis(new):
        return ("emphasis_only",)
    return ("format_only",) if link_targets(old) != link_targets(new) or not is_alike else ()


def link_targets(unit: Unit) -> list[str]:
    """Where the unit's words lead, in order, '' for those that lead nowhere."""
    return [target for target, _ in groupby(run.href for run in unit.runs)]


def _emphasis(unit: Unit) -> tuple[bool, str, str]:
    """Whether all letters are bold; if not, the bold ones; the italic ones."""
    bold = "" if unit.emphasised else "".join(run.text for run in unit.runs if run.strong)
    italic = "".join(run.text for run in unit.runs if run.em)
    return unit.emphasised, _NO_LETTER.sub("", bold), _NO_LETTER.sub("", italic)
