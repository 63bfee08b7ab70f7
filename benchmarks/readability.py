"""How well the marks inside the edited clauses of the law pairs read: ours and the peers'."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz.distance import Indel

from agreements.text.aligning import wording
from agreements.text.clauses import parse
from agreements.text.comparing import compare
from agreements.text.refining import refine
from benchmarks import peers
from benchmarks.peers import Absent, Region

BREAKERS = peers.installed("icu4py.breakers")
"""ICU's word breaks; they are the same as PyICU's on every line of the laws."""

ISLAND = 3
"""Fewer unchanged characters than this between two changes are confetti."""
_NUMERALS = r"[\d〇零一二三四五六七八九十百千万亿两]"
WHOLE = re.compile(
    rf"第{_NUMERALS}+[编章节条款项](?:之{_NUMERALS}+)?|{_NUMERALS}+(?:个?(?:工作日|自然日|月|小时)|[年日天元倍%％]|万元|亿元)"
)
"""Legal references, and numbers with their unit, which a reader wants whole."""

Marks = Callable[[str, str], list[Region]]


class Legibility(NamedTuple):
    """Over all clauses. `over`: changed characters by the fewest possible; `runs`, `confetti`: per clause;
    `cut`: share of the borders inside a word; `broken`: references and numbers with a border inside."""

    over: float
    runs: float
    cut: float
    confetti: float
    broken: int


def edited_clauses(laws: Path) -> list[tuple[str, str]]:
    """Both texts of every clause whose wording changed, as our alignment pairs them."""
    return [
        (row.old_text, row.new_text)
        for folder in sorted(laws.iterdir())
        for row in compare(*(parse((folder / name).read_text("utf-8")) for name in ("old.md", "new.md"))).rows
        if row.old and row.new and wording(row.old_text) != wording(row.new_text)
    ]


def our_marks(old: str, new: str) -> list[Region]:
    return [Region(*places) for op, *places in refine(old, new) if op != "equal"]


def legibility(clauses: Sequence[tuple[str, str]], marks: Marks) -> Legibility:
    changed = fewest = runs = cuts = borders = islands = broken = 0
    for old, new in clauses:
        found = marks(old, new)
        assert _rebuilds(old, new, found)
        fewest += Indel.distance(old, new)
        changed += sum(i - h + k - j for h, i, j, k in found)
        runs += len(found)
        islands += sum(after.old_start - before.old_end < ISLAND for before, after in pairwise(found))
        for text, places in ((old, [region[:2] for region in found]), (new, [region[2:] for region in found])):
            edges = {edge for start, end in places if start < end for edge in (start, end)}
            borders += len(edges)
            cuts += len(edges - _word_breaks(text))
            broken += sum(any(start < edge < end for edge in edges) for start, end in _wholes(text))
    count = len(clauses)
    return Legibility(changed / fewest, runs / count, cuts / borders, (islands + cuts / 2) / count, broken)


def _rebuilds(old: str, new: str, found: Sequence[Region]) -> bool:
    """Whether what lies between the marks is the same in both texts."""
    gaps = zip([Region(0, 0, 0, 0), *found], [*found, Region(len(old), 0, len(new), 0)], strict=True)
    return all(old[a.old_end : b.old_start] == new[a.new_end : b.new_start] for a, b in gaps)


def _word_breaks(text: str) -> set[int]:
    return {0, *accumulate(map(len, BREAKERS.WordBreaker(text, "zh")))}


def _wholes(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in WHOLE.finditer(text))


def measure(laws: Path) -> dict[str, Any]:
    """Legibility by engine, in the order of the table; a peer that is absent has the reason instead."""
    if BREAKERS is None:
        raise Absent("icu4py, which judges where words end, is not installed (benchmarks/requirements.txt)")
    clauses = edited_clauses(laws)
    engines: dict[str, Callable[[], Marks]] = {
        "shortest script (rapidfuzz Indel)": lambda: peers.regions_by_indel,
        "difflib": lambda: peers.regions_by_difflib,
        "fast-diff-match-patch, semantic": lambda: peers.regions_by_dmp,
        "jsdiff on Intl.Segmenter's words": lambda: partial(peers.regions_by_jsdiff, peers.jsdiff()),
        "Qiyue": lambda: our_marks,
    }
    result: dict[str, Any] = {}
    for name, marks in engines.items():
        try:
            result[name] = legibility(clauses, marks())._asdict()
        except Absent as reason:
            result[name] = str(reason)
    return {"clauses": len(clauses), "engines": result}
