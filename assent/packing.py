"""write_pack(): an evidence pack as a ZIP file, made from the log alone and the same byte for byte whenever it is made."""

import base64
import csv
import hashlib
import io
import json
import re
import tempfile
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from accounts.models import Account
from agreements.models import Agreement, Version, VersionText
from assent.auditing import harmless
from assent.errors import ErasureNotSealed, NotSealedYet
from assent.models import Acceptance, AcceptanceLine, Refusal
from assent.records import Erased, entries_about, erasures_of, facts_of, first_timestamp, records_of, witness_of
from evidence.checkpoint import VerifierKey, parse
from evidence.kinds import Kind
from evidence.log import Known, checkpoint_for
from evidence.models import Checkpoint, Disclosure, Entry, Sealed
from evidence.statements import canonical_json, timestamp

FORMAT = "qiyue-pack/1"
VERIFIER = Path(__file__).with_name("verifier.py")
BATCH = 500
SPOOL = 256 * 1024  # bytes of the table that stay in memory
OLDEST = (1980, 1, 1, 0, 0, 0)  # The one time of every file: a ZIP file knows none before.
ABOUT_VERSIONS = (Kind.VERSION_PUBLISHED, Kind.VERSION_WITHDRAWN)
# The personal values that have a column of their own in the table.
VALUES = ("account_qq", "actor_qq", "address", "user_agent")
COLUMNS = (
    "序号 index", "编号 id", "时间 at (UTC)", "类别 kind", "账户 account", "账户 QQ account_qq", "操作人 actor",
    "操作 QQ actor_qq", "身份 capacity", "授权 grant", "协议 agreement", "版本 version", "语言 language",
    "正文 text_sha256", "网页 html_sha256", "网络地址 address", "浏览器 user_agent", "其他个人信息 other values",
    "其余事实 other facts",
)  # fmt: skip
MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>&<])")


