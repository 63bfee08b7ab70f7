"""Refinement: what changed inside a unit, in as few and as readable marks as its words allow."""

import re
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import rjieba
from rapidfuzz.distance import Indel

from agreements.text.aligning import HAN, wording


class Span(NamedTuple):
    """A stretch of both texts in code points; `op` is equal, replace, insert or delete."""

    op: str
    old_start: int
    old_end: int
    new_start: int
    new_end: int


class _Match(NamedTuple):
    """So many words from `old` and from `new` on are the same."""

    old: int
    new: int
    length: int


ISLAND = 3.0
"""Fewer unchanged signs than this between two changes are marked with them, unless a sentence ends there."""
MATRIX = 400_000_000
"""So many pairs of words are compared at most (50 MB); longer texts are compared by sentences first."""

_NUMERALS = "〇零一二三四五六七八九十百千万亿两"
_TOKEN = re.compile(
    rf"""
    (?: (?P<han>[{HAN}]+)
      | https?://[!-~]+
      | [A-Za-z0-9_+-][A-Za-z0-9._+-]{{0,63}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
      | \d+(?:[.,:：．，/-]\d+)*[%％‰]?
      | [^\W\d{HAN}](?:[^\W{HAN}]|[\u0300-\u036f])*(?:['’.&-](?:[^\W{HAN}]|[\u0300-\u036f])+)*
      | \S
    )\s*
    | \s+
    """,
    re.VERBOSE,
)
_REFERENCE = re.compile(
    rf"第\s*[\d.．{_NUMERALS}]+\s*[条款项点章节编目](?:之[{_NUMERALS}]+)?\s*|[（(][\d{_NUMERALS}]+[）)]\s*|[{_NUMERALS}]{{2,}}\s*"
)
_STOPS = frozenset("。；！？;!?")
_PAUSES = frozenset("，、：,:")


def words(text: str) -> list[str]:
    """The text cut into what a mark may not split: words, numbers, references, addresses, single signs.

    White space belongs to the word before it.
    """
    found: list[str] = []
    start = 0
    for reference in _REFERENCE.finditer(text):
        found.extend(_cut(text, start, reference.start()))
        found.append(reference[0])
        start = reference.end()
    found.extend(_cut(text, start, len(text)))
    return _with_marks(found)


def _cut(text: str, start: int, end: int) -> Iterator[str]:
    for match in _TOKEN.finditer(text, start, end):
        if match["han"]:
            *most, last = rjieba.cut(match["han"])
            yield from most
            yield last + match[0][len(match["han"]) :]
        else:
            yield match[0]


def _with_marks(tokens: Sequence[str]) -> list[str]:
    """Combining marks, joiners and variation selectors stay with the sign that they change."""
    joined: list[str] = []
    for token in tokens:
        clings = token[0] > "\u02ff" and (token[0] == "\u200d" or unicodedata.category(token[0])[0] == "M")
        if joined and (clings or joined[-1][-1] == "\u200d"):
            joined[-1] += token
        else:
            joined.append(token)
    return joined


def refine(old: str, new: str) -> tuple[Span, ...]:
    """The script that makes the new text from the old one; its spans cover both from end to end."""
    if not old or not new or old == new:
        whole = Span("equal", 0, len(old), 0, len(new)) if old == new else _change(0, len(old), 0, len(new))
        return (whole,) if old or new else ()
    old_words, new_words = words(old), words(new)
    old_folded, new_folded = [_fold(word) for word in old_words], [_fold(word) for word in new_words]
    if len(old_words) * len(new_words) <= MATRIX:
        matches = _matches(old_folded, new_folded)
    else:
        matches = _matches_by_sentence(old_folded, new_folded)
    matches = _without_islands(_slid(matches, old_folded, new_folded), old_folded)
    return tuple(_joined(_spans(matches, old_words, new_words)))


@lru_cache(maxsize=20_000)
def _fold(word: str) -> str:
    return wording(word)


def _matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[_Match]:
    """The stretches that a shortest script keeps, and an empty one at the end."""
    kept = [
        _Match(op.src_start, op.dest_start, op.src_end - op.src_start)
        for op in Indel.opcodes(old, new)
        if op.tag == "equal"
    ]
    return [*kept, _Match(len(old), len(new), 0)]


def _matches_by_sentence(old: Sequence[str], new: Sequence[str]) -> list[_Match]:
    """As `_matches` for very long texts: whole sentences first, then the words between those that are kept."""
    old_sentences, new_sentences = _sentences(old), _sentences(new)
    if len(old_sentences) * len(new_sentences) > MATRIX:
        return [_Match(len(old), len(new), 0)]
    old_at = [0, *accumulate(map(len, old_sentences))]
    new_at = [0, *accumulate(map(len, new_sentences))]
    kept: list[_Match] = []
    i = j = 0
    for match in _matches(old_sentences, new_sentences):
        old_start, new_start = old_at[match.old], new_at[match.new]
        if (old_start - i) * (new_start - j) <= MATRIX:
            inner = _matches(old[i:old_start], new[j:new_start])
            kept.extend(_Match(i + word.old, j + word.new, word.length) for word in inner if word.length)
        i, j = old_at[match.old + match.length], new_at[match.new + match.length]
        kept.append(_Match(old_start, new_start, i - old_start))
    return kept


