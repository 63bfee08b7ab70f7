"""Splits and merges: where a unit without partner has its words from, when one unit became several or several became one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from itertools import chain
from typing import NamedTuple

from rapidfuzz.distance import Indel, LCSseq

from agreements.text.aligning import HAN, Side

TILE = 4
"""Fewer signs in a row tell nothing of where they come from."""
LEAST = 5
"""An old unit that lost fewer signs has no piece elsewhere."""
TIMES = 3
"""A piece has so many times what its whole lost at most: what it repeats may also stand in the partner still."""
ALIKE = 0.57
"""What is so like the partner is a second clause of its kind, not another piece, unless all of it is from the whole."""
NEAR = 12
"""So many units without partner before, in and after a partner are looked at, whatever their words."""
HALF, LONG = 0.5, 10
MOST, SHORT = 0.7, 5
"""Of a piece nearby, half stood in the whole, ten signs of that in a row; or most of it, five in a row."""
FAR_LONG = 12
"""Of a piece far away, most of it stood there, so many signs in a row."""
LONGEST = 20_000
"""In longer units nothing is looked for."""
RARE = 12
"""A phrase that more units than this share tells nothing of where they come from."""
EFFORT = 1_000_000_000
"""So many pairs of signs are looked at, at most: no text of real clauses comes near."""

_WORD = re.compile(rf"[^\W{HAN}]{{2,}}")
_NO_SIGN = re.compile(r"[^\w\U00040000-\U000dffff]+")
_PHRASE = re.compile(r'[^,.;:!?。、()"]{6,}')
"""Six signs at least between two punctuation marks, as a wording writes them."""
_FIRST = 0x40000
"""What stands for the first word; Unicode has no characters in this plane and the nine after it."""


class Parts(NamedTuple):
    """All pairs, and for each unit that is a piece of a whole in the other text the index of that whole."""

    partners: dict[int, int]
    splits: dict[int, int]
    merges: dict[int, int]


def find_parts(partners: dict[int, int], old: Side, new: Side) -> Parts:
    """Which inserted units are pieces of an old one, and which deleted ones went into a new one.

    A whole is paired with one of its pieces. Where it had no partner yet, that is the largest one.
    """
    words: dict[str, str] = {}
    before, after = _Texts(old, words), _Texts(new, words)
    partners = partners | _largest_pieces(partners, before, after)
    origins = _turned(partners)
    origins |= _largest_pieces(origins, after, before)
    partners = _turned(origins)
    return Parts(partners, _pieces(partners, before, after), _pieces(origins, after, before))


def _turned(pairs: dict[int, int]) -> dict[int, int]:
    return {j: i for i, j in pairs.items()}


class _Texts:
    """The units of one side in signs: Chinese characters, and words of other scripts as one character each."""

    def __init__(self, side: Side, words: dict[str, str]) -> None:
        self.keys = side.keys
        self.levels = [unit.level for unit in side.units]
        self._words = words
        self._known: dict[int, str] = {}
        self._phrases: dict[int, list[str]] = {}

    def __getitem__(self, index: int) -> str:
        found = self._known.get(index)
        if found is None:
            found = self._known[index] = _NO_SIGN.sub("", _WORD.sub(self._sign, self.keys[index]))
        return found

    def __len__(self) -> int:
        return len(self.keys)

    def _sign(self, word: re.Match[str]) -> str:
        return self._words.setdefault(word[0], chr(_FIRST + len(self._words)))

    def phrases(self, index: int) -> list[str]:
        """What stands between the punctuation marks of a unit."""
        found = self._phrases.get(index)
        if found is None:
            found = self._phrases[index] = _PHRASE.findall(self.keys[index])
        return found

    def alone(self, paired: Iterable[int]) -> set[int]:
        """The units without partner, where these have one; without those that are too long to look at."""
        return {index for index in {*range(len(self))}.difference(paired) if len(self.keys[index]) <= LONGEST}


def _pieces(partners: dict[int, int], old: _Texts, new: _Texts) -> dict[int, int]:
    """For each piece of an old unit that has a partner the index of that old unit."""
    alone = new.alone(partners.values())
    if not alone:
        return {}
    lost = {i: _lost(old.keys[i], new.keys[j]) for i, j in partners.items() if old.keys[i] != new.keys[j]}
    wholes = {i: partners[i] for i, length in lost.items() if length >= LEAST}
    near = {i: _near(j, alone, new) for i, j in wholes.items()}
    pairs = chain(_alike(near, old, new), _sharing(wholes, alone, old, new))
    best: dict[int, tuple[int, int, int]] = {}
    for i, piece in _affordable(pairs, old, new):
        j = wholes[i]
        size = _size_of_piece(new[piece], old[i], new[j], piece in near[i])
        if not 0 < size <= TIMES * lost[i]:
            continue
        is_all_from_there = len(new[piece]) == size <= lost[i]
        if is_all_from_there or Indel.normalized_similarity(new.keys[piece], new.keys[j]) < ALIKE:
            best[piece] = max(best.get(piece, (0, 0, 0)), (size, -abs(piece - j), i))
    return {piece: i for piece, (_, _, i) in best.items()}


def _lost(whole: str, part: str) -> int:
    return len(whole) - LCSseq.similarity(whole, part) if max(len(whole), len(part)) <= LONGEST else 0


def _affordable(pairs: Iterable[tuple[int, int]], old: _Texts, new: _Texts) -> Iterator[tuple[int, int]]:
    effort = EFFORT
    for i, piece in pairs:
        effort -= len(old.keys[i]) * len(new.keys[piece])
        if effort < 0:
            return
        yield i, piece


def _alike(near: dict[int, list[int]], old: _Texts, new: _Texts) -> Iterator[tuple[int, int]]:
    """The old units and those near their partner that may be pieces: a quick look spares a long one."""
    for i, pieces in near.items():
        for piece in pieces:
            if LCSseq.similarity(old.keys[i], new.keys[piece]) >= HALF * len(new.keys[piece]):
                yield i, piece


def _near(j: int, alone: Set[int], new: _Texts) -> list[int]:
    """The units without partner in a unit, and those right before and after it and all that it holds."""
    found: list[int] = []
    place, is_inside = j + 1, True
    while place < len(new) and len(found) < NEAR:
        is_inside = is_inside and new.levels[place] > new.levels[j]
        if place in alone:
            found.append(place)
        elif not is_inside:
            break
        place += 1
    place = j - 1
    while place in alone and j - place <= NEAR:
        found.append(place)
        place -= 1
    return found


def _sharing(wholes: Iterable[int], alone: Iterable[int], old: _Texts, new: _Texts) -> Iterator[tuple[int, int]]:
    """The old and new units among these that have a phrase in common, wherever they stand."""
    places: dict[str, list[int]] = defaultdict(list)
    for piece in alone:
        for phrase in new.phrases(piece):
            places[phrase].append(piece)
    for i in wholes:
        shared = [places[phrase] for phrase in old.phrases(i) if phrase in places]
        for piece in sorted({piece for pieces in shared if len(pieces) <= RARE for piece in pieces}):
            yield i, piece


def _size_of_piece(piece: str, whole: str, part: str, is_near: bool) -> int:
    """How many signs a piece has from its whole; 0 if it is none."""
    common, longest = _common(piece, whole, part)
    if not is_near:
        is_piece = common >= MOST * len(piece) and longest >= FAR_LONG
    else:
        is_piece = _is_shown(len(piece), common, longest) or _has_most(piece, whole, part)
    return common if is_piece else 0


def _is_shown(length: int, common: int, longest: int) -> bool:
    return (common >= HALF * length and longest >= LONG) or (common >= MOST * length and longest >= SHORT)


def _has_most(piece: str, whole: str, part: str) -> bool:
    """Whether a piece, though much was added to it, has most of what its whole lost, and much of that in a row."""
    lost = [whole[op.src_start : op.src_end] for op in LCSseq.opcodes(whole, part) if op.tag == "delete"]
    found = [_common(stretch, piece, "") for stretch in lost]
    longest = max((longest for _, longest in found), default=0)
    return longest >= FAR_LONG and sum(common for common, _ in found) >= MOST * sum(map(len, lost))


def _common(piece: str, whole: str, part: str) -> tuple[int, int]:
    """How many signs of a piece stand in the whole in rows that the part does not have, and the longest such row."""
    common = longest = start = 0
    while start <= len(piece) - TILE:
        end = start + TILE
        if piece[start:end] not in whole:
            start += 1
            continue
        while end < len(piece) and piece[start : end + 1] in whole:
            end += 1
        if piece[start:end] not in part:
            common += end - start
            longest = max(longest, end - start)
        start = end
    return common, longest


def _largest_pieces(partners: dict[int, int], old: _Texts, new: _Texts) -> dict[int, int]:
    """Old units without partner that are several new ones now, side by side, each with the largest of these."""
    sizes: dict[int, dict[int, int]] = defaultdict(dict)
    pairs = _sharing(old.alone(partners), new.alone(partners.values()), old, new)
    for i, piece in _affordable(pairs, old, new):
        common, longest = _common(new[piece], old[i], "")
        if _is_shown(len(new[piece]), common, longest):
            sizes[i][piece] = common
    found: dict[int, int] = {}
    taken: set[int] = set()
    for i, pieces in sorted(sizes.items()):
        largest = max(pieces, key=pieces.__getitem__)
        group = [piece for piece in pieces if abs(piece - largest) <= NEAR and piece not in taken]
        together = "".join(new[piece] for piece in sorted(group))
        is_made_up = len(group) > 1 and _common(old[i], together, "")[0] >= HALF * len(old[i])
        if is_made_up and largest in group:
            found[i] = largest
            taken.update(group)
    return found
