"""first_unshown(): nothing that is digested and accepted stays out of the reader's sight."""

from pathlib import Path

import pytest
from django.conf import settings

from agreements.text.canonical import canonical
from agreements.text.clauses import parse
from agreements.text.showing import first_unshown

TEXT = "# 协议\n\n## 1. 总则\n\n1.1 甲。\n\n1.2 乙。\n"
SAMPLES = sorted((Path(settings.BASE_DIR) / "agreements" / "sample").glob("*.*.*.md"))


def unshown(text: str) -> str:
    return first_unshown(text, parse(text))


def test_a_text_that_shows_everything_has_nothing_unshown() -> None:
    assert unshown(TEXT) == ""


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_samples_show_everything(path: Path) -> None:
    assert unshown(canonical(path.read_text(encoding="utf-8"))) == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("乙方放弃起诉权。\n\n" + TEXT, "乙方放弃起诉权。"),
        (TEXT + "\n<!-- 乙方放弃起诉权。 -->\n", "<!-- 乙方放弃起诉权。 -->"),
        ("---\nnote: 乙方放弃起诉权\n---\n\n" + TEXT, "note: 乙方放弃起诉权"),
        (TEXT.replace("乙。", '<span title="放弃起诉权">乙</span>。'), '<span title="放弃起诉权">'),
        (TEXT.replace("乙。", "10<sup>2</sup>元。"), "<sup>2</sup>"),
        (TEXT.replace("乙。", '[乙](https://x.example "放弃起诉权")。'), '](https://x.example "放弃起诉权")'),
    ],
)
def test_what_a_reader_would_not_see_is_named(text: str, words: str) -> None:
    assert unshown(text) == words
