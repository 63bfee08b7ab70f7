"""The rows of the comparison page: unchanged runs folded, changed words in pieces, moved clauses linked both ways."""

from dataclasses import dataclass, field
from functools import lru_cache

from agreements.text.clauses import parse
from agreements.text.comparing import Comparison, Row, compare

Piece = tuple[str, str]
QUIET = {"unchanged", "renumbered"}


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row as the page shows it. `pieces` are (op, text) for the inline view; the others for side by side."""

    kind: str
    moved: bool
    flags: list[str]
    old_no: str | None
    new_no: str | None
    pieces: list[Piece]
    old_pieces: list[Piece]
    new_pieces: list[Piece]
    is_heading: bool
    level: int
    emphasised: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of rows without a change of wording, folded away."""

    rows: list[PageRow]
    kind: str = field(default="gap")

    @property
    def count(self) -> int:
        return len(self.rows)


@lru_cache(maxsize=64)
def compare_texts(old: str, new: str) -> Comparison:
    """Return the comparison of two canonical texts; published texts never change, so it may be remembered."""
    return compare(parse(old), parse(new))


def _pieces(row: Row) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Return the inline pieces and those of either side; a replacement is a deletion and an insertion."""
    inline, left, right = [], [], []
    for op, old_start, old_end, new_start, new_end in row.spans:
        old, new = row.old_text[old_start:old_end], row.new_text[new_start:new_end]
        if op == "equal":
            inline.append(("equal", new))
            left.append(("equal", old))
            right.append(("equal", new))
            continue
        if old:
            inline.append(("delete", old))
            left.append(("delete", old))
        if new:
            inline.append(("insert", new))
            right.append(("insert", new))
    return inline, left, right


def _page_row(row: Row, index: int) -> PageRow:
    unit = row.new or row.old
    inline, left, right = _pieces(row)
    return PageRow(
        kind=row.kind,
        moved=row.moved,
        flags=list(row.flags),
        old_no=row.old_no,
        new_no=row.new_no,
        pieces=inline,
        old_pieces=left,
        new_pieces=right,
        is_heading=bool(unit.heading),
        level=unit.level,
        emphasised=unit.emphasised,
        anchor=f"c{index}",
    )


def page_rows(comparison: Comparison, *, everything: bool = False) -> list[PageRow | Gap]:
    """Return the rows of the page; unless `everything` is asked for, runs without a change are folded into gaps."""
    rows: list[PageRow | Gap] = []
    for index, row in enumerate(comparison.rows, 1):
        shown = _page_row(row, index)
        if everything or row.kind not in QUIET or row.flags:
            rows.append(shown)
        elif rows and isinstance(rows[-1], Gap):
            rows[-1].rows.append(shown)
        else:
            rows.append(Gap(rows=[shown]))
    return rows
