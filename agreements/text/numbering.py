"""Numbers as agreements write them: 第三条之一, 2.5.3, （四）, (a), 一、, ①, Article 5; their value and where the words begin."""

import re
from typing import NamedTuple

from agreements.text.markup import Line


class Mark(NamedTuple):
    """A number at the start of a line. `style` tells its writing and, after a blank, its numeral system."""

    style: str
    value: tuple[int, ...]
    label: str
    end: int
    is_spaced: bool


HAN = "〇零一二两三四五六七八九十百千"
LATIN_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
RANKS = {"编": 0, "部分": 0, "part": 0, "分编": 1, "章": 2, "chapter": 2, "节": 3, "目": 4}
"""Which of a statute's containers holds which."""
ARTICLE = "条"
DECIMAL = "decimal"

_PLAIN = str.maketrans(
    "０１２３４５６７８９．（）：　ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ",
    "0123456789.(): ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
_PATTERNS = (
    ("law", re.compile(rf"第\s?([{HAN}\d]{{1,9}})\s?(分编|编|部分|章|节|目|条)(?:之([{HAN}]{{1,3}}))?[:、.]?")),
    (DECIMAL, re.compile(r"§?\s?((?:[A-Z]|\d{1,3})(?:\.\d{1,3}){1,6})(?![\d.]*[\d%])[.、]?")),
    ("paren", re.compile(rf"\(\s?(\d{{1,3}}|[{HAN}]{{1,4}}|[A-Za-z]|[ivxlc]{{2,6}})\s?\)[、.]?")),
    ("dot", re.compile(r"(\d{1,3})\s?([.、)])(?![\d.])")),
    ("han", re.compile(rf"([{HAN}]{{1,4}})\s?[、.]")),
    (
        "english",
        re.compile(
            r"(Article|Section|Clause|Chapter|Part)\s((?-i:[IVXLC]{1,7}|[A-Z])|\d{1,3})(?![\w.]*\w)\s?[.:)–—-]?",
            re.IGNORECASE,
        ),
    ),
    ("letter", re.compile(r"([A-Za-z]|[IVXLC]{2,6})([.)])(?=\s|$)")),
)
_BARE = re.compile(r"(\d{1,3}|[A-Z]|[IVXLC]{2,6})(?=\s)")
_CIRCLED = re.compile("[①-⑳⑴-⒇㈠-㈩]")


def read_mark(line: Line) -> Mark | None:
    """The number that a line starts with, if it looks like one; whether it is one, its neighbours decide."""
    if line.is_row or not line.text:
        return None
    head = line.text[:48].translate(_PLAIN)
    if circled := _CIRCLED.match(head):
        return _circled(line, ord(circled[0]))
    for style, pattern in _PATTERNS:
        if found := pattern.match(head):
            return _mark(line, style, found)
    if line.depth and (found := _BARE.match(head)):
        return _mark(line, "dot", found)
    return None


def goes_on(mark: Mark, style: str, value: int) -> bool:
    """Whether a number is the next one of a list that is written otherwise, as 3、 after （2）."""
    return mark.value[0] == value + 1 and _system(mark.style) == _system(style)


def read_roman(mark: Mark) -> Mark:
    """The same single letter read as a Roman number, where it can be one."""
    letter = mark.label.lower()
    if _system(mark.style) != "latin" or letter not in LATIN_ROMAN:
        return mark
    return mark._replace(style=mark.style.removesuffix("latin") + "roman", value=(LATIN_ROMAN[letter],))


def canonical_label(mark: Mark) -> str:
    """What stands in the brackets of （n）, however the number was written."""
    return str(mark.value[0]) if _system(mark.style) == "digit" else mark.label


def _system(style: str) -> str:
    return style.rpartition(" ")[2]


def _circled(line: Line, code: int) -> Mark:
    base, system = (0x245F, "digit") if code < 0x2474 else (0x2473, "digit") if code < 0x3220 else (0x321F, "han")
    value = code - base
    label = str(value) if system == "digit" else "一二三四五六七八九十"[value - 1]
    return Mark(f"circled {system}", (value,), label, _skip(line.text, 1), True)


def _mark(line: Line, style: str, found: re.Match[str]) -> Mark:
    end = _skip(line.text, found.end())
    is_spaced = end > found.end() or found.end() == len(line.text) or _has_edge(line, found.end())
    if style == "law":
        value = (_han(found[1]), _han(found[3]) if found[3] else 0)
        label = f"第{found[1]}{found[2]}" + (f"之{found[3]}" if found[3] else "")
        return Mark(found[2], value, label, end, is_spaced or found[0][-1] in ":、.")
    if style == "english":
        rank = found[1].lower()
        label = f"{found[1].capitalize()} {found[2]}"
        return Mark(rank if rank in RANKS else ARTICLE, (_value(found[2])[1], 0), label, end, is_spaced)
    if style == DECIMAL:
        return Mark(style, tuple(_value(part)[1] for part in found[1].split(".")), found[1], end, is_spaced)
    system, number = _value(found[1])
    suffix = found[2] if style in ("dot", "letter") and found.re is not _BARE else ""
    is_spaced = is_spaced or style in ("paren", "han") or suffix in ("、", ")")
    return Mark(f"{style}{suffix} {system}", (number,), found[1], end, is_spaced)


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
        return "han", _han(label)
    if len(label) == 1:
        return "latin", ord(label.lower()) - 96
    values = [LATIN_ROMAN.get(char, 0) for char in label.lower()]
    return "roman", sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _han(digits: str) -> int:
    """The value of 一百二十三, 二〇 or 123."""
    if digits.isdecimal():
        return int(digits)
    total = current = 0
    for char in digits:
        if char in "十百千":
            total += (current or 1) * {"十": 10, "百": 100, "千": 1000}[char]
            current = 0
        elif char.isdecimal():
            current = current * 10 + int(char)
        else:
            current = current * 10 + "零一二三四五六七八九".find({"〇": "零", "两": "二"}.get(char, char))
    return total + current
