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
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

RECEIPT, PACK = "qiyue-receipt/1", "qiyue-pack/1"
LARGEST = 1 << 30  # bytes of a file, and of all that is packed in it
DEEPEST = 20  # levels of nested JSON
CLOCKS_APART = timedelta(minutes=5)  # how far two clocks may differ
DECISIONS = 20  # acceptances and refusals of a pack that a report spells out

NAME = r"[^\s+]+"
HEX_HASH = re.compile(r"[0-9a-f]{64}")
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}\.[0-9]{6}Z")
BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n")
SIGNATURE = re.compile(rf"— ({NAME}) ([A-Za-z0-9+/]+={{0,2}})")
KEY = re.compile(rf"({NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]+={{0,2}})")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n")
STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
LOG, WITNESS = 1, 4  # the algorithms of keys
# What every pack holds beside its texts and its timestamp; of these, the log vouches for none of the last three.
ALWAYS = ("pack.json", "entries.jsonl", "checkpoint.txt", "keys.txt", "README.md", "records.csv", "verify.py")
STAMPED = ("timestamp.tsr", "timestamp-roots.pem")

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
    ("witness_key", True): ("见证人“{name}”的公钥是您信任的。", "The key of the witness {name} is one that you trust."),
    ("witness_key", None): (
        "请把见证人“{name}”的公钥与其自己公布的对照：{key}",
        "Compare the key of the witness {name} with what that witness publishes: {key}",
    ),
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
        "“{agreement}”第 {version} 版（{language}）的摘要与其公布记录一致；该版定于 {effective_at} 生效。",
        "The digests of {agreement}, version {version} ({language}), are those of its publication in the log, "
        "by which it takes effect at {effective_at}.",
    ),
    ("document", False): (
        "“{agreement}”第 {version} 版（{language}）的摘要与公布记录不符，或者没有公布记录。",
        "The digests of {agreement}, version {version} ({language}), are not those of its publication, or none is shown.",
    ),
    ("publication", False): (
        "“{agreement}”第 {version} 版有两条公布记录，或者公布晚于对它的同意。",
        "Version {version} of {agreement} is published twice, or later than it is accepted.",
    ),
    ("withdrawn", True): (
        "“{agreement}”第 {version} 版已于 {at} 撤回，撤回也在日志中。",
        "Version {version} of {agreement} was withdrawn at {at}; that is in the log too.",
    ),
    ("text", True): (
        "文件 {path} 正是 {agreement} 第 {version} 版的文本。",
        "{path} is the text of version {version} of {agreement}.",
    ),
    ("text", False): ("文件 {path} 不是这里所指的文本。", "{path} is not a text that is meant here."),
    ("stray", False): ("第 {index} 条记录与本文件无关。", "Entry {index} does not belong into this file."),
    ("selection", True): ("记录与所选范围相符：{selection}。", "The entries are what was selected: {selection}."),
    ("selection", False): ("记录与所选范围不符：{selection}。", "The entries are not what was selected: {selection}."),
    ("complete", None): (
        "本包不能证明没有遗漏：日志中是否还有其他相关记录，须查看整个日志。",
        "No pack can show that nothing is left out: whether the log has more about this, only the whole log can tell.",
    ),
    ("files", True): ("包内 {count} 个文件的摘要都相符。", "The digests of all {count} files of the pack are right."),
    ("files", False): (
        "包内文件多余、缺少或不符：{path}",
        "A file of the pack is missing, changed or not part of it: {path}",
    ),
    ("unproven", None): (
        "下列文件只供阅读，日志不为其作证：{paths}",
        "These files are for reading; the log does not vouch for them: {paths}",
    ),
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
        "签名或时间戳没有核对，因为这台机器上没有可用的 openssl 3：{reason}",
        "A signature or a timestamp was not checked, for want of a working openssl 3 on this machine: {reason}",
    ),
    ("time", True): (
        "没有行为自称发生于时间戳之后（容许时钟相差 5 分钟）。",
        "No act claims a time after the timestamp (clocks may differ by 5 minutes).",
    ),
    ("time", False): (
        "第 {index} 条记录自称发生于 {at}，晚于时间戳。",
        "Entry {index} claims the time {at}, which is after the timestamp.",
    ),
}
# Without these findings, each of them good, nothing is proved.
ESSENTIAL = {"form", "log_signature", "statement", "inclusion"}


