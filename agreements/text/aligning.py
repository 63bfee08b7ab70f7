"""Alignment: which unit of the old text is which unit of the new one, judged by wording, place and number."""

import heapq
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, takewhile

from rapidfuzz import process
from rapidfuzz.distance import Indel

from agreements.text.clauses import Unit

Edges = dict[int, dict[int, float]]
"""For an old index, the new indices it may be paired with, and how alike the two are (0 to 1)."""

CUT_OFF = 0.34
"""Units less alike than this are two different units, unless their parts say otherwise."""
SURE, AHEAD = 0.85, 0.1
"""So alike, and by so much more alike than any other unit there, a unit beside an anchor is the one that stood there."""
NEAR = 16
"""So many units next to an anchor are looked at for that."""
LENGTH = 0.8
"""What the length of a change counts."""
SCATTERED, SMOOTH = 5.0, 16
"""What each piece of a change costs beside its length, for texts of so many signs and more.

Who edits a clause changes a few places, a look-alike differs in many.
"""
FIRST, USUAL = 4, 0.1
"""Places are counted for so many of the most alike; of the others it is assumed that so many signs have one."""
ENOUGH = 0.5
"""What similarity and hints must reach: a rewritten clause is known by its place, one far away by its words."""
ROUNDS = 3
KEPT, IN_A_ROW = 0.66, 9
"""A clause is still there if so much of the shorter text is, so many signs of it in a row, and nothing is more like it."""
COMPARED = 4_000
"""Of a longer text only the two ends, together this many characters, are compared."""
CANDIDATES = 24
"""So many new units at most are considered for an old one."""
BEST, AROUND = 12, 12
"""So many of those that share the most pieces with it are looked at, and so many before and after the place expected."""
SHORT = 24
"""Of a text of so few signs an edit may leave no piece whole."""
RARE = 20
"""A piece that more texts than this share tells nothing."""
EFFORT = 400
"""So many rows at most give way for one more: among thousands of near-equal texts a good pair will do."""

HAN = r"\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""For a character class: the scripts that are written without spaces between words."""

_LONE_BLANK = re.compile(rf" (?:(?![^\W{HAN}])|(?<![^\W{HAN}] ))")
"""A blank that has not a letter or digit of a spaced script on either side."""
_QUOTES = "“”„‟«»「」『』〝〞〟＂‘’‚‛＇'`"
_COMMON = re.compile("[\x01-\x7f\u4e00-\u9fff。、《》·…]+")
"""Signs that fold to themselves, but for ' and `."""
_BETWEEN = "\x01"
_PIECE = re.compile(rb"[^\xb6-\xbf ,.;:]{3,}")
"""Cuts a text after its words and at some of the bytes that make up Chinese characters: every third one or so. Where it
is cut depends on nothing else, so that an edit changes a piece or two and leaves the others as they were."""


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
    return _unspaced(unicodedata.normalize("NFC", text).translate(_FOLDING))


def wordings(texts: Sequence[str]) -> list[str]:
    """The wording of each text. What each sign of the alphabet folds to is looked up once for all of them."""
    if not texts:
        return []
    whole = unicodedata.normalize("NFC", _BETWEEN.join(text.replace(_BETWEEN, "") for text in texts))
    for char in {"'", "`", *_COMMON.sub("", whole)}:
        whole = whole.replace(char, _FOLDING[ord(char)])
    return _unspaced(whole).split(_BETWEEN)


def _unspaced(folded: str) -> str:
    """Without white space, but one blank where it parts words of a script that needs it."""
    return _LONE_BLANK.sub("", " ".join(folded.split()))


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


class Side:
    """One of the two texts: its units, what each of them says, and the unit that holds each, -1 at the top."""

    def __init__(self, units: Sequence[Unit], keys: list[str] | None = None) -> None:
        self.units = units
        self.keys = wordings([unit.words for unit in units]) if keys is None else keys
        self.parents = parents(units)

    def __len__(self) -> int:
        return len(self.units)


def sides(old: Sequence[Unit], new: Sequence[Unit]) -> tuple[Side, Side]:
    """Both texts. What most units say stands in both of them and is read once."""
    old_words, new_words = ([unit.words for unit in units] for units in (old, new))
    distinct = list(dict.fromkeys(old_words + new_words))
    keys = dict(zip(distinct, wordings(distinct), strict=True))
    return Side(old, [keys[words] for words in old_words]), Side(new, [keys[words] for words in new_words])


