"""parse(): the text of an agreement or a statute → its numbered units, in document order."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from agreements.text import markup
from agreements.text.markup import Line, Run
from agreements.text.numbering import ARTICLE, DECIMAL, HAN, RANKS, Mark, canonical_label, goes_on, read_mark, read_roman


@dataclass(frozen=True, slots=True)
class Unit:
    """One numbered heading, clause or item, or one unnumbered paragraph, without what is below it.

    `number` is the full path, `text` or `heading` are the words without number and marks, `markdown` is the same with
    emphasis and links, and `raw` is the slice of the source from the unit's first line to the next unit.
    """

    number: str
    level: int
    heading: str
    emphasised: bool
    text: str
    markdown: str
    raw: str

    @property
    def words(self) -> str:
        return self.heading or self.text

    @property
    def kind(self) -> str:
        """One of chapter, clause, item, paragraph, annex."""
        if PARAGRAPH.search(self.number):
            return "paragraph"
        if self.number.endswith("）"):
            return "item"
        if ANNEX.fullmatch(self.number):
            return "annex"
        return "chapter" if (self.level == 1 and self.heading) or CONTAINER.search(self.number) else "clause"

    @property
    def label(self) -> str:
        """The number as it stands before the words: the last step of its path; '' for a paragraph."""
        if self.number in ("0", self.heading[:40]) or PARAGRAPH.search(self.number):
            return ""
        return LAST_STEP.search(self.number.rpartition("·")[2])[0]


@dataclass(frozen=True, slots=True)
class Outline:
    """A parsed text. `preface` is the source before the first unit, `notes` are its lines on dates and enactment."""

    title: str
    notes: tuple[str, ...]
    preface: str
    units: tuple[Unit, ...]

    def as_json(self) -> dict[str, object]:
        """The outline as the import command prints it."""
        names = ("number", "level", "heading", "emphasised", "text")
        return {"title": self.title, "clauses": [{name: getattr(unit, name) for name in names} for unit in self.units]}


@lru_cache(maxsize=32)
def parse(text: str) -> Outline:
    """Units of a Markdown or plain text, canonical or not; never raises, and takes time in proportion to its length."""
    lines = markup.lines(text)
    marks = [read_mark(line) for line in lines]
    _unwrap(lines, marks)
    builder = _Builder(lines, marks, title=_front_title(text))
    builder.build()
    entries = builder.entries
    starts = [entry.start for entry in entries] + [len(text)]
    units = []
    for index, (entry, is_heading) in enumerate(zip(entries, _headings(entries), strict=True)):
        units.append(
            Unit(
                number=entry.number,
                level=entry.level,
                heading=(entry.words or entry.number) if is_heading else "",
                emphasised=markup.is_emphasised(entry.runs),
                text="" if is_heading else entry.words,
                markdown=markup.to_markdown(entry.runs),
                raw=text[starts[index] : starts[index + 1]],
            )
        )
    return Outline(builder.title, tuple(builder.notes), text[: starts[0]], tuple(units))


PARAGRAPH = re.compile(r"¶\d+$")
ANNEX = re.compile(
    r"(?:附件|附录|附表|(?:Annex|Appendix|Schedule|Exhibit)(?![a-z]))(?:\s?(?:\d{1,3}|[A-Z]|[一二三四五六七八九十]{1,3})(?!\w))?",
    re.IGNORECASE,
)
CONTAINER = re.compile(r"第[^第]*(?:编|部分|章|节|目)$|(?:^|·)(?:Chapter|Part) ")
LAST_STEP = re.compile(r"(?:（[^（）]*）|第[^第（）]*|^[^（）第]*)$")
PREAMBLE = re.compile(
    r"[【\[]?(?:首部及)?(?:导\s*言|前\s*言|序\s*言|引\s*言|首\s*部|preamble|introduction|recitals)[】\]]?[:：]?", re.IGNORECASE
)
CONTENTS = re.compile(r"目\s*[录次][:：]?|(?:table of )?contents:?", re.IGNORECASE)
DATED = re.compile(
    r"[（(]?\s*\d{4}\s*年\s*\d{1,2}\s*月.{0,150}(?:通过|修正|修订|公布|发布|施行|生效|批准|更新)[）)]?"
    r"|(?:本版|最[近新后])?(?:更新|生效|发布|修订|公布|版本)(?:日期|时间|号)?\s?[:：].{1,40}"
    r"|(?:last (?:updated|modified|revised)|effective(?: date)?|version)\b:?.{1,40}",
    re.IGNORECASE,
)
ENDED = re.compile(r"[。；：;:.！？!?）)”\"]$")
SENTENCE = re.compile(r"[。；！？!]|[，,：:；;.、]$")
WORD_GOES_ON = "点条款项规定所和或、至及的中第之倍元万亿%，,)）"


@dataclass(slots=True)
class _Entry:
    """A unit while it is being built."""

    number: str
    level: int
    start: int
    role: str
    parts: list[list[Run]]
    has_mark_up: bool
    is_bold: bool

    @property
    def runs(self) -> list[Run]:
        return self.parts[0]

    @property
    def words(self) -> str:
        return markup.plain(self.runs)


@dataclass(slots=True)
class _Step:
    """The item that is open on one level of a clause's list."""

    style: str
    value: int
    number: str
    level: int