def plain(value: object) -> str:
    """Return a value as words in which nothing can move a terminal's cursor, hide, or run the other way."""
    return "".join(c if c.isprintable() else c.encode("unicode-escape").decode() for c in str(value))


class Finding(NamedTuple):
    """One thing that was looked at. `holds` is None for what is absent or could not be checked."""

    code: str
    holds: bool | None
    values: dict[str, str]


class Report:
    """All findings about a file, and what its statements say.

    `format` is 'receipt', 'pack' or ''. `facts` hold `origin`, `size` and `stamped_at` (or None); of a receipt also
    `index`, `statement`, `disclosed` {field: value, or None where it is erased} and `documents` [{agreement, version,
    language, text_sha256, effective_at}]; of a pack `selection`, `count`, `kinds` {kind: count} and `decisions`, the first
    of its acceptances and refusals, each with what a receipt's facts have of one. Without a proof they are mere claims.
    """

    def __init__(self, format: str = "") -> None:
        self.format = format
        self.findings: list[Finding] = []
        self.facts: dict[str, Any] = {}

    def add(self, code: str, holds: bool | None, **values: object) -> None:
        """Note what was found."""
        self.findings.append(Finding(code, holds, {name: plain(value) for name, value in values.items()}))

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
        if len(digits) > 17 or abs(int(digits)) > 2**53 or digits == "-0":
            raise ValueError("a number is too large, or is minus zero")
        return int(digits)

    def refuse(number: str) -> Any:
        raise ValueError(f"{number[:20]} is not a whole number")

    depth = 0
    for sign in re.findall(r"[\[\]{}]", STRING.sub("", text)):
        depth += 1 if sign in "[{" else -1
        if depth > DEEPEST:
            raise ValueError("it is nested too deeply")
    return json.loads(text, object_pairs_hook=unique, parse_int=whole, parse_float=refuse, parse_constant=refuse)


def canonical_json(value: Any) -> bytes:
    """Return the canonical form of parsed JSON (RFC 8785), UTF-8.

    Raises ValueError for unpaired surrogates and for fractions, which no statement has.
    """

    def write(value: Any) -> str:
        if isinstance(value, dict):
            names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
            return "{" + ",".join(f"{write(name)}:{write(value[name])}" for name in names) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        if isinstance(value, float):
            raise ValueError("a fraction")
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


def _needed(value: Any, where: str, /, **types: type) -> list[Any]:
    """Return the values of an object that has at least these fields, of these types: facts may grow."""
    if not isinstance(value, dict):
        raise Bad("form", reason=where)
    return _fields({name: value[name] for name in types if name in value}, where, **types)


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


def parse_key(text: Any, *algorithms: int) -> Key:
    """Return a key of one of these algorithms, whose id fits it. Raises Bad."""
    found = KEY.fullmatch(text) if isinstance(text, str) else None
    try:
        data = unbase64(found[3]) if found else b""
    except ValueError:
        data = b""
    if found is None or len(data) != 33 or data[0] not in algorithms:
        raise Bad("form", reason=f"key: {str(text)[:200]}")
    if hashlib.sha256(f"{found[1]}\n".encode() + data).hexdigest()[:8] != found[2]:
        raise Bad("form", reason=f"key id: {text[:200]}")
    return Key(text, found[1], found[2], data[0], data[1:])


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
    try:
        for key in keys:
            data = by_key[key.name, key.id]
            good = len(data) == 64 and signature(key.public, note.body.encode(), data)
            report.add("log_signature", good, origin=note.origin, size=note.size, key_id=key.id)
        for key in witnesses:
            data = by_key[key.name, key.id]
            seconds = int.from_bytes(data[:8], "big")
            message = f"cosignature/v1\ntime {seconds}\n{note.body}".encode()
            good = len(data) == 72 and seconds < 1 << 37 and signature(key.public, message, data[8:])
            time = datetime.fromtimestamp(seconds, timezone.utc).isoformat() if good else ""
            report.add("witness", good, name=key.name, time=time)
    except NotChecked as fault:
        report.add("unchecked", None, reason=fault)


