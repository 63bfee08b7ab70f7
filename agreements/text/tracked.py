"""tracked_changes(): a comparison → a Word document that can be accepted into the new text or rejected into the old."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from agreements.text import markup
from agreements.text.clauses import Outline, Unit
from agreements.text.comparing import Comparison, Row
from agreements.text.refining import Span, refine
from agreements.text.rendering import labels
from agreements.text.word import DEEPEST, escaped, text, timestamp, word_document


def tracked_changes(
    old: Outline,
    new: Outline,
    comparison: Comparison,
    *,
    names: tuple[str, str],
    author: str,
    at: datetime,
    language: str,
) -> bytes:
    """A .docx in which `author` makes the new text of the old one at the time `at`, as tracked changes.

    All accepted, its paragraphs are those of plain(new); all rejected, those of plain(old), with the same words bold.
    `names` are those of the two texts, for the header; `language` is that of the texts: zh-hans, en …

    What a moved clause keeps is moved (w:moveFrom, w:moveTo); the words that it lost are deleted at its old place, and
    those that it gained inserted at its new one. A deletion inside of w:moveTo is legal, and would show the edit in one
    place, but LibreOffice keeps such words when all is accepted.
    """
    slots = _slots(_in_both_orders(_pairs(old, new, comparison)))
    writer = _Writer(author, at, is_chinese=language.startswith("zh"))
    header = " → ".join(names)
    title = f"{new.title or old.title} {header}".strip()
    return word_document(writer.body(slots), title=title, header=header, author=author, at=at, language=language)


class _Look(NamedTuple):
    bold: bool = False
    slanted: bool = False


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A line of plain(): its number, with the blank behind it, and its words. Each character has its look."""

    at: int
    """Its place among the paragraphs of its text."""
    style: str
    number: str
    words: str
    looks: Sequence[_Look]

    @property
    def text(self) -> str:
        return self.number + self.words


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """A paragraph that both texts have, or one of them; the spans are those of its text, number included."""

    old: _Paragraph | None
    new: _Paragraph | None
    spans: Sequence[Span]
    is_moved: bool = False
    is_carried: bool = False


class _Part(NamedTuple):
    """What stands in one place of the document: both sides of a pair, or the one that is there in its text."""

    pair: _Pair
    old: _Paragraph | None
    new: _Paragraph | None

    @property
    def is_half(self) -> bool:
        """Whether the other half of a moved pair stands elsewhere."""
        return not (self.old and self.new) and bool(self.pair.old and self.pair.new)

    @property
    def mark(self) -> str:
        """What becomes of the paragraph as a whole: the element that tracks its mark, '' where it stays."""
        if self.old and self.new:
            return ""
        if self.is_half:
            return "moveFrom" if self.old else "moveTo"
        return "del" if self.old else "ins"


@dataclass(slots=True)
class _Slot:
    """A paragraph of the document, with what tracks its mark and the styles that it has when rejected and accepted."""

    parts: list[_Part]
    mark: str
    old_style: str
    new_style: str


_Key = tuple[str, int | None]


def _paragraphs(outline: Outline) -> dict[_Key, _Paragraph]:
    """The lines of plain(), by what they are."""
    found: dict[_Key, _Paragraph] = {}
    if outline.title:
        found["title", 0] = _unnumbered("Title", outline.title, 0)
    for index, note in enumerate(outline.notes):
        if note:
            found["note", index] = _unnumbered("Subtitle", note, len(found))
    for index, (label, unit) in enumerate(zip(labels(outline), outline.units, strict=True)):
        if line := f"{label} {unit.words}".strip():
            found["unit", index] = _numbered(line, label, unit, len(found))
    # A document has a paragraph, even where the text has none.
    return found or {("title", 0): _unnumbered("Title", "", 0)}


def _unnumbered(style: str, words: str, at: int) -> _Paragraph:
    return _Paragraph(at, style, "", words, [_Look()] * len(words))


def _numbered(line: str, label: str, unit: Unit, at: int) -> _Paragraph:
    number = line[: len(label) + 1] if label else ""
    words = line[len(number) :]
    looks = [_Look(run.strong, run.em) for run in markup.inline(unit.markdown) for _ in run.text]
    if len(looks) != len(words):
        looks = [_Look(unit.emphasised)] * len(words)
    # A number looks as the words that it stands before.
    first = looks[0] if looks else _Look()
    return _Paragraph(at, _style(unit), number, words, [first] * len(number) + looks)


def _style(unit: Unit) -> str:
    if unit.heading:
        return f"Heading{min(unit.level, 6)}"
    depth = min(unit.number.count("（") + 1, DEEPEST)
    return f"{'Paragraph' if unit.kind == 'paragraph' else 'Clause'}{depth}"


