"""as_text(): a comparison as plain text, for e-mail and the terminal."""

from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from agreements.phrasing import KIND_NAMES, number_of, plain, sentence
from agreements.text import pieces
from agreements.text.comparing import Comparison, Row
from agreements.text.front_matter import FrontChange
from agreements.text.summarising import MINOR, QUIET, Fact, count, shown_kind, summarise

INDENT = "    "


def as_text(
    comparison: Comparison, *, title: str, sides: Sequence[str], front: Iterable[FrontChange] = (), url: str = ""
) -> str:
    """Return what changed, in the active language; lines are not wrapped.

    `sides` name the old and the new text, `front` is what changed before the first clause, `url` is the page.
    """
    told = [(row, shown_kind(row), facts) for row, facts in zip(comparison.rows, summarise(comparison), strict=True)]
    full = [_change(*one) for one in told if one[1] not in MINOR + QUIET]
    blocks = [
        "\n".join(_head(title, sides, url)),
        "\n".join([_counts(comparison), *([_("标记：[-删去的字-] {+增加的字+}")] if full else [])]),
        "\n".join(_marked(change.old, change.new) for change in front),
        *full,
        *("\n".join(_shortly(told, kind)) for kind in MINOR),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(title: str, sides: Sequence[str], url: str) -> Iterator[str]:
    yield title
    for label, side in zip((_("旧"), _("新")), sides, strict=True):
        yield _("%(label)s：%(words)s") % {"label": label, "words": side}
    if url:
        yield url


def _counts(comparison: Comparison) -> str:
    counted = count(comparison)
    found = [f"{KIND_NAMES[kind]} {number}" for kind, number in counted.items() if number]
    if counted["unchanged"] == len(comparison.rows):
        return _("没有任何条款改动。")
    return _("，").join(found)


def _change(row: Row, kind: str, facts: Sequence[Fact]) -> str:
    numbers = " → ".join(dict.fromkeys(number for unit in (row.old, row.new) if (number := number_of(unit))))
    said = "" if kind in ("inserted", "deleted") else plain(sentence(facts))
    name = str(KIND_NAMES[kind])
    head = _("%(label)s：%(words)s") % {"label": name, "words": said} if said else name
    return f"{numbers}  {head}\n{INDENT}{_wording(row)}"


def _wording(row: Row) -> str:
    return "".join(_marked(*_sides(piece)) for piece in pieces.inline(row))


def _sides(piece: pieces.Piece) -> tuple[str, str]:
    return ("" if piece.op == "insert" else piece.words, "" if piece.op == "delete" else piece.words)


def _marked(old: str, new: str) -> str:
    """Words of both sides in one, [-so much deleted-]{+and so much inserted+}."""
    if old == new:
        return new
    return (f"[-{old}-]" if old else "") + (f"{{+{new}+}}" if new else "")


def _shortly(told: Sequence[tuple[Row, str, Sequence[Fact]]], wanted: str) -> Iterator[str]:
    """A kind of change in a few lines: those that only their numbers tell apart share one."""
    numbers: dict[str, list[str]] = {}
    for row, kind, facts in told:
        if kind == wanted:
            numbers.setdefault(plain(sentence(facts)), []).append(number_of(row.new or row.old))
    if numbers:
        yield _("%(label)s：%(words)s") % {"label": KIND_NAMES[wanted], "words": ""}
    for words, places in numbers.items():
        yield INDENT + _("%(label)s：%(words)s") % {"label": _("、").join(places), "words": words}
