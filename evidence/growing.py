"""A tree that grows by its leaves, a tile at a time, and can be asked for its root at every size on the way; pure."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from evidence.merkle import fold
from evidence.tiles import HEIGHT, WIDTH

# The hashes of a tile and of every perfect subtree over them, a list per height.
Levels = list[list[bytes]]


def levels_over(hashes: list[bytes]) -> Levels:
    """Return up to 256 hashes and, height by height, those of the perfect subtrees over them (RFC 6962, 2.1)."""
    sha256 = hashlib.sha256
    levels = [hashes]
    while len(hashes) > 1:
        # One comprehension per height: a call of a function of ours per node would take longer than its hash.
        hashes = [sha256(b"\x01%b%b" % pair).digest() for pair in zip(hashes[::2], hashes[1::2], strict=False)]
        levels.append(hashes)
    return levels


class GrowingTree:
    """The right edge of a tree: its perfect subtrees from left to right, and the tiles above the leaves that are not full."""

    def __init__(self) -> None:
        self.tiles = 0
        self.edge: list[tuple[int, bytes]] = []
        self.above: list[list[bytes]] = []

    def copy(self) -> "GrowingTree":
        """Return a tree that grows on by itself."""
        other = GrowingTree()
        other.tiles, other.edge, other.above = self.tiles, list(self.edge), [list(hashes) for hashes in self.above]
        return other

    def add(self, levels: Levels) -> list[tuple[int, int, list[bytes]]]:
        """Add a full tile of leaves; return the tiles above it that became full: level, index, hashes."""
        [top] = levels[HEIGHT]
        self.tiles += 1
        self._add_to_edge(HEIGHT, top)
        full = []
        index, level = self.tiles, 0
        while True:
            level += 1
            if len(self.above) < level:
                self.above.append([])
            row = self.above[level - 1]
            row.append(top)
            if len(row) < WIDTH:
                return full
            index //= WIDTH
            full.append((level, index - 1, row))
            self.above[level - 1] = []
            [top] = levels_over(row)[HEIGHT]

    def _add_to_edge(self, height: int, node: bytes) -> None:
        while self.edge and self.edge[-1][0] == height:
            height, node = height + 1, fold((self.edge.pop()[1], node))
        self.edge.append((height, node))

    def root(self, levels: Levels, count: int) -> bytes:
        """Return the root over all full tiles so far and the first `count` leaves of the next, whose levels these are."""
        rest = [levels[height][(count >> height) - 1] for height in range(HEIGHT, -1, -1) if count >> height & 1]
        return fold([*(node for _height, node in self.edge), *rest])


def tiles_of(leaves: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the leaves in lists of 256, the last one shorter or empty."""
    leaves = iter(leaves)
    while len(tile := list(islice(leaves, WIDTH))) == WIDTH:
        yield tile
    yield tile


def leaf_hashes(data: Sequence[bytes]) -> list[bytes]:
    """Return the leaf hashes (RFC 6962, 2.1) of these statements."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + one).digest() for one in data]


def root_over(data: Iterable[bytes]) -> bytes:
    """Return the root of the tree over these statements, however many: no more than a few tiles are held at once."""
    tree = GrowingTree()
    for part in tiles_of(data):
        levels = levels_over(leaf_hashes(part))
        if len(part) == WIDTH:
            tree.add(levels)
        else:
            return tree.root(levels, len(part))
    raise AssertionError("tiles_of() ends with a tile that is not full")
