"""Tests of the language of a page: Chinese until the reader chooses, whatever the browser asks for."""

import pytest
from django.test import Client

CHINESE, ENGLISH = '<html lang="zh-Hans">', '<html lang="en">'


@pytest.mark.parametrize("wished", ["", "en", "en-US,en;q=0.9", "zh-CN", "fr", "de;q=1, *;q=0.1", "zh-hant", "\xff"])
def test_home_answers_in_chinese_itself(wished: str, db: None, client: Client) -> None:
    page = client.get("/", headers={"accept-language": wished})
    assert (page.status_code, page["Content-Language"]) == (200, "zh-hans")
    assert CHINESE in page.content.decode()
    assert "平台与开发者之间的协议" in page.content.decode()


def test_home_answers_in_english_to_who_chose_it(db: None, client: Client) -> None:
    client.cookies["django_language"] = "en"
    page = client.get("/", headers={"accept-language": "zh-CN"})
    assert (page.status_code, page["Content-Language"]) == (200, "en")
    assert ENGLISH in page.content.decode()


@pytest.mark.parametrize("chosen", ["fr", "zh-hant", "EN", "zh", "../en", "", "en\x00"])
def test_an_unknown_choice_is_none(chosen: str, db: None, client: Client) -> None:
    client.cookies["django_language"] = chosen
    page = client.get("/")
    assert (page.status_code, page["Content-Language"]) == (200, "zh-hans")


def test_a_page_depends_on_the_cookie_and_on_no_other_wish(db: None, client: Client) -> None:
    vary = {name.strip().lower() for name in client.get("/")["Vary"].split(",")}
    assert "cookie" in vary
    assert "accept-language" not in vary


def test_one_readers_choice_is_not_the_nexts(db: None) -> None:
    english, chinese = Client(), Client()
    english.cookies["django_language"] = "en"
    assert [browser.get("/")["Content-Language"] for browser in (english, chinese, english)] == ["en", "zh-hans", "en"]


def test_the_language_is_switched_and_kept(db: None, client: Client) -> None:
    answer = client.post("/language/", {"language": "en", "next": "/agreements/?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/agreements/?x=1")
    cookie = answer.cookies["django_language"]
    assert (cookie.value, cookie["httponly"]) == ("en", True)
    assert client.get("/agreements/")["Content-Language"] == "en"
    client.post("/language/", {"language": "zh-hans", "next": "/"})
    assert client.get("/")["Content-Language"] == "zh-hans"


@pytest.mark.parametrize("language", ["fr", "", "zh", "en-GB-x"])
def test_no_other_language_can_be_chosen(language: str, db: None, client: Client) -> None:
    answer = client.post("/language/", {"language": language, "next": "/"})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    # Django keeps the wish if it knows the language; nothing comes of it.
    assert client.get("/")["Content-Language"] == "zh-hans"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_the_switch_leads_to_no_other_site(elsewhere: str, db: None, client: Client) -> None:
    for data in ({"language": "en", "next": elsewhere}, {"language": "en"}):
        answer = client.post("/language/", data, headers={"referer": elsewhere})
        assert (answer.status_code, answer["Location"]) == (302, "/")


def test_a_link_does_not_switch_the_language(db: None, client: Client) -> None:
    answer = client.get("/language/", {"language": "en", "next": "/"})
    assert (answer.status_code, "django_language" in answer.cookies) == (302, False)


def test_the_switch_needs_its_form(db: None) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post("/language/", {"language": "en", "next": "/"}).status_code == 403
