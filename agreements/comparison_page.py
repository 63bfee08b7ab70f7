"""What a page shows of a comparison: rows with moves linked both ways, counts, the list of changes, the controls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from agreements.phrasing import KIND_NAMES, Part, number_of, sentence
from agreements.text import pieces
from agreements.text.clauses import parse
from agreements.text.comparing import Comparison, Row, compare
from agreements.text.moving import carried_along, former_places
from agreements.text.pieces import Piece
from agreements.text.summarising import MINOR, QUIET, SHOWN_KINDS, count, shown_kind, summarise

BESIDE = {"inserted", "deleted", "moved", "moved_with", "renumbered", "split", "split_from", "merged", "merged_into"}
"""Facts that the kind, the number or a link beside the number say."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the reader wants it: inline or side by side, only the changes or all, and which kinds (none: every kind)."""

    view: str = "inline"
    show: str = "changes"
    kinds: tuple[str, ...] = ()

    @classmethod
    def asked(cls, values: Mapping[str, str]) -> "Look":
        """Return the look that the values of a form or an address ask for; what they do not know is left out."""
        wished = values.get("kinds", "").split(",")
        return cls(
            view="side" if values.get("view") == "side" else "inline",
            show="all" if values.get("show") == "all" else "changes",
            kinds=tuple(kind for kind in SHOWN_KINDS if slug(kind) in wished),
        )

    @property
    def as_value(self) -> str:
        """Return the kinds as an address or a form has them."""
        return ",".join(map(slug, self.kinds))

    def shows(self, kind: str) -> bool:
        if self.kinds:
            return kind in self.kinds
        return self.show == "all" or kind not in QUIET


@dataclass(frozen=True, slots=True)
class Link:
    """A unit elsewhere on the page: its number and where it stands."""

    number: str
    anchor: str


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row as the page shows it."""

    row: Row
    kind: str
    old_no: str
    new_no: str
    is_heading: bool
    level: int
    emphasised: bool
    anchor: str
    sentence: tuple[Part, ...]
    told: tuple[Part, ...]
    """The sentence without what stands beside the number anyway."""
    origin: Link | None = None
    carried: int = 0
    parts: tuple[Link, ...] = ()
    whole: Link | None = None
    elsewhere: tuple[str, ...] = ()
    """The words of what it was split from or into, or merged with."""
    chapter: str = ""
    previous: str = ""
    following: str = ""

    @property
    def pieces(self) -> list[Piece]:
        """Both sides in one, for the inline view."""
        return pieces.tell_apart(pieces.inline(self.row), self.elsewhere)

    @property
    def old_pieces(self) -> list[Piece]:
        return pieces.tell_apart(pieces.old_side(self.row), self.elsewhere)

    @property
    def new_pieces(self) -> list[Piece]:
        return pieces.tell_apart(pieces.new_side(self.row), self.elsewhere)

    @property
    def length(self) -> int:
        """How many characters it takes where both sides are shown in one."""
        return sum(max(span.old_end - span.old_start, span.new_end - span.new_start) for span in self.row.spans)

    @property
    def number(self) -> str:
        return self.new_no or self.old_no

    @property
    def was(self) -> str:
        """The number that it had, where no link says it."""
        return self.old_no if self.new_no and self.old_no != self.new_no and not self.origin else ""

    @property
    def name(self) -> str:
        return str(KIND_NAMES[self.kind])

    @property
    def slug(self) -> str:
        return slug(self.kind)

    @property
    def is_minor(self) -> bool:
        return self.kind in MINOR

    @property
    def is_changed(self) -> bool:
        return self.kind not in QUIET


@dataclass(frozen=True, slots=True)
class Stub:
    """Where a moved unit stood before: its old words, and the way to where it stands now."""

    number: str
    words: str
    target: Link
    carried: int
    anchor: str
    kind: str = field(default="stub")


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of rows folded away: the `same`, `carried` along with their holder, or `hidden` by the reader's choice.

    Where a hidden unit stood before is hidden too, so that its links lead both ways once a fold is opened.
    """

    rows: list[PageRow | Stub]
    fold: str = "same"
    kind: str = field(default="gap")

    @property
    def count(self) -> int:
        """How many units it has; where a unit stood before counts only where there is nothing else."""
        return sum(isinstance(row, PageRow) for row in self.rows) or len(self.rows)


Item = PageRow | Stub | Gap


def slug(kind: str) -> str:
    """Return a kind as it stands in addresses and class names."""
    return kind.replace("+", "-").replace("_", "-")


@lru_cache(maxsize=16)
def compare_texts(old: str, new: str) -> Comparison:
    """Return the comparison of two canonical texts that are not published; remembered while somebody looks at them."""
    return compare(parse(old), parse(new))


def page_rows(comparison: Comparison, look: Look = Look(), *, prefix: str = "") -> list[Item]:
    """Return the items of the page in reading order; `prefix` leads the anchors where a page has several comparisons."""
    rows = _rows(comparison, prefix)
    stubs: dict[int, list[tuple[Stub, str]]] = {}
    for place, before in former_places(comparison).items():
        stub = _stub(comparison.rows[place], rows[place], prefix, place)
        stubs.setdefault(before, []).append((stub, rows[place].kind))
    items: list[Item] = []

    def add(item: PageRow | Stub, kind: str) -> None:
        if look.shows(kind):
            items.append(item)
            return
        fold = "hidden" if look.kinds else "carried" if kind == "carried" else "same"
        if not (items and isinstance(items[-1], Gap) and items[-1].fold == fold):
            items.append(Gap([], fold))
        items[-1].rows.append(item)

    for place in range(-1, len(rows)):
        if place >= 0:
            add(rows[place], rows[place].kind)
        for stub, kind in stubs.get(place, ()):
            add(stub, kind)
    return items


