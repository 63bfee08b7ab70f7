"""The browser of the browser tests: where it is, and its installation with apt where that is possible."""

import os
import shutil
import subprocess
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT_LOG = Path(".venv/apt.log")


def find_browser() -> str | None:
    """The first browser on the path that starts (Ubuntu's chromium-browser may be a stub that asks for a snap)."""
    for name in BROWSERS:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0:
            return path
    return None


def has_chinese_font() -> bool:
    """Whether fontconfig knows a font for Chinese."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, check=False).stdout.strip())


def missing_packages() -> list[str]:
    """Debian's packages for what the browser tests still lack."""
    missing = [] if find_browser() else ["chromium"]
    if not has_chinese_font():
        missing += ["fontconfig", "fonts-noto-cjk"]
    return missing


def ensure_browser() -> str:
    """Install what is missing where apt may be used; returns the line that says what to install, or ''."""
    missing = missing_packages()
    if not missing:
        return ""
    advice = (
        f"The browser tests need {' '.join(missing)}: install them (Debian, Ubuntu: apt install {' '.join(missing)})."
    )
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