def _sentences(folded: Sequence[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    start = 0
    for place, word in enumerate(folded, start=1):
        if word in _STOPS or place == len(folded):
            found.append(tuple(folded[start:place]))
            start = place
    return found


def _without_islands(matches: list[_Match], folded: Sequence[str]) -> list[_Match]:
    """Without the few unchanged signs between two changes that would make confetti of them."""
    end = matches[-1]
    return [
        match
        for match in matches
        if match is end
        or match.old == match.new == 0
        or (match.old + match.length == end.old and match.new + match.length == end.new)
        or _is_land(folded[match.old : match.old + match.length])
    ]


def _is_land(kept: Sequence[str]) -> bool:
    """Long enough to stand between two changes; Latin letters and digits count half."""
    size = sum(0.5 if char.isascii() and char.isalnum() else 1.0 for word in kept for char in word)
    return size >= ISLAND or any(word in _STOPS for word in kept)


def _slid(matches: list[_Match], old: Sequence[str], new: Sequence[str]) -> list[_Match]:
    """With each pure insertion or deletion where a reader would put it: between punctuation rather than in a phrase."""
    slid: list[_Match] = [_Match(0, 0, 0), *matches]
    for place in range(len(slid) - 1):
        left, right = slid[place], slid[place + 1]
        gap_old, gap_new = right.old - left.old - left.length, right.new - left.new - left.length
        if (gap_old == 0) == (gap_new == 0):
            continue
        text, end = (new, right.new) if gap_new else (old, right.old)
        start = end - gap_old - gap_new
        shifts = range(-_common(text, start, end, -1, left.length), _common(text, start, end, 1, right.length) + 1)
        shift = max(shifts, key=lambda by: (_fit(text, start + by, end + by), -abs(by)))
        slid[place] = left._replace(length=left.length + shift)
        slid[place + 1] = _Match(right.old + shift, right.new + shift, right.length - shift)
    return slid


def _common(text: Sequence[str], start: int, end: int, step: int, most: int) -> int:
    """By how many words the stretch can slide that way and still say the same."""
    one, other = (start - 1, end - 1) if step < 0 else (start, end)
    count = 0
    while count < most and text[one + step * count] == text[other + step * count]:
        count += 1
    return count


def _fit(text: Sequence[str], start: int, end: int) -> int:
    """How well a change that covers these words reads."""
    before = text[start - 1] if start else "。"
    after = text[end] if end < len(text) else "。"
    first, last = text[start], text[end - 1]
    if before in _STOPS and last in _STOPS:
        return 5
    if before in _STOPS | _PAUSES and last in _STOPS | _PAUSES:
        return 4
    if first in _STOPS | _PAUSES and after in _STOPS | _PAUSES:
        return 3
    return 2 * (before in _STOPS) + (before in _PAUSES) + (last in _STOPS | _PAUSES)


def _spans(matches: Sequence[_Match], old: Sequence[str], new: Sequence[str]) -> Iterator[Span]:
    """The matches and the gaps between them, in code points."""
    old_at = [0, *accumulate(map(len, old))]
    new_at = [0, *accumulate(map(len, new))]
    i = j = 0
    for match in matches:
        yield _change(old_at[i], old_at[match.old], new_at[j], new_at[match.new])
        for offset in range(match.length):
            i, j = match.old + offset, match.new + offset
            yield from _kept(old[i], new[j], old_at[i], new_at[j])
        i, j = match.old + match.length, match.new + match.length


def _kept(old: str, new: str, i: int, j: int) -> Iterator[Span]:
    """A word that both texts have, though perhaps in another width or spacing, which is then marked sign by sign."""
    if old == new:
        yield Span("equal", i, i + len(old), j, j + len(new))
        return
    for op in Indel.opcodes(old, new):
        yield Span(op.tag, i + op.src_start, i + op.src_end, j + op.dest_start, j + op.dest_end)


def _change(old_start: int, old_end: int, new_start: int, new_end: int) -> Span:
    op = "replace" if old_end > old_start and new_end > new_start else "delete" if old_end > old_start else "insert"
    return Span(op, old_start, old_end, new_start, new_end)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Without empty spans, equal ones and changes each joined with their like."""
    last: Span | None = None
    for span in spans:
        if span.old_start == span.old_end and span.new_start == span.new_end:
            continue
        if last and (last.op == "equal") == (span.op == "equal"):
            if span.op == "equal":
                last = last._replace(old_end=span.old_end, new_end=span.new_end)
            else:
                last = _change(last.old_start, span.old_end, last.new_start, span.new_end)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last