@dataclass(slots=True)
class _Builder:
    """Reads the lines in order and decides by the sequence of numbers what each of them begins."""

    lines: list[Line]
    marks: list[Mark | None]
    title: str = ""
    notes: list[str] = field(default_factory=list)
    entries: list[_Entry] = field(default_factory=list)
    numbers: set[str] = field(default_factory=set)
    containers: list[tuple[int, str]] = field(default_factory=list)
    """Open books, parts, chapters and sections of a statute: rank and number."""
    headings: list[tuple[int, _Entry]] = field(default_factory=list)
    """Open Markdown headings: depth and unit."""
    annex: str = ""
    holder: _Entry | None = None
    """The unit that items and paragraphs belong to."""
    steps: list[_Step] = field(default_factory=list)
    is_interrupted: bool = False
    """Whether a paragraph stood between the open list and this line."""
    paragraphs: int = 0
    chapter: tuple[str, int, int] = ("", 0, 0)
    """Style, value and heading depth of the last chapter."""
    last: tuple[int, ...] = ()
    """The last number of clauses, as a path."""
    article: int = 0

    def build(self) -> None:
        index = self._front()
        had_contents = False
        while index < len(self.lines):
            line = self.lines[index]
            if not had_contents and line.brk == "block" and CONTENTS.fullmatch(line.text):
                index, had_contents = self._after_contents(index), True
                continue
            if line.text and not self._place(index):
                self.entries[-1].parts.append(line.runs)
            index += 1
        for entry in self.entries:
            entry.parts = [markup.joined(entry.parts)]

    def _front(self) -> int:
        """Take the title and the lines on dates; the index of the first line after them."""
        first = next((i for i, mark in enumerate(self.marks) if mark and self.lines[i].depth), len(self.lines))
        chosen = next((i for i in range(first) if self.lines[i].depth == 1 and not self.marks[i]), None)
        if chosen is None and self.lines and self._is_title(0):
            chosen = 0
        if chosen is not None:
            self.title = self.lines[chosen].text
        index = 0 if chosen is None else chosen + 1
        while chosen is not None and index < len(self.lines) and DATED.fullmatch(self.lines[index].text):
            self.notes.append(self.lines[index].text)
            index += 1
        return index

    def _is_title(self, index: int) -> bool:
        line = self.lines[index]
        if self.title or self.marks[index] or PREAMBLE.fullmatch(line.text) or CONTENTS.fullmatch(line.text):
            return False
        is_alone = index + 1 == len(self.lines) or self.lines[index + 1].brk == "block"
        return is_alone and not line.is_row and _is_short(line.text)

    def _after_contents(self, index: int) -> int:
        """Skip a table of contents: up to the line that repeats its first entry, or else its list."""
        start = index + 1
        if start == len(self.lines):
            return start
        entry = _entry_name(self.lines[start].text)
        for position in range(start + 1, min(start + 1000, len(self.lines))):
            line = self.lines[position]
            if line.brk == "block" and not line.is_bullet and _entry_name(line.text) == entry:
                return position
        while start < len(self.lines) and self.lines[start].is_bullet:
            start += 1
        return start

    def _place(self, index: int) -> bool:
        """Begin a unit with this line, or return False where it only goes on with the one before."""
        line, mark = self.lines[index], self.marks[index]
        if line.brk == "soft" and self.entries and not self._breaks(index):
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
        if placed:
            return True
        if line.depth or (not self.entries and PREAMBLE.fullmatch(line.text)):
            self._place_heading(line)
        else:
            self._place_paragraph(index)
        return True

    def _breaks(self, index: int) -> bool:
        """Whether a wrapped line begins a unit all the same: the sentence before it ended, its number is the next one."""
        mark = self.marks[index]
        if not mark or not mark.is_spaced or not (ENDED.search(self.lines[index - 1].text) or self.marks[index - 1]):
            return False
        if mark.style == DECIMAL:
            return self._follows(mark.value)
        if mark.style == ARTICLE or mark.style in RANKS:
            return mark.style == ARTICLE and mark.value[0] == self.article + 1
        step = next((step for step in self.steps if step.style == mark.style), None)
        if step:
            return mark.value[0] == step.value + 1 or (mark.style.startswith("dot.") and mark.value[0] == 1)
        return mark.value[0] == 1 and self._has_second(index, mark)

    def _has_second(self, index: int, mark: Mark) -> bool:
        """Whether a list that seems to begin at a wrap has its second item at a line's start too, not inside a line."""
        for position in range(index + 1, min(index + 60, len(self.lines))):
            following = self.marks[position]
            if self.lines[position].brk == "block":
                break
            if following and following.style == mark.style and following.value[0] == 2:
                inside = re.compile(rf"[（(]\s?{re.escape(following.label)}\s?[)）]")
                return not any(inside.search(self.lines[i].text[1:2000]) for i in range(index, position))
        return mark.style.startswith("dot")

    def _place_annex(self, line: Line) -> bool:
        found = ANNEX.match(line.text)
        if not found or not (line.depth or (self.entries and _is_short(line.text))):
            return False
        rest = line.text[found.end() :]
        words = rest.lstrip(":： \u3000、.-–—")  # noqa: RUF001
        if rest and rest == words:
            return False
        self.containers, self.annex, self.last, self.chapter, self.article = [], "", (), ("", 0, 0), 0
        number = re.sub(r"\s+", " ", found[0])
        self._open(line, number, 1, len(line.text) - len(words) if words else 0, "heading")
        self.annex = number
        return True

    def _place_container(self, line: Line, mark: Mark) -> bool:
        """A book, part, chapter or section of a statute."""
        if not line.depth and not (mark.is_spaced and _is_short(line.text)):
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
            is_article = line.depth or mark.is_spaced or (follows and after not in WORD_GOES_ON)
        else:
            is_article = line.depth or (follows and not after.islower())
        if not is_article:
            return False
        self.article = mark.value[0]
        self.last = mark.value[:1]
        self._open(line, self._within_annex(mark.label), len(self.containers) + 1, mark.end, "clause")
        return True

    def _place_decimal(self, line: Line, mark: Mark) -> bool:
        is_near = not self.last or mark.value[0] in (self.last[0], self.last[0] + 1)
        is_bold = bool(line.runs) and line.runs[0].strong
        if not line.depth:
            if not self._follows(mark.value) and not (mark.is_spaced and (is_near or is_bold)):
                return False
            if not mark.is_spaced and line.text[mark.end : mark.end + 1] in WORD_GOES_ON:
                return False
        self.last = mark.value
        self._open(line, self._within_annex(mark.label), len(mark.value), mark.end, "clause")
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
        style, value = mark.style, mark.value[0]
        chapter_style, chapter_value, chapter_depth = self.chapter
        follows_chapter = style == chapter_style and value == chapter_value + 1
        is_bracketed = style.startswith(("paren", "circled"))
        has_children = self._has_children(index, value)
        if line.depth:
            is_nested = chapter_depth and line.depth > chapter_depth and not follows_chapter and not has_children
            return self._place_headed(line, mark) if is_bracketed or is_nested else self._place_chapter(line, mark)
        step = self._step(mark)
        is_free = self.holder is None or self.holder.number == "0"
        if is_bracketed or (step is not None and goes_on(mark, self.steps[step].style, self.steps[step].value)):
            return self._place_item(line, mark)
        if has_children and value in (1, chapter_value + 1) and (follows_chapter or is_free or step is None):
            return self._place_chapter(line, mark)
        if style.startswith("letter") and step is None and value != 1:
            return False
        is_top = style.startswith("han") and not (self.containers or self.article or len(self.last) > 1)
        if is_free or (follows_chapter and not chapter_depth) or (is_top and chapter_style in ("", style)):
            return self._place_chapter(line, mark)
        return (value == 1 or step is not None) and self._place_item(line, mark)

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

    def _step(self, mark: Mark) -> int | None:
        """The level of the open list that a number belongs to."""
        for index in reversed(range(len(self.steps))):
            if self.steps[index].style == mark.style:
                return index
        if self.steps and mark.value[0] > 1 and goes_on(mark, self.steps[-1].style, self.steps[-1].value):
            return len(self.steps) - 1
        return None

    def _place_item(self, line: Line, mark: Mark) -> bool:
        mark = self._as_roman(mark)
        position = self._step(mark)
        if position is not None:
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
        number = f"{base}（{canonical_label(mark)}）"
        if number in self.numbers and self.paragraphs and not self.steps:
            number, level = f"{base}¶{self.paragraphs}（{canonical_label(mark)}）", level + 1
        self._add(line, number, level, mark.end, "item")
        self.steps.append(_Step(mark.style, mark.value[0], number, level))
        self.is_interrupted = False
        return True

    def _as_roman(self, mark: Mark) -> Mark:
        """Read (i) as one unless (h) came before, and (v) as five where a Roman list is open."""
        roman = read_roman(mark)
        goes_on_roman = any(step.style == roman.style and step.value + 1 == roman.value[0] for step in self.steps)
        goes_on_letters = any(step.style == mark.style and step.value + 1 == mark.value[0] for step in self.steps)
        return roman if goes_on_roman or (roman.value[0] == 1 and not goes_on_letters) else mark

    def _place_heading(self, line: Line) -> None:
        if PREAMBLE.fullmatch(line.text) or not self.entries:
            self._open(line, "0", 1, 0, "heading")
            return
        self.containers, self.annex = [], ""
        self._open(line, line.text[:40], 1, 0, "heading")

    def _place_paragraph(self, index: int) -> None:
        line = self.lines[index]
        self.is_interrupted = True
        if above := self._introduces(index):
            self._add(line, f"{above}¶1", self.holder.level, 0, "paragraph")
            return
        self.paragraphs += 1
        base, level = (self.holder.number, self.holder.level) if self.holder else ("0", 1)
        self._add(line, f"{base}¶{self.paragraphs}", level + 1, 0, "paragraph")

    def _introduces(self, index: int) -> str:
        """The chapter that a lead-in belongs to: one that ends in a colon right before the next sibling of the clause."""
        following = self.marks[index + 1] if index + 1 < len(self.marks) else None
        if not self.holder or self.steps or self.paragraphs or not self.lines[index].text.endswith(("：", ":")):
            return ""
        above = self.holder.number.rpartition(".")[0]
        is_sibling = following and following.style == DECIMAL and following.value == (*self.last[:-1], self.last[-1] + 1)
        return above if is_sibling and above in self.numbers and f"{above}¶1" not in self.numbers else ""

    def _within_annex(self, label: str) -> str:
        return f"{self.annex}·{label}" if self.annex else label

    def _open(self, line: Line, number: str, level: int, end: int, role: str) -> None:
        """Begin a unit that holds the items and paragraphs after it."""
        self._add(line, number, level, end, role)
        self.holder = self.entries[-1]
        self.steps.clear()
        self.is_interrupted = False
        if line.depth:
            while self.headings and self.headings[-1][0] >= line.depth:
                self.headings.pop()
            self.headings.append((line.depth, self.holder))
        # In statutes the article's own words are its first paragraph, so that the next one is its second.
        is_article = role == "clause" and number.rpartition("·")[2].startswith("第")
        if not (number == "0" and "0¶1" in self.numbers):
            self.paragraphs = 1 if is_article and not line.depth and end < len(line.text) else 0

    def _add(self, line: Line, number: str, level: int, end: int, role: str) -> None:
        self.numbers.add(number)
        runs = markup.after(line.runs, end)
        is_bold = markup.is_emphasised(line.runs)
        self.entries.append(_Entry(number, level, line.start, role, [runs], bool(line.depth), is_bold))


