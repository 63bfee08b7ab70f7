"""Checks receipts and evidence packs of Qiyue, alone: one file, Python's standard library and the openssl command.

    python verify.py receipt.json [more files] [--key VERIFIER_KEY] [--roots roots.pem] [--text text.md]

Inside an unpacked pack, `python verify.py` checks the pack. It needs no network, no account and no trust in whoever handed
it over, who might have changed it: take it from where you trust, or write your own from docs/evidence-format.md. The exit
code is 0 where everything holds, 1 where something does not or could not be checked, and 2 for what cannot be read.
It runs on Python 3.9, which is older than what the portal needs: hence the old spellings.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

RECEIPT, PACK = "qiyue-receipt/1", "qiyue-pack/1"
LARGEST = 1 << 30  # bytes of a file, and of all that is packed in it
DEEPEST = 20  # levels of nested JSON
CLOCKS_APART = timedelta(minutes=5)  # how far the portal's clock and the authority's may differ

NAME = r"[^\s+]+"
HEX_HASH = re.compile(r"[0-9a-f]{64}")
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")
SIGNATURE = re.compile(rf"— ({NAME}) ([A-Za-z0-9+/]+={{0,2}})")
KEY = re.compile(rf"({NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]+={{0,2}})")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n")
LOG, WITNESS = 1, 4  # the algorithms of keys

# What each finding says, by its code and by whether it holds: in Chinese and in English.
SENTENCES: dict[tuple[str, bool | None], tuple[str, str]] = {
    ("unreadable", False): ("无法读取：{reason}", "It cannot be read: {reason}"),
    ("form", True): ("文件的形式符合规定。", "The file has the form that it should."),
    ("form", False): ("文件的形式不对：{reason}", "The file does not have the form that it should: {reason}"),
    ("log_signature", True): (
        "检查点“{origin}”（共 {size} 条记录）由密钥 {key_id} 签名，签名有效。",
        "The checkpoint of {origin} over {size} entries is signed by key {key_id}; the signature is good.",
    ),
    ("log_signature", False): (
        "检查点上没有密钥 {key_id} 的有效签名。",
        "There is no good signature by key {key_id} on the checkpoint.",
    ),
    ("key", True): ("密钥 {key_id} 正是您信任的那一把。", "Key {key_id} is one that you trust."),
    ("key", False): ("签名的密钥都不在您信任的密钥之中。", "None of the keys that signed is one that you trust."),
    ("key", None): (
        "请把这把公钥与 {origin} 公布的公钥对照：{key}",
        "Compare this public key with what {origin} publishes: {key}",
    ),
    ("witness", True): (
        "见证人“{name}”于 {time} 会签，签名有效。",
        "The witness {name} cosigned at {time}; the signature is good.",
    ),
    ("witness", False): ("见证人“{name}”的会签无效。", "The cosignature of the witness {name} is not good."),
    ("statement", True): (
        "全部 {count} 条陈述形式规范，一字未改即可复算。",
        "All {count} statements are in their one canonical form.",
    ),
    ("statement", False): (
        "第 {index} 条记录的陈述不合规范：{reason}",
        "The statement of entry {index} is not good: {reason}",
    ),
    ("disclosure", True): (
        "披露的 {count} 项个人信息与陈述中的加盐摘要一致。",
        "The {count} personal values that are shown are those to which the statements commit.",
    ),
    ("disclosure", False): (
        "第 {index} 条记录的“{field}”与陈述中的摘要不符。",
        "The value of {field} of entry {index} is not the one to which its statement commits.",
    ),
    ("erased", True): (
        "第 {index} 条记录的“{field}”已于 {time} 依法删除；删除本身也在日志中（{erasure}）。",
        "The value of {field} of entry {index} was erased at {time}; the erasure is in the log too ({erasure}).",
    ),
    ("erased", False): (
        "第 {index} 条记录的“{field}”称已删除，但没有相应的删除记录。",
        "The value of {field} of entry {index} is said to be erased, and no erasure of it is shown.",
    ),
    ("withheld", False): (
        "第 {index} 条记录的“{field}”没有披露，而它应当披露。",
        "The value of {field} of entry {index} is withheld, and should be shown.",
    ),
    ("inclusion", True): (
        "全部 {count} 条记录都在该检查点的日志之中，次序和内容不能再改。",
        "All {count} entries are in the log of this checkpoint; neither their order nor a word of them can change.",
    ),
    ("inclusion", False): (
        "第 {index} 条记录的证明不能推出检查点的树根。",
        "The proof of entry {index} does not lead to the root of the checkpoint.",
    ),
    ("document", True): (
        "“{agreement}”第 {version} 版（{language}）的摘要与其公布记录一致。",
        "The digests of {agreement}, version {version} ({language}), are those of its publication in the log.",
    ),
    ("document", False): (
        "“{agreement}”第 {version} 版（{language}）的摘要与公布记录不符，或者没有公布记录。",
        "The digests of {agreement}, version {version} ({language}), are not those of its publication, or none is shown.",
    ),
    ("text", True): (
        "文件 {path} 正是 {agreement} 第 {version} 版的文本。",
        "{path} is the text of {agreement}, version {version}.",
    ),
    ("text", False): ("文件 {path} 不是这里所指的文本。", "{path} is not a text that is meant here."),
    ("stray", False): ("第 {index} 条记录与本文件无关。", "Entry {index} does not belong into this file."),
    ("selection", True): ("记录与所选范围相符：{selection}。", "The entries are what was selected: {selection}."),
    ("selection", False): ("记录与所选范围不符：{selection}。", "The entries are not what was selected: {selection}."),
    ("files", True): ("包内 {count} 个文件的摘要都相符。", "The digests of all {count} files of the pack are right."),
    ("files", False): ("包内文件不符：{path}", "A file of the pack is not what it should be: {path}"),
    ("timestamp", True): (
        "时间戳：第三方机构证明，检查点在 {time} 之前已经存在。",
        "Timestamp: an independent authority states that the checkpoint existed before {time}.",
    ),
    ("timestamp", False): ("时间戳无效：{reason}", "The timestamp is not good: {reason}"),
    ("timestamp", None): (
        "没有第三方时间戳：时间只有日志运营者自己的说法。",
        "There is no timestamp of an independent authority: the time is the log operator's own word.",
    ),
    ("roots", True): ("时间戳机构的根证书是您信任的。", "The authority's root certificate is one that you trust."),
    ("roots", None): (
        "时间戳是用文件自带的根证书核对的，请对照其 SHA-256 指纹：{fingerprints}",
        "The timestamp was checked with the root that the file itself carries; compare its SHA-256 fingerprint: {fingerprints}",
    ),
    ("unchecked", None): (
        "这台机器上无法核对签名或时间戳：{reason}",
        "Signatures or timestamps could not be checked on this machine: {reason}",
    ),
    ("time", True): ("行为的时间不晚于时间戳。", "No act claims a time after the timestamp."),
    ("time", False): (
        "第 {index} 条记录自称发生于 {at}，晚于时间戳。",
        "Entry {index} claims the time {at}, which is after the timestamp.",
    ),
}
# Without these findings, each of them good, nothing is proved.
ESSENTIAL = {"form", "log_signature", "statement", "inclusion"}


class Finding(NamedTuple):
    """One thing that was looked at. `holds` is None for what is absent or could not be checked."""

    code: str
    holds: bool | None
    values: dict[str, str]


class Report:
    """All findings about a file, and what its statements say.

    `format` is 'receipt', 'pack' or ''. `facts` hold `origin`, `size` and `stamped_at` (or None); of a receipt also
    `index`, `statement`, `disclosed` {field: value, or None where it is erased} and `documents` [{agreement, version,
    language, text_sha256, effective_at}]; of a pack `selection`, `count` and `kinds` {kind: count}.
    """

    def __init__(self, format: str = "") -> None:
        self.format = format
        self.findings: list[Finding] = []
        self.facts: dict[str, Any] = {}

    def add(self, code: str, holds: bool | None, **values: object) -> None:
        """Note what was found."""
        self.findings.append(Finding(code, holds, {name: str(value) for name, value in values.items()}))

    @property
    def holds(self) -> bool:
        """Return whether all that makes a proof is there and good, nothing failed, and nothing was left unchecked."""
        good = {finding.code for finding in self.findings if finding.holds}
        return good >= ESSENTIAL and not any(f.holds is False or f.code == "unchecked" for f in self.findings)

    @property
    def is_readable(self) -> bool:
        """Return whether the file could be read at all."""
        return all(finding.code != "unreadable" for finding in self.findings)


def sentence(finding: Finding, language: str) -> str:
    """Return what a finding says, in Chinese ('zh…') or else in English."""
    chinese, english = SENTENCES[finding.code, finding.holds]
    return (chinese if language.startswith("zh") else english).format(**finding.values)


class Bad(Exception):
    """Something is not as it should be: the code of the finding, and its values."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class NotChecked(Exception):
    """openssl is missing or too old, so that nobody here can say whether a signature is good."""


