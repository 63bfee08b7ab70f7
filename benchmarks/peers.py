"""What others do with the same texts: difflib, fast-diff-match-patch, wikidiff2 (PHP) and jsdiff (Node)."""

import json
import shutil
import subprocess
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from rapidfuzz.distance import Indel

HERE = Path(__file__).parent

Pairs = list[tuple[int, int]]


class Region(NamedTuple):
    """A stretch in which two texts differ, in code points."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Absent(Exception):
    """A peer is not installed; the message says what is missing."""


def installed(name: str) -> Any:
    """A module that the portal does not need, or None."""
    try:
        return import_module(name)
    except ImportError:
        return None


DMP = installed("fast_diff_match_patch")


class Server:
    """A peer in another language, started once: a line of JSON in, a line of JSON out. It ends with us."""

    def __init__(self, *command: str) -> None:
        if not shutil.which(command[0]):
            raise Absent(f"{command[0]} is not installed")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, question: dict[str, object]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Absent("it ended without an answer")
        return dict(json.loads(answer))


def moved_of(pairs: Pairs) -> set[int]:
    """The old units outside a longest sequence that is in order on both sides, for peers that do not say."""
    ends: list[int] = []
    last: list[int] = []
    before: dict[int, int | None] = {}
    places = dict(pairs)
    for old in sorted(places):
        rank = bisect_left(ends, places[old])
        ends[rank : rank + 1] = [places[old]]
        last[rank : rank + 1] = [old]
        before[old] = last[rank - 1] if rank else None
    kept, old_or_none = set(), last[-1] if last else None
    while old_or_none is not None:
        kept.add(old_or_none)
        old_or_none = before[old_or_none]
    return set(places) - kept


def pairs_by_difflib(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Equal units, and within a replaced stretch the first with the first, the second with the second."""
    return [
        pair
        for _, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        for pair in zip(range(start, end), range(new_start, new_end), strict=False)
    ]


def pairs_by_close_matches(old: Sequence[str], new: Sequence[str]) -> Pairs:
    """Equal units in order, and for each of the others its closest match that is left."""
    pairs = [
        (block.a + offset, block.b + offset)
        for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
        for offset in range(block.size)
    ]
    taken, found = {i for i, _ in pairs}, {j for _, j in pairs}
    places: dict[str, list[int]] = {}
    for j, words in enumerate(new):
        if j not in found:
            places.setdefault(words, []).append(j)
    for i, words in enumerate(old):
        if i not in taken and (close := get_close_matches(words, places, n=1)):
            pairs.append((i, places[close[0]].pop(0)))
            if not places[close[0]]:
                del places[close[0]]
    return pairs


def recipe(old: Sequence[str], new: Sequence[str]) -> None:
    """What a search for “compare two contracts in Python” finds: close matches, then difflib inside the pairs."""
    for i, j in pairs_by_close_matches(old, new):
        if old[i] != new[j]:
            SequenceMatcher(None, old[i], new[j]).get_opcodes()


WIKIDIFF2: dict[str, dict[str, float]] = {
    "default": {},
    "tuned": {"moved_paragraph_detection_cutoff": 100_000, "change_threshold": 0.3, "moved_line_threshold": 0.4},
}
"""Its settings: as it comes, and those of twelve tried that serve these texts best."""


def wikidiff2(settings: str = "default") -> Server:
    options = [f"-dwikidiff2.{name}={value}" for name, value in WIKIDIFF2[settings].items()]
    server = Server("php", *options, str(HERE / "wikidiff2.php"))
    if not server.ask({"old": "a", "new": "a"})["ready"]:
        raise Absent("PHP has no wikidiff2 (Debian: php-wikidiff2)")
    return server


def pairs_by_wikidiff2(server: Server, old: Sequence[str], new: Sequence[str]) -> tuple[Pairs, set[int], float]:
    """Pairs, moved old units, and the milliseconds that the call took, the transport left out."""
    answer = server.ask({"old": _as_lines(old), "new": _as_lines(new)})
    pairs: Pairs = []
    sources: dict[str, int] = {}
    targets: dict[str, int] = {}
    i = j = 0
    for row in answer["diff"]:
        if row["type"] in (0, 3):
            pairs.append((i, j))
        elif row["type"] == 4:
            sources[row["moveInfo"]["linkId"]] = i
        elif row["type"] == 5:
            targets[row["moveInfo"]["id"]] = j
        i += row["type"] in (0, 2, 3, 4)
        j += row["type"] in (0, 1, 3, 5)
    pairs += [(place, targets[name]) for name, place in sources.items() if name in targets]
    return pairs, set(sources.values()), float(answer["ms"])


def _as_lines(units: Sequence[str]) -> str:
    return "".join(" ".join(words.split()) + "\n" for words in units)


def regions(script: Iterable[tuple[str, int]]) -> list[Region]:
    """A script of kept (=), deleted (-) and inserted (+) lengths as the stretches that differ."""
    found: list[Region] = []
    i = j = start = new_start = 0
    for op, length in [*script, ("=", 1)]:
        if op == "=":
            if i > start or j > new_start:
                found.append(Region(start, i, new_start, j))
            i, j = i + length, j + length
            start, new_start = i, j
        elif op == "-":
            i += length
        else:
            j += length
    return found


def regions_by_indel(old: str, new: str) -> list[Region]:
    """A shortest script by characters."""
    signs = {"equal": "=", "insert": "+", "delete": "-"}
    return regions(
        (signs[op.tag], max(op.src_end - op.src_start, op.dest_end - op.dest_start)) for op in Indel.opcodes(old, new)
    )


def regions_by_difflib(old: str, new: str) -> list[Region]:
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [Region(*places) for tag, *places in opcodes if tag != "equal"]


def script_by_dmp(old: str, new: str) -> list[tuple[str, int]]:
    if DMP is None:
        raise Absent("fast-diff-match-patch is not installed")
    return list(DMP.diff(old, new, cleanup="Semantic"))


def regions_by_dmp(old: str, new: str) -> list[Region]:
    return regions(script_by_dmp(old, new))


def jsdiff() -> Server:
    server = Server("node", str(HERE / "jsdiff.mjs"))
    if not server.ask({"old": "", "new": ""})["ready"]:
        raise Absent("Node has no package diff (npm install --no-package-lock --prefix benchmarks)")
    return server


def regions_by_jsdiff(server: Server, old: str, new: str) -> list[Region]:
    return regions(server.ask({"old": old, "new": new})["script"])
