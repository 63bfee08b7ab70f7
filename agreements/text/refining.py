"""Refinement: what changed inside a unit, in as few and as readable marks as its words allow."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from icu4py.breakers import WordBreaker
from rapidfuzz.distance import Indel, Postfix, Prefix

from agreements.text.aligning import wording
from agreements.text.numbering import HAN


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


_Kept = tuple[int, int, int, int]
"""A stretch that both texts have: its start and end in the old one, then in the new one, in code points."""

ISLAND = 3.0
"""Fewer unchanged signs than this between two changes are marked with them."""
MATRIX = 400_000_000
"""So many pairs of phrases or of words are compared at most (50 MB); of longer stretches nothing is kept."""

_NUMERALS = f"{HAN}万亿"
_DIGITS = r"\d+(?:[.,:：．，]\d+)*"
_MONTHS = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?)"
)
_WHOLE = re.compile(
    rf"""
      第\s*(?:\d[\d.．]*|[{_NUMERALS}]+)\s*(?:[条款项点章节编目页期]|部分)(?:之[{_NUMERALS}]+)?
    | [（(](?:\d+|[{_NUMERALS}]+|[a-z]|[ivx]+)[）)]
    | \b(?:Sections?|Articles?|Clauses?|Paragraphs?|Parts?|Chapters?|Annex|Schedule|Exhibit|Appendix)\s+
      (?:\d+(?:\.\d+)*|[A-Z]|[IVXLC]+)\b(?:\s?\((?:\d+|[a-z]{{1,4}})\))*
    | §+\s?\d+(?:\.\d+)*
    | \d{{2,4}}\s?年(?:\s?\d{{1,2}}\s?月(?:\s?\d{{1,2}}\s?日)?)?
    | \d{{1,2}}\s?月\s?\d{{1,2}}\s?日
    | \d{{4}}-\d{{2}}-\d{{2}}
    | \b{_MONTHS}\s\d{{1,2}}(?:,?\s\d{{4}})?\b
    | \b\d{{1,2}}\s{_MONTHS}(?:\s\d{{4}})?\b
    | [{_NUMERALS}]+分之(?:[{_NUMERALS}]+|{_DIGITS})
    | (?:人民币|美元|港币|[A-Z]{{0,3}}[¥￥$€£]|\b(?:RMB|CNY|USD|HKD|EUR|GBP)\b)?\s?
      (?:{_DIGITS}|[{_NUMERALS}]+)\s?[百千万亿]*
      (?:个?(?:工作日|自然日|交易日|小时|月|星期|季度|年度)|周[年岁]|[日天年周元倍次人名岁]|分钟|秒|[%％‰]|(?:USD|RMB|CNY|HKD|EUR|GBP)\b)
    | (?:[A-Z]{{0,3}}[¥￥$€£]|\b(?:RMB|CNY|USD|HKD|EUR|GBP)\b)\s?{_DIGITS}
    | (?:\b[a-z]+(?:-[a-z]+)?\s\(\d+\)|{_DIGITS})\s?(?:(?:business|calendar|working|consecutive)\s)?
      (?:percent|(?:day|week|month|year|hour|minute|second)s?)\b
    | {_DIGITS}
    | [{_NUMERALS}]{{2,}}
    | https?://[!-~]+
    | [A-Za-z0-9_+-][A-Za-z0-9._+-]{{0,63}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
    | [A-Za-z]+(?:[-&][A-Za-z]+)+
    """,
    re.VERBOSE,
)
"""What a mark may not split though it is several words: references, dates, amounts, numbers with their unit, addresses."""
_START = re.compile(rf"[人美港第（(§\d{_NUMERALS}¥￥$€£A-Za-z_](?<![A-Za-z0-9_][A-Za-z_])")
"""What they begin with: a quick look spares a long one."""
_BLANK = re.compile("[\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_HAN_ONLY = re.compile("[\u4e00-\u9fff]+")
_ONE_FORM = re.compile("[\u4e00-\u9fffA-Za-z0-9，。；：、！？（）《》./%+-]+")
"""Signs of which no two are the same for the comparison, as ， and , are."""
_PUNCTUATION = re.compile(r"(?<![!-~])[，。；：、！？（）“”‘’,.;:!?()\"']|[，。；：、！？（）“”‘’,.;:!?()\"'](?![!-~])")
"""A punctuation mark outside numbers and words of other scripts."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_BORDER = re.compile(r"(?:^|(?<=[，。；：、！？])|(?<=[.,;:!?]\s))(?![\d\s])")
"""Where a text can be parted without looking at what stands on the other side."""
_LAST_BORDER = re.compile(f".*{_BORDER.pattern}", re.DOTALL)
_MIRRORED = {"equal": "equal", "replace": "replace", "insert": "delete", "delete": "insert"}
_STOPS = frozenset("。；！？;!?")
_PAUSES = frozenset("，、：,:")


def words(text: str) -> list[str]:
    """The text cut into what a mark may not split: words, by the breaks of UAX 29 with ICU's dictionary for Chinese.

    References, dates, amounts and the like hold several of them. White space and signs without width belong to the word
    before them.
    """
    try:
        pieces = list(WordBreaker(text, "zh"))
    except UnicodeEncodeError:
        pieces = list(WordBreaker(_SURROGATE.sub("\ufffd", text), "zh"))
    if wholes := _wholes(text):
        borders = list(accumulate(map(len, pieces), initial=0))
        for start, end in wholes:
            del borders[bisect_right(borders, start) : bisect_left(borders, end)]
        pieces = [text[start:end] for start, end in pairwise(borders)]
    return _with_blanks(pieces) if _BLANK.search(text) else pieces


def _with_blanks(pieces: list[str]) -> list[str]:
    """With what says nothing by itself in one piece with the word before it."""
    found = pieces[:1]
    for piece in pieces[1:]:
        if _fold(piece):
            found.append(piece)
        else:
            found[-1] += piece
    return found


def _wholes(text: str) -> list[tuple[int, int]]:
    """Where what holds together begins and ends."""
    found: list[tuple[int, int]] = []
    end = 0
    for start in _START.finditer(text):
        if start.start() >= end and (whole := _WHOLE.match(text, start.start())):
            end = whole.end()
            found.append(whole.span())
    return found


def refine(old: str, new: str) -> tuple[Span, ...]:
    """The script that makes the new text from the old one, sign for sign; its spans cover both from end to end.

    The script of the swapped texts is its mirror: it is always worked out in the same one of the two directions.
    """
    if old == new:
        return (Span("equal", 0, len(old), 0, len(old)),) if old else ()
    return _script(old, new, of_wording=False)


def marks(old: str, new: str) -> tuple[Span, ...]:
    """As `refine`, for the eye: what differs in form alone (width, spaces, quotes) counts as equal and is not marked."""
    return refine(old, new) if old == new else _script(old, new, of_wording=True)


def _script(old: str, new: str, *, of_wording: bool) -> tuple[Span, ...]:
    if not old or not new:
        return (_change(0, len(old), 0, len(new)),)
    if (len(new), new) < (len(old), old):
        return tuple(mirrored(span) for span in _script(new, old, of_wording=of_wording))
    kept = None if of_wording else _kept_beside_signs(old, new)
    if kept is None:
        kept = _joined(_kept(old, new, of_wording))
    return tuple(_spans(_without_islands(kept, old)))


def _kept_beside_signs(old: str, new: str) -> list[_Kept] | None:
    """What is kept if nothing differs but how some punctuation marks are written: no need to see the words."""
    if len(old) != len(new):
        return None
    signs = [-1]
    for place, (one, other) in enumerate(zip(old, new, strict=True)):
        if one != other:
            if not _PUNCTUATION.match(old, place) or _fold(one) != _fold(other):
                return None
            signs.append(place)
    return [(start + 1, end, start + 1, end) for start, end in pairwise([*signs, len(old)])]


def _kept(old: str, new: str, of_wording: bool) -> Iterator[_Kept]:
    """What both texts have, piece by piece; the first and the last piece, at both ends of the texts, may be empty."""
    i = j = 0
    for part in _phrases(old, new):
        old_start, old_end, new_start, new_end = part
        if old_start > i and new_start > j:
            yield from _words_kept(old[i:old_start], new[j:new_start], i, j, of_wording)
        yield part
        i, j = old_end, new_end


def _phrases(old: str, new: str) -> Iterator[_Kept]:
    """The phrases that both texts begin with and end with, and of long texts those between too: no need to see their words."""
    start = _shared_start(old, new)
    end = _shared_end(old[start:], new[start:])
    old_end, new_end = len(old) - end, len(new) - end
    yield 0, start, 0, start
    if (old_end - start) * (new_end - start) > MATRIX:
        old_at, new_at = _borders(old, start, old_end), _borders(new, start, new_end)
        if len(old_at) * len(new_at) <= MATRIX:
            phrases = ([text[i:j] for i, j in pairwise(at)] for text, at in ((old, old_at), (new, new_at)))
            for i, j, length in _matches(*phrases):
                yield old_at[i], old_at[i + length], new_at[j], new_at[j + length]
    yield old_end, len(old), new_end, len(new)


def _shared_start(old: str, new: str) -> int:
    """How many signs both texts begin with, up to a border that both have there."""
    size = Prefix.similarity(old, new)
    while size > 0 and (found := _LAST_BORDER.match(old, 0, size)):
        size = found.end()
        if _BORDER.match(old, size) and _BORDER.match(new, size):
            return size
        size -= 1
    return 0


def _shared_end(old: str, new: str) -> int:
    """How many signs both texts end with, from a border on that both have there."""
    for border in _BORDER.finditer(old, len(old) - Postfix.similarity(old, new)):
        size = len(old) - border.end()
        if _BORDER.match(new, len(new) - size):
            return size
    return 0


def _borders(text: str, start: int, end: int) -> list[int]:
    return [start, *(border.end() for border in _BORDER.finditer(text, start + 1, end)), end]


def _words_kept(old: str, new: str, old_start: int, new_start: int, of_wording: bool) -> list[_Kept]:
    """The words that both stretches have; where they are too many to be compared, none."""
    old_words, new_words = words(old), words(new)
    if len(old_words) * len(new_words) > MATRIX:
        return []
    old_folded, new_folded = old_words, new_words
    if not (_ONE_FORM.fullmatch(old) and _ONE_FORM.fullmatch(new)):
        # rapidfuzz takes an empty word and a NUL for the same.
        old_folded, new_folded = [_fold(word) or " " for word in old_words], [_fold(word) or " " for word in new_words]
    matches = _slid(_matches(old_folded, new_folded), old_folded, new_folded)
    return _stretches(matches, old_words, new_words, old_start, new_start, of_wording)


def mirrored(span: Span) -> Span:
    """The span that leads from the new text back to the old one."""
    op, old_start, old_end, new_start, new_end = span
    return Span(_MIRRORED[op], new_start, new_end, old_start, old_end)


@lru_cache(maxsize=20_000)
def _fold(word: str) -> str:
    return word if _HAN_ONLY.fullmatch(word) else wording(word)


def _matches(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[_Match]:
    """The stretches that a shortest script keeps, and an empty one at the end."""
    return [_Match(block.a, block.b, block.size) for block in Indel.opcodes(old, new).as_matching_blocks()]


def _without_islands(kept: list[_Kept], old: str) -> list[_Kept]:
    """Without the few unchanged signs between two changes that would make confetti of them; both ends stay."""
    if len(kept) < 3:
        return kept
    return [kept[0], *(part for part in kept[1:-1] if _size(old[part[0] : part[1]]) >= ISLAND), kept[-1]]


def _size(text: str) -> float:
    """How much there is to read; Latin letters count half."""
    return sum(0.5 if char.isascii() and char.isalpha() else 1.0 for char in text) if len(text) < 2 * ISLAND else ISLAND


def _slid(matches: list[_Match], old: Sequence[str], new: Sequence[str]) -> list[_Match]:
    """With each pure insertion or deletion where a reader would put it: beside another change, or else between punctuation."""
    slid: list[_Match] = [_Match(0, 0, 0), *matches]
    ends = slid[0], slid[-1]
    for place in range(len(slid) - 1):
        left, right = slid[place], slid[place + 1]
        gap_old, gap_new = right.old - left.old - left.length, right.new - left.new - left.length
        if (gap_old == 0) == (gap_new == 0):
            continue
        text, end = (new, right.new) if gap_new else (old, right.old)
        start = end - gap_old - gap_new
        shifts = range(-_common(text, start, end, -1, left.length), _common(text, start, end, 1, right.length) + 1)
        if len(shifts) == 1:
            continue
        joins = {
            by for by, match in ((-left.length, left), (right.length, right)) if match.length > 0 and match not in ends
        }
        shift = max(shifts, key=lambda by: (by in joins, _fit(text, start + by, end + by), -abs(by)))
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


def _stretches(
    matches: Sequence[_Match],
    old: Sequence[str],
    new: Sequence[str],
    old_start: int,
    new_start: int,
    of_wording: bool,
) -> list[_Kept]:
    """The matches in code points; unless it is for the wording, only what is the same sign for sign."""
    old_at = list(accumulate(map(len, old), initial=old_start))
    new_at = list(accumulate(map(len, new), initial=new_start))
    kept: list[_Kept] = []
    for i, j, length in matches:
        if of_wording or old[i : i + length] == new[j : j + length]:
            kept.append((old_at[i], old_at[i + length], new_at[j], new_at[j + length]))
            continue
        for here, there in zip(range(i, i + length), range(j, j + length), strict=True):
            if old[here] == new[there]:
                kept.append((old_at[here], old_at[here + 1], new_at[there], new_at[there + 1]))
            else:
                kept += _alike(old[here], new[there], old_at[here], new_at[there])
    return kept


def _alike(old: str, new: str, i: int, j: int) -> list[_Kept]:
    """What is kept of a word that differs in width or spacing: nothing where that would be confetti."""
    parts = [
        (i + block.a, i + block.a + block.size, j + block.b, j + block.b + block.size)
        for block in Indel.opcodes(old, new).as_matching_blocks()
        if block.size
    ]
    return parts if len(parts) < 2 else []


def _joined(kept: Iterable[_Kept]) -> list[_Kept]:
    """Stretches that touch on both sides as one; the first and the last, at both ends of the texts, may be empty."""
    joined: list[_Kept] = []
    i = j = -1
    for part in kept:
        if part[0] == i and part[2] == j:
            joined[-1] = (joined[-1][0], part[1], joined[-1][2], part[3])
        else:
            joined.append(part)
        _, i, _, j = part
    return joined


def _spans(kept: Iterable[_Kept]) -> Iterator[Span]:
    """What is kept, and the changes between."""
    i = j = 0
    for old_start, old_end, new_start, new_end in kept:
        if old_start > i or new_start > j:
            yield _change(i, old_start, j, new_start)
        if old_end > old_start:
            yield Span("equal", old_start, old_end, new_start, new_end)
        i, j = old_end, new_end


def _change(old_start: int, old_end: int, new_start: int, new_end: int) -> Span:
    op = "replace" if old_end > old_start and new_end > new_start else "delete" if old_end > old_start else "insert"
    return Span(op, old_start, old_end, new_start, new_end)
