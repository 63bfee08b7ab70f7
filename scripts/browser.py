"""The browser of the browser tests: where it is, and its installation with apt where that is possible."""

import shutil
import subprocess

from scripts import apt

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


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
    return apt.ensure("The browser tests", missing_packages)
