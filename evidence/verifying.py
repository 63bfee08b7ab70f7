"""Every entry of the log held against its own statement, and every personal value against what the statement commits to."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from evidence.findings import LISTED, Findings, Keys, Progress, by_key, no_entry, no_row
from evidence.kinds import Kind
from evidence.merkle import leaf_hash
from evidence.models import Disclosure, Entry, LogKey, Sealed
from evidence.statements import SALT_BYTES, SCHEMA, canonical_json

UNSEALED_AFTER = timedelta(minutes=1)


class Statement(NamedTuple):
    """What a statement says."""

    uid: str
    kind: str
    at: datetime
    facts: Mapping[str, Any]
    commitments: Mapping[str, Any]


class Logged(NamedTuple):
    """One entry as its statement has it, whatever its columns say, and the personal values that opened (None: erased)."""

    pk: int
    uid: str
    kind: str
    at: datetime
    facts: Mapping[str, Any]
    disclosed: Mapping[str, str | None]


class Chunk(NamedTuple):
    """The entries that could be read among those between two primary keys, both included."""

    first: int
    last: int
    entries: list[Logged]


_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not a whole number")


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**53:
        raise ValueError(f"{text} is beyond what every reader takes for the same number")
    return number


_read = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse, parse_int=_whole).decode


def read_statement(data: bytes) -> dict[str, Any]:
    """Return a statement that is in the one form of RFC 8785. Raises ValueError.

    Python's own encoder writes that form for what statements hold (strings and whole numbers), many times faster than a
    general one does. Only keys beyond the basic plane it may sort otherwise: with those the general one decides, too.
    """
    text = data.decode()
    value = _read(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    plain = text.isascii() or len(text.encode("utf-16-le")) == 2 * len(text)
    if (not plain or _compact(value) != text) and canonical_json(value) != data:
        raise ValueError("not in canonical form")
    return value


def _opens(field: str, salt: bytes, value: str, committed: object) -> bool:
    # Of two strings Python's encoder makes RFC 8785, see above; statements.commitment() takes several times as long.
    told = _compact([field, value]).encode("utf-8", "surrogatepass")
    return len(salt) == SALT_BYTES and hashlib.sha256(salt + told).hexdigest() == committed


def _erased(findings: Findings) -> Keys:
    """Return the primary keys of the disclosures that some entry says were erased, and report those that still say something."""
    gone = Keys()
    for chunk in by_key(Entry.objects.filter(kind=Kind.PERSON_ERASED), "pk", "uid", "statement"):
        for _pk, uid, data in chunk:
            try:
                pairs = [(UUID(entry), field) for entry, field in read_statement(bytes(data))["facts"]["disclosures"]]
            except (ValueError, KeyError, TypeError):
                continue  # Told where entries are read.
            for start in range(0, len(pairs), 500):
                part = pairs[start : start + 500]
                found = Disclosure.objects.filter(entry__uid__in=[entry for entry, _field in part])
                rows = {(row[0], row[1]): row[2:] for row in found.values_list("entry__uid", "field", "pk", "value")}
                for pair in part:
                    if pair not in rows:
                        findings.differs(
                            Disclosure, f"{pair[0]} {pair[1]}", _("日志提到这一项个人信息，表中没有"), logged=uid
                        )
                        continue
                    pk, value = rows[pair]
                    gone.add(pk)
                    if value is not None:
                        findings.differs(Disclosure, pk, _("日志说这一项已经删除，表中还在"), logged=uid)
    return gone


def logged_entries(findings: Findings, *, progress: Progress) -> Iterator[Chunk]:
    """Yield every entry, sealed or not, in chunks by primary key, after holding its row and its disclosures against it."""
    erased = _erased(findings)
    columns = ("uid", "kind", "at", "account", "statement", "leaf_hash")
    for chunk in by_key(Entry.objects.all(), "pk", *columns):
        findings.checked["entries"] += len(chunk)
        values: dict[int, dict[str, tuple[int, Any, str | None]]] = {row[0]: {} for row in chunk}
        between = (chunk[0][0], chunk[-1][0])
        found = Disclosure.objects.filter(entry__gte=between[0], entry__lte=between[1])
        for pk, entry, field, salt, value in found.values_list("pk", "entry_id", "field", "salt", "value"):
            if entry in values:
                values[entry][field] = (pk, salt, value)
        read = []
        for row in chunk:
            stated = _checked_entry(findings, *row)
            committed = stated.commitments if stated else {}
            disclosed = _checked_disclosures(findings, row[0], committed, values[row[0]], erased)
            if stated is not None:
                read.append(Logged(row[0], stated.uid, stated.kind, stated.at, stated.facts, disclosed))
        _check_log_keys(findings, between, read)
        progress(len(chunk))
        yield Chunk(*between, read)
    for model in (Disclosure, LogKey, Sealed):
        _check_entry_exists(findings, model)


def _checked_entry(
    findings: Findings, pk: int, uid: UUID, kind: str, at: datetime, account: int | None, data: Any, leaf: Any
) -> Statement | None:
    """Return what an entry's statement says, after holding the columns against it; None where it cannot be read."""
    data = bytes(data)
    if (hashed := leaf_hash(data)) != bytes(leaf):
        findings.differs(Entry, pk, _("记录的内容与它的哈希不符"), stored=bytes(leaf), logged=hashed)
    try:
        told = read_statement(data)
        if told.keys() != {"schema", "kind", "id", "at", "facts", "commitments"} or told["schema"] != SCHEMA:
            raise ValueError("other keys, or another schema")
        stated = Statement(
            told["id"], told["kind"], datetime.fromisoformat(told["at"]), dict(told["facts"]), dict(told["commitments"])
        )
        if len(told["at"]) != len("2026-03-02T02:00:00.000000Z") or told["at"][-1] != "Z":
            raise ValueError("a time in another form")
    except (ValueError, TypeError, RecursionError) as fault:
        findings.differs(Entry, pk, _("无法读取记录的内容，或者它不是规范形式"), stored=fault)
        return None
    columns = (
        ("uid", str(uid), stated.uid),
        ("kind", kind, stated.kind),
        ("at", at, stated.at),
        ("account", account, stated.facts.get("account")),
    )
    for column, stored, logged in columns:
        if stored != logged:
            problem = _("列 %(column)s 与日志记载不符") % {"column": column}
            findings.differs(Entry, pk, problem, stored=stored, logged=logged)
    return stated


