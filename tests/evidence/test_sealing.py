"""Tests of seal() and the proofs: every entry once, in an order that the sealer gives, consistent with all that came before."""

import random
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from evidence.checkpoint import SigningKey, VerifierKey, parse
from evidence.errors import KeyNotIntroduced
from evidence.kinds import Kind
from evidence.log import BATCH, LATE, append, checkpoint_for, prove, prove_consistency, seal
from evidence.merkle import tree_hash, verify_consistency, verify_inclusion
from evidence.models import Checkpoint, Entry, LogKey, Sealed, Tile, TimestampAttempt
from tests.conftest import LOG_KEY

# PostgreSQL is asked for the lock as well.
QUERIES = 15 if connection.vendor == "postgresql" else 14
AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def add(count: int = 1) -> list[Entry]:
    with transaction.atomic():
        return [append(kind=Kind.ROLE_GIVEN, at=AT, facts={"n": n}) for n in range(count)]


def leaves() -> list[bytes]:
    """The leaf hashes in their order."""
    sealed = Sealed.objects.select_related("entry").order_by("position")
    return [bytes(one.entry.leaf_hash) for one in sealed]


def test_the_first_seal_introduces_the_key_and_covers_its_introduction(db: None) -> None:
    add(2)
    made = seal(at=AT)
    assert made is not None
    assert (made.number, made.size, made.at) == (1, 3, AT)
    key = LogKey.objects.get()
    assert (key.verifier_key, key.entry.kind) == (str(LOG_KEY.verifier), "log.key_introduced")
    note = parse(made.note)
    assert (note.head.origin, note.head.size, note.head.root) == ("qiyue.example/log", 3, tree_hash(leaves()))
    assert bytes(made.root) == note.head.root
    assert note.is_signed_by(VerifierKey.parse(key.verifier_key))


def test_a_log_without_any_act_begins_with_its_key(db: None) -> None:
    made = seal(at=AT)
    assert made is not None
    assert (made.size, Entry.objects.get().kind) == (1, "log.key_introduced")


