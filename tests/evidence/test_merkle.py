"""Tests of the tree against published vectors (the Certificate Transparency data) and against RFC 6962's definitions, word for word."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.merkle import (
    Range,
    consistency_ranges,
    fold,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    perfect_ranges,
    root_from_inclusion,
    tree_hash,
    verify_consistency,
    verify_inclusion,
)

# The eight inputs, the root over the first n of them, and proofs over them, as in the reference implementation of
# Certificate Transparency and in transparency-dev/merkle (testonly/constants.go, proof/verify_test.go).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# Index from 0, size, proof.
INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
# Old size, new size, proof.
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
    (
        6,
        7,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
]
SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")

sizes = st.integers(1, 600)


def unhex(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def mth(data: Sequence[bytes]) -> bytes:
    """The Merkle Tree Hash of RFC 6962, section 2.1."""
    n = len(data)
    if n == 0:
        return hashlib.sha256().digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = largest_power_below(n)
    return hashlib.sha256(b"\x01" + mth(data[:k]) + mth(data[k:])).digest()


def path(m: int, data: Sequence[bytes]) -> list[bytes]:
    """The Merkle audit path of RFC 6962, section 2.1.1."""
    n = len(data)
    if n == 1:
        return []
    k = largest_power_below(n)
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def subproof(m: int, data: Sequence[bytes], b: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2; the consistency proof is that with b true."""
    n = len(data)
    if m == n:
        return [] if b else [mth(data)]
    k = largest_power_below(n)
    if m <= k:
        return [*subproof(m, data[:k], b), mth(data[k:])]
    return [*subproof(m - k, data[k:], False), mth(data[:k])]


def largest_power_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def entries(size: int) -> list[bytes]:
    """Entries of which no two are equal."""
    return [b"entry %d" % n for n in range(size)]


def hashes_over(data: Sequence[bytes], ranges: Sequence[Range]) -> list[bytes]:
    return [mth(data[low:high]) for low, high in ranges]


def altered(proof: list[bytes]) -> list[list[bytes]]:
    """Every proof that differs from this one in one bit, one hash or one boundary."""
    found = [[*proof, SOME_HASH], [SOME_HASH, *proof], [*proof, b""], [b"", *proof]]
    for n, one in enumerate(proof):
        before, after = proof[:n], proof[n + 1 :]
        found += [before + after, [*before, SOME_HASH, *after], [*before, one, one, *after], [*before, b"", *after]]
        found += [[*before, bytes(one[:31]), *after], [*before, one + b"\x00", *after]]
        for bit in (0, 100, 255):
            flipped = int.from_bytes(one, "big") ^ 1 << bit
            found.append([*before, flipped.to_bytes(32, "big"), *after])
        if after:
            found.append([*before, after[0], one, *after[1:]])
            joined = one + after[0]
            found.append([*before, joined[:31], joined[31:], *after[1:]])
    return found


def test_the_published_leaves_and_roots() -> None:
    leaves = [leaf_hash(data) for data in unhex(INPUTS)]
    assert [leaf.hex() for leaf in leaves] == LEAVES
    assert [tree_hash(leaves[:size]).hex() for size in range(9)] == ROOTS
    assert [mth(unhex(INPUTS[:size])).hex() for size in range(9)] == ROOTS


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_the_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    leaves = unhex(LEAVES)
    ranges = inclusion_ranges(index, size)
    assert [tree_hash(leaves[low:high]).hex() for low, high in ranges] == proof
    assert root_from_inclusion(leaves[index], index, size, unhex(proof)).hex() == ROOTS[size]


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_the_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    leaves = unhex(LEAVES)
    assert [tree_hash(leaves[low:high]).hex() for low, high in consistency_ranges(old, new)] == proof
    assert consistent(old, new, unhex(proof))


def included(index: int, size: int, proof: list[bytes], **changes: bytes) -> bool:
    values = {"leaf": bytes.fromhex(LEAVES[index % 8]), "root": bytes.fromhex(ROOTS[min(size, 8)])} | changes
    return verify_inclusion(index=index, size=size, proof=proof, **values)