def _check_trust(report: Report, note: Note, keys: list[Key], witnesses: list[Key], trusted: Iterable[str]) -> None:
    """Say which of the keys are among those that the reader trusts; those of witnesses do not stand for the log's."""
    trusted = list(trusted)
    known = [key for key in keys if key.text in trusted]
    if known:
        report.add("key", True, key_id=known[0].id)
    elif set(trusted) - {key.text for key in witnesses}:
        report.add("key", False)
    else:
        report.add("key", None, origin=note.origin, key=" ".join(key.text for key in keys))
    for key in witnesses:
        report.add("witness_key", True if key.text in trusted else None, name=key.name, key=key.text)


def moment(text: str) -> datetime | None:
    """Return a time as statements write it, None for what is none."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ") if MOMENT.fullmatch(text) else None
    except ValueError:
        return None
    return found and found.replace(tzinfo=timezone.utc)


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
    if schema != 1 or not UID.fullmatch(uid) or moment(at) is None:
        raise Bad("statement", index=index, reason="schema, id, at")
    if not all(isinstance(digest, str) and HEX_HASH.fullmatch(digest) for digest in commitments.values()):
        raise Bad("statement", index=index, reason="commitments")
    if set(disclosures) != set(commitments):
        raise Bad("form", reason=f"record {index}: disclosures")
    record = Record(index, statement, raw, disclosures, [bytes.fromhex(node) for node in hashes])
    try:
        _check_facts(record)
    except Bad as bad:
        raise Bad("statement", index=index, reason=bad.values["reason"]) from None
    return record


def _is_decision(record: Record) -> bool:
    return record.kind.startswith("acceptance.") and isinstance(record.facts.get("documents"), list)


def _check_facts(record: Record) -> None:
    """Check that the facts that are relied on below are there. Raises Bad."""
    facts = record.facts
    if _is_decision(record):
        _needed(facts, "facts", account=int, actor=int, capacity=str)
        for one in facts["documents"]:
            _needed(one, "documents", agreement=str, version=int, language=str)
            _check_digests(one, "documents", "text_sha256", "text_sm3", "html_sha256")
        versions = {(one["agreement"], one["version"]) for one in facts["documents"]}
        if not versions or len(versions) != len(facts["documents"]):
            raise Bad("form", reason="documents")
    elif record.kind == "version.published":
        _needed(facts, "facts", agreement=str, version=int, effective_at=str, texts=list)
        for one in facts["texts"]:
            _needed(one, "texts", language=str)
            _check_digests(one, "texts", "sha256", "sm3", "html_sha256")
        languages = {one["language"] for one in facts["texts"]}
        if moment(facts["effective_at"]) is None or not languages or len(languages) != len(facts["texts"]):
            raise Bad("form", reason="effective_at, texts")
    elif record.kind == "version.withdrawn":
        _needed(facts, "facts", agreement=str, version=int)
    elif record.kind == "person.erased":
        [pairs] = _needed(facts, "facts", disclosures=list)
        if not all(isinstance(pair, list) and [type(part) for part in pair] == [str, str] for pair in pairs):
            raise Bad("form", reason="disclosures")


def _check_digests(value: Any, where: str, *names: str) -> None:
    digests = _needed(value, where, **dict.fromkeys(names, str))
    if not all(map(HEX_HASH.fullmatch, digests)):
        raise Bad("form", reason=where)


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
        for uid, field in record.facts["disclosures"]
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


def _texts_of(records: list[Record]) -> dict[tuple[str, int, str], tuple[Record, dict[str, Any]]]:
    """Return the publication of each text, and what it says of it, by (agreement, version, language)."""
    return {
        (record.facts["agreement"], record.facts["version"], text["language"]): (record, text)
        for record in records
        if record.kind == "version.published"
        for text in record.facts["texts"]
    }


def _check_documents(report: Report, decisions: list[Record], records: list[Record]) -> dict[int, list[dict[str, Any]]]:
    """Check the digests of every document against its publication in the log.

    Return the documents of each decision, by its index, each with the time from which its version has effect.
    """
    published = _texts_of(records)
    versions = [
        (record.facts["agreement"], record.facts["version"]) for record in records if record.kind == "version.published"
    ]
    for agreement, version in sorted({one for one in versions if versions.count(one) > 1}):
        report.add("publication", False, agreement=agreement, version=version)
    found, seen = {}, set()
    for decision in decisions:
        found[decision.index] = []
        for document in decision.facts["documents"]:
            place = (document["agreement"], document["version"], document["language"])
            publication, text = published.get(place, (None, {}))
            effective_at = publication.facts["effective_at"] if publication else None
            digests = [document[name] for name in ("text_sha256", "text_sm3", "html_sha256")]
            good = digests == [text.get(name) for name in ("sha256", "sm3", "html_sha256")]
            if (place, good) not in seen:
                seen.add((place, good))
                named = {"agreement": place[0], "version": place[1], "language": place[2]}
                report.add("document", good, **named, effective_at=effective_at)
            if publication and moment(publication.statement["at"]) > moment(decision.statement["at"]) + CLOCKS_APART:
                report.add("publication", False, agreement=place[0], version=place[1])
            found[decision.index].append({**document, "effective_at": effective_at})
    for record in records:
        if record.kind == "version.withdrawn":
            named = {"agreement": record.facts["agreement"], "version": record.facts["version"]}
            report.add("withdrawn", True, **named, at=record.statement["at"])
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
    except NotChecked as fault:
        report.add("unchecked", None, reason=fault)
        return None
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
    late = [record for record in records if moment(record.statement["at"]) > time + CLOCKS_APART]
    for record in late:
        report.add("time", False, index=record.index, at=record.statement["at"])
    if not late:
        report.add("time", True)
    return time


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
    except UNZIP_ERRORS as error:
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
    _check_head(report, note, records, keys, witness_keys, trusted_keys, signature)
    _check_disclosures(report, records, lambda one: one is record)
    documents = _check_documents(report, [record], others)
    _check_strays(report, others, [record], agreement=None, is_pack=False)
    time = _check_timestamp(report, note, stamp, records, trusted_roots, timestamp)
    digests = {one[name]: one for one in documents[record.index] for name in ("text_sha256", "html_sha256")}
    for path, content in texts.items():
        document = digests.get(hashlib.sha256(content).hexdigest())
        named = {"agreement": document["agreement"], "version": document["version"]} if document else {}
        report.add("text", document is not None, path=path, **named)
    report.facts = {
        "origin": note.origin,
        "size": note.size,
        "stamped_at": time,
        **_decision(record, documents),
    }


def _decision(record: Record, documents: Mapping[int, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "index": record.index,
        "statement": record.statement,
        "disclosed": {field: value.get("value") for field, value in record.disclosures.items()},
        "documents": documents[record.index],
    }


def _check_head(
    report: Report,
    note: Note,
    records: list[Record],
    keys: list[Any],
    witness_keys: list[Any],
    trusted_keys: Iterable[str],
    signature: CheckSignature,
) -> None:
    """Check the signatures on a checkpoint, and that the records, each one another, are in its tree."""
    if not records or len({record.uid for record in records}) != len(records):
        raise Bad("form", reason="records")
    logs, witnesses = [parse_key(key, LOG) for key in keys], [parse_key(key, WITNESS) for key in witness_keys]
    report.add("statement", True, count=len(records))
    _check_note(report, note, logs, witnesses, signature)
    _check_trust(report, note, logs, witnesses, trusted_keys)
    _check_records(report, note, records)


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
    _check_head(report, note, records, keys, witness_keys, trusted_keys, signature)
    _check_disclosures(report, records, is_own)
    words = json.dumps(selection, ensure_ascii=False)
    is_selected = "acceptance" not in selection or (len(own) == 1 and _is_decision(own[0]))
    report.add("selection", is_selected, selection=words)
    report.add("complete", None)
    _check_strays(
        report,
        [record for record in records if not is_own(record)],
        own,
        agreement=selection.get("agreement"),
        is_pack=True,
    )
    decisions = [record for record in own if _is_decision(record)]
    documents = _check_documents(report, decisions, records)
    _check_texts(report, members, listed, records)
    _check_copies(report, members, text, [*keys, *witness_keys], stamp)
    by_content = {members.get(one[name]): one for one in listed for name in ("text", "html")}
    for path, content in texts.items():
        one = by_content.get(content)
        named = {"agreement": one["agreement"], "version": one["version"]} if one else {}
        report.add("text", one is not None, path=path, **named)
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
        "decisions": [_decision(record, documents) for record in decisions[:DECISIONS]],
    }


def _check_files(report: Report, members: Mapping[str, bytes], files: dict[str, Any]) -> None:
    """Check the digest of every file, and that there is no other."""
    here, listed = set(members), set(files) | {"pack.json"}
    strange = (here ^ listed) | ({"pack.json"} & set(files)) | {path for path in ALWAYS if path not in listed}
    changed = {path for path in here & set(files) if hashlib.sha256(members[path]).hexdigest() != files[path]}
    if strange or changed:
        raise Bad("files", path=", ".join(sorted(strange | changed))[:200])
    report.add("files", True, count=len(files))
    report.add("unproven", None, paths=", ".join(ALWAYS[-3:]))


def _check_texts(report: Report, members: Mapping[str, bytes], listed: list[Any], records: list[Record]) -> None:
    """Check every text against the digests in its publication, and that each publication has its texts and no more."""
    published = _texts_of(records)
    seen, named = set(), set()
    for one in listed:
        agreement, version, language, path, html = _fields(
            one, "texts", agreement=str, version=int, language=str, text=str, html=str
        )
        place, name = (agreement, version, language), f"texts/{agreement}/{version}.{language}"
        _record, text = published.get(place, (None, {}))
        digests = [hashlib.sha256(members.get(file, b"")).hexdigest() for file in (path, html)]
        good = digests == [text.get("sha256"), text.get("html_sha256")]
        good = good and place not in seen and (path, html) == (f"{name}.md", f"{name}.html")
        report.add("text", good, path=path, agreement=agreement, version=version)
        seen.add(place)
        named |= {path, html}
    for agreement, version, language in sorted(set(published) - seen):
        report.add("text", False, path=f"texts/{agreement}/{version}.{language}.md")
    for path in sorted(set(members) - named - {*ALWAYS, *STAMPED}):
        report.add("files", False, path=path)


def _check_copies(report: Report, members: Mapping[str, bytes], text: str, keys: list[str], stamp: Any) -> None:
    """Check that the files for checking by hand hold what pack.json holds."""
    copies: dict[str, bytes | None] = dict.fromkeys(STAMPED)
    copies["checkpoint.txt"], copies["keys.txt"] = text.encode(), "".join(f"{key}\n" for key in keys).encode()
    if stamp is not None:
        response, roots = _fields(stamp, "timestamp", response=str, roots=str)
        copies["timestamp.tsr"], copies["timestamp-roots.pem"] = unbase64(response), roots.encode()
    for path, content in copies.items():
        if members.get(path) != content:
            report.add("files", False, path=path)


# All that zipfile is known to raise for data that is no ZIP, or half a one.
UNZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError,
    IndexError, OverflowError,
)  # fmt: skip


def _unzip(data: bytes) -> dict[str, bytes]:
    """Return the files of a ZIP by their paths. Raises ValueError for anything odd: no odd ZIP is ours."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        infos = archive.infolist()
        if len({info.filename for info in infos}) != len(infos) or len(infos) > 100_000:
            raise ValueError("ZIP: a path stands twice")
        if sum(info.file_size for info in infos) > LARGEST:
            raise ValueError("ZIP: too large")
        if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
            raise ValueError("ZIP: compression")
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
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=60,
            check=False,
            env=_environment(),
        )
    except (OSError, subprocess.TimeoutExpired):
        raise NotChecked("openssl") from None


