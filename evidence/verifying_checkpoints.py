"""Every checkpoint held against its note, its signatures, its witnesses and its timestamps; the tree is held against it elsewhere."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from evidence.checkpoint import COSIGNATURE_V1, Note, VerifierKey, parse, parse_signature
from evidence.errors import TimestampRefused
from evidence.findings import Findings, by_key
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
        elif not Note(note.body, note.head, (signature,)).is_signed_by(key):
            holds = False
            findings.differs(Checkpoint, number, _("签名无效"), stored=key)
    return holds


def _check_cosignatures(findings: Findings) -> None:
    columns = ("checkpoint_id", "checkpoint__note", "checkpoint__at", "witness_key", "line", "received_at")
    trusted = set(settings.WITNESSES)
    for chunk in by_key(Cosignature.objects.all(), "pk", *columns):
        for pk, number, text, sealed_at, witness, line, received_at in chunk:
            findings.checked["cosignatures"] += 1
            if text is None:
                findings.differs(Cosignature, pk, _("没有这个检查点"), stored=number)
                continue
            try:
                key, signature = VerifierKey.parse(witness), parse_signature(line.removesuffix("\n"))
            except ValueError as fault:
                findings.differs(Cosignature, pk, _("无法读取见证签名"), stored=f"{fault}: {line}")
                continue
            try:
                note = parse(text)
            except ValueError:
                continue  # Told with its checkpoint.
            if key.algorithm != COSIGNATURE_V1 or not Note(note.body, note.head, (signature,)).is_signed_by(key):
                findings.differs(Cosignature, pk, _("见证签名无效"), stored=line, logged=witness)
                continue
            if not line.endswith("\n") or line.count("\n") != 1:
                findings.differs(Cosignature, pk, _("无法读取见证签名"), stored=line)
            # A time that no datetime can hold is in the future, too.
            signed_at = datetime.fromtimestamp(min(int.from_bytes(signature.data[:8], "big"), 2**37), UTC)
            if not sealed_at - CLOCKS_APART <= signed_at <= received_at + CLOCKS_APART:
                findings.differs(
                    Cosignature,
                    pk,
                    _("见证人签名的时间不在检查点的时间与收到的时间之间"),
                    stored=received_at,
                    logged=signed_at,
                )
            if trusted and witness not in trusted:
                findings.warn(_("见证人 %(key)s 不在配置之中。") % {"key": witness})


def _check_timestamps(findings: Findings) -> None:
    path = settings.TIMESTAMP_ROOTS
    roots = Path(path).read_text("ascii") if path else ""
    before: tuple[int, datetime] | None = None
    columns = ("checkpoint_id", "checkpoint__note", "checkpoint__at", "at", "response", "stamped_at")
    for chunk in by_key(TimestampAttempt.objects.all(), "number", *columns):
        for number, checkpoint, text, sealed_at, at, response, stamped_at in chunk:
            findings.checked["timestamp_attempts"] += 1
            expected = before[0] + 1 if before else 1
            if number != expected:
                if number > expected:
                    findings.differs(TimestampAttempt, expected, _("时间戳请求编号不连续：缺少这一次"))
                problem = _("时间戳请求编号不连续：应为 %(number)s") % {"number": expected}
                findings.differs(TimestampAttempt, number, problem)
            if before and at < before[1] - CLOCKS_APART:
                for row in (before[0], number):
                    findings.differs(TimestampAttempt, row, _("时间戳请求的时间倒退"), stored=at, logged=before[1])
            before = (number, at)
            if text is None:
                findings.differs(TimestampAttempt, number, _("没有这个检查点"), stored=checkpoint)
                continue
            if at < sealed_at - CLOCKS_APART:
                findings.differs(TimestampAttempt, number, _("请求的时间早于检查点"), stored=at, logged=sealed_at)
            if response is not None:
                _check_response(findings, number, bytes(response), text, (sealed_at, at, stamped_at), roots)


def _check_response(
    findings: Findings,
    number: int,
    response: bytes,
    text: str,
    times: tuple[datetime, datetime, datetime | None],
    roots: str,
) -> None:
    """Check a kept response: what it says and, where the roots of its authority are known, who signed it."""
    findings.checked["timestamps"] += 1
    sealed_at, asked_at, stamped_at = times
    try:
        body = parse(text).body.encode()
    except ValueError:
        return  # Told with its checkpoint.
    try:
        told_at, imprint = stated(response)
    except ValueError as fault:
        findings.differs(TimestampAttempt, number, _("无法读取时间戳"), stored=fault)
        return
    if imprint != hashlib.sha256(body).digest():
        findings.differs(TimestampAttempt, number, _("时间戳不是这个检查点的"), stored=imprint)
    if stamped_at != told_at:
        problem = _("列 %(column)s 与时间戳不符") % {"column": "stamped_at"}
        findings.differs(TimestampAttempt, number, problem, stored=stamped_at, logged=told_at)
    if told_at < sealed_at - CLOCKS_APART:
        findings.differs(TimestampAttempt, number, _("时间戳早于检查点"), stored=told_at, logged=sealed_at)
    elif abs(told_at - asked_at) > CLOCKS_APART:
        findings.warn(
            _("第 %(number)s 次时间戳请求的时间与时间戳相差超过五分钟：%(asked)s、%(stamped)s")
            % {"number": number, "asked": timestamp(asked_at), "stamped": timestamp(told_at)}
        )
    if not roots:
        findings.checked["timestamps_not_checked"] += 1
        return
    try:
        checked(response=response, body=body, roots=roots)
    except TimestampRefused as refusal:
        findings.differs(TimestampAttempt, number, _("时间戳的签名不能由所配置的根证书验证"), stored=refusal)


def check_witnesses(findings: Findings) -> None:
    """Check the cosignatures of witnesses and the timestamps of authorities."""
    _check_cosignatures(findings)
    _check_timestamps(findings)