def _unwrap(lines: list[Line], marks: list[Mark | None]) -> None:
    """Where nearly every line ends a sentence or a title, lines are paragraphs and not wraps."""
    wraps = [index for index in range(1, len(lines)) if lines[index].brk == "soft"]
    ends = sum(1 for i in wraps if marks[i] or ENDED.search(lines[i - 1].text))
    if len(wraps) >= 3 and ends >= 0.85 * len(wraps):
        for index in wraps:
            lines[index].brk = "hard"


def _front_title(text: str) -> str:
    """The title of the front matter that some Markdown files have."""
    front = markup.FRONT.match(text)
    found = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", front[0], re.MULTILINE) if front else None
    return found[1] if found else ""


def _is_short(text: str) -> bool:
    """Whether a line can be a title: within 45 Chinese characters, and no sentence."""
    width = sum(2 if markup.WIDE.match(char) else 1 for char in text[:100])
    return 0 < width <= 90 and not SENTENCE.search(text)


def _entry_name(text: str) -> str:
    """An entry of a table of contents without its numbers, dots and page number."""
    text = re.sub(rf"^(?:[\s\d.、]|第[{HAN}\d]{{1,9}}[编章节条]|[{HAN}]{{1,3}}、)+", "", text[:200])
    return re.sub(r"[\s.…·]*\d*$", "", text)


def _headings(entries: list[_Entry]) -> list[bool]:
    """Which units are title lines: Markdown headings, and short bold or numbered lines above their first child."""
    found = [False] * len(entries)
    numbered = ""
    following: _Entry | None = None
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if entry.role == "heading" or entry.has_mark_up:
            found[index] = True
        elif entry.role in ("chapter", "clause") and _is_short(entry.words) and following:
            is_child = numbered.startswith(f"{entry.number}.")
            is_listed = entry.is_bold and numbered.startswith(f"{entry.number}（")
            is_chapter = entry.role == "chapter" and following.level > entry.level
            is_above = ARTICLE in entry.number and following.role == "clause" and "." in following.number
            found[index] = is_child or is_listed or is_chapter or is_above
        if entry.role != "paragraph":
            numbered = entry.number
        following = entry
    return found
