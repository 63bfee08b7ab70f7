"""Evidence packs: what is in them, that nothing can be added to them unseen, and that they are the same whenever they are made."""

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tracemalloc
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection, transaction

from accounts.models import Account
from agreements.models import Agreement
from agreements.publishing import withdraw_version
from assent import verifier
from assent.accepting import Circumstances, accept, refuse
from assent.errors import ErasureNotSealed, NotSealedYet
from assent.models import Acceptance
from assent.packing import BATCH, Selection, checkpoint_over, contents_of, plain_words, write_pack
from assent.verifier import check
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.merkle import leaf_hash, verify_inclusion
from evidence.models import Checkpoint, Entry, TimestampAttempt
from tests.authority import make_authority
from tests.conftest import LOG_KEY
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    EN,
    MONDAY,
    ZH,
    accept_versions,
    chinese,
    english,
    erase_values,
    make_agreement,
    publish,
    queries_of,
    shown,
)

HOSTILE_AGENT = '=HYPERLINK("http://evil.example","x")\r\n"hashes":["00"],"account_qq":{"salt":"0"} | <script>'
HOSTILE_TITLE = "协议 | <script>alert(1)</script> [点此](javascript:x) `rm -rf` **粗** $(id)"


def packed(selection: Selection, checkpoint: Checkpoint | None = None) -> bytes:
    """The pack over what is sealed, or over an earlier checkpoint."""
    file = io.BytesIO()
    write_pack(
        file,
        selection=selection,
        checkpoint=checkpoint or checkpoint_over(contents_of(selection, checkpoint=None)),
    )
    return file.getvalue()


class Unpacked:
    """A pack as its reader finds it."""

    def __init__(self, data: bytes) -> None:
        self.zip = ZipFile(io.BytesIO(data))
        self.names = self.zip.namelist()
        self.pack: dict[str, Any] = json.loads(self.zip.read("pack.json"))
        self.records = [json.loads(line) for line in self.zip.read("entries.jsonl").splitlines()]
        self.statements = [json.loads(record["statement"]) for record in self.records]
        self.kinds = [statement["kind"] for statement in self.statements]

    def disclosed(self) -> dict[str, list[tuple[str, str]]]:
        """How the values of each kind of entry are shown: by field, value or erased or withheld."""
        found: dict[str, list[tuple[str, str]]] = {}
        for kind, record in zip(self.kinds, self.records, strict=True):
            for field, value in sorted(record["disclosures"].items()):
                found.setdefault(kind, []).append((field, value.get("value") or next(iter(value))))
        return found

    def table(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.zip.read("records.csv").decode("utf-8-sig"), newline="")))


@pytest.fixture
def story(agreement, petra, alice, bob, charlie) -> dict[str, Any]:
    """Two agreements; alice and bob accept and refuse for alice's account, charlie for his own; one version is withdrawn."""
    fees = make_agreement(petra, slug="fees")
    first = publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    first_fees = publish(fees, petra)
    accepted = accept_versions(alice.account, alice, first, first_fees)
    others = accept_versions(charlie.account, charlie, first)
    publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    third = publish(agreement, petra, "第三版。", at=MONDAY + DAY, effective_at=MONDAY + 3 * DAY)
    refuse(
        account=alice.account,
        actor=bob,
        document=shown(third),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=MONDAY + DAY,
    )
    withdraw_version(version=third, actor=petra, at=MONDAY + 2 * DAY)
    seal(at=MONDAY + 2 * DAY)
    return {"agreement": agreement, "fees": fees, "accepted": accepted, "others": others, "first": first}


