"""Debian packages that some tests need: installed with apt where that may be done, named where not."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

APT_LOG = Path(".venv/apt.log")


def ensure(purpose: str, missing_packages: Callable[[], list[str]]) -> str:
    """Install what is missing where apt may be used; returns the line that says what to install, or ''."""
    missing = missing_packages()
    if not missing:
        return ""
    advice = f"{purpose} need {' '.join(missing)}: install them (Debian, Ubuntu: apt install {' '.join(missing)})."
    if not shutil.which("apt-get"):
        return advice
    if os.geteuid() == 0:
        root = []
    elif (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        root = ["sudo", "-n"]
    else:
        return advice
    print(f"Installing {' '.join(missing)} with apt (a few minutes) …", flush=True)
    with APT_LOG.open("wb") as log:
        for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
            apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *command]
            subprocess.run(apt, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
    return f"{advice} apt could not; its account is in {APT_LOG}." if missing_packages() else ""
