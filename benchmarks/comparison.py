"""python -m benchmarks.comparison: how well our comparison pairs clauses, reads and runs, beside its peers."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import alignment, readability, speed
from benchmarks.peers import Absent

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
PARTS = ("alignment", "readability", "speed")


def main() -> None:
    options = _options()
    base = options.corpus / "mutated" / "light-1" / "old.md"
    if not base.is_file():
        sys.exit(f"the corpus is not there: {options.corpus}")
    result: dict[str, Any] = {}
    for part in PARTS if options.part == "all" else (options.part,):
        print(f"measuring {part} …", file=sys.stderr)
        try:
            if part == "alignment":
                result[part] = alignment.measure(base, options.seed, options.documents)
            elif part == "readability":
                result[part] = readability.measure(options.corpus / "laws")
            else:
                result[part] = speed.measure(options.corpus, options.rounds, base, options.seed)
        except Absent as reason:
            sys.exit(f"{part}: {reason}")
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return
    show = {"alignment": show_alignment, "readability": show_readability, "speed": show_speed}
    print("\n\n".join(show[part](found) for part, found in result.items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.comparison", description=__doc__.partition(": ")[2])
    parser.add_argument("part", nargs="?", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--documents", type=_positive, default=12, help="revisions per level (%(default)s)")
    parser.add_argument("--seed", type=int, default=1000, help="the first revision's seed (%(default)s)")
    parser.add_argument("--rounds", type=_positive, default=3, help="runs of each task, of which the median counts")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="the folder with mutated/ and laws/")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def show_alignment(found: dict[str, Any]) -> str:
    rows = [_scores(name, levels) for name, levels in found["engines"].items()]
    rows.insert(1, _scores("Qiyue, least", found["least"]))
    head = ["mean hard F1 / moved F1 / row kinds", *found["least"]]
    worst = [[one["document"], _slashed(list(one.values())[1:])] for one in found["worst"]]
    return (
        "Alignment. Qiyue end to end from the Markdown, the peers on given units without their numbers.\n"
        f"{table(head, rows)}\n\n{table(['where Qiyue does worst', 'hard / moved / kinds'], worst)}"
    )


def _scores(name: str, levels: dict[str, dict[str, float]] | str) -> list[str]:
    if isinstance(levels, str):
        return [name, f"skipped: {levels}"]
    return [name, *(_slashed(list(scores.values())) for scores in levels.values())]


def _slashed(numbers: Sequence[float]) -> str:
    return " / ".join(f"{number:.4f}" for number in numbers)


def show_readability(found: dict[str, Any]) -> str:
    head = ["engine", "over", "runs per clause", "cut", "confetti", "broken references and amounts"]
    rows = [
        [name, f"skipped: {one}"]
        if isinstance(one, str)
        else [
            name,
            f"{one['over']:.2f}",
            f"{one['runs']:.2f}",
            f"{one['cut']:.2%}",
            f"{one['confetti']:.3f}",
            f"{one['broken']}",
        ]
        for name, one in found["engines"].items()
    ]
    return f"Readability of {found['clauses']} edited clauses of the laws.\n{table(head, rows)}"


def show_speed(found: dict[str, Any]) -> str:
    names = list(next(iter(found["pairs"].values())))
    pairs = [[pair, *(f"{times[name]:.1f}" for name in names)] for pair, times in found["pairs"].items()]
    kinds = list(speed.RATIOS)
    ratios = [
        [group, *(f"{values[kind]:.3f}" if kind in values else "–" for kind in kinds)]
        for group, values in found["ratios"].items()
    ]
    growth = [[length, f"{ms:.1f}", f"{ms / found['growth']['×1']:.2f}"] for length, ms in found["growth"].items()]
    lines = [
        "Speed: medians in ms, all tasks in turn. “all” is parse, align and refine; the floor is to read both files,",
        "make them canonical and take their SHA-256; shortest scripts are those of the edited clauses (rapidfuzz Indel).",
        table(["pair", *names], pairs),
        "",
        "Our time by theirs, geometric means: all by the whole text's semantic diff (fast-dmp), by the recipe with",
        "get_close_matches, align and refine by wikidiff2 with moves on the same units, all by the floor.",
        table(["pairs", *kinds], ratios),
        "",
        "Growth with the length of the text, for the same light revision of its first part.",
        table(["length", "ms", "by ×1"], growth),
        *(f"skipped: {reason}" for reason in found["absent"]),
    ]
    return "\n".join(lines)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; a row may stop early."""
    full = [row for row in (head, *rows) if len(row) == len(head)]
    widths = [max(len(row[column]) for row in full) for column in range(len(head))]
    widths[0] = max(len(row[0]) for row in (head, *rows))
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in (head, *rows)
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