CheckSignature = Callable[[bytes, bytes, bytes], bool]
CheckTimestamp = Callable[[bytes, bytes, str], datetime]


# JSON, strictly: what another reader could read otherwise is refused.


def strict_json(text: str) -> Any:
    """Return parsed JSON without duplicate names, fractions, huge numbers or deep nesting. Raises ValueError."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a name stands twice in one object")
        return found

    def whole(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > 2**53:
            raise ValueError("a number is too large")
        return int(digits)

    def refuse(number: str) -> Any:
        raise ValueError(f"{number[:20]} is not a whole number")

    depth = 0
    for sign in re.sub(r'"(?:[^"\\]|\\.)*"', "", text, flags=re.DOTALL):
        depth += (sign in "[{") - (sign in "]}")
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
    return json.loads(text, object_pairs_hook=unique, parse_int=whole, parse_float=refuse, parse_constant=refuse)


def canonical_json(value: Any) -> bytes:
    """Return the canonical form of parsed JSON (RFC 8785), UTF-8. Raises ValueError for unpaired surrogates."""

    def write(value: Any) -> str:
        if isinstance(value, dict):
            names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
            return "{" + ",".join(f"{write(name)}:{write(value[name])}" for name in names) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        return json.dumps(value, ensure_ascii=False)

    return write(value).encode("utf-8")


def unbase64(text: str) -> bytes:
    """Return the bytes of base64 in its one form. Raises ValueError."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise ValueError("not base64 in its one form")
    return data


