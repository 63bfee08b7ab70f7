"""Order: which units left their place among those that were kept, and in which order old and new units are read together."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from agreements.text.aligning import Side


def moved(partners: dict[int, int], old: Side, new: Side) -> set[int]:
    """The old units that left their place, with all that moved along inside them.

    Among the units of one holder, at every level, as many as possible stay: those that are in order on both sides. Where
    several sequences are as long the heaviest stays. What lost its holder is judged by its place in the whole text.
    """
    found = {j: i for i, j in partners.items()}
    families: dict[int, list[int]] = defaultdict(list)
    left: set[int] = set()
    loose: list[int] = []
    everything = sorted(partners)
    for i in everything:
        holder, new_holder = old.parents[i], new.parents[partners[i]]
        if holder == new_holder == -1 or (holder >= 0 and partners.get(holder) == new_holder):
            families[holder].append(i)
        elif (holder in partners or holder == -1) and (new_holder in found or new_holder == -1):
            # A paragraph that became a clause of its own, one level up, may still stand where it stood.
            # So may the rest of a clause whose paragraph became a clause of its own, together with what followed it.
            is_divided = new_holder in found and old.parents[found[new_holder]] == holder
            is_there = is_divided or _is_inside(partners.get(holder, -1), new_holder, new.parents)
            (loose.append if is_there else left.add)(i)
        else:
            loose.append(i)
    if mixed := [members for members in families.values() if not _is_in_order(members, partners)]:
        weights = _weights(old, new, partners)
        left.update(*(_out_of_order(members, partners, weights) for members in mixed))
    if loose and not _is_in_order(everything, partners):
        left.update(set(loose) & _out_of_order(everything, partners, [1.0] * len(old)))
    for i in everything if left else ():
        if is_carried(i, partners, left, old, new):
            left.add(i)
    return left


def is_carried(i: int, partners: dict[int, int], left: set[int], old: Side, new: Side) -> bool:
    """Whether the holder of an old unit moved, and the unit with it."""
    holder = old.parents[i]
    return holder in left and partners[holder] == new.parents[partners[i]]


def reading_order(
    partners: dict[int, int], left: set[int], old: Side, new: Side
) -> list[tuple[int | None, int | None]]:
    """All units, paired or alone, in the new text's order; a deleted one stands after its old neighbour in its holder."""
    ends = list(range(len(new)))
    for j in reversed(range(len(ends))):
        holder = new.parents[j]
        if holder >= 0:
            ends[holder] = max(ends[holder], ends[j])
    origins = {j: i for i, j in partners.items()}
    gone: dict[int, list[int]] = defaultdict(list)
    places: dict[int, int] = {}
    after: dict[int, int] = {-1: -1}
    for i, holder in enumerate(old.parents):
        if i not in partners:
            places[i] = after[i] = after[holder]
            gone[places[i]].append(i)
            continue
        after[i] = j = partners[i]
        if i not in left or is_carried(i, partners, left, old, new):
            after[holder] = max(after[holder], ends[j])
    order: list[tuple[int | None, int | None]] = [(i, None) for i in gone[-1]]
    for j in range(len(new)):
        order.append((origins.get(j), j))
        order += [(i, None) for i in gone.get(j, ())]
    return order


def _weights(old: Side, new: Side, partners: dict[int, int]) -> list[float]:
    """One for every unit, and so little more for what it holds that it only tells apart what is equal otherwise."""
    sizes = [1 + min(len(key), 1000) / 100_000 for key in old.keys]
    for i, j in partners.items():
        sizes[i] += min(len(new.keys[j]), 1000) / 100_000
    for index in reversed(range(len(sizes))):
        if old.parents[index] >= 0:
            sizes[old.parents[index]] += sizes[index]
    return [1 + size / 10_000 for size in sizes]


def _is_inside(one: int, other: int, holders: Sequence[int]) -> bool:
    """Whether one of two different units holds the other, directly or not; -1 holds all."""
    inner, outer = max(one, other), min(one, other)
    while inner > outer:
        inner = holders[inner]
    return inner == outer


def _is_in_order(members: Sequence[int], partners: dict[int, int]) -> bool:
    return all(partners[one] < partners[other] for one, other in pairwise(members))


def _out_of_order(members: Sequence[int], partners: dict[int, int], weights: Sequence[float]) -> set[int]:
    """All but the heaviest of the sequences that are in order on both sides (a Fenwick tree of maxima)."""
    places = sorted(partners[i] for i in members)
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(members) + 1)
    before: dict[int, int] = {}
    for i in members:
        rank = bisect_left(places, partners[i])
        best, at = (0.0, -1), rank
        while at:
            best, at = max(best, tree[at]), at & (at - 1)
        before[i] = best[1]
        heavier, at = (best[0] + weights[i], i), rank + 1
        while at <= len(members):
            tree[at], at = max(tree[at], heavier), at + (at & -at)
    last, at = (0.0, -1), len(members)
    while at:
        last, at = max(last, tree[at]), at & (at - 1)
    out, kept = set(members), last[1]
    while kept != -1:
        out.discard(kept)
        kept = before[kept]
    return out