def align(old: Side, new: Side) -> dict[int, int]:
    """For each old unit the new unit that it became; those that were deleted or inserted are in no pair."""
    chosen = _anchor(old.keys, new.keys)
    chosen |= _between_anchors(old.keys, new.keys, chosen)
    taken = set(chosen.values())
    if len(chosen) < min(len(old), len(new)):
        context = _Context(old, new, _candidates(old.keys, new.keys, chosen))
        fixed = chosen
        for _ in range(ROUNDS):
            context.read(chosen, taken)
            before, chosen = chosen, fixed | _assign(context.weigh())
            if chosen == before:
                break
        chosen |= _kept(old.keys, new.keys, context.edges, chosen)
    return chosen


def _kept(old_keys: Sequence[str], new_keys: Sequence[str], edges: Edges, chosen: dict[int, int]) -> dict[int, int]:
    """Of what is left, units that are most alike to each other and the shorter of which the longer one has most of.

    So much was added to a clause, or taken from it, that as a whole the two are not alike enough.
    """
    taken = set(chosen.values())
    best: dict[int, float] = defaultdict(float)
    for mine in edges.values():
        for j, score in mine.items():
            best[j] = max(best[j], score)
    found: dict[int, int] = {}
    for i in sorted(edges.keys() - chosen.keys()):
        j, score = max(edges[i].items(), key=lambda edge: edge[1], default=(-1, 0.0))
        if j >= 0 and j not in taken and score >= best[j]:
            one, other = _ends(old_keys[i]), _ends(new_keys[j])
            kept = [block.size for block in Indel.opcodes(one, other).as_matching_blocks()]
            if sum(kept) >= KEPT * min(len(one), len(other)) and max(kept) >= IN_A_ROW:
                found[i] = j
                taken.add(j)
    return found


def _anchor(old_keys: Sequence[str], new_keys: Sequence[str]) -> dict[int, int]:
    """Wordings that occur once on either side, then their equal neighbours, then theirs."""
    olds, news = _single(old_keys), _single(new_keys)
    anchors = {i: news[key] for key, i in olds.items() if key in news}
    taken = set(anchors.values())
    queue = deque([*anchors.items(), (-1, -1), (len(old_keys), len(new_keys))])
    while queue:
        here, there = queue.popleft()
        for step in (1, -1):
            i, j = here + step, there + step
            if (
                i not in anchors
                and j not in taken
                and 0 <= i < len(old_keys)
                and 0 <= j < len(new_keys)
                and old_keys[i] == new_keys[j]
            ):
                anchors[i] = j
                taken.add(j)
                queue.append((i, j))
    return anchors


def _single(keys: Sequence[str]) -> dict[str, int]:
    """The places of the wordings that occur once."""
    places: dict[str, int] = {}
    repeated = {""}
    for index, key in enumerate(keys):
        if places.setdefault(key, index) != index:
            repeated.add(key)
    return {key: index for key, index in places.items() if key not in repeated}


def _between_anchors(old_keys: Sequence[str], new_keys: Sequence[str], anchors: dict[int, int]) -> dict[int, int]:
    """Of the units that stand next to the same anchors on both sides, those that are clearly the same, if edited."""
    places = {-1: -1, **anchors, len(old_keys): len(new_keys)}
    taken = set(places.values())
    kept = set(old_keys) & set(new_keys)
    found: dict[int, int] = {}
    start = 0
    while start < len(old_keys):
        if start in anchors:
            start += 1
            continue
        end = start
        while end not in places:
            end += 1
        after = list(takewhile(lambda j: j not in taken, range(places[start - 1] + 1, len(new_keys))))
        before = list(takewhile(lambda j: j not in taken, range(places[end] - 1, -1, -1)))
        news = sorted({*after[:NEAR], *before[:NEAR]})
        olds = [i for i in range(start, end) if old_keys[i] not in kept]
        news = [j for j in news if new_keys[j] not in kept]
        if news and len(olds) <= 2 * NEAR:
            found |= _sure(old_keys, new_keys, olds, news)
        start = end
    return found