def _fields(value: Any, where: str, /, **types: type | tuple[type, ...]) -> list[Any]:
    """Return the values of an object that has exactly these fields, of these types."""
    if not isinstance(value, dict) or set(value) != set(types):
        raise Bad("form", reason=f"{where}: {', '.join(types)}")
    for name, kind in types.items():
        if not isinstance(value[name], kind) or (kind is int and isinstance(value[name], bool)):
            raise Bad("form", reason=f"{where}: {name}")
    return [value[name] for name in types]


# The tree (RFC 6962, RFC 9162).


def leaf_hash(data: bytes) -> bytes:
    """Return SHA-256 of a zero byte and the data."""
    return hashlib.sha256(b"\x00" + data).digest()


def root_from(leaf: bytes, index: int, size: int, proof: Iterable[bytes]) -> bytes:
    """Return the root to which an inclusion proof leads (RFC 9162, 2.1.3.2). Raises ValueError for one of another length."""
    if not 0 <= index < size:
        raise ValueError("outside of the tree")
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("too long")
        if node & 1 or node == last:
            root = hashlib.sha256(b"\x01" + sibling + root).digest()
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            root = hashlib.sha256(b"\x01" + root + sibling).digest()
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("too short")
    return root


# The checkpoint: a signed note.


class Key(NamedTuple):
    """A public key as it stands in a file."""

    text: str
    name: str
    id: str
    algorithm: int
    public: bytes


def parse_key(text: Any, algorithm: int) -> Key:
    """Return a key whose id fits it. Raises Bad."""
    found = KEY.fullmatch(text) if isinstance(text, str) else None
    try:
        data = unbase64(found[3]) if found else b""
    except ValueError:
        data = b""
    if found is None or len(data) != 33 or data[0] != algorithm:
        raise Bad("form", reason=f"key: {str(text)[:200]}")
    if hashlib.sha256(f"{found[1]}\n".encode() + data).hexdigest()[:8] != found[2]:
        raise Bad("form", reason=f"key id: {text[:200]}")
    return Key(text, found[1], found[2], algorithm, data[1:])


class Note(NamedTuple):
    """A checkpoint: what is signed, what that says, and (name, key id, signature) of every signature line."""

    body: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, str, bytes]]


def parse_note(text: str) -> Note:
    """Return a parsed checkpoint. Raises Bad."""
    signed, separator, lines = text.partition("\n\n")
    found = BODY.fullmatch(f"{signed}\n")
    signatures = [SIGNATURE.fullmatch(line) for line in lines[:-1].split("\n")]
    if not separator or found is None or not lines.endswith("\n") or not all(signatures):
        raise Bad("form", reason="checkpoint")
    try:
        root = unbase64(found[3])
        parsed = [(line[1], unbase64(line[2])) for line in signatures if line]
    except ValueError:
        raise Bad("form", reason="checkpoint") from None
    if any(len(data) <= 4 for _name, data in parsed):
        raise Bad("form", reason="checkpoint")
    if len({(name, data[:4]) for name, data in parsed}) != len(parsed):
        raise Bad("form", reason="checkpoint: one key signs twice")
    return Note(found[0], found[1], int(found[2]), root, [(name, data[:4].hex(), data[4:]) for name, data in parsed])


def _check_note(report: Report, note: Note, keys: list[Key], witnesses: list[Key], signature: CheckSignature) -> None:
    """Check that every signature on a checkpoint is by a key that is listed, and good, and that every key signed."""
    by_key = {(name, key_id): data for name, key_id, data in note.signatures}
    listed = [*keys, *witnesses]
    if not keys or len({(key.name, key.id) for key in listed}) != len(listed):
        raise Bad("form", reason="keys")
    if any(key.name != note.origin for key in keys):
        raise Bad("form", reason="keys: name")
    if set(by_key) != {(key.name, key.id) for key in listed}:
        raise Bad("form", reason="keys: each signature has its key, each key its signature")
    for key in keys:
        good = signature(key.public, note.body.encode(), by_key[key.name, key.id])
        report.add("log_signature", good, origin=note.origin, size=note.size, key_id=key.id)
    for key in witnesses:
        data = by_key[key.name, key.id]
        seconds = int.from_bytes(data[:8], "big")
        message = f"cosignature/v1\ntime {seconds}\n{note.body}".encode()
        good = len(data) == 72 and seconds < 1 << 37 and signature(key.public, message, data[8:])
        time = datetime.fromtimestamp(seconds, timezone.utc).isoformat() if good else ""
        report.add("witness", good, name=key.name, time=time)


def _check_trust(report: Report, note: Note, keys: list[Key], trusted: Iterable[str]) -> None:
    trusted = list(trusted)
    known = [key for key in keys if key.text in trusted]
    if known:
        report.add("key", True, key_id=known[0].id)
    elif trusted:
        report.add("key", False)
    else:
        report.add("key", None, origin=note.origin, key=" ".join(key.text for key in keys))


