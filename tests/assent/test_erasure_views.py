"""The administrator's pages of erasure, and what an erased number looks like everywhere else."""

import csv
import io

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.appointing import end_role
from accounts.closing import close_account
from accounts.collaborating import end_grant, grant
from accounts.joining import sign_up
from accounts.models import CollaboratorGrant, Person, Role, Scope
from agreements.models import Agreement, LegalProfile
from assent.erasing import erase_person
from assent.models import Acceptance
from evidence.models import Entry
from tests.conftest import PASSWORD
from tests.support import DAY, MONDAY, accept_versions, publish, recorded

pytestmark = pytest.mark.usefixtures("noon")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def desk(administrator) -> Client:
    """The administrator's browser."""
    return signed_in(administrator)


@pytest.fixture
def accepted(agreement, petra, alice, bob) -> Acceptance:
    """What bob accepted for alice under an agreement that keeps nobody; then he left."""
    Agreement.objects.update(legal_profile=LegalProfile.NONE)
    made = accept_versions(alice.account, bob, publish(agreement, petra), at=MONDAY)
    end_grant(grant=CollaboratorGrant.objects.get(), actor=bob, at=MONDAY)
    return made


def test_a_number_is_found_by_post_and_leads_to_its_page(desk, alice) -> None:
    assert desk.post("/people/erase/", {"qq_number": "20002"})["Location"] == f"/people/{alice.pk}/erase/"
    assert desk.post("/people/erase/", {"qq_number": "80008"}).status_code == 422
    assert desk.post("/people/erase/", {"qq_number": "x"}).status_code == 422


def test_the_page_says_what_would_go_and_why_not_yet(desk, accepted, alice) -> None:
    soup = soup_of(desk.get(f"/people/{alice.pk}/erase/"))
    assert [words(row) for row in soup.select("tbody tr")] == ["账户 QQ 4", "操作 QQ 1", "注册、开户的 QQ 2"]
    assert "6 条日志记录旁的 7 项个人信息：" in words(soup.select_one("main"))
    assert "请本人先在“我的账户”注销开发者账户。" in words(soup.select_one(".notice.is-refused"))
    assert soup.select("main form") == []


def test_who_may_be_erased_is_erased_once_the_number_is_typed(desk, accepted, alice, bob) -> None:
    close_account(account=alice.account, actor=alice, at=MONDAY)
    path, before = f"/people/{bob.pk}/erase/", recorded()
    assert soup_of(desk.get(path)).select(".notice.is-refused") == []
    for typed in ("", "20002", "x"):
        assert desk.post(path, {"qq_number": typed}).status_code == 422
    assert recorded() == before
    answer = desk.post(path, {"qq_number": "10001"}, follow=True)
    entry = Entry.objects.get(kind="person.erased")
    assert answer.redirect_chain == [("/people/erase/", 302)]
    assert [words(row) for row in soup_of(answer).select("tbody tr")] == [
        f"2026年4月1日 12:00（UTC+8） {bob.pk} {entry.uid}"
    ]
    page = soup_of(desk.get(path))
    assert (words(page.h1), page.select("main form")) == ("此人的个人信息已经删除。", [])
    assert desk.post(path, {"qq_number": "10001"}).status_code == 422


def test_a_typed_number_does_not_help_against_a_refusal(desk, alice) -> None:
    before = recorded()
    answer = desk.post(f"/people/{alice.pk}/erase/", {"qq_number": "20002"})
    assert (answer.status_code, recorded()) == (409, before)
    assert desk.get("/people/987654/erase/").status_code == 404


# An erased number elsewhere


@pytest.fixture
def erased(accepted, alice, bob, administrator) -> str:
    """What stands in bob's place once he is erased."""
    close_account(account=alice.account, actor=alice, at=MONDAY)
    entry = erase_person(person=bob, actor=administrator, at=MONDAY + DAY)
    return f"已删除 2026年3月3日 10:00（UTC+8） 日志记录 {entry.uid}"


def test_receipt_and_records_say_when_and_by_which_entry_a_number_was_erased(
    erased, accepted, account, alice, bob, audrey
) -> None:
    owner, auditor = signed_in(alice), signed_in(audrey)
    facts = soup_of(owner.get(accepted.get_absolute_url())).select("dl.facts dd")
    bob.refresh_from_db()
    gone = f"（号码已于 2026-03-03 删除，记录 {bob.erasure}）（使用者编号 {bob.pk}）"
    assert [words(fact) for fact in facts[:2]] == [f"QQ 20002（账户编号 {account.pk}）", gone]
    assert f"{erased} 协作者" in words(soup_of(owner.get("/me/")).select_one("tbody tr"))
    cells = soup_of(auditor.get("/audit/")).select("tbody td")
    assert [words(cell) for cell in cells[1:3]] == ["20002", erased]
    personal = soup_of(auditor.get(f"/audit/{accepted.entry.uid}/")).select("[aria-labelledby=personal] dd")
    assert [words(value) for value in personal] == ["20002", erased, erased, erased]


