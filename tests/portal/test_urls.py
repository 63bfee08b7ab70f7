"""The permission matrix of the portal's own addresses, and the headers of every public page, both from the URL conf."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from accounts.models import Person
from agreements.models import Version
from assent.demo import load_demo
from evidence.log import seal
from portal import urls

READERS = ("anonymous", "owner", "stranger", "publisher", "auditor", "administrator")

# Route → the answers to GET and to POST, in the order of READERS.
MATRIX: dict[str, tuple[list[int], list[int]]] = {
    "home": ([200] * 6, [405] * 6),
    "healthz": ([200] * 6, [405] * 6),
    "readyz": ([200] * 6, [405] * 6),
    "set_language": ([302] * 6, [302] * 6),
}
INCLUDED = {"accounts", "assent", "agreements", "desk", "evidence", "admin"}

# Addresses of the other apps that answer everyone; each app's own tests hold who else gets what.
ARGUMENTS = {
    "slug": "developer-agreement",
    "number": 1,
    "old": 1,
    "new": 2,
    "day": timezone.localdate() - timedelta(days=1),
}


@pytest.fixture
def cast(
    alice: Person, charlie: Person, petra: Person, audrey: Person, administrator: Person
) -> dict[str, Person | None]:
    return dict(zip(READERS, (None, alice, charlie, petra, audrey, administrator), strict=True))


def signed_in(person: Person | None) -> Client:
    browser = Client()
    if person:
        browser.force_login(person)
    return browser


def test_every_route_of_the_portal_has_a_row() -> None:
    own = {pattern.name for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)}
    included = {pattern.namespace for pattern in urls.urlpatterns if isinstance(pattern, URLResolver)}
    assert (own, included) == (set(MATRIX), INCLUDED)


@pytest.mark.parametrize("route", MATRIX)
def test_who_gets_which_answer(route: str, cast: dict[str, Person | None]) -> None:
    for method, expected in zip(("get", "post"), MATRIX[route], strict=True):
        answers = [getattr(signed_in(person), method)(reverse(route)).status_code for person in cast.values()]
        assert answers == expected


def public_addresses() -> list[str]:
    """Every address that needs no signing in and whose arguments are known, from the URL conf."""
    found = []
    for pattern in urls.urlpatterns:
        inner = [pattern] if isinstance(pattern, URLPattern) else pattern.url_patterns
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            continue
        prefix = "" if isinstance(pattern, URLPattern) else f"{pattern.namespace}:"
        for route in inner:
            needed = route.pattern.converters
            if not getattr(route.callback, "login_required", True) and set(needed) <= set(ARGUMENTS):
                found.append(reverse(prefix + route.name, kwargs={name: ARGUMENTS[name] for name in needed}))
    return found


def test_public_addresses_are_these() -> None:
    day = ARGUMENTS["day"]
    assert sorted(public_addresses()) == [
        "/",
        "/agreements/",
        "/agreements/developer-agreement/",
        "/agreements/developer-agreement/compare/",
        "/agreements/developer-agreement/compare/1...2.docx",
        "/agreements/developer-agreement/compare/1...2.json",
        "/agreements/developer-agreement/compare/1...2.txt",
        "/agreements/developer-agreement/compare/1...2/",
        "/agreements/developer-agreement/on/",
        f"/agreements/developer-agreement/on/{day}/",
        "/agreements/developer-agreement/versions/",
        "/agreements/developer-agreement/versions/1.md",
        "/agreements/developer-agreement/versions/1.txt",
        "/agreements/developer-agreement/versions/1/",
        "/healthz",
        "/language/",
        "/log/",
        "/log/checkpoint",
        "/log/cosignatures",
        "/log/keys",
        "/password/",
        "/password/done/",
        "/readyz",
        "/search/",
        "/sign-in/",
        "/sign-up/",
        "/verify/",
        "/verify/verify.py",
    ]


def test_every_public_page_forbids_what_is_inline_and_frames(db: None) -> None:
    load_demo(at=timezone.now())
    seal(at=timezone.now())
    assert Version.objects.exists()
    policies = set()
    for address in public_addresses():
        page = Client().get(address)
        assert page.status_code == (405 if address == "/log/cosignatures" else page.status_code), address
        assert page.status_code in (200, 302, 405), address
        policies.add(page["Content-Security-Policy"])
        assert (page["X-Frame-Options"], page["X-Content-Type-Options"]) == ("DENY", "nosniff")
        assert page["Referrer-Policy"] == "same-origin"
    (policy,) = policies
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }


def test_no_public_page_needs_what_the_policy_forbids(db: None) -> None:
    load_demo(at=timezone.now())
    seal(at=timezone.now())
    for address in public_addresses():
        page = Client().get(address)
        if not page["Content-Type"].startswith("text/html") or page.status_code != 200:
            continue
        text = page.content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == [], address
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == [], address
        outside = [url for url in re.findall(r'(?:src|href|action)="([^"]*)"', text) if re.match(r"(\w+:)?//", url)]
        assert outside == [], address
