"""python -m benchmarks.evidence: what the log costs an acceptance, how fast proofs are made, and how fast everything is verified."""

import argparse
import json
import sys
from typing import Any

from benchmarks import accepting, proving, verifying
from benchmarks.comparison import table

PARTS = ("accept", "proofs", "verify")
VENDORS = ("postgresql", "sqlite")


def main() -> None:
    options = _options()
    result: dict[str, Any] = {}
    for part in PARTS if options.part == "all" else (options.part,):
        print(f"measuring {part} …", file=sys.stderr)
        result[part] = {}
        for vendor in options.databases:
            try:
                result[part][vendor] = measure(part, vendor, options)
            except LookupError as reason:
                result[part][vendor] = f"skipped: {reason}"
    if options.json:
        print(json.dumps(result, indent=1))
        return
    show = {"accept": show_accept, "proofs": show_proofs, "verify": show_verify}
    print("\n\n".join(show[part](found) for part, found in result.items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__.partition(": ")[2])
    parser.add_argument("part", nargs="?", choices=(*PARTS, "all"), default="all")
    parser.add_argument("--databases", nargs="+", choices=VENDORS, default=VENDORS)
    parser.add_argument("--rounds", type=int, default=7, help="runs of each task, all in turn (%(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="how long a number of clients accepts (%(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=proving.SIZES, help="entries of the logs to prove from")
    parser.add_argument("--rows", type=int, default=300_000, help="entries to verify (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def measure(part: str, vendor: str, options: argparse.Namespace) -> Any:
    if part == "accept":
        return accepting.measure(vendor, rounds=options.rounds, seconds=options.seconds)
    if part == "proofs":
        return proving.measure(vendor, rounds=options.rounds, sizes=options.sizes)
    return verifying.measure(vendor, rounds=options.rounds, rows=options.rows)


def spread(values: list[float]) -> str:
    return f"{min(values):.2f}–{max(values):.2f}"


def show_accept(found: dict[str, Any]) -> str:
    rows = []
    for vendor, by_clients in found.items():
        if isinstance(by_clients, str):
            rows.append([vendor, by_clients])
            continue
        for clients, told in by_clients.items():
            ours, theirs = told["logged"], told["unlogged"]
            rows.append(
                [
                    *[vendor, clients, f"{told['ratio']:.3f}", spread(told["ratios"])],
                    *[f"{ours['rate']:.0f} / {theirs['rate']:.0f}"],
                    *[f"{ours[name]:.1f} / {theirs[name]:.1f}" for name in ("p50_ms", "p99_ms")],
                ]
            )
    head = ["database", "clients", "rate with log ÷ without", "spread", "per second", "p50 ms", "p99 ms"]
    return (
        "Acceptances over HTTP, with their log entry and the sealer / with entries that were made beforehand and none.\n"
        + table(head, rows)
    )


def show_proofs(found: dict[str, Any]) -> str:
    rows, remarks = [], []
    for vendor, told in found.items():
        if isinstance(told, str):
            rows.append([vendor, told])
            continue
        smallest = told["logs"][0]["us"]
        for log in told["logs"]:
            rows.append(
                [
                    *[vendor, f"{log['size']:,}", f"{log['us'] / smallest:.2f}", f"{log['us']:.0f}"],
                    *[f"{min(log['all_us']):.0f}–{max(log['all_us']):.0f}", str(log["queries"])],
                    f"{log['rows']:.2f} (at most {log['most_rows']})",
                ]
            )
        rows += [
            [
                vendor,
                f"{peer['size']:,}",
                f"{peer['us'] / peer['ours_us']:.1f} × ours",
                f"{peer['us']:.0f}",
                peer["name"],
            ]
            for peer in told["peers"]
        ]
        remarks += told["absent"]
    head = ["database", "entries", "time ÷ smallest", "µs a proof", "spread", "queries", "tiles read"]
    return "Inclusion proofs of random entries, made and not checked.\n" + "\n".join([table(head, rows), *remarks])


def show_verify(found: dict[str, Any]) -> str:
    rows = []
    for vendor, told in found.items():
        if isinstance(told, str):
            rows.append([vendor, told])
            continue
        for name, one in told.items():
            rows.append(
                [
                    *[vendor, name, f"{one['ratio']:.3f}", spread(one["ratios"])],
                    f"{one['ours']:,.0f} / {one['floor']:,.0f}",
                ]
            )
    head = ["database", "what", "rate ÷ floor", "spread", "per second"]
    return "Verification beside what nobody can avoid.\n" + table(head, rows)


if __name__ == "__main__":
    main()
