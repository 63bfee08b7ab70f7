"""verify_evidence(): the whole database against the log: what every statement says of rows, and every row's statement."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import Account, CollaboratorGrant, Person, RoleHolding, Scope
from agreements.models import Agreement, Draft, Language, Version, VersionText, Withdrawal
from agreements.text.canonical import sha256
from agreements.text.clauses import parse
from assent.models import Acceptance, AcceptanceLine, Basis, LegalHold, PackRequest, Refusal
from evidence.findings import LISTED, Findings, Keys, Progress, by_key, no_entry, no_row, snapshot
from evidence.kinds import Kind
from evidence.models import Entry, Sealed
from evidence.verifying import Chunk, Logged, check_unsealed, logged_entries, read_statement
from evidence.verifying_checkpoints import check_witnesses
from evidence.verifying_tree import check_tree

Model = type[models.Model]


class Said:
    """A value that a statement does not repeat, as it follows from the rest of the row: `of` computes it from the row."""

    def __init__(self, of: Callable[[Mapping[str, Any]], Any]) -> None:
        self.of = of


class Digest(str):
    """The SHA-256, in hexadecimal, of a column whose text no statement repeats."""


# That the log accounts for a column's value without fixing it: it may have changed since in a way that no entry tells.
ACCOUNTED = object()


@dataclass(frozen=True, slots=True)
class Told:
    """What one statement says of one row: the row's model and key, and the columns that it fixes."""

    model: Model
    key: int | UUID
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of one model are found and which of their columns only a statement can have set.

    `key` is the column by which statements name a row: its primary key or its uid, or `entry_id` where the row names its entry.
    A row in which a column of `logged` is set needs a statement that says so; with `entry_id` every row needs its entry.
    """

    model: Model
    key: str = "id"
    logged: tuple[str, ...] = ()


# Every protected model of the apps above the log; a new one gets its line here, and its kinds theirs in TELLS below. Agreements
# and drafts are evidence once they have a version: the statement of its publication repeats what is fixed in their rows.
TABLES = (
    Rows(Person, logged=("qq_number", "joined_at", "is_superuser", "erased_at", "erasure")),
    Rows(Account, logged=("owner_id", "closed_at")),
    Rows(CollaboratorGrant, logged=("granted_at", "confirmed_at", "ended_at", "ended_by_id")),
    Rows(RoleHolding, logged=("given_at", "ended_at", "ended_by_id")),
    Rows(Agreement),
    Rows(Draft),
    Rows(Version, logged=("number",)),
    Rows(VersionText, logged=("text_sha256",)),
    Rows(Withdrawal, logged=("withdrawn_at",)),
    Rows(Acceptance, key="entry_id"),
    Rows(Refusal, key="entry_id"),
    Rows(PackRequest, key="uid", logged=("asked_at",)),
    Rows(LegalHold, logged=("placed_at", "placed_entry_id", "lifted_at", "lifted_by_id", "lifted_entry_id")),
)
BY_MODEL = {rows.model: rows for rows in TABLES}


@dataclass(frozen=True, slots=True)
class Published:
    """The keys of a version and of its texts, and the texts' digests, by what statements call them."""

    version: int
    texts: Mapping[str, int]
    digests: Mapping[str, tuple[str, str, str]]


@dataclass
class Library:
    """The published versions, as the log tells of them; texts are written by people, so there are few enough to keep."""

    versions: dict[tuple[str, int], Published] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Library":
        library = cls()
        published = Entry.objects.filter(kind=Kind.VERSION_PUBLISHED)
        for chunk in by_key(published, "pk", "statement"):
            for _pk, data in chunk:
                try:
                    library.add(read_statement(bytes(data))["facts"])
                except (ValueError, KeyError, TypeError):
                    continue  # Told where entries are read.
        return library

    def add(self, facts: Mapping[str, Any]) -> None:
        slug, number = facts["agreement"], facts["version"]
        keys = facts.get("rows") or self._keys_today(slug, number)
        digests = {text["language"]: (text["sha256"], text["sm3"], text["html_sha256"]) for text in facts["texts"]}
        self.versions[slug, number] = Published(keys["version"], keys["texts"], digests)

    @staticmethod
    def _keys_today(slug: str, number: int) -> Mapping[str, Any]:
        """Return what the first statements of publications did not say: which rows it made."""
        texts = VersionText.objects.filter(version__agreement__slug=slug, version__number=number)
        version = Version.objects.filter(agreement__slug=slug, number=number).values_list("pk", flat=True).first()
        return {"version": version or 0, "texts": dict(texts.values_list("language", "pk"))}


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _number(entry: Logged, name: str) -> dict[str, Any]:
    """Return the QQ number as a statement commits to it: None once erased, nothing where it did not open."""
    return {"qq_number": entry.disclosed[name]} if name in entry.disclosed else {"qq_number": ACCOUNTED}


