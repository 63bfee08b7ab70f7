"""Tiles of the tree (C2SP tlog-tiles): 256 hashes of one level each; proofs and roots are made from them alone. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from evidence.merkle import Range, fold, perfect_ranges, tree_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH = 32  # bytes

# (level, index): where a tile stands. Level 0 holds leaf hashes; a hash of level n + 1 stands for a full tile of level n.
Place = tuple[int, int]

PATH = re.compile(r"(?P<level>0|[1-9]\d?)/(?P<index>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?")


def path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the path of a tile below `tile/`: `0/x001/234`, and `1/000.p/17` for a tile of 17 hashes."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return f"{level}/{'/'.join(groups)}" + (f".p/{width}" if width < WIDTH else "")


def parse_path(text: str) -> tuple[int, int, int]:
    """Return (level, index, width) of a tile's path. Raises ValueError for what `path` would not have written."""
    found = PATH.fullmatch(text)
    if found is None:
        raise ValueError("not the path of a tile")
    level, index = int(found["level"]), int(re.sub("[x/]", "", found["index"]))
    width = int(found["width"] or WIDTH)
    if path(level, index, width) != text:
        raise ValueError("not the path of a tile")
    return level, index, width


def _slice_of(low: int, high: int) -> tuple[Place, int, int]:
    """Return the tile under a perfect subtree, and from which to which of its hashes the subtree reaches."""
    level = ((high - low).bit_length() - 1) // HEIGHT
    first, last = low >> HEIGHT * level, high >> HEIGHT * level
    return (level, first // WIDTH), first % WIDTH, first % WIDTH + last - first


def places(ranges: Iterable[Range]) -> set[Place]:
    """Return the tiles that hold what the hashes of these subtrees are made from."""
    return {_slice_of(*perfect)[0] for wanted in ranges for perfect in perfect_ranges(*wanted)}


def subtree_hash(wanted: Range, tiles: Mapping[Place, bytes]) -> bytes:
    """Return the hash of a subtree from the tiles at `places([wanted])`.

    Raises ValueError where a tile is missing or does not reach far enough.
    """
    hashes = []
    for low, high in perfect_ranges(*wanted):
        place, start, end = _slice_of(low, high)
        data = tiles.get(place, b"")[start * HASH : end * HASH]
        if len(data) != (end - start) * HASH:
            raise ValueError(f"tile {path(*place)} does not hold what it should")
        hashes.append(tree_hash(_hashes(data)))
    return fold(hashes)


def _hashes(data: bytes) -> list[bytes]:
    return [data[at : at + HASH] for at in range(0, len(data), HASH)]


def edge(size: int) -> set[Place]:
    """Return the tiles that are begun and not full in a tree of `size` leaves."""
    found, level = set(), 0
    while size:
        if size % WIDTH:
            found.add((level, size // WIDTH))
        size, level = size // WIDTH, level + 1
    return found


def extend(size: int, tiles: Mapping[Place, bytes], leaves: Sequence[bytes]) -> dict[Place, bytes]:
    """Return every tile that changes when `leaves` follow in a tree of `size` leaves, with its new hashes.

    `tiles` holds those at `edge(size)`.
    """
    changed: dict[Place, bytes] = {}
    level, count, hashes = 0, size, list(leaves)
    while hashes:
        place = (level, count // WIDTH)
        data = tiles.get(place, b"") if count % WIDTH else b""
        if len(data) != count % WIDTH * HASH:
            raise ValueError(f"tile {path(*place)} does not hold what it should")
        data += b"".join(hashes)
        full = []
        for start in range(0, len(data), WIDTH * HASH):
            part = data[start : start + WIDTH * HASH]
            changed[level, count // WIDTH + start // (WIDTH * HASH)] = part
            if len(part) == WIDTH * HASH:
                full.append(tree_hash(_hashes(part)))
        level, count, hashes = level + 1, count // WIDTH, full
    return changed
