"""References: which clauses a text refers to, and whether a reference follows its clause to a new number."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from agreements.text.aligning import Side
from agreements.text.clauses import Unit
from agreements.text.numbering import HAN, han_value

FAR = 40
"""By so many signs a text may grow because its references do."""

_NUMBER = rf"(?:\d{{1,3}}|[{HAN}]{{1,9}})"
_REFERENCE = re.compile(
    "(?=[第A-Z0-9])"  # A quick look that spares long ones.
    rf"(?:第(?P<article>\d+(?:\.\d+)*|[{HAN}]+)(?P<rank>[条章节编目点])(?P<sub>之[{HAN}]+)?"
    rf"(?:第(?P<paragraph>{_NUMBER})款)?(?:第\(?(?P<item>{_NUMBER})\)?项)?"
    rf"|第(?P<own_paragraph>{_NUMBER})款(?:第\(?(?P<paragraph_item>{_NUMBER})\)?项)?"
    rf"|第\(?(?P<own_item>{_NUMBER})\)?项"
    r"|(?P<name>Section|Article|Clause|Chapter|Part|Annex|Schedule) (?P<named>\d+(?:\.\d+)*|[A-Z]|[IVXLC]+)\b"
    r"(?:\((?P<named_item>[a-z]|\d{1,2})\))?"
    r"|(?<![\d.¥$€£])(?P<bare>\d+(?:\.\d+)+)(?![\d.]|[%‰元万亿倍折])(?:\((?P<bare_item>[a-z]|\d{1,2})\))?"
    r"|(?<![\w.])(?P<letter>[A-Z]\.\d+(?:\.\d+)*))"
)
_AND = re.compile(r"[、,]?(?:和|或者?|以?及|与|至)?|,? (?:and |or |to )?")
_OTHER_TEXT = re.compile(r"(?:》|(?<![本办])法|(?<!本)(?:办法|条例|细则|规定|协议|规则|章程|公约|合同))$")
"""What names another document right before a reference."""
_OF_OTHER_TEXT = re.compile(r" of (?!this\b|these\b)")
_INSIDE = re.compile(r"[¶（].*")
"""What follows the clause in the number of a paragraph or an item."""


class Reference(NamedTuple):
    """A clause by the numbers that it may have, none if it stands in another document, and a paragraph or item of it."""

    words: str
    names: tuple[str, ...]
    paragraph: str
    item: str
    is_whole: bool
    """Whether it says itself which clause it means, not the reference before it in an enumeration."""


class Renumbering:
    """Where the clauses of one text stand in the other one."""

    def __init__(self, partners: dict[int, int], old: Side, new: Side) -> None:
        self.partners = partners
        self.old, self.new = old, new

    @cached_property
    def _clauses(self) -> tuple["Clauses", "Clauses"]:
        return Clauses(self.old.units), Clauses(self.new.units)

    def explains(self, i: int, j: int) -> bool:
        """Whether a pair differs only in references, each of which follows its clause to its new number."""
        one, other = self.old.keys[i], self.new.keys[j]
        if abs(len(one) - len(other)) > FAR or masked(one) != masked(other):
            return False
        is_same = True
        for before, after in zip(references(one, self.old.units[i]), references(other, self.new.units[j]), strict=True):
            is_same = before.words == after.words and (is_same or before.is_whole)
            if not is_same and not self._follows(before, after):
                return False
        return True

    def _follows(self, before: Reference, after: Reference) -> bool:
        old, new = self._clauses
        i, j = old.find(before), new.find(after)
        return i is not None and j is not None and self.partners.get(i) == j


def masked(wording: str) -> str:
    """A wording without what its references refer to."""
    return _REFERENCE.sub("§", wording)


def references(wording: str, unit: Unit) -> list[Reference]:
    """The references in a unit's wording, in their order."""
    found: list[Reference] = []
    end = 0
    for match in _REFERENCE.finditer(wording):
        is_next = bool(found) and _AND.fullmatch(wording, end, match.start()) is not None
        before = found[-1] if is_next else None
        end = match.end()
        names, paragraph, item = _names(match), *_steps(match)
        is_whole = bool(names) or before is None
        is_other = _OTHER_TEXT.search(wording[: match.start()][-4:]) or _OF_OTHER_TEXT.match(wording, end)
        if is_other or (before and not before.names):
            names = ()
        elif not names:
            names = before.names if before else (_INSIDE.sub("", unit.number),)
            paragraph = paragraph or (before.paragraph if before and item else "")
        found.append(Reference(match[0], names, paragraph, item, is_whole))
    return found


def _names(match: re.Match[str]) -> tuple[str, ...]:
    """The numbers that the unit referred to may have; none if only a paragraph or item is given."""
    if article := match["article"]:
        return f"第{article}{match['rank']}{match['sub'] or ''}", article
    if named := match["named"]:
        return f"{match['name']} {named}", named, f"附件{named}"
    number = match["bare"] or match["letter"]
    return (number,) if number else ()


def _steps(match: re.Match[str]) -> tuple[str, str]:
    """The numbers of the paragraph and of the item."""
    paragraph = match["paragraph"] or match["own_paragraph"] or ""
    item = match["item"] or match["paragraph_item"] or match["own_item"] or match["named_item"] or match["bare_item"]
    return paragraph, item or ""


class Clauses:
    """The units of one text by their numbers."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units = units
        self.places = {unit.number: index for index, unit in reversed([*enumerate(units)])}

    def find(self, reference: Reference) -> int | None:
        """The unit that a reference means."""
        name = next((name for name in reference.names if name in self.places), None)
        if name is None:
            return None
        place: int | None = self.places[name]
        step = ""
        paragraphs, items = self._parts(name)
        if reference.paragraph:
            number = int(_counted(reference.paragraph))
            if not 0 < number <= len(paragraphs):
                return None
            step, place = paragraphs[number - 1]
        if reference.item:
            label = _counted(reference.item)
            place = items.get((step, label), items.get(("", label)))
        return place

    def _parts(self, name: str) -> tuple[list[tuple[str, int]], dict[tuple[str, str], int]]:
        """The paragraphs of a clause by the last step of their numbers; its items by what holds them and their own."""
        paragraphs: list[tuple[str, int]] = []
        items: dict[tuple[str, str], int] = {}
        for place in range(self.places[name], len(self.units)):
            steps = self.units[place].number.removeprefix(name)
            if steps[:1] not in ("", "¶", "（") or not self.units[place].number.startswith(name):
                break
            if steps.endswith("）"):
                above, _, label = steps[:-1].rpartition("（")
                items.setdefault((above, _counted(label)), place)
            elif self.units[place].text:
                paragraphs.append((steps, place))
        return paragraphs, items


def _counted(number: str) -> str:
    """A number in digits, however it is written; a letter as it is."""
    return str(han_value(number)) if number[:1] in HAN or number.isdecimal() else number