def _joined(entry: Logged, library: Library) -> Iterator[Told]:
    yield Told(Person, entry.facts["person"], {"joined_at": entry.at, **_number(entry, "qq_number")})


def _administrator(entry: Logged, library: Library) -> Iterator[Told]:
    columns = {"joined_at": entry.at, "is_superuser": ACCOUNTED, **_number(entry, "person_qq")}
    yield Told(Person, entry.facts["person"], columns)


def _opened(entry: Logged, library: Library) -> Iterator[Told]:
    yield Told(Account, entry.facts["account"], {"owner_id": entry.facts["owner"], "opened_at": entry.at})


def _closed(entry: Logged, library: Library) -> Iterator[Told]:
    yield Told(Account, entry.facts["account"], {"closed_at": entry.at})


def _erased(entry: Logged, library: Library) -> Iterator[Told]:
    columns = {"qq_number": None, "erased_at": entry.at, "erasure": UUID(entry.uid)}
    yield Told(Person, entry.facts["person"], columns)


def _hold_placed(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    columns = {"placed_at": entry.at, "placed_by_id": facts["actor"], "placed_entry_id": entry.pk}
    yield Told(LegalHold, facts["hold"], {"person_id": facts["person"], **columns})


def _hold_lifted(entry: Logged, library: Library) -> Iterator[Told]:
    columns = {"lifted_at": entry.at, "lifted_by_id": entry.facts["actor"], "lifted_entry_id": entry.pk}
    yield Told(LegalHold, entry.facts["hold"], columns)


def _pack_asked_for(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    [(about, which)] = facts["selection"].items()
    chosen: dict[str, Any] = {"account_id": None, "agreement_id": None, "acceptance_id": None}
    match about:
        case "account":
            chosen["account_id"] = which
        case "agreement":
            chosen["agreement_id"] = Agreement.objects.filter(slug=which).values_list("pk", flat=True).first()
        case "acceptance":
            chosen["acceptance_id"] = Acceptance.objects.filter(entry__uid=which).values_list("pk", flat=True).first()
    columns = {"asked_at": entry.at, "asked_by_id": facts["actor"], "checkpoint_id": facts["checkpoint"]}
    yield Told(PackRequest, UUID(facts["pack"]), columns | chosen)


def _granted(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    scopes = {scope.value: scope.value in facts["scopes"] for scope in Scope}
    columns = {"account_id": facts["account"], "person_id": facts["collaborator"], "granted_at": entry.at, **scopes}
    yield Told(CollaboratorGrant, facts["grant"], columns)
    yield Told(Person, facts["collaborator"], _number(entry, "collaborator_qq"))


def _confirmed(entry: Logged, library: Library) -> Iterator[Told]:
    yield Told(CollaboratorGrant, entry.facts["grant"], {"confirmed_at": entry.at})


def _grant_ended(entry: Logged, library: Library) -> Iterator[Told]:
    columns = {"ended_at": entry.at, "ended_by_id": entry.facts["actor"]}
    yield Told(CollaboratorGrant, entry.facts["grant"], columns)


def _role_given(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    columns = {"person_id": facts["person"], "role": facts["role"], "given_at": entry.at, "given_by_id": facts["actor"]}
    yield Told(RoleHolding, _holding(facts, given_at=entry.at), columns)


def _role_ended(entry: Logged, library: Library) -> Iterator[Told]:
    columns = {"ended_at": entry.at, "ended_by_id": entry.facts["actor"]}
    yield Told(RoleHolding, _holding(entry.facts, ended_at=entry.at), columns)


def _holding(facts: Mapping[str, Any], **times: datetime) -> int:
    """Return the key of a holding; the first statements about roles did not say it, and are found by what they do say."""
    if "holding" in facts:
        return facts["holding"]
    found = RoleHolding.objects.filter(person=facts["person"], role=facts["role"], **times)
    return found.values_list("pk", flat=True).first() or 0


def _published(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    rows = facts.get("rows")
    made = library.versions[facts["agreement"], facts["version"]]
    columns = {
        "number": facts["version"],
        "governing_language": facts["governing_language"],
        "change": facts["change"],
        "summary_zh": facts["summary"][Language.CHINESE.value],
        "summary_en": facts["summary"][Language.ENGLISH.value],
        "published_at": entry.at,
        "published_by_id": facts["actor"],
        "effective_at": _at(facts["effective_at"]),
    }
    if rows:
        columns |= {"agreement_id": rows["agreement"], "draft_id": rows["draft"]}
        created_at = _at(facts["agreement_created_at"])
        yield Told(Agreement, rows["agreement"], {"slug": facts["agreement"], "created_at": created_at})
        drafted = {"created_at": _at(facts["drafted_at"]), "created_by_id": facts["drafted_by"]}
        yield Told(Draft, rows["draft"], {"agreement_id": rows["agreement"], **drafted})
    yield Told(Version, made.version, columns)
    for text in facts["texts"]:
        columns = {
            "version_id": made.version,
            "language": text["language"],
            "text": Digest(text["sha256"]),
            "text_sha256": text["sha256"],
            "text_sm3": text["sm3"],
            "html": Digest(text["html_sha256"]),
            "html_sha256": text["html_sha256"],
            "title": Said(lambda row: parse(row["text"]).title),
        }
        yield Told(VersionText, made.texts[text["language"]], columns)


def _withdrawn(entry: Logged, library: Library) -> Iterator[Told]:
    facts = entry.facts
    version = library.versions[facts["agreement"], facts["version"]].version
    columns = {"version_id": version, "withdrawn_at": entry.at, "withdrawn_by_id": facts["actor"]}
    key = facts["rows"]["withdrawal"] if "rows" in facts else None
    if key is None:
        key = Withdrawal.objects.filter(version=version).values_list("pk", flat=True).first() or 0
    yield Told(Withdrawal, key, columns)


def _act(entry: Logged) -> dict[str, Any]:
    facts = entry.facts
    columns = {
        "account_id": facts["account"],
        "actor_id": facts["actor"],
        "capacity": facts["capacity"],
        "grant_id": facts["grant"],
        "identity": facts["identity"],
    }
    return columns | ({"form_key": UUID(facts["form_key"])} if "form_key" in facts else {})


def _accepted(basis: Basis) -> "Tells":
    def accepted(entry: Logged, library: Library) -> Iterator[Told]:
        yield Told(Acceptance, entry.pk, {**_act(entry), "basis": basis.value, "accepted_at": entry.at})

    return accepted


def _refused(entry: Logged, library: Library) -> Iterator[Told]:
    [document] = entry.facts["documents"]
    columns = {
        "version_id": library.versions[document["agreement"], document["version"]].version,
        "text_sha256": document["text_sha256"],
        "refused_at": entry.at,
    }
    yield Told(Refusal, entry.pk, {**_act(entry), **columns})


Tells = Callable[[Logged, Library], Iterator[Told]]
# What a statement of each kind says of which rows. Kinds that are not here leave no row behind.
TELLS: Mapping[str, Tells] = {
    Kind.PERSON_JOINED: _joined,
    Kind.ADMINISTRATOR_MADE: _administrator,
    Kind.ACCOUNT_OPENED: _opened,
    Kind.ACCOUNT_CLOSED: _closed,
    Kind.COLLABORATOR_GRANTED: _granted,
    Kind.COLLABORATOR_CONFIRMED: _confirmed,
    Kind.COLLABORATOR_ENDED: _grant_ended,
    Kind.ROLE_GIVEN: _role_given,
    Kind.ROLE_ENDED: _role_ended,
    Kind.VERSION_PUBLISHED: _published,
    Kind.VERSION_WITHDRAWN: _withdrawn,
    Kind.ACCEPTED_EXPRESS: _accepted(Basis.EXPRESS),
    Kind.REFUSED: _refused,
    Kind.HOLD_PLACED: _hold_placed,
    Kind.HOLD_LIFTED: _hold_lifted,
    Kind.PERSON_ERASED: _erased,
    Kind.PACK_MADE: _pack_asked_for,
}
ACCEPTED = {Kind.ACCEPTED_EXPRESS, Kind.ACCEPTED_AT_REGISTRATION, Kind.ACCEPTED_BY_USE, Kind.ACCEPTED_ON_PAPER}


class _Comparison:
    """Holds rows against what statements say of them, a chunk of entries at a time, and keeps which columns were accounted for."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.library = Library.read()
        self.accounted: dict[tuple[Model, str], Keys] = {
            (rows.model, column): Keys() for rows in TABLES for column in rows.logged
        }

    def compare(self, chunk: Chunk) -> None:
        """Hold the rows that these entries tell of against them."""
        told: dict[Model, list[tuple[Logged, Told]]] = {}
        for entry in chunk.entries:
            tells = TELLS.get(entry.kind)
            try:
                for one in tells(entry, self.library) if tells else ():
                    told.setdefault(one.model, []).append((entry, one))
            except (KeyError, ValueError, TypeError) as fault:
                self.findings.differs(Entry, entry.pk, _("记录的内容缺少应有的事项"), stored=repr(fault))
        for rows in TABLES:
            self._compare_rows(rows, told.get(rows.model, ()), chunk)
        self._compare_lines(chunk)

    def _compare_rows(self, rows: Rows, told: Sequence[tuple[Logged, Told]], chunk: Chunk) -> None:
        by_entry = rows.key == "entry_id"
        if not told and not by_entry:
            return
        columns = sorted({column for _entry, one in told for column in one.columns})
        keys = (
            {"entry__gte": chunk.first, "entry__lte": chunk.last}
            if by_entry
            else {f"{rows.key}__in": {t.key for _e, t in told}}
        )
        stored = rows.model._base_manager.filter(**keys).values("id", rows.key, *columns)
        found = {row[rows.key]: row for row in stored}
        for entry, one in told:
            row = found.get(one.key)
            if row is None:
                name = f"entry {one.key}" if by_entry else one.key
                self.findings.differs(rows.model, name, no_row(), logged=f"{entry.kind} {entry.uid}")
                continue
            self._compare_row(rows, row, one)
        if by_entry:
            self.findings.checked[rows.model._meta.db_table] += len(found)
            for key in found.keys() - {one.key for _entry, one in told}:
                self.findings.differs(rows.model, found[key]["id"], no_entry(), stored=f"entry {key}")

    def _compare_row(self, rows: Rows, row: Mapping[str, Any], one: Told) -> None:
        for column, said in one.columns.items():
            if (keys := self.accounted.get((rows.model, column))) is not None:
                keys.add(row["id"])
            stored = row[column]
            match said:
                case Digest():
                    stored, said = sha256(stored), str(said)
                case Said():
                    said = said.of(row)
                case _ if said is ACCOUNTED:
                    continue
            if stored != said:
                problem = _("列 %(column)s 与日志记载不符") % {"column": column}
                self.findings.differs(rows.model, row["id"], problem, stored=stored, logged=said)

    def _compare_lines(self, chunk: Chunk) -> None:
        """Hold the lines of acceptances against the documents that their statements list."""
        columns = ("id", "acceptance__entry_id", "version_id", "text_id", "language", "text_sha256", "html_sha256")
        found: dict[int, dict[int, tuple]] = {}
        lines = AcceptanceLine.objects.filter(acceptance__entry__gte=chunk.first, acceptance__entry__lte=chunk.last)
        for line in lines.values_list(*columns):
            self.findings.checked["assent_acceptanceline"] += 1
            found.setdefault(line[1], {})[line[2]] = line
        for entry in chunk.entries:
            stored = found.pop(entry.pk, {})
            if entry.kind in ACCEPTED or entry.kind == Kind.REFUSED:
                self._compare_documents(entry, stored)
            else:
                self._unaccounted(stored)
        for stored in found.values():
            self._unaccounted(stored)

    def _compare_documents(self, entry: Logged, stored: dict[int, tuple]) -> None:
        for document in entry.facts.get("documents", ()):
            try:
                made = self.library.versions[document["agreement"], document["version"]]
                language = document["language"]
                digests = (document["text_sha256"], document["text_sm3"], document["html_sha256"])
                text = made.texts[language]
            except (KeyError, TypeError):
                self.findings.differs(
                    Entry, entry.pk, _("记录提到日志从未公布的版本或文本"), stored=document.get("version")
                )
                continue
            if digests != made.digests.get(language):
                problem = _("记录中的文本不是公布的文本")
                self.findings.differs(Entry, entry.pk, problem, stored=digests, logged=made.digests.get(language))
            if entry.kind == Kind.REFUSED:
                continue
            line = stored.pop(made.version, None)
            if line is None:
                name = f"entry {entry.pk}: {document['agreement']} {document['version']}"
                self.findings.differs(AcceptanceLine, name, no_row(), logged=f"{entry.kind} {entry.uid}")
                continue
            told = (text, language, document["text_sha256"], document["html_sha256"])
            for column, value, said in zip(
                ("text_id", "language", "text_sha256", "html_sha256"), line[3:], told, strict=True
            ):
                if value != said:
                    problem = _("列 %(column)s 与日志记载不符") % {"column": column}
                    self.findings.differs(AcceptanceLine, line[0], problem, stored=value, logged=said)
        self._unaccounted(stored)

    def _unaccounted(self, lines: Mapping[int, tuple]) -> None:
        for line in lines.values():
            self.findings.differs(AcceptanceLine, line[0], no_entry(), stored=f"version {line[2]}")

    def finish(self, *, progress: Progress) -> None:
        """Report the rows and values that no statement accounts for, once every entry was compared."""
        for rows in TABLES:
            if rows.key == "entry_id":
                self._without(rows.model, Entry, "entry_id")
            else:
                self._unaccounted_columns(rows, progress)
        self._without(AcceptanceLine, Acceptance, "acceptance_id")

    def _without(self, model: Model, other: Model, column: str) -> None:
        """Report the rows whose other row does not exist; foreign keys hold this, unless somebody went around them."""
        rows = model._base_manager.filter(~Exists(other._base_manager.filter(pk=OuterRef(column)))).order_by("pk")
        for pk, key in rows.values_list("pk", column)[:LISTED]:
            self.findings.differs(model, pk, no_entry(), stored=f"{column} {key}")

    def _unaccounted_columns(self, rows: Rows, progress: Progress) -> None:
        for chunk in by_key(rows.model._base_manager.all(), "pk", *rows.logged):
            self.findings.checked[rows.model._meta.db_table] += len(chunk)
            progress(len(chunk))
            for pk, *values in chunk:
                for column, value in zip(rows.logged, values, strict=True):
                    if value not in (None, False) and pk not in self.accounted[rows.model, column]:
                        problem = (
                            no_entry()
                            if column == rows.logged[0]
                            else _("日志没有记载列 %(column)s 的值") % {"column": column}
                        )
                        self.findings.differs(rows.model, pk, problem, stored=value)


def rows_to_read() -> int:
    """Return how many rows `verify_evidence` will tell its progress of: entries twice, in their places and for what they say."""
    others = sum(rows.model._base_manager.count() for rows in TABLES if rows.key != "entry_id")
    return Sealed.objects.count() + Entry.objects.count() + others


def verify_evidence(*, at: datetime, progress: Progress = lambda n: None) -> Findings:
    """Hold the whole database against the log, as both are at one moment, and return what was found; nothing is changed.

    `progress` is told how many rows were read since it was last told. `at` is when entries should have been sealed by.
    """
    findings = Findings()
    findings.checked.update({model._meta.db_table: 0 for model in (*BY_MODEL, AcceptanceLine)})
    with snapshot():
        check_tree(findings, progress=progress)
        check_witnesses(findings)
        comparison = _Comparison(findings)
        for chunk in logged_entries(findings, progress=progress):
            comparison.compare(chunk)
        comparison.finish(progress=progress)
        check_unsealed(findings, at=at)
    return findings