@dataclass(frozen=True, slots=True)
class Selection:
    """What a pack is about: exactly one of the three."""

    account: Account | None = None
    agreement: Agreement | None = None
    acceptance: Acceptance | None = None

    def named(self) -> dict[str, Any]:
        """Return the selection as pack.json and the log name it: no number of a person is in it."""
        if self.account is not None:
            return {"account": self.account.pk}
        if self.agreement is not None:
            return {"agreement": self.agreement.slug}
        if self.acceptance is not None:
            return {"acceptance": str(self.acceptance.entry.uid)}
        raise ValueError("a pack is about something")


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a pack: `own` are the places of the acts that it is about, `beside` those of what stands by them."""

    own: array
    beside: list[int]
    versions: list[Version]
    erasures: dict[Erased, Entry] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.own) + len(self.beside)


def acts_of(selection: Selection) -> QuerySet[Entry]:
    """Return the entries that a pack is about, whose personal values it shows."""
    if selection.account is not None:
        return Entry.objects.filter(account=selection.account.pk)
    if selection.agreement is not None:
        lines = AcceptanceLine.objects.filter(version__agreement=selection.agreement)
        acceptances = Acceptance.objects.filter(pk__in=lines.values("acceptance"))
        refusals = Refusal.objects.filter(version__agreement=selection.agreement)
        return Entry.objects.filter(Q(pk__in=acceptances.values("entry")) | Q(pk__in=refusals.values("entry")))
    if selection.acceptance is not None:
        return Entry.objects.filter(pk=selection.acceptance.entry_id)
    raise ValueError("a pack is about something")


def _versions_of(selection: Selection, acts: QuerySet[Entry]) -> list[Version]:
    """Return the versions that the acts accept or refuse, and those of the agreement, by agreement and number."""
    wanted = Q(pk__in=AcceptanceLine.objects.filter(acceptance__entry__in=acts).values("version"))
    wanted |= Q(pk__in=Refusal.objects.filter(entry__in=acts).values("version"))
    if selection.agreement is not None:
        wanted |= Q(agreement=selection.agreement)
    found = Version.objects.filter(wanted).select_related("agreement")
    return sorted(found, key=lambda version: (version.agreement.slug, version.number))


def contents_of(selection: Selection, *, checkpoint: Checkpoint | None) -> Contents:
    """Return what the checkpoint covers of a selection (None: whatever is sealed).

    Of the acts it keeps 8 bytes each. Raises NotSealedYet where nothing of an acceptance is covered, ErasureNotSealed
    where the erasure of a value is not.
    """
    covered: dict[str, Any] = {"sealed__position__lt": checkpoint.size} if checkpoint else {"sealed__isnull": False}
    acts = acts_of(selection).filter(**covered)
    own = array("q", acts.order_by("sealed__position").values_list("sealed__position", flat=True).iterator())
    if selection.acceptance is not None and not own:
        raise NotSealedYet
    versions = _versions_of(selection, acts)
    disclosures = Disclosure.objects.filter(entry__in=acts)
    erasures = erasures_of(disclosures, checkpoint=checkpoint)
    wanted = {entry.pk for entry in [*entries_about(versions, kinds=ABOUT_VERSIONS), *erasures.values()]}
    beside = Entry.objects.filter(Q(pk__in=wanted) | Q(kind=Kind.KEY_INTRODUCED), **covered).select_related("sealed")
    found = {entry.pk: entry for entry in beside}
    gone = disclosures.filter(value__isnull=True).count()
    if len(erasures) != gone or any(erasure.pk not in found for erasure in erasures.values()):
        raise ErasureNotSealed
    published = {
        (facts["agreement"], facts["version"])
        for facts in (facts_of(entry) for entry in found.values() if entry.kind == Kind.VERSION_PUBLISHED)
    }
    return Contents(
        own=own,
        beside=sorted(entry.sealed.position for entry in found.values()),
        versions=[version for version in versions if (version.agreement.slug, version.number) in published],
        erasures=erasures,
    )


def checkpoint_over(contents: Contents) -> Checkpoint:
    """Return the checkpoint that a pack of these contents is made for: `checkpoint_for` the last of its entries.

    Raises NotSealedYet while the log is empty.
    """
    places = [*contents.own[-1:], *contents.beside[-1:]]
    sealed = Sealed.objects.filter(position=max(places, default=-1)).select_related("entry").first()
    checkpoint = checkpoint_for(sealed.entry) if sealed else None
    if checkpoint is None:
        raise NotSealedYet
    return checkpoint


def write_pack(
    file: BinaryIO,
    *,
    selection: Selection,
    checkpoint: Checkpoint,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Write the pack of a selection, proved by a checkpoint, into a file; return how many values it shows as erased.

    The bytes depend on nothing but the entries that the checkpoint covers, what of their values is erased, and the
    checkpoint with its cosignatures and its timestamp. Memory does not grow with the number of entries but for 8 bytes
    each. `progress` hears how many entries are written. Raises NotSealedYet and ErasureNotSealed.
    """
    contents = contents_of(selection, checkpoint=checkpoint)
    witness = witness_of(checkpoint)
    erased, example = 0, None
    # Stored, not deflated: deflating gives other bytes with another version of zlib, and a pack is to be the same for good.
    with ZipFile(file, "w", ZIP_STORED) as archive, tempfile.SpooledTemporaryFile(SPOOL) as spool:
        files: dict[str, str] = {}
        table = io.TextIOWrapper(spool, encoding="utf-8", newline="")
        table.write("\ufeff")  # By which spreadsheets know UTF-8.
        rows = csv.writer(table)
        rows.writerow(COLUMNS)

        def lines() -> Iterator[bytes]:
            nonlocal erased, example
            done = 0
            for batch in _batches(contents, checkpoint):
                for number, record in enumerate(batch, start=done + 1):
                    if example is None and "value" in record["disclosures"].get("account_qq", {}):
                        example = number
                    erased += sum("erased" in shown for shown in record["disclosures"].values())
                    rows.writerows([harmless(cell) for cell in row] for row in _rows(record))
                    yield json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
                done += len(batch)
                progress(done)

        _put(archive, files, "entries.jsonl", lines())
        table.flush()
        spool.seek(0)
        _put(archive, files, "records.csv", iter(lambda: spool.read(1 << 16), b""))
        texts = _put_texts(archive, files, contents.versions)
        _put(archive, files, "checkpoint.txt", [witness["checkpoint"].encode()])
        _put(archive, files, "keys.txt", [f"{key}\n".encode() for key in witness["keys"] + witness["witness_keys"]])
        if witness["timestamp"]:
            _put(archive, files, "timestamp.tsr", [base64.b64decode(witness["timestamp"]["response"])])
            _put(archive, files, "timestamp-roots.pem", [witness["timestamp"]["roots"].encode()])
        _put(archive, files, "verify.py", [VERIFIER.read_bytes()])
        readme = _readme(selection, checkpoint, contents, witness, texts, example)
        _put(archive, files, "README.md", [readme.encode()])
        pack = {
            "format": FORMAT,
            "selection": selection.named(),
            **witness,
            "texts": [
                {name: text[name] for name in ("agreement", "version", "language", "text", "html")} for text in texts
            ],
            "files": dict(sorted(files.items())),
        }
        _put(archive, files, "pack.json", [json.dumps(pack, ensure_ascii=False, indent=2).encode(), b"\n"])
    return erased