# Records: one entry of the log each.


class Record(NamedTuple):
    """One entry: its place, its parsed statement with the bytes of it, its disclosures and its proof."""

    index: int
    statement: dict[str, Any]
    raw: bytes
    disclosures: dict[str, Any]
    hashes: list[bytes]

    @property
    def facts(self) -> dict[str, Any]:
        return self.statement["facts"]

    @property
    def kind(self) -> str:
        return self.statement["kind"]

    @property
    def uid(self) -> str:
        return self.statement["id"]


def parse_record(value: Any) -> Record:
    """Return a parsed record with a canonical statement. Raises Bad."""
    index, text, disclosures, hashes = _fields(value, "record", index=int, statement=str, disclosures=dict, hashes=list)
    if index < 0 or len(hashes) > 64 or not all(isinstance(node, str) and HEX_HASH.fullmatch(node) for node in hashes):
        raise Bad("form", reason=f"record {index}: hashes")
    try:
        raw, statement = text.encode("utf-8"), strict_json(text)
        if canonical_json(statement) != raw:
            raise ValueError("RFC 8785")
    except (ValueError, RecursionError) as error:
        raise Bad("statement", index=index, reason=error) from None
    try:
        schema, _kind, uid, at, _facts, commitments = _fields(
            statement, "statement", schema=int, kind=str, id=str, at=str, facts=dict, commitments=dict
        )
    except Bad as bad:
        raise Bad("statement", index=index, reason=bad.values["reason"]) from None
    if schema != 1 or not UID.fullmatch(uid) or not MOMENT.fullmatch(at):
        raise Bad("statement", index=index, reason="schema, id, at")
    if not all(isinstance(digest, str) and HEX_HASH.fullmatch(digest) for digest in commitments.values()):
        raise Bad("statement", index=index, reason="commitments")
    if set(disclosures) != set(commitments):
        raise Bad("form", reason=f"record {index}: disclosures")
    return Record(index, statement, raw, disclosures, [bytes.fromhex(node) for node in hashes])


def _check_records(report: Report, note: Note, records: list[Record]) -> None:
    """Check that every record opens what it shows, and is in the tree."""
    wrong = False
    for record in records:
        try:
            good = root_from(leaf_hash(record.raw), record.index, note.size, record.hashes) == note.root
        except ValueError:
            good = False
        if not good:
            wrong = True
            report.add("inclusion", False, index=record.index)
    if not wrong:
        report.add("inclusion", True, count=len(records))


def _check_disclosures(report: Report, records: list[Record], own: Callable[[Record], bool]) -> None:
    """Check every value that is shown against its commitment, and every erased one against its erasure."""
    erasures = {
        (uid, field, record.uid): record
        for record in records
        if record.kind == "person.erased"
        for uid, field in _erased_by(record)
    }
    shown, wrong = 0, False
    for record in records:
        for field, value in record.disclosures.items():
            if value == {"withheld": True} and isinstance(value["withheld"], bool):
                if own(record):
                    wrong = True
                    report.add("withheld", False, index=record.index, field=field)
                continue
            if isinstance(value, dict) and set(value) == {"erased"}:
                erasure = (
                    erasures.get((record.uid, field, value["erased"])) if isinstance(value["erased"], str) else None
                )
                time = erasure.statement["at"] if erasure else ""
                report.add(
                    "erased", erasure is not None, index=record.index, field=field, time=time, erasure=value["erased"]
                )
                continue
            salt, text = _fields(value, f"record {record.index}: {field}", salt=str, value=str)
            if not HEX_HASH.fullmatch(salt):
                raise Bad("form", reason=f"record {record.index}: {field}: salt")
            try:
                opened = hashlib.sha256(bytes.fromhex(salt) + canonical_json([field, text])).hexdigest()
            except ValueError:
                opened = ""
            shown += 1
            if opened != record.statement["commitments"][field]:
                wrong = True
                report.add("disclosure", False, index=record.index, field=field)
    if not wrong:
        report.add("disclosure", True, count=shown)


def _erased_by(record: Record) -> Iterator[tuple[str, str]]:
    """Yield the (entry, field) of every value that an erasure took."""
    pairs = record.facts.get("disclosures")
    for pair in pairs if isinstance(pairs, list) else []:
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
            yield pair[0], pair[1]


def _is_decision(record: Record) -> bool:
    return record.kind.startswith("acceptance.") and isinstance(record.facts.get("documents"), list)


def _check_documents(report: Report, decisions: list[Record], records: list[Record]) -> list[dict[str, Any]]:
    """Check the digests of every document against its publication in the log; return the documents of the decisions."""
    published = {}
    for record in records:
        if record.kind == "version.published":
            for text in record.facts.get("texts", []):
                place = (record.facts.get("agreement"), record.facts.get("version"), text.get("language"))
                published[place] = (record, text)
    found, seen = [], set()
    for decision in decisions:
        for document in decision.facts["documents"]:
            place = (document.get("agreement"), document.get("version"), document.get("language"))
            record, text = published.get(place, (None, {}))
            digests = [document.get(name) for name in ("text_sha256", "text_sm3", "html_sha256")]
            good = record is not None and digests == [text.get(name) for name in ("sha256", "sm3", "html_sha256")]
            if (place, good) not in seen:
                report.add("document", good, agreement=place[0], version=place[1], language=place[2])
                seen.add((place, good))
            if len(decisions) == 1:
                effective = record.facts.get("effective_at") if record else None
                found.append({**document, "effective_at": effective})
    return found


