"""A log of any size made from random leaf hashes, with its tiles and one checkpoint, and the time of proofs from it.

python -m benchmarks.within benchmarks.growing SIZE answers each line on its standard input with the time of some proofs.
"""

import json
import random
import sys
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.proving import PROOFS, microseconds
from evidence.log import prove
from evidence.merkle import inclusion_ranges, verify_inclusion
from evidence.models import Checkpoint, Tile
from evidence.tiles import HASH, Place, edge, extend, places, subtree_hash

BATCH = 256 * 256


def grow(size: int) -> Checkpoint:
    """Make the tiles of a log of this size, and its checkpoint; nothing else is needed for a proof."""
    tiles: dict[Place, bytes] = {}
    for start in range(0, size, BATCH):
        data = random.randbytes(HASH * min(BATCH, size - start))
        leaves = [data[at : at + HASH] for at in range(0, len(data), HASH)]
        begun = {place: tiles[place] for place in edge(start)}
        tiles |= extend(start, begun, leaves)
        rest = edge(start + len(leaves))
        full = [place for place in tiles if place not in rest]
        Tile.objects.bulk_create(Tile(level=at[0], index=at[1], hashes=tiles.pop(at)) for at in full)
    Tile.objects.bulk_create(Tile(level=at[0], index=at[1], hashes=data) for at, data in tiles.items())
    stored = {(tile.level, tile.index): bytes(tile.hashes) for tile in Tile.objects.filter(level__gt=0)}
    root = subtree_hash((0, size), stored | tiles)
    return Checkpoint.objects.create(number=1, size=size, root=root, at=timezone.now(), through=size, note="")


def check(checkpoint: Checkpoint) -> None:
    """Proofs that do not lead to the root would not be worth measuring."""
    for position in random.choices(range(checkpoint.size), k=20):
        tile = Tile.objects.get(level=0, index=position // 256)
        leaf = bytes(tile.hashes)[position % 256 * HASH :][:HASH]
        proof = prove(position=position, checkpoint=checkpoint)
        assert verify_inclusion(
            leaf=leaf, index=position, size=checkpoint.size, proof=proof, root=bytes(checkpoint.root)
        )


def answer(checkpoint: Checkpoint) -> dict[str, Any]:
    size = checkpoint.size
    took = microseconds(lambda position: prove(position=position, checkpoint=checkpoint), size)
    with CaptureQueriesContext(connection) as queries:
        prove(position=random.randrange(size), checkpoint=checkpoint)
    rows = [len(places(inclusion_ranges(random.randrange(size), size))) for _ in range(PROOFS)]
    return {"us": took, "queries": len(queries), "rows": sum(rows) / len(rows), "most_rows": max(rows)}


def main() -> None:
    call_command("migrate", verbosity=0, interactive=False)
    checkpoint = grow(int(sys.argv[1]))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE evidence_tile")
    check(checkpoint)
    for _line in sys.stdin:
        print(json.dumps(answer(checkpoint)), flush=True)


if __name__ == "__main__":
    main()
