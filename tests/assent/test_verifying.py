"""Tests of verify_evidence(): what is untouched raises no alarm, and what was changed is found and named."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.appointing import issue_reset_link
from accounts.collaborating import end_grant
from accounts.joining import sign_up
from accounts.models import RoleHolding
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.erasing import erase_person
from assent.legal_holds import place_hold
from assent.pack_requests import request_pack
from assent.packing import Selection
from assent.verifying import verify_evidence
from evidence.checkpoint import COSIGNATURE_V1, Signature, SigningKey, VerifierKey, parse, sign
from evidence.findings import Mismatch
from evidence.log import seal
from evidence.merkle import leaf_hash
from evidence.models import Checkpoint, Cosignature, Disclosure, Entry, LogKey, Sealed, Tile, TimestampAttempt
from evidence.protection import lift
from evidence.statements import canonical_json
from evidence.timestamping import stated
from tests.authority import Authority, make_authority
from tests.conftest import LOG_KEY, PASSWORD
from tests.histories import History
from tests.support import CIRCUMSTANCES, DAY, EN, MONDAY, ZH, accept_versions, chinese, english, publish, shown
from tests.tampering import KINDS, Change, NoChange, a_bit, all_columns

LATER = MONDAY + 60 * DAY
NO_ROW, NO_ENTRY = "日志记载了这一行，表中没有", "表中有这一行，日志没有记载"
START = datetime(2012, 3, 5, 2, 0, tzinfo=UTC)
SEED = 20261125


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens within is rolled back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def cosign(checkpoint: Checkpoint, *, name: str, seed: bytes, at: datetime) -> Cosignature:
    """Let a witness cosign a checkpoint (C2SP tlog-cosignature)."""
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key = VerifierKey(name, private.public_key().public_bytes_raw(), COSIGNATURE_V1)
    seconds = int(at.timestamp())
    signed = private.sign(f"cosignature/v1\ntime {seconds}\n{parse(checkpoint.note).body}".encode())
    line = Signature(name, key.id, seconds.to_bytes(8, "big") + signed)
    return Cosignature.objects.create(checkpoint=checkpoint, witness_key=str(key), line=str(line), received_at=at)


def stamp(checkpoint: Checkpoint, authority: Authority, *, number: int) -> TimestampAttempt:
    response = authority.stamp(parse(checkpoint.note).body.encode())
    at, _imprint = stated(response)
    return TimestampAttempt.objects.create(
        number=number, checkpoint=checkpoint, authority="http://tsa.example/", at=at, response=response, stamped_at=at
    )


@pytest.fixture
def authority(tmp_path, settings) -> Authority:
    made = make_authority(tmp_path)
    settings.TIMESTAMP_ROOTS = made.roots_file
    return made


@pytest.fixture
def portal(db: None, authority: Authority) -> History:
    """A portal with more than a tile's worth of entries, all sealed, witnessed and timestamped; its triggers are gone."""
    history = History(Random(SEED), start=START)
    history.go_on(220)
    while Entry.objects.count() < 300:
        issue_reset_link(person=history.auditor, actor=history.administrator, at=history.at)
    history.at += timedelta(minutes=1)
    seal(at=history.at, sweep=True)
    checkpoints = list(Checkpoint.objects.order_by("number"))
    for number, checkpoint in enumerate(checkpoints[-4:], start=1):
        if number == 2:
            TimestampAttempt.objects.create(
                number=2, checkpoint=checkpoint, authority="http://tsa.example/", at=timezone.now(), error="no answer"
            )
        else:
            stamp(checkpoint, authority, number=number)
        for name in ("one", "two"):
            cosign(checkpoint, name=f"{name}.example", seed=name.encode().ljust(32), at=checkpoint.at)
    connection.check_constraints()
    lift(connection)
    return history


