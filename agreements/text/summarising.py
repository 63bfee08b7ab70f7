"""What each row of a comparison says in short: words exchanged, sentences added, bold lost, moves, splits; facts, not words."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from agreements.text import pieces
from agreements.text.clauses import Unit
from agreements.text.comparing import Comparison, Row, link_targets
from agreements.text.moving import carried_along
from agreements.text.numbering import HAN
from agreements.text.pieces import SHORT, width
from agreements.text.refining import Span
from agreements.text.refining import words as cut

QUOTED = 3
"""So many changes of wording are quoted at most."""
LONGEST = 16.0
"""Of words wider than this (in Han characters) only a part is quoted."""
NEAR = 80
"""So many characters before and after a change are looked at."""
REWRITTEN = 0.3
"""A clause that keeps less of its wording than this is called rewritten."""

_NUMERALS = f"{HAN}万亿"
# What matters most first: a change of these words is named before any other.
_WEIGHTY = (
    re.compile(
        r"禁止|[不未无非勿毋](?!成年|来|论|常|可抗力)|\b(?:not|no|never|nor|neither|without|cannot|none)\b|n['’]t\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"百分之[{_NUMERALS}]+|^[{_NUMERALS}]+$|[{_NUMERALS}]+(?=[个元日天月年倍万亿份次周小%‰])"
        r"|[¥$€£]?\d+(?:[.,:：/-]\d+)*[%％‰]?"
    ),
    re.compile(r"应当|应该|必须|可以|有权|[应须需]|\b(?:shall|must|may|should|will|can)\b", re.IGNORECASE),
)
_REFERENCE = re.compile(rf"第[\d.{_NUMERALS}]+[条款项章节]|\d+(?:\.\d+)+|[（(][\d{_NUMERALS}]+[)）]")
_SENTENCE_END = re.compile(r"[。！？!?][”’」』）)\"']*|\.[”’)\"']*(?=\s|$)")
_SENTENCE_BEFORE = re.compile(r"(?:^|[。！？!?.；;][”’」』）)\"']*\s*)$")
_LETTER = re.compile(r"[^\W_]")
_PAUSES = re.compile(r"[\s，、。；：！？,.;:!?]*")
_PAUSE = re.compile(r"[，。；：！？、,;:!?]|\.(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a row says. `old` and `new` are quoted words, `units` the units that a move or a split names.

    `what` is one of replaced, added, removed, added_within and removed_within (the other of `old` and `new` is what stood
    around it), sentence_added, sentence_removed, sentences_added and sentences_removed (`count` of them),
    short_sentence_added and short_sentence_removed (quoted), more, rewritten, bolded, unbolded, slanted, unslanted,
    all_bolded, all_unbolded, reference, format, link, link_replaced, link_added, link_removed, inserted, deleted, moved,
    moved_with (`count` other units), renumbered, split, split_from, merged, merged_into.
    """

    what: str
    old: str = ""
    new: str = ""
    count: int = 1
    units: tuple[Unit, ...] = ()


SHOWN_KINDS = (
    "edited",
    "inserted",
    "deleted",
    "moved",
    "moved+edited",
    "split",
    "merged",
    "link_only",
    "emphasis_only",
    "reference_only",
    "format_only",
    "carried",
    "renumbered",
    "unchanged",
)
"""What a reader is told became of a unit; one of them per unit."""
MINOR = ("emphasis_only", "reference_only", "format_only")
"""Kinds that are said shortly: the words stayed, or only followed."""
QUIET = ("carried", "renumbered", "unchanged")
"""Kinds that need no attention of their own."""


def shown_kind(row: Row) -> str:
    """The one of SHOWN_KINDS that says most about a row. A unit that only went along with its holder is carried."""
    if flag := next((flag for flag in ("split", "merged") if flag in row.flags), ""):
        return flag
    if row.moved and not row.carried:
        return "moved" if "reference_only" in row.flags else row.kind
    if "format_only" in row.flags and _leads_elsewhere(row):
        return "link_only"
    if flag := next((flag for flag in row.flags if flag in SHOWN_KINDS), ""):
        return flag
    if row.carried:
        return "carried" if row.kind == "moved" else "edited"
    return row.kind


def count(comparison: Comparison) -> dict[str, int]:
    """How many units there are of each of SHOWN_KINDS; a split or a merger counts once, whatever its pieces."""
    found = Counter(shown_kind(row) for row in comparison.rows if row.whole is None)
    return {kind: found[kind] for kind in SHOWN_KINDS}


