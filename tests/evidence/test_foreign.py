"""Tests with tools that are not ours: Go's sumdb/note opens our checkpoints, and its tlog makes and checks the proofs that we make."""

import hashlib
import json
import os
import random
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from evidence.checkpoint import SigningKey
from evidence.kinds import Kind
from evidence.log import prove, prove_consistency, seal
from evidence.merkle import leaf_hash
from evidence.models import Checkpoint, Entry, LogKey, Sealed
from scripts.go import SOURCES, missing_packages
from tests.conftest import LOG_KEY

pytestmark = pytest.mark.soak
PROGRAM = Path(__file__).parent / "go" / "check.go"
NEW_KEY = SigningKey("qiyue.example/log", hashlib.sha256(b"new key").digest())


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, compiled; where Go or its library is missing the tests are skipped, and say so."""
    if missing := missing_packages():
        pytest.skip(f"no Go: install {' '.join(missing)}")
    folder = tmp_path_factory.mktemp("go")
    env = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOPATH": str(SOURCES), "GOCACHE": str(folder / "cache")}
    subprocess.run(["go", "build", "-o", str(folder / "check"), str(PROGRAM)], env=env, check=True)
    return folder / "check"


def add(count: int) -> None:
    """Entries of which only the leaf hash matters here."""
    statements = [uuid4().bytes for _ in range(count)]
    Entry.objects.bulk_create(
        Entry(uid=uuid4(), kind=Kind.ROLE_GIVEN, at=timezone.now(), statement=data, leaf_hash=leaf_hash(data))
        for data in statements
    )


def with_another_letter(text: str) -> list[str]:
    """The text with one letter changed, for each letter."""
    return [text[:at] + chr(ord(letter) ^ 1) + text[at + 1 :] for at, letter in enumerate(text)]


def altered(note: str) -> list[str]:
    """Notes that nobody signed. The last letter of a signature has bits that Go's base64 does not look at: we leave it."""
    body, _empty, lines = note.partition("\n\n")
    changed = [f"{text}\n\n{lines}" for text in with_another_letter(body)]
    if lines.count("\n") == 1:  # With two signatures one of them may be foreign.
        changed += [f"{body}\n\n{text}" for at, text in enumerate(with_another_letter(lines)) if at != len(lines) - 3]
    return changed


def document(address: str, chance: random.Random, *, places: int) -> dict:
    """All checkpoints, all pairs of them, and proofs of some entries in each."""
    checkpoints = list(Checkpoint.objects.order_by("number"))
    leaves = Sealed.objects.order_by("position").values_list("entry__leaf_hash", flat=True)
    inclusion = [
        {"checkpoint": n, "index": index, "hashes": prove(position=index, checkpoint=one)}
        for n, one in enumerate(checkpoints)
        for index in {0, one.size - 1, *chance.choices(range(one.size), k=places)}
    ]
    consistency = [
        {"old": old, "new": new, "hashes": prove_consistency(old=checkpoints[old], new=checkpoints[new])}
        for new in range(len(checkpoints))
        for old in range(new + 1)
    ]
    for proof in (*inclusion, *consistency):
        proof["hashes"] = [one.hex() for one in proof["hashes"]]
    return {
        "tiles": f"{address}/log/tile/",
        "keys": list(LogKey.objects.order_by("pk").values_list("verifier_key", flat=True)),
        "checkpoints": [one.note for one in checkpoints],
        "altered": [text for one in checkpoints for text in altered(one.note)],
        "leaves": [bytes(leaf).hex() for leaf in leaves],
        "inclusion": inclusion,
        "consistency": consistency,
    }


def checked(checker: Path, given: dict) -> dict[str, int]:
    """What the program says that it has checked."""
    run = subprocess.run([checker], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert run.stderr == ""
    told: dict[str, int] = json.loads(run.stdout)
    return told


def test_go_opens_our_checkpoints_and_agrees_on_every_proof(
    live_server: LiveServer, settings: Settings, checker: Path
) -> None:
    chance = random.Random(6962)
    for keys in ([LOG_KEY], [NEW_KEY, LOG_KEY], [NEW_KEY]):
        settings.LOG_KEYS = [key.export() for key in keys]
        for _ in range(13):
            add(chance.choice([1, 1, 2, 3, 7, 60, 200, 255, 256, 257]))
            seal(at=timezone.now())
    # Sizes at a border and beside it, whatever chance brought.
    for size in range(14):
        add(256 * (Entry.objects.count() // 256 + 1) - Entry.objects.count() + (-1, 0, 1)[size % 3])
        seal(at=timezone.now())
    given = document(live_server.url, chance, places=12)
    told = checked(checker, given)
    assert told == {
        "signatures": 13 + 2 * 13 + 13 + 14,
        "refused": len(given["altered"]),
        "inclusion": len(given["inclusion"]),
        "consistency": 53 * 54 // 2,
        "tiles": told["tiles"],
    }
    assert told["tiles"] > Entry.objects.count() // 256
    assert len(given["inclusion"]) > 600


def test_go_agrees_where_a_second_level_is_full(live_server: LiveServer, checker: Path) -> None:
    chance = random.Random(9162)
    for size in (1, 9_999, 65_534, 65_535, 65_536, 65_537, 65_792, 66_100):
        add(size - max(Entry.objects.count(), 1))
        seal(at=timezone.now())
    assert list(Checkpoint.objects.order_by("number").values_list("size", flat=True)) == [
        *[1, 9_999, 19_999, 29_999, 39_999, 49_999, 59_999],
        *[65_534, 65_535, 65_536, 65_537, 65_792, 66_100],
    ]
    given = document(live_server.url, chance, places=12)
    told = checked(checker, given)
    assert (told["inclusion"], told["consistency"]) == (len(given["inclusion"]), 13 * 14 // 2)


def test_go_refuses_what_does_not_fit(live_server: LiveServer, checker: Path) -> None:
    """The program finds faults: otherwise its silence would mean nothing."""
    for _ in range(3):
        add(200)
        seal(at=timezone.now())
    good = document(live_server.url, random.Random(1), places=3)
    assert checked(checker, good)["consistency"] == 6
    wrong = hashlib.sha256(b"wrong").hexdigest()
    for part, fault in (
        ({"leaves": [wrong, *good["leaves"][1:]]}, "root of 201: hash 0 differs"),
        ({"altered": good["checkpoints"][:1]}, "an altered checkpoint was opened"),
        ({"keys": [str(NEW_KEY.verifier)]}, "note has no verifiable signatures"),
        ({"inclusion": [{**good["inclusion"][0], "hashes": [wrong]}]}, "entry 0 of 201"),
        ({"consistency": [{"old": 0, "new": 2, "hashes": good["consistency"][1]["hashes"]}]}, "601 continues 201"),
        ({"tiles": f"{live_server.url}/log/tiles/"}, "was answered with 404"),
    ):
        run = subprocess.run([checker], input=json.dumps(good | part), capture_output=True, text=True, check=False)
        assert (run.returncode, run.stdout) == (1, "")
        assert fault in run.stderr
