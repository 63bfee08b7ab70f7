"""What stands before the first clause: front matter, title, dates, table of contents; and which lines are mere wraps."""

import re

from agreements.text import markup
from agreements.text.markup import Line
from agreements.text.numbering import HAN, Mark

PREAMBLE = re.compile(
    r"[【\[]?(?:首部及)?(?:导\s*言|前\s*言|序\s*言|引\s*言|首\s*部|preamble|introduction|recitals)[】\]]?[:：]?",
    re.IGNORECASE,
)
CONTENTS = re.compile(r"目\s*[录次][:：]?|(?:table of )?contents:?", re.IGNORECASE)
DATED = re.compile(
    r"[（(]?\s*\d{4}\s*年\s*\d{1,2}\s*月.{0,150}(?:通过|修正|修订|公布|发布|施行|生效|批准|更新)[）)]?"
    r"|(?:本版|最[近新后])?(?:更新|生效|发布|修订|公布|版本)(?:日期|时间|号)?\s?[:：].{1,40}"
    r"|(?:last (?:updated|modified|revised)|effective(?: date)?|version)\b:?.{1,40}",
    re.IGNORECASE,
)
ENDED = re.compile(r"[。；：;:.！？!?）)”\"]$")
STARTS_WITHIN = re.compile(r"[，。；：、）)》”,.;:a-z]")
SENTENCE = re.compile(r"[。；！？!]|[，,：:；;.、]$")


def read_front(text: str, lines: list[Line], marks: list[Mark | None]) -> tuple[str, list[str], int]:
    """The title ('' for none), the lines on dates and enactment below it, and the index of the first line after them."""
    title = _front_title(text)
    first = next((i for i, mark in enumerate(marks) if mark and lines[i].depth), len(lines))
    chosen = next((i for i in range(first) if lines[i].depth == 1 and not marks[i]), None)
    if chosen is not None:
        title, end = lines[chosen].text, chosen + 1
    elif title or not (end := _title_size(lines, marks)):
        return title, [], 0
    else:
        title = _joined(lines[:end])
    notes = []
    while size := _note_size(lines, end):
        notes.append(_joined(lines[end : end + size]))
        end += size
    return title, notes, end


def after_contents(lines: list[Line], index: int) -> int:
    """The index after a table of contents: of the line that repeats its first entry, or else of the end of its list."""
    start = index + 1
    if start == len(lines):
        return start
    entry = entry_name(lines[start].text)
    for position in range(start + 1, min(start + 1000, len(lines))):
        line = lines[position]
        if line.brk == "block" and not line.is_bullet and entry_name(line.text) == entry:
            return position
    while start < len(lines) and lines[start].is_bullet:
        start += 1
    return start


def unwrap(lines: list[Line], marks: list[Mark | None]) -> None:
    """Where nearly every line ends a sentence or is a short title, lines are paragraphs and not wraps: they break as "line"."""
    wraps = [index for index in range(1, len(lines)) if lines[index].brk == "soft"]
    widths = {index: width(lines[index - 1].text) for index in wraps}
    widest = max(widths.values(), default=0)
    limit = min(40, widest / 2) if widest > 50 else 51
    ends = 0
    for index in wraps:
        mark = marks[index - 1]
        is_numbered = marks[index] is not None if mark is None else mark.end < len(lines[index - 1].text)
        is_cut = is_numbered and widths[index] < limit and not STARTS_WITHIN.match(lines[index].text)
        ends += bool(is_cut or ENDED.search(lines[index - 1].text))
    if len(wraps) >= 3 and ends >= 0.85 * len(wraps):
        for index in wraps:
            lines[index].brk = "line"


def is_short(text: str) -> bool:
    """Whether a line can be a title: within 45 Chinese characters, and no sentence."""
    return 0 < width(text) <= 90 and not SENTENCE.search(text)


def width(text: str) -> int:
    """How many columns a text takes, counted up to its hundredth character."""
    return markup.columns(text[:100])


def _title_size(lines: list[Line], marks: list[Mark | None]) -> int:
    """How many lines a title without mark-up takes at the start: one, two if it is long, 0 where there is none."""
    size = 2 if len(lines) > 1 and lines[1].brk == "soft" and width(lines[0].text) >= 20 else 1
    if (
        not lines
        or any(marks[:size])
        or lines[0].is_row
        or (size < len(lines) and lines[size].brk not in ("block", "line"))
    ):
        return 0
    title = _joined(lines[:size])
    return 0 if PREAMBLE.fullmatch(title) or CONTENTS.fullmatch(title) or not is_short(title) else size


def _note_size(lines: list[Line], start: int) -> int:
    """How many lines a note on dates takes with its wraps; 0 where there is none."""
    for end in range(start + 1, min(start + 20, len(lines)) + 1):
        note = _joined(lines[start:end])
        if DATED.fullmatch(note) and note.count("《") == note.count("》"):
            return end - start
        if end < len(lines) and lines[end].brk != "soft":
            break
    return 0


def _joined(lines: list[Line]) -> str:
    return markup.plain(markup.joined([line.runs for line in lines]))


def _front_title(text: str) -> str:
    """The title of the front matter that some Markdown files have."""
    front = markup.FRONT.match(text)
    found = re.search(r"^title:\s*[\"']?(.+?)[\"']?\s*$", front[0], re.MULTILINE) if front else None
    return found[1] if found else ""


def entry_name(text: str) -> str:
    """An entry of a table of contents without its numbers, dots and page number."""
    text = re.sub(rf"^(?:[\s\d.、]|第[{HAN}\d]{{1,9}}[编章节条]|[{HAN}]{{1,3}}、)+", "", text[:200])
    return re.sub(r"[\s.…·]*\d*$", "", text)
