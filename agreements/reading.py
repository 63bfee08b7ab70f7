"""read_source(): a page dump, Markdown, HTML or .docx file → the canonical Markdown of the agreement in it."""

import codecs
import io
import re
import zipfile
from dataclasses import dataclass

import mammoth
from bs4 import BeautifulSoup, Comment, Tag
from bs4.exceptions import ParserRejectedMarkup
from django.utils.translation import gettext as _
from markdownify import MarkdownConverter

from agreements.errors import NotAnAgreement
from agreements.text.canonical import ForbiddenCharacter, canonical
from agreements.text.clauses import Outline, parse
from agreements.text.page import find_agreement, is_page
from agreements.text.rendering import markdown

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 50 * 1024 * 1024
MAX_PARTS = 2000
MAX_UNCLOSED = 1000
MAX_DEPTH = 200
MIN_CLAUSES = 2
DOCX_BODY = "word/document.xml"
DROPPED = re.compile(
    "script|style|noscript|template|nav|header|footer|aside|form|button|input|select|textarea|iframe|object|embed|svg|canvas|audio|video|img"
)
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
TRACKED = re.compile(rb"<w:(?:ins|del|moveFrom|moveTo)[ />]")
AUTOMATIC = re.compile(rb"<w:numPr[ />]")
RAISED = re.compile(r"<(?P<place>su[pb])\b[^<>]*>\s*(?P<figures>[\d+\u2212-]{1,8})\s*</su[pb]>", re.IGNORECASE)
SIGNS = {
    "sup": str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻"),
    "sub": str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """What was read: the title, the canonical Markdown, and what the importer should check by hand."""

    title: str
    markdown: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The text of a file, before anything is made of it, and the title of the page that it was."""

    text: str
    page_title: str
    warnings: tuple[str, ...]


def read_source(data: bytes, *, name: str) -> Source:
    """Read a file of at most 5 MB by what is in it; its name is only a hint.

    Raises NotAnAgreement with the reason in the active language.
    """
    return settle(unpack(data, name=name))


def unpack(data: bytes, *, name: str) -> Unpacked:
    """Return the text of a file as read_source() begins with it."""
    if not data.strip():
        raise NotAnAgreement(_("文件是空的。"))
    if len(data) > MAX_BYTES:
        raise NotAnAgreement(_("文件大于 %(limit)s MB。") % {"limit": MAX_BYTES // 1024**2})
    warnings: list[str] = []
    page_title = ""
    if data.startswith(b"PK\x03\x04"):
        text, _title = _from_html(_from_docx(data, warnings))
    else:
        text = _decoded(data)
        if _is_html(text, name):
            text, page_title = _from_html(text)
            text = find_agreement(text)
        elif is_page(text):
            text = find_agreement(text)
    return Unpacked(_with_raised_signs(text), page_title, tuple(warnings))


def _with_raised_signs(text: str) -> str:
    """The text with its raised and lowered figures as signs of their own: 10<sup>2</sup> is 10² and not 102."""
    return RAISED.sub(lambda found: found["figures"].translate(SIGNS[found["place"].lower()]), text)


def settle(unpacked: Unpacked, *, needs_clauses: bool = True) -> Source:
    """Return the canonical text as read_source() ends with it; what is only compared may do without numbers."""
    outline = _settled(unpacked.text, unpacked.page_title)
    warnings = list(unpacked.warnings)
    if not outline.units and not needs_clauses:
        raise NotAnAgreement(_("没有找到正文。"))
    if sum(unit.kind in ("chapter", "clause") and bool(unit.label) for unit in outline.units) < MIN_CLAUSES:
        if needs_clauses:
            raise NotAnAgreement(" ".join([_("没有找到带编号的条款。"), *warnings]))
        warnings.append(_("没有找到带编号的条款。"))
    if not outline.title:
        warnings.append(_("没有找到标题。"))
    return Source(title=outline.title, markdown=_canonical(markdown(outline)), warnings=tuple(warnings))


def _settled(text: str, page_title: str) -> Outline:
    """The outline whose Markdown reads back as itself; an odd text may need a second look."""
    outline = parse(_canonical(text))
    if page_title and not outline.title:
        outline = parse(_canonical(f"# {page_title}\n\n{text}"))
    for _round in range(3):
        again = parse(_canonical(markdown(outline)))
        if again.as_json() == outline.as_json():
            break
        outline = again
    return outline


def _canonical(text: str) -> str:
    return canonical_or_refusal(re.sub("[\v\f\x1c-\x1f\x85\u2028\u2029]", "\n", text))


def canonical_or_refusal(text: str) -> str:
    """Return the canonical form of a text that somebody typed or sent. Raises NotAnAgreement, which names the character."""
    try:
        return canonical(text)
    except ForbiddenCharacter as error:
        reason = _("第 %(position)s 个字符（%(name)s）不允许出现在文本中。")
        raise NotAnAgreement(reason % {"position": error.position + 1, "name": error.name}) from None


def _decoded(data: bytes) -> str:
    """The file as text, or a refusal that names what it is instead."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise NotAnAgreement(_("这是加密的或旧格式的 Word 文件。请去除密码，另存为 .docx。"))
    if data.startswith(b"%PDF-"):
        raise NotAnAgreement(_("不支持 PDF 文件。请提供 Markdown、HTML 或 .docx。"))
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotAnAgreement(_("文件的编码是 UTF-16。请另存为 UTF-8。"))
    if b"\0" in data:
        raise NotAnAgreement(_("这是二进制文件，不是文本。"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        raise NotAnAgreement(_("这是二进制文件，或者文件的编码不是 UTF-8。")) from None
    if len(re.findall("[\u4e00-\u9fff，。；：、]", text)) > 0.3 * len(text):
        raise NotAnAgreement(_("文件的编码不是 UTF-8，看起来是 GB18030（GBK）。请另存为 UTF-8。"))
    raise NotAnAgreement(_("这是二进制文件，或者文件的编码不是 UTF-8。"))


def _is_html(text: str, name: str) -> bool:
    if re.match(
        r"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)\b",
        text[:4096],
        re.IGNORECASE | re.DOTALL,
    ):
        return True
    return name.lower().endswith((".html", ".htm", ".xhtml")) and "</" in text


def _from_docx(data: bytes, warnings: list[str]) -> str:
    """The HTML of a Word file; what Word adds by itself while showing it is reported, not guessed."""
    broken = NotAnAgreement(_("无法读取 .docx 文件：文件已损坏，或者不是 Word 文档。"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise NotAnAgreement(_("文件解压后过大。"))
            if any(part.flag_bits & 1 for part in parts):
                raise NotAnAgreement(_("文件已加密。请去除密码。"))
            if any(b"<!ENTITY" in archive.read(part) for part in parts if part.filename.endswith((".xml", ".rels"))):
                raise broken
            body = archive.read(DOCX_BODY)
        html = mammoth.convert_to_html(io.BytesIO(data), style_map="p[style-name='Title'] => h1:fresh").value
    except NotAnAgreement:
        raise
    except Exception:
        # The readers of ZIP, XML and Word fail in many ways on a hostile file; all of them mean the same here.
        raise broken from None
    if TRACKED.search(body):
        warnings.append(_("Word 文件中有修订：插入的文字按已接受读取，删除的文字已略去。"))
    if numbered := len(AUTOMATIC.findall(body)):
        warnings.append(
            _("Word 文件中有 %(count)s 段使用自动编号：Word 不保存这些编号，请逐条核对。") % {"count": numbered}
        )
    return html


def _from_html(html: str) -> tuple[str, str]:
    """The Markdown of what a reader of the page sees, and the page's title without the site's name."""
    # The parser takes a time that grows with the square of the tags that nobody closed.
    if html.count("<") - html.count(">") > MAX_UNCLOSED:
        raise NotAnAgreement(_("网页有误，无法读取。"))
    try:
        soup = BeautifulSoup(html, "html.parser")
        if _depth(soup) > MAX_DEPTH:
            raise RecursionError
        body = soup.find("main") or soup.find(attrs={"role": "main"}) or soup.find("body") or soup
        _clean(body)
        text = MarkdownConverter(heading_style="ATX", bullets="*", sup_symbol="<sup>", sub_symbol="<sub>").convert_soup(
            body
        )
    except RecursionError:
        raise NotAnAgreement(_("网页的嵌套层次过深。")) from None
    except ParserRejectedMarkup:
        raise NotAnAgreement(_("网页有误，无法读取。")) from None
    title = soup.title.get_text() if soup.title else ""
    return text, re.split(r"\s[-–—|_·]\s|[_|]", " ".join(title.split()))[0].strip()


def _depth(soup: Tag) -> int:
    """How deep the tags are nested."""
    deepest = 0
    waiting = [(soup, 0)]
    while waiting:
        tag, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in tag.children if isinstance(child, Tag))
    return deepest


def _clean(body: Tag) -> None:
    """Drop what is not text, keep what looks bold, and write list numbers out as a browser would."""
    for comment in body.find_all(string=lambda string: isinstance(string, Comment)):
        comment.extract()
    for tag in body.find_all(lambda tag: DROPPED.fullmatch(tag.name) and not _holds_title(tag)):
        tag.decompose()
    for tag in [tag for tag in body.find_all(style=True) if not tag.decomposed]:
        if HIDDEN.search(tag["style"]):
            tag.decompose()
        elif BOLD.search(tag["style"]) and tag.name in ("span", "font", "p", "div", "li", "td"):
            strong = BeautifulSoup("", "html.parser").new_tag("strong")
            strong.extend(list(tag.contents))
            tag.append(strong)
    for tag in body.find_all(hidden=True):
        tag.decompose()
    for ordered in body.find_all("ol"):
        depth = len(ordered.find_parents("ol"))
        first = str(ordered.get("start", "1"))[:9]
        for number, item in enumerate(ordered.find_all("li", recursive=False), int(first) if first.isdecimal() else 1):
            item.insert(0, f"{_list_number(ordered.get('type', '1'), number)}{')' if depth else '.'} ")
            item.name = "div"
        ordered.name = "div"


def _holds_title(tag: Tag) -> bool:
    return tag.name == "header" and tag.find("h1") is not None and tag.find_parent(["main", "article"]) is not None


def _list_number(style: str, number: int) -> str:
    if style in ("a", "A") and number <= 26:
        return chr(ord(style) + number - 1)
    return str(number)
