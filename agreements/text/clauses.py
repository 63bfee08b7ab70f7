"""parse(): the text of an agreement or a statute → its numbered units, in document order."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from agreements.text import markup
from agreements.text.front import is_short, read_front, unwrap
from agreements.text.numbering import ARTICLE_NUMBER, read_mark
from agreements.text.structure import ANNEX, Entry, structure

PARAGRAPH = re.compile(r"¶\d+$")
CONTAINER = re.compile(r"第[^第]*(?:编|部分|章|节|目)$|(?:^|·)(?:Chapter|Part) ")
LAST_STEP = re.compile(r"(?:（[^（）]*）|第[^第（）]*|^[^（）第]*)$")


class Unit(NamedTuple):
    """One numbered heading, clause or item, or one unnumbered paragraph, without what is below it.

    `number` is the full path, the same in every language, and `written` is how the text writes it where that differs
    (Annex A for 附件A). `text` or `heading` are the words without number and marks, `runs` are the same with
    emphasis and links, and `raw` is the slice of the source from the unit's first line to the next unit.
    """

    number: str
    level: int
    heading: str
    emphasised: bool
    text: str
    runs: tuple[markup.Run, ...]
    raw: str
    written: str = ""

    @property
    def words(self) -> str:
        return self.heading or self.text

    @property
    def markdown(self) -> str:
        """The words with emphasis and links; written out anew each time."""
        return markup.to_markdown(self.runs)

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
        name, heading = self.written or self.number, self.heading[:40]
        if name in ("0", heading) or (heading and name.endswith(f"·{heading}")) or PARAGRAPH.search(name):
            return ""
        if self.written:
            return self.written
        step = LAST_STEP.search(self.number.rpartition("·")[2])
        return step[0] if step else self.number


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
    unwrap(lines, marks)
    title, notes, first = read_front(text, lines, marks)
    entries = structure(lines, marks, first)
    starts = [entry.line.start for entry in entries] + [len(text)]
    units = []
    for entry, is_heading, start, end in zip(entries, _headings(entries), starts, starts[1:], strict=False):
        runs, words = entry.runs, entry.words
        heading, own = (words or entry.number, "") if is_heading else ("", words)
        emphasised = markup.is_emphasised(runs)
        units.append(
            Unit(entry.number, entry.level, heading, emphasised, own, tuple(runs), text[start:end], entry.written)
        )
    return Outline(title, tuple(notes), text[: starts[0]], tuple(units))


def _headings(entries: list[Entry]) -> list[bool]:
    """Which units are title lines: Markdown headings, and short bold or numbered lines above their first child."""
    found = [False] * len(entries)
    numbered = ""
    following: Entry | None = None
    for index in range(len(entries) - 1, -1, -1):
        entry = entries[index]
        if entry.role == "heading" or entry.line.depth:
            found[index] = True
        elif entry.role in ("chapter", "clause") and is_short(entry.words) and following:
            is_child = numbered.startswith(f"{entry.number}.")
            is_listed = numbered.startswith(f"{entry.number}（") and markup.is_emphasised(entry.line.runs)
            is_chapter = entry.role == "chapter" and following.level > entry.level
            is_article = ARTICLE_NUMBER.search(entry.number) and (
                following.level > entry.level or "." in following.number
            )
            found[index] = bool(is_child or is_listed or is_chapter or is_article)
        if entry.role != "paragraph":
            numbered = entry.number
        following = entry
    return found