def _pairs(old: Outline, new: Outline, comparison: Comparison) -> list[_Pair]:
    """Title, dates and units in reading order, which is the order of the new text."""
    olds, news = _paragraphs(old), _paragraphs(new)
    front: list[_Key] = [("title", 0), *(("note", index) for index in range(max(len(old.notes), len(new.notes))))]
    pairs = [_pair(olds.get(key), news.get(key)) for key in front]
    pairs += [
        _pair(olds.get(("unit", row.old_index)), news.get(("unit", row.new_index)), row) for row in comparison.rows
    ]
    return [pair for pair in pairs if pair.old or pair.new]


def _pair(old: _Paragraph | None, new: _Paragraph | None, row: Row | None = None) -> _Pair:
    if not old or not new:
        return _Pair(old, new, refine(old.text if old else "", new.text if new else ""))
    is_read = row is not None and (row.old_text, row.new_text) == (old.words, new.words)
    words = row.spans if row and is_read else refine(old.words, new.words)
    spans = [*_number_spans(old.number, new.number), *_shifted(words, len(old.number), len(new.number))]
    return _Pair(old, new, spans, bool(row and row.moved), bool(row and row.carried))


def _number_spans(old: str, new: str) -> Iterator[Span]:
    """A number changes as a whole; the blank behind it stays where both have one."""
    if old == new:
        yield Span("equal", 0, len(old), 0, len(new))
        return
    kept = 1 if old[-1:] == new[-1:] == " " else 0
    yield Span("replace", 0, len(old) - kept, 0, len(new) - kept)
    yield Span("equal", len(old) - kept, len(old), len(new) - kept, len(new))


def _shifted(spans: Iterable[Span], old: int, new: int) -> Iterator[Span]:
    for op, old_start, old_end, new_start, new_end in spans:
        yield Span(op, old_start + old, old_end + old, new_start + new, new_end + new)


def _in_both_orders(pairs: Sequence[_Pair]) -> list[_Part]:
    """The paragraphs in an order in which the old text's are in its order, and the new text's in its own."""
    staying = _staying(pairs)
    leaving = deque(sorted((pair for pair in pairs if pair.old and pair not in staying), key=_old_place))
    places = deque(_old_place(pair) for pair in pairs if pair in staying)
    parts: list[_Part] = []
    for pair in pairs:
        if pair in staying:
            places.popleft()
        if pair in staying or not pair.new:
            reached = _old_place(pair)
            while leaving and _old_place(leaving[0]) <= reached and not (places and places[0] < reached):
                parts.append(_Part(leaving[0], leaving.popleft().old, None))
        if pair.new:
            parts.append(_Part(pair, pair.old if pair in staying else None, pair.new))
    return parts + [_Part(pair, pair.old, None) for pair in leaving]


def _old_place(pair: _Pair) -> int:
    return pair.old.at if pair.old else -1


def _staying(pairs: Sequence[_Pair]) -> set[_Pair]:
    """As many pairs as are in order on both sides, of those that have not moved; nearly always all of these."""
    places: list[int] = []
    chains: list[_Pair] = []
    before: dict[_Pair, _Pair | None] = {}
    for pair in pairs:
        if pair.old and pair.new and not pair.is_moved:
            length = bisect_left(places, pair.old.at)
            before[pair] = chains[length - 1] if length else None
            places[length : length + 1], chains[length : length + 1] = [pair.old.at], [pair]
    found: set[_Pair] = set()
    last = chains[-1] if chains else None
    while last:
        found.add(last)
        last = before[last]
    return found


def _slots(parts: Sequence[_Part]) -> list[_Slot]:
    """A paragraph for each part, but for the end of the document: no change can take its last mark away.

    Where both texts end with paragraphs of their own, the last two of these share that mark. Where only one goes on
    after the last common paragraph, the mark of this is tracked in place of the last.
    """
    stay = max((index for index, part in enumerate(parts) if part.old and part.new), default=-1)
    tail = list(parts[stay + 1 :])
    last_old = next((part for part in reversed(tail) if part.old), None)
    last_new = next((part for part in reversed(tail) if part.new), None)
    if last_old and last_new:
        own = [_slot(part) for part in parts if part is not last_old and part is not last_new]
        assert last_old.old and last_new.new
        return [*own, _Slot([last_old, last_new], "", last_old.old.style, last_new.new.style)]
    slots = [_slot(part) for part in parts]
    if tail:
        slots[stay].mark, slots[-1].mark = "del" if last_old else "ins", ""
        if last_old:
            slots[-1].new_style = slots[stay].new_style
        else:
            slots[-1].old_style = slots[stay].old_style
    return slots


def _slot(part: _Part) -> _Slot:
    old, new = part.old or part.new, part.new or part.old
    assert old and new
    return _Slot([part], part.mark, old.style, new.style)


