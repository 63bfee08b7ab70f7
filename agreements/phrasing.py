"""The words of a comparison in the language of the page: what a kind is called, and the facts of a row as one sentence."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import get_language, gettext_lazy, ngettext_lazy
from django.utils.translation import gettext as _

from agreements.models import Language
from agreements.text import markup
from agreements.text.clauses import Outline, Unit
from agreements.text.summarising import Fact

KIND_NAMES = {
    "edited": gettext_lazy("修改"),
    "inserted": gettext_lazy("新增"),
    "deleted": gettext_lazy("删除"),
    "moved": gettext_lazy("移动"),
    "moved+edited": gettext_lazy("移动并修改"),
    "split": gettext_lazy("拆分"),
    "merged": gettext_lazy("合并"),
    "link_only": gettext_lazy("只改链接"),
    "emphasis_only": gettext_lazy("只改重点标记"),
    "reference_only": gettext_lazy("只改条款引用"),
    "format_only": gettext_lazy("只改排版"),
    "carried": gettext_lazy("随上级移动"),
    "renumbered": gettext_lazy("只改编号"),
    "unchanged": gettext_lazy("未改"),
}
# What the texts say stands between these two while a sentence is put together; no text may hold control characters.
_OPEN, _CLOSE = "\x02", "\x03"
_BRACKETS = str.maketrans({"（": "(", "）": ")"})


class Part(NamedTuple):
    """A stretch of a sentence: our words, or words that are quoted from a text and have its language."""

    words: str
    is_quoted: bool


def number_of(unit: Unit | None) -> str:
    """The number of a unit as the page shows it: its whole path, and a name where the path has none."""
    if unit is None:
        return ""
    head, mark, paragraph = unit.number.partition("¶")
    if head == "0":
        head = _("导言")
    elif unit.written and not paragraph:
        head = unit.written
    elif head.startswith("附件"):
        head = (_("附件%(name)s") % {"name": head[2:]}).strip()
    number = f"{head}{mark}{paragraph}"
    return number.translate(_BRACKETS) if get_language() == "en" else number


def language_of(outline: Outline) -> Language:
    """Return the language that most of a text is in, where nobody has said it."""
    chinese = sum(bool(markup.WIDE.search(unit.words)) for unit in outline.units)
    return Language.CHINESE if 2 * chinese >= len(outline.units) else Language.ENGLISH


def sentence(facts: Iterable[Fact]) -> tuple[Part, ...]:
    """The facts of one row as one sentence, without its number; what is quoted is told apart from our own words."""
    joined = _("；").join(_phrase(fact) for fact in facts)
    found = re.split(f"([{_OPEN}][^{_CLOSE}]*[{_CLOSE}])", joined)
    return tuple(Part(words.strip(_OPEN + _CLOSE), words.startswith(_OPEN)) for words in found if words)


def plain(parts: Iterable[Part]) -> str:
    return "".join(part.words for part in parts)


def _phrase(fact: Fact) -> str:
    return str(
        _FACTS[fact.what]
        % {
            "old": _quote(fact.old),
            "new": _quote(fact.new),
            "count": fact.count,
            "number": _place(*fact.units[:1]),
            "numbers": _place(*fact.units),
        }
    )


def _quote(words: str) -> str:
    return f"{_OPEN}{words}{_CLOSE}"


def _place(*units: Unit) -> str:
    """Numbers within a sentence; a chapter that has a mere figure is called one."""
    numbers = [number_of(unit) for unit in units]
    named = [
        _("第 %(number)s 章") % {"number": number} if unit.kind == "chapter" and number.isdecimal() else _quote(number)
        for unit, number in zip(units, numbers, strict=True)
    ]
    joined = _("、").join(named)
    is_spaced = units and get_language() != "en" and joined.strip(_OPEN)[:1].isascii()
    return f" {joined}" if is_spaced else joined


_FACTS = {
    "replaced": gettext_lazy("“%(old)s”改为“%(new)s”"),
    "added": gettext_lazy("新增“%(new)s”"),
    "added_within": gettext_lazy("新增“%(new)s”，成为“%(old)s”"),
    "removed": gettext_lazy("删去“%(old)s”"),
    "removed_within": gettext_lazy("删去“%(old)s”，原为“%(new)s”"),
    "sentence_added": gettext_lazy("新增一句"),
    "sentence_removed": gettext_lazy("删去一句"),
    "short_sentence_added": gettext_lazy("新增一句“%(new)s”"),
    "short_sentence_removed": gettext_lazy("删去一句“%(new)s”"),
    "sentences_added": ngettext_lazy("新增 %(count)s 句", "新增 %(count)s 句", "count"),
    "sentences_removed": ngettext_lazy("删去 %(count)s 句", "删去 %(count)s 句", "count"),
    "more": ngettext_lazy("另有 %(count)s 处改动", "另有 %(count)s 处改动", "count"),
    "rewritten": gettext_lazy("大部分改写"),
    "bolded": gettext_lazy("“%(new)s”改为粗体"),
    "unbolded": gettext_lazy("“%(new)s”不再是粗体"),
    "slanted": gettext_lazy("“%(new)s”改为斜体"),
    "unslanted": gettext_lazy("“%(new)s”不再是斜体"),
    "all_bolded": gettext_lazy("整条改为粗体"),
    "all_unbolded": gettext_lazy("整条不再是粗体"),
    "reference": gettext_lazy("引用随条款改号：“%(old)s”改为“%(new)s”"),
    "format": gettext_lazy("空格、标点或版式有变，文字未改"),
    "link": gettext_lazy("链接有变，文字未改"),
    "link_replaced": gettext_lazy("链接“%(old)s”改为“%(new)s”"),
    "link_added": gettext_lazy("新增链接“%(new)s”"),
    "link_removed": gettext_lazy("删去链接“%(old)s”"),
    "inserted": "%(new)s",
    "deleted": "%(old)s",
    "moved": gettext_lazy("移自%(number)s"),
    "moved_with": ngettext_lazy(
        "移自%(number)s，连同其下 %(count)s 段", "移自%(number)s，连同其下 %(count)s 段", "count"
    ),
    "renumbered": gettext_lazy("原编号%(number)s"),
    "split": gettext_lazy("拆出%(numbers)s"),
    "split_from": gettext_lazy("拆自%(number)s"),
    "merged": gettext_lazy("并入了原%(numbers)s"),
    "merged_into": gettext_lazy("并入%(number)s"),
}
"""How each of the facts that `summarise()` finds is said."""