def test_an_account_has_its_acts_the_texts_and_the_keys_and_nobody_elses(story, account) -> None:
    pack = Unpacked(packed(Selection(account=account)))
    assert pack.kinds == [
        "account.opened",
        "collaborator.granted",
        "collaborator.confirmed",
        "version.published",
        "version.published",
        "acceptance.express",
        "version.published",
        "acceptance.refused",
        "version.withdrawn",
        "log.key_introduced",
    ]
    assert pack.pack["selection"] == {"account": account.pk}
    assert [record["index"] for record in pack.records] == sorted({record["index"] for record in pack.records})
    assert pack.names == [
        "entries.jsonl",
        "records.csv",
        "texts/fees/1.zh-hans.md",
        "texts/fees/1.zh-hans.html",
        "texts/terms/1.en.md",
        "texts/terms/1.en.html",
        "texts/terms/1.zh-hans.md",
        "texts/terms/1.zh-hans.html",
        "texts/terms/3.zh-hans.md",
        "texts/terms/3.zh-hans.html",
        "checkpoint.txt",
        "keys.txt",
        "verify.py",
        "README.md",
        "pack.json",
    ]
    everything = b"".join(pack.zip.read(name) for name in pack.names)
    assert b"30003" not in everything


def test_only_the_accounts_own_values_are_disclosed(story, account) -> None:
    pack = Unpacked(packed(Selection(account=account)))
    assert pack.disclosed() == {
        "account.opened": [("qq_number", "20002")],
        "collaborator.granted": [("account_qq", "20002"), ("actor_qq", "20002"), ("collaborator_qq", "10001")],
        "collaborator.confirmed": [("account_qq", "20002"), ("actor_qq", "10001"), ("collaborator_qq", "10001")],
        "version.published": [("actor_qq", "withheld")] * 3,
        "acceptance.express": [
            ("account_qq", "20002"),
            ("actor_qq", "20002"),
            ("address", "203.0.113.7"),
            ("user_agent", "Firefox/140.0"),
        ],
        "acceptance.refused": [
            ("account_qq", "20002"),
            ("actor_qq", "10001"),
            ("address", "203.0.113.7"),
            ("user_agent", "Firefox/140.0"),
        ],
        "version.withdrawn": [("actor_qq", "withheld")],
    }


def test_an_agreement_has_its_versions_and_all_acts_upon_them(story, agreement) -> None:
    pack = Unpacked(packed(Selection(agreement=agreement)))
    assert pack.kinds == [
        "version.published",
        "version.published",  # The fees, which alice accepted in the same act.
        "acceptance.express",
        "acceptance.express",
        "version.published",
        "version.published",
        "acceptance.refused",
        "version.withdrawn",
        "log.key_introduced",
    ]
    assert pack.pack["selection"] == {"agreement": "terms"}
    assert [(text["agreement"], text["version"], text["language"]) for text in pack.pack["texts"]] == [
        ("fees", 1, "zh-hans"),
        ("terms", 1, "en"),
        ("terms", 1, "zh-hans"),
        ("terms", 2, "zh-hans"),
        ("terms", 3, "zh-hans"),
    ]


def test_an_acceptance_has_its_record_and_the_publications(story) -> None:
    pack = Unpacked(packed(Selection(acceptance=story["others"])))
    assert pack.kinds == ["version.published", "acceptance.express", "log.key_introduced"]
    assert pack.pack["selection"] == {"acceptance": str(story["others"].entry.uid)}


@pytest.mark.parametrize("about", ["account", "agreement", "acceptance"])
def test_every_record_text_and_file_is_proved(story, account, agreement, about) -> None:
    selection = {"account": account, "agreement": agreement, "acceptance": story["accepted"]}[about]
    pack = Unpacked(packed(Selection(**{about: selection})))
    checkpoint = Checkpoint.objects.get()
    assert pack.zip.read("checkpoint.txt").decode() == pack.pack["checkpoint"] == checkpoint.note
    for record in pack.records:
        assert verify_inclusion(
            leaf=leaf_hash(record["statement"].encode()),
            index=record["index"],
            size=checkpoint.size,
            proof=[bytes.fromhex(node) for node in record["hashes"]],
            root=bytes(checkpoint.root),
        )
    assert pack.pack["files"] == {
        name: hashlib.sha256(pack.zip.read(name)).hexdigest() for name in sorted(pack.names) if name != "pack.json"
    }
    published = {
        (s["facts"]["agreement"], s["facts"]["version"], text["language"]): (text["sha256"], text["html_sha256"])
        for s in pack.statements
        if s["kind"] == "version.published"
        for text in s["facts"]["texts"]
    }
    assert {
        (text["agreement"], text["version"], text["language"]): tuple(
            hashlib.sha256(pack.zip.read(text[part])).hexdigest() for part in ("text", "html")
        )
        for text in pack.pack["texts"]
    } == published


