"""Splits: of which old unit's words a new unit is made, where one became several; a merge is the same the other way round."""

from collections.abc import Sequence, Set

from rapidfuzz.distance import LCSseq

from agreements.text.aligning import Side

LEAST = 8
"""A piece has so many signs at least: less says nothing of where it comes from."""
SHARE = 0.7
"""So much of a piece stood in the old unit, where the pieces before it leave room."""
ALIKE = 0.6
"""And so alike are the old unit and all its pieces taken together."""
PIECES = 12


def splits(partners: dict[int, int], old: Side, new: Side) -> dict[int, int]:
    """For each inserted unit that was part of an old unit, which one that was: the index in `new` → the index in `old`.

    The old unit has a partner, and its pieces stand beside that partner with nothing else between them.
    """
    taken = set(partners.values())
    found: dict[int, int] = {}
    for i, j in partners.items():
        whole = old.keys[i]
        if len(whole) >= 2 * LEAST and whole != new.keys[j]:
            pieces = _pieces(whole, j, taken, new)
            taken.update(pieces)
            found |= dict.fromkeys(pieces, i)
    return found


def _pieces(whole: str, j: int, taken: Set[int], new: Side) -> Sequence[int]:
    """The inserted units right before and after `j` whose words come from the whole too."""
    pieces: list[int] = []
    joined = new.keys[j]
    common: int | None = None
    for step in (1, -1):
        place = j + step
        while 0 <= place < len(new) and place not in taken and len(pieces) < PIECES:
            piece = new.keys[place]
            common = LCSseq.similarity(whole, joined) if common is None else common
            together = joined + piece if step > 0 else piece + joined
            more = LCSseq.similarity(whole, together)
            if len(piece) < LEAST or more - common < SHARE * len(piece):
                break
            pieces.append(place)
            joined, common = together, more
            place += step
    return pieces if pieces and 2 * (common or 0) >= ALIKE * (len(whole) + len(joined)) else []