def _moves(slots: Sequence[_Slot]) -> Iterator[list[_Pair]]:
    """The moved pairs, each with those that it carried along, as far as they are next to each other at both places."""
    parts = [part for slot in slots for part in slot.parts]
    sources = {part.pair: index for index, part in enumerate(parts) if part.is_half and part.old}
    targets = {part.pair: index for index, part in enumerate(parts) if part.is_half and part.new}
    move: list[_Pair] = []
    for pair, source in sources.items():
        follows = move and sources[move[-1]] + 1 == source and targets[move[-1]] + 1 == targets[pair]
        if move and not (pair.is_carried and follows):
            yield move
            move = []
        move.append(pair)
    if move:
        yield move


class _Writer:
    """Writes paragraphs as WordprocessingML; each change has its own id."""

    def __init__(self, author: str, at: datetime, *, is_chinese: bool) -> None:
        self.by = f'w:author="{escaped(author)}" w:date="{timestamp(at)}"'
        # Quotation marks and dashes, which both scripts have, are as wide as Chinese ones where the text is Chinese.
        self.font = '<w:rFonts w:hint="eastAsia"/>' if is_chinese else ""
        self.last_id = 0
        self.first_of: dict[_Pair, str] = {}
        self.last_of: dict[_Pair, str] = {}
        self.open_ids: dict[str, int] = {}

    def body(self, slots: Sequence[_Slot]) -> str:
        for number, move in enumerate(_moves(slots), start=1):
            self.first_of[move[0]] = self.last_of[move[-1]] = f"move{number}"
        return "\n".join(map(self.paragraph, slots))

    def paragraph(self, slot: _Slot) -> str:
        mark = f"<w:rPr><w:{slot.mark} {self.change()}/></w:rPr>" if slot.mark else ""
        restyled = ""
        if slot.old_style != slot.new_style:
            restyled = f'<w:pPrChange {self.change()}><w:pPr><w:pStyle w:val="{slot.old_style}"/></w:pPr></w:pPrChange>'
        written = f'<w:p><w:pPr><w:pStyle w:val="{slot.new_style}"/>{mark}{restyled}</w:pPr>'
        ends = ""
        for part in slot.parts:
            written += self.range_start(part) + "".join(self.content(part))
            ends = self.range_end(part)
            if not slot.mark:
                written, ends = written + ends, ""
        # A range goes beyond the mark of a paragraph that moves as a whole.
        return f"{written}</w:p>{ends}"

    def range_start(self, part: _Part) -> str:
        if not part.is_half or part.pair not in self.first_of:
            return ""
        self.last_id += 1
        self.open_ids[part.mark] = self.last_id
        name = self.first_of[part.pair]
        return f'<w:{part.mark}RangeStart w:id="{self.last_id}" {self.by} w:name="{name}"/>'

    def range_end(self, part: _Part) -> str:
        if not part.is_half or part.pair not in self.last_of:
            return ""
        return f'<w:{part.mark}RangeEnd w:id="{self.open_ids[part.mark]}"/>'

    def content(self, part: _Part) -> Iterator[str]:
        old, new = part.pair.old, part.pair.new
        for op, old_start, old_end, new_start, new_end in part.pair.spans:
            if op == "equal" and old and new:
                was, looks = old.looks[old_start:old_end], new.looks[new_start:new_end]
                runs = self.runs(old.text[old_start:old_end], was if part.new is None else looks, was)
                yield from self.tracked(part.mark, runs) if part.mark else runs
                continue
            if part.old:
                looks = part.old.looks[old_start:old_end]
                yield from self.tracked("del", self.runs(part.old.text[old_start:old_end], looks, looks, deleted=True))
            if part.new:
                looks = part.new.looks[new_start:new_end]
                yield from self.tracked("ins", self.runs(part.new.text[new_start:new_end], looks, looks))

    def tracked(self, change: str, runs: Iterable[str]) -> Iterator[str]:
        if written := "".join(runs):
            yield f"<w:{change} {self.change()}>{written}</w:{change}>"

    def runs(self, words: str, looks: Iterable[_Look], was: Iterable[_Look], *, deleted: bool = False) -> Iterator[str]:
        start = 0
        for (look, before), stretch in groupby(zip(looks, was, strict=True)):
            end = start + sum(1 for _ in stretch)
            changed = ""
            if look != before:
                changed = f"<w:rPrChange {self.change()}><w:rPr>{self.look(before)}</w:rPr></w:rPrChange>"
            properties = f"{self.look(look)}{changed}"
            properties = f"<w:rPr>{properties}</w:rPr>" if properties else ""
            yield f"<w:r>{properties}{text(words[start:end], deleted=deleted)}</w:r>"
            start = end

    def look(self, look: _Look) -> str:
        return f"{self.font}{'<w:b/>' if look.bold else ''}{'<w:i/>' if look.slanted else ''}"

    def change(self) -> str:
        self.last_id += 1
        return f'w:id="{self.last_id}" {self.by}'
