"""The comparison in a browser: steps by keyboard, moved clauses linked both ways, folds that open, and all of it without a script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Person
from tests.browser.test_story import no_sideways_scrolling
from tests.support import DAY, MONDAY, ZH, make_agreement, publish

PAIR = "/agreements/terms/compare/1...2/"
OLD = """\
# 开发者测试协议

## 1. 总则

1.1 本协议适用于开发者，开发者可以转让其帐户。

1.2 词语按照通常的含义理解，平台**可以**另行解释。

1.3 协作者由所有人邀请，确认以后代表帐户行事。

## 2. 资费

2.1 费用按月结算，逾期的按日计算违约金。

2.2 平台公布的资费标准对双方都有约束力。

## 3. 争议

3.1 争议由双方先行协商解决。

3.2 协商不成的，提交平台所在地的法院管辖。
"""
NEW = """\
# 开发者测试协议

## 1. 总则

1.1 本协议适用于开发者，开发者不可以转让其帐户。

1.2 词语按照通常的含义理解，平台可以另行解释。

1.3 协商不成的，提交平台所在地的法院管辖。

1.4 协作者由所有人邀请，确认以后代表帐户行事。

## 2. 资费

2.1 费用按月结算，逾期的按日计算违约金。

2.2 平台公布的资费标准和优惠办法对双方都有约束力。

## 3. 争议

