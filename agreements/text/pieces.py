"""A row of a comparison in pieces to show: what was kept, added, removed, and what only became or ceased to be bold."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from rapidfuzz.distance import Indel

from agreements.text.aligning import wording
from agreements.text.clauses import Unit
from agreements.text.comparing import Row
from agreements.text.refining import MATRIX

T = TypeVar("T")
SHORT = 2.0
"""A change of so few Han characters, or twice as many letters, is easily overlooked."""


class Piece(NamedTuple):
    """Words that share one fate and one weight.

    `op` is equal, insert or delete; of kept words bolded, unbolded, slanted or unslanted; of words that went to or came
    from another unit apart. `strong`: they are bold where they are shown. `is_short`: an addition or a deletion that is
    easily overlooked.
    """

    op: str
    words: str
    strong: bool = False
    is_short: bool = False


class _Look(NamedTuple):
    strong: bool
    em: bool


_PLAIN = _Look(False, False)
_MARKS = " ，。、；：,.;:"
_LETTER = re.compile(r"[^\W_]")


def width(words: str) -> float:
    """How long words look: a Han character is 1, a letter or digit half."""
    return sum(0.5 if char.isascii() else 1.0 for char in words)


def inline(row: Row) -> list[Piece]:
    """Both sides in one, in reading order: what was removed stands before what came instead."""
    return _pieces(row, lambda op: True)


def old_side(row: Row) -> list[Piece]:
    return _pieces(row, lambda op: op != "insert", of_old=True)


def new_side(row: Row) -> list[Piece]:
    return _pieces(row, lambda op: op != "delete")


def tell_apart(pieces: Sequence[Piece], elsewhere: Sequence[str]) -> list[Piece]:
    """The pieces of a unit that was split or merged, where what was only taken apart or put together is neither new nor gone.

    `elsewhere` are the words of the units that it was split into, or that were merged into it.
    """
    return [
        piece._replace(op="apart", is_short=False)
        if piece.op in ("insert", "delete") and is_elsewhere(piece.words, elsewhere)
        else piece
        for piece in pieces
    ]


def is_elsewhere(words: str, elsewhere: Sequence[str]) -> bool:
    """Whether other units have these words, whatever mark stands around them."""
    bare = wording(words).strip(_MARKS)
    return bool(bare) and any(bare in wording(text) for text in elsewhere)


def _pieces(row: Row, shows: Callable[[str], bool], *, of_old: bool = False) -> list[Piece]:
    old, new = _Part(row.old_text, _looks(row.old)), _Part(row.new_text, _looks(row.new))
    found: list[Piece] = []
    # Where nothing but form differs, it is form that is shown.
    for span in row.spans if "format_only" in row.flags else row.marks:
        before, after = old.part(span.old_start, span.old_end), new.part(span.new_start, span.new_end)
        if span.op == "equal":
            found += _alike(before, after, of_old)
        else:
            is_short = span.op != "replace" and width(f"{before.words}{after.words}".strip()) <= SHORT
            found += _one_sided("delete", before, is_short) if shows("delete") else []
            found += _one_sided("insert", after, is_short) if shows("insert") else []
    return found


class _Part(NamedTuple):
    """Words of one side, with the look of each character."""

    words: str
    looks: list[_Look]

    def part(self, start: int, end: int) -> "_Part":
        return _Part(self.words[start:end], self.looks[start:end])


def _alike(before: _Part, after: _Part, of_old: bool) -> Iterator[Piece]:
    """What both sides say, though perhaps in another form."""
    if before.words == after.words:
        yield from _kept(before, after, of_old)
        return
    if len(before.words) * len(after.words) > MATRIX:
        yield from _one_sided("equal", before if of_old else after)
        return
    for op in Indel.opcodes(before.words, after.words):
        old, new = before.part(op.src_start, op.src_end), after.part(op.dest_start, op.dest_end)
        yield from _kept(old, new, of_old) if op.tag == "equal" else _one_sided("equal", old if of_old else new)


def _kept(before: _Part, after: _Part, of_old: bool) -> Iterator[Piece]:
    pairs = list(zip(before.looks, after.looks, strict=True))
    for (was, now), words in _stretches(before.words if of_old else after.words, pairs):
        yield Piece(_change(was, now, words), words, was.strong if of_old else now.strong)


def _one_sided(op: str, part: _Part, is_short: bool = False) -> Iterator[Piece]:
    for look, words in _stretches(part.words, part.looks):
        yield Piece(op, words, look.strong, is_short)


def _looks(unit: Unit | None) -> list[_Look]:
    """How each character of a unit's words looks."""
    if unit is None:
        return []
    # A heading without words has no run: its number stands for them.
    return [_Look(run.strong, run.em) for run in unit.runs for _ in run.text] or [_PLAIN] * len(unit.words)


def _stretches(text: str, looks: Sequence[T]) -> Iterator[tuple[T, str]]:
    """The text cut where the look changes."""
    start = 0
    for look, group in groupby(looks):
        end = start + len(list(group))
        yield look, text[start:end]
        start = end


def _change(old: _Look, new: _Look, words: str) -> str:
    if not _LETTER.search(words):
        return "equal"
    if old.strong != new.strong:
        return "bolded" if new.strong else "unbolded"
    if old.em != new.em:
        return "slanted" if new.em else "unslanted"
    return "equal"
