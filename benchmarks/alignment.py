"""How well clauses are paired on fresh revisions of known truth: ours end to end, the peers on given units."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from agreements.text.aligning import wording
from agreements.text.clauses import Outline, Unit, parse
from agreements.text.comparing import compare
from benchmarks import peers
from benchmarks.peers import Absent, Pairs
from benchmarks.revisions import LEVELS, refreshed, revise
from benchmarks.scoring import Found, Score, rows_of, score

Aligner = Callable[[Sequence[str], Sequence[str]], tuple[Pairs, set[int]]]


class Document(NamedTuple):
    """A revision and what our engine makes of it."""

    level: str
    seed: int
    old: Outline
    new: Outline
    truth: list[dict[str, Any]]


def documents(base: str, seed: int, count: int) -> list[Document]:
    """`count` revisions of every level, of bases that differ as well."""
    found = []
    for level in LEVELS:
        for number in range(seed, seed + count):
            old = refreshed(base, number)
            new, truth = revise(old, level, number)
            found.append(Document(level, number, parse(old), parse(new), truth))
    return found


def by_wikidiff2(settings: str) -> Aligner:
    server = peers.wikidiff2(settings)

    def align(old: Sequence[str], new: Sequence[str]) -> tuple[Pairs, set[int]]:
        pairs, moved, _ = peers.pairs_by_wikidiff2(server, old, new)
        return pairs, moved

    return align


def by(pair: Callable[[Sequence[str], Sequence[str]], Pairs]) -> Aligner:
    def align(old: Sequence[str], new: Sequence[str]) -> tuple[Pairs, set[int]]:
        pairs = pair(old, new)
        return pairs, peers.moved_of(pairs)

    return align


PEERS: dict[str, Callable[[], Aligner]] = {
    "difflib on the list of units": lambda: by(peers.pairs_by_difflib),
    "difflib + get_close_matches": lambda: by(peers.pairs_by_close_matches),
    "wikidiff2, default": lambda: by_wikidiff2("default"),
    "wikidiff2, tuned": lambda: by_wikidiff2("tuned"),
}


def found_by(aligner: Aligner, old: Sequence[Unit], new: Sequence[Unit]) -> list[Found]:
    """A peer's pairs as rows. It reads the words without number, width, spaces and emphasis: what we read as well."""
    old_words, new_words = ([wording(unit.words) for unit in units] for units in (old, new))
    pairs, moved = aligner(old_words, new_words)
    rows: list[Found] = []
    for i, j in pairs:
        is_same = old_words[i] == new_words[j]
        kept = "unchanged" if old[i].number == new[j].number else "renumbered"
        kind = ("moved" if is_same else "moved+edited") if i in moved else kept if is_same else "edited"
        rows.append((i, j, kind))
    rows += [(i, None, "deleted") for i in set(range(len(old))) - {i for i, _ in pairs}]
    rows += [(None, j, "inserted") for j in set(range(len(new))) - {j for _, j in pairs}]
    return rows


def measure(base: Path, seed: int, count: int) -> dict[str, Any]:
    """The mean scores by engine and level, our least ones and the documents in which we do worst."""
    revisions = documents(base.read_text("utf-8"), seed, count)
    ours = [score(one.old, one.new, rows_of(compare(one.old, one.new)), one.truth) for one in revisions]
    result: dict[str, Any] = {"Qiyue": _by_level(revisions, ours, mean)}
    worst = sorted(zip(ours, revisions, strict=True), key=lambda pair: (pair[0].kinds, pair[0].hard))[:10]
    for name, start in PEERS.items():
        try:
            aligner = start()
        except Absent as reason:
            result[name] = str(reason)
            continue
        scores = [
            score(one.old, one.new, found_by(aligner, one.old.units, one.new.units), one.truth) for one in revisions
        ]
        result[name] = _by_level(revisions, scores, mean)
    return {
        "engines": result,
        "least": _by_level(revisions, ours, min),
        "worst": [{"document": f"{one.level}-{one.seed}"} | scores._asdict() for scores, one in worst],
    }


def _by_level(
    revisions: Sequence[Document], scores: Sequence[Score], of: Callable[[list[float]], float]
) -> dict[str, dict[str, float]]:
    return {
        level: {
            field: of(
                [
                    getattr(one, field)
                    for document, one in zip(revisions, scores, strict=True)
                    if document.level == level
                ]
            )
            for field in Score._fields
        }
        for level in LEVELS
    }