def _environment() -> dict[str, str]:
    """Return an environment in which openssl speaks English and reads no configuration of this machine."""
    names = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "LC_ALL": "C", "OPENSSL_CONF": os.devnull}


# Many receipts come under one checkpoint: each distinct signature and timestamp is checked once.
@lru_cache(maxsize=1024)
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
    raise NotChecked("openssl < 3? " + " ".join(told.split())[:200])


@lru_cache(maxsize=1024)
def openssl_timestamp(response: bytes, message: bytes, roots: str) -> datetime:
    """Return the time (UTC) that an RFC 3161 response states for a message, under these PEM roots.

    Certificates are judged by that time, not by today. Raises ValueError for a response that is not good, NotChecked.
    """
    time = stated_time(response, message)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("response", "message", "roots")}
        for name, content in (("response", response), ("message", message), ("roots", roots.encode())):
            Path(paths[name]).write_bytes(content)
        done = _openssl(
            *("ts", "-verify", "-in", paths["response"], "-data", paths["message"]),
            *("-CAfile", paths["roots"], "-attime", str(int(time.timestamp()))),
        )
    if done.returncode == 0 and "Verification: OK" in done.stdout:
        return time
    if "Verification: FAILED" in done.stdout:
        raise ValueError(" ".join(done.stderr.split())[-200:])
    raise NotChecked("openssl ts: " + " ".join(done.stderr.split())[:200])


