"""structure(): numbered lines → entries, decided by the sequence of the numbers and by where a line begins."""

import re
from dataclasses import dataclass, field

from agreements.text import markup
from agreements.text.front import CONTENTS, ENDED, PREAMBLE, SENTENCE, after_contents, is_short
from agreements.text.markup import Line, Run
from agreements.text.numbering import ARTICLE, DECIMAL, RANKS, Mark, canonical_label, goes_on, next_label, read_roman

ANNEX = re.compile(
    r"(附件|附录|附表|(?:Annex|Appendix|Schedule|Exhibit)(?![a-z]))(?:\s?(\d{1,3}|[A-Z]|[一二三四五六七八九十]{1,3})(?!\w))?",
    re.IGNORECASE,
)
REFERS = re.compile(
    r"(?:\b(?:articles?|sections?|clauses?|paragraphs?|annex|and|or|to|of|under|in|by|with|from|the|see)|[第见按依与和或及至])$",
    re.IGNORECASE,
)
"""How a line ends whose words go on with a number in the next one."""
WORD_GOES_ON = "点条款项规定所和或、至及的中第之倍元万亿%，,)）"


@dataclass(slots=True)
class Entry:
    """A unit while it is being built. `line` is its first, `parts` are the runs of all of them without the number."""

    number: str
    level: int
    line: Line
    role: str
    parts: list[list[Run]]
    written: str = ""
    """The number as it is written, where the text's language writes it otherwise: Annex A for 附件A."""
    runs: list[Run] = field(default_factory=list)
    """The parts as one, once all lines are read; `words` is their text."""
    words: str = ""


def structure(lines: list[Line], marks: list[Mark | None], start: int) -> list[Entry]:
    """The units that begin in the lines from an index on."""
    builder = _Builder(lines, marks)
    builder.build(start)
    for entry in builder.entries:
        entry.runs = markup.joined(entry.parts)
        entry.words = markup.plain(entry.runs)
    return builder.entries


@dataclass(slots=True)
class _Step:
    """The item that is open on one level of a clause's list."""

    style: str
    value: int
    number: str
    level: int
    indent: int


