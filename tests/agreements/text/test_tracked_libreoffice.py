"""tracked_changes() in LibreOffice: all accepted is the new text, all rejected the old one, for every pair of the corpus."""

import json
import os
import random
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agreements.text.canonical import canonical
from agreements.text.clauses import parse
from agreements.text.comparing import compare
from agreements.text.rendering import plain
from agreements.text.tracked import tracked_changes

CORPUS = sorted((Path(__file__).parents[4] / "shared" / "corpus").glob("*/*/old.md"))
SAMPLE = Path(__file__).parents[3] / "agreements" / "sample"
SCRIPT = Path(__file__).with_name("libreoffice.py")
# The bridge belongs to the system's Python, not to ours.
PYTHON = shutil.which("python3", path=os.defpath)
Seen = dict[str, dict[str, list[list[str]]]]
"""Paragraphs by file name and decision: style, words and bold words of each."""
AT = datetime(2026, 3, 1, tzinfo=UTC)
CLAUSES = (
    "平台提供接口和文档，供开发者使用。",
    "开发者应当妥善保管密钥，**不得转让**。",
    "费用按月结算，逾期的支付违约金。",
    "**争议由平台所在地的人民法院管辖。**",
    "用户数据归用户所有，平台依法保护。",
    "The Provider may end this agreement at any time.",
)
REVISIONS = 40
"""So many random revisions of six clauses: what starts and ends paragraphs that move, come or go is what went wrong."""

pytestmark = pytest.mark.soak


def clauses_and_a_revision(chance: random.Random) -> tuple[str, str]:
    """Clauses in some order, and the same with some moved, longer at either end, new or gone."""
    old = [f"{number}.1 {clause}" for number, clause in enumerate(chance.sample(CLAUSES, 6), start=1)]
    new = old.copy()
    for _ in range(3):
        clause = new.pop(chance.randrange(len(new))) + chance.choice(["", "另行通知。", " But see below."])
        new.insert(chance.randint(0, len(new)), clause)
    new.insert(chance.randint(0, len(new)), chance.choice(["", "2.2 "]) + chance.choice(CLAUSES))
    new.pop(chance.randrange(len(new)))
    return "\n\n".join(old), "\n\n".join(new)


def pairs() -> dict[str, tuple[str, str]]:
    found = {"/".join(path.parts[-3:-1]): (path, path.with_name("new.md")) for path in CORPUS}
    for language in ("zh-hans", "en"):
        names = [SAMPLE / f"developer-agreement.{version}.{language}.md" for version in (1, 3)]
        found[f"sample/{language}"] = (names[0], names[1])
    texts = {
        name: (old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8")) for name, (old, new) in found.items()
    }
    chance = random.Random(7)
    texts |= {f"revision/{number}": clauses_and_a_revision(chance) for number in range(REVISIONS)}
    return {name: (canonical(old), canonical(new)) for name, (old, new) in texts.items()}


PAIRS = pairs()


def document(old: str, new: str) -> bytes:
    outlines = parse(old), parse(new)
    return tracked_changes(*outlines, compare(*outlines), names=("1", "2"), author="契阅", at=AT, language="zh-hans")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracked")


@pytest.fixture(scope="module")
def seen(folder: Path) -> Seen:
    """What LibreOffice makes of each pair, and of either text against itself, by file name."""
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not here (Debian: libreoffice-writer)")
    if not PYTHON or subprocess.run([PYTHON, "-c", "import uno"], capture_output=True).returncode:
        pytest.skip("LibreOffice's bridge to Python is not here (Debian: python3-uno)")
    for index, (old, new) in enumerate(PAIRS.values()):
        for name, docx in {"pair": (old, new), "old": (old, old), "new": (new, new)}.items():
            (folder / f"{index:03}.{name}.docx").write_bytes(document(*docx))
    paths = sorted(map(str, folder.glob("*.docx")))
    printed = subprocess.run([PYTHON, str(SCRIPT), *paths], stdout=subprocess.PIPE, check=True, timeout=1800).stdout
    return {Path(path).name: found for path, found in json.loads(printed).items()}


@pytest.mark.parametrize("name", [*PAIRS, *([] if CORPUS else ["corpus"])])
def test_libreoffice_accepts_to_the_new_text_and_rejects_to_the_old(name: str, seen: Seen) -> None:
    if name not in PAIRS:
        pytest.skip("the corpus of revisions is not here")
    index = list(PAIRS).index(name)
    for text, side, decision in zip(PAIRS[name], ("old", "new"), ("rejected", "accepted"), strict=True):
        found = seen[f"{index:03}.pair.docx"][decision]
        untouched = seen[f"{index:03}.{side}.docx"][decision]
        assert [words for _, words, _ in found] == plain(parse(text)).removesuffix("\n").split("\n\n")
        # A heading is bold by its style, and the style is not ours to judge: after a clause that moved and was edited,
        # LibreOffice gives the next paragraph the style of the one that went.
        bold = [(was, now) for was, now in zip(untouched, found, strict=True) if not is_heading(was[0])]
        assert [now[2] for _, now in bold] == [was[2] for was, _ in bold]


def is_heading(style: str) -> bool:
    return style.startswith(("Title", "Heading"))
