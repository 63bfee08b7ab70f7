"""first_unshown(): what a source says that the page made from it does not show, so that nothing unseen is digested and accepted."""

import html
import re

from agreements.text import markup
from agreements.text.clauses import Outline
from agreements.text.front import entry_name
from agreements.text.numbering import read_mark

COMMENT = re.compile(r"^\s*<!--.*-->\s*$", re.MULTILINE)
"""A line that is nothing but a comment; within a line it is shown as words."""
LOADED_TAG = re.compile(r"<(?:b|strong|i|em|u|br|span|font|p|div|sup|sub|a|center)\s[^<>]*[^\W_][^<>]*>")
"""A tag that is read as one, with attributes: no page shows them. Other tags are shown as words."""
RAISED = re.compile(r"<su[pb]\b[^<>]*>[^<>]*</su[pb]>")
"""Raised or lowered figures lose their place on the page: a power would become a digit. The signs ² and ₂ keep it."""
LINK_TITLE = re.compile(r'\]\([^()\s]*\s+"[^"]*"\s*\)')
LETTERS = re.compile(r"[\W_]+")


def first_unshown(text: str, outline: Outline) -> str:
    """The first words of a canonical text that its rendering leaves out, '' where it leaves out none.

    Comments, front matter, attributes, raised figures, lines above the title, and entries of a table of contents that repeat no heading.
    """
    front = markup.FRONT.match(text)
    hidden = [re.sub(r"(?m)^title:.*$|^---[ \t]*$", "", front[0])] if front else []
    rest = text[front.end() :] if front else text
    for pattern in (COMMENT, LOADED_TAG, RAISED, LINK_TITLE):
        hidden += pattern.findall(rest)
    for piece in hidden:
        if _letters(piece):
            return piece.strip()
    shown = _letters(outline.title) + "".join(map(_letters, outline.notes))
    shown += "".join(_letters(f"{unit.label}{unit.words}") for unit in outline.units)
    headings = {_letters(entry_name(unit.words)) for unit in outline.units if unit.heading}
    place = 0
    for line in markup.lines(text):
        mark = read_mark(line)
        bodies = [_letters(line.text), _letters(line.text[mark.end :] if mark else line.text)]
        found = next((at + len(body) for body in bodies if (at := shown.find(body, place)) >= 0), -1)
        if found >= 0:
            place = found
        elif _letters(entry_name(line.text)) not in headings | {"目录", "目次", "contents", "tableofcontents"}:
            return line.text
    return ""


def _letters(text: str) -> str:
    return LETTERS.sub("", html.unescape(text)).casefold()