# A timestamp response, as far as it has to be read: its time, and what it is over. What `openssl ts -reply -text` prints will
# not do: whoever passes a response on can have it print a second time, in the status text, which no signature covers.

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
TST_INFO = bytes.fromhex("2a864886f70d0109100104")  # 1.2.840.113549.1.9.16.1.4
SHA256 = bytes.fromhex("608648016503040201")  # 2.16.840.1.101.3.4.2.1


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each DER element that stands in `data`. Raises ValueError."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("not DER")
        tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(data[start : start + size], "big"), start + size
            if not 1 <= size <= 4 or length < 0x80 or length >> 8 * (size - 1) == 0:
                raise ValueError("not DER")
        at = start + length
        if tag & 0x1F == 0x1F or at > len(data):
            raise ValueError("not DER")
        yield tag, data[start:at]


def _parts(data: bytes, *tags: int) -> list[bytes]:
    """Return the content of the first DER elements in `data`, which have these tags. Raises ValueError."""
    found = list(_elements(data))[: len(tags)]
    if [tag for tag, _content in found] != list(tags):
        raise ValueError("not a timestamp response")
    return [content for _tag, content in found]


def stated_time(response: bytes, message: bytes) -> datetime:
    """Return the time (UTC) in an RFC 3161 response over the SHA-256 of a message, unverified. Raises ValueError."""
    outer = list(_elements(response))
    if len(outer) != 1:
        raise ValueError("not a timestamp response")
    [whole] = _parts(response, 0x30)
    _status, token = _parts(whole, 0x30, 0x30)
    kind, wrapped = _parts(token, 0x06, 0xA0)
    [signed] = _parts(wrapped, 0x30)
    _version, _digests, content = _parts(signed, 0x02, 0x31, 0x30)
    inner_kind, wrapped = _parts(content, 0x06, 0xA0)
    [octets] = _parts(wrapped, 0x04)
    [info] = _parts(octets, 0x30)
    _version, _policy, imprint, _serial, time = _parts(info, 0x02, 0x06, 0x30, 0x02, 0x18)
    algorithm, digest = _parts(imprint, 0x30, 0x04)
    if (kind, inner_kind) != (SIGNED_DATA, TST_INFO):
        raise ValueError("not a timestamp response")
    if _parts(algorithm, 0x06) != [SHA256] or digest != hashlib.sha256(message).digest():
        raise ValueError("it is not over the SHA-256 of this checkpoint")
    found = re.fullmatch(r"([0-9]{14})(?:\.([0-9]+))?Z", time.decode("ascii"))
    if found is None:
        raise ValueError("not a timestamp response")
    whole_seconds = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    return whole_seconds + timedelta(microseconds=int((found[2] or "0").ljust(6, "0")[:6]))


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


