"""The little Markdown that agreements are written in: source text to lines of runs with their emphasis, and back."""

import html
import re
from collections.abc import Iterable, Iterator
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

    `start` is its place in the source, `depth` that of a heading (0 for none), `text` what its runs say.
    """

    start: int
    brk: str
    depth: int = 0
    is_bullet: bool = False
    is_row: bool = False
    runs: list[Run] = field(default_factory=list)
    text: str = ""


class _Source(NamedTuple):
    start: int
    text_start: int
    text: str
    brk: str
    is_bullet: bool = False
    is_row: bool = False


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    href: str
    opens: bool
    closes: bool


BLANK = "\t\r\v\f \u3000\xa0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""White space within a line, and characters without width."""
HEADING = re.compile(rf"[{BLANK}]{{0,3}}(#{{1,6}})[ \t\u3000\xa0]+|[{BLANK}]{{0,3}}(#{{2,6}})(?=[^#\s])")
PREFIX = re.compile(rf"[{BLANK}]*(?:>[{BLANK}]*)*(?P<bullet>(?:[*+•·-][ \t\u3000]+)+(?=\S))?(?:#{{1,6}}[ \t]+)?")
FRONT = re.compile(r"---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*(?:\n|$)")
IGNORED = re.compile(
    r"\s*(?:<!--.*-->|([-*_=])(?:[ \t]*\1){2,}|:?-{3,}:?(?:[ \t]*\|[ \t]*:?-{3,}:?)*|\|[-:| \t]+\||-?\|-?)\s*"
)
UNDERLINE = re.compile(r"(=+|-{3,})\s*")
TOKEN = re.compile(
    r"""
    (?P<plain>[^\\*_\[!<&`\n]+)
    | (?P<newline>\n)
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
    """,
    re.VERBOSE | re.DOTALL,
)
WIDE = re.compile("[\u2e80-\u2fff\u3001-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]")
LEAD = re.compile(r"[\s\d.、,，:：()（）第章节条款项一二三四五六七八九十百零a-zA-Z]{0,12}")
URL_SAFE = "/:?#@!$&*+,;=%~|^[]{}`"
SCRIPT = re.compile(r"\s*(?:javascript|vbscript|data):", re.IGNORECASE)
AUTO_LINK = r"<((?:https?://|mailto:)[^\s<>]{1,2000})>"
LINK_START = r"(?<!!)\[(?=[^\[\]]*\]\()"
"""Where a link begins, once escapes are out of the way: its label has no bracket that is not escaped."""
ENTITY = re.compile(r"&(?=#?[0-9A-Za-z]+;)")
STRONG_TAGS = {"b", "strong", "/b", "/strong"}


def lines(source: str) -> list[Line]:
    """All lines of the source that carry text, in order; linear in its length."""
    found: list[Line] = []
    front = FRONT.match(source)
    rows = _blocks(source, front.end() if front else 0)
    blocks = [(depth, block, _tokens("\n".join(row.text for row in block))) for depth, block in rows]
    is_open = False
    for index, (depth, block, tokens) in enumerate(blocks):
        carries = index + 1 < len(blocks) and not depth and _may_close(blocks[index + 1])
        runs, is_open = _resolve(tokens, is_open, carries)
        found.extend(_assemble(block, depth, runs))
    return found


def inline(markdown: str) -> list[Run]:
    """The runs of one line of Markdown."""
    return _merged(run for run, _ in _resolve(_tokens(markdown.replace("\n", " ")), False, False)[0] if run)


def joined(parts: Iterable[list[Run]]) -> list[Run]:
    """Wrapped lines as one: without a space where either side is Chinese."""
    whole: list[Run] = []
    for part in map(trimmed, parts):
        if whole and part and not WIDE.match(whole[-1].text[-1]) and not WIDE.match(part[0].text[0]):
            whole.append(Run(" ", whole[-1].strong and part[0].strong, whole[-1].em and part[0].em))
        whole += part
    return whole


def trimmed(runs: Iterable[Run]) -> list[Run]:
    """The runs without blank ends."""
    kept = [run for run in runs if run.text]
    edge = BLANK + "\n"
    while kept and not kept[0].text.lstrip(edge):
        kept.pop(0)
    while kept and not kept[-1].text.rstrip(edge):
        kept.pop()
    if kept:
        kept[0] = kept[0]._replace(text=kept[0].text.lstrip(edge))
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip(edge))
    return kept


def _merged(runs: Iterable[Run]) -> list[Run]:
    """Neighbours with one look as one run."""
    groups = groupby(runs, key=lambda run: run[1:])
    return [Run("".join(run.text for run in group), *look) for look, group in groups]


def after(runs: list[Run], offset: int) -> list[Run]:
    """The runs from a position of their text on."""
    kept: list[Run] = []
    for run in runs:
        if offset < len(run.text):
            kept.append(run._replace(text=run.text[max(offset, 0) :]))
        offset -= len(run.text)
    return kept


def plain(runs: Iterable[Run]) -> str:
    return "".join(run.text for run in runs)


