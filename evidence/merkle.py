"""The Merkle tree of RFC 6962: hashes, proofs as ranges of leaves, and their verification; pure, it reads no database."""

import hashlib
from collections.abc import Iterable, Sequence

# A subtree by the half-open range of leaves below it.
Range = tuple[int, int]

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, 2.1): SHA-256 of a zero byte and the data, 32 bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two subtrees (RFC 6962, 2.1): SHA-256 of a one byte and both hashes, 32 bytes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Return how many of `size` > 1 leaves stand in the left subtree: the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def perfect_ranges(low: int, high: int) -> list[Range]:
    """Return the perfect subtrees, from left to right, that make up the subtree over the leaves low … high - 1."""
    found = []
    while low < high:
        width = 1 << (high - low).bit_length() - 1
        found.append((low, low + width))
        low += width
    return found


def fold(hashes: Iterable[bytes]) -> bytes:
    """Return the hash over perfect subtrees that shrink from left to right; of none, that of the empty tree."""
    root = None
    for subtree in reversed(list(hashes)):
        root = subtree if root is None else node_hash(subtree, root)
    return EMPTY if root is None else root


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the root over these leaf hashes (RFC 6962, 2.1)."""
    level, sha256 = list(leaves), hashlib.sha256
    if not level:
        return EMPTY
    while len(level) > 1:
        # A node without a sibling goes up as it is: RFC 6962 has the same tree, seen from above.
        odd = level[-1:] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        # This is `node_hash`, whose call would take longer than the hash.
        level = [sha256(b"\x01%b%b" % pair).digest() for pair in pairs] + odd
    return level[0]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the subtrees whose hashes prove that leaf `index` is in the tree of `size` leaves (RFC 6962, 2.1.1).

    They stand from the leaf up. Raises ValueError for an index outside of the tree.
    """
    if not 0 <= index < size:
        raise ValueError("the leaf is not in the tree")
    low, high, found = 0, size, []
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low = middle
    return found[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the subtrees whose hashes prove that the tree of `old` leaves begins that of `new` (RFC 6962, 2.1.2).

    Raises ValueError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError("the old tree is empty or larger than the new one")
    low, high, whole, found = 0, new, True, []
    while old < high:
        middle = low + split(high - low)
        if old <= middle:
            found.append((middle, high))
            high = middle
        else:
            found.append((low, middle))
            low, whole = middle, False
    if not whole:
        found.append((low, high))
    return found[::-1]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.2).

    Raises ValueError for an index outside of the tree and for a proof of the wrong length.
    """
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        raise ValueError("the proof does not have as many hashes as this place in the tree needs")
    root = leaf
    for (_low, high), sibling in zip(ranges, proof, strict=True):
        root = node_hash(sibling, root) if high <= index else node_hash(root, sibling)
    return root


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether the proof shows that `leaf` is leaf `index` of the tree of `size` leaves with this root."""
    try:
        return root_from_inclusion(leaf, index, size, proof) == root
    except ValueError:
        return False


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether the proof shows that the tree of `old` leaves begins that of `new` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    ranges = consistency_ranges(old, new)
    if len(proof) != len(ranges):
        return False
    known = dict(zip(ranges, proof, strict=True))

    def hash_of(low: int, high: int, stop: int) -> bytes:
        """The hash of the subtree low … high - 1, cut off at `stop` leaves; its parts come from the proof and the old root."""
        if stop >= high and (low, high) in known:
            return known[low, high]
        if low == 0 and high == old:
            return old_root
        middle = low + split(high - low)
        left = hash_of(low, middle, stop)
        return left if stop <= middle else node_hash(left, hash_of(middle, high, stop))

    return hash_of(0, new, new) == new_root and hash_of(0, new, old) == old_root
