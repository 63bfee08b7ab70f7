"""find_agreement(): the agreement within the dump of a web page, between its navigation and its footer."""

import re

from agreements.text import markup
from agreements.text.front import CONTENTS, PREAMBLE
from agreements.text.markup import Line
from agreements.text.numbering import DECIMAL, read_mark

NAVIGATION = 10
"""So many lines that are nothing but links, before any clause, make a page."""
SIGNS = 3
"""And so many lines of a form or a footer, after all clauses."""
NAMED = re.compile(
    r"协议|条款|规则|政策|声明|公约|合同|章程|须知|agreement|terms|policy|rules|conditions", re.IGNORECASE
)
FOOTER = re.compile(
    r"(?:以上|本页|该)?(?:信息|内容|文档|页面).{0,6}(?:是否|有没有).{0,12}[？?]|(?:是否|有没有).{0,8}(?:帮助|解决).{0,12}[？?]"
    r"|版权所有|copyright|©|all rights reserved|^\W*(?:取自|retrieved from)|ICP\s?[备证]|is this (?:page|article|information) helpful"
    r"|^\W*(?:是\s*否|返回顶部|back to top|上一[篇页]|下一[篇页]|联系我们|contact us|用户反馈"
    r"|分享到|扫码|关注我们|相关(?:文档|推荐|文章))\W*$",
    re.IGNORECASE,
)
SIGNATURE = re.compile(
    r".{2,30}(?:公司|集团|委员会|管理局|中心|\b(?:inc|ltd|llc|limited|corp|corporation|gmbh)\.?)", re.IGNORECASE
)
DATE = re.compile(r"\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?")


def is_page(text: str) -> bool:
    """Whether a text begins with a page's navigation or ends with its footer."""
    lines = markup.lines(text)
    numbered = [index for index, line in enumerate(lines) if _is_numbered(line)] or [len(lines)]
    links = sum(1 for line in lines[: numbered[0]] if _is_link(line))
    signs = sum(1 for line in lines[numbered[-1] + 1 :] if _is_footer(line))
    return links >= NAVIGATION or signs >= SIGNS


def find_agreement(text: str) -> str:
    """The part of a page from the agreement's title to its signature."""
    lines = markup.lines(text)
    stretch = max(_stretches(lines), key=lambda span: sum(_is_numbered(line) for line in lines[slice(*span)]))
    first, end = stretch
    numbered = [index for index in range(first, end) if _is_numbered(lines[index])]
    if not numbered:
        return text
    start = _title(lines, first, numbered[0])
    last = _end(lines, numbered[-1] + 1, end)
    return text[lines[start].start : lines[last].start if last < len(lines) else len(text)]


def _is_link(line: Line) -> bool:
    """Whether a line is nothing but links to other pages."""
    linked = sum(len(run.text.strip()) for run in line.runs if run.href and not run.href.startswith("#"))
    return linked > 0 and linked >= 0.8 * len(re.sub(r"[\s|·>»/\[\]]", "", line.text))


def _is_footer(line: Line) -> bool:
    is_form = any(markup.SCRIPT.match(run.href) for run in line.runs)
    return is_form or (len(line.text) <= 80 and FOOTER.search(line.text) is not None)


def _is_numbered(line: Line) -> bool:
    mark = None if line.is_bullet or _is_link(line) else read_mark(line)
    return mark is not None and (
        bool(line.depth) or mark.style == DECIMAL or mark.style in "条章" or mark.style[:3] in ("han", "dot")
    )


def _stretches(lines: list[Line]) -> list[tuple[int, int]]:
    """The spans between navigation, that is, between three or more lines of links in a row.

    Where the numbers go on after the links, these are part of the agreement.
    """
    found: list[tuple[int, int]] = []
    start = links = 0
    for index, line in enumerate(lines):
        links = links + 1 if _is_link(line) else 0
        if links == 3:
            found.append((start, index - 2))
        if links >= 3:
            start = index + 1
    joined: list[tuple[int, int]] = []
    last = 0
    for first, end in [*found, (start, len(lines))]:
        values = [mark.value[0] for line in lines[first:end] if _is_numbered(line) and (mark := read_mark(line))]
        if joined and last and values and values[0] in (last, last + 1):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
        last = values[-1] if values else 0
    return joined


def _title(lines: list[Line], first: int, numbered: int) -> int:
    """Where the agreement begins: the heading above its first clause, over a table of contents made of links if need be."""
    above = [i for i in range(first, numbered + 1) if _is_name(lines[i]) and lines[i].depth]
    if not above:
        above = [i for i in range(max(0, first - 200), first) if _is_name(lines[i]) and lines[i].depth][-1:]
    named = [i for i in above if NAMED.search(lines[i].text)]
    return (named or above or [first])[0]


def _is_name(line: Line) -> bool:
    return not (_is_link(line) or read_mark(line) or PREAMBLE.fullmatch(line.text) or CONTENTS.fullmatch(line.text))


def _end(lines: list[Line], start: int, end: int) -> int:
    """Where the agreement ends: after its signature, or before a form, a footer and the rows of links above it."""
    for index in range(start, end):
        line = lines[index]
        if _is_footer(line):
            end = index
            break
        if line.brk != "soft" and SIGNATURE.fullmatch(line.text):
            return index + 2 if index + 1 < end and DATE.fullmatch(lines[index + 1].text) else index + 1
    while end > start and _is_link(lines[end - 1]) and "》" not in lines[end - 1].text:
        end -= 1
    return end
