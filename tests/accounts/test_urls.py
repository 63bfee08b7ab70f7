"""The permission matrix of the people pages: who gets which answer at which address, from the URL conf itself."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, reverse

from accounts import urls
from accounts.models import CollaboratorGrant, Person, RoleHolding
from accounts.resetting import reset_parts
from evidence.models import Entry

PASSWORD = "seven quiet lanterns"
NEW_PASSWORD = "eleven quiet lanterns"

READERS = ("anonymous", "owner", "collaborator", "stranger", "administrator")
SIGN_IN = "/sign-in/"
LINK = "/password/UID/set-password/"
EVERYBODY = [200] * 5
AFTER_SIGNING_IN = [SIGN_IN, 200, 200, 200, 200]
POST_ONLY = [SIGN_IN, 405, 405, 405, 405]
GET_ONLY = [SIGN_IN, 405, 405, 405, 405]

# Route → the answers to GET and to POST, in the order of READERS: a status, or where a redirect leads.
# The owner is alice, the collaborator bob is hers, the stranger has an account too.
MATRIX: dict[str, tuple[list, list]] = {
    "sign_in": ([200, "/", "/", "/", "/"], ["/"] * 5),
    "sign_up": (EVERYBODY, ["/accept/"] * 5),
    "sign_out": (POST_ONLY, [SIGN_IN, "/", "/", "/", "/"]),
    "profile": (AFTER_SIGNING_IN, GET_ONLY),
    "change_password": (AFTER_SIGNING_IN, [SIGN_IN, "/profile/", "/profile/", "/profile/", "/profile/"]),
    "open_account": (POST_ONLY, [SIGN_IN, 409, "/accept/", 409, "/accept/"]),
    "close_account": ([SIGN_IN, 200, 403, 200, 403], [SIGN_IN, "/profile/", 403, 422, 403]),
    "act_for": (POST_ONLY, [SIGN_IN, "/", "/", "/", "/"]),
    "collaborators": (AFTER_SIGNING_IN, [SIGN_IN, "/collaborators/", 403, "/collaborators/", 403]),
    "confirm": (POST_ONLY, [SIGN_IN, 403, "/collaborators/", 403, 403]),
    "end": (POST_ONLY, [SIGN_IN, "/collaborators/", "/collaborators/", 403, 403]),
    "roles": ([SIGN_IN, 403, 403, 403, 200], [SIGN_IN, 403, 403, 403, "/roles/"]),
    "end_role": (POST_ONLY, [SIGN_IN, 403, 403, 403, "/roles/"]),
    "reset_link": (POST_ONLY, [SIGN_IN, 403, 403, 403, 200]),
    "forgot_password": (EVERYBODY, EVERYBODY),
    # The link is alice's: it is void once she has signed in again.
    "set_password": ([LINK, 200, LINK, LINK, LINK], [LINK, 200, LINK, LINK, LINK]),
    "password_set": (EVERYBODY, [405] * 5),
}
DATA = {
    "sign_in": {"username": "20002", "password": PASSWORD},
    "sign_up": {"qq_number": "80008", "password": NEW_PASSWORD, "purpose": "account"},
    "change_password": {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
    "close_account": {"qq_number": "20002"},
    "collaborators": {"qq_number": "80008", "scopes": ["settle_fees"]},
    "roles": {"qq_number": "20002", "role": "auditor"},
    "reset_link": {"qq_number": "20002"},
    "forgot_password": {"qq_number": "20002"},
    "set_password": {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD},
}


@pytest.fixture
def cast(alice: Person, bob: Person, charlie: Person, petra: Person, administrator: Person) -> dict[str, Person | None]:
    return dict(zip(READERS, (None, alice, bob, charlie, administrator), strict=True))


def address(route: str) -> str:
    alice = Person.objects.get(qq_number="20002")
    arguments = {
        "confirm": [CollaboratorGrant.objects.get().pk],
        "end": [CollaboratorGrant.objects.get().pk],
        "end_role": [RoleHolding.objects.get().pk],
        "set_password": reset_parts(alice),
    }
    return reverse(f"accounts:{route}", args=arguments.get(route, []))


def answer(response: HttpResponse) -> int | str:
    if response.status_code != 302:
        return response.status_code
    uid = reset_parts(Person.objects.get(qq_number="20002"))[0]
    return response["Location"].split("?")[0].replace(f"/{uid}/", "/UID/")


def answers(cast: dict[str, Person | None], method: str, url: str, data: dict) -> Iterator[int | str]:
    """The answer to each reader, as if nobody had come before."""
    for person in cast.values():
        with transaction.atomic():
            browser = Client()
            if person:
                browser.force_login(person)
            yield answer(getattr(browser, method)(url, data))
            transaction.set_rollback(True)


def routes() -> set[str]:
    assert all(isinstance(pattern, URLPattern) for pattern in urls.urlpatterns)
    return {pattern.name for pattern in urls.urlpatterns}


def test_every_route_has_a_row() -> None:
    assert routes() == set(MATRIX)


@pytest.mark.parametrize("route", sorted(routes()))
def test_get(route: str, cast: dict[str, Person | None]) -> None:
    before = Entry.objects.count()
    assert list(answers(cast, "get", address(route), {})) == MATRIX[route][0]
    assert Entry.objects.count() == before


@pytest.mark.parametrize("route", sorted(routes()))
def test_head_answers_like_get(route: str, cast: dict[str, Person | None]) -> None:
    assert list(answers(cast, "head", address(route), {})) == MATRIX[route][0]


@pytest.mark.parametrize("route", sorted(routes()))
def test_post(route: str, cast: dict[str, Person | None]) -> None:
    assert list(answers(cast, "post", address(route), DATA.get(route, {}))) == MATRIX[route][1]


@pytest.mark.parametrize("route", sorted(routes() - {"profile", "password_set"}))
def test_post_without_a_token_is_refused(route: str, cast: dict[str, Person | None]) -> None:
    before = Entry.objects.count()
    for person in (cast["owner"], cast["administrator"]):
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(person)
        assert browser.post(address(route), DATA.get(route, {})).status_code == 403
    assert Entry.objects.count() == before


@pytest.mark.parametrize("route", ["confirm", "end", "end_role"])
def test_what_does_not_exist_is_not_found(route: str, cast: dict[str, Person | None]) -> None:
    url = reverse(f"accounts:{route}", args=[987654])
    assert list(answers(cast, "post", url, {})) == [SIGN_IN, 404, 404, 404, 404]
