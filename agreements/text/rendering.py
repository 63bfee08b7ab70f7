"""A parsed text as sanitised HTML, table of contents, plain text and canonical Markdown."""

# Python-Markdown has no stubs here.
# mypy: disable-error-code=import-untyped, allow-subclassing-any

import re
from collections import Counter
from collections.abc import Iterable
from html import escape
from string import punctuation
from typing import NamedTuple
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.blockparser import BlockParser
from markdown.blockprocessors import ParagraphProcessor
from markdown.inlinepatterns import (
    ESCAPE_RE,
    AutolinkInlineProcessor,
    DelimiterProcessor,
    EscapeInlineProcessor,
    LinkInlineProcessor,
)
from markdown.preprocessors import NormalizeWhitespace
from markdown.treeprocessors import InlineProcessor, UnescapeTreeprocessor
from markdown.util import Registry

from agreements.text import markup
from agreements.text.clauses import Outline, Unit
from agreements.text.markup import Run
from agreements.text.numbering import HAN

TAGS = {"section", "div", "h2", "h3", "h4", "h5", "h6", "p", "strong", "em", "a"}
ATTRIBUTES = {"section": {"class", "id", "data-level"}, "div": {"class"}, "a": {"class", "href"}} | {
    f"h{depth}": {"class"} for depth in range(2, 7)
}
SCHEMES = {"http", "https", "mailto"}
TARGETS = ("http://", "https://", "mailto:")
LONGEST = 20_000
"""Python-Markdown copies the whole paragraph at every mark, so one longer than this (no clause is) is written out by us."""


class SafeHtml(str):
    """HTML that templates print as it is, because render() has sanitised it."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class Entry(NamedTuple):
    """A line of the table of contents, its number as written; `anchor` is the id of the unit in the rendered HTML."""

    number: str
    heading: str
    level: int
    anchor: str


class _Link(LinkInlineProcessor):
    """A link; one that leads elsewhere than to a page or a mailbox becomes a <span>, which the sanitiser takes away."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[Element | None, int | None, int | None]:
        link, start, end = super().handleMatch(m, data)
        if link is not None and not link.get("href", "").lower().startswith(TARGETS):
            label, link = link.text, Element("span")
            link.text = label
        return link, start, end


class _Reader(Markdown):
    """Python-Markdown for the words of one unit: emphasis and links, no blocks and no HTML. Not for use by two threads."""

    def build_parser(self) -> "_Reader":
        self.ESCAPED_CHARS = list(punctuation)
        self.preprocessors = Registry()
        self.preprocessors.register(NormalizeWhitespace(self), "normalize_whitespace", 30)
        self.parser = BlockParser(self)
        self.parser.blockprocessors.register(ParagraphProcessor(self.parser), "paragraph", 10)
        self.inlinePatterns = Registry()
        self.inlinePatterns.register(AutolinkInlineProcessor(markup.AUTO_LINK, self), "autolink", 190)
        self.inlinePatterns.register(EscapeInlineProcessor(ESCAPE_RE, self), "escape", 180)
        self.inlinePatterns.register(_Link(markup.LINK_START, self), "link", 160)
        delimiters = DelimiterProcessor("*", "strong,em", self)
        delimiters.add("_", "strong,em", smart=True)
        self.inlinePatterns.register(delimiters, "em_strong", 60)
        self.treeprocessors = Registry()
        self.treeprocessors.register(InlineProcessor(self), "inline", 20)
        self.treeprocessors.register(UnescapeTreeprocessor(self), "unescape", 0)
        self.postprocessors = Registry()
        return self

    def words(self, unit: Unit, *, within_bold: bool) -> str:
        """The unit's words; a wholly bold unit gets one <strong> from its caller, and a heading is bold by itself."""
        if len(unit.markdown) > LONGEST:
            words = _spelled_out(unit)
        else:
            words = self.reset().convert(unit.markdown.replace("\r", " ")).removeprefix("<p>").removesuffix("</p>")
        if within_bold:
            return re.sub("</?strong>", "", words)
        return re.sub("</strong>(\\s*)<strong>", r"\1", words)


def _spelled_out(unit: Unit) -> str:
    """The words of a very long paragraph, from the runs that parse() reads."""
    parts = []
    for run in markup.inline(unit.markdown):
        words = escape(run.text)
        if run.href.lower().startswith(TARGETS):
            words = f'<a href="{escape(run.href)}">{words}</a>'
        words = f"<em>{words}</em>" if run.em else words
        parts.append(f"<strong>{words}</strong>" if run.strong else words)
    return "".join(parts)


