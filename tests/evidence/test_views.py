"""Tests of the log's addresses for tools: open to everyone, plain, and exactly what is stored."""

import base64
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.test import Client

from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.models import Checkpoint, Cosignature, Sealed
from tests.conftest import LOG_KEY

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def add_and_seal(count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            append(kind=Kind.ROLE_GIVEN, at=AT, facts={"n": n})
    seal(at=AT)


def test_an_empty_log_has_no_checkpoint_and_no_keys(db: None, client: Client) -> None:
    assert client.get("/log/checkpoint").status_code == 404
    answer = client.get("/log/keys")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_newest_checkpoint_is_given_with_its_cosignatures(db: None, client: Client) -> None:
    add_and_seal(1)
    add_and_seal(1)
    newest = Checkpoint.objects.get(number=2)
    assert client.get("/log/checkpoint").content.decode() == newest.note
    Cosignature.objects.create(checkpoint=newest, witness_key="w", line="— w abcd\n", received_at=AT)
    answer = client.get("/log/checkpoint")
    assert answer.content.decode() == f"{newest.note}— w abcd\n"
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-cache" in answer["Cache-Control"]


def test_the_keys_stand_one_a_line(db: None, client: Client) -> None:
    add_and_seal(1)
    assert client.get("/log/keys").content.decode() == f"{LOG_KEY.verifier}\n"


def test_tiles_are_given_whole_and_as_they_were(db: None, client: Client) -> None:
    add_and_seal(299)
    leaves = [bytes(sealed.entry.leaf_hash) for sealed in Sealed.objects.select_related("entry").order_by("position")]
    assert len(leaves) == 300
    tiles = {path: client.get(f"/log/tile/{path}") for path in ("0/000", "0/000.p/7", "0/001.p/44", "1/000.p/1")}
    assert {path: answer.status_code for path, answer in tiles.items()} == dict.fromkeys(tiles, 200)
    assert tiles["0/000"].content == b"".join(leaves[:256])
    assert tiles["0/000.p/7"].content == b"".join(leaves[:7])
    assert tiles["0/001.p/44"].content == b"".join(leaves[256:])
    assert len(tiles["1/000.p/1"].content) == 32
    assert tiles["0/000"]["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/001.p/45",
        "0/002",
        "2/000.p/1",
        "0/000.p/256",
        "0/000.p/0",
        "00/000",
        "0/0",
        "0/x000/000",
        "0/000/",
        "x",
        "entries/000",
        "0/999999999999999999999999",
        "0/x999/x999/x999/x999/x999/x999/x999/999",
        "99/000",
        "0/000.p/7/",
    ],
)
def test_what_is_no_tile_of_the_log_is_not_found(path: str, db: None, client: Client) -> None:
    add_and_seal(299)
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_nothing_of_the_log_is_changed_over_these_addresses(db: None, client: Client) -> None:
    add_and_seal(1)
    answers = {path: client.post(path).status_code for path in ("/log/checkpoint", "/log/keys", "/log/tile/0/000.p/1")}
    assert answers == dict.fromkeys(answers, 405)


def test_a_checkpoint_says_what_the_tree_is(db: None, client: Client) -> None:
    add_and_seal(4)
    origin, size, root = client.get("/log/checkpoint").content.decode().split("\n")[:3]
    assert (origin, size) == ("qiyue.example/log", "5")
    assert base64.b64decode(root) == bytes(Checkpoint.objects.get().root)
