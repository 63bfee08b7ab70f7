"""The crash drill on both databases: whatever is killed whenever, what was answered is there once, and the log goes on from what it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.serving import ROOT, environment, scratch_database

KILLS = int(os.environ.get("QIYUE_KILLS", "250"))  # on each database


@pytest.mark.soak
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_nothing_that_was_answered_is_lost_or_doubled_by_kills(vendor: str, tmp_path: Path) -> None:
    try:
        with scratch_database(vendor, tmp_path) as database:
            command = ["-m", "benchmarks.within", "tests.assent.crash_drill", str(tmp_path), "--kills", str(KILLS)]
            drill = subprocess.run(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment(database, tmp_path),
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
    except LookupError as reason:
        pytest.skip(str(reason))
    print(drill.stdout)
    report = json.loads(drill.stdout)
    assert report["faults"] == []
    assert (report["kills"], drill.returncode) == (KILLS, 0)
    assert report["answered"] > KILLS
    assert report["requests without an answer"] > 0