def test_the_export_says_so_in_each_cell(erased, accepted, audrey, bob) -> None:
    stream = signed_in(audrey).post("/audit/export.csv").streaming_content
    row = list(csv.reader(io.StringIO(b"".join(stream).decode("utf-8-sig"), newline="")))[1]
    bob.refresh_from_db()
    cell = f"erased 2026-03-03T02:00:00.000000Z {bob.erasure}"
    assert (row[2], row[3], row[13], row[14]) == ("20002", cell, cell, cell)


def test_the_list_of_grants_says_so(erased, alice) -> None:
    rows = soup_of(signed_in(alice).get("/collaborators/")).select("tbody tr")
    assert (words(rows[0].th), words(rows[0]).count(erased)) == (erased, 2)


def test_the_list_of_roles_says_so(petra, arno, administrator) -> None:
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=MONDAY)
    entry = erase_person(person=petra, actor=administrator, at=MONDAY.replace(year=2029))
    rows = soup_of(signed_in(administrator).get("/roles/")).select("tbody tr")
    assert [words(row.th) for row in rows] == ["50005", f"已删除 2029年3月2日 10:00（UTC+8） 日志记录 {entry.uid}"]


def test_a_grant_to_an_erased_owners_account_says_so(alice, charlie, administrator) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=MONDAY)
    close_account(account=alice.account, actor=alice, at=MONDAY)
    entry = erase_person(person=alice, actor=administrator, at=MONDAY + DAY)
    row = soup_of(signed_in(charlie).get("/collaborators/")).select_one("[aria-labelledby=received] tbody tr")
    assert words(row.th) == f"已删除 2026年3月3日 10:00（UTC+8） 日志记录 {entry.uid}"
    assert made.pk


# What the owner of a closed account sees


def test_who_closed_the_own_account_still_reads_its_records(agreement, petra, alice, bob) -> None:
    version = publish(agreement, petra)
    mine = accept_versions(alice.account, bob, version, at=MONDAY)
    close_account(account=alice.account, actor=alice, at=MONDAY + DAY)
    owner = signed_in(alice)
    page = soup_of(owner.get("/me/"))
    assert [link["href"] for link in page.select("tbody .button")] == [mine.get_absolute_url()]
    assert owner.get(mine.get_absolute_url()).status_code == 200
    assert "账户已注销" in words(page.select_one("main"))


def test_who_also_acts_for_another_reaches_both(agreement, petra, alice, bob, charlie) -> None:
    version = publish(agreement, petra)
    mine = accept_versions(alice.account, alice, version, at=MONDAY)
    made = grant(account=charlie.account, actor=charlie, qq_number="20002", scopes=list(Scope), at=MONDAY)
    CollaboratorGrant.objects.filter(pk=made.pk).update(confirmed_at=MONDAY)
    theirs = accept_versions(charlie.account, alice, version, at=MONDAY)
    close_account(account=alice.account, actor=alice, at=MONDAY + DAY)
    owner = signed_in(alice)
    found = {
        path: [link["href"] for link in soup_of(owner.get(path)).select("tbody .button")]
        for path in ("/me/", "/me/?closed")
    }
    assert found == {"/me/": [theirs.get_absolute_url()], "/me/?closed": [mine.get_absolute_url()]}
    assert soup_of(owner.get("/me/")).select_one("main a[href='/me/?closed']")


def test_the_accept_page_says_that_the_account_is_closed(agreement, petra, alice) -> None:
    version = publish(agreement, petra)
    close_account(account=alice.account, actor=alice, at=MONDAY)
    owner = signed_in(alice)
    page = soup_of(owner.get("/accept/"))
    assert (words(page.h1), page.select("main form")) == ("您的账户已经注销", [])
    before = recorded()
    account = alice.account
    answer = owner.post("/accept/", {"account": account.pk, "form_key": "7d2c1ab0-3df6-4c19-8ad5-27cf35e7a1f1"})
    assert (answer.status_code, recorded()) == (400, before)
    assert version.pk


def test_sign_up_again_with_an_erased_number(erased, bob) -> None:
    again = sign_up(qq_number="10001", password=PASSWORD, with_account=True, at=MONDAY + 2 * DAY)
    assert (again.pk != bob.pk, signed_in(again).get("/me/").context["acceptances"].count()) == (True, 0)
