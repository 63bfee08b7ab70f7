"""Numbers as agreements write them: 第三条之一, 2.5.3, （四）, (a), 一、, ①, Article 5; their value and where the words begin."""

import re
import unicodedata
from string import ascii_lowercase
from typing import NamedTuple

from agreements.text.markup import Line


class Mark(NamedTuple):
    """A number at the start of a line. `style` tells its writing and, after a blank, its numeral system."""

    style: str
    value: tuple[int, ...]
    label: str
    end: int
    is_spaced: bool
    word: str = ""
    """What stands before a decimal number: Section 2.1."""


HAN = "〇零一二两三四五六七八九十百千"
LATIN_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
RANKS = {"编": 0, "部分": 0, "part": 0, "分编": 1, "章": 2, "chapter": 2, "节": 3, "目": 4}
"""Which of a statute's containers holds which."""
ARTICLE = "条"
DECIMAL = "decimal"
ARTICLE_NUMBER = re.compile(r"(?:^|·)(?:第.*条|(?:Article|Section|Clause|§) )")

_HAN_DIGITS = dict(zip("零一二三四五六七八九〇两", (*range(10), 0, 2), strict=True))
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_PLAIN = str.maketrans(
    "０１２３４５６７８９．）ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ",
    "0123456789.)ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)
_DECIMAL = (
    DECIMAL,
    re.compile(r"§?\s?((?:[A-ZＡ-Ｚ]|\d{1,3})(?:[.．]\d{1,3}){1,6})(?![\d.．]*[\d%])[.．、)）]?"),
)
_WORDED = re.compile(
    r"(?:(Article|Section|Clause)\s)(\d{1,3}(?:[.．]\d{1,3}){1,6})(?![\d.．]*[\d%])[.．:：]?", re.IGNORECASE
)
_HAN = ("han", re.compile(rf"([{HAN}]{{1,4}})\s?[、.．]"))
_ENGLISH = re.compile(
    r"(Article|Section|Clause|Chapter|Part)\s((?-i:[IVXLCＩＶＸＬＣ]{1,7}|[A-ZＡ-Ｚ])|\d{1,3})(?![\w.．]*\w)\s?[.．:：)）–—-]?",
    re.IGNORECASE,
)
_PATTERNS = {
    "第": [
        ("law", re.compile(rf"第\s?([{HAN}\d]{{1,9}})\s?(分编|编|部分|章|节|目|条)(?:之([{HAN}]{{1,3}}))?[:：、.．]?"))
    ],
    "§": [_DECIMAL, ("sign", re.compile(r"§\s?(\d{1,4}[a-z]?)(?![\w.．]*\w)[.．:：]?"))],
    "(": [
        (
            "paren",
            re.compile(
                rf"[(（]\s?(\d{{1,3}}|[{HAN}]{{1,4}}|[A-Za-zＡ-Ｚａ-ｚ]|[ivxlc]{{2,6}}|[IVXLC]{{2,6}})\s?[)）][、.．]?"
            ),
        )
    ],
    "1": [_DECIMAL, ("dot", re.compile(r"(\d{1,3})\s?([.．、)）])(?![\d.．])"))],
    "a": [
        _DECIMAL,
        ("english", _ENGLISH),
        ("worded", _WORDED),
        ("letter", re.compile(r"([A-Za-zＡ-Ｚ]|[IVXLCＩＶＸＬＣ]{2,6})([.．)）])(?=\s|$)")),
    ],
    "一": [_HAN],
}
"""The ways of writing a number, in the order in which they are tried, by the kind of its first character."""
_KINDS = (
    {"第": "第", "§": "§", "(": "(", "（": "("}
    | dict.fromkeys("0123456789０１２３４５６７８９", "1")
    | dict.fromkeys(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ", "a"
    )
    | dict.fromkeys(HAN, "一")
)
_ZERO_WIDTH = re.compile("[\u200b-\u200f\u2060\ufeff]")
_BARE = re.compile(r"(\d{1,3}|[A-ZＡ-Ｚ]|[IVXLCＩＶＸＬＣ]{2,6})(?=\s)")
_SIGN = re.compile(r"[①-⑳⑴-⒇⒈-⒛㈠-㈩]|[Ⅰ-Ⅻ](?=[\s.．、])[.．、]?")


def read_mark(line: Line) -> Mark | None:
    """The number that a line starts with, if it looks like one; whether it is one, its neighbours decide."""
    text = line.text
    kind = _KINDS.get(text[:1])
    if line.is_row:
        return None
    if not kind:
        return _sign(line, found) if (found := _SIGN.match(text)) else None
    head = text[:48]
    if _ZERO_WIDTH.search(head):
        return _read_without_zero_width(line)
    for style, pattern in _PATTERNS[kind]:
        if found := pattern.match(head):
            return _mark(line, style, found)
    if line.depth and (found := _BARE.match(head)):
        return _mark(line, "dot", found)
    return None


def _read_without_zero_width(line: Line) -> Mark | None:
    """The number of a line that has characters without width in or after it; it ends after them."""
    runs = [run._replace(text=_ZERO_WIDTH.sub("", run.text)) for run in line.runs]
    text = _ZERO_WIDTH.sub("", line.text)
    mark = read_mark(Line(line.start, line.within, text, line.brk, line.depth, runs=runs))
    if not mark:
        return None
    end = shown = 0
    while shown < mark.end or (end < len(line.text) and _ZERO_WIDTH.match(line.text[end])):
        shown += not _ZERO_WIDTH.match(line.text[end])
        end += 1
    return mark._replace(end=end)


def goes_on(mark: Mark, style: str, value: int) -> bool:
    """Whether a number is the next one of a list that is written otherwise, as 3、 after （2）."""
    return mark.value[0] == value + 1 and _system(mark.style) == _system(style)


def read_roman(mark: Mark) -> Mark:
    """The same single letter read as a Roman number, where it can be one."""
    if not mark.style.endswith("atin") or mark.label.lower() not in LATIN_ROMAN:
        return mark
    style = mark.style.removesuffix("latin").removesuffix("Latin")
    return mark._replace(style=style + _cased("roman", mark.label), value=(LATIN_ROMAN[mark.label.lower()],))


def canonical_label(mark: Mark) -> str:
    """What stands in the brackets of （n）, however the number was written."""
    return str(mark.value[0]) if mark.style.endswith("digit") else mark.label


def next_label(mark: Mark, value: int) -> str:
    """How a number up to ten is written in the numeral system of another one."""
    system = _system(mark.style)
    if system in ("latin", "Latin"):
        return chr(ord(mark.label) + value - mark.value[0])
    if system == "han":
        return "一二三四五六七八九十"[value - 1 : value] or str(value)
    return str(value)


def _system(style: str) -> str:
    return style.rpartition(" ")[2]


def _sign(line: Line, found: re.Match[str]) -> Mark:
    """A number in one character: circled, bracketed, dotted or Roman."""
    end = _skip(line.text, found.end())
    code = ord(found[0][0])
    if "Ⅰ" <= found[0] < "ⅰ":
        label = unicodedata.normalize("NFKC", found[0][0])
        return Mark("letter. Roman", (code - 0x215F,), label, end, True)
    if found[0] >= "㈠":
        return Mark("circled han", (code - 0x321F,), "一二三四五六七八九十"[code - 0x3220], end, True)
    value = code - (0x245F if found[0] < "⑴" else 0x2473 if found[0] < "⒈" else 0x2487)
    return Mark("dot. digit" if found[0] >= "⒈" else "circled digit", (value,), str(value), end, True)


def _mark(line: Line, style: str, found: re.Match[str]) -> Mark:
    label = found[1] if found[1].isascii() else found[1].translate(_PLAIN)
    after = found.end()
    end = _skip(line.text, after)
    is_spaced = end > after or after == len(line.text) or _has_edge(line, after)
    if style == DECIMAL:
        first, *rest = label.split(".")
        return Mark(style, (_value(first)[1], *map(int, rest)), label, end, is_spaced)
    if style == "paren":
        system, number = _value(label)
        return Mark(f"paren {system}", (number,), label, end, True)
    if style == "law":
        value = (han_value(label), han_value(found[3]) if found[3] else 0)
        label = f"第{label}{found[2]}" + (f"之{found[3]}" if found[3] else "")
        return Mark(found[2], value, label, end, is_spaced or found[0][-1] in ":：、.．")
    if style == "sign":
        return Mark(ARTICLE, (int(label.rstrip(ascii_lowercase)), 0), f"§ {label}", end, is_spaced)
    if style == "worded":
        path = found[2].translate(_PLAIN)
        return Mark(DECIMAL, tuple(map(int, path.split("."))), path, end, is_spaced, f"{label.capitalize()} ")
    if style == "english":
        rank = label.lower()
        step = found[2].translate(_PLAIN)
        label = f"{label.capitalize()} {step}"
        is_spaced = is_spaced or not found[0][-1].isalnum()
        return Mark(rank if rank in RANKS else ARTICLE, (_english(step), 0), label, end, is_spaced)
    system, number = _value(label)
    suffix = found[2].translate(_PLAIN) if style in ("dot", "letter") and found.re is not _BARE else ""
    is_spaced = is_spaced or style == "han" or suffix in ("、", ")")
    return Mark(f"{style}{suffix} {system}", (number,), label, end, is_spaced)


def _has_edge(line: Line, position: int) -> bool:
    """Whether bold begins or ends right there."""
    for run in line.runs:
        position -= len(run.text)
        if position <= 0:
            return position == 0
    return False


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\u3000\xa0":
        position += 1
    return position


def _value(label: str) -> tuple[str, int]:
    """The numeral system of a label and its value; of one letter that is also a Roman digit, the letter's."""
    if label.isdecimal():
        return "digit", int(label)
    if label[0] in HAN:
        return "han", han_value(label)
    if len(label) == 1:
        return _cased("latin", label), ord(label.lower()) - 96
    values = [LATIN_ROMAN.get(char, 0) for char in label.lower()]
    return _cased("roman", label), sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _cased(system: str, label: str) -> str:
    """Capitals number another level than small letters."""
    return system.title() if label.isupper() else system


def _english(label: str) -> int:
    """The value of 4, IV or D; an I is the Roman one."""
    return LATIN_ROMAN.get(label.lower(), 0) or _value(label)[1]


def han_value(digits: str) -> int:
    """The value of 一百二十三, 二〇 or 123."""
    if digits.isdecimal():
        return int(digits)
    total = current = 0
    for char in digits:
        if char in _HAN_UNITS:
            total += (current or 1) * _HAN_UNITS[char]
            current = 0
        else:
            current = current * 10 + (int(char) if char.isdecimal() else _HAN_DIGITS[char])
    return total + current
