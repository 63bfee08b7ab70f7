"""Accepting, taking the receipt home, and checking it as a stranger, in both languages."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import Person
from agreements.models import Version
from evidence.log import seal
from tests.browser.test_story import no_sideways_scrolling
from tests.support import EN, ZH, chinese, english, make_agreement, publish

WORDS = {
    "zh-hans": ("证明正在制作", "证明成立", "证明不成立", "无法核对"),
    "en": ("The proof is being made", "The proof holds", "The proof does not hold", "Cannot be checked"),
}


@pytest.fixture
def version(petra: Person, live_server: object) -> Version:
    return publish(make_agreement(petra), petra, texts={ZH: chinese(), EN: english()}, at=timezone.now())


def download(link: Locator, folder: Path) -> Path:
    with link.page.expect_download() as started:
        link.click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


@pytest.mark.parametrize(("language", "width", "dark"), [("zh-hans", 390, True), ("en", 1440, False)])
def test_accept_take_the_receipt_and_check_it_as_a_stranger(
    language: str,
    width: int,
    dark: bool,
    open_page: Callable[..., Page],
    screenshot: Callable[[Page, str], None],
    check_accessibility: Callable[[Page], None],
    version: Version,
    alice: Person,
    password: str,
    tmp_path: Path,
) -> None:
    making, holds, fails, unreadable = WORDS[language]

    def look(page: Page, name: str) -> None:
        no_sideways_scrolling(page, name)
        check_accessibility(page)
        screenshot(page, f"{language}-{width}-{name}")

    def visitor() -> Page:
        page = open_page(width=width, dark=dark)
        if language == "en":
            page.goto("/")
            page.get_by_role("button", name="English").click()
        return page

    # Alice accepts; before the sealer has come the page says that the proof is on its way.
    page = visitor()
    page.goto("/sign-in/")
    page.fill("[name=username]", "20002")
    page.fill("[name=password]", password)
    page.locator("main form button").first.click()
    page.goto("/accept/")
    page.check("[name=documents]")
    page.locator("form.consent-decision button.is-primary").click()
    expect(page).to_have_url(re.compile(r"/receipts/[0-9a-f-]{36}/$"))
    expect(page.locator("[aria-labelledby=proof]")).to_contain_text(making)
    look(page, "receipt-unsealed")
    seal(at=timezone.now())
    page.locator(".receipt-take a").first.click()
    expect(page.locator("[aria-labelledby=proof] dl")).to_contain_text("qiyue.example/log")
    look(page, "receipt")
    printed = download(page.locator(".receipt-take a[href$='.pdf']"), tmp_path)
    assert printed.read_bytes().startswith(b"%PDF-")
    receipt = download(page.locator(".receipt-take a[href$='.json']"), tmp_path)

    # Anybody checks it, without signing in.
    stranger = visitor()
    altered, other = tmp_path / "altered.json", tmp_path / "other.json"
    altered.write_text(receipt.read_text("utf-8").replace('"20002"', '"20003"'), "utf-8")
    other.write_text("{}", "utf-8")
    stranger.goto("/")
    stranger.locator(".site-foot a[href='/verify/']").click()
    look(stranger, "verify")
    for name, path, said, number in (
        ("holds", receipt, holds, "20002"),
        ("altered", altered, fails, "20003"),
        ("other", other, unreadable, ""),
    ):
        stranger.set_input_files("[name=file]", path)
        stranger.locator("main form button.is-primary").click()
        expect(stranger.locator("#verdict")).to_contain_text(said)
        if number:
            expect(stranger.locator("[aria-labelledby=act]")).to_contain_text(f"QQ {number}")
        look(stranger, f"verdict-{name}")
    script = download(stranger.locator("main a[href='/verify/verify.py']"), tmp_path)
    assert script.name == "verify.py"
    stranger.locator(".site-foot a[href='/log/']").click()
    expect(stranger.locator("[aria-labelledby=newest]")).to_contain_text("qiyue.example/log")
    look(stranger, "log")
    stranger.goto(page.url)
    expect(stranger).to_have_url(re.compile("/sign-in/"))


def test_checking_needs_no_script_and_its_field_is_large_enough_to_drop_a_file(
    open_page: Callable[..., Page], live_server: object, tmp_path: Path
) -> None:
    page = open_page(javascript=False)
    page.goto("/verify/")
    field = page.locator(".drop input[type=file]")
    box = field.bounding_box()
    assert box is not None
    assert (box["width"] > 300, box["height"] > 80) == (True, True)
    file = tmp_path / "receipt.json"
    file.write_text("{}", "utf-8")
    field.set_input_files(file)
    page.locator("main form button.is-primary").click()
    expect(page.locator("#verdict")).to_contain_text("无法核对")
