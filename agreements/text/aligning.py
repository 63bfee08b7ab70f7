"""Alignment: which unit of the old text is which unit of the new one, judged by wording, place and number."""

import heapq
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import Indel

from agreements.text.clauses import Unit

Pair = tuple[int | None, int | None]
Edges = dict[int, dict[int, float]]
"""For an old index, the new indices it may be paired with, and how alike the two are (0 to 1)."""

CUT_OFF = 0.34
"""Units less alike than this are two different units, unless their parts say otherwise."""
ENOUGH = 0.5
"""What similarity and hints must reach: a rewritten clause is known by its place, one far away by its words."""
ROUNDS = 3
FULL_MATRIX = 1_000_000
"""So many comparisons of two texts are made at most; beyond, only texts that share rare wording are compared."""
COMPARED = 4_000
"""Of a longer text only the two ends, together this many characters, are compared."""
CANDIDATES = 24
"""So many new units at most are considered for an old one."""
SHINGLE = 4
RARE = 40
"""Wording of four characters that more texts than this share tells nothing."""
EFFORT = 400
"""So many rows at most give way for one more: among thousands of near-equal texts a good pair will do."""

HAN = r"\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""For a character class: the scripts that are written without spaces between words."""

_QUOTES = "“”„‟«»「」『』〝〞〟＂‘’‚‛＇'`"
_SPACE = re.compile(r"\s+")
_SPACED = re.compile(rf"(?<=[^\W{HAN}])\s+(?=[^\W{HAN}])")
_GAP = "\x00"


class _Folding(dict[int, str]):
    """What the comparison sees of a character: one width, one form, one kind of quotes, nothing of invisible ones."""

    def __missing__(self, point: int) -> str:
        char = chr(point)
        if char in _QUOTES:
            folded = '"'
        elif unicodedata.category(char) == "Cf":
            folded = ""
        elif unicodedata.decomposition(char).startswith(("<wide>", "<narrow>", "<compat>")):
            # Superscripts, circled digits and fractions stay: 10² is not 102.
            folded = unicodedata.normalize("NFKC", char)
        else:
            folded = char
        self[point] = folded
        return folded


_FOLDING = _Folding()


def wording(text: str) -> str:
    """What two texts share when they say the same in the same words: used to compare, never to display."""
    folded = unicodedata.normalize("NFC", text).translate(_FOLDING)
    return _SPACE.sub("", _SPACED.sub(_GAP, folded)).replace(_GAP, " ")


def parents(units: Sequence[Unit]) -> list[int]:
    """For each unit the index of the unit that holds it, -1 at the top."""
    holders: list[int] = []
    open_units: list[int] = []
    for index, unit in enumerate(units):
        while open_units and units[open_units[-1]].level >= unit.level:
            open_units.pop()
        holders.append(open_units[-1] if open_units else -1)
        open_units.append(index)
    return holders


def align(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pair]:
    """Pairs of indices: every old unit in its order (None where it was deleted), then the inserted new ones."""
    old_keys = [wording(unit.heading or unit.text) for unit in old]
    new_keys = [wording(unit.heading or unit.text) for unit in new]
    anchors = _anchor(old_keys, new_keys)
    rest = [index for index in range(len(old)) if index not in anchors]
    taken = set(anchors.values())
    new_rest = [index for index in range(len(new)) if index not in taken]
    chosen = anchors
    if rest and new_rest:
        edges = _candidates(old_keys, new_keys, rest, new_rest)
        context = _Context(old, new)
        for _ in range(ROUNDS):
            context.read(chosen)
            context.add_holders(edges, anchors, taken)
            chosen = anchors | _assign(context.weigh(edges))
    found = set(chosen.values())
    pairs: list[Pair] = [(index, chosen.get(index)) for index in range(len(old))]
    return pairs + [(None, index) for index in range(len(new)) if index not in found]


