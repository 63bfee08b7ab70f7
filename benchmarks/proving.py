"""How long an inclusion proof takes as the log grows: logs of several sizes, each in a database of its own, asked in turn."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.serving import ROOT, environment, scratch_database

SIZES = (1_000, 100_000, 1_000_000, 10_000_000)
PEERS_SIZE = 100_000
PROOFS = 300  # in one go


@contextmanager
def log_of(vendor: str, folder: Path, size: int) -> Iterator[subprocess.Popen[str]]:
    """A process with a log of this size, ready to be asked."""
    with scratch_database(vendor, folder, f"log_{size}") as database:
        command = [sys.executable, "-m", "benchmarks.within", "benchmarks.growing", str(size)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(database, folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            ask(process)
            yield process
        finally:
            process.communicate()


def ask(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def measure(vendor: str, *, rounds: int, sizes: Sequence[int]) -> dict[str, Any]:
    """The median and all times of a proof by size of log, and of pymerkle's where it is installed."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        logs = {}
        for size in sizes:
            print(f"{vendor}: a log of {size:,} entries …", file=sys.stderr, flush=True)
            logs[size] = stack.enter_context(log_of(vendor, folder, size))
        peers, absent = pymerkle(folder) if PEERS_SIZE in sizes else ({}, [])
        told: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}
        times: dict[str, list[float]] = {name: [] for name in peers}
        for _ in range(rounds):
            for size, process in logs.items():
                told[size].append(ask(process))
            for name, prove in peers.items():
                times[name].append(microseconds(prove, PEERS_SIZE))
    found = [
        {
            "size": size,
            "us": median(one["us"] for one in answers),
            "all_us": [one["us"] for one in answers],
            "queries": max(one["queries"] for one in answers),
            "rows": sum(one["rows"] for one in answers) / len(answers),
            "most_rows": max(one["most_rows"] for one in answers),
        }
        for size, answers in told.items()
    ]
    ours = {log["size"]: log["us"] for log in found}
    beside = [
        {"name": name, "size": PEERS_SIZE, "us": median(all_us), "all_us": all_us, "ours_us": ours[PEERS_SIZE]}
        for name, all_us in times.items()
    ]
    return {"logs": found, "peers": beside, "absent": absent}


def microseconds(prove: Callable[[int], object], size: int) -> float:
    """The mean time of a proof of a random entry; each is asked for once."""
    positions = [random.randrange(size) for _ in range(PROOFS)]
    start = time.perf_counter()
    for position in positions:
        prove(position)
    return (time.perf_counter() - start) / PROOFS * 1e6


def pymerkle(folder: Path) -> tuple[dict[str, Callable[[int], object]], list[str]]:
    """pymerkle's trees of `PEERS_SIZE` leaves. It is GPL and no requirement of ours: PYTHONPATH may lead to it."""
    try:
        library = import_module("pymerkle")
    except ImportError:
        return {}, ["pymerkle is not there (PYTHONPATH may lead to a folder with it)"]
    entries = [random.randbytes(32) for _ in range(PEERS_SIZE)]
    trees = {
        "pymerkle, in memory": library.InmemoryTree(algorithm="sha256"),
        "pymerkle, SQLite": library.SqliteTree(str(folder / "pymerkle.sqlite3"), algorithm="sha256"),
    }
    for name, tree in trees.items():
        print(f"{name}: {PEERS_SIZE:,} entries …", file=sys.stderr, flush=True)
        tree.append_entries(entries)
    # Its leaves are counted from 1.
    return {name: lambda n, tree=tree: tree.prove_inclusion(n + 1) for name, tree in trees.items()}, []
