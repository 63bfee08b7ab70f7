"""Closing an account, holding and erasing a person, in a browser: wide and narrow, in both languages."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Person
from agreements.models import Agreement, LegalProfile
from assent.models import Acceptance
from tests.browser.test_story import Walk, no_sideways_scrolling, only_english_around_the_text
from tests.support import accept_versions, make_agreement, publish

CHINESE = {"closed": "您的账户已经注销", "held": "有尚未解除的法律保全", "erased": "已删除"}
ENGLISH = {"closed": "Your account is closed", "held": "There is a legal hold", "erased": "Erased"}


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize(("language", "words"), [("zh-hans", CHINESE), ("en", ENGLISH)])
def test_close_hold_lift_and_erase(
    language: str,
    words: dict[str, str],
    width: int,
    open_page: Callable[..., Page],
    screenshot: Callable[[Page, str], None],
    check_accessibility: Callable[[Page], None],
    alice: Person,
    bob: Person,
    petra: Person,
    audrey: Person,
    administrator: Person,
    password: str,
) -> None:
    agreement = make_agreement(petra)
    Agreement.objects.update(legal_profile=LegalProfile.NONE)
    accept_versions(alice.account, alice, publish(agreement, petra))
    looks = [no_sideways_scrolling, lambda page, _name: check_accessibility(page), screenshot]
    if language == "en":
        looks.append(only_english_around_the_text)

    def visitor(name: str, number: str) -> Walk:
        page = open_page(width=width)
        if language == "en":
            page.goto("/")
            page.get_by_role("button", name="English").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
        walk = Walk(page, f"leaving-{language}-{width}-{name}", looks)
        walk.sign_in(number, password)
        return walk

    # The administrator finds that alice cannot be erased yet; she closes her account.
    desk = visitor("administrator", "90009")
    page = desk.go("/people/erase/")
    page.fill("[name=qq_number]", "20002")
    desk.submit("/people/erase/")
    expect(page.locator(".notice.is-refused")).to_be_visible()
    path = page.url
    owner = visitor("alice", "20002")
    owner.go("/profile/")
    page = owner.go("/account/close/")
    page.fill("[name=qq_number]", "10001")
    owner.submit("/account/close/")
    page.fill("[name=qq_number]", "20002")
    owner.submit("/account/close/")
    expect(page).to_have_url(re.compile("/profile/$"))
    page = owner.go("/accept/")
    expect(page.locator("h1")).to_have_text(words["closed"])
    page = owner.go("/me/")
    expect(page.locator("tbody tr")).to_have_count(1)
    owner.go("/collaborators/")

    # An auditor holds what is about her; nothing can be erased until that is lifted.
    auditor = visitor("audrey", "60006")
    page = auditor.go("/audit/holds/")
    page.fill("[name=qq_number]", "20002")
    page.fill("[name=reason]", "A v. B, case 17, letter of 2 April")
    auditor.submit("/audit/holds/")
    page = desk.go(path)
    expect(page.locator(".notice.is-refused")).to_contain_text(words["held"])
    page = auditor.page
    with page.expect_navigation():
        page.locator("tbody a.button").click()
    auditor.look()
    page.fill("[name=reason]", "Settled")
    auditor.submit("/lift/")
    expect(page).to_have_url(re.compile("/audit/holds/$"))

    # Now she is erased, and the records say so.
    page = desk.go(path)
    page.fill("[name=qq_number]", "20002")
    desk.submit("/erase/")
    expect(page.locator("tbody tr")).to_have_count(1)
    page = auditor.go("/audit/")
    expect(page.locator("tbody .erased .status").first).to_have_text(words["erased"])
    auditor.go(f"/audit/{Acceptance.objects.get().entry.uid}/")
    auditor.go("/audit/holds/")
    page = desk.go(path)
    expect(page.locator("main form")).to_have_count(0)
    desk.go("/roles/")
