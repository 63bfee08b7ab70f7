"""The pages of assent: what the accept page offers, what a click records, receipts, and since-when a reader compares."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.errors import NotAuthorised
from accounts.models import Account, CollaboratorGrant, Person, Scope
from agreements.models import Binds, Version
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.forms import document_value
from assent.models import Acceptance, Refusal
from evidence.models import Entry
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    EN,
    MONDAY,
    NOON,
    ZH,
    accept_versions,
    chinese,
    decision,
    english,
    make_agreement,
    make_draft,
    publish,
    queries_of,
    recorded,
    shown,
)

pytestmark = pytest.mark.usefixtures("noon")
TICK = timedelta(microseconds=1)


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def offered(response) -> list[str]:
    """The documents that the page has boxes for."""
    return [box["value"] for box in soup_of(response).select("input[type=checkbox][name=documents]")]


def posted(soup: BeautifulSoup, *titles: str) -> dict[str, object]:
    """What a browser posts from the first form of the accept page when the boxes with these labels are ticked."""
    form = soup.select_one("form.consent-decision")
    data: dict[str, object] = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    data["documents"] = [
        label.input["value"] for label in form.select("label.check") if any(title in words(label) for title in titles)
    ]
    return data


@pytest.fixture
def version(agreement, petra) -> Version:
    return publish(agreement, petra, texts={ZH: chinese(), EN: english()})


@pytest.fixture
def alices(client: Client, alice: Person) -> Client:
    client.force_login(alice)
    return client


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def assert_nothing_recorded(client: Client, data: dict, status: int, path: str = "/accept/"):
    before = recorded()
    response = client.post(path, data)
    assert (response.status_code, recorded()) == (status, before)
    return response


# What the accept page shows.


def test_what_waits_is_offered_with_unticked_boxes(alices, version, petra) -> None:
    other = publish(make_agreement(petra, slug="fees"), petra)
    announced = publish(version.agreement, petra, "第二版。", effective_at=NOON + DAY)
    response = alices.get("/accept/")
    assert offered(response) == [document_value(shown(v)) for v in (other, version, announced)]
    soup = soup_of(response)
    assert soup.select("[checked], [selected]") == []
    buttons = [words(form.select_one("button")) for form in soup.select("form.consent-decision")]
    assert buttons == ["同意并接受约束", "提前同意并接受约束"]
    assert words(soup.select_one("main h1")) == "2 份协议待 QQ 20002 同意"
    assert words(soup.select_one(".who")) == "您是 QQ 20002 的账户所有人。您的决定对该账户具有约束力（2.1.6）。"


def test_the_page_shows_the_very_text_and_lists_emphasised_clauses_before_the_button(alices, version) -> None:
    response = alices.get("/accept/")
    stored = version.texts.get(language=ZH)
    html = response.content.decode()
    assert stored.html in html
    (clause,) = soup_of(response).select(".clause-list li")
    assert words(clause) == "1.2 开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。"
    assert html.index("clause-list") < html.index(stored.html) < html.index("consent-decision")


def test_changes_since_the_version_accepted_before_are_shown(alices, version, account, alice, petra) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    publish(version.agreement, petra, "第二版。", at=MONDAY + DAY)
    third = publish(version.agreement, petra, "本协议适用于全体开发者。", at=MONDAY + 2 * DAY)
    (task,) = alices.get("/accept/").context["tasks"]
    assert (task.item.version, task.item.accepted_before) == (third, version)
    assert [(row.new_no, [piece[:2] for piece in row.pieces]) for row in task.changes] == [
        ("1.1", [("equal", "本协议适用于"), ("insert", "全体"), ("equal", "开发者。")])
    ]
    assert task.compare_url == "/agreements/terms/compare/1...3/"


def test_nothing_waiting_says_so(alices, version, account, alice) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    response = alices.get("/accept/")
    assert (offered(response), words(soup_of(response).select_one("main h1"))) == ([], "没有待同意的协议")


def test_who_has_no_account_is_told_how_to_begin(version, petra) -> None:
    response = client_of(petra).get("/accept/")
    assert (offered(response), words(soup_of(response).select_one("main h1"))) == ([], "先要有一个账户")


def test_a_collaborator_without_the_scope_may_read_but_has_no_button(version, alice, charlie) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=MONDAY)
    confirm_grant(grant=made, actor=charlie, at=MONDAY)
    client = client_of(charlie)
    client.post("/act-for/", {"account": alice.account.pk})
    response = client.get("/accept/")
    assert (offered(response), response.context["may_accept"]) == ([], False)
    assert [task.item.version for task in response.context["tasks"]] == [version]
    assert client.get("/accept/decline/").context["may_accept"] is False


def test_the_accept_page_takes_as_many_queries_for_three_agreements_as_for_one(
    alices, version, account, alice, petra
) -> None:
    def revise(version: Version) -> None:
        accept_versions(account, alice, version, at=MONDAY)
        publish(version.agreement, petra, "第二版。", at=MONDAY + DAY)

    revise(version)
    assert len(offered(alices.get("/accept/"))) == 1
    for_one = queries_of(lambda: alices.get("/accept/"))
    for slug in ("fees", "data"):
        revise(publish(make_agreement(petra, slug=slug), petra))
    assert len(offered(alices.get("/accept/"))) == 3
    assert queries_of(lambda: alices.get("/accept/")) == for_one


def test_the_accept_page_is_not_kept_by_caches(alices, version) -> None:
    for path in ("/accept/", "/accept/decline/", "/me/"):
        assert "no-store" in alices.get(path).headers["Cache-Control"]


# What a click records.


def test_a_click_records_what_was_ticked_and_leads_to_the_receipt(alices, version, account, alice, petra) -> None:
    publish(make_agreement(petra, slug="fees"), petra, texts={ZH: chinese(title="资费规则")})
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    response = alices.post("/accept/", data)
    accepted = Acceptance.objects.get()
    assert (response.status_code, response.url) == (302, f"/receipts/{accepted.entry.uid}/")
    line = accepted.lines.get()
    assert (accepted.account, accepted.actor, accepted.capacity, accepted.accepted_at) == (
        account,
        alice,
        "owner",
        NOON,
    )
    assert (str(accepted.form_key), line.version, line.text_sha256) == (
        data["form_key"],
        version,
        hashlib.sha256(chinese().encode()).hexdigest(),
    )


def test_the_text_of_the_chosen_language_is_what_is_recorded(alices, version) -> None:
    alices.cookies["django_language"] = "en"
    response = alices.post("/accept/", posted(soup_of(alices.get("/accept/")), "Developer Test Agreement"))
    assert response.status_code == 302
    line = Acceptance.objects.get().lines.get()
    stored = version.texts.get(language=EN)
    assert (line.language, line.text, line.text_sha256, line.html_sha256) == (
        "en",
        stored,
        hashlib.sha256(english().encode()).hexdigest(),
        hashlib.sha256(stored.html.encode()).hexdigest(),
    )
    assert json.loads(bytes(Entry.objects.latest("pk").statement))["facts"]["page_language"] == "en"


def test_a_page_in_one_language_may_be_sent_after_switching_to_the_other(alices, version) -> None:
    """What counts is the text that was shown, not the language of the answer."""
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    alices.cookies["django_language"] = "en"
    alices.post("/accept/", data)
    assert Acceptance.objects.get().lines.get().language == "zh-hans"


def test_a_double_click_is_one_acceptance_and_leads_to_one_receipt(alices, version) -> None:
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    first = alices.post("/accept/", data)
    before = recorded()
    second = alices.post("/accept/", data)
    assert (first.status_code, second.status_code, first.url, recorded()) == (302, 302, second.url, before)


def test_a_revision_in_force_between_view_and_click_records_nothing_and_shows_the_new_text(
    alices, version, agreement, petra
) -> None:
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    second = publish(agreement, petra, "第二版。", at=NOON)
    response = assert_nothing_recorded(alices, data, 409)
    assert offered(response) == [document_value(shown(second))]
    soup = soup_of(response)
    assert words(soup.select_one("[role=alert]")) == (
        "在您阅读期间，协议文本已经变化，没有记录任何同意。下面是现在的文本，请重新阅读后再决定。"
    )
    assert second.texts.get().html in response.content.decode()
    assert soup.select_one("input[name=form_key]")["value"] != data["form_key"]


def test_a_revision_announced_between_view_and_click_changes_nothing(alices, version, agreement, petra) -> None:
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    publish(agreement, petra, "第二版。", at=NOON, effective_at=NOON + TICK)
    assert alices.post("/accept/", data).status_code == 302
    line = Acceptance.objects.get().lines.get()
    assert (line.version, line.text_sha256) == (version, shown(version).text_sha256)


def test_a_withdrawal_between_view_and_click_records_nothing(alices, agreement, petra) -> None:
    announced = publish(agreement, petra, effective_at=NOON + DAY)
    data = posted(soup_of(alices.get("/accept/")), "开发者测试协议")
    withdraw_version(version=announced, actor=petra, at=NOON)
    assert offered(assert_nothing_recorded(alices, data, 409)) == []


def test_nothing_ticked_is_said_and_nothing_is_recorded(alices, version, account) -> None:
    response = assert_nothing_recorded(alices, decision(account), 400)
    assert words(soup_of(response).select_one("[role=alert]")) == "请先勾选您同意的协议。没有勾选，就没有记录任何同意。"
    assert len(offered(response)) == 1


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"number": 2}, 404),
        ({"number": 999_999_999}, 404),
        ({"slug": "unknown"}, 404),
        ({"slug": "draft"}, 404),
        ({"text_sha256": "0" * 64}, 409),
        ({"html_sha256": "0" * 64}, 409),
        ({"language": "fr"}, 409),
        ({"language": "en"}, 409),
    ],
)
def test_an_altered_document_records_nothing(alices, version, account, petra, path, changes, status) -> None:
    make_draft(make_agreement(petra, slug="draft"), petra)
    document = replace(shown(version), **changes)
    assert_nothing_recorded(alices, decision(account, document), status, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_a_superseded_or_withdrawn_version_records_nothing(alices, version, account, agreement, petra, path) -> None:
    publish(agreement, petra, "第二版。", at=NOON)
    third = publish(agreement, petra, "第三版。", at=NOON, effective_at=NOON + DAY)
    withdraw_version(version=third, actor=petra, at=NOON)
    for stale in (version, third):
        assert_nothing_recorded(alices, decision(account, shown(stale)), 409, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_a_drafts_id_is_no_version(alices, account, agreement, petra, path) -> None:
    draft = make_draft(agreement, petra)
    digest = hashlib.sha256(chinese().encode()).hexdigest()
    for key in {1, draft.pk, draft.texts.get().pk}:
        assert_nothing_recorded(alices, decision(account, f"terms {key} zh-hans {digest} {digest}"), 404, path)
        assert_nothing_recorded(alices, decision(account, str(key)), 400, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
@pytest.mark.parametrize(
    "document",
    [
        "",
        "terms",
        "1",
        "terms 1 zh-hans",
        "terms x zh-hans a b",
        "terms 1 zh-hans a b c",
        "te\0rms 1 zh-hans a b",
        "9" * 4000,
    ],
)
def test_a_malformed_document_records_nothing(alices, version, account, path, document) -> None:
    assert_nothing_recorded(alices, decision(account, document), 400, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_too_many_or_repeated_documents_record_nothing(alices, version, account, path) -> None:
    assert_nothing_recorded(
        alices, decision(account, *[replace(shown(version), number=n) for n in range(1, 102)]), 400, path
    )
    assert_nothing_recorded(alices, decision(account, shown(version), shown(version)), 400, path)
    assert_nothing_recorded(alices, decision(account, shown(version, ZH), shown(version, EN)), 400, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
@pytest.mark.parametrize(
    "changes",
    [
        {"form_key": None},
        {"form_key": "no-uuid"},
        {"form_key": "\0"},
        {"account": None},
        {"account": "x"},
        {"account": "-1"},
        {"account": "0"},
        {"account": str(2**63)},
        {"account": "1\0"},
    ],
)
def test_a_broken_form_records_nothing(alices, version, account, path, changes) -> None:
    data = decision(account, shown(version)) | changes
    assert_nothing_recorded(alices, {name: value for name, value in data.items() if value is not None}, 400, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_a_form_key_of_another_act_records_nothing(alices, version, account, alice, bob, charlie, petra, path) -> None:
    other = publish(make_agreement(petra, slug="fees"), petra)
    key = uuid4()
    assert alices.post(path, decision(account, shown(version), form_key=key)).status_code == 302
    for person, whose, document in [
        (bob, account, version),
        (charlie, charlie.account, version),
        (alice, account, other),
    ]:
        data = decision(whose, shown(document), form_key=key)
        assert_nothing_recorded(client_of(person), data, 409, path)


# Who may click.


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_somebody_elses_account_is_refused(version, account, charlie, petra, audrey, administrator, path) -> None:
    for person in (charlie, petra, audrey, administrator):
        response = assert_nothing_recorded(client_of(person), decision(account, shown(version)), 403, path)
        assert words(soup_of(response).select("main p")[0]) == str(NotAuthorised())


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_an_account_that_does_not_exist_is_refused_alike(alices, version, account, path) -> None:
    data = decision(account, shown(version)) | {"account": str(2**63 - 1)}
    assert_nothing_recorded(alices, data, 403, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_a_removed_collaborators_click_records_nothing(version, account, alice, bob, path) -> None:
    """The page was opened while the grant held."""
    client = client_of(bob)
    data = posted(soup_of(client.get("/accept/")), "开发者测试协议")
    end_grant(grant=CollaboratorGrant.objects.get(person=bob), actor=alice, at=NOON - TICK)
    assert_nothing_recorded(client, data, 403, path)


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_collaborator_without_scope_or_confirmation_records_nothing(
    version, account, alice, charlie, path, is_confirmed
) -> None:
    scopes = [Scope.SUBMIT_MATERIAL] if is_confirmed else list(Scope)
    made = grant(account=account, actor=alice, qq_number="30003", scopes=scopes, at=MONDAY)
    if is_confirmed:
        confirm_grant(grant=made, actor=charlie, at=MONDAY)
    assert_nothing_recorded(client_of(charlie), decision(account, shown(version)), 403, path)


def test_a_collaborators_click_binds_the_account_for_which_the_form_was_made(version, account, bob, alice) -> None:
    """Which account is chosen in the session decides what is shown; the form decides what is recorded."""
    own = Account.objects.create(owner=bob, opened_at=MONDAY)
    client = client_of(bob)
    client.post("/act-for/", {"account": account.pk})
    data = posted(soup_of(client.get("/accept/")), "开发者测试协议")
    client.post("/act-for/", {"account": own.pk})
    client.post("/accept/", data)
    accepted = Acceptance.objects.get()
    assert (accepted.account, accepted.actor, accepted.capacity) == (account, bob, "collaborator")


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_nobody_signed_in_is_led_to_sign_in(client, version, account, path) -> None:
    before = recorded()
    for method in ("get", "post"):
        response = getattr(client, method)(path, decision(account, shown(version)) if method == "post" else {})
        assert (response.status_code, response.url) == (302, f"/sign-in/?next={path}")
    assert recorded() == before


@pytest.mark.parametrize("path", ["/accept/", "/accept/decline/"])
def test_a_click_from_another_site_records_nothing(version, account, alice, path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert_nothing_recorded(client, decision(account, shown(version)), 403, path)


# Where a click comes from.


def personal(client: Client, version: Version, account: Account, **headers: str) -> tuple[str, str]:
    client.post("/accept/", decision(account, shown(version)), **headers)
    values = {d.field: d.value for d in Acceptance.objects.latest("pk").entry.disclosures.all()}
    return values["address"], values["user_agent"]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "198.51.100.9"),
        (0, "203.0.113.1", "198.51.100.9"),
        (0, "203.0.113.1, 10.0.0.1", "198.51.100.9"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "1.2.3.4, 203.0.113.1", "203.0.113.1"),
        (2, "1.2.3.4, 203.0.113.1, 10.0.0.1", "203.0.113.1"),
        (2, "203.0.113.1", "198.51.100.9"),
        (1, "", "198.51.100.9"),
        (1, " , ", "198.51.100.9"),
    ],
)
def test_the_address_is_that_of_the_connection_unless_our_proxies_say_otherwise(
    alices, version, account, settings, proxies, forwarded, address
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"REMOTE_ADDR": "198.51.100.9"} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})
    assert personal(alices, version, account, **headers)[0] == address


@pytest.mark.parametrize(
    ("agent", "stored"),
    [
        (None, ""),
        ("Firefox/140.0", "Firefox/140.0"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_the_user_agent_is_kept_as_it_came_up_to_a_thousand_characters(alices, version, account, agent, stored) -> None:
    headers = {} if agent is None else {"HTTP_USER_AGENT": agent}
    assert personal(alices, version, account, **headers)[1] == stored


# Declining.


def test_declining_states_the_consequences_and_is_confirmed_document_by_document(
    alices, version, account, alice
) -> None:
    soup = soup_of(alices.get("/accept/decline/"))
    assert len(soup.select(".consequence li")) == 5
    (form,) = soup.select("main form[action='/accept/decline/']")
    data = {field["name"]: field["value"] for field in form.select("input")}
    response = alices.post("/accept/decline/", data)
    refused = Refusal.objects.get()
    assert (response.status_code, response.url) == (302, "/accept/")
    assert (refused.account, refused.actor, refused.version, refused.refused_at) == (account, alice, version, NOON)
    assert Acceptance.objects.count() == 0
    assert len(offered(alices.get("/accept/"))) == 1


def test_a_refusal_is_not_offered_twice_and_acceptance_stays_possible(alices, version, account) -> None:
    alices.post("/accept/decline/", decision(account, shown(version)))
    assert soup_of(alices.get("/accept/decline/")).select("main form[action='/accept/decline/']") == []
    assert alices.post("/accept/", decision(account, shown(version))).status_code == 302
    assert_nothing_recorded(alices, decision(account, shown(version)), 409, "/accept/decline/")


def test_declining_needs_a_document(alices, version, account) -> None:
    assert_nothing_recorded(alices, decision(account), 400, "/accept/decline/")
    assert_nothing_recorded(alices, {}, 400, "/accept/decline/")


def test_one_click_declines_one_document(alices, version, account, petra) -> None:
    """A form with two documents is not one of ours: nothing is recorded rather than half of it."""
    other = publish(make_agreement(petra, slug="fees"), petra)
    assert_nothing_recorded(alices, decision(account, shown(version), shown(other)), 400, "/accept/decline/")


def test_who_acts_for_nobody_has_nothing_to_decline(version, petra) -> None:
    response = client_of(petra).get("/accept/decline/")
    assert (response.status_code, response.url) == (302, "/accept/")


# One's own acceptances.


def test_me_lists_the_accounts_acceptances_with_the_exact_text_of_each(
    alices, version, account, alice, bob, charlie, petra
) -> None:
    accept_versions(account, alice, version, at=MONDAY, language=EN)
    accept_versions(charlie.account, charlie, version, at=MONDAY)
    second = publish(version.agreement, petra, "第二版。", at=MONDAY + DAY)
    accept_versions(account, bob, second, at=MONDAY + 2 * DAY)
    rows = soup_of(alices.get("/me/")).select("tbody tr")
    assert [[words(row.select("td")[2]), row.select_one(".lines a")["href"]] for row in rows] == [
        ["QQ 10001 协作者", "/agreements/terms/versions/2/?text=zh-hans"],
        ["QQ 20002 账户所有人", "/agreements/terms/versions/1/?text=en"],
    ]
    receipts = [f"/receipts/{a.entry.uid}/" for a in account.acceptances.order_by("-pk")]
    assert [row.select_one("a.button")["href"] for row in rows] == receipts


def test_a_collaborator_sees_own_acts_only(version, account, alice, bob) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    own = accept_versions(account, bob, version, at=MONDAY)
    assert list(client_of(bob).get("/me/").context["acceptances"]) == [own]


def test_me_lists_refusals_all_for_the_owner_and_their_own_for_a_collaborator(
    alices, version, account, alice, bob
) -> None:
    for actor in (alice, bob):
        refuse(
            account=account,
            actor=actor,
            document=shown(version),
            form_key=uuid4(),
            circumstances=CIRCUMSTANCES,
            at=MONDAY,
        )
    clients = (alices, client_of(bob))
    lists = [soup_of(client.get("/me/")).select("[aria-labelledby=refusals] tbody tr") for client in clients]
    assert [[row.select_one(".digits").get_text() for row in rows] for rows in lists] == [["10001", "20002"], ["10001"]]


def test_me_of_who_acts_for_nobody_is_empty(version, account, alice, petra) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    assert list(client_of(petra).get("/me/").context["acceptances"]) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_me_takes_as_many_queries_for_three_rows_as_for_one(
    alices, version, account, alice, rows, django_assert_num_queries
) -> None:
    for _ in range(rows):
        accept_versions(account, alice, version, at=MONDAY)
    with django_assert_num_queries(18):
        assert len(soup_of(alices.get("/me/")).select("tbody tr")) == rows


def test_me_pages_by_twenty(alices, version, account, alice) -> None:
    keys = [accept_versions(account, alice, version, at=MONDAY).pk for _ in range(21)]
    pages = [[a.pk for a in alices.get(f"/me/?page={page}").context["acceptances"]] for page in ("1", "2", "x", "99")]
    assert pages == [keys[:0:-1], keys[:1], keys[:0:-1], keys[:1]]


# Since when a reader compares.


def leads_to(client: Client, query: str = "") -> str:
    response = client.get(f"/agreements/terms/compare/{query}")
    assert response.status_code == 302
    return response.url


def says(client: Client) -> tuple[str, str]:
    """Which pair the page shows, and what it says of it."""
    response = client.get("/agreements/terms/compare/")
    assert response.status_code == 200
    pair = f"{response.context['old'].number}...{response.context['new'].number}"
    return pair, words(soup_of(response).select_one(".lede")).replace(" ", "")


@pytest.fixture
def three(agreement, petra) -> list[Version]:
    return [publish(agreement, petra, f"第 {n} 版。", at=MONDAY + n * DAY) for n in (1, 2, 3)]


def test_the_comparison_of_who_is_not_signed_in_is_with_the_version_before(client, three) -> None:
    assert leads_to(client) == "/agreements/terms/compare/2...3/"


def test_the_comparison_of_a_reader_is_with_the_version_that_the_account_accepted(
    alices, three, account, alice, bob, charlie
) -> None:
    accept_versions(account, bob, three[0], at=MONDAY + DAY)
    assert says(alices) == ("1...3", "您的账户同意的是第1版。以下是它到第3版的改动。")
    assert says(client_of(bob)) == ("1...3", "QQ20002的账户同意的是第1版。以下是它到第3版的改动。")
    assert leads_to(client_of(charlie)) == "/agreements/terms/compare/2...3/"
    accept_versions(account, alice, three[2], at=MONDAY + 3 * DAY)
    assert says(alices) == ("1...3", "您的账户同意的是第1版。第3版也已同意；以下是两版之间的改动。")


def test_the_reading_page_leads_to_the_changes_since_what_was_accepted_while_a_newer_version_waits(
    alices, three, account, alice
) -> None:
    def ways() -> list[str]:
        return [words(link) for link in soup_of(alices.get("/agreements/terms/")).select('a[href$="/compare/"]')]

    assert ways() == []
    accept_versions(account, alice, three[0], at=MONDAY + DAY)
    assert ways() == ["自账户同意的第 1 版以来的改动"]
    accept_versions(account, alice, three[2], at=MONDAY + 3 * DAY)
    assert ways() == []


def test_the_comparison_where_each_person_is_bound_is_with_the_readers_own(petra, account, alice, bob) -> None:
    agreement = make_agreement(petra, binds=Binds.PERSON, slug="terms")
    three = [publish(agreement, petra, f"第 {n} 版。", at=MONDAY + n * DAY) for n in (1, 2, 3)]
    accept_versions(account, bob, three[0], at=MONDAY + DAY)
    assert says(client_of(bob)) == ("1...3", "您同意的是第1版。以下是它到第3版的改动。")
    assert leads_to(client_of(alice)) == "/agreements/terms/compare/2...3/"


def test_the_readers_comparison_is_private_and_the_pinned_one_says_nothing_of_the_reader(
    alices, three, account, alice
) -> None:
    accept_versions(account, alice, three[0], at=MONDAY + DAY)
    response = alices.get("/agreements/terms/compare/")
    assert "no-store" in response.headers["Cache-Control"]
    [pinned] = [a["href"] for a in soup_of(response).select("main a") if "固定网址" in a.get_text()]
    assert pinned == "/agreements/terms/compare/1...3/"
    lede = words(soup_of(alices.get(pinned)).select_one(".lede"))
    anybodys = Client().get(pinned)
    assert lede == words(soup_of(anybodys).select_one(".lede")) == "第 1 版到第 3 版的改动"
    assert "Cache-Control" not in anybodys.headers


def test_the_readers_comparison_keeps_its_address_when_it_is_looked_at_otherwise(alices, three, account, alice) -> None:
    accept_versions(account, alice, three[0], at=MONDAY + DAY)
    response = alices.get("/agreements/terms/compare/?view=side&show=all")
    assert (response.status_code, response.context["look"].view, response.context["look"].show) == (200, "side", "all")
    assert soup_of(response).select_one(".switch a")["href"] == "?show=all"


def test_the_comparison_reaches_the_newest_public_version(client, three, agreement, petra) -> None:
    publish(agreement, petra, "第四版。", at=MONDAY + 4 * DAY, effective_at=NOON + DAY)
    fifth = publish(agreement, petra, "第五版。", at=MONDAY + 5 * DAY, effective_at=NOON + 2 * DAY)
    withdraw_version(version=fifth, actor=petra, at=MONDAY + 6 * DAY)
    assert leads_to(client) == "/agreements/terms/compare/3...4/"


def test_an_early_accepted_and_withdrawn_version_is_not_what_a_reader_compares_with(
    alices, three, agreement, petra, account, alice
) -> None:
    accept_versions(account, alice, three[0], at=MONDAY + DAY)
    fourth = publish(agreement, petra, "第四版。", at=MONDAY + 4 * DAY, effective_at=NOON + DAY)
    accept_versions(account, alice, fourth, at=MONDAY + 4 * DAY)
    withdraw_version(version=fourth, actor=petra, at=MONDAY + 5 * DAY)
    publish(agreement, petra, "第五版。", at=MONDAY + 6 * DAY)
    assert says(alices) == ("1...5", "您的账户同意的是第1版。以下是它到第5版的改动。")


def test_the_only_version_is_compared_with_itself(client, agreement, petra) -> None:
    publish(agreement, petra)
    assert leads_to(client) == "/agreements/terms/compare/1...1/"


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("?old=1&new=2", "1...2"),
        ("?old=3&new=1", "3...1"),
        ("?old=7&new=9", "7...9"),
        ("?old=1", "2...3"),
        ("?old=0&new=1", "2...3"),
        ("?old=01&new=1", "2...3"),
        ("?old=1234567&new=1", "2...3"),
        ("?old=２&new=1", "2...3"),
        ("?old=x&new=%00", "2...3"),
        ("?old=//evil.example&new=1", "2...3"),
    ],
)
def test_a_pair_may_be_asked_for(client, three, query, target) -> None:
    assert leads_to(client, query) == f"/agreements/terms/compare/{target}/"


def test_without_a_public_version_there_is_nothing_to_compare(client, agreement, petra) -> None:
    assert client.get("/agreements/terms/compare/").status_code == 404
    withdraw_version(version=publish(agreement, petra, effective_at=NOON + DAY), actor=petra, at=MONDAY)
    assert client.get("/agreements/terms/compare/").status_code == 404
    assert client.get("/agreements/unknown/compare/").status_code == 404