def test_nothing_of_the_file_depends_on_clock_or_machine(story, account) -> None:
    pack = Unpacked(packed(Selection(account=account)))
    assert {
        (info.date_time, info.compress_type, info.external_attr, info.create_system, info.flag_bits, info.extra)
        for info in pack.zip.infolist()
    } == {((1980, 1, 1, 0, 0, 0), ZIP_STORED, 0o644 << 16, 3, 0, b"")}


def test_it_is_the_same_whenever_it_is_made(story, account, agreement, petra, alice) -> None:
    selections = [
        Selection(account=account),
        Selection(agreement=agreement),
        Selection(acceptance=story["accepted"]),
    ]
    checkpoint = Checkpoint.objects.get()
    before = [packed(selection) for selection in selections]
    version = publish(agreement, petra, "第四版。", at=MONDAY + 4 * DAY)
    accept_versions(account, alice, version, at=MONDAY + 4 * DAY)
    assert [packed(selection) for selection in selections] == before
    for _ in range(300):  # The tree grows past a tile.
        with transaction.atomic():
            append(kind=Kind.AUDIT_EXPORTED, at=MONDAY, facts={})
    seal(at=MONDAY + 4 * DAY)
    assert [packed(selection, checkpoint) for selection in selections] == before
    assert [data == packed(selection) for selection, data in zip(selections, before, strict=True)] == [
        False,
        False,
        True,
    ]


@pytest.mark.django_db(transaction=True)
def test_another_process_makes_the_same_bytes(story, account) -> None:
    program = (
        "import sys, django; django.setup()\n"
        "from accounts.models import Account\n"
        "from assent.packing import Selection, write_pack\n"
        "from evidence.models import Checkpoint\n"
        "write_pack(open(sys.argv[1], 'w+b'), selection=Selection(account=Account.objects.get(pk=int(sys.argv[2]))),"
        " checkpoint=Checkpoint.objects.get())\n"
    )
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"qiyue-pack-{os.getpid()}.zip"
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": url,
        "TZ": "America/New_York",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "7",
    }
    try:
        subprocess.run(
            [sys.executable, "-c", program, str(path), str(account.pk)],
            check=True,
            env=environment,
            cwd=django_settings.BASE_DIR,
        )
        assert path.read_bytes() == packed(Selection(account=account))
    finally:
        path.unlink(missing_ok=True)


def test_it_is_the_same_on_every_database(db) -> None:
    """The same rows, loaded from a file: a change of these digests changes every pack that was ever handed out."""
    call_command("loaddata", Path(__file__).with_name("pack_story.json"), verbosity=0)
    checkpoint = Checkpoint.objects.get()
    digests = {}
    for selection in (
        Selection(account=Account.objects.get()),
        Selection(agreement=Agreement.objects.get(slug="terms")),
        Selection(acceptance=Acceptance.objects.get()),
    ):
        [about] = selection.named()
        files = Unpacked(packed(selection, checkpoint)).pack["files"]
        for name in ("README.md", "verify.py"):  # They may be improved.
            del files[name]
        told = json.dumps(files, sort_keys=True)
        digests[about] = hashlib.sha256(told.encode()).hexdigest()
    assert digests == {
        "account": "d4bbf052992d1a3430e3fb63165cd104dd9d37ee9af9b4d2ebcfe8c57a4a5065",
        "agreement": "a887926fcf052d0ef7de25521c458c8101e657536d2c70982760146e5d47ed48",
        "acceptance": "b71dfbd8f6e2c12f9a4afef7270d0f9a91c5d4e97d968345b28a82ac216a22c6",
    }