3.1 争议由双方先行协商解决。
"""


@pytest.fixture
def pair(petra: Person) -> None:
    """A 不 added, a word no longer bold, a clause moved, words added."""
    agreement = make_agreement(petra)
    publish(agreement, petra, texts={ZH: OLD})
    publish(agreement, petra, texts={ZH: NEW}, at=MONDAY + DAY)


def focused(page: Page) -> str:
    """The id of the change that has the focus."""
    return page.evaluate("document.activeElement.closest('[data-change]')?.id ?? ''")


def expect_focus(page: Page, anchor: str) -> None:
    """Wait until the focus is in the change with this id."""
    page.wait_for_function("id => document.activeElement.closest('[data-change]')?.id === id", arg=anchor, timeout=5000)


def stops(page: Page) -> list[str]:
    return page.locator(".changes [data-change]").evaluate_all("all => all.map(one => one.id)")


def test_keys_step_through_the_changes_and_open_what_is_folded(pair: None, page: Page) -> None:
    page.goto(PAIR)
    ids = stops(page)
    assert len(ids) == 4
    fold = page.locator("details.is-emphasis-only")
    expect(fold.locator(".is-unbolded")).to_be_hidden()
    for key, index in (("j", 0), ("n", 1), ("j", 2), ("n", 3), ("j", 3), ("k", 2), ("p", 1), ("k", 0)):
        page.keyboard.press(key)
        expect_focus(page, ids[index])
    expect(fold.locator(".is-unbolded")).to_be_visible()
    expect(page.locator(f'.change-map a[href="#{ids[0]}"]')).to_have_attribute("aria-current", "true")


def test_keys_are_left_alone_while_somebody_types_or_holds_control(pair: None, page: Page) -> None:
    page.goto(PAIR)
    page.keyboard.press("Control+j")
    page.locator(".choose-versions summary").click()
    page.locator(".choose-versions select").first.focus()
    page.keyboard.press("j")
    page.wait_for_timeout(300)
    assert focused(page) == ""


def test_buttons_step_as_well(pair: None, page: Page) -> None:
    page.goto(PAIR)
    page.get_by_role("button", name="下一处改动").click()
    expect_focus(page, stops(page)[0])


def test_a_moved_clause_and_its_old_place_lead_to_each_other(pair: None, page: Page) -> None:
    page.goto(PAIR)
    page.get_by_role("link", name="移自 3.2", exact=True).click()
    stub = page.locator(".change.is-stub")
    expect(stub).to_be_in_viewport()
    expect(stub).to_be_focused()
    stub.get_by_role("link", name="移至 1.3", exact=True).click()
    expect(page.locator(".change.is-moved")).to_be_focused()
    page.go_back()
    expect(stub).to_be_focused()


def test_a_mark_on_the_map_and_an_entry_of_the_list_lead_to_their_change(pair: None, page: Page) -> None:
    page.goto(PAIR)
    page.get_by_label("2.2 修改").click()
    expect(page.locator(".change", has_text="优惠办法").first).to_be_focused()
    page.locator(".changes-nav a", has_text="不再是粗体").click()
    expect(page.locator("details.is-emphasis-only")).to_have_attribute("open", "")


def test_an_address_with_a_change_opens_it(pair: None, page: Page) -> None:
    page.goto(PAIR)
    anchor = page.locator("details.is-emphasis-only").get_attribute("id")
    page.goto("/agreements/")
    page.goto(f"{PAIR}#{anchor}")
    expect(page.locator("details.is-emphasis-only .is-unbolded")).to_be_visible()


def test_a_move_leads_both_ways_into_what_the_filter_folds(pair: None, page: Page) -> None:
    page.goto(f"{PAIR}?kinds=edited")
    page.locator(".gap.is-hidden > summary").nth(1).click()
    page.get_by_role("link", name="移自 3.2", exact=True).click()
    expect(page.locator(".gap .is-stub")).to_be_in_viewport()
    page.get_by_role("link", name="移至 1.3", exact=True).click()
    expect(page.locator(".gap .is-moved:not(.kind)")).to_be_in_viewport()


def test_the_words_beside_a_change_stay_in_their_column(petra: Person, open_page: Callable[..., Page]) -> None:
    agreement = make_agreement(petra)
    publish(agreement, petra, texts={ZH: OLD})
    publish(agreement, petra, texts={ZH: NEW.replace("地的法院", "地有管辖权的法院")}, at=MONDAY + DAY)
    page = open_page(width=1440)
    page.goto(PAIR)
    page.get_by_role("button", name="English").click()
    kind = page.locator(".change-head > .kind.is-moved-edited")
    expect(kind).to_have_text("Moved and changed")
    head = page.locator(".change-head", has=page.locator(".kind.is-moved-edited"))
    assert kind.bounding_box()["width"] <= head.bounding_box()["width"]


def test_ways_are_large_enough_for_a_finger(pair: None, browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(PAIR)
    ways = page.locator(".change-head .move a, .change-head .kind a, .downloads a").all()
    assert [(way.inner_text(), way.bounding_box()["height"] >= 44) for way in ways] == [
        ("Word（修订格式）", True), ("纯文本（可作邮件）", True), ("JSON", True), ("移自 3.2", True), ("移至 1.3", True),
    ]  # fmt: skip
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("query", ["", "?view=side", "?show=all", "?kinds=moved"])
def test_every_view_is_accessible_and_fits(
    pair: None,
    open_page: Callable[..., Page],
    check_accessibility: Callable[[Page], None],
    screenshot: Callable[[Page, str], None],
    width: int,
    query: str,
) -> None:
    page = open_page(width=width, dark=width == 390)
    page.goto(f"{PAIR}{query}")
    check_accessibility(page)
    no_sideways_scrolling(page, "")
    screenshot(page, f"comparison-{width}{query.replace('?', '-').replace('=', '-')}")


def test_all_of_it_works_without_a_script(pair: None, open_page: Callable[..., Page]) -> None:
    page = open_page(javascript=False)
    page.goto(PAIR)
    expect(page.locator("ins.is-short")).to_have_text("不")
    page.get_by_role("link", name="移动 1").click()
    expect(page.locator(".changes > article[data-change]")).to_have_count(1)
    page.get_by_role("link", name="只看改动").click()
    expect(page.locator(".changes > article[data-change]")).to_have_count(3)
    page.get_by_role("link", name="左右对照").click()
    expect(page.locator(".change-text.is-old").first).to_be_visible()
    first = page.locator(".changes > [data-change]").first
    first.get_by_label("下一处改动").click()
    expect(page).to_have_url(f"{page.url.split('#')[0]}#{stops(page)[1]}")
    page.locator("details.is-emphasis-only summary").click()
    expect(page.locator("details.is-emphasis-only .is-unbolded").first).to_be_visible()
    page.get_by_role("link", name="移自 3.2", exact=True).click()
    expect(page.locator(".change.is-stub")).to_be_in_viewport()


def test_paper_shows_what_is_folded(pair: None, page: Page) -> None:
    page.goto(PAIR)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator("details.is-emphasis-only .is-unbolded")).to_be_visible()
    expect(page.locator(".view-bar")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(page.locator("details.is-emphasis-only")).not_to_have_attribute("open", "")


def test_publishers_compare_two_files_without_a_script(
    open_page: Callable[..., Page],
    check_accessibility: Callable[[Page], None],
    petra: Person,
    password: str,
) -> None:
    page = open_page(width=390, javascript=False)
    page.goto("/sign-in/")
    page.fill("[name=username]", "40004")
    page.fill("[name=password]", password)
    page.locator("main form button").first.click()
    page.goto("/desk/compare/")
    for name, text in (("old", OLD), ("new", NEW)):
        page.set_input_files(
            f"[name={name}_file]", {"name": f"{name}.md", "mimeType": "text/markdown", "buffer": text.encode()}
        )
    page.locator("main form button").first.click()
    expect(page.locator("ins.is-short")).to_have_text("不")
    page.get_by_role("button", name="左右对照").click()
    page.get_by_role("button", name="移动 1").click()
    expect(page.locator(".is-side .changes > article[data-change]")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Word").click()
    assert download.value.suggested_filename == "comparison.docx"


@pytest.mark.parametrize("width", [390, 1440])
def test_the_publishers_page_is_accessible_and_fits(
    open_page: Callable[..., Page],
    check_accessibility: Callable[[Page], None],
    petra: Person,
    password: str,
    width: int,
) -> None:
    page = open_page(width=width)
    page.goto("/sign-in/")
    page.fill("[name=username]", "40004")
    page.fill("[name=password]", password)
    page.locator("main form button").first.click()
    page.wait_for_url("**/")
    page.goto("/desk/compare/")
    check_accessibility(page)
    page.fill("[name=old_pasted]", OLD)
    page.locator("main form button").first.click()
    expect(page.locator(".error-summary")).to_be_visible()
    check_accessibility(page)
    page.fill("[name=new_pasted]", NEW)
    page.locator("main form button").first.click()
    expect(page.locator(".change-map")).to_be_visible()
    check_accessibility(page)
    no_sideways_scrolling(page, "")
