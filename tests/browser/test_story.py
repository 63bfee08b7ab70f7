"""The main job from beginning to end, on the real agreement page, as each of its people would do it in a browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import Person
from assent.models import Acceptance
from evidence.models import Entry

REAL_PAGE = Path(settings.BASE_DIR).parent / "shared" / "seeds" / "000_742670f0504c51db.txt"
HAN = re.compile(r"[㐀-鿿豈-﫿]")

CHINESE = {
    "accept": "同意并接受约束",
    "nothing_ticked": "请先勾选",
    "withheld": "您无权",
    "accepted": "您的账户同意的是第 1 版",
    "accepted_for": "QQ 20002 的账户同意的是第 1 版",
}
ENGLISH = {
    "accept": "Accept and be bound",
    "nothing_ticked": "tick",
    "withheld": "may not",
    "accepted": "Your account accepted version 1",
    "accepted_for": "The account of QQ 20002 accepted version 1",
}


class Walk:
    """One visitor's browser; every page that it comes to is looked at: overflow, accessibility, language, picture."""

    def __init__(self, page: Page, name: str, looks: list[Callable[[Page, str], None]]) -> None:
        self.page, self.name, self.looks, self.step = page, name, looks, 0

    def look(self) -> None:
        self.step += 1
        for look in self.looks:
            look(self.page, f"{self.name}-{self.step:02}")

    def go(self, path: str) -> Page:
        self.page.goto(path)
        self.look()
        return self.page

    def submit(self, form: str) -> Page:
        """Press the button of the form whose action ends with `form` in the main part of the page, and look."""
        button = self.page.locator(f'main form[action$="{form}"] button:not([type=button])').first
        with self.page.expect_navigation():
            button.click()
        self.look()
        return self.page

    def press(self, name: str) -> Page:
        """Press the first button with this name, and look at the page that it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).first.click()
        self.look()
        return self.page

    def sign_in(self, number: str, password: str) -> None:
        self.go("/sign-in/")
        self.page.fill("[name=username]", number)
        self.page.fill("[name=password]", password)
        with self.page.expect_navigation():
            self.page.locator("main form button").first.click()

    def sign_up(self, number: str, password: str, purpose: str) -> None:
        self.go("/sign-up/")
        self.page.fill("[name=qq_number]", number)
        self.page.fill("[name=password]", password)
        self.page.check(f"[name=purpose][value={purpose}]")
        with self.page.expect_navigation():
            self.page.locator("main form button").first.click()
        self.look()


def no_sideways_scrolling(page: Page, _name: str) -> None:
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], f"{page.url} is wider than its window"


def only_english_around_the_text(page: Page, _name: str) -> None:
    """Everything that is not marked as Chinese is English: what remains untranslated is found here."""
    words = page.evaluate(
        """() => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            while (walker.nextNode()) {
                const holder = walker.currentNode.parentElement;
                if (holder.closest('[lang]').lang === 'en' && !holder.closest('script, style, textarea'))
                    found.push(walker.currentNode.textContent);
            }
            return found;
        }"""
    )
    assert [word.strip() for word in words if HAN.search(word)] == [], page.url


@pytest.mark.skipif(not REAL_PAGE.exists(), reason=f"the real page is not here: {REAL_PAGE.name}")
@pytest.mark.parametrize(("language", "width", "words"), [("zh-hans", 390, CHINESE), ("en", 1440, ENGLISH)])
def test_publish_accept_revise_accept_again_and_audit(
    language: str,
    width: int,
    words: dict[str, str],
    open_page: Callable[..., Page],
    screenshot: Callable[[Page, str], None],
    check_accessibility: Callable[[Page], None],
    petra: Person,
    audrey: Person,
    password: str,
) -> None:
    looks = [no_sideways_scrolling, lambda page, _name: check_accessibility(page), screenshot]
    if language == "en":
        looks.append(only_english_around_the_text)

    def visitor(name: str) -> Walk:
        page = open_page(width=width)
        if language == "en":
            page.goto("/")
            page.get_by_role("button", name="English").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
        return Walk(page, f"{language}-{width}-{name}", looks)

    # The publisher brings in the page dump and publishes it.
    publisher = visitor("petra")
    publisher.sign_in("40004", password)
    publisher.go("/desk/")
    page = publisher.go("/desk/new/")
    page.fill("[name=slug]", "tencent")
    page.fill("[name=name_zh]", "腾讯开放平台开发者协议")
    page.fill("[name=name_en]", "Tencent Open Platform Developer Agreement")
    publisher.submit("/desk/new/")
    page.set_input_files("[name=file]", REAL_PAGE)
    publisher.submit("/desk/agreements/tencent/")
    expect(page).to_have_url(re.compile(r"/desk/drafts/\d+/$"))
    draft = page.url
    publisher.go(f"{draft}publish/")
    page.check("[name=change][value=material]")
    publisher.submit("/publish/")
    expect(page).to_have_url(re.compile("/agreements/tencent/versions/1/$"))

    # Anybody reads it, and finds a clause by its link.
    reader = visitor("reader")
    page = reader.go("/")
    with page.expect_navigation():
        page.locator('main a[href="/agreements/tencent/"]').first.click()
    reader.look()
    clause = page.locator('[id="2.1.6"]')
    expect(clause).to_have_class(re.compile("is-emphasised"))
    expect(clause).to_contain_text("您保证：您注册本服务账户的QQ号码")
    page.goto("/agreements/tencent/#11.1")
    expect(page.locator('[id="11.1"]')).to_be_in_viewport()
    expect(page.locator("main")).not_to_contain_text("以上信息是否解决您的问题")

    # A developer signs up, opens an account, and lets a colleague accept for it.
    owner = visitor("alice")
    owner.sign_up("20002", password, "account")
    page = owner.go("/collaborators/")
    page.fill("[name=qq_number]", "10001")
    page.check("[name=scopes][value=accept_agreements]")
    owner.submit("/collaborators/")

    # The colleague signs up, confirms, and accepts; nothing is ticked beforehand, and without a tick nothing happens.
    colleague = visitor("bob")
    colleague.sign_up("10001", password, "collaborator")
    colleague.go("/collaborators/")
    colleague.submit("/confirm/")
    page = colleague.go("/accept/")
    expect(page.locator("[name=documents]:checked")).to_have_count(0)
    colleague.press(words["accept"])
    expect(page.get_by_role("alert").first).to_contain_text(words["nothing_ticked"])
    assert Acceptance.objects.count() == 0
    page.check("[name=documents]")
    colleague.press(words["accept"])
    expect(page).to_have_url(re.compile("/receipts/"))
    first_receipt = page.url

    # The owner sees it at once; it stands for the account.
    page = owner.go("/me/")
    expect(page.locator("main")).to_contain_text("10001")
    page = owner.go("/accept/")
    expect(page.locator("[name=documents]")).to_have_count(0)

    # The publisher revises one clause.
    page = publisher.go("/desk/agreements/tencent/")
    publisher.submit("/drafts/")
    text = page.input_value("[name=chinese]")
    assert text.count("千分之一的违约金") == 2
    page.fill("[name=chinese]", text.replace("千分之一的违约金", "千分之二的违约金", 1))
    publisher.submit(page.url.removeprefix(page.url.split("/desk")[0]))
    publisher.go(f"{page.url}publish/")
    page.check("[name=change][value=material]")
    page.fill("[name=summary_zh]", "2.9.1 的违约金由千分之一改为千分之二。")
    page.fill("[name=summary_en]", "The late fee of 2.9.1 rises from 0.1% to 0.2% a day.")
    publisher.submit("/publish/")
    expect(page).to_have_url(re.compile("/agreements/tencent/versions/2/$"))

    # Both see what changed since their account accepted, and the account accepts again.
    owner.go("/")
    page = owner.go("/agreements/tencent/compare/")
    expect(page.locator("main .lede")).to_contain_text(words["accepted"])
    expect(page.locator("main del:visible", has_text="千分之一")).to_have_count(1)
    expect(page.locator("main ins:visible", has_text="千分之二")).to_have_count(1)
    owner.go("/agreements/tencent/compare/1...2/?view=side&show=all")
    page = colleague.go("/agreements/tencent/compare/")
    expect(page.locator("main .lede")).to_contain_text(words["accepted_for"])
    page = owner.go("/accept/")
    expect(page.locator("main ins", has_text="千分之二").first).to_be_attached()
    owner.go("/accept/decline/")
    page = owner.go("/accept/")
    page.check("[name=documents]")
    owner.press(words["accept"])
    expect(page).to_have_url(re.compile("/receipts/"))
    page = colleague.go("/accept/")
    expect(page.locator("[name=documents]")).to_have_count(0)

    # An old version says so and leads to the current one; a stranger sees no receipt.
    page = reader.go("/agreements/tencent/versions/1/")
    expect(page.locator('main a[href^="/agreements/tencent/"]').first).to_be_visible()
    reader.go("/agreements/tencent/versions/")
    stranger = visitor("charlie")
    stranger.sign_up("30003", password, "account")
    assert stranger.page.goto(first_receipt).status == 403
    stranger.look()
    expect(stranger.page.locator("main")).to_contain_text(words["withheld"])

    # The auditor sees the whole history.
    auditor = visitor("audrey")
    auditor.sign_in("60006", password)
    page = auditor.go("/audit/?account=20002")
    expect(page.locator("main tbody tr")).to_have_count(2)
    auditor.go(f"/audit/{first_receipt.rstrip('/').rpartition('/')[2]}/")
    page.goto("/audit/?account=20002")
    with page.expect_download() as download:
        page.locator('form[action$="/audit/export.csv"] button').click()
    lines = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 3
    assert [acceptance.actor.qq_number for acceptance in Acceptance.objects.order_by("pk")] == ["10001", "20002"]
    assert [entry.kind for entry in Entry.objects.order_by("pk")][-1] == "audit.exported"