def test_erased_values_are_shown_as_erased_with_their_erasure(story, account, bob, administrator) -> None:
    refusal = Entry.objects.get(kind=Kind.REFUSED)
    selection = Selection(account=account)
    checkpoint = Checkpoint.objects.get()
    before = Unpacked(packed(selection))
    elsewhere = Entry.objects.filter(kind=Kind.PERSON_JOINED).first()
    erase_values(0, administrator, [(elsewhere, "qq_number")])
    erasure = erase_values(bob.pk, administrator, [(refusal, "actor_qq"), (refusal, "address")])
    with pytest.raises(ErasureNotSealed):
        packed(selection)
    seal(at=MONDAY + 5 * DAY)
    with pytest.raises(ErasureNotSealed):
        packed(selection, checkpoint)
    data = packed(selection)
    assert data == packed(selection)
    pack = Unpacked(data)
    assert pack.kinds == [*before.kinds, "person.erased"]
    assert pack.disclosed() == before.disclosed() | {
        "acceptance.refused": [
            ("account_qq", "20002"),
            ("actor_qq", "erased"),
            ("address", "erased"),
            ("user_agent", "Firefox/140.0"),
        ],
        "person.erased": [("actor_qq", "withheld")],
    }
    assert pack.statements[-1]["id"] == str(erasure.uid)
    [row] = [row for row in pack.table() if row["类别 kind"] == "acceptance.refused"]
    assert row["操作 QQ actor_qq"] == row["网络地址 address"] == f"已删除 erased {erasure.uid}"


def test_an_account_without_any_acceptance_has_a_pack(db, charlie) -> None:
    seal(at=MONDAY)
    pack = Unpacked(packed(Selection(account=charlie.account)))
    assert (pack.kinds, pack.pack["texts"]) == (["account.opened", "log.key_introduced"], [])
    assert [row["其他个人信息 other values"] for row in pack.table()] == ["qq_number=30003", ""]


def test_nothing_is_sealed_yet(agreement, petra, account, alice) -> None:
    accepted = accept_versions(account, alice, publish(agreement, petra))
    with pytest.raises(NotSealedYet):
        packed(Selection(acceptance=accepted))
    with pytest.raises(NotSealedYet):
        packed(Selection(account=account))


def test_a_spreadsheet_takes_no_cell_for_a_formula(agreement, petra, account, alice) -> None:
    fees = publish(make_agreement(petra, slug="fees"), petra)
    terms = publish(agreement, petra)
    accept(
        account=account,
        actor=alice,
        documents=[shown(terms), shown(fees)],
        form_key=uuid4(),
        circumstances=Circumstances(language="zh-hans", address="-1+1", user_agent=HOSTILE_AGENT),
        at=MONDAY,
    )
    seal(at=MONDAY)
    pack = Unpacked(packed(Selection(account=account)))
    rows = [row for row in pack.table() if row["类别 kind"] == "acceptance.express"]
    assert [(row["协议 agreement"], row["浏览器 user_agent"], row["网络地址 address"]) for row in rows] == [
        ("terms", f"'{HOSTILE_AGENT}", "'-1+1"),
        ("fees", f"'{HOSTILE_AGENT}", "'-1+1"),
    ]
    assert pack.zip.read("records.csv").startswith("\ufeff序号 index,".encode())


def test_a_title_is_no_markup_in_the_readme(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra, texts={ZH: chinese(title=HOSTILE_TITLE)})
    accept_versions(account, alice, version)
    seal(at=MONDAY)
    readme = Unpacked(packed(Selection(account=account))).zip.read("README.md").decode()
    title = version.texts.get().title
    assert plain_words(title) in readme
    assert title not in readme
    assert "<script>" not in readme
    assert plain_words("a\r\n# b\n`c`") == r"a \# b \`c\`"


def stamp(checkpoint: Checkpoint, settings, folder: Path) -> Checkpoint:
    """A checkpoint that an authority has timestamped."""
    authority = make_authority(folder)
    settings.TIMESTAMP_ROOTS = authority.roots_file
    response = authority.stamp(checkpoint.note.split("\n\n")[0].encode() + b"\n")
    stamped_at = datetime.now(UTC).replace(microsecond=0)
    TimestampAttempt.objects.create(
        number=1, checkpoint=checkpoint, authority="the tests'", at=MONDAY, response=response, stamped_at=stamped_at
    )
    return checkpoint