def _sure(old_keys: Sequence[str], new_keys: Sequence[str], olds: Sequence[int], news: Sequence[int]) -> dict[int, int]:
    """The pairs that are alike and for neither side nearly as alike to any other."""
    choices = [_ends(new_keys[j]) for j in news]
    alike = sorted(
        (
            (similarity, i, news[place])
            for i in olds
            for _, similarity, place in _most_alike(_ends(old_keys[i]), choices, SURE - AHEAD)
        ),
        reverse=True,
    )
    best: dict[tuple[int, int], float] = {}
    found: dict[int, int] = {}
    for similarity, i, j in alike:
        rivals = [best[key] for key in ((0, i), (1, j)) if key in best]
        if similarity >= SURE and not rivals:
            found[i] = j
        elif rivals and similarity > max(rivals) - AHEAD:
            found.pop(i, None)
            for other, partner in list(found.items()):
                if partner == j:
                    del found[other]
        best.setdefault((0, i), similarity)
        best.setdefault((1, j), similarity)
    return found


def _candidates(old_keys: Sequence[str], new_keys: Sequence[str], chosen: dict[int, int]) -> Edges:
    """The pairs worth considering, each old unit with its most alike, and among equals its nearest, new units."""
    expected = _expected(len(old_keys), chosen)
    taken = set(chosen.values())
    places: dict[str, list[int]] = defaultdict(list)
    for j, key in enumerate(new_keys):
        if j not in taken:
            places[_ends(key)].append(j)
    texts = {_ends(old_keys[i]): place for i, place in expected.items()}
    alike = _alike(texts, places)
    edges: Edges = {}
    for i, place in expected.items():
        edges[i] = mine = {}
        for text, similarity in alike[_ends(old_keys[i])]:
            middle = bisect_left(places[text], place)
            for j in places[text][max(0, middle - CANDIDATES // 3) : middle + CANDIDATES // 3]:
                mine[j] = similarity
            if len(mine) >= CANDIDATES:
                break
    return edges


def _expected(size: int, chosen: dict[int, int]) -> dict[int, int]:
    """Where each old unit without partner would stand if it followed the last one that has one."""
    expected: dict[int, int] = {}
    place = 0
    for i in range(size):
        if i in chosen:
            place = chosen[i]
        else:
            expected[i] = place
        place += 1
    return expected


def _ends(key: str) -> str:
    return key if len(key) <= COMPARED else key[: COMPARED // 2] + key[-COMPARED // 2 :]


def _alike(texts: dict[str, int], places: dict[str, list[int]]) -> dict[str, list[tuple[str, float]]]:
    """For each old text, which is expected at a place, the new texts like it, the most alike first."""
    choices = list(places)
    if len(choices) <= CANDIDATES:
        return {text: _told_apart(text, choices) for text in texts}
    holders: dict[str | bytes, list[int]] = defaultdict(list)
    for number, text in enumerate(choices):
        for piece in set(_pieces(text)):
            holders[piece].append(number)
    firsts = [found[0] for found in places.values()]
    result: dict[str, list[tuple[str, float]]] = {}
    for text, place in texts.items():
        shared = [holders[piece] for piece in _pieces(text) if piece in holders]
        counts = Counter(chain.from_iterable([numbers for numbers in shared if len(numbers) <= RARE]))
        best = [number for number, _ in counts.most_common(BEST)]
        middle = bisect_left(firsts, place)
        near = range(max(0, middle - AROUND), min(middle + AROUND, len(choices)))
        result[text] = _told_apart(text, [choices[number] for number in sorted({*best, *near})])
    return result


def _pieces(text: str) -> list[str | bytes]:
    """Stretches that texts share if they are alike; of a short one every two signs too.

    The last one and the first are two such: a lead-in may keep nothing else.
    """
    pairs = [one + other for one, other in zip(text, text[1:] + text[:1], strict=True)] if len(text) <= SHORT else []
    return [*pairs, *_PIECE.findall(text.encode("utf-8", "surrogatepass"))]


def _most_alike(text: str, choices: Sequence[str], cut_off: float) -> list[tuple[str, float, int]]:
    """Of the choices those that are at least so like the text, the most alike first, with their places."""
    return process.extract(text, choices, scorer=Indel.normalized_similarity, score_cutoff=cut_off, limit=CANDIDATES)


def _told_apart(text: str, choices: Sequence[str]) -> list[tuple[str, float]]:
    """What is alike, judged by in how many places it differs and how much, instead of by how much alone."""
    judged = []
    for place, (other, similarity, _) in enumerate(_most_alike(text, choices, CUT_OFF)):
        size = len(text) + len(other) or 1
        changes = _changes(text, other) if place < FIRST else USUAL * size
        judged.append((other, 1 - LENGTH * (1 - similarity) - SCATTERED * changes / (size + SMOOTH)))
    return judged


def _changes(one: str, other: str) -> int:
    """In how many places two texts differ."""
    kept = len(Indel.opcodes(one, other).as_matching_blocks()) - 1
    return max(0, kept - 1 + (one[:1] != other[:1]) + (one[-1:] != other[-1:]))


class _Context:
    """What the surroundings of two units say about their being the same, read from the pairs chosen so far."""

    def __init__(self, old: Side, new: Side, edges: Edges) -> None:
        self.old, self.new = old, new
        self.children: dict[int, list[int]] = defaultdict(list)
        for index, holder in enumerate(old.parents):
            self.children[holder].append(index)
        self.edges = {i: {j: self._base(i, j, alike) for j, alike in mine.items()} for i, mine in edges.items()}
        self.pairs: dict[int, int] = {}
        self.found: dict[int, int] = {}
        self.together: dict[int, dict[int, float]] = {}

    def read(self, pairs: dict[int, int], taken: set[int]) -> None:
        self.pairs = {-1: -1, **pairs, len(self.old): len(self.new)}
        self.found = {j: i for i, j in self.pairs.items()}
        self.together = {}
        for holder, children in self.children.items():
            if holder in self.edges:
                shares: dict[int, float] = defaultdict(float)
                for child in children:
                    if child in pairs:
                        shares[self.new.parents[pairs[child]]] += 1 / len(children)
                self.together[holder] = shares
                self._add_holder(holder, shares, taken)

    def _add_holder(self, i: int, shares: dict[int, float], taken: set[int]) -> None:
        """A heading rewritten altogether is still the heading of the clauses that it held."""
        for j, share in shares.items():
            is_free = share > 0.5 and j >= 0 and j not in taken
            if is_free and self.old.units[i].level == self.new.units[j].level:
                self.edges[i][j] = max(self._base(i, j, CUT_OFF), self.edges[i].get(j, 0.0))

    def _base(self, i: int, j: int, alike: float) -> float:
        """The similarity and those hints that are the same in every round."""
        old, new = self.old.units[i], self.new.units[j]
        if old.number == new.number:
            alike += 0.05
        elif _tail(old.number) == _tail(new.number):
            alike += 0.02
        if old.level == new.level:
            alike += 0.03
        return alike - 0.2 if (old.heading == "") != (new.heading == "") else alike

    def weigh(self) -> Edges:
        """Similarity and hints, to the fourth power: a plain sum trades one exact match for two mediocre ones."""
        weights: Edges = {}
        for i, mine in self.edges.items():
            parent = self.old.parents[i]
            place, before, after = self.pairs.get(parent), self.pairs.get(i - 1), self.pairs.get(i + 1)
            together = self.together.get(i, {})
            weights[i] = {}
            for j, score in mine.items():
                holder = self.new.parents[j]
                if place == holder:
                    score += 0.12
                elif place is not None or holder in self.found:
                    score -= 0.03
                score += 0.07 * ((before == j - 1) + (after == j + 1)) + 0.15 * together.get(j, 0.0)
                if score >= ENOUGH:
                    weights[i][j] = score**4
        return weights


@lru_cache(maxsize=10_000)
def _tail(number: str) -> str:
    return re.split(r"[.¶（]", number)[-1]


def _assign(weights: Edges) -> dict[int, int]:
    """The pairs of greatest total weight, by shortest augmenting paths; a unit may stay alone."""
    price: dict[int, float] = defaultdict(float)
    gain: dict[int, float] = {}
    held: dict[int, int] = {}
    owner: dict[int, int] = {}
    for start in sorted(weights, key=lambda i: -max(weights[i].values(), default=0.0)):
        loss, first = min(((price[j] - weight, j) for j, weight in weights[start].items()), default=(0.0, -1))
        gain[start] = max(0.0, -loss)
        if loss < 0 and first not in owner:
            held[start], owner[first] = first, start
            continue
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
