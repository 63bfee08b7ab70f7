"""A stored log of acceptance-like entries, verified and only read in turn; and the same with a tree in memory.

python -m benchmarks.within benchmarks.stored ROWS ROUNDS fills an empty database and prints the rates.
"""

import hashlib
import json
import random
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any
from uuid import uuid4

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from evidence.findings import Findings, snapshot
from evidence.growing import root_over
from evidence.kinds import Kind
from evidence.log import seal
from evidence.merkle import leaf_hash
from evidence.models import Entry, Sealed
from evidence.statements import statement
from evidence.verifying_tree import check_tree, sealed_chunks

BATCH = 5_000
MESSAGE = 64  # bytes


def fill(rows: int) -> None:
    """Entries with statements like those of acceptances, sealed."""
    at = timezone.now()
    for start in range(0, rows, BATCH):
        entries = []
        for n in range(start, min(start + BATCH, rows)):
            uid, digest = uuid4(), hashlib.sha256(b"%d" % n).hexdigest()
            data = statement(
                kind=Kind.ACCEPTED_EXPRESS.value,
                uid=str(uid),
                at=at,
                facts={
                    "account": n,
                    "actor": n,
                    "capacity": "owner",
                    "grant": None,
                    "identity": "stated",
                    "page_language": "zh-hans",
                    "form_key": str(uid),
                    "documents": [
                        {
                            "agreement": "developer-agreement",
                            "version": 1,
                            "language": "zh-hans",
                            "text_sha256": digest,
                            "text_sm3": digest,
                            "html_sha256": digest,
                        }
                    ],
                },
                commitments=dict.fromkeys(("account_qq", "actor_qq", "address", "user_agent"), digest),
            )
            entries.append(
                Entry(uid=uid, kind=Kind.ACCEPTED_EXPRESS, at=at, account=n, statement=data, leaf_hash=leaf_hash(data))
            )
        Entry.objects.bulk_create(entries)
    seal(at=at)


def verify() -> None:
    findings = Findings()
    with snapshot():
        check_tree(findings)
    assert findings.ok, findings.mismatches


def read() -> None:
    with snapshot():
        for _chunk in sealed_chunks(ahead=False):
            pass


def rates(ours: Callable[[], object], floor: Callable[[], object], *, count: int, rounds: int) -> dict[str, Any]:
    """The rates of both, run in turn, and their ratio in each round."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            (ours, floor)[which]()
            found[which].append(count / (time.perf_counter() - start))
    ratios = sorted(mine / theirs for mine, theirs in zip(*found, strict=True))
    return {"ratio": median(ratios), "ratios": ratios, "ours": median(found[0]), "floor": median(found[1])}


def main() -> None:
    count, rounds = map(int, sys.argv[1:])
    data = random.randbytes(MESSAGE * count)
    messages = [data[at : at + MESSAGE] for at in range(0, len(data), MESSAGE)]
    sha256 = hashlib.sha256

    def hash_all() -> None:
        for message in messages:
            sha256(message).digest()

    told = {
        "a tree in memory ÷ SHA-256 of 64 bytes": rates(
            lambda: root_over(messages), hash_all, count=count, rounds=rounds
        )
    }
    call_command("migrate", verbosity=0, interactive=False)
    fill(count)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    sealed = Sealed.objects.count()
    told["the stored log ÷ reading its rows"] = rates(verify, read, count=sealed, rounds=rounds)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
