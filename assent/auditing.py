"""The auditor's questions: find acceptances, page through them, and export them as an act of its own."""

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.authority import may_audit
from accounts.errors import NotAuthorised
from accounts.models import Person
from assent.models import Acceptance, AcceptanceLine
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Disclosure
from evidence.statements import timestamp

PAGE = 50
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; an empty value asks for everything. Days are whole days in the site's time zone."""

    account: str = ""
    actor: str = ""
    agreement: str = ""
    version: int | None = None
    basis: str = ""
    since: date | None = None
    until: date | None = None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def find(*, query: Query, person: Person, at: datetime) -> Any:
    """Return the acceptances that match, the newest first. Raises NotAuthorised."""
    if not may_audit(person=person, at=at):
        raise NotAuthorised
    found = Acceptance.objects.order_by("-pk")
    if query.account:
        found = found.filter(account__owner__qq_number=query.account)
    if query.actor:
        found = found.filter(actor__qq_number=query.actor)
    if query.agreement or query.version:
        lines = AcceptanceLine.objects.all()
        if query.agreement:
            lines = lines.filter(version__agreement__slug=query.agreement)
        if query.version:
            lines = lines.filter(version__number=query.version)
        found = found.filter(pk__in=lines.values("acceptance"))
    if query.basis:
        found = found.filter(basis=query.basis)
    if query.since and query.since > date.min:  # The first day of all has no midnight in UTC.
        found = found.filter(accepted_at__gte=_midnight(query.since))
    if query.until and query.until < date.max:
        found = found.filter(accepted_at__lt=_midnight(query.until + timedelta(days=1)))
    return found.select_related("entry", "account__owner", "actor", "grant").prefetch_related(
        Prefetch("lines", queryset=AcceptanceLine.objects.select_related("version__agreement", "version__withdrawal"))
    )


def page_after(found: Any, *, before: int | None) -> tuple[list[Acceptance], int | None]:
    """Return at most PAGE acceptances with a primary key below `before`, and the key to go on from (None: the end)."""
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    return rows[:PAGE], (rows[PAGE - 1].pk if len(rows) > PAGE else None)


def harmless(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it."""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


class _Echo:
    """A file that gives back what is written, for the csv module to write into a stream."""

    def write(self, value: str) -> str:
        return value


def _erased(person: Person) -> str:
    """Return what stands in a cell whose value was erased with this person: when, and by which entry of the log."""
    return f"erased {timestamp(person.erased_at)} {person.erasure}" if person.erased_at else "erased"


def _columns() -> list[str]:
    return [
        _("回执编号"), _("同意时间（UTC）"), _("账户 QQ"), _("操作 QQ"), _("身份"), _("授权编号"), _("号码核验"), _("方式"),
        _("协议地址"), _("版本"), _("语言"), _("正文 SHA-256"), _("网页 SHA-256"), _("网络地址"), _("浏览器"),
    ]  # fmt: skip


def _rows(found: Any) -> Iterator[list[object]]:
    """Yield a row per accepted document. Values are the codes of the log's statements, not words of a language."""
    before = None
    while True:
        page, before = page_after(found, before=before)
        values: dict[int, dict[str, str | None]] = {}
        for d in Disclosure.objects.filter(entry__in=[a.entry_id for a in page], field__in=["address", "user_agent"]):
            values.setdefault(d.entry_id, {})[d.field] = d.value
        for a in page:
            owner = a.account.owner
            address, agent = (
                _erased(a.actor) if value is None else value
                for value in map(values.get(a.entry_id, {}).get, ["address", "user_agent"])
            )
            for line in a.lines.all():
                yield [
                    a.entry.uid, timestamp(a.accepted_at), owner.qq_number or _erased(owner),
                    a.actor.qq_number or _erased(a.actor), a.capacity,
                    a.grant_id or "", a.identity, a.basis, line.version.agreement.slug,
                    line.version.number, line.language, line.text_sha256, line.html_sha256,
                    address, agent,
                ]  # fmt: skip
        if before is None:
            return


def export_csv(*, query: Query, person: Person, at: datetime) -> Iterator[str]:
    """Log that an auditor exports what matches, then return the CSV, a line per accepted document, as a stream.

    It begins with a byte order mark, by which spreadsheets know UTF-8. Raises NotAuthorised.
    """
    found = find(query=query, person=person, at=at)
    asked = {name: value for name, value in asdict(query).items() if value}
    public = {name: str(asked[name]) for name in ("agreement", "version", "basis", "since", "until") if name in asked}
    numbers = {f"{name}_qq": asked[f"{name}"] for name in ("account", "actor") if name in asked}
    with transaction.atomic():
        append(
            kind=Kind.AUDIT_EXPORTED,
            at=at,
            facts={"auditor": person.pk, "asked": public},
            personal={"auditor_qq": str(person), **numbers},
        )
    writer = csv.writer(_Echo())
    head = "\ufeff" + writer.writerow(_columns())  # Now, while the language of the page is active.
    return chain([head], (writer.writerow([harmless(cell) for cell in row]) for row in _rows(found)))
