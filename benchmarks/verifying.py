"""How fast the log is verified: the tree in memory beside plain SHA-256, and a stored log beside reading its rows."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.serving import ROOT, environment, scratch_database


def measure(vendor: str, *, rounds: int, rows: int) -> dict[str, Any]:
    """The ratios of two rates by round, from a process with a log of its own (benchmarks/stored.py)."""
    with tempfile.TemporaryDirectory() as folder, scratch_database(vendor, Path(folder), "stored") as database:
        command = [sys.executable, "-m", "benchmarks.within", "benchmarks.stored", str(rows), str(rounds)]
        env = environment(database, Path(folder))
        run = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(run.stdout)
    return told