def test_nothing_to_seal_makes_no_checkpoint(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add()
    seal(at=AT)
    with django_assert_num_queries(3):
        assert seal(at=AT + timedelta(seconds=1)) is None
    assert Checkpoint.objects.count() == 1


def test_sealing_costs_the_same_whatever_the_number_of_entries(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seal(at=AT)
    for count in (1, 3):
        add(count)
        with django_assert_num_queries(QUERIES):
            assert seal(at=AT) is not None


def test_every_entry_is_proved_in_every_checkpoint_over_it(db: None) -> None:
    chance = random.Random(7)
    checkpoints = []
    for _ in range(12):
        add(chance.choice([1, 2, 5, 40, 90]))
        checkpoints.append(seal(at=AT))
    hashes = leaves()
    assert len(hashes) == Entry.objects.count() > 256
    for checkpoint in checkpoints:
        assert bytes(checkpoint.root) == tree_hash(hashes[: checkpoint.size])
        for position in chance.sample(range(checkpoint.size), min(checkpoint.size, 20)):
            proof = prove(position=position, checkpoint=checkpoint)
            assert verify_inclusion(
                leaf=hashes[position], index=position, size=checkpoint.size, proof=proof, root=bytes(checkpoint.root)
            )
        with pytest.raises(ValueError, match="not in the tree"):
            prove(position=checkpoint.size, checkpoint=checkpoint)
    for new, checkpoint in enumerate(checkpoints):
        for old in checkpoints[: new + 1]:
            assert verify_consistency(
                old=old.size,
                new=checkpoint.size,
                old_root=bytes(old.root),
                new_root=bytes(checkpoint.root),
                proof=prove_consistency(old=old, new=checkpoint),
            )


def test_a_proof_takes_one_query(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add(300)
    made = seal(at=AT)
    assert made is not None
    with django_assert_num_queries(1):
        prove(position=3, checkpoint=made)


def test_a_batch_is_one_checkpoint_and_a_backlog_several(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence.log.BATCH", 100)
    add(250)
    made = seal(at=AT)
    assert made is not None
    assert list(Checkpoint.objects.order_by("number").values_list("size", flat=True)) == [100, 200, 251]
    assert made.size == 251
    assert BATCH == 10_000


def test_checkpoints_never_go_back_in_time(db: None) -> None:
    add()
    seal(at=AT)
    add()
    made = seal(at=AT - timedelta(hours=1))
    assert made is not None
    assert made.at == AT


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nothing commits late")
def test_an_entry_that_commits_late_is_sealed_later_and_not_skipped() -> None:
    seal(at=AT)
    written, go_on = threading.Event(), threading.Event()

    def late() -> None:
        with transaction.atomic():
            append(kind=Kind.ROLE_GIVEN, at=AT, facts={"late": True})
            written.set()
            go_on.wait(10)
        connection.close()

    thread = threading.Thread(target=late)
    thread.start()
    assert written.wait(10)
    [early] = add()
    before = seal(at=AT)
    go_on.set()
    thread.join()
    after = seal(at=AT)
    slow = Entry.objects.exclude(pk=early.pk).order_by("pk").last()
    assert before is not None
    assert after is not None
    assert slow is not None
    assert slow.pk < early.pk
    assert (early.sealed.position, slow.sealed.position) == (1, 2)
    assert (before.through, after.through) == (early.pk, early.pk)


def entry_with_key(key: int) -> Entry:
    """An entry as the transaction leaves it that took this key from the sequence, whenever it commits."""
    [like] = add()
    return Entry.objects.create(
        pk=key, uid=uuid4(), kind=like.kind, at=AT, statement=like.statement, leaf_hash=like.leaf_hash
    )


def test_an_entry_that_committed_very_late_is_found_by_a_sweep(db: None) -> None:
    [before] = add()
    entry_with_key(before.pk + 1000)
    seal(at=AT)
    late, after = entry_with_key(before.pk + 500), AT + LATE + timedelta(seconds=1)
    seal(at=after)
    assert checkpoint_for(late) is None
    made = seal(at=after, sweep=True)
    assert made is not None
    assert (late.sealed.position, made.size) == (Entry.objects.count() - 1, Entry.objects.count())


def test_sealed_long_ago_is_not_looked_at_again(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    add(3)
    first = seal(at=AT)
    assert first is not None
    add()
    later = AT + LATE + timedelta(seconds=1)
    with django_assert_num_queries(QUERIES) as queries:
        assert seal(at=later) is not None
    looked = [query["sql"] for query in queries.captured_queries if f'"id" > {first.through}' in query["sql"]]
    # Before and in the batch.
    assert len(looked) == 2


@pytest.mark.django_db(transaction=True)
def test_two_sealers_at_once_seal_every_entry_once() -> None:
    seal(at=AT)
    start = threading.Barrier(5)

    def writer() -> None:
        start.wait()
        for _ in range(20):
            add()
        connection.close()

    def sealer() -> None:
        start.wait()
        for _ in range(15):
            seal(at=AT)
        connection.close()

    threads = [threading.Thread(target=target) for target in (writer, writer, sealer, sealer, sealer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seal(at=AT)
    assert list(Sealed.objects.order_by("position").values_list("position", flat=True)) == list(range(41))
    assert set(Sealed.objects.values_list("entry", flat=True)) == set(Entry.objects.values_list("pk", flat=True))
    newest = Checkpoint.objects.order_by("-number").first()
    assert newest is not None
    assert (newest.size, bytes(newest.root)) == (41, tree_hash(leaves()))
    assert bytes(Tile.objects.get(level=0, index=0).hashes) == b"".join(leaves())


@pytest.mark.django_db(transaction=True)
def test_a_sealer_that_dies_midway_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seal(at=AT)
    add(3)

    def die(*args: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as context:
        context.setattr("evidence.log.sign", die)
        with pytest.raises(ZeroDivisionError):
            seal(at=AT)
    assert (Sealed.objects.count(), Checkpoint.objects.count()) == (1, 1)
    made = seal(at=AT)
    assert made is not None
    assert made.size == 4


def test_the_proof_is_made_for_the_first_checkpoint_or_the_first_timestamped_one(db: None) -> None:
    [entry] = add()
    assert checkpoint_for(entry) is None
    made = []
    for _ in range(4):
        made.append(seal(at=AT))
        add()
    assert checkpoint_for(entry) == made[0]
    attempt = {"authority": "tsa", "at": AT}
    TimestampAttempt.objects.create(number=1, checkpoint=made[1], error="no answer", **attempt)
    assert checkpoint_for(entry) == made[0]
    TimestampAttempt.objects.create(number=2, checkpoint=made[3], response=b"x", stamped_at=AT, **attempt)
    TimestampAttempt.objects.create(number=3, checkpoint=made[2], response=b"x", stamped_at=AT, **attempt)
    assert checkpoint_for(entry) == made[2]


def test_a_new_key_beside_a_known_one_is_introduced_and_both_sign(db: None, settings: Settings) -> None:
    add()
    first = seal(at=AT)
    new = SigningKey.generate("qiyue.example/log")
    settings.LOG_KEYS = [new.export(), LOG_KEY.export()]
    add()
    both = seal(at=AT)
    settings.LOG_KEYS = [new.export()]
    add()
    last = seal(at=AT)
    signers = [
        [parse(checkpoint.note).is_signed_by(key.verifier) for key in (LOG_KEY, new)]
        for checkpoint in (first, both, last)
        if checkpoint
    ]
    assert signers == [[True, False], [True, True], [False, True]]
    assert list(LogKey.objects.order_by("pk").values_list("verifier_key", flat=True)) == [
        str(LOG_KEY.verifier),
        str(new.verifier),
    ]


def test_a_key_that_the_log_never_met_signs_nothing(db: None, settings: Settings) -> None:
    add()
    seal(at=AT)
    add()
    stranger = SigningKey.generate("qiyue.example/log")
    settings.LOG_KEYS = [stranger.export()]
    with pytest.raises(KeyNotIntroduced):
        seal(at=AT)
    assert (Checkpoint.objects.count(), LogKey.objects.count()) == (1, 1)
    made = seal(at=AT, introduce_key=True)
    assert made is not None
    assert parse(made.note).is_signed_by(stranger.verifier)
    assert LogKey.objects.count() == 2


@pytest.mark.parametrize(
    "keys", [["nonsense"], [LOG_KEY.export(), SigningKey.generate("another.example/log").export()]]
)
def test_unreadable_keys_and_keys_of_two_logs_are_refused(db: None, settings: Settings, keys: list[str]) -> None:
    settings.LOG_KEYS = keys
    with pytest.raises(ImproperlyConfigured) as refusal:
        seal(at=AT)
    assert LOG_KEY.export().rsplit("+", 1)[1] not in str(refusal.value)
    assert Checkpoint.objects.count() == 0