def _checked_disclosures(
    findings: Findings,
    entry: int,
    commitments: Mapping[str, Any],
    rows: Mapping[str, tuple[int, Any, str | None]],
    erased: Keys,
) -> dict[str, str | None]:
    """Return the values that open the commitments of an entry, None for those that were erased."""
    findings.checked["disclosures"] += len(rows)
    opened: dict[str, str | None] = {}
    for field, committed in commitments.items():
        if field not in rows:
            findings.differs(Disclosure, f"{entry} {field}", _("日志提到这一项个人信息，表中没有"), logged=committed)
            continue
        pk, salt, value = rows[field]
        if value is None or salt is None:
            if pk in erased:
                opened[field] = None
                findings.checked["disclosures_erased"] += 1
            else:
                findings.differs(Disclosure, pk, _("这一项被清空，日志没有删除记录"), logged=committed)
        elif _opens(field, bytes(salt), value, committed):
            opened[field] = value
        else:
            # What is stored may be personal: it is not repeated here.
            findings.differs(Disclosure, pk, _("这一项与日志中的承诺不符"), logged=committed)
    for field in rows.keys() - commitments.keys():
        findings.differs(Disclosure, rows[field][0], _("日志没有提到这一项个人信息"), stored=field)
    return opened


def _check_log_keys(findings: Findings, between: tuple[int, int], read: Sequence[Logged]) -> None:
    rows = {
        row[1]: row
        for row in LogKey.objects.filter(entry__gte=between[0], entry__lte=between[1]).values_list(
            "pk", "entry_id", "verifier_key", "introduced_at"
        )
    }
    findings.checked["log_keys"] += len(rows)
    for entry in read:
        if entry.kind != Kind.KEY_INTRODUCED:
            continue
        row = rows.pop(entry.pk, None)
        if row is None:
            findings.differs(LogKey, f"entry {entry.pk}", no_row(), logged=entry.uid)
            continue
        told = (("verifier_key", row[2], entry.facts.get("verifier_key")), ("introduced_at", row[3], entry.at))
        for column, stored, logged in told:
            if stored != logged:
                problem = _("列 %(column)s 与日志记载不符") % {"column": column}
                findings.differs(LogKey, row[0], problem, stored=stored, logged=logged)
    for row in rows.values():
        findings.differs(LogKey, row[0], no_entry(), stored=row[2])


def _check_entry_exists(findings: Findings, model: type[models.Model]) -> None:
    """Report the rows whose entry does not exist; foreign keys hold this, unless somebody went around them."""
    rows = model._base_manager.filter(~Exists(Entry.objects.filter(pk=OuterRef("entry_id"))))
    for pk, entry in rows.order_by("pk").values_list("pk", "entry_id")[:LISTED]:
        findings.differs(model, pk, _("它的日志记录不存在"), stored=entry)


def check_unsealed(findings: Findings, *, at: datetime) -> None:
    """Warn of entries that have waited for their place longer than a sealer takes."""
    waiting = Entry.objects.filter(~Exists(Sealed.objects.filter(entry=OuterRef("pk"))))
    findings.checked["unsealed"] = waiting.count()
    if late := waiting.filter(at__lt=at - UNSEALED_AFTER).count():
        findings.warn(_("%(count)s 条记录超过一分钟还没有封存。") % {"count": late})
