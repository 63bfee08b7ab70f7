"""How long a comparison takes beside its peers and beside what nobody can avoid; and how that grows with the text."""

import importlib
import pkgutil
import random
import re
from collections.abc import Callable
from functools import partial
from math import exp, log
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Any

from rapidfuzz.distance import Indel

import agreements.text
from agreements.text import canonical
from agreements.text.aligning import wording
from agreements.text.clauses import Outline, parse
from agreements.text.comparing import Comparison, compare
from benchmarks import peers
from benchmarks.peers import Absent
from benchmarks.revisions import NEW_WIDTH, number_units, read, refreshed, revise, write

LENGTHS = (1, 2, 4, 8)
MEMORIES = [
    function
    for module in pkgutil.iter_modules(agreements.text.__path__, "agreements.text.")
    for function in vars(importlib.import_module(module.name)).values()
    if hasattr(function, "cache_clear")
]
"""Every function of ours that remembers its answers; none may help a measurement."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
_KEPT_HAN = set("第章条节款项一二三四五六七八九十百千编附件")
"""What numbers are written with stays when a text is disguised as another."""

Task = Callable[[], object]


def forget() -> None:
    for function in MEMORIES:
        function.cache_clear()


def _parse(text: str) -> Outline:
    uncached: Callable[[str], Outline] = getattr(parse, "__wrapped__", parse)
    return uncached(text)


def _compare(old: Outline, new: Outline) -> Comparison:
    """Align and refine; the spans are asked for, as they may be made only then."""
    uncached: Callable[[Outline, Outline], Comparison] = getattr(compare, "__wrapped__", compare)
    comparison = uncached(old, new)
    for row in comparison.rows:
        _ = row.spans
    return comparison


def _digest(path: Path) -> str:
    return canonical.sha256(canonical.canonical(path.read_text("utf-8")))


def alternating(tasks: dict[str, Task], rounds: int) -> dict[str, float]:
    """The median milliseconds of each task, all run in turn. A task may return its own milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            forget()
            start = perf_counter()
            own = task()
            taken = (perf_counter() - start) * 1000
            times[name].append(own if isinstance(own, float) else taken)
    return {name: median(taken) for name, taken in times.items()}


def _tasks(folder: Path, wikidiff2: peers.Server | None) -> dict[str, Task]:
    old_path, new_path = folder / "old.md", folder / "new.md"
    old_text, new_text = old_path.read_text("utf-8"), new_path.read_text("utf-8")
    old, new = _parse(old_text), _parse(new_text)
    old_words, new_words = ([wording(unit.words) for unit in outline.units] for outline in (old, new))
    edited = [
        (row.old_text, row.new_text) for row in _compare(old, new).rows if row.old and row.new and "edited" in row.kind
    ]
    tasks: dict[str, Task] = {
        "all": lambda: _parse_and_compare(old_text, new_text),
        "align and refine": lambda: _compare(old, new),
        "floor": lambda: (_digest(old_path), _digest(new_path)),
        "shortest scripts": lambda: [Indel.opcodes(*pair) for pair in edited],
        "close matches": lambda: peers.recipe(old_words, new_words),
    }
    if peers.DMP:
        tasks["fast-dmp"] = lambda: peers.script_by_dmp(old_text, new_text)
    if wikidiff2:
        tasks["wikidiff2"] = lambda: peers.pairs_by_wikidiff2(wikidiff2, old_words, new_words)[2]
    return tasks


RATIOS = {
    "fast-dmp": ("all", "fast-dmp"),
    "close matches": ("all", "close matches"),
    "wikidiff2": ("align and refine", "wikidiff2"),
    "floor": ("all", "floor"),
}
"""What is divided by what: our time by a peer's, or by the floor."""


def measure(corpus: Path, rounds: int, base: Path, seed: int) -> dict[str, Any]:
    """Medians by pair of texts, ratios by group of pairs, and the growth with length."""
    absent = [] if peers.DMP else ["fast-diff-match-patch is not installed"]
    wikidiff2 = None
    try:
        wikidiff2 = peers.wikidiff2("tuned")
    except Absent as reason:
        absent.append(f"wikidiff2: {reason}")
    folders = sorted(path.parent for path in corpus.glob("*/*/new.md"))
    pairs = {str(folder.relative_to(corpus)): alternating(_tasks(folder, wikidiff2), rounds) for folder in folders}
    groups = {
        group: {
            name: exp(mean(log(times[ours] / times[theirs]) for times in chosen))
            for name, (ours, theirs) in RATIOS.items()
            if all(theirs in times for times in chosen)
        }
        for group in (
            "mutated/light",
            "mutated/medium",
            "mutated/heavy",
            "mutated/extreme",
            "mutated",
            "laws",
            "english",
            "",
        )
        if (chosen := [times for name, times in pairs.items() if name.startswith(group)])
    }
    groups["all"] = groups.pop("")
    return {"pairs": pairs, "ratios": groups, "growth": growth(base, rounds, seed), "absent": absent}


def growth(base: Path, rounds: int, seed: int) -> dict[str, float]:
    """The median milliseconds by length of the text, for the same few changes in its first part."""
    old_text = refreshed(base.read_text("utf-8"), seed)
    new_text, _ = revise(old_text, "light", seed)
    texts = {times: (lengthened(old_text, old_text, times), lengthened(new_text, old_text, times)) for times in LENGTHS}
    return alternating({f"×{times}": partial(_parse_and_compare, *pair) for times, pair in texts.items()}, rounds)


def _parse_and_compare(old: str, new: str) -> Comparison:
    return _compare(_parse(old), _parse(new))


def lengthened(text: str, other: str, times: int) -> str:
    """A text followed by further chapters of the shape of another one, with its Chinese characters drawn anew."""
    root = read(text)
    signs = sorted(set(_HAN.findall(other)) - _KEPT_HAN)
    for number in range(1, times):
        drawn = random.Random(number).sample(signs, len(signs))
        disguise = str.maketrans(dict(zip(signs, drawn, strict=True)))
        for chapter in read(other).children[1:]:
            for unit in chapter.walk():
                unit.letters = [(letter.translate(disguise), place) for letter, place in unit.letters]
            root.children.append(chapter)
    number_units(root)
    return write(root, NEW_WIDTH, random.Random(0))
