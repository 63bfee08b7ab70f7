"""Tests of the pages for what went wrong: in the house style, with the right status, and without details of the inside."""

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from accounts.errors import NumberTaken
from accounts.models import Person
from evidence.errors import Refusal
from portal import urls as portal_urls
from portal.refusals import RefusalMiddleware

STYLE = '<link rel="stylesheet" href="/static/qiyue.css">'


class Teapot(Refusal):
    """A refusal of these tests."""

    status = 422
    message = "<b>%(name)s</b> is a teapot"


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("the inside: 20002")


def refusing(request: HttpRequest) -> HttpResponse:
    raise Teapot(name="a & b")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


for view in (broken, refusing, forbidden):
    view.login_required = False
# A URL conf of these tests: the portal's, with three views that fail.
urlpatterns = [
    *portal_urls.urlpatterns,
    path("broken/", broken),
    path("refusing/", refusing),
    path("forbidden/", forbidden),
]


def in_the_house_style(page: HttpResponse, title: str) -> bool:
    text = page.content.decode()
    assert f"<title>{title} · 契阅</title>" in text
    assert page["Content-Security-Policy"]
    return STYLE in text and '<html lang="zh-Hans">' in text and "什么没有受影响" in text


def test_not_found(db: None, client: Client) -> None:
    page = client.get("/agreements/no-such-agreement/")
    assert page.status_code == 404
    assert in_the_house_style(page, "没有这一页")
    page = client.get("/no/such/page")
    assert page.status_code == 404
    assert in_the_house_style(page, "没有这一页")


def test_not_found_is_not_asked_to_sign_in(db: None, client: Client) -> None:
    assert client.get("/profile/x/").status_code == 404


def test_a_refusal_is_a_page_with_its_status_and_message(alice: Person) -> None:
    browser = Client()
    browser.force_login(alice)
    page = browser.get("/roles/")
    assert page.status_code == 403
    assert in_the_house_style(page, "没有办理")
    assert "您无权查看或办理这一事项，没有作任何记录。" in page.content.decode()


def test_a_refusal_speaks_the_readers_language(alice: Person) -> None:
    browser = Client()
    browser.force_login(alice)
    browser.cookies["django_language"] = "en"
    page = browser.get("/roles/")
    assert (page.status_code, page["Content-Language"]) == (403, "en")
    assert '<html lang="en">' in page.content.decode()


@pytest.mark.urls(__name__)
def test_a_refusals_message_is_text_and_not_markup(db: None, client: Client) -> None:
    page = client.get("/refusing/")
    assert page.status_code == 422
    assert "&lt;b&gt;a &amp; b&lt;/b&gt; is a teapot" in page.content.decode()


def test_a_form_without_its_token(alice: Person) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    page = browser.post("/account/open/")
    assert page.status_code == 403
    assert in_the_house_style(page, "这张表单已失效")


@pytest.mark.urls(__name__)
def test_a_page_that_djangos_own_views_forbid(db: None, client: Client) -> None:
    page = client.get("/forbidden/")
    assert page.status_code == 403
    assert in_the_house_style(page, "您无权进行此操作")


@pytest.mark.urls(__name__)
def test_a_fault_of_ours(db: None, caplog: pytest.LogCaptureFixture) -> None:
    browser = Client(raise_request_exception=False)
    with caplog.at_level(logging.CRITICAL, "django.request"):
        page = browser.get("/broken/")
    assert page.status_code == 500
    assert in_the_house_style(page, "我们这边出了错")
    for secret in ("ZeroDivisionError", "the inside", "Traceback"):
        assert secret not in page.content.decode()


def test_another_name_than_ours_is_refused(db: None, client: Client) -> None:
    page = client.get("/", headers={"host": "evil.example"})
    assert page.status_code == 400
    assert "evil.example" not in page.content.decode()


def test_only_refusals_are_answered() -> None:
    middleware = RefusalMiddleware(lambda request: HttpResponse())
    request = RequestFactory().get("/")
    assert middleware.process_exception(request, ZeroDivisionError()) is None
    assert middleware.process_exception(request, NumberTaken(qq_number="20002")).status_code == 409