def test_a_timestamp_is_in_the_pack_as_it_was_received(story, account, settings, tmp_path) -> None:
    checkpoint = stamp(Checkpoint.objects.get(), settings, tmp_path)
    pack = Unpacked(packed(Selection(account=account)))
    response = bytes(checkpoint.timestamps.get().response)
    roots = settings.TIMESTAMP_ROOTS.read_bytes()
    assert pack.names[-6:] == [
        "keys.txt",
        "timestamp.tsr",
        "timestamp-roots.pem",
        "verify.py",
        "README.md",
        "pack.json",
    ]
    assert (pack.zip.read("timestamp.tsr"), pack.zip.read("timestamp-roots.pem")) == (response, roots)
    assert pack.pack["timestamp"] == {"response": b64encode(response).decode(), "roots": roots.decode()}


@pytest.fixture
def proved(story, account, agreement, bob, administrator, settings, tmp_path) -> dict[str, bytes]:
    """Packs of every kind with something erased, timestamped, in a tree of more than one tile."""
    refusal = Entry.objects.get(kind=Kind.REFUSED)
    erase_values(bob.pk, administrator, [(refusal, "actor_qq"), (refusal, "address")])
    for _ in range(300):
        with transaction.atomic():
            append(kind=Kind.AUDIT_EXPORTED, at=MONDAY, facts={})
    stamp(seal(at=MONDAY + 5 * DAY), settings, tmp_path)
    selections = {"account": account, "agreement": agreement, "acceptance": story["others"]}
    return {name: packed(Selection(**{name: about}), Checkpoint.objects.last()) for name, about in selections.items()}


@pytest.mark.parametrize("about", ["account", "agreement", "acceptance"])
def test_the_verifier_finds_nothing_wrong(proved, about) -> None:
    report = check(proved[about], trusted_keys=[str(LOG_KEY.verifier)])
    assert [finding for finding in report.findings if finding.holds is False] == []
    assert (report.holds, report.format, report.facts["selection"].keys()) == (True, "pack", {about})
    assert {finding.code for finding in report.findings if finding.holds} >= {
        "files", "form", "statement", "log_signature", "key", "disclosure", "selection", "text", "timestamp", "time",
    }  # fmt: skip
    erased = [finding for finding in report.findings if finding.code == "erased"]
    assert len(erased) == (0 if about == "acceptance" else 2)


def test_the_verifier_in_the_pack_runs_alone(proved, tmp_path) -> None:
    folder = tmp_path / "unpacked"
    Unpacked(proved["account"]).zip.extractall(folder)
    assert (folder / "verify.py").read_bytes() == Path(verifier.__file__).read_bytes()

    def verified() -> tuple[int, str]:
        command = [sys.executable, "-I", "-S", "verify.py", "--language", "en"]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        return run.returncode, run.stdout.split("\n")[0]

    assert verified() == (0, "pack: It holds, provided that the key that signed is the log's.")
    table = folder / "records.csv"
    table.write_bytes(table.read_bytes().replace(b"20002", b"20003"))
    assert verified() == (1, "pack: It does NOT hold.")


def test_no_bit_of_a_pack_changes_unseen(proved) -> None:
    """Each member of the pack in turn is changed at its middle, with its digest in pack.json put right where it has one."""
    original = Unpacked(proved["account"])
    for name in original.names:
        file = io.BytesIO()
        data = original.zip.read(name)
        middle = len(data) // 2
        changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        with ZipFile(file, "w") as archive:
            for other in original.names:
                content = changed if other == name else original.zip.read(other)
                if other == "pack.json" and name not in ("pack.json", "README.md", "records.csv", "verify.py"):
                    content = content.replace(
                        hashlib.sha256(data).hexdigest().encode(), hashlib.sha256(changed).hexdigest().encode()
                    )
                archive.writestr(other, content)
        assert not check(file.getvalue()).holds, name