def _batches(contents: Contents, checkpoint: Checkpoint) -> Iterator[list[dict[str, Any]]]:
    """Yield the records of a pack by their places in the tree, some hundreds at a time."""
    known: Known = {}
    places = merge(((place, True) for place in contents.own), ((place, False) for place in contents.beside))
    while batch := dict(islice(places, BATCH)):
        # Rows are fetched without each other: those that know one another wait for the garbage collector.
        sealed = dict(Sealed.objects.filter(position__in=batch).values_list("entry", "position"))
        yield records_of(
            Entry.objects.filter(pk__in=sealed),
            checkpoint=checkpoint,
            disclosed={pk for pk, place in sealed.items() if batch[place]},
            erasures=contents.erasures,
            known=known,
        )


def _put(archive: ZipFile, files: dict[str, str], path: str, chunks: Iterable[bytes]) -> None:
    """Write one file of the pack and note its digest; nothing about it depends on clock, machine or user."""
    info = ZipInfo(path, OLDEST)
    info.create_system = 3  # Unix, wherever we run.
    info.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    # Only the table and the entries can be so long that they need the larger header.
    with archive.open(info, "w", force_zip64=path in ("entries.jsonl", "records.csv")) as out:
        for chunk in chunks:
            digest.update(chunk)
            out.write(chunk)
    files[path] = digest.hexdigest()


def _put_texts(archive: ZipFile, files: dict[str, str], versions: Collection[Version]) -> list[dict[str, Any]]:
    """Write every text of these versions, one at a time, as it was published."""
    written = []
    for version in versions:
        for pk in version.texts.order_by("language").values_list("pk", flat=True):
            text = VersionText.objects.get(pk=pk)
            path = f"texts/{version.agreement.slug}/{version.number}.{text.language}"
            _put(archive, files, f"{path}.md", [text.text.encode()])
            _put(archive, files, f"{path}.html", [text.html.encode()])
            written.append(
                {
                    "agreement": version.agreement.slug,
                    "version": version.number,
                    "language": text.language,
                    "text": f"{path}.md",
                    "html": f"{path}.html",
                    "title": plain_words(text.title),
                    "sha256": text.text_sha256,
                }
            )
    return written


def _rows(record: dict[str, Any]) -> Iterator[list[object]]:
    """Yield the lines of the table for one record: one per document of an acceptance or a refusal, one for anything else."""
    statement = json.loads(record["statement"])
    facts = statement["facts"]
    values = {name: _cell(shown) for name, shown in record["disclosures"].items()}
    others = "; ".join(f"{name}={value}" for name, value in sorted(values.items()) if name not in VALUES)
    named = {"account", "actor", "capacity", "grant", "agreement", "version", "documents"}
    rest = {name: value for name, value in facts.items() if name not in named}
    for document in facts.get("documents", [facts]):
        yield [
            record["index"], statement["id"], statement["at"], statement["kind"], facts.get("account", ""),
            values.get("account_qq", ""), facts.get("actor", ""), values.get("actor_qq", ""),
            facts.get("capacity", ""), facts.get("grant") or "", document.get("agreement", ""),
            document.get("version", ""), document.get("language", ""), document.get("text_sha256", ""),
            document.get("html_sha256", ""), values.get("address", ""), values.get("user_agent", ""), others,
            canonical_json(rest).decode(),
        ]  # fmt: skip


def _cell(shown: dict[str, Any]) -> str:
    if "value" in shown:
        return shown["value"]
    return f"已删除 erased {shown['erased']}" if "erased" in shown else "未披露 withheld"


def plain_words(text: str) -> str:
    """Return text for a Markdown file, on one line, in which nothing is markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def _readme(
    selection: Selection,
    checkpoint: Checkpoint,
    contents: Contents,
    witness: dict[str, Any],
    texts: list[dict[str, Any]],
    example: int | None,
) -> str:
    """Return the description of the pack; `example` is the line of the first record that shows an account's number."""
    [(about, which)] = selection.named().items()
    note = parse(checkpoint.note)
    ids = [VerifierKey.parse(key).id for key in witness["keys"]]
    stamp = first_timestamp(checkpoint)
    context = {
        "about": about,
        "which": which,
        "entries": len(contents),
        "own": len(contents.own),
        "erased": len(contents.erasures),
        "origin": note.head.origin,
        "number": checkpoint.number,
        "size": note.head.size,
        "root": note.head.root.hex(),
        "sealed_at": timestamp(checkpoint.at),
        "stamped_at": timestamp(stamp.stamped_at) if stamp else "",
        "stamped_unix": int(stamp.stamped_at.timestamp()) if stamp else 0,
        "witness_keys": witness["witness_keys"],
        "key_line": ids.index(note.signatures[0].key_id) + 1,
        "texts": texts,
        "line": example or 1,
        "shows_number": example is not None,
    }
    return render_to_string("assent/pack.md", context)