def summarise(comparison: Comparison) -> list[tuple[Fact, ...]]:
    """The facts of each row, what matters most first; none for what did not change."""
    rows = comparison.rows
    carried = carried_along(comparison)
    parts: dict[int, list[Row]] = {}
    for row in rows:
        if row.whole is not None:
            parts.setdefault(row.whole, []).append(row)
    return [
        tuple(
            _facts(row, carried.get(place, 0), parts.get(place, []), rows[row.whole] if row.whole is not None else None)
        )
        for place, row in enumerate(rows)
    ]


def _facts(row: Row, carried: int, parts: list[Row], whole: Row | None) -> Iterator[Fact]:
    if whole is not None:
        yield _part(row, whole)
        return
    if row.kind in ("inserted", "deleted"):
        yield Fact(row.kind, old=excerpt(row.old_text), new=excerpt(row.new_text))
        return
    if "reference_only" in row.flags:
        yield from _limited([Fact("reference", old, new) for old, new in _changes(row)])
    elif row.kind in ("edited", "moved+edited"):
        yield from _wording(row, [part.new_text or part.old_text for part in parts])
    yield from _emphasis(row)
    links = list(_links(row))
    yield from links
    if "format_only" in row.flags and (row.old_text != row.new_text or not links):
        yield Fact("link" if row.old_text == row.new_text and _leads_elsewhere(row) else "format")
    for flag, side in (("split", "new"), ("merged", "old")):
        units = tuple(unit for part in parts if flag in part.flags and (unit := getattr(part, side)))
        if flag in row.flags and units:
            yield Fact(flag, count=len(units), units=units)
    if row.moved and not row.carried and row.old:
        yield Fact("moved_with" if carried else "moved", count=carried, units=(row.old,))
    if row.kind == "renumbered" and not row.flags and row.old:
        yield Fact("renumbered", units=(row.old,))


def _leads_elsewhere(row: Row) -> bool:
    """Whether a link leads to another place: it may be another document that the clause makes part of the agreement."""
    return row.old is not None and row.new is not None and link_targets(row.old) != link_targets(row.new)


def _links(row: Row) -> Iterator[Fact]:
    """Where links lead by now."""
    if row.old is None or row.new is None:
        return
    old, new = (list(dict.fromkeys(run.href for run in unit.runs if run.href)) for unit in (row.old, row.new))
    gone, come = [href for href in old if href not in new], [href for href in new if href not in old]
    for before, after in zip_longest(gone, come, fillvalue=""):
        what = "link_replaced" if before and after else "link_added" if after else "link_removed"
        yield Fact(what, old=before, new=after)


def _part(row: Row, whole: Row) -> Fact:
    """A piece names what it was split off from, or what it was merged into."""
    if row.new is not None:
        return Fact("split_from", units=(whole.new,) if whole.new else ())
    return Fact("merged_into", units=(whole.new,) if whole.new else ())


@dataclass(frozen=True, slots=True)
class _Change:
    """Words of both sides that changed, and what stands right before and after them in the text that has them."""

    old: str
    new: str
    before: str
    after: str


def _changes(row: Row) -> list[tuple[str, str]]:
    return [(change.old.strip(), change.new.strip()) for change in _changed(row, row.marks)]


def _changed(row: Row, marks: tuple[Span, ...]) -> Iterator[_Change]:
    old, new = row.old_text, row.new_text
    for op, old_start, old_end, new_start, new_end in marks:
        if op == "equal":
            continue
        text, start, end = (old, old_start, old_end) if new_end == new_start else (new, new_start, new_end)
        before, after = text[max(0, start - NEAR) : start], text[end : end + NEAR]
        yield _Change(old[old_start:old_end], new[new_start:new_end], before, after)


def _wording(row: Row, elsewhere: list[str]) -> Iterator[Fact]:
    """What words were exchanged; not those that other units have, which the row was split into or merged with."""
    marks = row.marks
    kept = sum(span.old_end - span.old_start for span in marks if span.op == "equal")
    if kept < REWRITTEN * min(len(row.old_text), len(row.new_text)) and width(row.new_text) > LONGEST:
        yield Fact("rewritten")
    ranked: list[tuple[int, Fact]] = []
    sentences: Counter[str] = Counter()
    short: dict[str, str] = {}
    for change in _changed(row, marks):
        if pieces.is_elsewhere(change.old or change.new, elsewhere) and not (change.old and change.new):
            continue
        what, count = _whole_sentences(change)
        if count:
            sentences[what] += count
            short[what] = (change.old + change.new).strip()
        elif change.old.strip() or change.new.strip():
            ranked.append(_quoted(change))
    ranked.sort(key=lambda pair: pair[0])
    yield from _limited([fact for _, fact in ranked])
    for what, number in sentences.items():
        one = what.replace("sentences", "sentence")
        if number > 1:
            yield Fact(what, count=number)
        elif width(short[what]) > LONGEST:
            yield Fact(one)
        else:
            yield Fact(f"short_{one}", new=short[what])