def _check_timestamp(
    report: Report, note: Note, stamp: Any, records: list[Record], trusted_roots: str | None, timestamp: CheckTimestamp
) -> datetime | None:
    if stamp is None:
        report.add("timestamp", None)
        return None
    response, roots = _fields(stamp, "timestamp", response=str, roots=str)
    if not re.fullmatch(rf"(?:{PEM.pattern})+", roots):
        raise Bad("form", reason="timestamp: roots")
    try:
        data = unbase64(response)
    except ValueError:
        raise Bad("form", reason="timestamp: response") from None
    try:
        time = timestamp(data, note.body.encode(), trusted_roots or roots)
    except ValueError as error:
        report.add("timestamp", False, reason=error)
        return None
    report.add("timestamp", True, time=time.isoformat())
    if trusted_roots:
        report.add("roots", True)
    else:
        prints = [
            hashlib.sha256(base64.b64decode("".join(pem.split("\n")[1:-2]))).hexdigest() for pem in PEM.findall(roots)
        ]
        report.add("roots", None, fingerprints=" ".join(prints))
    late = [record for record in records if _moment(record.statement["at"]) > time + CLOCKS_APART]
    for record in late:
        report.add("time", False, index=record.index, at=record.statement["at"])
    if not late:
        report.add("time", True)
    return time


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return datetime.max.replace(tzinfo=timezone.utc)


# Whole files.