def _members_of(folder: Path) -> dict[str, bytes]:
    """Return the files of an unpacked pack by their paths. Raises OSError."""
    if not (folder / "pack.json").is_file():
        raise OSError(f"pack.json: {folder}")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    if sum(path.stat().st_size for path in paths) > LARGEST:
        raise OSError(f"> {LARGEST} bytes: {folder}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _read(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise OSError(f"> {LARGEST} bytes: {path}")
    return path.read_bytes()


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
    """Return a report for people to read, in one language or in both."""
    languages = [language] if language else ["zh", "en"]
    lines = [verdict(report, one) for one in languages]
    decisions = [report.facts] if "statement" in report.facts else report.facts.get("decisions", [])
    if decisions and not report.holds:
        lines += [{"zh": "文件自称：", "en": "What the file claims:"}[one] for one in languages]
    lines += [f"  {who(decision, one)}" for decision in decisions for one in languages]
    if "kinds" in report.facts:
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(report.facts["kinds"].items()))
        lines.append(f"  {report.facts['count']} 条记录 entries: {plain(kinds)}")
    for finding in report.findings:
        mark = {True: "+", False: "X", None: "?"}[finding.holds]
        lines += [f"  {mark if n == 0 else ' '} {sentence(finding, one)}" for n, one in enumerate(languages)]
    return "\n".join(lines)