def tamper(history: History, change: str, random: Random) -> tuple[Change, list[Mismatch]] | None:
    """Make one change of a kind, verify, and undo it; None if the database refuses it or it changes nothing."""
    with undone():
        try:
            with transaction.atomic():
                made = KINDS[change][0](random)
        except (DatabaseError, NoChange, OverflowError, ValueError):
            return None
        return made, verify_evidence(at=timezone.now()).mismatches


def missed(made: Change, found: list[Mismatch]) -> str:
    """What should have been named and was not; '' if it all was."""
    there = {(mismatch.table, mismatch.row) for mismatch in found}
    lost = [named for named in made.named if not any((named.table, key) in there for key in named.keys)]
    return f"{made.words}: not named {lost}, but {sorted(there)}" if lost else ""


def drill(history: History, *, changes: int, seed: int) -> tuple[Counter[str], list[str], list[int]]:
    """Make so many changes, each by itself; return how many of each kind, what was missed, and how many rows each named."""
    done: Counter[str] = Counter()
    lost, named = [], []
    for kind, (_make, share) in KINDS.items():
        tries = 0
        while done[kind] < changes * share // 100:
            tries += 1
            outcome = tamper(history, kind, Random(f"{seed} {kind} {tries}"))
            if outcome is None:
                continue
            made, found = outcome
            done[kind] += 1
            named.append(len(found))
            if len(found) > 50:
                print(f"{len(found)} rows named: {made.words}")
            lost += filter(None, [missed(made, found)])
    return done, lost, named