def render(outline: Outline) -> SafeHtml:
    """One <section> per unit, in document order, after the lines on dates; the same bytes for the same text, always."""
    parts = []
    if outline.notes:
        notes = "".join(f"<p>{escape(note)}</p>" for note in outline.notes)
        parts.append(f'<div class="notes">{notes}</div>')
    is_chinese = _is_chinese(outline)
    reader = _Reader()
    addressed = zip(outline.units, anchors(outline.units), strict=True)
    parts += [_section(unit, anchor, _label(unit, is_chinese), reader) for unit, anchor in addressed]
    cleaned = nh3.clean("\n".join(parts), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener")
    return SafeHtml(cleaned)


def beside_others(html: str, name: str) -> SafeHtml:
    """What render() made, with its addresses led by `name`, for a page that shows several texts; no word changes.

    A text cannot hold a raw "<", so only the tags that render() wrote are met.
    """
    return SafeHtml(re.sub(r'(<section [^<>]*?\bid="|<a [^<>]*?\bhref="#)', rf"\g<1>{name}-", html))


def contents(outline: Outline) -> list[Entry]:
    """The headed units."""
    marked = zip(outline.units, anchors(outline.units), strict=True)
    return [
        Entry(unit.written or unit.number, unit.heading, unit.level, anchor) for unit, anchor in marked if unit.heading
    ]


def plain(outline: Outline) -> str:
    """The text without marks: title, dates, then each unit with its number on a line of its own, never wrapped."""
    labelled = zip(labels(outline), outline.units, strict=True)
    lines = [outline.title, *outline.notes, *(f"{label} {unit.words}".strip() for label, unit in labelled)]
    return "\n\n".join(line for line in lines if line) + "\n"


def markdown(outline: Outline) -> str:
    """The Markdown that parse() reads back as the same outline: a blank line between blocks, no wraps."""
    blocks = [f"# {markup.to_markdown([Run(outline.title)])}"] if outline.title else []
    blocks += [markup.to_markdown([Run(note)]) for note in outline.notes]
    is_chinese = _is_chinese(outline)
    blocks += [_block(unit, is_chinese) for unit in outline.units]
    return "\n\n".join(blocks) + "\n"


def _block(unit: Unit, is_chinese: bool) -> str:
    runs = markup.inline(unit.markdown)
    if unit.kind == "paragraph":
        return f"| {unit.markdown} |" if " | " in unit.text else unit.markdown
    number, gap = _written(unit, _label(unit, is_chinese))
    is_bold = unit.emphasised if unit.heading else bool(runs) and runs[0].strong
    is_number_bold = is_bold or not (unit.heading or unit.kind == "item")
    words = markup.to_markdown([Run(number, is_number_bold), Run(gap, is_bold), *runs] if number else runs)
    return f"{'#' * min(unit.level + 1, 6)} {words}" if unit.heading else words


def _written(unit: Unit, label: str) -> tuple[str, str]:
    """The number with its punctuation as the canonical Markdown has it, and what parts it from the words."""
    if unit.kind == "annex" and label:
        return label, "：" if label[0] > "z" else ": "
    if not label or label.endswith("）"):
        return label or ("" if unit.markdown else unit.number), ""
    if label.endswith(")"):
        return label, " "
    if re.fullmatch(r"\d+|[A-Z]|[IVXLC]+", label):
        return f"{label}.", " "
    return (f"{label}、", "") if re.fullmatch(f"[{HAN}]+", label) else (label, " ")


def anchors(units: Iterable[Unit]) -> list[str]:
    """The id of each unit: its number without blanks, and where a text uses a number again, 2.3~2."""
    seen: Counter[str] = Counter()
    found = []
    for unit in units:
        anchor = re.sub(r"\s+", "-", unit.number)
        seen[anchor] += 1
        found.append(anchor if seen[anchor] == 1 else f"{anchor}~{seen[anchor]}")
    return found


def labels(outline: Outline) -> list[str]:
    """The number that each unit shows, '' for none."""
    is_chinese = _is_chinese(outline)
    return [_label(unit, is_chinese) for unit in outline.units]


def _is_chinese(outline: Outline) -> bool:
    return sum(1 for unit in outline.units if markup.WIDE.search(unit.words)) > len(outline.units) / 4


def _label(unit: Unit, is_chinese: bool) -> str:
    """The number to show; English has its brackets as (1)."""
    return unit.label if is_chinese else unit.label.replace("（", "(").replace("）", ")")


def _section(unit: Unit, anchor: str, label: str, reader: "_Reader") -> str:
    classes = f"unit unit-{unit.kind}" + (" is-emphasised" if unit.emphasised else "")
    name = escape(anchor)
    number = f'<a class="number" href="#{name}">{escape(label)}</a>' if label else ""
    if unit.heading:
        depth = min(unit.level + 1, 6)
        words = escape(unit.heading) if not unit.markdown else reader.words(unit, within_bold=True)
        body = f'<h{depth} class="words">{number}{" " if number else ""}{words}</h{depth}>'
    else:
        words = reader.words(unit, within_bold=unit.emphasised)
        body = f'{number}<div class="words">{f"<strong>{words}</strong>" if unit.emphasised else words}</div>'
    return f'<section class="{classes}" id="{name}" data-level="{unit.level}">{body}</section>'
