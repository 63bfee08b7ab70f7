"""python -m benchmarks.reading: what the engine makes of real statutes, printed for somebody who reads and judges it."""

import argparse
import csv
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

from agreements.text.aligning import wording
from agreements.text.clauses import Unit, parse
from agreements.text.comparing import Comparison, Row, compare
from agreements.text.references import Clauses, Reference, masked, references
from benchmarks.alignment import by_wikidiff2
from benchmarks.comparison import CORPUS, table
from benchmarks.peers import Absent

VERDICTS = Path(__file__).parent / "verdicts"
SHARED, NEAR, LEAST = 0.6, 6, 8
"""An unflagged piece is worth reading if so much of it, of so many signs, stood in an old unit so many rows away."""
NONE = "–"


class Pair(NamedTuple):
    """Two texts of the same law, and what we make of them."""

    name: str
    old: Sequence[Unit]
    new: Sequence[Unit]
    result: Comparison

    @property
    def partners(self) -> dict[int, int]:
        rows = self.result.rows
        return {row.old_index: row.new_index for row in rows if None not in (row.old_index, row.new_index)}


class Decision(NamedTuple):
    """An old unit, and the new unit that we and the peer pair with it."""

    pair: Pair
    old: int
    ours: int | None
    peers: int | None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__.partition(": ")[2])
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--seed", type=int, default=9, help="of the draw (%(default)s)")
    parser.add_argument("--count", type=int, default=100, help="pairings to draw (%(default)s)")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="the folder with laws/ and english/")
    options = parser.parse_args()
    if not (options.corpus / "laws").is_dir():
        sys.exit(f"the corpus is not there: {options.corpus}")
    try:
        PARTS[options.part](options)
    except Absent as reason:
        sys.exit(str(reason))


def read_laws(corpus: Path) -> list[Pair]:
    return [read(folder) for folder in sorted((corpus / "laws").iterdir())]


def read(folder: Path) -> Pair:
    old, new = (parse((folder / f"{side}.md").read_text("utf-8")) for side in ("old", "new"))
    return Pair(folder.name, old.units, new.units, compare(old, new))


def show_pairings(options: argparse.Namespace) -> None:
    """A draw of the old units that we and the best peer pair differently."""
    laws = read_laws(options.corpus)
    found = [one for pair, theirs in zip(laws, pairs_of_peer(laws), strict=True) for one in differing(pair, theirs)]
    drawn = sorted(random.Random(options.seed).sample(range(len(found)), min(options.count, len(found))))
    for number, (pair, i, ours, theirs) in enumerate((found[at] for at in drawn), 1):
        print(f"──── {number}. {pair.name}\n{between(pair.old, i, 'old')}")
        print(f"{between(pair.new, ours, 'ours')}\n{between(pair.new, theirs, 'peer')}\n")
    print(f"{len(drawn)} of {len(found)} old units on which the two disagree, of {sum(len(pair.old) for pair in laws)}")


def pairs_of_peer(laws: Sequence[Pair]) -> Iterator[dict[int, int]]:
    align = by_wikidiff2("tuned")
    for pair in laws:
        found, _ = align(*([wording(unit.words) for unit in units] for units in (pair.old, pair.new)))
        yield dict(found)


def differing(pair: Pair, theirs: dict[int, int]) -> list[Decision]:
    ours = pair.partners
    units = range(len(pair.old))
    return [Decision(pair, i, ours.get(i), theirs.get(i)) for i in units if ours.get(i) != theirs.get(i)]


def between(units: Sequence[Unit], place: int | None, name: str) -> str:
    """A unit between its neighbours, which are cut short."""
    if place is None:
        return f"  {name:4}  {NONE}"
    lines = []
    for at in range(max(0, place - 1), min(len(units), place + 2)):
        words = units[at].words if at == place else units[at].words[:60]
        lines.append(f"  {name if at == place else '':4}  {units[at].number}  {words}")
    return "\n".join(lines)


def show_splits(options: argparse.Namespace) -> None:
    """What is flagged split or merged, and what is not although the words stood in a unit nearby."""
    laws = read_laws(options.corpus)
    flags: Counter[str] = Counter()
    missed = 0
    for pair in laws:
        for row in pair.result.rows:
            if row.whole is not None:
                flags[row.flags[0]] += 1
                print(f"──── {row.flags[0]}. {pair.name}\n{with_piece(pair.result.rows[row.whole], row)}\n")
    for pair in laws:
        for row, share, whole in unflagged(pair):
            missed += 1
            print(f"──── perhaps missed, {share:.0%}. {pair.name}\n{with_piece(whole, row)}\n")
    print(f"flagged: {dict(flags)}; perhaps missed: {missed}")


def with_piece(whole: Row, piece: Row) -> str:
    return (
        f"  whole  {numbers(whole)}\n    old  {whole.old_text or NONE}\n    new  {whole.new_text or NONE}\n"
        f"  piece  {numbers(piece)}\n         {piece.old_text or piece.new_text}"
    )


def numbers(row: Row) -> str:
    return f"{row.old_no or NONE} → {row.new_no or NONE}"


