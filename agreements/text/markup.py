"""The little Markdown that agreements are written in: source text to lines of runs with their emphasis, and back."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote


class Run(NamedTuple):
    """A stretch of text with one look."""

    text: str
    strong: bool = False
    em: bool = False
    href: str = ""


@dataclass(slots=True)
class Line:
    """A line that may begin a unit: after a blank line ("block"), a forced break ("hard") or a mere wrap ("soft").

    `start` is its place in the source, `within` that of its words there; `depth` is that of a heading (0 for none).
    `text` is what its runs say; until they are read, it is the words as the source has them.
    """

    start: int
    within: int
    text: str
    brk: str
    depth: int = 0
    is_bullet: bool = False
    is_row: bool = False
    runs: list[Run] = field(default_factory=list)


class _Token(NamedTuple):
    """Something that may be a mark, or the end, with the plain words before it."""

    before: str
    kind: str
    text: str
    at: int
    href: str = ""
    opens: bool = False
    closes: bool = False


BLANK = (
    "\t\r\v\f\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
)
"""White space within a line, and characters without width."""
EDGE = BLANK + "\n"
HEADING = re.compile(rf"[{BLANK}]{{0,3}}(#{{1,6}})[ \t\u3000\xa0]+|[{BLANK}]{{0,3}}(#{{2,6}})(?=[^#\s])")
PREFIX = re.compile(rf"[{BLANK}]*(?:>[{BLANK}]*)*(?P<bullet>(?:[*+•·-][ \t\u3000]+)+(?=\S))?(?:#{{1,6}}[ \t]+)?")
FRONT = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*(?:\n|$)")
IGNORED = re.compile(
    r"\s*(?:<!--.*-->|([-*_=])(?:[ \t]*\1){2,}|:?-{3,}:?(?:[ \t]*\|[ \t]*:?-{3,}:?)*|\|[-:| \t]+\||-?\|-?)\s*"
)
UNDERLINE = re.compile(r"(=+|-{3,})\s*")
LAYOUT = "#>*+•·-_=|:<"
"""What the words of a line start with where it may be a heading, a quote, a list, a table, a rule or a comment."""
BOLD_START = re.compile(r"\*\*[^\s*]")
OTHER_MARK = re.compile(r"[\\_\[<&`]")
"""What may be a mark, stars aside."""
TOKEN = re.compile(
    r"""
    ([^\\*_\[!<&`\n]*(?:(?:!(?!\[)|\[(?=\[)|<(?![/a-zA-Z])|&(?![\#a-zA-Z])|`(?=`))[^\\*_\[!<&`\n]*)*)
    (?:(?P<newline>\n)
    | \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?P<stars>\*+)
    | (?P<unders>_+)
    | !?\[(?P<label>(?:\\.|[^\[\]\\]){0,1000})\]
      \(\s{0,9}<?(?P<url>(?:\\.|[^\s()\\<>]|\([^\s()]{0,200}\)){0,2000})>?(?:\s{1,9}"[^"]{0,1000}")?\s{0,9}\)
    | <(?P<auto>(?:https?://|mailto:)[^\s<>]{1,2000})>
    | <(?P<tag>/?(?:b|strong|i|em|u|br|span|font|p|div|sup|sub|a|center))\b[^<>]{0,500}>
    | &(?P<entity>\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});
    | `(?P<code>[^`\n]{1,500})`
    | (?P<other>.)
    | (?P<end>\Z))
    """,
    re.VERBOSE | re.DOTALL,
)
MARK_KINDS = {"stars", "unders", "tag"}
PLAIN_KINDS = {"newline", "escaped", "code", "other", "tag"}
WIDE = re.compile("[\u2e80-\u2fff\u3001-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
WIDE_STRETCH = re.compile(f"{WIDE.pattern}+")
JOINT = re.compile(rf"(?<={WIDE.pattern})\n|\n(?={WIDE.pattern})")
"""A wrap that stands for nothing, because Chinese is written without spaces."""
LEAD = re.compile(r"[\s\d.§、,，:：()（）第章节条款项一二三四五六七八九十百零a-zA-Z]{0,12}")
URL_SAFE = "/:?#@!$&*+,;=%~|^[]{}`"
SCRIPT = re.compile(r"\s*(?:javascript|vbscript|data):", re.IGNORECASE)
AUTO_LINK = r"<((?:https?://|mailto:)[^\s<>]{1,2000})>"
LINK_START = r"(?<!!)\[(?=[^\[\]]*\]\()"
"""Where a link begins, once escapes are out of the way: its label has no bracket that is not escaped."""
ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
LETTER = re.compile(r"[^\W_]")
TO_ESCAPE = re.compile(r"[\\*`_\]<&]")
TO_ESCAPE_FIRST = re.compile(r"[#>+\-=|~]|<(?=!)")
STRONG_TAGS = {"b", "strong", "/b", "/strong"}


def lines(source: str) -> list[Line]:
    """All lines of the source that carry text, in order; linear in its length."""
    found: list[Line] = []
    front = FRONT.match(source)
    blocks = _blocks(source, front.end() if front else 0)
    is_open = False
    for index, block in enumerate(blocks):
        words = _words(block)
        if simple := _simple_runs(words, is_open):
            for line, runs in zip(block, simple, strict=True):
                line.runs = trimmed(runs)
                line.text = plain(line.runs)
            found += block
            is_open = False
            continue
        tokens = _tokens(words)
        strong = _strong_marks(tokens)
        is_odd = (len(strong) + is_open) % 2 == 1
        carries = is_odd and not block[0].depth and index + 1 < len(blocks) and _may_close(blocks[index + 1])
        if is_odd and strong and not carries and not _leads(tokens, strong[-1]):
            strong.pop()
        found.extend(_assemble(block, _resolve(tokens, strong, is_open)))
        is_open = carries
    return found


def inline(markdown: str) -> list[Run]:
    """The runs of one line of Markdown, or of a link's label with its wraps."""
    words = JOINT.sub("", markdown).replace("\n", " ") if "\n" in markdown else markdown
    if simple := _simple_runs(words, False):
        return simple[0]
    tokens = _tokens(words)
    strong = _strong_marks(tokens)
    if len(strong) % 2 == 1 and not _leads(tokens, strong[-1]):
        strong.pop()
    found = [runs for runs, _ in _resolve(tokens, strong, False)]
    return found[0] if len(found) == 1 else _merged([run for runs in found for run in runs])


def joined(parts: Sequence[list[Run]]) -> list[Run]:
    """Wrapped lines as one: without a space where either side is Chinese."""
    if len(parts) == 1:
        return trimmed(parts[0])
    whole: list[Run] = []
    for part in map(trimmed, parts):
        if whole and part and not WIDE.match(whole[-1].text[-1]) and not WIDE.match(part[0].text[0]):
            whole.append(Run(" ", whole[-1].strong and part[0].strong, whole[-1].em and part[0].em))
        whole += part
    return whole


def trimmed(runs: list[Run]) -> list[Run]:
    """The runs without blank ends."""
    if runs and runs[0].text[0] not in EDGE and runs[-1].text[-1] not in EDGE:
        return runs
    start, end = 0, len(runs)
    while start < end and not runs[start].text.strip(EDGE):
        start += 1
    while start < end and not runs[end - 1].text.strip(EDGE):
        end -= 1
    kept = runs[start:end]
    if kept:
        kept[0] = Run(kept[0].text.lstrip(EDGE), *kept[0][1:])
        kept[-1] = Run(kept[-1].text.rstrip(EDGE), *kept[-1][1:])
    return kept


def _merged(runs: list[Run]) -> list[Run]:
    """Neighbours with one look as one run."""
    if len(runs) < 2 or (len(runs) == 2 and runs[0][1:] != runs[1][1:]):
        return runs
    groups = groupby(runs, key=lambda run: run[1:])
    return [Run("".join([run.text for run in group]), *look) for look, group in groups]


def after(runs: list[Run], offset: int) -> list[Run]:
    """The runs from a position of their text on."""
    for index, run in enumerate(runs):
        size = len(run.text)
        if offset < size:
            if not offset:
                return runs[index:] if index else runs
            return [Run(run.text[offset:], run.strong, run.em, run.href), *runs[index + 1 :]]
        offset -= size
    return []


def plain(runs: Sequence[Run]) -> str:
    return runs[0].text if len(runs) == 1 else "".join([run.text for run in runs])


def is_emphasised(runs: Iterable[Run]) -> bool:
    """Whether there are letters and every one of them is bold, in however many spans."""
    is_bold = False
    for run in runs:
        if run.strong:
            is_bold = is_bold or LETTER.search(run.text) is not None
        elif LETTER.search(run.text):
            return False
    return is_bold


def to_markdown(runs: Iterable[Run]) -> str:
    """Markdown that inline() and Python-Markdown read back as the same words, bold and links.

    Slanted text stays upright where no mark tells both of them where it begins and ends.
    """
    runs = _merged([run for run in runs if run.text])
    written = _marked(runs) if any([run.em for run in runs]) else _upright(runs)
    if written is None:
        written = _upright(_merged([run._replace(em=False) for run in runs]))
    return f"\\{written}" if TO_ESCAPE_FIRST.match(written) else written


def _blocks(source: str, start: int) -> list[list[Line]]:
    """The lines of every block, its first with the depth of a heading; a line that is only a rule or a comment is in none."""
    blocks: list[list[Line]] = []
    rows = source[start:].split("\n")
    block: list[Line] = []
    is_hard = False
    for index, row in enumerate(rows):
        at = start
        start += len(row) + 1
        words = row.strip(BLANK)
        if not words:
            block = []
            continue
        content = row.rstrip("\r")
        is_layout = words[0] in LAYOUT and not BOLD_START.match(words)
        if (
            is_layout
            and len(block) == 1
            and len(block[0].text) < 80
            and not block[0].depth
            and UNDERLINE.fullmatch(content)
        ):
            block[0].depth = 1 if content[0] == "=" else 2
            block = []
        elif is_layout and IGNORED.fullmatch(content):
            block = []
        elif is_layout and (heading := HEADING.match(content)):
            text = re.sub(r"(?<=\s)#+$", "", content[heading.end() :].rstrip()).rstrip()
            block = [Line(at, at + heading.end(), text, "block", len(heading[1] or heading[2]))]
            blocks.append(block)
            is_hard = False
            if not _is_wrapped(rows, index, text):
                block = []
        else:
            brk = "block" if not block else "hard" if is_hard else "soft"
            line = _layout_row(content, at, brk) if is_layout else Line(at, at + content.find(words[0]), words, brk)
            is_hard = line.is_row or content.endswith(("  ", "\\"))
            if words[-1] == "\\" and content[-1] == "\\" and line.text[-2:-1] != "\\":
                line.text = line.text[:-1]
            if not block:
                blocks.append(block)
            block.append(line)
            if block[0].depth:
                line.depth = block[0].depth
                block = []
    return blocks


def _is_wrapped(rows: list[str], index: int, text: str) -> bool:
    """Whether a long heading goes on in the next line: a short one without a number, and then a blank line."""
    if columns(text) < 60:
        return False
    rest = [row.strip(BLANK) for row in rows[index + 1 : index + 3]]
    if len(rest) < 2 or not rest[0] or rest[1] or HEADING.match(rest[0]) or UNDERLINE.fullmatch(rest[0]):
        return False
    return len(rest[0]) <= 30 and not re.match(r"[\d(（第*_|>\-+•①-⒇]|.*[。；：！？.;:!?]", rest[0])


def columns(text: str) -> int:
    """How many columns a text takes on a screen where a Chinese character takes two."""
    return len(text) if text.isascii() else 2 * len(text) - len(WIDE_STRETCH.sub("", text))


def _layout_row(content: str, at: int, brk: str) -> Line:
    """A line that may begin with a quote's mark or a bullet, or be the row of a table."""
    prefix = PREFIX.match(content)
    assert prefix  # every part of the pattern is optional
    text = content[prefix.end() :]
    cells = text.rstrip()
    if len(cells) > 2 and cells[0] == cells[-1] == "|":
        text = " | ".join(cell.strip() for cell in cells.strip("|").split("|"))
        return Line(at, at + prefix.end(), text, brk if brk == "block" else "hard", is_row=True)
    is_bullet = bool(prefix["bullet"])
    return Line(at, at + prefix.end(), text, "hard" if is_bullet and brk == "soft" else brk, is_bullet=is_bullet)


def _words(block: list[Line]) -> str:
    return "\n".join([line.text for line in block]) if len(block) > 1 else block[0].text


def _simple_runs(words: str, is_bold: bool) -> list[list[Run]] | None:
    """The runs of every line where pairs of ** are the only marks, as in nearly all blocks; None where there are others."""
    if "*" not in words:
        is_simple = not is_bold and not OTHER_MARK.search(words)
        return [[Run(row)] if row else [] for row in words.split("\n")] if is_simple else None
    parts = words.split("**")
    marks = len(parts) - 1
    if (marks + is_bold) % 2 or words.count("*") != 2 * marks or "***" in words or OTHER_MARK.search(words):
        return None
    found: list[list[Run]] = [[]]
    for part in parts:
        first, *rest = part.split("\n")
        if first:
            found[-1].append(Run(first, is_bold))
        for row in rest:
            found.append([Run(row, is_bold)] if row else [])
        is_bold = not is_bold
    return found


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        before, words = match[1], match[kind]
        at = match.start() + len(before)
        if kind in PLAIN_KINDS or words == "**":
            # Two stars begin or end bold text whatever stands beside them.
            found.append(_Token(before, kind, words, at))
        elif kind == "stars" or kind == "unders":
            end = match.end()
            last = text[at - 1] if at else " "
            following = text[end] if end < len(text) else " "
            inside = _is_word(last) and _is_word(following)
            opens, closes = not following.isspace() and not inside, not last.isspace() and not inside
            found.append(_Token(before, kind, words, at, "", opens, closes))
        elif kind == "url":
            href = "" if text[at] == "!" else re.sub(r"\\(.)", r"\1", words).replace("&amp;", "&")
            found.append(_Token(before, kind, match["label"], at, href))
        elif kind == "auto":
            found.append(_Token(before, kind, words, at, words))
        elif kind == "entity":
            found.append(_Token(before, kind, re.sub(r"[\r\n]", " ", html.unescape(f"&{words};")), at))
        else:
            found.append(_Token(before, kind, "", at))
            break
    return found


def _strong_marks(tokens: list[_Token]) -> list[int]:
    """The positions of the marks that begin or end bold text."""
    return [index for index, token in enumerate(tokens) if token.kind in MARK_KINDS and _is_strong(token)]


def _is_strong(token: _Token) -> bool:
    if token.kind == "stars":
        return len(token.text) in (2, 3)
    if token.kind == "tag":
        return token.text.lower() in STRONG_TAGS
    return len(token.text) == 2 and (token.opens or token.closes)


def _may_close(block: list[Line]) -> bool:
    """Whether a block may hold the end of a bold span that the block before left open (clause 10.4 of our source)."""
    tokens = _tokens(_words(block))
    marks = _strong_marks(tokens)
    if block[0].depth or len(marks) % 2 == 0:
        return False
    mark = marks[0]
    before = "".join([token.before + token.text for token in tokens[:mark]]) + tokens[mark].before
    after = "".join([token.before + token.text for token in tokens[mark + 1 :]])
    return bool(before.strip()) or not after.strip()


def _resolve(tokens: list[_Token], strong: list[int], is_open: bool) -> list[tuple[list[Run], int]]:
    """The runs of every line and the position of the break after it, where `strong` marks turn bold on and off."""
    turns, em = set(strong), _pairs(tokens)
    found: list[tuple[list[Run], int]] = []
    pieces: list[Run] = []
    bold, slanted = is_open, False
    for index, (before, kind, text, at, href, _, _) in enumerate(tokens):
        if before:
            pieces.append(Run(before, bold, slanted))
        if kind == "newline" or kind == "end" or (kind == "tag" and text.lower() == "br"):
            found.append((_merged(pieces), at))
            pieces = []
            continue
        if index in em:
            slanted = not slanted
        if index in turns:
            bold = not bold
            text = "" if len(text) != 3 or index in em or kind == "tag" else "*"
        elif index in em or kind == "tag" or (bold and text == "****"):
            text = ""
        if kind == "url":
            pieces += [Run(run.text, bold or run.strong, slanted or run.em, href) for run in inline(text)]
        elif text:
            pieces.append(Run(text, bold, slanted, href))
    return found


def _leads(tokens: list[_Token], index: int) -> bool:
    """Whether a bold mark stands at the head of its line, before or right after the number."""
    words = [tokens[index].before]
    while index and tokens[index - 1].kind != "newline" and len(words) < 9:
        index -= 1
        words += [tokens[index].text, tokens[index].before]
    return bool(LEAD.fullmatch("".join(reversed(words))))


def _pairs(tokens: list[_Token]) -> set[int]:
    """The positions of the marks that open and close slanted text."""
    found: set[int] = set()
    waiting: dict[str, int] = {}
    for index, token in enumerate(tokens):
        kind, size = token.kind, len(token.text)
        if (kind == "stars" and size in (1, 3)) or (kind == "unders" and size == 1):
            if token.closes and kind in waiting:
                found |= {waiting.pop(kind), index}
            elif token.opens:
                waiting[kind] = index
    return found


def _assemble(block: list[Line], resolved: list[tuple[list[Run], int]]) -> Iterator[Line]:
    """Lines with their runs; a break that a link swallowed does not count, and one that a tag made does."""
    ends, at = [], -1
    for line in block:
        at += len(line.text) + 1
        ends.append(at)
    number, line = 0, block[0]
    place = 0
    """Where the words of the block's line of that number begin in the block."""
    for runs, position in resolved:
        line.runs = trimmed(runs)
        line.text = plain(line.runs)
        yield line
        while number + 1 < len(block) and ends[number] <= position:
            place = ends[number] + 1
            number += 1
        source = block[number]
        if position + 1 == place:
            line = source
        else:
            line = Line(source.within + position - place, source.within, "", "hard", source.depth, is_row=source.is_row)


@dataclass(slots=True)
class _Piece:
    """Words as Markdown with the blanks around them; marks stand between the two."""

    head: str
    opening: str
    words: str
    closing: str
    tail: str
    is_slanted: bool


def _upright(runs: list[Run]) -> str:
    """The runs with marks around what is bold, blanks kept outside."""
    if any([run.href for run in runs]):
        return "".join(
            [_bold(_links(stretch), is_strong) for is_strong, stretch in groupby(runs, lambda run: run.strong)]
        )
    return "".join([_bold(_escaped(run.text), run.strong) for run in runs])


def _bold(words: str, is_strong: bool) -> str:
    inner = words.strip() if is_strong else ""
    if not inner:
        return words
    start = words.find(inner)
    return f"{words[:start]}**{inner}**{words[start + len(inner) :]}"


def _marked(runs: list[Run]) -> str | None:
    """The runs with marks around what is bold or slanted, blanks kept outside; None where a slant cannot be marked."""
    pieces: list[_Piece] = []
    for is_strong, stretch in groupby(runs, key=lambda run: run.strong):
        found = [_piece(list(part), is_em) for is_em, part in groupby(stretch, key=lambda run: run.em)]
        worded = [piece for piece in found if piece.words]
        if is_strong and worded:
            worded[0].opening = worded[-1].closing = "**"
        pieces += found
    written: list[str] = []
    before = ""
    for index, piece in enumerate(pieces):
        before = (before + piece.head + piece.opening)[-1:]
        after = (
            piece.closing + piece.tail + "".join(p.head + p.opening + p.words for p in pieces[index + 1 : index + 3])
        )
        mark = _slant(before, piece.words, after[:1]) if piece.is_slanted and piece.words else ""
        if mark is None:
            return None
        written += (piece.head, piece.opening, mark, piece.words, mark, piece.closing, piece.tail)
        before = (before + piece.words + mark + piece.closing + piece.tail)[-1:]
    return "".join(written)


def _piece(runs: list[Run], is_slanted: bool) -> _Piece:
    words = _links(runs)
    inner = words.strip()
    start = words.find(inner)
    return _Piece(words[:start], "", inner, "", words[start + len(inner) :], is_slanted)


def _slant(before: str, words: str, after: str) -> str | None:
    """The mark for slanted words between two characters: a star next to stars is misread, a mark within a word is none."""
    edges = ((before, words[0]), (words[-1], after))
    if "*" not in (before, after) and not any(_is_word(a) and _is_word(b) for a, b in edges):
        return "*"
    return None if re.match(r"\w", before) or re.match(r"\w", after) else "_"


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _links(runs: Iterable[Run]) -> str:
    written = ""
    for run in runs:
        is_link = bool(run.href) and not SCRIPT.match(run.href)
        if (
            is_link
            and run.href == run.text
            and re.fullmatch(AUTO_LINK, f"<{run.href}>")
            and not ENTITY.search(run.href)
        ):
            written += f"<{run.href}>"
            continue
        words = _escaped(run.text)
        if is_link:
            label = re.sub(r"(?<!\\)((?:\\\\)*)([\[\]])", r"\1\\\2", words)
            target = ENTITY.sub("&amp;", quote(run.href, safe=URL_SAFE))
            if len(label) <= 1000 and len(target) <= 2000:
                words = f"[{label}]({target})"
                if written.endswith("!"):
                    written = f"{written[:-1]}\\!"
        written += words
    return written


def _escaped(text: str) -> str:
    """Words that would be read as marks, with the signs that prevent it."""
    if not TO_ESCAPE.search(text):
        return text
    text = re.sub(r"[\\*`]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|\](?=\()", r"\\\g<0>", text)
    return re.sub(r"<(?=/?[a-zA-Z])", "&lt;", ENTITY.sub("&amp;", text))
