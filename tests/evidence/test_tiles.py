"""Tests of the tiles: their paths and shapes as C2SP tlog-tiles gives them, and that proofs from tiles are those of the leaves."""

import random
from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.merkle import consistency_ranges, inclusion_ranges, leaf_hash, tree_hash
from evidence.tiles import HASH, WIDTH, Place, edge, extend, parse_path, path, places, subtree_hash

# Go's x/mod has tiles of any height and the height in its paths; without it, and at height 8, its examples are these.
PATHS = [
    ("0/000", 0, 0, 256),
    ("0/001", 0, 1, 256),
    ("0/001.p/5", 0, 1, 5),
    ("5/x123/x456/078", 5, 123456078, 256),
    ("5/x123/x456/078.p/2", 5, 123456078, 2),
    ("0/x003/x057/500", 0, 3057500, 256),
    ("0/x001/x234/067", 0, 1234067, 256),  # C2SP tlog-tiles
    ("1/999", 1, 999, 256),
    ("1/x001/000", 1, 1000, 256),
    ("63/000.p/255", 63, 0, 255),
]
NO_PATHS = [
    *["", "/", "0", "0/", "/000", "0/0", "0/00", "0/0000", "00/000", "01/000", "-1/000", "+1/000", "x/000", "0/0x0"],
    *["5/123/456/078", "-1/123/456/078", "0/x000/001", "0/x001/x234", "0/x1/000", "0/001/", "0/001/002", "0/X001/234"],
    *["0/001.p", "0/001.p/", "0/001.p/0", "0/001.p/05", "0/001.p/256", "0/001.p/999", "0/001.p/1000", "0/001.p/-1"],
    *["0/001.p/5/", "0/x001.p/234", "0/001.p/x005", "data/000", "entries/000", "0/٠٠١", "٠/001", "0/001\n", " 0/001"],
    *["0/../001", "0/001?", "8/0/001", "100/000"],
]
# Of leaves that are cheap to make: nothing here depends on what they are.
HASHES = [leaf_hash(b"%d" % n) for n in range(1400)]


def grown(batches: Sequence[int]) -> list[tuple[int, dict[Place, bytes]]]:
    """Every size that a log has after these batches, with all its tiles at that time."""
    states, tiles, size = [], {}, 0
    for batch in batches:
        begun = {place: tiles[place] for place in edge(size)}
        tiles = tiles | extend(size, begun, HASHES[size : size + batch])
        size += batch
        states.append((size, tiles))
    return states


@pytest.mark.parametrize(("text", "level", "index", "width"), PATHS)
def test_paths_are_those_of_the_specification(text: str, level: int, index: int, width: int) -> None:
    assert path(level, index, width) == text
    assert parse_path(text) == (level, index, width)


@pytest.mark.parametrize("text", NO_PATHS)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the path of a tile"):
        parse_path(text)


@given(st.integers(0, 63), st.integers(0, 2**56), st.integers(1, 256))
def test_a_path_is_read_as_it_was_written(level: int, index: int, width: int) -> None:
    assert parse_path(path(level, index, width)) == (level, index, width)


def test_a_tree_has_the_tiles_of_the_specifications_example() -> None:
    leaves = [HASHES[n % len(HASHES)] for n in range(70_000)]
    tiles = extend(0, {}, leaves)
    assert {place: len(data) // HASH for place, data in tiles.items() if len(data) < WIDTH * HASH} == {
        (0, 273): 112,
        (1, 1): 17,
        (2, 0): 1,
    }
    assert {place for place, data in tiles.items() if len(data) == WIDTH * HASH} == {
        *((0, index) for index in range(273)),
        (1, 0),
    }
    assert edge(70_000) == {(0, 273), (1, 1), (2, 0)}
    assert tiles[1, 0][:HASH] == tree_hash(leaves[:256])
    assert tiles[2, 0] == tree_hash(leaves[: 256 * 256])


@pytest.mark.parametrize(
    ("size", "begun"),
    [
        (0, set()),
        (1, {(0, 0)}),
        (255, {(0, 0)}),
        (256, {(1, 0)}),
        (257, {(0, 1), (1, 0)}),
        (65_535, {(0, 255), (1, 0)}),
        (65_536, {(2, 0)}),
        (16_777_216, {(3, 0)}),
    ],
)
def test_the_edge_is_what_is_begun_and_not_full(size: int, begun: set[Place]) -> None:
    assert edge(size) == begun


@pytest.mark.parametrize("first", [1, 255, 256, 257, 511, 512, 513, 1023])
@pytest.mark.parametrize("second", [1, 2, 255, 256, 257])
def test_a_batch_over_a_border_changes_what_it_must_and_keeps_what_was(first: int, second: int) -> None:
    [(_, before), (size, after)] = grown([first, second])
    assert after == grown([first + second])[0][1]
    for place, data in before.items():
        assert after[place].startswith(data)
    changed = extend(first, {place: before[place] for place in edge(first)}, HASHES[first:size])
    assert {place for place, data in after.items() if before.get(place) != data} == set(changed)


@given(st.lists(st.integers(1, 200), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_proofs_from_tiles_are_those_of_the_leaves(batches: list[int], chance: random.Random) -> None:
    assert [size for size, _tiles in grown(batches)] == list(accumulate(batches))
    last = grown(batches)[-1][1]
    for size, tiles in grown(batches):
        index, old = chance.randrange(size), chance.randint(1, size)
        ranges = [(0, size), *inclusion_ranges(index, size), *consistency_ranges(old, size)]
        needed = places(ranges)
        # Two tiles a level at most, besides those of the whole: what a proof costs does not grow with the log.
        assert len(places(inclusion_ranges(index, size))) <= 4
        for known in (tiles, last):  # An older tree is proved from tiles that have grown since.
            given_tiles = {place: known[place] for place in needed}
            assert [subtree_hash(wanted, given_tiles) for wanted in ranges] == [
                tree_hash(HASHES[low:high]) for low, high in ranges
            ]


def test_a_proof_from_tiles_that_are_missing_or_short_is_refused() -> None:
    [(size, tiles)] = grown([700])
    assert places([(0, size)]) == {(1, 0), (0, 2)}
    for broken in ({}, {(1, 0): tiles[1, 0]}, {**tiles, (0, 2): tiles[0, 2][:-HASH]}, {**tiles, (1, 0): b""}):
        with pytest.raises(ValueError, match="does not hold what it should"):
            subtree_hash((0, size), broken)


@pytest.mark.parametrize("tiles", [{}, {(0, 0): b""}, {(0, 0): HASHES[0] * 2}, {(0, 0): HASHES[0] * 4}])
def test_a_tree_does_not_grow_from_tiles_of_another_size(tiles: dict[Place, bytes]) -> None:
    with pytest.raises(ValueError, match="does not hold what it should"):
        extend(3, tiles, HASHES[3:4])
    assert extend(3, {(0, 0): HASHES[0] * 3}, HASHES[3:4]) == {(0, 0): HASHES[0] * 3 + HASHES[3]}


def test_nothing_new_changes_nothing() -> None:
    assert extend(300, {}, []) == {}
