"""What every page knows about the reader's standing: asked for only where it is used, and only for who is signed in."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client, RequestFactory

from assent.context_processors import standing_of_reader
from tests.support import DAY, MONDAY, NOON, accept_versions, make_agreement, publish

pytestmark = pytest.mark.usefixtures("noon")


def count(client: Client) -> str:
    """The number beside the link to the accept page."""
    link = BeautifulSoup(client.get("/agreements/").content.decode(), "html.parser").select_one(
        "nav a[href='/accept/'] .count"
    )
    return link.get_text() if link else ""


def test_the_number_of_waiting_agreements_is_on_every_page(agreement, petra, alice, bob, charlie) -> None:
    first = publish(agreement, petra)
    publish(make_agreement(petra, slug="fees"), petra)
    publish(make_agreement(petra, slug="data"), petra, effective_at=NOON + DAY)
    accept_versions(alice.account, bob, first, at=MONDAY)
    counts = {}
    for person in (alice, bob, charlie, petra):
        client = Client()
        client.force_login(person)
        counts[str(person)] = count(client)
    assert counts == {"20002": "1", "10001": "1", "30003": "2", "40004": ""}
    assert count(Client()) == ""


def test_who_acts_for_nobody_has_no_standing(petra, rf: RequestFactory, client) -> None:
    client.force_login(petra)
    request = rf.get("/")
    request.user, request.session = petra, client.session
    assert not standing_of_reader(request)["standing"]


def test_without_a_user_nothing_is_asked(db, rf: RequestFactory, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        assert standing_of_reader(rf.get("/")) == {"standing": None}


def test_standing_is_not_asked_for_until_it_is_used(
    alice, rf: RequestFactory, client, django_assert_num_queries
) -> None:
    client.force_login(alice)
    request = rf.get("/")
    request.user, request.session = alice, client.session
    with django_assert_num_queries(0):
        standing_of_reader(request)