def blocks(readme: str) -> list[str]:
    """The commands that the README gives, block by block."""
    return [block.split("\n```")[0] for block in readme.split("```bash\n")[1:]]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the README's commands need openssl")
def test_the_commands_of_the_readme_verify_the_pack(story, settings, tmp_path) -> None:
    for _ in range(300):
        with transaction.atomic():
            append(kind=Kind.AUDIT_EXPORTED, at=MONDAY, facts={})
    seal(at=MONDAY + 3 * DAY)
    stamped = stamp(Checkpoint.objects.get(number=2), settings, tmp_path)
    pack = Unpacked(packed(Selection(acceptance=story["accepted"]), stamped))
    pack.zip.extractall(tmp_path)

    def told(block: str) -> list[str]:
        run = subprocess.run(
            ["bash", "-eu", "-c", block],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"]},
        )
        return run.stdout.split("\n")[:-1]

    _verify, files, signature, timestamped, inclusion, number = blocks(pack.zip.read("README.md").decode())
    assert told(files) == ["files OK"]
    assert told(signature) == ["Signature Verified Successfully"]
    assert [line.split(":")[0] for line in told(timestamped)] == ["Time stamp", "Verification"]
    root = bytes(stamped.root).hex()
    assert told(inclusion) == [root, root]
    [record] = [record for record in pack.records if "acceptance.express" in record["statement"]]
    committed = json.loads(record["statement"])["commitments"]["account_qq"]
    assert told(number) == [committed, committed]

    (tmp_path / "records.csv").write_bytes(b"changed")
    (tmp_path / "checkpoint.txt").write_text(pack.zip.read("checkpoint.txt").decode().replace("\n3", "\n4", 1))
    with pytest.raises(subprocess.CalledProcessError):
        told(f"set -o pipefail; {files}")
    with pytest.raises(subprocess.CalledProcessError):
        told(signature)


def test_the_readme_says_of_each_pack_what_it_is(story, account, agreement) -> None:
    readmes = [
        Unpacked(packed(selection)).zip.read("README.md").decode()
        for selection in (Selection(account=account), Selection(agreement=agreement))
    ]
    assert [readme.split("\n")[2:5] for readme in readmes] == [
        [f"开发者账户第 {account.pk} 号的全部记录。", "", f"All records of developer account no. {account.pk}."],
        [
            "协议 `terms` 的全部版本，以及对它们的全部同意与不同意。",
            "",
            "All versions of the agreement `terms`, and every acceptance and refusal of them.",
        ],
    ]


def test_queries_grow_with_batches_not_with_records(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    selection = Selection(account=account)

    def queries(count: int) -> int:
        for _ in range(count):
            accept_versions(account, alice, version)
        checkpoint = seal(at=MONDAY)
        return queries_of(lambda: write_pack(io.BytesIO(), selection=selection, checkpoint=checkpoint))

    few = queries(3)
    assert queries(30) == few
    assert BATCH > 50


class Measured(io.BytesIO):
    """A file that forgets what is written, so that only the pack's own memory is measured."""

    def write(self, data) -> int:
        self.seek(len(data), io.SEEK_CUR)
        return len(data)


@pytest.mark.soak
def test_memory_does_not_grow_with_the_records(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    selection = Selection(account=account)

    def made(count: int) -> tuple[int, float]:
        """The peak of memory in bytes, and the time in seconds without measuring it."""
        for _ in range(count):
            accept_versions(account, alice, version)
        checkpoint = seal(at=MONDAY)
        started = monotonic()
        write_pack(io.BytesIO(), selection=selection, checkpoint=checkpoint)
        took = monotonic() - started
        tracemalloc.start()
        write_pack(Measured(), selection=selection, checkpoint=checkpoint)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak, took

    few, _took = made(1_000)
    many, took = made(2_000)
    print(f"3,000 acceptances: {took:.2f} s, {many / 1e6:.1f} MB; 1,000: {few / 1e6:.1f} MB")
    assert many < few + 2_000_000
    assert took < 20
