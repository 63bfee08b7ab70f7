"""Tests of what every admin page has in common: it shows rows and changes none, not even for a superuser."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import Person
from agreements.models import Version
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.demo import CIRCUMSTANCES, load_demo, shown
from assent.legal_holds import place_hold
from evidence.admin import ReadOnlyAdmin
from evidence.log import seal
from evidence.models import Cosignature, Entry, TimestampAttempt
from evidence.protection import protected_models

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
every_registered = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)


@pytest.fixture
def superuser(db: None, client: Client) -> Client:
    """A browser in which the administrator is signed in, after the demo, a withdrawal, a refusal, a hold and a checkpoint."""
    cast = load_demo(at=NOW)
    versions = Version.objects.filter(agreement__slug="developer-agreement")
    withdraw_version(version=versions.get(number=3), actor=cast.petra, at=NOW)
    refuse(
        account=cast.charlie.account,
        actor=cast.charlie,
        document=shown(versions.get(number=2)),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=NOW,
    )
    place_hold(person=cast.charlie, reason="an inquiry", actor=cast.audrey, at=NOW)
    checkpoint = seal(at=NOW)
    Cosignature.objects.create(checkpoint=checkpoint, witness_key="witness", line="— line\n", received_at=NOW)
    TimestampAttempt.objects.create(number=1, checkpoint=checkpoint, authority="tsa", at=NOW, error="no answer")
    client.force_login(cast.administrator)
    return client


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def contents() -> dict[str, list]:
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in REGISTERED}


def test_every_admin_page_is_a_read_only_one() -> None:
    assert [
        model._meta.label for model, page in admin.site._registry.items() if not isinstance(page, ReadOnlyAdmin)
    ] == []


def test_the_admin_shows_all_that_is_protected_but_the_personal_values() -> None:
    hidden = {model._meta.label for model in protected_models()} - {model._meta.label for model in REGISTERED}
    assert hidden == {"evidence.Disclosure"}


def test_groups_and_permissions_are_not_there(superuser: Client) -> None:
    assert not admin.site.is_registered(Group)
    Group.objects.create(name="publishers")
    assert superuser.get("/admin/auth/group/").status_code == 404
    assert superuser.get("/admin/auth/").status_code == 404


@every_registered
def test_a_superuser_can_look_and_change_nothing(model: type[models.Model], superuser: Client) -> None:
    row = model._base_manager.order_by("pk").last()
    before = contents()
    assert superuser.get(address(model, "changelist")).status_code == 200
    page = superuser.get(address(model, "change", row.pk))
    assert page.status_code == 200
    for button in ("_save", "_addanother", "_continue", "deletelink"):
        assert button not in page.content.decode()
    values = {field.name: "1" for field in model._meta.local_concrete_fields}
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    answers = {
        "add": superuser.get(address(model, "add")).status_code,
        "add it": superuser.post(address(model, "add"), values).status_code,
        "change": superuser.post(address(model, "change", row.pk), values).status_code,
        "delete": superuser.get(address(model, "delete", row.pk)).status_code,
        "delete it": superuser.post(address(model, "delete", row.pk), {"post": "yes"}).status_code,
        "delete selected": superuser.post(address(model, "changelist"), chosen).status_code,
    }
    assert answers == dict.fromkeys(answers, 403) | {"delete selected": 200}
    assert contents() == before
    assert LogEntry.objects.count() == 0


def test_the_story_leaves_no_admin_page_without_a_row(superuser: Client) -> None:
    assert [label for label, rows in contents().items() if not rows] == []


def test_an_entrys_page_shows_its_statement(superuser: Client) -> None:
    entry = Entry.objects.first()
    page = superuser.get(address(Entry, "change", entry.pk)).content.decode()
    assert bytes(entry.statement).decode().replace('"', "&quot;") in page


def test_a_persons_page_shows_no_password(superuser: Client) -> None:
    person = Person.objects.get(qq_number="20002")
    assert person.password not in superuser.get(address(Person, "change", person.pk)).content.decode()


def test_the_admin_is_closed_to_everyone_else(superuser: Client) -> None:
    answers = set()
    for reader in (None, "40004", "20002"):
        browser = Client()
        if reader:
            browser.force_login(Person.objects.get(qq_number=reader))
        for model in REGISTERED:
            answer = browser.get(address(model, "changelist"))
            answers.add((reader, answer.status_code, answer["Location"].split("?")[0]))
    assert answers == {
        (None, 302, "/sign-in/"),
        ("40004", 302, "/admin/login/"),
        ("20002", 302, "/admin/login/"),
    }