def _rows(comparison: Comparison, prefix: str) -> list[PageRow]:
    carried = carried_along(comparison)
    parts: dict[int, list[int]] = {}
    for place, row in enumerate(comparison.rows):
        if row.whole is not None:
            parts.setdefault(row.whole, []).append(place)
    kinds = [shown_kind(row) for row in comparison.rows]
    stops = [place for place, kind in enumerate(kinds) if kind not in QUIET]
    after = dict(pairwise(stops))
    before = {later: earlier for earlier, later in after.items()}

    def link(place: int) -> Link:
        row = comparison.rows[place]
        return Link(number_of(row.new or row.old), f"{prefix}c{place + 1}")

    found = []
    chapter = ""
    for place, (row, kind, facts) in enumerate(zip(comparison.rows, kinds, summarise(comparison), strict=True)):
        unit = row.new or row.old
        others = parts.get(place, []) if row.whole is None else [row.whole]
        if unit.level == 1 and unit.heading:
            chapter = f"{unit.label} {unit.heading}".strip()
        found.append(
            PageRow(
                row=row,
                kind=kind,
                old_no=number_of(row.old),
                new_no=number_of(row.new),
                is_heading=bool(unit.heading),
                level=unit.level,
                emphasised=unit.emphasised,
                anchor=link(place).anchor,
                sentence=sentence(facts),
                told=sentence(fact for fact in facts if fact.what not in BESIDE),
                origin=Link(number_of(row.old), f"{prefix}m{place + 1}") if row.moved and not row.carried else None,
                carried=carried.get(place, 0),
                parts=tuple(link(part) for part in parts.get(place, ())),
                whole=None if row.whole is None else link(row.whole),
                elsewhere=tuple(text for other in others for text in _texts(comparison.rows[other])),
                chapter=chapter,
                previous=link(before[place]).anchor if place in before else "",
                following=link(after[place]).anchor if place in after else "",
            )
        )
    return found


def _texts(row: Row) -> tuple[str, str]:
    return row.old_text, row.new_text


def _stub(row: Row, shown: PageRow, prefix: str, place: int) -> Stub:
    return Stub(
        number=shown.old_no,
        words=row.old_text,
        target=Link(shown.new_no, shown.anchor),
        carried=shown.carried,
        anchor=f"{prefix}m{place + 1}",
    )


@dataclass(frozen=True, slots=True)
class Control:
    """A choice that the reader has: a link to `query`, or a button of a form that sends `value` as `name`."""

    name: str
    value: str
    label: str
    is_on: bool
    query: str
    count: int = 0
    slug: str = ""


def controls(comparison: Comparison, look: Look, *, keep: Mapping[str, str]) -> dict[str, list[Control]]:
    """Return the choices of a page: `view`, `show` and `kinds`; `keep` is what else the links carry along."""

    def control(name: str, value: str, label: str, **more: object) -> Control:
        chosen = {"view": look.view, "show": look.show, "kinds": look.as_value, name: value}
        if name == "show":
            chosen["kinds"] = ""
        usual = {"view": "inline", "show": "changes", "kinds": ""}
        query = {key: word for key, word in chosen.items() if word != usual[key]} | keep
        is_on = more.pop("is_on", getattr(look, name) == value)
        return Control(name, value, label, is_on, urlencode(query), **more)

    def toggled(kind: str) -> str:
        return ",".join(slug(other) for other in SHOWN_KINDS if (other in look.kinds) != (other == kind))

    counts = tally(comparison)
    return {
        "view": [control("view", "inline", _("合并显示")), control("view", "side", _("左右对照"))],
        "show": [
            control("show", "changes", _("只看改动"), is_on=look.show == "changes" and not look.kinds),
            control("show", "all", _("全文"), is_on=look.show == "all" and not look.kinds),
        ],
        "kinds": [
            control("kinds", toggled(one.kind), one.name, is_on=one.kind in look.kinds, count=one.count, slug=one.slug)
            for one in counts
            if one.kind != "unchanged"
        ],
    }


@dataclass(frozen=True, slots=True)
class Count:
    """How many units there are of a kind."""

    kind: str
    count: int

    @property
    def name(self) -> str:
        return str(KIND_NAMES[self.kind])

    @property
    def slug(self) -> str:
        return slug(self.kind)


def tally(comparison: Comparison) -> list[Count]:
    """Return the counts of the kinds that there are."""
    return [Count(kind, number) for kind, number in count(comparison).items() if number]


def changes_only(items: list[Item]) -> list[Item]:
    """Return the items without the runs that did not change, for a page that has no room for them."""
    return [item for item in items if not (isinstance(item, Gap) and item.fold == "same")]


def listed_rows(items: list[Item], look: Look) -> list[PageRow]:
    """Return the rows that the list of changes names: those that changed, and what else the reader asked for."""
    return [item for item in items if isinstance(item, PageRow) and (item.is_changed or look.kinds)]