def _limited(facts: list[Fact]) -> Iterator[Fact]:
    """The first different facts, and how many more there are."""
    different = list(dict.fromkeys(facts))
    yield from different[:QUOTED]
    if len(different) > QUOTED:
        yield Fact("more", count=len(different) - QUOTED)


def _whole_sentences(change: _Change) -> tuple[str, int]:
    """Whether only whole sentences were added, or removed, and how many."""
    words = (change.old + change.new).strip()
    if (change.old and change.new) or not _SENTENCE_BEFORE.search(change.before):
        return "", 0
    ends = list(_SENTENCE_END.finditer(words))
    what = "sentences_removed" if change.old else "sentences_added"
    return (what, len(ends)) if ends and ends[-1].end() == len(words) else ("", 0)


def _quoted(change: _Change) -> tuple[int, Fact]:
    """The change in quoted words, and its rank: 0 matters most."""
    rank, at = _rank(change.old, change.new)
    old, new = excerpt(change.old, at[0]), excerpt(change.new, at[1])
    if bool(_LETTER.search(old)) != bool(_LETTER.search(new)) and (_PAUSES.fullmatch(old) or _PAUSES.fullmatch(new)):
        # A pause that went along with the words need not be quoted; "3 to 5" that became "3-5" is another matter.
        old, new = (old if _LETTER.search(old) else ""), (new if _LETTER.search(new) else "")
    if old and new:
        return rank, Fact("replaced", old, new)
    context = _context(change, change.new if new else change.old) if width(old + new) <= SHORT else ""
    what = ("added" if new else "removed") + ("_within" if context else "")
    return rank, Fact(what, old=old or context, new=new or context)


def _rank(old: str, new: str) -> tuple[int, tuple[int, int]]:
    """How much a change matters, and where in either side the words stand that make it so."""
    for rank, pattern in enumerate(_WEIGHTY):
        before, after = (Counter(match[0].lower() for match in pattern.finditer(side)) for side in (old, new))
        if before != after and not (rank == 1 and _REFERENCE.fullmatch(old.strip() or new.strip())):
            return rank, (_place(pattern, old, before - after), _place(pattern, new, after - before))
    return len(_WEIGHTY), (0, 0)


def _place(pattern: re.Pattern[str], text: str, wanted: Counter[str]) -> int:
    return next((match.start() for match in pattern.finditer(text) if match[0].lower() in wanted), 0)


def _context(change: _Change, words: str) -> str:
    """A very short change with the few words around it, up to the next pause."""
    before, after = _PAUSE.split(change.before)[-1], _PAUSE.split(change.after)[0]
    around = _nearest(before, 3, last=True), _nearest(after, 6)
    return f"{around[0]}{words}{around[1]}".strip() if any(around) else ""


def _nearest(text: str, most: float, *, last: bool = False) -> str:
    """The first or last words of a text, as many as are no wider than `most`."""
    found = ""
    for word in reversed(cut(text[-NEAR // 2 :])) if last else cut(text[: NEAR // 2]):
        if width(found + word) > most:
            break
        found = word + found if last else found + word
    return found


def excerpt(words: str, around: int = 0) -> str:
    """Words short enough to be quoted: whole, or a part that holds the place `around`, with dots for the rest."""
    start = len(words[:around]) - len(_nearest(words[:around], LONGEST / 4, last=True))
    if width(words.strip()) <= LONGEST or width(words[:around]) <= LONGEST / 2:
        start = 0
    part = words[start:]
    if width(part.strip()) > LONGEST:
        part = _nearest(part, LONGEST) or part[: int(LONGEST)]
    dots = "…" if start else "", "…" if start + len(part) < len(words) else ""
    return f"{dots[0]}{_bare(part)}{dots[1]}"


def _bare(words: str) -> str:
    """Without the blanks and pauses around the words, unless there is nothing else."""
    return words.strip(" ，、；,;\n") or words.strip()


def _emphasis(row: Row) -> Iterator[Fact]:
    if row.old is None or row.new is None or row.old.runs == row.new.runs:
        return
    if row.old.emphasised != row.new.emphasised:
        yield Fact("all_bolded" if row.new.emphasised else "all_unbolded")
        return
    found = [piece for piece in pieces.new_side(row) if piece.op not in ("equal", "insert")]
    yield from _limited([Fact(piece.op, new=excerpt(piece.words)) for piece in found])
