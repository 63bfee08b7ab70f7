"""The auditor's pages: who may open them, what they show for a filter, paging, one record, and the export by POST."""

import csv
import io
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from assent.auditing import PAGE
from assent.models import Acceptance
from evidence.models import Entry
from tests.support import DAY, MONDAY, accept_versions, decision, make_agreement, publish, recorded, shown

pytestmark = pytest.mark.usefixtures("noon")


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


@pytest.fixture
def audreys(audrey) -> Client:
    client = Client()
    client.force_login(audrey)
    return client


@pytest.fixture
def story(agreement, petra, alice, bob, charlie) -> list[Acceptance]:
    first = publish(agreement, petra)
    second = publish(agreement, petra, "第二版。", at=MONDAY + 2 * DAY)
    fees = publish(make_agreement(petra, slug="fees"), petra)
    return [
        accept_versions(alice.account, alice, first, at=MONDAY),
        accept_versions(alice.account, bob, second, at=MONDAY + 3 * DAY),
        accept_versions(charlie.account, charlie, second, fees, at=MONDAY + 4 * DAY),
    ]


def listed(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/audit/{query}")
    assert response.status_code == 200
    return [row.select_one("a")["href"] for row in soup_of(response).select("tbody tr")]


def test_the_list_has_a_row_per_act_the_newest_first(audreys, story) -> None:
    rows = [[words(cell) for cell in row.select("td")] for row in soup_of(audreys.get("/audit/")).select("tbody tr")]
    assert [row[:4] + row[5:] for row in rows] == [
        ["2026年3月6日 10:00（UTC+8）", "30003", "30003", "账户所有人", "明示同意", str(story[2].entry.uid)],
        ["2026年3月5日 10:00（UTC+8）", "20002", "10001", "协作者", "明示同意", str(story[1].entry.uid)],
        ["2026年3月2日 10:00（UTC+8）", "20002", "20002", "账户所有人", "明示同意", str(story[0].entry.uid)],
    ]
    assert [row[4].count("第") for row in rows] == [2, 1, 1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [2, 1, 0]),
        ("?account=20002", [1, 0]),
        ("?actor=10001", [1]),
        ("?agreement=fees", [2]),
        ("?version=1", [2, 0]),
        ("?agreement=terms&version=1", [0]),
        ("?basis=express", [2, 1, 0]),
        ("?since=2026-03-05", [2, 1]),
        ("?until=2026-03-05", [1, 0]),
        ("?account=20002&actor=10001&agreement=terms&version=2&basis=express&since=2026-03-05&until=2026-03-05", [1]),
        ("?account=99999", []),
        ("?unknown=1", [2, 1, 0]),
    ],
)
def test_each_filter_narrows_the_list(audreys, story, query, expected) -> None:
    assert listed(audreys, query) == [f"/audit/{story[index].entry.uid}/" for index in expected]


@pytest.mark.parametrize(
    "query",
    [
        "?account=1",
        "?account=x",
        "?actor=0123456",
        "?agreement=unknown",
        "?agreement=%00",
        "?version=0",
        "?version=x",
        "?version=99999999999999999999",
        "?basis=deemed",
        "?since=2026-02-30",
        "?until=x",
        "?account=20002%00",
    ],
)
def test_a_malformed_filter_shows_no_row_rather_than_all(audreys, story, query) -> None:
    response = audreys.get(f"/audit/{query}")
    assert (response.status_code, soup_of(response).select("tbody tr")) == (422, [])


@pytest.mark.parametrize("query", ["?since=0001-01-01", "?until=9999-12-31", "?since=0001-01-01&until=9999-12-31"])
def test_absurd_days_are_days(audreys, story, query) -> None:
    assert len(listed(audreys, query)) == 3


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "１", "\0", "9" * 19, "9" * 5000])
def test_an_absurd_place_to_go_on_from_begins_at_the_newest(audreys, story, before) -> None:
    response = audreys.get("/audit/", {"before": before})
    assert (response.status_code, len(response.context["rows"])) == (200, 3)


def test_links_lead_through_all_pages_without_gap_or_repeat_and_keep_the_filter(
    audreys, agreement, petra, account, alice, charlie
) -> None:
    version = publish(agreement, petra)
    accepted = [accept_versions(account, alice, version, at=MONDAY) for _ in range(PAGE + 2)]
    accept_versions(charlie.account, charlie, version, at=MONDAY)
    path, seen = "/audit/?account=20002", []
    while path:
        soup = soup_of(audreys.get(path))
        seen += [row.select_one("a")["href"] for row in soup.select("tbody tr")]
        link = soup.select_one("a[rel=next]")
        path = f"/audit/{link['href']}" if link else ""
    assert seen == [f"/audit/{a.entry.uid}/" for a in reversed(accepted)]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_as_many_queries_for_three_rows_as_for_one(
    audreys, agreement, petra, account, alice, rows, django_assert_num_queries
) -> None:
    version = publish(agreement, petra)
    for _ in range(rows):
        accept_versions(account, alice, version, at=MONDAY)
    with django_assert_num_queries(14):
        assert len(listed(audreys)) == rows