def who(decision: Mapping[str, Any], language: str) -> str:
    """Return who did what for whom and when, in one sentence: the facts of a receipt, or one of a pack's decisions."""
    statement, shown = decision["statement"], decision["disclosed"]
    facts = statement["facts"]
    chinese = language.startswith("zh")
    gone = "（已删除）" if chinese else "(erased)"
    actor, account = (shown.get(name) or gone for name in ("actor_qq", "account_qq"))
    documents = ", ".join(f"{one['agreement']} {one['version']} ({one['language']})" for one in decision["documents"])
    capacity = facts["capacity"] + (f", grant {facts['grant']}" if facts.get("grant") else "")
    at, kind = statement["at"], statement["kind"]
    refused = kind == "acceptance.refused"
    if chinese:
        done = "不同意" if refused else "同意"
        told = f"QQ {actor}（{capacity}）于 {at} 代表账户 QQ {account}（第 {facts['account']} 号）{done}：{documents}（{kind}）"
    else:
        done = "declined" if refused else "accepted"
        told = f"QQ {actor} ({capacity}) {done} for the account QQ {account} (no. {facts['account']}) at {at}: {documents} ({kind})"
    return plain(told)


def main(arguments: list[str]) -> int:
    """Check the files that are named, print what was found, and return the exit code."""
    asked = _arguments(arguments)
    try:
        texts = {path: _read(Path(path)) for path in asked.text}
        roots = Path(asked.roots).read_text("ascii") if asked.roots else None
        for key in asked.key:
            parse_key(key, LOG, WITNESS)
    except (OSError, ValueError, Bad) as error:
        reason = error.values["reason"] if isinstance(error, Bad) else error
        print(f"无法读取 · cannot be read: {plain(reason)}", file=sys.stderr)
        return 2
    worst = 0
    for name in asked.files or [""]:
        path = Path(name) if name else Path(__file__).resolve().parent
        try:
            if path.is_dir():
                members = _members_of(path)
                report = check_members(members, "pack", asked.key, roots, texts, openssl_signature, openssl_timestamp)
            else:
                report = check(_read(path), trusted_keys=asked.key, trusted_roots=roots, texts=texts)
        except OSError as error:
            print(f"无法读取 · cannot be read: {plain(error)}", file=sys.stderr)
            worst = 2
            continue
        worst = max(worst, 0 if report.holds else 1 if report.is_readable else 2)
        if asked.json:
            print(json.dumps({"file": name, **as_json(report)}))
        else:
            print(f"{plain(name) or 'pack'}: {in_words(report, asked.language)}")
    return worst


if __name__ == "__main__":
    # A console that cannot show Chinese gets escapes, and the report to its end.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
