"""interleave(): two texts as one sequence of paragraphs, from which leaving out the one's words gives the other."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from agreements.text import markup
from agreements.text.clauses import Outline, Unit
from agreements.text.comparing import Comparison, Row
from agreements.text.refining import Span, refine, words
from agreements.text.rendering import labels
from agreements.text.word import LEVELS


class Look(NamedTuple):
    """The emphasis of a character."""

    bold: bool = False
    slanted: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of plain(): its number, with the blank behind it, and its words. Each of its characters has a look."""

    at: int
    """Its place among the paragraphs of its text."""
    style: str
    number: str
    words: str
    looks: Sequence[Look]

    @property
    def text(self) -> str:
        return self.number + self.words


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A paragraph that both texts have, or one of them. The spans are those of its text, number included."""

    old: Paragraph | None
    new: Paragraph | None
    spans: Sequence[Span]
    is_moved: bool = False
    is_carried: bool = False


class Piece(NamedTuple):
    """A stretch of a paragraph, what tracks it (ins, del, moveFrom, moveTo, or '' where it stays) and its looks."""

    change: str
    text: str
    looks: Sequence[Look]
    was: Sequence[Look]
    """The looks in the old text; the same as `looks` where only one text has the stretch."""


@dataclass(slots=True, eq=False)
class Part:
    """What stands in one place: both sides of a pair where it stays, or else one of them. `change` is as in Piece."""

    pair: Pair
    old: Paragraph | None
    new: Paragraph | None
    change: str
    pieces: list[Piece]

    @property
    def styles(self) -> tuple[str, str]:
        """That of the old text and that of the new one."""
        sides = [side.style for side in (self.old, self.new) if side]
        return sides[0], sides[-1]


@dataclass(slots=True)
class Slot:
    """A paragraph of the sequence, what tracks the mark that ends it, and its style in either text."""

    parts: list[Part]
    mark: str
    old_style: str
    new_style: str


def interleave(old: Outline, new: Outline, comparison: Comparison) -> list[Slot]:
    """Without its ins and moveTo, the sequence is the lines of plain(old); without its del and moveFrom, of plain(new).

    A mark that is tracked ends a paragraph only in the text that has it; in the other, what stands before it goes on
    with the next paragraph. What a moved clause keeps is moved; the words that it lost are deleted at its old place,
    and those that it gained inserted at the new one.
    """
    slots = _slots(_in_both_orders(_pairs(old, new, comparison)))
    for slot, following in pairwise(slots):
        _keep_apart(slot, following)
    return slots


def moves(slots: Sequence[Slot]) -> Iterator[list[Pair]]:
    """The moved pairs, each with those that it carried along, as far as they are next to each other at both places."""
    parts = [part for slot in slots for part in slot.parts]
    sources = {part.pair: index for index, part in enumerate(parts) if part.change == "moveFrom"}
    targets = {part.pair: index for index, part in enumerate(parts) if part.change == "moveTo"}
    move: list[Pair] = []
    for pair, source in sources.items():
        follows = move and (sources[move[-1]] + 1, targets[move[-1]] + 1) == (source, targets[pair])
        if move and not (pair.is_carried and follows):
            yield move
            move = []
        move.append(pair)
    if move:
        yield move


_Key = tuple[str, int | None]


def _paragraphs(outline: Outline) -> dict[_Key, Paragraph]:
    """The lines of plain(), by what they are."""
    found: dict[_Key, Paragraph] = {}
    front = [("title", "Title", [outline.title]), ("note", "Subtitle", outline.notes)]
    for key, style, lines in front:
        for index, line in enumerate(lines):
            if line:
                found[key, index] = Paragraph(len(found), style, "", line, [Look()] * len(line))
    for index, (label, unit) in enumerate(zip(labels(outline), outline.units, strict=True)):
        if line := f"{label} {unit.words}".strip():
            found["unit", index] = _numbered(len(found), line, label, unit)
    # A document has a paragraph, even where the text has none.
    return found or {("title", 0): Paragraph(0, "Title", "", "", [])}


def _numbered(at: int, line: str, label: str, unit: Unit) -> Paragraph:
    number = line[: len(label) + 1] if label else ""
    rest = line[len(number) :]
    looks = [Look(run.strong, run.em) for run in markup.inline(unit.markdown) for _ in run.text]
    if len(looks) != len(rest):
        looks = [Look(unit.emphasised)] * len(rest)
    # A number looks as the words that it stands before.
    first = looks[0] if looks else Look()
    return Paragraph(at, _style(unit), number, rest, [first] * len(number) + looks)


def _style(unit: Unit) -> str:
    if unit.heading:
        return f"Heading{min(unit.level, 6)}"
    depth = min(unit.number.count("（") + 1, LEVELS)
    return f"{'Paragraph' if unit.kind == 'paragraph' else 'Clause'}{depth}"


def _pairs(old: Outline, new: Outline, comparison: Comparison) -> list[Pair]:
    """Title, dates and units in reading order, which is the order of the new text."""
    olds, news = _paragraphs(old), _paragraphs(new)
    dates = range(max(len(old.notes), len(new.notes)))
    front: list[_Key] = [("title", 0), *(("note", index) for index in dates)]
    pairs = [_pair(olds.get(key), news.get(key)) for key in front]
    for row in comparison.rows:
        pairs.append(_pair(olds.get(("unit", row.old_index)), news.get(("unit", row.new_index)), row))
    return [pair for pair in pairs if pair.old or pair.new]


def _pair(old: Paragraph | None, new: Paragraph | None, row: Row | None = None) -> Pair:
    if not old or not new:
        return Pair(old, new, refine(old.text if old else "", new.text if new else ""))
    is_read = row is not None and (row.old_text, row.new_text) == (old.words, new.words)
    inner = row.spans if row and is_read else refine(old.words, new.words)
    spans = [*_number_spans(old.number, new.number), *_shifted(inner, len(old.number), len(new.number))]
    return Pair(old, new, spans, bool(row and row.moved), bool(row and row.carried))


def _number_spans(old: str, new: str) -> Iterator[Span]:
    """A number changes as a whole; the blank behind it stays where both have one."""
    kept = len(old) if old == new else 1 if old[-1:] == new[-1:] == " " else 0
    if old != new:
        yield Span("replace", 0, len(old) - kept, 0, len(new) - kept)
    if kept:
        yield Span("equal", len(old) - kept, len(old), len(new) - kept, len(new))


def _shifted(spans: Iterable[Span], old: int, new: int) -> Iterator[Span]:
    for op, old_start, old_end, new_start, new_end in spans:
        yield Span(op, old_start + old, old_end + old, new_start + new, new_end + new)


def _in_both_orders(pairs: Sequence[Pair]) -> list[Part]:
    """The paragraphs such that those of the old text are in its order, and those of the new text in its own.

    What is deleted stands where it reads best; what moved away stands before the next that the old text has after it.
    """
    staying = _staying(pairs)
    leaving = deque(sorted((pair for pair in pairs if pair.old and pair not in staying), key=_old_place))
    ahead = deque(_old_place(pair) for pair in pairs if pair in staying)
    parts: list[Part] = []
    for pair in pairs:
        if pair in staying:
            ahead.popleft()
        if pair in staying or not pair.new:
            reached = _old_place(pair)
            while leaving and _old_place(leaving[0]) <= reached and not (ahead and ahead[0] < reached):
                parts.append(_part(leaving.popleft(), has_new=False))
        if pair.new:
            parts.append(_part(pair, has_old=pair in staying))
    return parts + [_part(pair, has_new=False) for pair in leaving]


def _old_place(pair: Pair) -> int:
    return pair.old.at if pair.old else -1


def _staying(pairs: Sequence[Pair]) -> set[Pair]:
    """Of the pairs that have not moved, as many as both texts have in the same order: nearly always all of them."""
    places: list[int] = []
    chains: list[Pair] = []
    before: dict[Pair, Pair | None] = {}
    for pair in pairs:
        if pair.old and pair.new and not pair.is_moved:
            length = bisect_left(places, pair.old.at)
            before[pair] = chains[length - 1] if length else None
            places[length : length + 1], chains[length : length + 1] = [pair.old.at], [pair]
    found: set[Pair] = set()
    last = chains[-1] if chains else None
    while last:
        found.add(last)
        last = before[last]
    return found


def _part(pair: Pair, *, has_old: bool = True, has_new: bool = True) -> Part:
    old, new = pair.old if has_old else None, pair.new if has_new else None
    if old and new:
        change = ""
    elif pair.old and pair.new:
        change = "moveFrom" if old else "moveTo"
    else:
        change = "del" if old else "ins"
    return Part(pair, old, new, change, list(_joined(_pieces(pair, old, new, change))))


def _pieces(pair: Pair, old: Paragraph | None, new: Paragraph | None, change: str) -> Iterator[Piece]:
    """The spans of a pair, as far as its sides are shown. The number of a moved clause goes with it, changed or not."""
    numbers = (len(pair.old.number), len(pair.new.number)) if pair.old and pair.new else (0, 0)
    for op, old_start, old_end, new_start, new_end in pair.spans:
        if op == "equal" and pair.old and pair.new:
            was = pair.old.looks[old_start:old_end]
            looks = pair.new.looks[new_start:new_end] if new else was
            yield Piece(change, pair.old.text[old_start:old_end], looks, was)
            continue
        goes_along = change.startswith("move") and old_end <= numbers[0] and new_end <= numbers[1]
        if old and old_start < old_end:
            looks = old.looks[old_start:old_end]
            yield Piece(change if goes_along else "del", old.text[old_start:old_end], looks, looks)
        if new and new_start < new_end:
            looks = new.looks[new_start:new_end]
            yield Piece(change if goes_along else "ins", new.text[new_start:new_end], looks, looks)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours that are tracked alike as one."""
    for change, group in groupby(pieces, key=lambda piece: piece.change):
        same = list(group)
        looks = [look for piece in same for look in piece.looks]
        was = [look for piece in same for look in piece.was]
        yield Piece(change, "".join(piece.text for piece in same), looks, was)