def is_emphasised(runs: Iterable[Run]) -> bool:
    """Whether there are letters and every one of them is bold, in however many spans."""
    marks = [run.strong for run in runs if re.search(r"[^\W_]", run.text)]
    return bool(marks) and all(marks)


def to_markdown(runs: Iterable[Run]) -> str:
    """Markdown that inline() and Python-Markdown read back as the same words, bold and links.

    Slanted text stays upright where no mark tells both of them where it begins and ends.
    """
    runs = _merged(run for run in runs if run.text)
    written = _marked(runs)
    if written is None:
        return to_markdown(run._replace(em=False) for run in runs)
    return re.sub(r"^(?:[#>+\-=|~]|<(?=!))", r"\\\g<0>", written)


def _blocks(source: str, start: int) -> list[tuple[int, list[_Source]]]:
    """Heading depth (0 for none) and lines of every block; a line that is only a rule or a comment belongs to none."""
    blocks: list[tuple[int, list[_Source]]] = []
    rows = source[start:].split("\n")
    block: list[_Source] = []
    is_hard = False

    def close(depth: int = 0) -> None:
        nonlocal block, is_hard
        if block:
            blocks.append((depth, block))
        block, is_hard = [], False

    depth = 0
    for index, raw in enumerate(rows):
        content, at = raw.rstrip("\r"), start
        start += len(raw) + 1
        heading = HEADING.match(content)
        if len(block) == 1 and not depth and len(block[0].text) < 80 and UNDERLINE.fullmatch(content):
            close(1 if content[0] == "=" else 2)
        elif not content.strip(BLANK) or IGNORED.fullmatch(content):
            close()
        elif heading:
            close()
            text = re.sub(r"(?<=\s)#+$", "", content[heading.end() :].rstrip()).rstrip()
            block.append(_Source(at, at + heading.end(), text, "block"))
            depth = len(heading[1] or heading[2])
            if _is_wrapped(rows, index, text):
                continue
            close(depth)
        else:
            block.append(_row(content, at, "block" if not block else "hard" if is_hard else "soft"))
            is_hard = block[-1].is_row or content.endswith(("  ", "\\"))
            if depth:
                close(depth)
            else:
                continue
        depth = 0
    close()
    return blocks


def _is_wrapped(rows: list[str], index: int, text: str) -> bool:
    """Whether a long heading goes on in the next line: a short one without a number, and then a blank line."""
    rest = [row.strip(BLANK) for row in rows[index + 1 : index + 3]]
    if len(rest) < 2 or not rest[0] or rest[1] or HEADING.match(rest[0]) or UNDERLINE.fullmatch(rest[0]):
        return False
    columns = sum(2 if WIDE.match(char) else 1 for char in text)
    return columns >= 60 and len(rest[0]) <= 30 and not re.match(r"[\d(（第*_|>\-+•①-⒇]|.*[。；：！？.;:!?]", rest[0])


def _row(content: str, at: int, brk: str) -> _Source:
    prefix = PREFIX.match(content)
    assert prefix  # every part of the pattern is optional
    text = content[prefix.end() :]
    cells = text.rstrip()
    if len(cells) > 2 and cells[0] == cells[-1] == "|":
        text = " | ".join(cell.strip() for cell in cells.strip("|").split("|"))
        return _Source(at, at + prefix.end(), text, brk if brk == "block" else "hard", False, True)
    is_bullet = bool(prefix["bullet"])
    if len(text) - len(text.rstrip("\\")) == 1:
        text = text[:-1]
    return _Source(at, at + prefix.end(), text, "hard" if is_bullet and brk == "soft" else brk, is_bullet)


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in TOKEN.finditer(text):
        kind, end = match.lastgroup or "", match.end()
        before = text[match.start() - 1] if match.start() else " "
        following = text[end] if end < len(text) else " "
        inside = before.isascii() and before.isalnum() and following.isascii() and following.isalnum()
        opens, closes = not following.isspace() and not inside, not before.isspace() and not inside
        href = ""
        words = match[kind]
        if kind == "url":
            words = match["label"]
            href = "" if match[0].startswith("!") else re.sub(r"\\(.)", r"\1", match["url"]).replace("&amp;", "&")
        elif kind == "auto":
            href = words
        elif kind == "entity":
            words = re.sub(r"[\r\n]", " ", html.unescape(match[0]))
        found.append(_Token(kind, words, match.start(), href, opens, closes))
    return found


def _strong(token: _Token) -> bool:
    if token.kind == "stars":
        return len(token.text) in (2, 3)
    if token.kind == "tag":
        return token.text.lower() in STRONG_TAGS
    return token.kind == "unders" and len(token.text) == 2 and (token.opens or token.closes)


def _may_close(block: tuple[int, list[_Source], list[_Token]]) -> bool:
    """Whether a block may hold the end of a bold span that the block before left open (clause 10.4 of our source)."""
    depth, _, tokens = block
    marks = [token for token in tokens if _strong(token)]
    words = [token for token in tokens if token.kind != "newline" and token.text.strip()]
    return not depth and len(marks) % 2 == 1 and (len(words) == 1 or words[0] is not marks[0])


