"""Tests of a tree that grows tile by tile, against the tree of RFC 6962 as merkle.py makes it at once."""

import hashlib
from random import Random

import pytest

from evidence.growing import GrowingTree, leaf_hashes, levels_over, root_over, tiles_of
from evidence.merkle import EMPTY, leaf_hash, tree_hash
from evidence.tiles import extend

SIZES = (0, 1, 2, 3, 7, 8, 255, 256, 257, 511, 512, 513, 1000, 256 * 256 - 1, 256 * 256, 256 * 256 + 257)


def statements(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


@pytest.mark.parametrize("size", SIZES)
def test_the_root_over_statements_is_that_of_the_tree(size: int) -> None:
    assert root_over(iter(statements(size))) == tree_hash([leaf_hash(data) for data in statements(size)])


def test_the_root_over_nothing_and_over_one_are_those_of_the_rfc() -> None:
    assert root_over([]) == EMPTY == hashlib.sha256(b"").digest()
    assert root_over([b"one"]) == hashlib.sha256(b"\x00one").digest()


def test_the_root_at_every_size_on_the_way() -> None:
    leaves = leaf_hashes(statements(800))
    tree = GrowingTree()
    for part in tiles_of(leaves):
        levels = levels_over(part)
        for count in range(len(part) + 1):
            assert tree.root(levels, count) == tree_hash(leaves[: tree.tiles * 256 + count])
        if len(part) == 256:
            tree.add(levels)
    assert tree.tiles == 3


def test_the_tiles_above_the_leaves_are_those_that_the_sealer_keeps() -> None:
    leaves = leaf_hashes(statements(256 * 256 + 600))
    kept = extend(0, {}, leaves)
    tree = GrowingTree()
    full = [tile for part in tiles_of(leaves) if len(part) == 256 for tile in tree.add(levels_over(part))]
    assert [(level, index, b"".join(hashes)) for level, index, hashes in full] == [(1, 0, kept[1, 0])]
    assert [b"".join(hashes) for hashes in tree.above] == [kept[1, 1], kept[2, 0]]


def test_a_copy_grows_by_itself() -> None:
    random = Random(1)
    levels = [levels_over([random.randbytes(32) for _ in range(256)]) for _ in range(3)]
    tree = GrowingTree()
    tree.add(levels[0])
    other = tree.copy()
    tree.add(levels[1])
    other.add(levels[2])
    assert tree.root([[]], 0) == tree_hash(levels[0][0] + levels[1][0])
    assert other.root([[]], 0) == tree_hash(levels[0][0] + levels[2][0])


def test_leaves_come_in_tiles_and_the_last_one_is_not_full() -> None:
    assert [len(tile) for tile in tiles_of(statements(512))] == [256, 256, 0]
    assert [len(tile) for tile in tiles_of(statements(513))] == [256, 256, 1]
    assert [len(tile) for tile in tiles_of([])] == [0]