def test_a_record_shows_every_fact_and_personal_value(audreys, story, bob) -> None:
    accepted = story[1]
    soup = soup_of(audreys.get(f"/audit/{accepted.entry.uid}/"))
    facts = [words(value) for value in soup.select("dl.facts dd")]
    for fact in (
        "QQ 20002",
        "QQ 10001",
        "协作者",
        "2026年3月5日 10:00（UTC+8）",
        str(accepted.form_key),
        "203.0.113.7",
        "Firefox/140.0",
        bytes(accepted.entry.leaf_hash).hex(),
    ):
        assert fact in facts
    line = accepted.lines.get()
    assert [words(digest) for digest in soup.select("dl.digests dd")] == [line.text_sha256, line.html_sha256]
    assert soup.select_one("pre.statement").get_text() == bytes(accepted.entry.statement).decode()


def test_an_erased_value_is_shown_as_erased(audreys, story) -> None:
    for disclosure in story[1].entry.disclosures.filter(field="address"):
        disclosure.salt = disclosure.value = None
        disclosure.save()
    soup = soup_of(audreys.get(f"/audit/{story[1].entry.uid}/"))
    values = [words(value) for value in soup.select("[aria-labelledby=personal] dd")]
    assert values == ["20002", "10001", "已删除", "Firefox/140.0"]


def test_an_unknown_record_or_the_entry_of_another_act_is_404(audreys, story) -> None:
    published = Entry.objects.filter(kind="version.published").first()
    assert [audreys.get(f"/audit/{uid}/").status_code for uid in (uuid4(), published.uid)] == [404, 404]


def test_a_hostile_user_agent_is_shown_as_words(audreys, agreement, petra, alice) -> None:
    version = publish(agreement, petra)
    client = Client()
    client.force_login(alice)
    agent = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    client.post("/accept/", decision(alice.account, shown(version)), HTTP_USER_AGENT=agent)
    soup = soup_of(audreys.get(f"/audit/{Acceptance.objects.get().entry.uid}/"))
    assert agent in [words(value) for value in soup.select("[aria-labelledby=personal] dd")]
    assert soup.select("main script, main img, [onerror]") == []


# The export.


def exported(client: Client, data: dict | None = None) -> list[list[str]]:
    response = client.post("/audit/export.csv", data or {})
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(response.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_the_export_has_what_the_filter_finds_and_is_logged(audreys, story) -> None:
    before = Entry.objects.count()
    rows = exported(audreys, {"account": "20002"})
    assert [row[0] for row in rows[1:]] == [str(story[1].entry.uid), str(story[0].entry.uid)]
    assert (Entry.objects.count(), Entry.objects.latest("pk").kind) == (before + 1, "audit.exported")


def test_the_form_of_the_list_exports_what_is_listed(audreys, story) -> None:
    soup = soup_of(audreys.get("/audit/?actor=10001&agreement=terms&version=2&until=2026-03-05"))
    form = soup.select_one("form[action='/audit/export.csv']")
    data = {field["name"]: field["value"] for field in form.select("input[type=hidden]") if "csrf" not in field["name"]}
    assert data == {"actor": "10001", "agreement": "terms", "version": "2", "until": "2026-03-05"}
    assert [row[0] for row in exported(audreys, data)[1:]] == [str(story[1].entry.uid)]


def test_the_export_is_a_file_named_for_its_moment(audreys, story) -> None:
    response = audreys.post("/audit/export.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="acceptances-20260401T040000Z.csv"'
    assert response.streaming


def test_the_head_of_the_export_is_in_the_language_of_the_page(audreys, story) -> None:
    audreys.cookies["django_language"] = "zh-hans"
    assert exported(audreys)[0][0] == "回执编号"


def test_the_export_neutralises_formulas_of_a_click(audreys, agreement, petra, alice) -> None:
    version = publish(agreement, petra)
    client = Client()
    client.force_login(alice)
    agents = ["=1+1", "+1", "-1", "@x", "\t=1", "＝1+1", "plain"]
    for agent in agents:
        client.post("/accept/", decision(alice.account, shown(version)), HTTP_USER_AGENT=agent)
    column = [row[14] for row in exported(audreys)[:0:-1]]
    assert column == [agent if agent == "plain" else f"'{agent}" for agent in agents]


def test_reading_the_export_by_get_is_refused_and_not_logged(audreys, story) -> None:
    before = recorded()
    for path in ("/audit/export.csv", "/audit/export.csv?account=20002"):
        assert [audreys.get(path).status_code, audreys.head(path).status_code] == [405, 405]
    assert recorded() == before


def test_a_malformed_filter_exports_and_logs_nothing(audreys, story) -> None:
    before = recorded()
    assert audreys.post("/audit/export.csv", {"since": "2026-02-30"}).status_code == 422
    assert recorded() == before


def test_others_are_refused_and_nothing_is_logged(story, alice, bob, petra, arno, administrator) -> None:
    before = recorded()
    for person in (alice, bob, petra, arno, administrator):
        client = Client()
        client.force_login(person)
        statuses = [
            client.get("/audit/").status_code,
            client.get(f"/audit/{story[0].entry.uid}/").status_code,
            client.get(f"/audit/{uuid4()}/").status_code,
            client.post("/audit/export.csv").status_code,
        ]
        assert statuses == [403] * 4
    assert recorded() == before


def test_who_is_not_signed_in_is_led_to_sign_in(client, story) -> None:
    for path in ("/audit/", f"/audit/{story[0].entry.uid}/"):
        assert client.get(path).url == f"/sign-in/?next={path}"
    assert client.post("/audit/export.csv").url == "/sign-in/?next=/audit/export.csv"
