"""The auditor's page of legal holds: list, place, lift."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.joining import sign_up
from accounts.models import Person
from assent.erasing import erase_person
from assent.legal_holds import lift_hold, place_hold
from assent.models import LegalHold
from tests.conftest import PASSWORD
from tests.support import DAY, MONDAY, NOON, queries_of, recorded

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def audreys(audrey) -> Client:
    client = Client()
    client.force_login(audrey)
    return client


def rows(response) -> list[str]:
    soup = BeautifulSoup(response.content.decode(), "html.parser")
    return [" ".join(row.get_text(" ").split()) for row in soup.select("tbody tr")]


def test_a_hold_is_placed_and_listed(audreys, alice) -> None:
    answer = audreys.post("/audit/holds/", {"qq_number": "20002", "reason": "<b>甲诉乙</b>"}, follow=True)
    assert answer.redirect_chain == [("/audit/holds/", 302)]
    assert rows(answer) == ["20002 保全中 作出于 2026年4月1日 12:00（UTC+8） QQ 60006 <b>甲诉乙</b> 解除…"]
    hold = LegalHold.objects.get()
    assert (hold.person, hold.placed_at, hold.placed_for) == (alice, NOON, "<b>甲诉乙</b>")


def test_a_number_that_was_only_invited_can_be_held(audreys) -> None:
    Person.objects.create(qq_number="70007", password="!")
    assert audreys.post("/audit/holds/", {"qq_number": "70007", "reason": "诉讼"}).status_code == 302
    assert LegalHold.objects.get().person.qq_number == "70007"


@pytest.mark.parametrize(
    "values", [{"reason": ""}, {"qq_number": "20002"}, {"reason": "诉讼"}, {"qq_number": "80008", "reason": "诉讼"}]
)
def test_a_form_that_lacks_something_holds_nobody(values, audreys, alice) -> None:
    before = recorded()
    answer = audreys.post("/audit/holds/", values)
    assert (answer.status_code, recorded(), LegalHold.objects.count()) == (422, before, 0)
    assert BeautifulSoup(answer.content.decode(), "html.parser").select_one("[role=alert]")


def test_a_hold_is_lifted_with_a_reason(audreys, audrey, alice) -> None:
    hold = place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
    path = f"/audit/holds/{hold.pk}/lift/"
    assert "诉讼" in audreys.get(path).content.decode()
    assert audreys.post(path, {"reason": " "}).status_code == 422
    answer = audreys.post(path, {"reason": "结案"}, follow=True)
    assert rows(answer) == [
        "20002 已解除 作出于 2026年3月2日 10:00（UTC+8） QQ 60006 诉讼 解除于 2026年4月1日 12:00（UTC+8） QQ 60006 结案"
    ]
    assert [audreys.get(path).status_code, audreys.post(path, {"reason": "结案"}).status_code] == [409, 409]
    assert audreys.get("/audit/holds/987654/lift/").status_code == 404


def test_an_erased_person_is_listed_without_number_or_reason(audreys, audrey, administrator) -> None:
    gone = sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=MONDAY)
    lift_hold(
        hold=place_hold(person=gone, reason="诉讼", actor=audrey, at=MONDAY), reason="结案", actor=audrey, at=MONDAY
    )
    entry = erase_person(person=gone, actor=administrator, at=MONDAY + DAY)
    [row] = rows(audreys.get("/audit/holds/"))
    assert row == (
        f"已删除 2026年3月3日 10:00（UTC+8） 日志记录 {entry.uid} 已解除 作出于 2026年3月2日 10:00（UTC+8） QQ 60006 已删除 "
        "解除于 2026年3月2日 10:00（UTC+8） QQ 60006 已删除"
    )


def test_the_list_takes_as_many_queries_for_three_rows_as_for_one(audreys, audrey, alice) -> None:
    counts = []
    for number in (1, 2):
        for _ in range(number):
            hold = place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
            lift_hold(hold=hold, reason="结案", actor=audrey, at=MONDAY)
        counts.append(queries_of(lambda: audreys.get("/audit/holds/")))
    assert counts == [15, 15]


def test_holds_come_in_pages(audreys, audrey, alice) -> None:
    for _ in range(51):
        place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
    assert [len(rows(audreys.get(f"/audit/holds/?page={page}"))) for page in (1, 2)] == [50, 1]
