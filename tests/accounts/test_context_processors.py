"""Tests of what every page knows about its reader, asked for only where it is used."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from accounts.acting import SESSION_KEY
from accounts.collaborating import confirm_grant, end_grant, grant
from accounts.context_processors import people
from accounts.models import CollaboratorGrant, Person, Scope


def context(user: object, chosen: int | None = None) -> dict:
    request = RequestFactory().get("/")
    request.user, request.session = user, SessionStore()
    request.session[SESSION_KEY] = chosen
    return people(request)


def test_a_page_without_a_reader_knows_nobody(db: None) -> None:
    nobody = {"acting": None, "roles": set(), "invitations": []}
    assert people(RequestFactory().get("/")) == nobody
    assert context(AnonymousUser()) == nobody


def test_a_page_asks_only_for_what_it_uses(alice: Person, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(0):
        known = context(alice)
    for name, queries in (("acting", 2), ("roles", 1), ("invitations", 1)):
        with django_assert_num_queries(queries):
            bool(known[name])
            bool(known[name])


def test_a_page_knows_for_whom_its_reader_acts(alice: Person, bob: Person, petra: Person) -> None:
    assert context(bob)["acting"].account == alice.account
    assert not context(petra)["acting"]
    assert context(petra)["roles"] == {"publisher"}


@pytest.mark.parametrize("rows", [1, 3])
def test_a_page_knows_the_invitations_that_wait(
    rows: int, charlie: Person, now: datetime, django_assert_num_queries: Callable
) -> None:
    for position in range(rows + 2):
        owner = Person.objects.create_superuser(f"3100{position}", "seven quiet lanterns")
        account = owner.account if hasattr(owner, "account") else None
        account = account or type(charlie.account).objects.create(owner=owner, opened_at=now)
        grant(account=account, actor=owner, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=now)
    # One is confirmed and one ended by now: they do not wait any more.
    first, second = CollaboratorGrant.objects.order_by("pk")[:2]
    confirm_grant(grant=first, actor=charlie, at=now)
    end_grant(grant=second, actor=charlie, at=now)
    with django_assert_num_queries(1):
        waiting = [invitation.account.qq_number for invitation in context(charlie)["invitations"]]
    assert sorted(waiting) == [f"3100{position}" for position in range(2, rows + 2)]