def _resolve(tokens: list[_Token], is_open: bool, carries: bool) -> tuple[list[tuple[Run | None, int]], bool]:
    """Runs and, as None, line breaks, each with its position; and whether bold goes on in the next block."""
    strong = [index for index, token in enumerate(tokens) if _strong(token)]
    is_odd = (len(strong) + is_open) % 2 == 1
    stray = strong[-1] if is_odd and strong and not carries and not _leads(tokens, strong[-1]) else -1
    em = _pairs(tokens)
    out: list[tuple[Run | None, int]] = []
    bold, slanted = is_open, False
    for index, token in enumerate(tokens):
        words = token.text
        if token.kind == "newline" or (token.kind == "tag" and words.lower() == "br"):
            out.append((None, token.at))
            continue
        if index in em:
            slanted = not slanted
        if _strong(token) and index != stray:
            bold = not bold
            words = "" if len(words) != 3 or index in em or token.kind == "tag" else "*"
        elif index in em or (token.kind == "tag" and index != stray) or (bold and words == "****"):
            words = ""
        if token.kind == "url":
            for piece in inline(words):
                out.append((Run(piece.text, bold or piece.strong, slanted or piece.em, token.href), token.at))
        elif words:
            out.append((Run(words, bold, slanted, token.href), token.at))
    return out, is_odd and carries


def _leads(tokens: list[_Token], index: int) -> bool:
    """Whether a bold mark stands at the head of its line, before or right after the number."""
    words: list[str] = []
    while index and tokens[index - 1].kind != "newline" and len(words) < 9:
        index -= 1
        words.append(tokens[index].text)
    return bool(LEAD.fullmatch("".join(reversed(words))))


def _pairs(tokens: list[_Token]) -> set[int]:
    """The positions of the marks that open and close slanted text."""
    found: set[int] = set()
    waiting: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if (
            token.kind in ("stars", "unders")
            and len(token.text) in (1, 3)
            and (token.kind == "stars" or len(token.text) == 1)
        ):
            if token.closes and token.kind in waiting:
                found |= {waiting.pop(token.kind), index}
            elif token.opens:
                waiting[token.kind] = index
    return found


def _assemble(block: list[_Source], depth: int, runs: list[tuple[Run | None, int]]) -> Iterator[Line]:
    """Lines with their runs; a break that a link swallowed does not count, and one that a tag made does."""
    starts, at = [], 0
    for source in block:
        starts.append(at)
        at += len(source.text) + 1
    starts.append(at)
    number, line = 0, Line(block[0].start, block[0].brk, depth, block[0].is_bullet, block[0].is_row)
    for run, position in [*runs, (None, at)]:
        if run:
            line.runs.append(run)
            continue
        line.runs = trimmed(_merged(line.runs))
        line.text = plain(line.runs)
        yield line
        while starts[number + 1] <= position + 1 and number + 1 < len(block):
            number += 1
        source = block[number]
        is_line = position + 1 == starts[number]
        start = source.start if is_line else source.text_start + position - starts[number]
        line = Line(start, source.brk if is_line else "hard", depth, is_line and source.is_bullet, source.is_row)


@dataclass(slots=True)
class _Piece:
    """Words as Markdown with the blanks around them; marks stand between the two."""

    head: str
    opening: str
    words: str
    closing: str
    tail: str
    is_slanted: bool


def _marked(runs: list[Run]) -> str | None:
    """The runs with marks around what is bold or slanted, blanks kept outside; None where a slant cannot be marked."""
    pieces: list[_Piece] = []
    for is_strong, stretch in groupby(runs, key=lambda run: run.strong):
        found = [_piece(list(part), is_em) for is_em, part in groupby(stretch, key=lambda run: run.em)]
        worded = [piece for piece in found if piece.words]
        if is_strong and worded:
            worded[0].opening = worded[-1].closing = "**"
        pieces += found
    written = ""
    for index, piece in enumerate(pieces):
        written += piece.head + piece.opening
        after = (
            piece.closing + piece.tail + "".join(p.head + p.opening + p.words for p in pieces[index + 1 : index + 3])
        )
        mark = _slant(written[-1:], piece.words, after[:1]) if piece.is_slanted and piece.words else ""
        if mark is None:
            return None
        written += mark + piece.words + mark + piece.closing + piece.tail
    return written


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


def _links(runs: list[Run]) -> str:
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
        words = re.sub(r"[\\*`]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|\](?=\()", r"\\\g<0>", run.text)
        words = re.sub(r"<(?=/?[a-zA-Z])", "&lt;", ENTITY.sub("&amp;", words))
        if is_link:
            label = re.sub(r"(?<!\\)((?:\\\\)*)([\[\]])", r"\1\\\2", words)
            target = ENTITY.sub("&amp;", quote(run.href, safe=URL_SAFE))
            if len(label) <= 1000 and len(target) <= 2000:
                words = f"[{label}]({target})"
                if written.endswith("!"):
                    written = f"{written[:-1]}\\!"
        written += words
    return written