def check(
    data: bytes,
    *,
    trusted_keys: Iterable[str] = (),
    trusted_roots: str | None = None,
    texts: Mapping[str, bytes] | None = None,
    signature: CheckSignature | None = None,
    timestamp: CheckTimestamp | None = None,
) -> Report:
    """Check a receipt (JSON) or an evidence pack (ZIP).

    `trusted_keys` are verifier keys and `trusted_roots` PEM certificates that you have from elsewhere; `texts` are files,
    by name, that should be texts of the documents. `signature(public key, message, signature)` says whether an Ed25519
    signature is good; `timestamp(response, message, roots)` returns the time of an RFC 3161 response or raises
    ValueError. Unless given, openssl does both. Nothing that is in the data makes this raise an error.
    """
    try:
        if data[:2] == b"PK":
            members, format = _unzip(data), "pack"
        else:
            members, format = {"": data}, "receipt"
    except (ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        report = Report()
        report.add("unreadable", False, reason=error or "ZIP")
        return report
    return check_members(
        members,
        format,
        trusted_keys,
        trusted_roots,
        texts or {},
        signature or openssl_signature,
        timestamp or openssl_timestamp,
    )


def check_members(
    members: Mapping[str, bytes],
    format: str,
    trusted_keys: Iterable[str],
    trusted_roots: str | None,
    texts: Mapping[str, bytes],
    signature: CheckSignature,
    timestamp: CheckTimestamp,
) -> Report:
    """Check the files of a pack by their paths, or a receipt as the one file ''."""
    report = Report(format)
    try:
        look = _check_pack if format == "pack" else _check_receipt
        look(report, members, trusted_keys, trusted_roots, texts, signature, timestamp)
    except Bad as bad:
        report.add(bad.code, False, **bad.values)
    except NotChecked as fault:
        report.add("unchecked", None, reason=fault)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        # A statement of a shape that no portal writes.
        report.add("form", False, reason=type(error).__name__)
    return report


def _read_json(data: bytes, where: str) -> Any:
    try:
        return strict_json(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Bad("unreadable", reason=f"{where}: {error}") from None


def _check_receipt(
    report: Report,
    members: Mapping[str, bytes],
    trusted_keys: Iterable[str],
    trusted_roots: str | None,
    texts: Mapping[str, bytes],
    signature: CheckSignature,
    timestamp: CheckTimestamp,
) -> None:
    value = _read_json(members[""], "JSON")
    if not isinstance(value, dict) or value.get("format") != RECEIPT:
        raise Bad("unreadable", reason=f"format: {RECEIPT}")
    _format, main, supporting, text, keys, witness_keys, stamp = _fields(
        value, "receipt", format=str, record=dict, supporting=list, checkpoint=str, keys=list, witness_keys=list,
        timestamp=(dict, type(None)),
    )  # fmt: skip
    note = parse_note(text)
    record, others = parse_record(main), [parse_record(other) for other in supporting]
    indexes = [other.index for other in others]
    if indexes != sorted(set(indexes)) or record.index in indexes:
        raise Bad("form", reason="supporting")
    if not _is_decision(record):
        raise Bad("form", reason=f"kind: {record.kind[:40]}")
    report.add("form", True)
    records = [record, *others]
    report.add("statement", True, count=len(records))
    log_keys = [parse_key(key, LOG) for key in keys]
    _check_note(report, note, log_keys, [parse_key(key, WITNESS) for key in witness_keys], signature)
    _check_trust(report, note, log_keys, trusted_keys)
    _check_records(report, note, records)
    _check_disclosures(report, records, lambda one: one is record)
    documents = _check_documents(report, [record], others)
    _check_strays(report, others, [record], agreement=None, is_pack=False)
    time = _check_timestamp(report, note, stamp, records, trusted_roots, timestamp)
    digests = {document["text_sha256"]: document for document in documents}
    for path, content in texts.items():
        document = digests.get(hashlib.sha256(content).hexdigest())
        named = {"agreement": document["agreement"], "version": document["version"]} if document else {}
        report.add("text", document is not None, path=path, **named)
    report.facts = {
        "origin": note.origin,
        "size": note.size,
        "stamped_at": time,
        "index": record.index,
        "statement": record.statement,
        "disclosed": {field: value.get("value") for field, value in record.disclosures.items()},
        "documents": documents,
    }


def _check_strays(report: Report, others: list[Record], own: list[Record], *, agreement: object, is_pack: bool) -> None:
    """Check that each record stands there for a reason: a document's publication or withdrawal, an erasure; in packs, a key."""
    versions = {
        (document.get("agreement"), document.get("version"))
        for one in own
        if _is_decision(one)
        for document in one.facts["documents"]
    }
    erasures = {value.get("erased") for one in own for value in one.disclosures.values()}
    for record in others:
        place = (record.facts.get("agreement"), record.facts.get("version"))
        if record.kind in ("version.published", "version.withdrawn"):
            belongs = place in versions or (agreement is not None and place[0] == agreement)
        elif record.kind == "person.erased":
            belongs = record.uid in erasures
        else:
            belongs = is_pack and record.kind == "log.key_introduced"
        if not belongs:
            report.add("stray", False, index=record.index)


def _selector(selection: Any) -> Callable[[Record], bool]:
    """Return which records a pack is about, by its selection."""
    if isinstance(selection, dict) and len(selection) == 1:
        [(name, value)] = selection.items()
        if name == "account" and isinstance(value, int) and not isinstance(value, bool):
            return lambda record: record.facts.get("account") == value
        if name == "agreement" and isinstance(value, str):
            return lambda record: (
                _is_decision(record) and any(d.get("agreement") == value for d in record.facts["documents"])
            )
        if name == "acceptance" and isinstance(value, str):
            return lambda record: record.uid == value
    raise Bad("form", reason="selection")


def _check_pack(
    report: Report,
    members: Mapping[str, bytes],
    trusted_keys: Iterable[str],
    trusted_roots: str | None,
    texts: Mapping[str, bytes],
    signature: CheckSignature,
    timestamp: CheckTimestamp,
) -> None:
    if "pack.json" not in members:
        raise Bad("unreadable", reason="pack.json")
    value = _read_json(members["pack.json"], "pack.json")
    if not isinstance(value, dict) or value.get("format") != PACK:
        raise Bad("unreadable", reason=f"format: {PACK}")
    _format, selection, text, keys, witness_keys, stamp, listed, files = _fields(
        value, "pack.json", format=str, selection=dict, checkpoint=str, keys=list, witness_keys=list,
        timestamp=(dict, type(None)), texts=list, files=dict,
    )  # fmt: skip
    _check_files(report, members, files)
    note = parse_note(text)
    records = [parse_record(_read_json(line, "entries.jsonl")) for line in members["entries.jsonl"].splitlines()]
    indexes = [record.index for record in records]
    if indexes != sorted(set(indexes)):
        raise Bad("form", reason="entries.jsonl")
    is_own = _selector(selection)
    own = [record for record in records if is_own(record)]
    report.add("form", True)
    report.add("statement", True, count=len(records))
    log_keys = [parse_key(key, LOG) for key in keys]
    _check_note(report, note, log_keys, [parse_key(key, WITNESS) for key in witness_keys], signature)
    _check_trust(report, note, log_keys, trusted_keys)
    _check_records(report, note, records)
    _check_disclosures(report, records, is_own)
    words = json.dumps(selection, ensure_ascii=False)
    is_selected = "acceptance" not in selection or (len(own) == 1 and _is_decision(own[0]))
    report.add("selection", is_selected, selection=words)
    _check_strays(
        report,
        [record for record in records if not is_own(record)],
        own,
        agreement=selection.get("agreement"),
        is_pack=True,
    )
    _check_documents(report, [record for record in own if _is_decision(record)], records)
    _check_texts(report, members, listed, records)
    _check_copies(report, members, note, text, [*keys, *witness_keys], stamp)
    for path, content in texts.items():
        known = any(content == members.get(one.get("text")) for one in listed)
        report.add("text", known, path=path, agreement="", version="")
    time = _check_timestamp(report, note, stamp, records, trusted_roots, timestamp)
    kinds: dict[str, int] = {}
    for record in records:
        kinds[record.kind] = kinds.get(record.kind, 0) + 1
    report.facts = {
        "origin": note.origin,
        "size": note.size,
        "stamped_at": time,
        "selection": selection,
        "count": len(records),
        "kinds": kinds,
    }


def _check_files(report: Report, members: Mapping[str, bytes], files: dict[str, Any]) -> None:
    """Check the digest of every file, and that there is no other."""
    if set(files) | {"pack.json"} != set(members) or "pack.json" in files:
        strange = sorted(set(files) ^ (set(members) - {"pack.json"}))
        raise Bad("files", path=", ".join(strange)[:200])
    for path, digest in files.items():
        if hashlib.sha256(members[path]).hexdigest() != digest:
            raise Bad("files", path=path[:200])
    for path in ("entries.jsonl", "checkpoint.txt", "keys.txt"):
        if path not in files:
            raise Bad("files", path=path)
    report.add("files", True, count=len(files))


def _check_texts(report: Report, members: Mapping[str, bytes], listed: list[Any], records: list[Record]) -> None:
    """Check every text of a pack against the digests in its publication, and that each listed publication has its texts."""
    published = {}
    for record in records:
        if record.kind == "version.published":
            for text in record.facts["texts"]:
                published[record.facts["agreement"], record.facts["version"], text["language"]] = text
    seen = set()
    for one in listed:
        agreement, version, language, path, html = _fields(
            one, "texts", agreement=str, version=int, language=str, text=str, html=str
        )
        text = published.get((agreement, version, language))
        digests = [hashlib.sha256(members.get(name, b"")).hexdigest() for name in (path, html)]
        good = text is not None and digests == [text["sha256"], text["html_sha256"]]
        report.add("text", good, path=path, agreement=agreement, version=version)
        seen.add((agreement, version, language))
    for agreement, version, language in sorted(set(published) - seen):
        report.add("text", False, path=f"{agreement} {version} {language}")
    named = {name for one in listed for name in (one["text"], one["html"])}
    for path in sorted(path for path in members if path.startswith("texts/") and path not in named):
        report.add("files", False, path=path)


def _check_copies(
    report: Report, members: Mapping[str, bytes], note: Note, text: str, keys: list[str], stamp: Any
) -> None:
    """Check that the files for checking by hand hold what pack.json holds."""
    copies = {"checkpoint.txt": text.encode(), "keys.txt": "".join(f"{key}\n" for key in keys).encode()}
    if stamp is not None:
        copies["timestamp.tsr"] = unbase64(stamp["response"])
        copies["timestamp-roots.pem"] = stamp["roots"].encode()
    for path in ("timestamp.tsr", "timestamp-roots.pem"):
        if stamp is None and path in members:
            report.add("files", False, path=path)
    for path, content in copies.items():
        if members.get(path) != content:
            report.add("files", False, path=path)


def _unzip(data: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by their paths. Raises ValueError for anything odd: no odd ZIP is ours."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        infos = archive.infolist()
        if len({info.filename for info in infos}) != len(infos) or len(infos) > 100_000:
            raise ValueError("ZIP: a path stands twice")
        if sum(info.file_size for info in infos) > LARGEST:
            raise ValueError("ZIP: too large")
        members = {}
        for info in infos:
            parts = info.filename.split("/")
            if info.flag_bits & 1 or not all(parts) or {".", ".."} & set(parts) or re.search(r"[\\:\0]", info.filename):
                raise ValueError(f"ZIP: {info.filename[:100]}")
            with archive.open(info) as member:
                members[info.filename] = member.read(info.file_size + 1)
            if len(members[info.filename]) != info.file_size:
                raise ValueError(f"ZIP: {info.filename[:100]}")
    return members


# openssl, where nothing better is given.


def _openssl(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["openssl", *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=_environment(),
        )
    except OSError:
        raise NotChecked("openssl is not installed") from None


def _environment() -> dict[str, str]:
    """Return an environment in which openssl speaks English and reads no configuration of this machine."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
    }
    return {**kept, "LC_ALL": "C", "TZ": "UTC", "OPENSSL_CONF": os.devnull}


def openssl_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether an Ed25519 signature (64 bytes) by a public key (32 bytes) is good. Raises NotChecked."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("key", "message", "signature")}
        der = bytes.fromhex("302a300506032b6570032100") + public
        for name, content in (("key", der), ("message", message), ("signature", signature)):
            Path(paths[name]).write_bytes(content)
        done = _openssl(
            *("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths["key"]),
            *("-rawin", "-in", paths["message"], "-sigfile", paths["signature"]),
        )
    told = done.stdout + done.stderr
    if "Signature Verified Successfully" in told and done.returncode == 0:
        return True
    if "Signature Verification Failure" in told:
        return False
    if len(signature) != 64:
        return False
    raise NotChecked("openssl 3 or newer is needed for Ed25519: " + " ".join(told.split())[:200])


def openssl_timestamp(response: bytes, message: bytes, roots: str) -> datetime:
    """Return the time (UTC) that an RFC 3161 response states for a message, under these PEM roots.

    Certificates are judged by that time, not by today. Raises ValueError for a response that is not good, NotChecked.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("response", "message", "roots")}
        for name, content in (("response", response), ("message", message), ("roots", roots.encode())):
            Path(paths[name]).write_bytes(content)
        told = _openssl("ts", "-reply", "-in", paths["response"], "-text")
        found = re.search(
            r"^Time stamp: (\w{3}) +(\d+) (\d\d:\d\d:\d\d)(\.\d+)? (\d{4}) GMT$", told.stdout, re.MULTILINE
        )
        if told.returncode or not found:
            raise ValueError("not a timestamp response")
        months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        written = f"{found[5]}-{months.index(found[1]) + 1:02}-{int(found[2]):02} {found[3]}{found[4] or '.0'}"
        time = datetime.strptime(written[:26], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
        done = _openssl(
            *("ts", "-verify", "-in", paths["response"], "-data", paths["message"]),
            *("-CAfile", paths["roots"], "-attime", str(int(time.timestamp()))),
        )
    if done.returncode or "Verification: OK" not in done.stdout:
        raise ValueError(" ".join(done.stderr.split())[-200:] or "not verified")
    return time


# The command.


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="核对契阅的回执和出证包。Check receipts and evidence packs of Qiyue.")
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="receipt.json, pack.zip; none: the pack in this folder"
    )
    parser.add_argument("--key", action="append", default=[], metavar="KEY", help="a verifier key that you trust")
    parser.add_argument("--roots", metavar="PEM", help="root certificates of the timestamping authority that you trust")
    parser.add_argument(
        "--text", action="append", default=[], metavar="FILE", help="a text that should be a document's"
    )
    parser.add_argument("--language", choices=("zh", "en"), help="one language instead of both")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON, one line a file")
    return parser.parse_args(arguments)


def _here() -> dict[str, bytes]:
    """Return the files of the unpacked pack around this script, by their paths."""
    folder = Path(__file__).resolve().parent
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as JSON has it."""
    facts = dict(report.facts)
    if facts.get("stamped_at"):
        facts["stamped_at"] = facts["stamped_at"].isoformat()
    findings = [
        {"code": f.code, "holds": f.holds, "zh": sentence(f, "zh"), "en": sentence(f, "en")} for f in report.findings
    ]
    return {"holds": report.holds, "format": report.format, "findings": findings, "facts": facts}


def verdict(report: Report, language: str) -> str:
    """Return the outcome in one sentence."""
    if not report.holds:
        return "证明不成立。" if language == "zh" else "It does NOT hold."
    if any(finding.code == "key" and finding.holds for finding in report.findings):
        return "证明成立。" if language == "zh" else "It holds."
    if language == "zh":
        return "证明成立，前提是签名的密钥确属该日志。"
    return "It holds, provided that the key that signed is the log's."


def in_words(report: Report, language: str | None) -> str:
    """Return a report for people to read."""
    languages = [language] if language else ["zh", "en"]
    lines = [verdict(report, one) for one in languages]
    lines += [_who(report.facts, one) for one in languages if "statement" in report.facts]
    for finding in report.findings:
        mark = {True: "+", False: "X", None: "?"}[finding.holds]
        lines += [f"  {mark if n == 0 else ' '} {sentence(finding, one)}" for n, one in enumerate(languages)]
    return "\n".join(lines)


def _who(facts: dict[str, Any], language: str) -> str:
    """Return who did what for whom, in one sentence, from a receipt's facts."""
    statement, shown = facts["statement"], facts["disclosed"]
    gone = "（已删除）" if language == "zh" else "(erased)"
    actor, account = (shown.get(name) or gone for name in ("actor_qq", "account_qq"))
    documents = ", ".join(f"{d['agreement']} {d['version']}" for d in facts["documents"])
    refused = statement["kind"] == "acceptance.refused"
    if language == "zh":
        return f"QQ {actor} 于 {statement['at']} 代表账户 QQ {account} {'不同意' if refused else '同意'}：{documents}"
    done = "declined" if refused else "accepted"
    return f"QQ {actor} {done} for the account QQ {account} at {statement['at']}: {documents}"


def main(arguments: list[str]) -> int:
    """Check the files that are named, print what was found, and return the exit code."""
    asked = _arguments(arguments)
    try:
        texts = {path: Path(path).read_bytes() for path in asked.text}
        roots = Path(asked.roots).read_text("ascii") if asked.roots else None
    except (OSError, ValueError) as error:
        print(f"无法读取 · cannot be read: {error}", file=sys.stderr)
        return 2
    worst = 0
    for name in asked.files or [""]:
        try:
            if name:
                report = check(Path(name).read_bytes(), trusted_keys=asked.key, trusted_roots=roots, texts=texts)
            else:
                report = check_members(_here(), "pack", asked.key, roots, texts, openssl_signature, openssl_timestamp)
        except OSError as error:
            print(f"无法读取 · cannot be read: {error}", file=sys.stderr)
            worst = 2
            continue
        worst = max(worst, 0 if report.holds else 1 if report.is_readable else 2)
        if asked.json:
            print(json.dumps({"file": name, **as_json(report)}, ensure_ascii=False))
        else:
            print(f"{name or 'pack'}: {in_words(report, asked.language)}")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