def consistent(old: int, new: int, proof: list[bytes], **changes: bytes) -> bool:
    values = {"old_root": bytes.fromhex(ROOTS[min(old, 8)]), "new_root": bytes.fromhex(ROOTS[min(new, 8)])} | changes
    return verify_consistency(old=old, new=new, proof=proof, **values)


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_the_published_inclusion_proofs_show_nothing_else(index: int, size: int, proof: list[str]) -> None:
    """The probes of transparency-dev/merkle, proof/verify_test.go: corruptInclusionProof."""
    given_proof = unhex(proof)
    values = {"leaf": bytes.fromhex(LEAVES[index]), "root": bytes.fromhex(ROOTS[size])}
    assert included(index, size, given_proof)
    places = [(index - 1, size), (index + 1, size), (index ^ 2, size), (index, size * 2), (index, size // 2)]
    assert [
        place for place in places if verify_inclusion(index=place[0], size=place[1], proof=given_proof, **values)
    ] == []
    assert not included(index, size, given_proof, leaf=b"WrongLeaf")
    assert not included(index, size, given_proof, root=hashlib.sha256().digest())
    assert not included(index, size, given_proof, root=SOME_HASH)
    assert [other for other in altered(given_proof) if included(index, size, other)] == []


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_the_published_consistency_proofs_show_nothing_else(old: int, new: int, proof: list[str]) -> None:
    """The probes of transparency-dev/merkle, proof/verify_test.go: corruptConsistencyProof."""
    given_proof = unhex(proof)
    roots = {"old_root": bytes.fromhex(ROOTS[old]), "new_root": bytes.fromhex(ROOTS[new])}
    assert consistent(old, new, given_proof)
    sizes_tried = [(old - 1, new), (old + 1, new), (old ^ 2, new), (old, new * 2), (old, new // 2)]
    assert [
        pair for pair in sizes_tried if verify_consistency(old=pair[0], new=pair[1], proof=given_proof, **roots)
    ] == []
    assert not consistent(old, new, given_proof, old_root=b"WrongRoot")
    assert not consistent(old, new, given_proof, new_root=b"WrongRoot")
    if old != new:
        assert not consistent(old, new, given_proof, old_root=roots["new_root"], new_root=roots["old_root"])
        assert not consistent(old, new, [])
    assert [other for other in altered(given_proof) if consistent(old, new, other)] == []


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 0), (1, 1), (2, 1), (-1, 1), (-1, 5)])
def test_no_leaf_outside_of_a_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in the tree"):
        inclusion_ranges(index, size)
    empty = hashlib.sha256().digest()
    assert not verify_inclusion(leaf=empty, index=index, size=size, proof=[], root=empty)
    assert not verify_inclusion(leaf=SOME_HASH, index=index, size=size, proof=[], root=SOME_HASH)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (1, 0), (2, 1), (-1, 1)])
def test_no_consistency_with_the_empty_tree_or_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="empty or larger"):
        consistency_ranges(old, new)
    assert not verify_consistency(old=old, new=new, old_root=SOME_HASH, new_root=SOME_HASH, proof=[])


@given(sizes)
def test_the_tree_is_that_of_the_rfc(size: int) -> None:
    data = entries(size)
    leaves = [leaf_hash(one) for one in data]
    assert tree_hash(leaves) == mth(data)
    assert fold(hashes_over(data, perfect_ranges(0, size))) == mth(data)


def test_the_hashes_are_those_of_the_rfc() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@given(st.data())
def test_every_leaf_is_proved_as_in_the_rfc_and_nothing_else(data: st.DataObject) -> None:
    size = data.draw(sizes)
    index = data.draw(st.integers(0, size - 1))
    logged = entries(size)
    proof = hashes_over(logged, inclusion_ranges(index, size))
    assert proof == path(index, logged)
    values = {"index": index, "size": size, "leaf": leaf_hash(logged[index]), "proof": proof, "root": mth(logged)}
    assert verify_inclusion(**values)
    other = data.draw(st.integers(-2, size + 2).filter(lambda n: n != index))
    assert not verify_inclusion(**values | {"index": other})
    assert not verify_inclusion(**values | {"leaf": leaf_hash(b"another")})
    assert not verify_inclusion(**values | {"root": SOME_HASH})
    assert [wrong for wrong in altered(proof) if verify_inclusion(**values | {"proof": wrong})] == []


@given(st.data())
def test_every_pair_of_trees_is_proved_as_in_the_rfc_and_nothing_else(data: st.DataObject) -> None:
    new = data.draw(sizes)
    old = data.draw(st.integers(1, new))
    logged = entries(new)
    proof = hashes_over(logged, consistency_ranges(old, new))
    assert proof == subproof(old, logged, True)
    values = {"old": old, "new": new, "old_root": mth(logged[:old]), "new_root": mth(logged), "proof": proof}
    assert verify_consistency(**values)
    assert [wrong for wrong in altered(proof) if verify_consistency(**values | {"proof": wrong})] == []
    forked = [*logged[: old - 1], b"another", *logged[old:]]
    assert not verify_consistency(**values | {"old_root": mth(forked[:old])})
    assert not verify_consistency(**values | {"new_root": mth(forked)})
    ours = hashes_over(forked, consistency_ranges(old, new))
    assert not verify_consistency(**values | {"new_root": mth(forked), "proof": ours})


@given(st.data())
def test_ranges_cover_what_they_stand_for(data: st.DataObject) -> None:
    low = data.draw(st.integers(0, 2000)) * 2**10
    high = low + data.draw(st.integers(1, 2**10))
    ranges = perfect_ranges(low, high)
    assert [n for first, last in ranges for n in (first, last)] == [
        low,
        *[n for first, _last in ranges[1:] for n in (first, first)],
        high,
    ]
    widths = [last - first for first, last in ranges]
    assert widths == sorted({1 << bit for bit in range(11) if (high - low) >> bit & 1}, reverse=True)
