"""Go and its library for logs, with which the soak tests check ours: where they are, and their installation with apt."""

import shutil
from pathlib import Path

from scripts import apt

# Debian's packages of Go libraries put their sources here.
SOURCES = Path("/usr/share/gocode")
TLOG = SOURCES / "src/golang.org/x/mod/sumdb/tlog"


def missing_packages() -> list[str]:
    """Debian's packages for what the checks with Go still lack."""
    return ([] if shutil.which("go") else ["golang-go"]) + ([] if TLOG.is_dir() else ["golang-golang-x-mod-dev"])


def ensure_go() -> str:
    """Install what is missing where apt may be used; returns the line that says what to install, or ''."""
    return apt.ensure("The checks with Go", missing_packages)
