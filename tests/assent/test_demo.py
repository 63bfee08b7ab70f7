"""The demo: its people, its story, and that nothing personal leaks out of the disclosures."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models

from accounts.authority import roles
from accounts.models import Account, CollaboratorGrant, Person, Scope
from agreements.models import Agreement, Version, VersionText
from assent.demo import PASSWORD, PEOPLE, Cast, load_demo
from assent.models import Acceptance
from assent.standing import standing
from evidence.append_only import AppendOnly
from evidence.models import Disclosure, Entry
from tests.support import DAY, NOON

TICK = timedelta(microseconds=1)


@pytest.fixture
def cast(db) -> Cast:
    return load_demo(at=NOON)


def test_the_demo_has_these_people(cast) -> None:
    found = {name: getattr(cast, name).qq_number for name in PEOPLE}
    assert found == {
        "administrator": "10000001",
        "alice": "20002",
        "bob": "10001",
        "charlie": "30003",
        "petra": "40004",
        "arno": "50005",
        "audrey": "60006",
    }
    assert Person.objects.count() == 7
    assert sorted(str(account) for account in Account.objects.all()) == ["20002", "30003"]
    assert {name: roles(person=getattr(cast, name), at=NOON) for name in PEOPLE} == {
        "administrator": {"administrator"},
        "alice": set(),
        "bob": set(),
        "charlie": set(),
        "petra": {"publisher"},
        "arno": {"approver"},
        "audrey": {"auditor"},
    }
    made = CollaboratorGrant.objects.get()
    assert (made.account, made.person, made.scopes) == (
        cast.alice.account,
        cast.bob,
        [Scope.ACCEPT_AGREEMENTS, Scope.SUBMIT_MATERIAL],
    )
    assert all(getattr(cast, name).check_password(PASSWORD) for name in PEOPLE)


def test_the_demo_tells_this_story(cast) -> None:
    versions = Version.objects.order_by("published_at", "agreement__slug")
    found = [(v.agreement.slug, v.number, (v.published_at - NOON).days, (v.effective_at - NOON).days) for v in versions]
    assert found == [
        ("developer-agreement", 1, -60, -60),
        ("qualification-rules", 1, -60, -60),
        ("developer-agreement", 2, -35, -20),
        ("developer-agreement", 3, -1, 14),
    ]
    acts = [
        (
            a.account.qq_number,
            a.actor.qq_number,
            a.capacity,
            (a.accepted_at - NOON).days,
            [str(v) for v in a.lines.all()],
        )
        for a in Acceptance.objects.order_by("pk")
    ]
    main, rules = (Agreement.objects.get(slug=slug) for slug in ("developer-agreement", "qualification-rules"))
    assert acts == [
        ("20002", "20002", "owner", -58, [f"{main} 1", f"{rules} 1"]),
        ("30003", "30003", "owner", -57, [f"{main} 1"]),
        ("20002", "10001", "collaborator", -19, [f"{main} 2"]),
    ]


def test_every_version_of_the_demo_has_both_languages(cast) -> None:
    found = VersionText.objects.order_by("version__agreement__slug", "version__number", "language")
    assert [text.language for text in found] == ["en", "zh-hans"] * 4


def test_where_the_demo_leaves_its_people(cast) -> None:
    def waiting(owner: Person, *, at=NOON) -> list[tuple[str, int]]:
        found = standing(account=owner.account, actor=owner, at=at)
        return [(item.agreement.slug, item.version.number) for item in found.outstanding]

    assert waiting(cast.alice) == []
    assert waiting(cast.charlie) == [("developer-agreement", 2), ("qualification-rules", 1)]
    assert waiting(cast.alice, at=NOON + 14 * DAY - TICK) == []
    assert waiting(cast.alice, at=NOON + 14 * DAY) == [("developer-agreement", 3)]


def columns_with_text(model: type[models.Model]) -> Iterator[models.Field]:
    for field in model._meta.local_fields:
        if isinstance(field, models.CharField | models.TextField | models.BinaryField | models.JSONField):
            yield field


def test_no_personal_value_stands_in_a_statement_or_an_append_only_row(cast) -> None:
    """Invariant 11: numbers, addresses and user agents are in `evidence.Disclosure` and, for numbers, with their person."""
    personal = set(Disclosure.objects.values_list("value", flat=True))
    assert personal == {*PEOPLE.values(), "127.0.0.1", "load_demo"}
    # As whole words: a digest may well hold five of these digits in a row.
    words = re.compile("|".join(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])" for value in personal))
    assert words.findall('{"actor":"20002"} 127.0.0.1 a20002b') == ["20002", "127.0.0.1"]
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model in (Disclosure, Person):
            continue
        for field in columns_with_text(model):
            for row in model._base_manager.all():
                value = getattr(row, field.attname)
                text = bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview | bytes) else str(value)
                found += [(model._meta.db_table, field.column, word) for word in words.findall(text)]
    assert found == []


def test_the_scan_would_find_a_personal_value(cast) -> None:
    """Guard: the person rows hold the numbers that the scan looks for, and every append-only model is in the scan."""
    assert [str(person) for person in Person.objects.filter(qq_number="20002")] == ["20002"]
    scanned = set(apps.get_models(include_auto_created=True)) - {Disclosure, Person}
    assert {model for model in apps.get_models() if issubclass(model, AppendOnly)} <= scanned


def test_every_act_of_the_demo_is_in_the_log(cast) -> None:
    kinds = list(Entry.objects.values_list("kind", flat=True))
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "acceptance.express": 3,
        "account.opened": 2,
        "administrator.made": 1,
        "collaborator.confirmed": 1,
        "collaborator.granted": 1,
        "person.joined": 6,
        "role.given": 3,
        "version.published": 4,
    }
