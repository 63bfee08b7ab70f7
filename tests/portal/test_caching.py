"""Pages made for somebody are kept by no cache; what everybody sees may be."""

import pytest
from django.test import Client

from accounts.models import Person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/agreements/", "/profile/", "/collaborators/", "/no-such-page/"])
def test_what_a_signed_in_reader_gets_is_not_stored(path: str, alice: Person) -> None:
    browser = Client()
    browser.force_login(alice)
    kept = set(browser.get(path)["Cache-Control"].split(", "))
    assert {"no-store", "private"} <= kept


def test_what_everybody_sees_may_be_stored(client: Client) -> None:
    assert not client.get("/agreements/").has_header("Cache-Control")