@dataclass(slots=True)
class _Builder:
    """Reads the lines in order and decides by the sequence of numbers what each of them begins."""

    lines: list[Line]
    marks: list[Mark | None]
    entries: list[Entry] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    containers: list[tuple[int, str]] = field(default_factory=list)
    """Open books, parts, chapters and sections of a statute: rank and number."""
    headings: list[tuple[int, Entry]] = field(default_factory=list)
    """Open Markdown headings: depth and unit."""
    annex: str = ""
    holder: Entry | None = None
    """The unit that items and paragraphs belong to."""
    steps: list[_Step] = field(default_factory=list)
    closed: tuple[str, int] = ("", 0)
    """Style and value of the last item of the chapter or clause before, whose list may go on."""
    is_interrupted: bool = False
    """Whether a paragraph stood between the open list and this line."""
    paragraphs: int = 0
    chapter: tuple[str, int, int] = ("", 0, 0)
    """Style, value and heading depth of the last chapter."""
    last: tuple[int, ...] = ()
    """The last number of clauses, as a path."""
    article: int = 0
    first_article: int = -1
    """The index of the line below which there are articles; lists above it are the preamble's."""

    def build(self, index: int) -> None:
        had_contents = False
        self.first_article = self._find_first_article(index)
        while index < len(self.lines):
            line = self.lines[index]
            if not had_contents and line.brk in ("block", "line") and CONTENTS.fullmatch(line.text):
                index, had_contents = after_contents(self.lines, index), True
                continue
            if line.text and not self._place(index):
                self.entries[-1].parts.append(line.runs)
            index += 1

    def _place(self, index: int) -> bool:
        """Begin a unit with this line, or return False where it only goes on with the one before."""
        line, mark = self.lines[index], self.marks[index]
        if line.brk in ("soft", "line") and self.entries and not self._breaks(index):
            return False
        if not mark:
            placed = self._place_annex(line)
        elif mark.style in RANKS:
            placed = self._place_container(line, mark)
        elif mark.style == ARTICLE:
            placed = self._place_article(line, mark)
        elif mark.style == DECIMAL:
            placed = self._place_decimal(line, mark)
        else:
            placed = self._place_single(index, mark)
        if placed or (mark and line.brk == "line" and self.entries):
            return placed
        if line.depth or (not self.entries and PREAMBLE.fullmatch(line.text)):
            self._place_heading(index)
        else:
            self._place_paragraph(line)
        return True

    def _breaks(self, index: int) -> bool:
        """Whether a line within a block begins a unit: the sentence before it ended, and its number is the next one.

        Where lines are paragraphs it does so without a number too, and after a gap.
        """
        line, before, mark = self.lines[index], self.lines[index - 1], self.marks[index]
        is_line = line.brk == "line"
        if not mark or not mark.is_spaced:
            return is_line and (ENDED.search(before.text) is not None or not line.text[0].islower())
        is_begun = is_line or (before is self.entries[-1].line and self.marks[index - 1] is not None)
        if not (ENDED.search(before.text) or (is_begun and is_short(before.text) and not REFERS.search(before.text))):
            return False
        value = mark.value[0]
        if mark.style in (DECIMAL, ARTICLE) or mark.style in RANKS:
            follows = self._follows(mark.value) if mark.style == DECIMAL else mark.value[0] == self.article + 1
            goes_on = line.text[mark.end : mark.end + 1].islower() or mark.style in RANKS
            return is_line or (follows and not goes_on)
        steps = [step for step in self.steps if step.style == mark.style]
        if steps:
            is_repeated = value == 1 and (mark.style.startswith("dot.") or _is_nested(line, mark, steps[-1]))
            return is_repeated or any(value == step.value + 1 or (is_line and value > step.value) for step in steps)
        if self._follows_chapter(mark) and not self.chapter[2]:
            return True
        if is_line and (not _is_bracketed(mark) or self.closed == (mark.style, value - 1)):
            return True
        return value == 1 and self._begins_list(index, mark)

    def _begins_list(self, index: int, mark: Mark) -> bool:
        """Whether the items of a list stand at the starts of lines, and none of them inside a line."""
        count = 1
        for position in range(index, min(index + 60, len(self.lines))):
            line, following = self.lines[position], self.marks[position]
            if position > index and line.brk == "block":
                break
            if position > index and following and following.style == mark.style:
                if following.value[0] != count + 1:
                    break
                count += 1
            label = re.escape(next_label(mark, count + 1))
            # A later number may stand inside an item as a reference, unless it comes after a stop.
            stop = "" if count == 1 else r"[；;。，,、：:]\s?(?:and |or |以及|[及和]|或者?)?"
            if re.search(rf"{stop}[（(]\s?{label}\s?[)）]", line.text[1:2000]):
                return False
        return count > 1 or self.lines[index].brk == "line" or mark.style.startswith("dot")

    def _place_annex(self, line: Line) -> bool:
        found = ANNEX.match(line.text)
        if not found or not (line.depth or (self.entries and is_short(line.text))):
            return False
        rest = line.text[found.end() :]
        words = rest.lstrip(":： \u3000、.-–—")
        if rest and rest == words:
            return False
        self.containers, self.annex, self.last, self.chapter, self.article = [], "", (), ("", 0, 0), 0
        number = ("附件" if found[1].isascii() else found[1]) + (found[2] or "").upper()
        self._open(line, number, 1, len(line.text) - len(words) if words else 0, "heading")
        written = re.sub(r"\s+", " ", found[0])
        self.entries[-1].written = written if written != number else ""
        self.annex = number
        return True

    def _place_container(self, line: Line, mark: Mark) -> bool:
        """A book, part, chapter or section of a statute."""
        if not line.depth and not (mark.is_spaced and is_short(line.text)):
            return False
        while self.containers and self.containers[-1][0] >= RANKS[mark.style]:
            self.containers.pop()
        above = self.containers[-1][1] if self.containers else ""
        number = self._within_annex(mark.label)
        if above and (RANKS[mark.style] >= RANKS["节"] or number in self.numbers):
            number = above + mark.label
        self._open(line, number, len(self.containers) + 1, mark.end, "heading")
        self.containers.append((RANKS[mark.style], number))
        self.last = mark.value[:1]
        return True

    def _place_article(self, line: Line, mark: Mark) -> bool:
        follows = mark.value[0] == self.article + 1
        after = line.text[mark.end : mark.end + 1]
        if mark.label[0] == "第":
            is_spaced = mark.is_spaced and not (after == "第" and line.text[mark.end - 1] == "、")
            is_article = line.depth or is_spaced or (follows and after not in WORD_GOES_ON)
        elif mark.label[0] == "§":
            is_article = line.depth or (mark.value[0] >= self.article and mark.is_spaced and not after.islower())
        else:
            is_article = line.depth or (follows and not after.islower())
        if not is_article:
            return False
        self.article = mark.value[0]
        self.last = mark.value[:1]
        style, _, depth = self.chapter
        level = len(self.containers) + (2 if style and (not line.depth or 0 < depth < line.depth) else 1)
        self._open(line, self._within_annex(mark.label), level, mark.end, "clause")
        return True

    def _place_decimal(self, line: Line, mark: Mark) -> bool:
        is_near = not self.last or mark.value[0] in (self.last[0], self.last[0] + 1)
        is_bold = bool(line.runs) and line.runs[0].strong
        if not line.depth:
            if line.brk == "line" and mark.value <= self.last:
                return False
            if not self._follows(mark.value) and not (mark.is_spaced and (is_near or is_bold)):
                return False
            after = line.text[mark.end : mark.end + 1]
            if (not mark.is_spaced and after in WORD_GOES_ON) or (mark.word and not after.isupper()):
                return False
        self._lift_lead_in(mark.value)
        self.last = mark.value
        self._open(line, self._within_annex(mark.label), len(mark.value), mark.end, "clause")
        if mark.word:
            self.entries[-1].written = mark.word + mark.label
        return True

    def _follows(self, value: tuple[int, ...]) -> bool:
        """Whether a path is the next one: the first child, or the next sibling of the last clause or of what holds it."""
        if not self.last:
            return value[-1] == 1
        if value in ((*self.last, 1), (self.last[0] + 1, 1)):
            return True
        depth = len(value) - 1
        return depth < len(self.last) and value == (*self.last[:depth], self.last[depth] + 1)

    def _place_single(self, index: int, mark: Mark) -> bool:
        """A number of one step: a chapter, a clause of a flat text, or an item."""
        line = self.lines[index]
        is_bracketed = _is_bracketed(mark)
        if is_bracketed and not line.depth:
            return self._place_item(line, mark)
        mark = self._as_roman(mark)
        style, value = mark.style, mark.value[0]
        chapter_style, chapter_value, chapter_depth = self.chapter
        follows_chapter = self._follows_chapter(mark)
        has_children = self._has_children(index, value)
        if line.depth:
            is_nested = chapter_depth and line.depth > chapter_depth and not follows_chapter and not has_children
            return self._place_headed(line, mark) if is_bracketed or is_nested else self._place_chapter(line, mark)
        step = self._step(line, mark)
        is_listed = step is not None and self.steps[step].style == style
        is_free = self.holder is None or self.holder.number == "0"
        is_first = value == 1 and (is_free or step is None)
        if has_children and (follows_chapter or is_first or (value == chapter_value + 1 and step is None)):
            return self._place_chapter(line, mark)
        if follows_chapter and not chapter_depth and not is_listed:
            return self._place_chapter(line, mark)
        if step is None and style.startswith("letter") and value != 1:
            return False
        is_top = style.startswith("han") and not (self.containers or self.article or len(self.last) > 1)
        if is_free and self.entries and self._is_preamble_list(index, step):
            return (value == 1 or step is not None) and self._place_item(line, mark)
        if step is None and (is_free or (is_top and chapter_style in ("", style))):
            return self._place_chapter(line, mark)
        is_item = value == 1 or step is not None or self.closed == (style, value - 1)
        return is_item and self._place_item(line, mark)

    def _find_first_article(self, start: int) -> int:
        """The index of the first article or of the container that holds it, -1 where there is none before the annexes."""
        for index in range(start, len(self.lines)):
            line, mark = self.lines[index], self.marks[index]
            if not mark or mark.value[0] != 1 or not _is_statute(mark):
                continue
            if line.text[mark.end : mark.end + 1].islower():
                continue
            above = zip(self.lines[start:index], self.marks[start:index], strict=True)
            return -1 if any(not other and ANNEX.match(before.text) for before, other in above) else index
        return -1

    def _is_preamble_list(self, index: int, step: int | None) -> bool:
        """Whether a number belongs to a list before the first article, and is no chapter that holds the articles."""
        mark = self.marks[index]
        if not mark or self.first_article <= index:
            return False
        following = self.marks[index + 1 : min(index + 40, self.first_article)]
        return step is not None or any(
            other and other.style == mark.style and other.value[0] == mark.value[0] + 1 for other in following
        )

    def _follows_chapter(self, mark: Mark) -> bool:
        style, value, depth = self.chapter
        is_alike = mark.style == style or (style[:3] == mark.style[:3] == "dot" and not depth)
        return is_alike and mark.value[0] == value + 1

    def _has_children(self, index: int, value: int) -> bool:
        """Whether the next number that could be a clause's is n.1."""
        for mark in self.marks[index + 1 : index + 40]:
            if mark and mark.style in (DECIMAL, "dot. digit", "dot、 digit"):
                return mark.style == DECIMAL and mark.value[:2] == (value, 1)
        return False

    def _place_chapter(self, line: Line, mark: Mark) -> bool:
        self.last = mark.value
        self._open(line, self._within_annex(mark.label), len(self.containers) + 1, mark.end, "chapter")
        self.chapter = (mark.style, mark.value[0], line.depth)
        return True

    def _place_headed(self, line: Line, mark: Mark) -> bool:
        """A heading with a number of one step below another heading: B.1 or 一（一）."""
        above = next((entry for depth, entry in reversed(self.headings) if depth < line.depth), None)
        base, level = (above.number, above.level + 1) if above else ("", 1)
        is_latin = base[-1:].isascii() and base[-1:].isalnum() and mark.style.startswith(("dot", "letter"))
        number = f"{base}.{mark.label}" if is_latin else f"{base}（{canonical_label(mark)}）"
        self._open(line, number, level, mark.end, "clause")
        return True

    def _step(self, line: Line, mark: Mark) -> int | None:
        """The level of the open list that a number belongs to; of two alike, the one as far indented, or that it goes on."""
        value = mark.value[0]
        alike = [index for index, step in enumerate(self.steps) if step.style == mark.style]
        if len(alike) > 1:
            alike = [index for index in alike if self.steps[index].indent == _indent(line)] or alike
        if len(alike) > 1:
            alike = [index for index in alike if self.steps[index].value + 1 == value] or alike
        if alike:
            return alike[-1]
        if self.steps and value > 1 and goes_on(mark, self.steps[-1].style, self.steps[-1].value):
            return len(self.steps) - 1
        return None

    def _place_item(self, line: Line, mark: Mark) -> bool:
        mark = self._as_roman(mark)
        position = self._step(line, mark)
        if position is not None and _is_nested(line, mark, self.steps[position]):
            del self.steps[position + 1 :]
        elif position is not None:
            if mark.style.startswith("dot.") and mark.value[0] == 1:
                # Markdown lets every item of a list be written "1.".
                mark = mark._replace(value=(self.steps[position].value + 1,))
            del self.steps[position:]
        elif self.is_interrupted:
            self.steps.clear()
        if self.steps:
            base, level = self.steps[-1].number, self.steps[-1].level + 1
        else:
            base, level = (self.holder.number, self.holder.level + 1) if self.holder else ("", 1)
            if not self.holder and self.paragraphs:
                base, level = "0", 2
        number = f"{base}（{canonical_label(mark)}）"
        if number in self.numbers and self.paragraphs and not self.steps:
            number, level = f"{base}¶{self.paragraphs}（{canonical_label(mark)}）", level + 1
        self._add(line, number, level, mark.end, "item")
        self.steps.append(_Step(mark.style, mark.value[0], number, level, _indent(line)))
        self.is_interrupted = False
        return True

    def _as_roman(self, mark: Mark) -> Mark:
        """Read (i) as one unless (h) came before, and (v) as five where a Roman list is open."""
        roman = read_roman(mark)
        if roman is mark:
            return mark
        before = [(step.style, step.value) for step in self.steps] + [self.chapter[:2]]
        goes_on_roman = (roman.style, roman.value[0] - 1) in before
        goes_on_letters = (mark.style, mark.value[0] - 1) in before
        return roman if goes_on_roman or (roman.value[0] == 1 and not goes_on_letters) else mark

    def _place_heading(self, index: int) -> None:
        line = self.lines[index]
        if PREAMBLE.fullmatch(line.text) or (not self.entries and self._is_preamble(index)):
            self._open(line, "0", 1, 0, "heading")
            return
        self.containers, self.annex = [], ""
        above = next((entry for depth, entry in reversed(self.headings) if depth < line.depth), None)
        number = line.text[:40]
        if above and number in self.numbers:
            number = f"{above.number}·{number}"
        self._open(line, number, above.level + 1 if above else 1, 0, "heading")

    def _is_preamble(self, index: int) -> bool:
        """Whether the first heading stands before numbered ones, or alone, and is not the first of many without numbers."""
        later = [
            i for i in range(index + 1, len(self.lines)) if self.lines[i].depth and not ANNEX.match(self.lines[i].text)
        ]
        return any(self.marks[i] for i in later) or all(self.lines[i].depth > self.lines[index].depth for i in later)

    def _place_paragraph(self, line: Line) -> None:
        self.is_interrupted = True
        base, level = (self.holder.number, self.holder.level) if self.holder else ("0", 1)
        # In statutes the article's own words are its first paragraph, so that the next one is its second.
        is_first = self.holder and not self.paragraphs and _is_stated(self.holder)
        self.paragraphs += 2 if is_first else 1
        self._add(line, f"{base}¶{self.paragraphs}", level + 1, 0, "paragraph")

    def _lift_lead_in(self, value: tuple[int, ...]) -> None:
        """Give the chapter its lead-in: the last paragraph before the next sibling of a clause, if it ends in a colon."""
        entry = self.entries[-1] if self.entries else None
        if not entry or not self.holder or entry.role != "paragraph" or len(self.last) < 2:
            return
        above, words = self.holder.number.rpartition(".")[0], entry.parts[-1][-1].text
        is_sibling = value == (*self.last[:-1], self.last[-1] + 1)
        if is_sibling and words.endswith(("：", ":")) and above in self.numbers and f"{above}¶1" not in self.numbers:
            entry.number, entry.level = f"{above}¶1", self.holder.level
            self.numbers.add(entry.number)

    def _within_annex(self, label: str) -> str:
        return f"{self.annex}·{label}" if self.annex else label

    def _open(self, line: Line, number: str, level: int, end: int, role: str) -> None:
        """Begin a unit that holds the items and paragraphs after it."""
        self._add(line, number, level, end, role)
        self.holder = self.entries[-1]
        if self.steps:
            self.closed = (self.steps[0].style, self.steps[0].value)
        self.steps.clear()
        self.is_interrupted = False
        if line.depth:
            while self.headings and self.headings[-1][0] >= line.depth:
                self.headings.pop()
            self.headings.append((line.depth, self.holder))
        if not (number == "0" and "0¶1" in self.numbers):
            self.paragraphs = 0

    def _add(self, line: Line, number: str, level: int, end: int, role: str) -> None:
        self.numbers.add(number)
        self.entries.append(Entry(number, level, line, role, [markup.after(line.runs, end)]))


def _is_stated(entry: Entry) -> bool:
    """Whether an entry is an article of a statute that says something itself, and no mere title."""
    if entry.role != "clause" or entry.line.depth or not entry.number.rpartition("·")[2].startswith("第"):
        return False
    return SENTENCE.search("".join([markup.plain(part) for part in entry.parts])) is not None


def _is_statute(mark: Mark) -> bool:
    """Whether a number looks like that of an article, or of a book, part, chapter or section of articles."""
    return mark.is_spaced and (mark.style == ARTICLE or mark.style in RANKS)


def _indent(line: Line) -> int:
    """How far the words of a line stand from its margin."""
    return line.within - line.start


def _is_nested(line: Line, mark: Mark, step: _Step) -> bool:
    """Whether a number begins a list of the same style below the item that is open."""
    return mark.value[0] == 1 and _indent(line) >= step.indent + 2


def _is_bracketed(mark: Mark) -> bool:
    return mark.style.startswith(("paren", "circled"))