def _anchor(old_keys: Sequence[str], new_keys: Sequence[str]) -> dict[int, int]:
    """Wordings that occur once on either side, then their equal neighbours, then theirs."""
    places: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, keys in enumerate((old_keys, new_keys)):
        for index, key in enumerate(keys):
            places[key][side].append(index)
    anchors = {olds[0]: news[0] for key, (olds, news) in places.items() if key and len(olds) == len(news) == 1}
    taken = set(anchors.values())
    queue = deque([*anchors.items(), (-1, -1), (len(old_keys), len(new_keys))])
    while queue:
        here, there = queue.popleft()
        for step in (1, -1):
            i, j = here + step, there + step
            if (
                0 <= i < len(old_keys)
                and 0 <= j < len(new_keys)
                and i not in anchors
                and j not in taken
                and old_keys[i] == new_keys[j]
            ):
                anchors[i] = j
                taken.add(j)
                queue.append((i, j))
    return anchors


def _candidates(old_keys: Sequence[str], new_keys: Sequence[str], rest: list[int], new_rest: list[int]) -> Edges:
    """The pairs worth considering, each old unit with its most alike, and among equals its nearest, new units."""
    new_places: dict[str, list[int]] = defaultdict(list)
    for j in new_rest:
        new_places[_ends(new_keys[j])].append(j)
    old_texts = {_ends(old_keys[i]): i for i in rest}
    alike = _alike(old_texts, new_places, len(new_keys) / max(1, len(old_keys)))
    edges: Edges = {}
    for i in rest:
        expected = i * len(new_keys) // len(old_keys)
        mine: dict[int, float] = {}
        for text, similarity in alike[_ends(old_keys[i])]:
            places = new_places[text]
            middle = bisect_left(places, expected)
            for j in places[max(0, middle - CANDIDATES // 3) : middle + CANDIDATES // 3]:
                mine[j] = similarity
            if len(mine) >= CANDIDATES:
                break
        edges[i] = mine
    return edges


def _ends(key: str) -> str:
    return key if len(key) <= COMPARED else key[: COMPARED // 2] + key[-COMPARED // 2 :]


def _alike(
    old_texts: dict[str, int], new_places: dict[str, list[int]], ratio: float
) -> dict[str, list[tuple[str, float]]]:
    """For each old text the new texts like it, the most alike first."""
    choices = list(new_places)
    if len(old_texts) * len(choices) <= FULL_MATRIX:
        return {text: _most_alike(text, choices) for text in old_texts}
    shingles: dict[str, list[int]] = defaultdict(list)
    for number, text in enumerate(choices):
        for shingle in _shingles(text):
            shingles[shingle].append(number)
    firsts = sorted((places[0], number) for number, places in enumerate(new_places.values()))
    result: dict[str, list[tuple[str, float]]] = {}
    for text, i in old_texts.items():
        shared: dict[int, float] = defaultdict(float)
        for shingle in _shingles(text):
            numbers = shingles.get(shingle, ())
            if len(numbers) <= RARE:
                for number in numbers:
                    shared[number] += 1 / len(numbers)
        best = heapq.nlargest(RARE, shared, key=shared.__getitem__)
        middle = bisect_left(firsts, (int(i * ratio), 0))
        near = [number for _, number in firsts[max(0, middle - CANDIDATES // 2) : middle + CANDIDATES // 2]]
        result[text] = _most_alike(text, [choices[number] for number in dict.fromkeys(best + near)])
    return result


def _most_alike(text: str, choices: Sequence[str]) -> list[tuple[str, float]]:
    found = process.extract(text, choices, scorer=Indel.normalized_similarity, score_cutoff=CUT_OFF, limit=CANDIDATES)
    return [(choice, similarity) for choice, similarity, _ in found]


def _shingles(text: str) -> dict[str, None]:
    return dict.fromkeys(text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1)))


class _Context:
    """What the surroundings of two units say about their being the same, read from the pairs chosen so far."""

    def __init__(self, old: Sequence[Unit], new: Sequence[Unit]) -> None:
        self.old, self.new = old, new
        self.old_parents, self.new_parents = parents(old), parents(new)
        self.children: dict[int, list[int]] = defaultdict(list)
        for index, holder in enumerate(self.old_parents):
            self.children[holder].append(index)
        self.old_tails = [_tail(unit.number) for unit in old]
        self.new_tails = [_tail(unit.number) for unit in new]
        self.pairs: dict[int, int] = {}
        self.found: dict[int, int] = {}
        self.together: dict[int, dict[int, float]] = {}

    def read(self, pairs: dict[int, int]) -> None:
        self.pairs = {-1: -1, **pairs, len(self.old): len(self.new)}
        self.found = {j: i for i, j in self.pairs.items()}
        self.together = {}
        for holder, children in self.children.items():
            shares: dict[int, float] = defaultdict(float)
            for child in children:
                if child in pairs:
                    shares[self.new_parents[pairs[child]]] += 1 / len(children)
            self.together[holder] = shares

    def add_holders(self, edges: Edges, anchors: dict[int, int], taken: set[int]) -> None:
        """A heading rewritten altogether is still the heading of the clauses that it held."""
        for i, shares in self.together.items():
            if i >= 0 and i not in anchors:
                for j, share in shares.items():
                    if share > 0.5 and j >= 0 and j not in taken and self.old[i].level == self.new[j].level:
                        edges[i].setdefault(j, CUT_OFF)

    def weigh(self, edges: Edges) -> Edges:
        return {i: {j: self._weight(i, j, alike) for j, alike in mine.items()} for i, mine in edges.items()}

    def _weight(self, i: int, j: int, alike: float) -> float:
        """Similarity and hints, to the fourth power: a plain sum trades one exact match for two mediocre ones."""
        score = alike
        parent, other = self.old_parents[i], self.new_parents[j]
        if self.pairs.get(parent) == other:
            score += 0.12
        elif parent in self.pairs or other in self.found:
            score -= 0.03
        score += 0.07 * (self.pairs.get(i - 1) == j - 1) + 0.07 * (self.pairs.get(i + 1) == j + 1)
        if self.old[i].number == self.new[j].number:
            score += 0.05
        elif self.old_tails[i] == self.new_tails[j]:
            score += 0.02
        if self.old[i].level == self.new[j].level:
            score += 0.03
        if (self.old[i].heading == "") != (self.new[j].heading == ""):
            score -= 0.2
        score += 0.15 * self.together.get(i, {}).get(j, 0.0)
        return score**4 if score >= ENOUGH else 0.0


def _tail(number: str) -> str:
    return re.split(r"[.¶（]", number)[-1]


def _assign(weights: Edges) -> dict[int, int]:
    """The pairs of greatest total weight, by shortest augmenting paths; a unit may stay alone."""
    price: dict[int, float] = defaultdict(float)
    gain: dict[int, float] = {}
    held: dict[int, int] = {}
    owner: dict[int, int] = {}
    for start in sorted(weights, key=lambda i: -max(weights[i].values(), default=0.0)):
        gain[start] = max([0.0, *(weight - price[j] for j, weight in weights[start].items())])
        row, column, before = _path(start, weights, price, gain, owner)
        while True:
            previous = held.pop(row, None)
            if column is not None:
                held[row], owner[column] = column, row
            if row == start or previous is None:
                break
            row, column = before[previous], previous
    return held


def _path(
    start: int, weights: Edges, price: dict[int, float], gain: dict[int, float], owner: dict[int, int]
) -> tuple[int, int | None, dict[int, int]]:
    """The cheapest way to let `start` in: its last row with a free column, or with None where that row steps back.

    Also the row from which each column was reached. Prices and gains are brought up to date.
    """
    distance: dict[int, float] = {}
    before: dict[int, int] = {}
    closed: dict[int, float] = {}
    rows = {start: 0.0}
    queue: list[tuple[float, int]] = []
    shortest = gain[start]
    end: tuple[int, int | None] = (start, None)
    row: int | None = start
    while row is not None and len(rows) <= EFFORT:
        for j, weight in weights[row].items():
            length = rows[row] + max(0.0, gain[row] - (weight - price[j]))
            if j not in closed and length < min(shortest, distance.get(j, shortest)):
                distance[j], before[j] = length, row
                heapq.heappush(queue, (length, j))
        while queue and queue[0][0] > distance[queue[0][1]]:
            heapq.heappop(queue)
        if not queue or queue[0][0] >= shortest:
            break
        length, column = heapq.heappop(queue)
        closed[column] = length
        row = owner.get(column)
        if row is None:
            shortest, end = length, (before[column], column)
        else:
            rows[row] = length
            if length + gain[row] < shortest:
                shortest, end = length + gain[row], (row, None)
    for j, length in closed.items():
        price[j] += max(0.0, shortest - length)
    for i, length in rows.items():
        gain[i] -= max(0.0, shortest - length)
    return *end, before