def _slots(parts: Sequence[Part]) -> list[Slot]:
    """A paragraph for each part, but for the end: no change can take the last mark of a document away.

    Where both texts end with paragraphs of their own, the last of each share that mark. Where only one goes on after
    the last paragraph that stays, the mark of this is tracked instead.
    """
    stay = max((index for index, part in enumerate(parts) if part.old and part.new), default=-1)
    tail = parts[stay + 1 :]
    last_old = next((part for part in reversed(tail) if part.old), None)
    last_new = next((part for part in reversed(tail) if part.new), None)
    if last_old and last_new:
        slots = [_slot(part) for part in parts if part not in (last_old, last_new)]
        return [*slots, Slot([last_old, last_new], "", last_old.styles[0], last_new.styles[1])]
    slots = [_slot(part) for part in parts]
    if last_old:
        slots[stay].mark, slots[-1].mark, slots[-1].new_style = "del", "", slots[stay].new_style
    elif last_new:
        slots[stay].mark, slots[-1].mark, slots[-1].old_style = "ins", "", slots[stay].old_style
    return slots


def _slot(part: Part) -> Slot:
    # LibreOffice loses a mark that is tracked in another way than the words right before it.
    mark = part.pieces[-1].change if part.change and part.pieces else part.change
    return Slot([part], mark, *part.styles)


def _keep_apart(slot: Slot, following: Slot) -> None:
    """Put a deletion between an insertion that ends a paragraph and one that begins the next.

    LibreOffice takes such two for one insertion, and rejects the break between them, which is in both texts. Where
    nothing is deleted there, the last word that stays is written as deleted and inserted.
    """
    pieces, next_pieces = slot.parts[-1].pieces, following.parts[0].pieces
    if slot.mark or len(pieces) < 2 or not next_pieces or not pieces[-1].change == next_pieces[0].change == "ins":
        return
    before, inserted = pieces[-2:]
    if before.change == "del":
        pieces[-2:] = [inserted, before]
        return
    cut = len(before.text) - len(words(before.text)[-1])
    text, looks, was = before.text[cut:], before.looks[cut:], before.was[cut:]
    longer = [*looks, *inserted.looks]
    kept = Piece("", before.text[:cut], before.looks[:cut], before.was[:cut])
    changed = [Piece("ins", text + inserted.text, longer, longer), Piece("del", text, was, was)]
    pieces[-2:] = [kept, *changed] if cut else changed
