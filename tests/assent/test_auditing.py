"""The auditor's questions: what each filter finds, paging without gaps or repeats, and the export as an act of its own."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from accounts.appointing import end_role
from accounts.errors import NotAuthorised
from accounts.models import Role
from assent.accepting import Circumstances, accept
from assent.auditing import PAGE, Query, export_csv, find, harmless, page_after
from assent.models import Acceptance
from evidence.models import Entry
from tests.support import DAY, MONDAY, NOON, accept_versions, make_agreement, publish, shown

TICK = timedelta(microseconds=1)


@pytest.fixture
def story(agreement, petra, alice, bob, charlie) -> dict[str, Acceptance]:
    """Four acceptances, each of which differs from the others in what can be asked for."""
    first = publish(agreement, petra)
    fees = publish(make_agreement(petra, slug="fees"), petra)
    second = publish(agreement, petra, "第二版。", at=MONDAY + 2 * DAY)
    return {
        "alice": accept_versions(alice.account, alice, first, fees, at=MONDAY),
        "bob": accept_versions(alice.account, bob, second, at=MONDAY + 3 * DAY),
        "charlie": accept_versions(charlie.account, charlie, second, at=MONDAY + 4 * DAY),
        "charlie's fees": accept_versions(charlie.account, charlie, fees, at=MONDAY + 4 * DAY + TICK),
    }


def names(story: dict[str, Acceptance], query: Query, audrey) -> list[str]:
    found = [acceptance.pk for acceptance in find(query=query, person=audrey, at=NOON)]
    known = {acceptance.pk: name for name, acceptance in story.items()}
    return [known[key] for key in found]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), ["charlie's fees", "charlie", "bob", "alice"]),
        (Query(account="20002"), ["bob", "alice"]),
        (Query(account="30003"), ["charlie's fees", "charlie"]),
        (Query(account="10001"), []),
        (Query(actor="10001"), ["bob"]),
        (Query(actor="20002"), ["alice"]),
        (Query(agreement="terms"), ["charlie", "bob", "alice"]),
        (Query(agreement="fees"), ["charlie's fees", "alice"]),
        (Query(agreement="nothing"), []),
        (Query(version=1), ["charlie's fees", "alice"]),
        (Query(version=2), ["charlie", "bob"]),
        (Query(agreement="terms", version=1), ["alice"]),
        (Query(agreement="fees", version=2), []),
        (Query(basis="express"), ["charlie's fees", "charlie", "bob", "alice"]),
        (Query(since=date(2026, 3, 5)), ["charlie's fees", "charlie", "bob"]),
        (Query(until=date(2026, 3, 5)), ["bob", "alice"]),
        (Query(since=date(2026, 3, 5), until=date(2026, 3, 5)), ["bob"]),
        (Query(since=date(2026, 3, 6), until=date(2026, 3, 5)), []),
        (Query(until=date.max), ["charlie's fees", "charlie", "bob", "alice"]),
        (Query(since=date.max), []),
        (Query(since=date.min), ["charlie's fees", "charlie", "bob", "alice"]),
        (Query(until=date.min), []),
        (Query(account="20002", actor="10001", agreement="terms", version=2, basis="express"), ["bob"]),
        (Query(account="20002", actor="30003"), []),
        (Query(account="30003", agreement="fees", since=date(2026, 3, 6), until=date(2026, 3, 6)), ["charlie's fees"]),
    ],
)
def test_each_filter_narrows_alone_and_together(story, audrey, query, expected) -> None:
    assert names(story, query, audrey) == expected


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 9, 15, 59, 59, 999999, UTC), date(2026, 3, 9)),
        (datetime(2026, 3, 9, 16, 0, 0, 0, UTC), date(2026, 3, 10)),
    ],
)
def test_days_are_whole_days_in_the_site_zone_and_the_last_one_is_included(
    agreement, petra, account, alice, audrey, at, day
) -> None:
    accepted = accept_versions(account, alice, publish(agreement, petra), at=at)
    asked = {
        "that day": Query(since=day, until=day),
        "the day before": Query(since=day - DAY, until=day - DAY),
        "the day after": Query(since=day + DAY, until=day + DAY),
    }
    found = {name: list(find(query=query, person=audrey, at=NOON)) for name, query in asked.items()}
    assert found == {"that day": [accepted], "the day before": [], "the day after": []}


def test_only_an_auditor_asks_and_exports(story, audrey, alice, petra, arno, administrator) -> None:
    entries = Entry.objects.count()
    for person in (alice, petra, arno, administrator):
        with pytest.raises(NotAuthorised):
            find(query=Query(), person=person, at=NOON)
        with pytest.raises(NotAuthorised):
            export_csv(query=Query(), person=person, at=NOON)
    assert Entry.objects.count() == entries


def test_an_auditor_whose_role_has_ended_asks_no_more(story, audrey, administrator) -> None:
    end_role(person=audrey, role=Role.AUDITOR, actor=administrator, at=NOON)
    assert find(query=Query(), person=audrey, at=NOON - TICK).count() == 4
    with pytest.raises(NotAuthorised):
        find(query=Query(), person=audrey, at=NOON)


def test_paging_goes_through_all_rows_once_even_while_new_ones_come(agreement, petra, account, alice, audrey) -> None:
    version = publish(agreement, petra)
    keys = [accept_versions(account, alice, version).pk for _ in range(2 * PAGE + 3)]
    seen: list[list[int]] = []
    before = None
    while True:
        rows, before = page_after(find(query=Query(), person=audrey, at=NOON), before=before)
        seen.append([row.pk for row in rows])
        if before is None:
            break
        accept_versions(account, alice, version)
    assert [len(page) for page in seen] == [50, 50, 3]
    assert [key for page in seen for key in page] == keys[::-1]


@pytest.mark.parametrize(("rows", "following"), [(PAGE, False), (PAGE + 1, True)])
def test_a_full_page_leads_on_only_if_there_is_more(agreement, petra, account, alice, audrey, rows, following) -> None:
    version = publish(agreement, petra)
    for _ in range(rows):
        accept_versions(account, alice, version)
    page, before = page_after(find(query=Query(), person=audrey, at=NOON), before=None)
    assert (len(page), before is not None) == (PAGE, following)
    assert page_after(find(query=Query(), person=audrey, at=NOON), before=1) == ([], None)


def test_a_page_takes_as_many_queries_for_one_row_as_for_three(
    agreement, petra, account, alice, audrey, django_assert_num_queries
) -> None:
    version = publish(agreement, petra)

    def read() -> int:
        rows, _following = page_after(find(query=Query(), person=audrey, at=NOON), before=None)
        for row in rows:
            assert (row.account.qq_number, str(row.actor), row.grant, row.entry.kind) == (
                "20002", "20002", None, "acceptance.express",
            )  # fmt: skip
            assert [line.version.agreement.slug for line in row.lines.all()] == ["terms"]
        return len(rows)

    for rows in (1, 3):
        while Acceptance.objects.count() < rows:
            accept_versions(account, alice, version)
        with django_assert_num_queries(3):
            assert read() == rows


# The export.


def parsed(query: Query, audrey) -> list[list[str]]:
    text = "".join(export_csv(query=query, person=audrey, at=NOON))
    assert text[0] == "\ufeff"
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_the_export_has_a_row_per_document_with_every_fact(story, audrey, bob) -> None:
    head, *rows = parsed(Query(), audrey)
    assert head == [
        "回执编号", "同意时间（UTC）", "账户 QQ", "操作 QQ", "身份", "授权编号", "号码核验", "方式", "协议地址", "版本", "语言",
        "正文 SHA-256", "网页 SHA-256", "网络地址", "浏览器",
    ]  # fmt: skip
    order = [(row[2], row[3], row[8], row[9]) for row in rows]
    assert order == [
        ("30003", "30003", "fees", "1"),
        ("30003", "30003", "terms", "2"),
        ("20002", "10001", "terms", "2"),
        ("20002", "20002", "terms", "1"),
        ("20002", "20002", "fees", "1"),
    ]
    acceptance = story["bob"]
    line = acceptance.lines.get()
    assert rows[2] == [
        str(acceptance.entry.uid), "2026-03-05T02:00:00.000000Z", "20002", "10001", "collaborator",
        str(bob.grants.get().pk), "stated", "express", "terms", "2", "zh-hans", line.text_sha256, line.html_sha256,
        "203.0.113.7", "Firefox/140.0",
    ]  # fmt: skip


def test_the_export_holds_only_the_acts_that_were_asked_for_and_all_their_documents(story, audrey) -> None:
    _head, *rows = parsed(Query(account="20002", agreement="terms"), audrey)
    assert [(row[2], row[8], row[9]) for row in rows] == [
        ("20002", "terms", "2"),
        ("20002", "terms", "1"),
        ("20002", "fees", "1"),
    ]


def test_the_export_goes_on_past_one_page(agreement, petra, account, alice, audrey) -> None:
    version = publish(agreement, petra)
    receipts = [str(accept_versions(account, alice, version).entry.uid) for _ in range(PAGE + 2)]
    assert [row[0] for row in parsed(Query(), audrey)[1:]] == receipts[::-1]


def test_an_export_is_logged_with_what_was_asked_for_and_numbers_only_committed_to(story, audrey) -> None:
    parsed(Query(account="20002", actor="10001", agreement="terms", version=2, since=date(2026, 3, 1)), audrey)
    entry = Entry.objects.latest("pk")
    statement = json.loads(bytes(entry.statement))
    assert (entry.kind, entry.at) == ("audit.exported", NOON)
    assert statement["facts"] == {
        "auditor": audrey.pk,
        "asked": {"agreement": "terms", "version": "2", "since": "2026-03-01"},
    }
    personal = {d.field: d.value for d in entry.disclosures.all()}
    assert personal == {"auditor_qq": "60006", "account_qq": "20002", "actor_qq": "10001"}
    assert set(statement["commitments"]) == set(personal)


def test_an_export_is_logged_before_the_first_row_is_read(story, audrey) -> None:
    before = Entry.objects.count()
    export_csv(query=Query(), person=audrey, at=NOON)
    assert Entry.objects.count() == before + 1


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "  =1", " \t=1"]


@pytest.mark.parametrize("agent", FORMULAS)
def test_a_user_agent_is_no_formula_in_the_export(agreement, petra, account, alice, audrey, agent) -> None:
    accept(
        account=account,
        actor=alice,
        documents=[shown(publish(agreement, petra))],
        form_key=uuid4(),
        circumstances=Circumstances(language="en", address=agent, user_agent=agent),
        at=NOON,
    )
    row = parsed(Query(), audrey)[1]
    assert row[13:] == [f"'{agent}"] * 2


@pytest.mark.parametrize("value", ["Firefox/140.0", "", "1=1", 'a,b"c"\nd', "2001:db8::1", "中文"])
def test_what_is_no_formula_stays_as_it_is(value) -> None:
    assert harmless(value) == value


def test_odd_user_agents_survive_the_way_through_csv(agreement, petra, account, alice, audrey) -> None:
    agent = 'a "quoted", comma,\nnew line; 中文 \u2028'
    accept(
        account=account,
        actor=alice,
        documents=[shown(publish(agreement, petra))],
        form_key=uuid4(),
        circumstances=Circumstances(language="en", address="2001:db8::1", user_agent=agent),
        at=NOON,
    )
    assert parsed(Query(), audrey)[1][13:] == ["2001:db8::1", agent]


def test_an_erased_value_says_so_in_its_cell(story, audrey) -> None:
    for disclosure in story["bob"].entry.disclosures.filter(field__in=["address", "user_agent"]):
        disclosure.salt = disclosure.value = None
        disclosure.save()
    assert parsed(Query(actor="10001"), audrey)[1][13:] == ["erased", "erased"]
