"""Every checkpoint held against its note, its signatures, its witnesses and its timestamps; the tree is held against it elsewhere."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from evidence.checkpoint import COSIGNATURE_V1, Note, VerifierKey, parse, parse_signature
from evidence.errors import TimestampRefused
from evidence.findings import LISTED, Findings, by_key
from evidence.kinds import Kind
from evidence.models import Checkpoint, Cosignature, Entry, TimestampAttempt
from evidence.statements import timestamp
from evidence.timestamping import checked, stated

CLOCKS_APART = timedelta(minutes=5)
"""By how much the clocks of a timestamping authority, a witness and our servers may differ."""


class Head(NamedTuple):
    """What a checkpoint says, by its note where that can be read: `signed` if a key of the log vouches for it."""

    number: int
    size: int
    root: bytes
    at: datetime
    through: int
    signed: bool


def _published_keys() -> dict[tuple[str, bytes], VerifierKey]:
    """Return the log's keys by name and id, as the log's own entries introduced them."""
    found = {}
    for data in Entry.objects.filter(kind=Kind.KEY_INTRODUCED).order_by("pk").values_list("statement", flat=True):
        try:
            key = VerifierKey.parse(json.loads(bytes(data))["facts"]["verifier_key"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # Told where entries are read.
        found[key.name, key.id] = key
    return found


def signed_size() -> int:
    """Return the size of the newest checkpoint that was signed by a key of the log; 0 if none was."""
    keys = _published_keys()
    for number, at, text in Checkpoint.objects.order_by("-number").values_list("number", "at", "note")[:LISTED]:
        head = _checked_note(Findings(), Head(number, 0, b"", at, 0, False), text, keys)
        if head.signed:
            return head.size
    return 0


def heads(findings: Findings) -> Iterator[Head]:
    """Yield the checkpoints in order, those whose size is known, and report what is wrong with each by itself."""
    keys = _published_keys()
    before: Head | None = None
    for chunk in by_key(Checkpoint.objects.all(), "number", "size", "root", "at", "through", "note"):
        for number, size, root, at, through, text in chunk:
            findings.checked["checkpoints"] += 1
            expected = before.number + 1 if before else 1
            if number != expected:
                if number > expected:
                    findings.differs(Checkpoint, expected, _("检查点编号不连续：缺少这一个"))
                findings.differs(Checkpoint, number, _("检查点编号不连续：应为 %(number)s") % {"number": expected})
            head = _checked_note(findings, Head(number, size, bytes(root), at, through, False), text, keys)
            if before and head.size <= before.size:
                _both(findings, before, head, _("检查点 %(one)s 与 %(other)s 的大小没有增长"), before.size, head.size)
            if before and at < before.at:
                _both(findings, before, head, _("检查点 %(one)s 与 %(other)s 的时间倒退"), before.at, at)
            before = head
            yield head


def _both(findings: Findings, one: Head, other: Head, problem: str, *values: object) -> None:
    """Report both of two neighbours that are not in order: which of them is wrong cannot be told from this."""
    problem = problem % {"one": one.number, "other": other.number}
    for row, stored, beside in zip((one.number, other.number), values, values[::-1], strict=True):
        findings.differs(Checkpoint, row, problem, stored=stored, logged=beside)


def _checked_note(findings: Findings, head: Head, text: str, keys: Mapping[tuple[str, bytes], VerifierKey]) -> Head:
    """Return what a signed note says, or what the columns say (`head`) where no key of the log vouches for the note."""
    try:
        note = parse(text)
    except ValueError as fault:
        findings.differs(Checkpoint, head.number, _("无法读取签名检查点"), stored=f"{fault}: {text}")
        return head
    signed = _check_signatures(findings, head.number, note, keys)
    for column, stored, told in (("size", head.size, note.head.size), ("root", head.root, note.head.root)):
        if stored != told:
            problem = _("列 %(column)s 与签名检查点不符") % {"column": column}
            findings.differs(Checkpoint, head.number, problem, stored=stored, logged=told)
    return head._replace(size=note.head.size, root=note.head.root, signed=True) if signed else head


def _check_signatures(
    findings: Findings, number: int, note: Note, keys: Mapping[tuple[str, bytes], VerifierKey]
) -> bool:
    holds = True
    for signature in note.signatures:
        findings.checked["signatures"] += 1
        key = keys.get((signature.name, signature.key_id))
        if key is None or signature.name != note.head.origin:
            holds = False
            findings.differs(
                Checkpoint, number, _("签名的密钥没有在日志中启用"), stored=f"{signature.name}+{signature.key_id.hex()}"
            )
        elif not replace(note, signatures=(signature,)).is_signed_by(key):
            holds = False
            findings.differs(Checkpoint, number, _("签名无效"), stored=key)
    return holds


class _Sealed(NamedTuple):
    """What was witnessed or timestamped: when the checkpoint was made, and its note (None: it cannot be read, which is told)."""

    at: datetime
    note: Note | None


def _checkpoints(numbers: Iterable[int]) -> dict[int, _Sealed]:
    rows = Checkpoint.objects.filter(number__in=set(numbers)).values_list("number", "at", "note")
    return {number: _Sealed(at, _readable(text)) for number, at, text in rows}


def _readable(text: str) -> Note | None:
    try:
        return parse(text)
    except ValueError:
        return None


def _check_cosignatures(findings: Findings) -> None:
    trusted = set(settings.WITNESSES)
    strangers = set()
    for chunk in by_key(Cosignature.objects.all(), "pk", "checkpoint_id", "witness_key", "line", "received_at"):
        findings.checked["cosignatures"] += len(chunk)
        known = _checkpoints(row[1] for row in chunk)
        for pk, number, witness, line, received_at in chunk:
            if number not in known:
                findings.differs(Cosignature, pk, _("没有这个检查点"), stored=number)
                continue
            sealed = known[number]
            try:
                key, signature = VerifierKey.parse(witness), parse_signature(line.removesuffix("\n"))
                if str(signature) != line:
                    raise ValueError("another end of line")
            except ValueError as fault:
                findings.differs(Cosignature, pk, _("无法读取见证签名"), stored=f"{fault}: {line}")
                continue
            if sealed.note is None:
                continue
            signed = replace(sealed.note, signatures=(signature,))
            if key.algorithm != COSIGNATURE_V1 or not signed.is_signed_by(key):
                findings.differs(Cosignature, pk, _("见证签名无效"), stored=line, logged=witness)
                continue
            # A time that no datetime can hold is in the future, too.
            signed_at = datetime.fromtimestamp(min(int.from_bytes(signature.data[:8], "big"), 2**37), UTC)
            if not sealed.at - CLOCKS_APART <= signed_at <= received_at + CLOCKS_APART:
                problem = _("见证人签名的时间不在检查点的时间与收到的时间之间")
                findings.differs(Cosignature, pk, problem, stored=received_at, logged=signed_at)
            if trusted and witness not in trusted:
                strangers.add(witness)
    for witness in sorted(strangers):
        findings.warn(_("见证人 %(key)s 不在配置之中。") % {"key": witness})


class _Attempt(NamedTuple):
    """A request for a timestamp, as it is kept."""

    number: int
    checkpoint: int
    at: datetime
    response: bytes | None
    stamped_at: datetime | None


def _check_timestamps(findings: Findings) -> None:
    path = settings.TIMESTAMP_ROOTS
    roots = Path(path).read_text("ascii") if path else ""
    before: _Attempt | None = None
    columns = ("checkpoint_id", "at", "response", "stamped_at")
    for chunk in by_key(TimestampAttempt.objects.all(), "number", *columns):
        findings.checked["timestamp_attempts"] += len(chunk)
        known = _checkpoints(row[1] for row in chunk)
        for attempt in map(_Attempt._make, chunk):
            _check_order(findings, before, attempt)
            before = attempt
            sealed = known.get(attempt.checkpoint)
            if sealed is None:
                findings.differs(TimestampAttempt, attempt.number, _("没有这个检查点"), stored=attempt.checkpoint)
                continue
            if attempt.at < sealed.at - CLOCKS_APART:
                problem = _("请求的时间早于检查点")
                findings.differs(TimestampAttempt, attempt.number, problem, stored=attempt.at, logged=sealed.at)
            if attempt.response is not None:
                _check_response(findings, attempt, bytes(attempt.response), sealed, roots)


def _check_order(findings: Findings, before: _Attempt | None, attempt: _Attempt) -> None:
    number, expected = attempt.number, before.number + 1 if before else 1
    if number != expected:
        if number > expected:
            findings.differs(TimestampAttempt, expected, _("时间戳请求编号不连续：缺少这一次"))
        problem = _("时间戳请求编号不连续：应为 %(number)s") % {"number": expected}
        findings.differs(TimestampAttempt, number, problem)
    for row in (before.number, number) if before else ():
        if attempt.at < before.at - CLOCKS_APART:
            problem = _("时间戳请求的时间倒退")
            findings.differs(TimestampAttempt, row, problem, stored=attempt.at, logged=before.at)
        if attempt.checkpoint < before.checkpoint:  # What is stamped is always the newest checkpoint.
            problem = _("时间戳请求的检查点倒退")
            findings.differs(TimestampAttempt, row, problem, stored=attempt.checkpoint, logged=before.checkpoint)


def _check_response(findings: Findings, attempt: _Attempt, response: bytes, sealed: _Sealed, roots: str) -> None:
    """Check a kept response: what it says and, where the roots of its authority are known, who signed it."""
    findings.checked["timestamps"] += 1
    number = attempt.number
    try:
        told_at, imprint = stated(response)
    except ValueError as fault:
        findings.differs(TimestampAttempt, number, _("无法读取时间戳"), stored=fault)
        return
    if attempt.stamped_at != told_at:
        problem = _("列 %(column)s 与时间戳不符") % {"column": "stamped_at"}
        findings.differs(TimestampAttempt, number, problem, stored=attempt.stamped_at, logged=told_at)
    if told_at < sealed.at - CLOCKS_APART:
        findings.differs(TimestampAttempt, number, _("时间戳早于检查点"), stored=told_at, logged=sealed.at)
    elif abs(told_at - attempt.at) > CLOCKS_APART:
        findings.warn(
            _("第 %(number)s 次时间戳请求的时间与时间戳相差超过五分钟：%(asked)s、%(stamped)s")
            % {"number": number, "asked": timestamp(attempt.at), "stamped": timestamp(told_at)}
        )
    if sealed.note is None:
        return
    body = sealed.note.body.encode()
    if imprint != hashlib.sha256(body).digest():
        findings.differs(TimestampAttempt, number, _("时间戳不是这个检查点的"), stored=imprint)
    elif not roots:
        findings.checked["timestamps_not_checked"] += 1
    else:
        try:
            checked(response=response, body=body, roots=roots)
        except TimestampRefused as refusal:
            problem = _("时间戳的签名不能由所配置的根证书验证")
            findings.differs(TimestampAttempt, number, problem, stored=refusal)


def check_witnesses(findings: Findings) -> None:
    """Check the cosignatures of witnesses and the timestamps of authorities."""
    _check_cosignatures(findings)
    _check_timestamps(findings)