def prepared(value: object) -> object:
    """A value as the database takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value.hex if isinstance(value, UUID) and connection.vendor == "sqlite" else value


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [prepared(value) for value in values])


def found() -> list[tuple[str, str, str]]:
    """What a verification names now: tables, rows, and what is wrong with them."""
    with override("zh-hans"):
        return [(m.table, m.row, m.problem) for m in verify_evidence(at=LATER).mismatches]


def column(name: str) -> str:
    return f"列 {name} 与日志记载不符"


@pytest.fixture
def small(agreement, alice, bob, petra, audrey, administrator) -> SimpleNamespace:
    """A small sealed portal without triggers; every test changes one thing in it."""
    version = publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    announced = publish(agreement, petra, "第二稿。", at=MONDAY + DAY, effective_at=MONDAY + 30 * DAY)
    acceptance = accept_versions(alice.account, bob, version, at=MONDAY + DAY)
    first = seal(at=MONDAY + DAY)
    act = {"actor": alice, "document": shown(announced), "form_key": uuid4(), "circumstances": CIRCUMSTANCES}
    refusal = refuse(account=alice.account, **act, at=MONDAY + 2 * DAY)
    withdrawal = withdraw_version(version=announced, actor=petra, at=MONDAY + 3 * DAY)
    hold = place_hold(person=bob, reason="诉讼。", actor=audrey, at=MONDAY + 3 * DAY)
    grant = end_grant(grant=acceptance.grant, actor=alice, at=MONDAY + 4 * DAY)
    holding = RoleHolding.objects.get(person=petra)
    pack = request_pack(selection=Selection(account=alice.account), actor=audrey, at=MONDAY + 4 * DAY)
    # Somebody who joined and did nothing more can be erased at once.
    gone = sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=MONDAY + 4 * DAY)
    joined = Entry.objects.latest("pk")
    erase_person(person=gone, actor=administrator, at=MONDAY + 4 * DAY)
    second = seal(at=MONDAY + 5 * DAY)
    connection.check_constraints()
    lift(connection)
    assert found() == []
    return SimpleNamespace(**{name: value for name, value in locals().items()})


Case = Callable[[SimpleNamespace], tuple[str, list[object], list[tuple[str, object, str]]]]
CASES: dict[str, Case] = {
    "an entry's time": lambda s: (
        "UPDATE evidence_entry SET at = %s WHERE id = %s", [MONDAY, s.acceptance.entry_id],
        [("evidence_entry", s.acceptance.entry_id, column("at"))],
    ),
    "an entry's kind": lambda s: (
        "UPDATE evidence_entry SET kind = 'audit.exported' WHERE id = %s", [s.acceptance.entry_id],
        [("evidence_entry", s.acceptance.entry_id, column("kind"))],
    ),
    "an entry's account": lambda s: (
        "UPDATE evidence_entry SET account = NULL WHERE id = %s", [s.acceptance.entry_id],
        [("evidence_entry", s.acceptance.entry_id, column("account"))],
    ),
    "an entry's hash": lambda s: (
        "UPDATE evidence_entry SET leaf_hash = %s WHERE id = %s", [bytes(32), s.acceptance.entry_id],
        [("evidence_entry", s.acceptance.entry_id, "记录的内容与它的哈希不符")],
    ),
    "a place in the tree": lambda s: (
        "DELETE FROM evidence_sealed WHERE position = 3", [],
        [("evidence_sealed", 3, "树中的这个位置没有记录")],
    ),
    "a place far beyond the tree": lambda s: (
        "UPDATE evidence_sealed SET position = 1000000000000 WHERE position = 3", [],
        [
            ("evidence_sealed", 1000000000000, "这个位置不连续：树没有这么大"),
            ("evidence_sealed", 3, "树中的这个位置没有记录"),
        ],
    ),
    "a tile": lambda s: (
        "UPDATE evidence_tile SET hashes = %s", [bytes(32) + s.tile[32:]],
        [("evidence_tile", s.tile_pk, "瓦片 0/0 从第 0 个哈希起与树不符")],
    ),
    "a tile cut off": lambda s: (
        "UPDATE evidence_tile SET hashes = %s", [s.tile[:-32]],
        [("evidence_tile", s.tile_pk, "瓦片 0/0 的哈希个数不对")],
    ),
    "a deleted tile": lambda s: ("DELETE FROM evidence_tile", [], [("evidence_tile", "0/0", "缺少这块瓦片")]),
    "a tile too many": lambda s: (
        "INSERT INTO evidence_tile (level, index, hashes) VALUES (1, 0, %s)".replace("index", '"index"'), [bytes(32)],
        [("evidence_tile", s.tile_pk + 1, "树没有这块瓦片：1/0")],
    ),
    "a checkpoint's root": lambda s: (
        "UPDATE evidence_checkpoint SET root = %s WHERE number = 1", [bytes(32)],
        [("evidence_checkpoint", 1, "列 root 与签名检查点不符")],
    ),
    "a checkpoint's size": lambda s: (
        "UPDATE evidence_checkpoint SET size = size - 1 WHERE number = 1", [],
        [("evidence_checkpoint", 1, "列 size 与签名检查点不符")],
    ),
    "how far a checkpoint went": lambda s: (
        "UPDATE evidence_checkpoint SET through = through + 1 WHERE number = 2", [],
        [("evidence_checkpoint", 2, column("through"))],
    ),
    "a checkpoint's note cut off": lambda s: (
        "UPDATE evidence_checkpoint SET note = %s WHERE number = 1", [s.first.note[:-1]],
        [("evidence_checkpoint", 1, "无法读取签名检查点")],
    ),
    "a checkpoint that a stranger signed": lambda s: (
        "UPDATE evidence_checkpoint SET note = %s WHERE number = 1",
        [sign(parse(s.first.note).head, [SigningKey(LOG_KEY.name, bytes(32))])],
        [("evidence_checkpoint", 1, "签名的密钥没有在日志中启用")],
    ),
    "a signature over something else": lambda s: (
        "UPDATE evidence_checkpoint SET note = %s WHERE number = 1",
        [parse(s.first.note).body + "\n" + s.second.note.split("\n\n")[1]],
        [("evidence_checkpoint", 1, "签名无效")],
    ),
    "a root that the log's own key signed": lambda s: (
        "UPDATE evidence_checkpoint SET note = %s, root = %s WHERE number = 2",
        [sign(parse(s.second.note).head._replace(root=bytes(32)), [LOG_KEY]), bytes(32)],
        [("evidence_checkpoint", 2, f"树不是签名时的树：位置 {s.first.size} 至 {s.second.size - 1} 之间有改动")],
    ),
    "a deleted checkpoint": lambda s: (
        "DELETE FROM evidence_checkpoint WHERE number = 1", [],
        [
            ("evidence_checkpoint", 1, "检查点编号不连续：缺少这一个"),
            ("evidence_checkpoint", 2, "检查点编号不连续：应为 1"),
        ],
    ),
    "the last checkpoint": lambda s: (
        "DELETE FROM evidence_checkpoint WHERE number = 2", [],
        [("evidence_checkpoint", 2, "没有检查点覆盖全部已封存的记录")],
    ),
    "checkpoints dated the other way round": lambda s: (
        "UPDATE evidence_checkpoint SET at = %s WHERE number = 1", [LATER],
        [
            ("evidence_checkpoint", 1, "检查点 1 与 2 的时间倒退"),
            ("evidence_checkpoint", 2, "检查点 1 与 2 的时间倒退"),
        ],
    ),
    "a checkpoint older than what it covers": lambda s: (
        "UPDATE evidence_checkpoint SET at = %s WHERE number = 1", [MONDAY],
        [("evidence_checkpoint", 1, "检查点的时间早于它覆盖的记录")],
    ),
    "a key of the log": lambda s: (
        "UPDATE evidence_logkey SET verifier_key = 'x'", [], [("evidence_logkey", s.log_key, column("verifier_key"))],
    ),
    "a deleted key of the log": lambda s: (
        "DELETE FROM evidence_logkey", [], [("evidence_logkey", f"entry {s.log_key_entry}", NO_ROW)],
    ),
    "a personal value": lambda s: (
        "UPDATE evidence_disclosure SET value = '198.51.100.1' WHERE id = %s", [s.address.pk],
        [("evidence_disclosure", s.address.pk, "这一项与日志中的承诺不符")],
    ),
    "a personal value that was emptied": lambda s: (
        "UPDATE evidence_disclosure SET salt = NULL, value = NULL WHERE id = %s", [s.address.pk],
        [("evidence_disclosure", s.address.pk, "这一项被清空，日志没有删除记录")],
    ),
    "a personal value that was deleted": lambda s: (
        "DELETE FROM evidence_disclosure WHERE id = %s", [s.address.pk],
        [("evidence_disclosure", f"{s.acceptance.entry_id} address", "日志提到这一项个人信息，表中没有")],
    ),
    "a personal value too many": lambda s: (
        "UPDATE evidence_disclosure SET field = 'agent' WHERE id = %s", [s.address.pk],
        [
            ("evidence_disclosure", f"{s.acceptance.entry_id} address", "日志提到这一项个人信息，表中没有"),
            ("evidence_disclosure", s.address.pk, "日志没有提到这一项个人信息"),
        ],
    ),
    "an erased value that came back": lambda s: (
        "UPDATE evidence_disclosure SET salt = %s, value = '70007' WHERE entry_id = %s", [bytes(32), s.joined.pk],
        [
            ("evidence_disclosure", s.erased_value, "日志说这一项已经删除，表中还在"),
            ("evidence_disclosure", s.erased_value, "这一项与日志中的承诺不符"),
        ],
    ),
    "a person's number": lambda s: (
        "UPDATE accounts_person SET qq_number = '20003' WHERE id = %s", [s.alice.pk],
        [("accounts_person", s.alice.pk, column("qq_number"))],
    ),
    "when a person joined": lambda s: (
        "UPDATE accounts_person SET joined_at = %s WHERE id = %s", [LATER, s.alice.pk],
        [("accounts_person", s.alice.pk, column("joined_at"))],
    ),
    "an erased person's number": lambda s: (
        "UPDATE accounts_person SET qq_number = '70007' WHERE id = %s", [s.gone.pk],
        [("accounts_person", s.gone.pk, column("qq_number"))],
    ),
    "somebody makes himself an administrator": lambda s: (
        "UPDATE accounts_person SET is_superuser = %s WHERE id = %s", [True, s.alice.pk],
        [("accounts_person", s.alice.pk, "日志没有记载列 is_superuser 的值")],
    ),
    "a person whom nobody let in": lambda s: (
        "UPDATE accounts_person SET id = 99999 WHERE id = %s", [s.gone.pk],
        [
            ("accounts_person", s.gone.pk, NO_ROW),
            ("accounts_person", 99999, "日志没有记载列 joined_at 的值"),
            ("accounts_person", 99999, "日志没有记载列 erased_at 的值"),
            ("accounts_person", 99999, "日志没有记载列 erasure 的值"),
        ],
    ),
    "an account's owner": lambda s: (
        "UPDATE accounts_account SET owner_id = %s WHERE id = %s", [s.petra.pk, s.alice.account.pk],
        [("accounts_account", s.alice.account.pk, column("owner_id"))],
    ),
    "an account closed by nobody": lambda s: (
        "UPDATE accounts_account SET closed_at = %s WHERE id = %s", [LATER, s.alice.account.pk],
        [("accounts_account", s.alice.account.pk, "日志没有记载列 closed_at 的值")],
    ),
    "what a collaborator may do": lambda s: (
        "UPDATE accounts_collaboratorgrant SET settle_fees = %s WHERE id = %s", [True, s.grant.pk],
        [("accounts_collaboratorgrant", s.grant.pk, column("settle_fees"))],
    ),
    "when a grant ended": lambda s: (
        "UPDATE accounts_collaboratorgrant SET ended_at = NULL WHERE id = %s", [s.grant.pk],
        [("accounts_collaboratorgrant", s.grant.pk, column("ended_at"))],
    ),
    "a role": lambda s: (
        "UPDATE accounts_roleholding SET role = 'approver' WHERE id = %s", [s.holding.pk],
        [("accounts_roleholding", s.holding.pk, column("role"))],
    ),
    "a role that ended by nobody's act": lambda s: (
        "UPDATE accounts_roleholding SET ended_at = %s WHERE id = %s", [LATER, s.holding.pk],
        [("accounts_roleholding", s.holding.pk, "日志没有记载列 ended_at 的值")],
    ),
    "a legal hold": lambda s: (
        "UPDATE assent_legalhold SET person_id = %s", [s.alice.pk],
        [("assent_legalhold", s.hold.pk, column("person_id"))],
    ),
    "who asked for a pack": lambda s: (
        "UPDATE assent_packrequest SET asked_by_id = %s", [s.alice.pk],
        [("assent_packrequest", s.pack.pk, column("asked_by_id"))],
    ),
    "a pack that nobody asked for": lambda s: (
        "UPDATE assent_packrequest SET uid = %s", [UUID(int=1)],
        [("assent_packrequest", s.pack.uid, NO_ROW), ("assent_packrequest", s.pack.pk, NO_ENTRY)],
    ),
    "an agreement's address": lambda s: (
        "UPDATE agreements_agreement SET slug = 'other'", [],
        [("agreements_agreement", s.agreement.pk, column("slug"))],
    ),
    "who drafted": lambda s: (
        "UPDATE agreements_draft SET created_by_id = %s WHERE id = %s", [s.bob.pk, s.version.draft_id],
        [("agreements_draft", s.version.draft_id, column("created_by_id"))],
    ),
    "when a version takes effect": lambda s: (
        "UPDATE agreements_version SET effective_at = %s WHERE id = %s", [LATER, s.version.pk],
        [("agreements_version", s.version.pk, column("effective_at"))],
    ),
    "a version's number": lambda s: (
        "UPDATE agreements_version SET number = 7 WHERE id = %s", [s.version.pk],
        [("agreements_version", s.version.pk, column("number"))],
    ),
    "a text": lambda s: (
        "UPDATE agreements_versiontext SET text = replace(text, '开发者', '使用者') WHERE id = %s", [s.text.pk],
        [
            ("agreements_versiontext", s.text.pk, column("text")),
            ("agreements_versiontext", s.text.pk, column("title")),
        ],
    ),
    "a page": lambda s: (
        "UPDATE agreements_versiontext SET html = '' WHERE id = %s", [s.text.pk],
        [("agreements_versiontext", s.text.pk, column("html"))],
    ),
    "a title": lambda s: (
        "UPDATE agreements_versiontext SET title = 'x' WHERE id = %s", [s.text.pk],
        [("agreements_versiontext", s.text.pk, column("title"))],
    ),
    "a withdrawal that was deleted": lambda s: (
        "DELETE FROM agreements_withdrawal", [], [("agreements_withdrawal", s.withdrawal.pk, NO_ROW)],
    ),
    "who accepted": lambda s: (
        "UPDATE assent_acceptance SET actor_id = %s", [s.alice.pk],
        [("assent_acceptance", s.acceptance.pk, column("actor_id"))],
    ),
    "the form of an acceptance": lambda s: (
        "UPDATE assent_acceptance SET form_key = %s", [UUID(int=1)],
        [("assent_acceptance", s.acceptance.pk, column("form_key"))],
    ),
    "an acceptance that was deleted with its lines": lambda s: (
        "DELETE FROM assent_acceptance", [],
        [
            ("assent_acceptance", f"entry {s.acceptance.entry_id}", NO_ROW),
            ("assent_acceptanceline", f"entry {s.acceptance.entry_id}: terms 1", NO_ROW),
            ("assent_acceptanceline", s.line.pk, NO_ENTRY),
        ],
    ),
    "an acceptance that hangs on another entry": lambda s: (
        "UPDATE assent_acceptance SET entry_id = %s", [s.joined.pk],
        [
            ("assent_acceptance", f"entry {s.acceptance.entry_id}", NO_ROW),
            ("assent_acceptance", s.acceptance.pk, NO_ENTRY),
            ("assent_acceptanceline", f"entry {s.acceptance.entry_id}: terms 1", NO_ROW),
            ("assent_acceptanceline", s.line.pk, NO_ENTRY),
        ],
    ),
    "what was accepted": lambda s: (
        "UPDATE assent_acceptanceline SET text_sha256 = %s", ["0" * 64],
        [("assent_acceptanceline", s.line.pk, column("text_sha256"))],
    ),
    "which version was accepted": lambda s: (
        "UPDATE assent_acceptanceline SET version_id = %s", [s.announced.pk],
        [
            ("assent_acceptanceline", f"entry {s.acceptance.entry_id}: terms 1", NO_ROW),
            ("assent_acceptanceline", s.line.pk, NO_ENTRY),
        ],
    ),
    "what was refused": lambda s: (
        "UPDATE assent_refusal SET version_id = %s", [s.version.pk],
        [("assent_refusal", s.refusal.pk, column("version_id"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_told_in_its_own_words(small: SimpleNamespace, name: str) -> None:
    tile = Tile.objects.get()
    small.tile, small.tile_pk = bytes(tile.hashes), tile.pk
    small.log_key, small.log_key_entry = LogKey.objects.values_list("pk", "entry_id").get()
    small.address = Disclosure.objects.get(entry=small.acceptance.entry, field="address")
    small.erased_value = Disclosure.objects.get(entry=small.joined).pk
    small.line = small.acceptance.lines.get()
    small.text = small.version.texts.get(language=ZH)
    sql, values, expected = CASES[name](small)
    with undone():
        run(sql, *values)
        told = found()
    assert sorted(told) == sorted((table, str(row), problem) for table, row, problem in expected)


def rewritten(entry: Entry) -> bytes:
    """The statement of an acceptance, canonical, with another capacity."""
    told = json.loads(bytes(entry.statement))
    told["facts"]["page_language"] = "en"
    return canonical_json(told)


def test_a_rewritten_statement_is_told_from_a_rewritten_tile(small: SimpleNamespace) -> None:
    """The signed root decides which of the two is wrong."""
    entry = small.acceptance.entry
    data = rewritten(entry)
    run("UPDATE evidence_entry SET statement = %s, leaf_hash = %s WHERE id = %s", data, leaf_hash(data), entry.pk)
    place = entry.sealed.position
    assert found() == [("evidence_entry", str(entry.pk), f"记录的内容不是封存时的内容（树中位置 {place}）")]


def test_a_statement_rewritten_with_its_tile_contradicts_what_was_signed(small: SimpleNamespace) -> None:
    entry = small.acceptance.entry
    data = rewritten(entry)
    run("UPDATE evidence_entry SET statement = %s, leaf_hash = %s WHERE id = %s", data, leaf_hash(data), entry.pk)
    at = entry.sealed.position * 32
    hashes = bytes(Tile.objects.get().hashes)
    run("UPDATE evidence_tile SET hashes = %s", hashes[:at] + leaf_hash(data) + hashes[at + 32 :])
    sizes = (0, small.first.size, small.second.size)
    assert found() == [
        ("evidence_checkpoint", "1", f"树不是签名时的树：位置 0 至 {sizes[1] - 1} 之间有改动"),
        ("evidence_checkpoint", "2", f"树不是签名时的树：位置 0 至 {sizes[2] - 1} 之间有改动"),
    ]


def test_two_places_that_were_exchanged_are_both_named(small: SimpleNamespace) -> None:
    one, other = Sealed.objects.get(position=2).entry_id, Sealed.objects.get(position=5).entry_id
    run("UPDATE evidence_sealed SET entry_id = 0 WHERE position = 2")
    run("UPDATE evidence_sealed SET entry_id = %s WHERE position = 5", one)
    run("UPDATE evidence_sealed SET entry_id = %s WHERE position = 2", other)
    problems = {
        "evidence_sealed": "树中的这个位置属于另一条记录",
        "evidence_entry": "这条记录占了另一条记录在树中的位置",
    }
    rows = [("evidence_entry", other), ("evidence_sealed", 2), ("evidence_entry", one), ("evidence_sealed", 5)]
    assert found() == [(table, str(row), problems[table]) for table, row in rows]


def test_a_statement_that_cannot_be_read_is_named(small: SimpleNamespace) -> None:
    entry = small.acceptance.entry
    run("UPDATE evidence_entry SET statement = %s WHERE id = %s", b"{", entry.pk)
    assert ("evidence_entry", str(entry.pk), "无法读取记录的内容，或者它不是规范形式") in found()


def test_entries_that_wait_too_long_are_a_warning_and_no_mismatch(small: SimpleNamespace) -> None:
    at = MONDAY + 6 * DAY
    issue_reset_link(person=small.alice, actor=small.administrator, at=at)
    fresh = verify_evidence(at=at + timedelta(seconds=60))
    late = verify_evidence(at=at + timedelta(seconds=61))
    assert (fresh.ok, fresh.warnings, fresh.checked["unsealed"]) == (True, [], 1)
    assert (late.ok, len(late.warnings), late.checked["unsealed"]) == (True, 1, 1)


def test_timestamps_are_not_checked_without_roots_and_that_is_counted(portal: History, settings) -> None:
    checked = verify_evidence(at=portal.at).checked
    assert (checked["timestamps"], checked["timestamps_not_checked"], checked["cosignatures"]) == (3, 0, 8)
    settings.TIMESTAMP_ROOTS = None
    findings = verify_evidence(at=portal.at)
    assert (findings.ok, findings.checked["timestamps"], findings.checked["timestamps_not_checked"]) == (True, 3, 3)


def test_timestamps_of_an_authority_that_the_roots_do_not_vouch_for_are_named(
    portal: History, settings, tmp_path
) -> None:
    (tmp_path / "other").mkdir()
    settings.TIMESTAMP_ROOTS = make_authority(tmp_path / "other").roots_file
    problem = "时间戳的签名不能由所配置的根证书验证"
    assert found() == [("evidence_timestampattempt", number, problem) for number in ("1", "3", "4")]


def test_statements_from_before_they_named_their_rows_still_verify(small: SimpleNamespace) -> None:
    """What an older statement does not say is found by what it does say, and not held against the row."""
    with undone():
        for entry in Entry.objects.all():
            told = json.loads(bytes(entry.statement))
            for fact in ("rows", "holding", "form_key", "agreement_created_at", "drafted_at", "drafted_by"):
                told["facts"].pop(fact, None)
            data = canonical_json(told)
            run(
                "UPDATE evidence_entry SET statement = %s, leaf_hash = %s WHERE id = %s",
                data,
                leaf_hash(data),
                entry.pk,
            )
        for model in (Sealed, Tile, Checkpoint):
            run(f"DELETE FROM {model._meta.db_table}")
        assert found() == []
        run("UPDATE agreements_version SET effective_at = %s WHERE id = %s", LATER, small.version.pk)
        assert found() == [("agreements_version", str(small.version.pk), column("effective_at"))]


def test_an_untouched_portal_raises_no_alarm(portal: History) -> None:
    findings = verify_evidence(at=portal.at)
    assert (findings.mismatches, findings.total, findings.ok) == ([], 0, True)


def test_every_change_is_found_and_named(portal: History) -> None:
    done, lost, _named = drill(portal, changes=60, seed=SEED)
    assert lost == []
    assert done.total() == 60


@pytest.mark.soak
def test_a_thousand_changes_are_found_and_named(portal: History) -> None:
    done, lost, named = drill(portal, changes=1000, seed=SEED + 1)
    print(*lost, sep="\n")
    print(f"{dict(done)}, rows named: {sorted(Counter(named).items())}")
    assert lost == []
    assert done.total() == 1000


@pytest.mark.soak
def test_a_bit_in_any_column_is_found_and_named(portal: History) -> None:
    """Every column in turn, so that none is left to chance; a few the database's own constraints keep from any such change."""
    lost, untried = [], []
    for model, field in all_columns():
        outcomes = []
        for n in range(40):
            with undone():
                try:
                    with transaction.atomic():
                        made = a_bit(Random(f"{model} {field} {n}"), (model, field))
                except (DatabaseError, NoChange, OverflowError, ValueError):
                    continue
                outcomes.append(missed(made, verify_evidence(at=timezone.now()).mismatches))
            if len(outcomes) == 3:
                break
        lost += filter(None, outcomes)
        untried += [] if outcomes else [f"{model._meta.db_table}.{field.column}"]
    print(*lost, *untried, sep="\n")
    assert lost == []
    assert untried == ["assent_acceptance.capacity", "assent_refusal.capacity", "assent_refusal.grant_id"]


def histories_without_alarm(runs: int, *, seed: int) -> tuple[int, list[tuple[int, list[Mismatch]]]]:
    entries, alarms = 0, []
    for run in range(runs):
        with undone():
            random = Random(f"{seed} {run}")
            history = History(random, start=START)
            history.go_on(random.randrange(10, 90))
            findings = verify_evidence(at=history.at)
            entries += findings.checked["entries"]
            alarms += [(run, findings.mismatches)] if findings.total else []
    return entries, alarms


def test_no_history_raises_an_alarm(db: None) -> None:
    assert histories_without_alarm(12, seed=SEED)[1] == []


@pytest.mark.soak
def test_a_thousand_histories_raise_no_alarm(db: None) -> None:
    entries, alarms = histories_without_alarm(1000, seed=SEED + 1)
    print(f"{entries} entries in 1000 histories")
    assert alarms == []
