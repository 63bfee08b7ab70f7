"""Tests of append(): inside the transaction of the act, or not at all."""

import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from django.db import transaction

from accounts.joining import sign_up
from accounts.models import Account, Person
from assent.demo import PEOPLE, load_demo
from evidence.kinds import Kind
from evidence.log import append, not_before_the_log
from evidence.models import Disclosure, Entry

AT = datetime(2026, 11, 24, 2, 0, 0, 123456, tzinfo=UTC)


def counts() -> tuple[int, int, int, int]:
    return Person.objects.count(), Account.objects.count(), Entry.objects.count(), Disclosure.objects.count()


@pytest.mark.django_db(transaction=True)
def test_append_refuses_outside_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={}, personal={"actor_qq": "20002"})
    assert counts() == (0, 0, 0, 0)
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={}, personal={"actor_qq": "20002"})
    assert counts() == (0, 0, 1, 1)


def test_append_writes_the_statement_and_what_it_commits_to(db: None) -> None:
    with transaction.atomic():
        made = append(
            kind=Kind.ROLE_GIVEN, at=AT, facts={"actor": 7}, personal={"actor_qq": "20002", "user_agent": "=1+1"}
        )
    entry = Entry.objects.get()
    assert (entry.pk, entry.uid, entry.kind, entry.at) == (made.pk, made.uid, "role.given", AT)
    disclosed = {d.field: (bytes(d.salt), d.value) for d in entry.disclosures.all()}
    assert {field: value for field, (_salt, value) in disclosed.items()} == {"actor_qq": "20002", "user_agent": "=1+1"}
    told = {
        "schema": 1,
        "kind": "role.given",
        "id": str(entry.uid),
        "at": "2026-11-24T02:00:00.123456Z",
        "facts": {"actor": 7},
        "commitments": {
            field: hashlib.sha256(salt + json.dumps([field, value], separators=(",", ":")).encode()).hexdigest()
            for field, (salt, value) in disclosed.items()
        },
    }
    assert bytes(entry.statement) == rfc8785.dumps(told)
    assert bytes(entry.leaf_hash) == hashlib.sha256(b"\x00" + bytes(entry.statement)).digest()


def test_append_gives_each_value_a_salt_of_its_own(db: None) -> None:
    with transaction.atomic():
        for _ in range(2):
            append(kind=Kind.ROLE_GIVEN, at=AT, facts={}, personal={"actor_qq": "20002", "person_qq": "20002"})
    salts = {bytes(disclosure.salt) for disclosure in Disclosure.objects.all()}
    assert (len(salts), {len(salt) for salt in salts}) == (4, {32})


def test_append_without_personal_values(db: None) -> None:
    with transaction.atomic():
        entry = append(kind=Kind.AUDIT_EXPORTED, at=AT, facts={"rows": 3})
    assert json.loads(bytes(entry.statement))["commitments"] == {}
    assert Disclosure.objects.count() == 0


def test_append_keeps_any_text_that_a_browser_may_send(db: None) -> None:
    agent = '=HYPERLINK("x") 😀 \u2028 \\ " \x7f'
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=AT, facts={}, personal={"user_agent": agent})
    assert Disclosure.objects.get().value == agent


def test_an_act_that_fails_later_leaves_neither_act_nor_entry(db: None) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        sign_up(qq_number="20002", password="seven quiet lanterns", with_account=True, at=AT)
        assert counts() == (1, 1, 2, 2)
        raise ZeroDivisionError
    assert counts() == (0, 0, 0, 0)


def test_an_entry_that_cannot_be_written_takes_the_act_with_it(db: None) -> None:
    with pytest.raises(ValueError), transaction.atomic():
        Person.objects.create(qq_number="20002")
        append(kind=Kind.PERSON_JOINED, at=AT, facts={"person": 2**53})
    assert counts() == (0, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_failed_act_leaves_nothing_in_the_database_itself() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        sign_up(qq_number="20002", password="seven quiet lanterns", with_account=True, at=AT)
        raise ZeroDivisionError
    assert counts() == (0, 0, 0, 0)


def leaves(value: object) -> list[object]:
    """Every single value of a JSON document, names of fields included."""
    if isinstance(value, dict):
        return [*value, *(leaf for part in value.values() for leaf in leaves(part))]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def is_digest_or_uuid(value: str) -> bool:
    try:
        return (len(value) == 64 and bool(bytes.fromhex(value))) or bool(uuid.UUID(value))
    except ValueError:
        return False


def test_no_statement_of_the_whole_story_names_anybody(db: None) -> None:
    load_demo(at=AT)
    disclosed = set(Disclosure.objects.values_list("value", flat=True))
    assert disclosed >= set(PEOPLE.values()) | {"127.0.0.1", "load_demo"}
    for entry in Entry.objects.all():
        told = json.loads(bytes(entry.statement))
        # Digests and identifiers are hexadecimal: five of their digits may look like a number without being one.
        words = [leaf for leaf in leaves(told) if not (isinstance(leaf, str) and is_digest_or_uuid(leaf))]
        told_text = json.dumps(words, ensure_ascii=False)
        assert [value for value in disclosed if value in told_text] == []


def test_every_commitment_of_the_whole_story_can_be_opened(db: None) -> None:
    load_demo(at=AT)
    for entry in Entry.objects.prefetch_related("disclosures"):
        opened = {
            d.field: hashlib.sha256(
                bytes(d.salt) + json.dumps([d.field, d.value], ensure_ascii=False, separators=(",", ":")).encode()
            ).hexdigest()
            for d in entry.disclosures.all()
        }
        told = json.loads(bytes(entry.statement))
        assert told["commitments"] == opened
        assert (told["id"], told["kind"]) == (str(entry.uid), entry.kind)
        assert told["at"] == entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_every_kind_of_the_story_is_in_the_log(db: None) -> None:
    load_demo(at=AT)
    numbers: dict[str, int] = {}
    for kind in Entry.objects.values_list("kind", flat=True):
        numbers[kind] = numbers.get(kind, 0) + 1
    assert numbers == {
        Kind.ADMINISTRATOR_MADE: 1,
        Kind.PERSON_JOINED: 6,
        Kind.ACCOUNT_OPENED: 2,
        Kind.COLLABORATOR_GRANTED: 1,
        Kind.COLLABORATOR_CONFIRMED: 1,
        Kind.ROLE_GIVEN: 3,
        Kind.VERSION_PUBLISHED: 4,
        Kind.ACCEPTED_EXPRESS: 3,
    }


@pytest.mark.django_db
def test_an_end_comes_after_what_it_waited_for() -> None:
    at = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    assert not_before_the_log(at) == at
    append(kind=Kind.ROLE_GIVEN, at=at, facts={})
    assert not_before_the_log(at) == at
    assert not_before_the_log(at - timedelta(seconds=1)) == at + timedelta(microseconds=1)
    assert not_before_the_log(at + timedelta(seconds=1)) == at + timedelta(seconds=1)