def unflagged(pair: Pair) -> Iterator[tuple[Row, float, Row]]:
    """Rows with one side that share much with what another row nearby lost or gained."""
    rows = pair.result.rows
    for place, row in enumerate(rows):
        words = wording(row.old_text or row.new_text)
        if row.kind not in ("inserted", "deleted") or row.whole is not None or len(words) < LEAST:
            continue
        near = [one for one in rows[max(0, place - NEAR) : place + NEAR + 1] if one is not row]
        share, _, whole = max((shared(words, one, row.kind), at, one) for at, one in enumerate(near))
        if share >= SHARED:
            yield row, share, whole


def shared(words: str, row: Row, kind: str) -> float:
    """How much of the words stands in what a row lost (for an insertion) or gained (for a deletion)."""
    op, side, first = ("delete", row.old_text, 1) if kind == "inserted" else ("insert", row.new_text, 3)
    gone = "".join(side[span[first] : span[first + 1]] for span in row.spans if span.op in (op, "replace"))
    return LCSseq.similarity(words, wording(gone)) / len(words)


def show_kinds(options: argparse.Namespace) -> None:
    """Rows flagged reference_only or emphasis_only, and those that differ in references but are not flagged."""
    counts: dict[str, Counter[str]] = {}
    for pair in [*read_laws(options.corpus), *map(read, sorted((options.corpus / "english").iterdir()))]:
        count = counts[pair.name] = Counter()
        sides = Clauses(pair.old), Clauses(pair.new)
        for row in pair.result.rows:
            count["edited"] += "edited" in row.kind
            reason = next((flag for flag in row.flags if flag in ("reference_only", "emphasis_only")), "")
            if not reason and "edited" in row.kind:
                reason = why_not(row, sides, pair.partners)
            if reason:
                count[reason] += 1
                print(f"──── {reason}. {pair.name}  {numbers(row)}\n  old  {row.old_text}\n  new  {row.new_text}\n")
    counts["all"] = sum(counts.values(), Counter())
    names = ["edited", *sorted(counts["all"].keys() - {"edited"})]
    print(table(["law", *names], [[law, *(str(count[name]) for name in names)] for law, count in counts.items()]))


def why_not(row: Row, sides: tuple[Clauses, Clauses], partners: dict[int, int]) -> str:
    """Why a row whose texts differ in references alone is not flagged; '' where they differ in more."""
    old, new = wording(row.old_text), wording(row.new_text)
    if masked(old) != masked(new):
        return "another number of references" if gathered(old) == gathered(new) else ""
    assert row.old and row.new
    for before, after in zip(references(old, row.old), references(new, row.new), strict=True):
        if before.words != after.words and (reason := why_not_followed(before, after, sides, partners)):
            return reason
    return "the same words mean another clause"


def why_not_followed(
    before: Reference, after: Reference, sides: tuple[Clauses, Clauses], partners: dict[int, int]
) -> str:
    i, j = sides[0].find(before), sides[1].find(after)
    if not before.names:
        return "to another document"
    if i is None or j is None:
        return "target not found"
    return "" if partners.get(i) == j else "to another clause" if i in partners else "target deleted"


def gathered(words: str) -> str:
    """A wording with one sign for all references that follow each other."""
    return re.sub("§(?:[、,和或者及与至]*§)*", "§", masked(re.sub("本条|前[一二三]?[款条项]", "", words)))


def show_verdicts(options: argparse.Namespace) -> None:
    """What was judged, and whether the engine still does what was judged."""
    laws = {pair.name: pair for pair in read_laws(options.corpus)}
    judged = verdicts("pairings")
    print("pairings:", dict(Counter(one["verdict"] for one in judged)), "of", len(judged))
    for one in judged:
        pair = laws[one["law"]]
        new = {pair.old[i].number: pair.new[j].number for i, j in pair.partners.items()}
        if new.get(one["old"], NONE) != one["ours"]:
            print(f"  {one['law']} {one['old']}: judged with {one['ours']}, now {new.get(one['old'], NONE)}")
    show_flagged("splits", {(law, *split): one for law, pair in laws.items() for split, one in pieces(pair)})
    flagged = {
        (law, row.old_no or "", row.new_no or ""): row.kind
        for law, pair in laws.items()
        for row in pair.result.rows
        if "reference_only" in row.flags
    }
    show_flagged("references", flagged)


def verdicts(name: str) -> list[dict[str, str]]:
    with (VERDICTS / f"{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def pieces(pair: Pair) -> Iterator[tuple[tuple[str, str], str]]:
    for row in pair.result.rows:
        if row.whole is not None:
            yield (numbers(pair.result.rows[row.whole]), numbers(row)), row.flags[0]


def show_flagged(name: str, flagged: dict[tuple[str, ...], str]) -> None:
    judged = {tuple(one.values())[:3]: one["verdict"] for one in verdicts(name)}
    now = Counter(judged.get(key, "not judged") for key in flagged)
    print(f"{name}: {len(flagged)} flagged, of which {dict(now)}")
    for key, verdict in judged.items():
        if key not in flagged and verdict != "wrong":
            print(f"  {'  '.join(key)}: {verdict}, not flagged")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "pairings": show_pairings,
    "splits": show_splits,
    "kinds": show_kinds,
    "verdicts": show_verdicts,
}

if __name__ == "__main__":
    main()
