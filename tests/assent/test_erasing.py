"""Tests of erase_person(): what goes, what stays, what forbids it, and what two people do at the same moment."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.test import Client

from accounts.appointing import end_role, give_role, issue_reset_link
from accounts.closing import close_account
from accounts.collaborating import end_grant, grant
from accounts.errors import AccountClosed, NoSuchPerson, NotAuthorised
from accounts.joining import open_account, sign_up
from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from agreements.models import Agreement, LegalProfile
from assent.accepting import refuse
from assent.auditing import Query, export_csv
from assent.erasing import erase_person, erased_by, look_before_erasing, years_later
from assent.errors import AccountStillOpen, AlreadyErased, OnHold, RetentionRunning
from assent.legal_holds import lift_hold, place_hold
from assent.models import Acceptance, AcceptanceLine, LegalHold, PackRequest, Refusal
from assent.pack_requests import request_pack
from assent.packing import Selection
from evidence.kinds import Kind
from evidence.log import checkpoint_for, prove, seal
from evidence.merkle import leaf_hash, verify_inclusion
from evidence.models import Disclosure, Entry
from evidence.statements import commitment
from tests.conftest import JOINED_AT, PASSWORD
from tests.support import (
    CIRCUMSTANCES,
    DAY,
    MONDAY,
    accept_versions,
    at_once,
    make_agreement,
    publish,
    shown,
    while_another_waits,
)

END = MONDAY + 30 * DAY
KEPT = END.replace(year=2029)
AFTER = KEPT + DAY


@pytest.fixture
def acts(agreement, petra, alice, bob) -> dict[str, Acceptance]:
    """Alice accepts a version, bob the next one for her; then her account is closed."""
    first = publish(agreement, petra)
    second = publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    made = {
        "alice": accept_versions(alice.account, alice, first, at=MONDAY),
        "bob": accept_versions(alice.account, bob, second, at=MONDAY + 2 * DAY),
    }
    close_account(account=alice.account, actor=alice, at=END)
    return made


def standing_values() -> dict[tuple[str, str], tuple[bytes, str]]:
    """Every personal value that can still be opened, with its salt, by entry and field."""
    values = Disclosure.objects.filter(value__isnull=False).select_related("entry")
    return {(str(value.entry.uid), value.field): (bytes(value.salt), value.value) for value in values}


def cells() -> list[str]:
    """Every text in the database, whatever table it stands in."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                raw = [bytes(cell).decode(errors="ignore") for cell in row if isinstance(cell, bytes | memoryview)]
                found += raw + [cell for cell in row if isinstance(cell, str)]
    return found


def stands(number: str) -> list[str]:
    return [cell for cell in cells() if re.search(rf"\b{number}\b", cell)]


def facts_of(entry: Entry) -> dict[str, Any]:
    return json.loads(bytes(entry.statement))["facts"]


# What goes and what stays


def test_the_number_stands_nowhere_any_more(acts, alice, administrator, audrey) -> None:
    issue_reset_link(person=alice, actor=administrator, at=END)
    list(export_csv(query=Query(account="20002"), person=audrey, at=END))
    assert stands("20002")
    erase_person(person=alice, actor=administrator, at=AFTER)
    assert stands("20002") == []


def test_erasing_the_owner_leaves_what_is_the_collaborators(acts, alice, administrator) -> None:
    before = standing_values()
    erase_person(person=alice, actor=administrator, at=AFTER)
    bobs = {d.field: d.value for d in acts["bob"].entry.disclosures.all()}
    assert bobs == {"account_qq": None, "actor_qq": "10001", "address": "203.0.113.7", "user_agent": "Firefox/140.0"}
    assert {d.value for d in acts["alice"].entry.disclosures.all()} == {None}
    gone = before.keys() - standing_values().keys()
    assert {before[key][1] for key in gone} == {"20002", "203.0.113.7", "Firefox/140.0"}
    assert {key for key in gone if before[key][1] != "20002"} == {
        (str(acts["alice"].entry.uid), "address"),
        (str(acts["alice"].entry.uid), "user_agent"),
    }


def test_erasing_the_collaborator_leaves_the_owners_number(acts, bob, administrator) -> None:
    before = standing_values()
    erase_person(person=bob, actor=administrator, at=AFTER)
    bobs = {d.field: d.value for d in acts["bob"].entry.disclosures.all()}
    assert bobs == {"account_qq": "20002", "actor_qq": None, "address": None, "user_agent": None}
    gone = before.keys() - standing_values().keys()
    assert sorted(before[key][1] for key in gone if before[key][1] != "10001") == ["203.0.113.7", "Firefox/140.0"]
    assert {value for _salt, value in standing_values().values()} >= {"20002", "203.0.113.7"}
    assert stands("10001") == []


def test_no_statement_hash_or_acceptance_changes_and_every_other_commitment_opens(acts, alice, administrator) -> None:
    def evidence() -> list[list[tuple]]:
        kept = (Acceptance, AcceptanceLine, Refusal, CollaboratorGrant, Account)
        entries = Entry.objects.filter(kind__lt="person.erased") | Entry.objects.filter(kind__gt="person.erased")
        rows = [(e.pk, e.uid, e.kind, bytes(e.statement), bytes(e.leaf_hash)) for e in entries.order_by("pk")]
        return [rows, *[list(model.objects.order_by("pk").values_list()) for model in kept]]

    checkpoint = seal(at=END)
    before, openable = evidence(), standing_values()
    erasure = erase_person(person=alice, actor=administrator, at=AFTER)
    assert evidence() == before
    assert (
        standing_values().items() - openable.items()
        == {(str(erasure.uid), "actor_qq"): standing_values()[str(erasure.uid), "actor_qq"]}.items()
    )
    for entry in Entry.objects.select_related("sealed").exclude(pk=erasure.pk):
        statement = bytes(entry.statement)
        assert leaf_hash(statement) == bytes(entry.leaf_hash)
        assert verify_inclusion(
            index=entry.sealed.position,
            size=checkpoint.size,
            leaf=bytes(entry.leaf_hash),
            proof=prove(position=entry.sealed.position, checkpoint=checkpoint_for(entry)),
            root=bytes(checkpoint.root),
        )
    for (uid, field), (salt, value) in standing_values().items():
        committed = json.loads(bytes(Entry.objects.get(uid=uid).statement))["commitments"][field]
        assert commitment(field=field, salt=salt, value=value) == committed


def test_the_erasure_is_logged_with_every_value_that_went(acts, alice, administrator) -> None:
    before = standing_values()
    erasure = erase_person(person=alice, actor=administrator, at=AFTER)
    gone = sorted([uid, field] for uid, field in before.keys() - standing_values().keys())
    assert (erasure.kind, erasure.at) == (Kind.PERSON_ERASED, AFTER)
    assert facts_of(erasure) == {"person": alice.pk, "actor": administrator.pk, "disclosures": gone}
    assert {d.field: d.value for d in erasure.disclosures.all()} == {"actor_qq": "90009"}
    assert len(gone) == 14
    assert b"20002" not in bytes(erasure.statement)


def test_the_person_stays_as_a_row_without_a_value(acts, alice, administrator) -> None:
    alice.groups.add(Group.objects.create(name="publishers"))
    alice.user_permissions.add(Permission.objects.first())
    browser = Client()
    browser.force_login(alice)
    erasure = erase_person(person=alice, actor=administrator, at=AFTER)
    alice.refresh_from_db()
    assert (alice.qq_number, alice.last_login, alice.is_active, alice.has_usable_password()) == (
        None,
        None,
        False,
        False,
    )
    assert (alice.is_staff, alice.is_superuser, alice.email, alice.joined_at) == (False, False, "", JOINED_AT)
    assert (list(alice.groups.all()), list(alice.user_permissions.all())) == ([], [])
    assert (alice.erased_at, alice.erasure) == (AFTER, erasure.uid)
    assert str(alice) == f"（号码已于 2029-04-02 删除，记录 {erasure.uid}）"
    assert browser.get("/profile/").status_code == 302


def test_only_the_sessions_of_the_person_go(acts, alice, bob, administrator) -> None:
    for person in (alice, alice, bob):
        Client().force_login(person)
    Client().get("/sign-in/")
    Session.objects.create(session_key="x" * 32, session_data="not a session", expire_date=AFTER)
    assert look_before_erasing(person=alice, actor=administrator, at=AFTER).sessions == 2
    erase_person(person=alice, actor=administrator, at=AFTER)
    left = [session.get_decoded().get("_auth_user_id") for session in Session.objects.all()]
    assert sorted(left, key=str) == sorted([str(bob.pk), None], key=str)


def test_what_djangos_own_log_says_of_the_person_goes(acts, alice, bob, administrator) -> None:
    people = ContentType.objects.get_for_model(Person)
    for user, told in [(alice, "x"), (bob, "20002"), (bob, "20002 → 10001"), (bob, "120002"), (bob, "10001")]:
        LogEntry.objects.create(user=user, content_type=people, object_repr=told, action_flag=CHANGE)
    LogEntry.objects.create(
        user=bob, content_type=people, object_repr="x", change_message="QQ 20002.", action_flag=CHANGE
    )
    erase_person(person=alice, actor=administrator, at=AFTER)
    assert sorted(LogEntry.objects.values_list("object_repr", flat=True)) == ["10001", "120002"]


def test_history_has_no_column_for_a_personal_value() -> None:
    """Erasure has nothing to empty there: its texts are those of agreements, its people are keys."""
    words = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if hasattr(model, "history_id")
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField) and not field.choices
    }
    assert words == {
        "accounts.HistoricalCollaboratorGrant.history_change_reason",
        "accounts.HistoricalRoleHolding.history_change_reason",
        "agreements.HistoricalAgreement.history_change_reason",
        "agreements.HistoricalAgreement.name_en",
        "agreements.HistoricalAgreement.name_zh",
        "agreements.HistoricalAgreement.slug",
        "agreements.HistoricalDraftText.history_change_reason",
        "agreements.HistoricalDraftText.text",
    }


def test_the_reason_of_a_hold_goes_with_whom_it_is_about_not_with_who_wrote_it(
    acts, alice, audrey, administrator
) -> None:
    held = place_hold(person=alice, reason="甲诉乙", actor=audrey, at=END)
    lift_hold(hold=held, reason="结案", actor=audrey, at=END)
    end_role(person=audrey, role=Role.AUDITOR, actor=administrator, at=END)
    erase_person(person=audrey, actor=administrator, at=AFTER)
    hold = LegalHold.objects.get()
    assert (hold.placed_for, hold.lifted_for) == ("甲诉乙", "结案")
    erase_person(person=alice, actor=administrator, at=AFTER)
    hold = LegalHold.objects.get()
    assert (hold.placed_for, hold.lifted_for) == (None, None)


def test_a_number_that_was_only_invited_is_erased_too(alice, administrator) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=MONDAY)
    end_grant(grant=made, actor=alice, at=MONDAY)
    erase_person(person=made.person, actor=administrator, at=MONDAY)
    assert (stands("70007"), len(stands("20002")) > 0) == ([], True)


def test_the_freed_number_is_a_new_persons(acts, alice, administrator) -> None:
    erase_person(person=alice, actor=administrator, at=AFTER)
    again = sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=AFTER + DAY)
    assert (again.pk != alice.pk, again.account.closed_at) == (True, None)
    assert Acceptance.objects.filter(account=again.account).count() == 0
    close_account(account=again.account, actor=again, at=AFTER + DAY)
    second = erase_person(person=again, actor=administrator, at=AFTER + DAY)
    uids = {str(entry.uid) for entry in Entry.objects.filter(at=AFTER + DAY)}
    assert {uid for uid, _field in facts_of(second)["disclosures"]} <= uids


def test_erased_by_names_the_entry_of_each_erasure(acts, alice, bob, audrey, administrator) -> None:
    list(export_csv(query=Query(account="20002"), person=audrey, at=END))
    asked = Entry.objects.get(kind=Kind.AUDIT_EXPORTED)
    assert erased_by(acts["bob"].entry) == {}
    alices = erase_person(person=alice, actor=administrator, at=AFTER)
    bobs = erase_person(person=bob, actor=administrator, at=AFTER)
    assert erased_by(acts["bob"].entry) == {
        "account_qq": alices,
        "actor_qq": bobs,
        "address": bobs,
        "user_agent": bobs,
    }
    assert erased_by(asked) == {"account_qq": alices}


def test_look_before_erasing_counts_what_goes(acts, alice, administrator) -> None:
    prospect = look_before_erasing(person=alice, actor=administrator, at=AFTER)
    erasure = erase_person(person=alice, actor=administrator, at=AFTER)
    gone = facts_of(erasure)["disclosures"]
    assert (prospect.entries, prospect.refusal) == (len({uid for uid, _field in gone}), None)
    assert prospect.values == {
        "account_qq": 6,
        "actor_qq": 4,
        "address": 1,
        "qq_number": 2,
        "user_agent": 1,
    }
    again = look_before_erasing(person=alice, actor=administrator, at=AFTER)
    assert (again.entries, again.values, type(again.refusal)) == (0, {}, AlreadyErased)


# What forbids it


def refused(kind: type[Exception], person: Person, administrator: Person, at: datetime) -> str:
    """That the erasure is refused, leaves everything as it was, and is foretold; return what it says."""
    before = (standing_values(), Entry.objects.count(), Session.objects.count())
    with pytest.raises(kind) as refusal:
        erase_person(person=person, actor=administrator, at=at)
    assert type(refusal.value) is kind
    assert (standing_values(), Entry.objects.count(), Session.objects.count()) == before
    foretold = look_before_erasing(person=person, actor=administrator, at=at).refusal
    assert (type(foretold), str(foretold)) == (kind, str(refusal.value))
    return str(refusal.value)


def test_only_an_administrator_erases(acts, alice, bob, charlie, petra, arno, audrey, administrator) -> None:
    before = (standing_values(), Entry.objects.count())
    for actor in (alice, bob, charlie, petra, arno, audrey):
        for act in (erase_person, look_before_erasing):
            with pytest.raises(NotAuthorised):
                act(person=alice, actor=actor, at=AFTER)
    assert (standing_values(), Entry.objects.count()) == before


def test_an_open_account_is_closed_first(alice, administrator) -> None:
    assert "注销开发者账户" in refused(AccountStillOpen, alice, administrator, AFTER)


@pytest.mark.parametrize("joined", [True, False])
def test_an_open_grant_is_ended_first(joined, alice, administrator) -> None:
    if joined:
        sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=MONDAY)
    made = grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=MONDAY)
    assert "终止账户 QQ 20002" in refused(AccountStillOpen, made.person, administrator, AFTER)


def test_a_role_is_ended_first(petra, administrator) -> None:
    assert "发布人" in refused(AccountStillOpen, petra, administrator, AFTER)


def test_an_administrator_is_unmade_first(administrator) -> None:
    assert "管理员身份" in refused(AccountStillOpen, administrator, administrator, AFTER)


def test_while_an_account_that_they_acted_for_is_open_nothing_goes(agreement, petra, alice, bob, administrator) -> None:
    Agreement.objects.update(legal_profile=LegalProfile.NONE)
    accept_versions(alice.account, bob, publish(agreement, petra), at=MONDAY)
    end_grant(grant=CollaboratorGrant.objects.get(), actor=alice, at=MONDAY + DAY)
    assert "账户 QQ 20002 尚未注销" in refused(AccountStillOpen, bob, administrator, AFTER)
    close_account(account=alice.account, actor=alice, at=END)
    erase_person(person=bob, actor=administrator, at=END)


def test_the_same_holds_for_who_only_refused(agreement, petra, alice, bob, administrator, form_key) -> None:
    version = publish(agreement, petra)
    refuse(
        account=alice.account,
        actor=bob,
        document=shown(version),
        form_key=form_key,
        circumstances=CIRCUMSTANCES,
        at=MONDAY,
    )
    close_account(account=alice.account, actor=alice, at=END)
    for person in (alice, bob):
        assert "2029-04-01 10:00:00 (UTC+0800)" in refused(RetentionRunning, person, administrator, KEPT - DAY)
        erase_person(person=person, actor=administrator, at=KEPT)


@pytest.fixture
def form_key() -> str:
    return "7d2c1ab0-3df6-4c19-8ad5-27cf35e7a1f1"


def test_all_reasons_are_told_at_once(alice, bob, administrator) -> None:
    give_role(person=alice, role=Role.AUDITOR, actor=administrator, at=MONDAY)
    told = refused(AccountStillOpen, alice, administrator, AFTER)
    assert [words in told for words in ("注销开发者账户", "审计员", "终止账户")] == [True, True, False]


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_retention_runs_from_the_closing(name, acts, alice, bob, administrator) -> None:
    person = {"alice": alice, "bob": bob}[name]
    for at in (END, KEPT - DAY, KEPT - timedelta(microseconds=1)):
        with pytest.raises(RetentionRunning) as refusal:
            erase_person(person=person, actor=administrator, at=at)
        assert refusal.value.until == KEPT
    refused(RetentionRunning, person, administrator, END)
    erase_person(person=person, actor=administrator, at=KEPT)


@pytest.mark.parametrize("profile", LegalProfile)
def test_the_profile_gives_the_years(profile, acts, alice, administrator) -> None:
    Agreement.objects.update(legal_profile=profile)
    if profile.retention_years:
        refused(RetentionRunning, alice, administrator, KEPT - DAY)
    else:
        erase_person(person=alice, actor=administrator, at=END)


@pytest.mark.parametrize("refuses", [False, True])
def test_the_strictest_profile_counts(refuses, agreement, petra, alice, administrator, form_key) -> None:
    data = make_agreement(petra, slug="data")
    Agreement.objects.filter(slug="data").update(legal_profile=LegalProfile.EU_P2B)
    accept_versions(alice.account, alice, publish(data, petra), at=MONDAY)
    version = publish(agreement, petra)
    if refuses:
        refuse(
            account=alice.account,
            actor=alice,
            document=shown(version),
            form_key=form_key,
            circumstances=CIRCUMSTANCES,
            at=MONDAY,
        )
    else:
        accept_versions(alice.account, alice, version, at=MONDAY)
    close_account(account=alice.account, actor=alice, at=END)
    refused(RetentionRunning, alice, administrator, KEPT - DAY)


def test_what_others_accepted_keeps_nobody(acts, charlie, administrator) -> None:
    close_account(account=charlie.account, actor=charlie, at=END)
    erase_person(person=charlie, actor=administrator, at=END)


def test_of_two_accounts_the_later_end_counts(agreement, petra, alice, charlie, administrator) -> None:
    version = publish(agreement, petra)
    made = grant(account=alice.account, actor=alice, qq_number="30003", scopes=list(Scope), at=MONDAY)
    CollaboratorGrant.objects.filter(pk=made.pk).update(confirmed_at=MONDAY)
    accept_versions(alice.account, charlie, version, at=MONDAY)
    accept_versions(charlie.account, charlie, version, at=MONDAY)
    close_account(account=charlie.account, actor=charlie, at=END - 20 * DAY)
    close_account(account=alice.account, actor=alice, at=END)
    refused(RetentionRunning, charlie, administrator, KEPT - DAY)
    erase_person(person=charlie, actor=administrator, at=KEPT)


def test_a_role_is_kept_three_years_from_its_end(petra, administrator) -> None:
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=END)
    refused(RetentionRunning, petra, administrator, KEPT - DAY)
    erase_person(person=petra, actor=administrator, at=KEPT)


def test_what_an_administrator_did_about_roles_is_kept_three_years(petra, administrator) -> None:
    second = Person.objects.create_superuser("90010", PASSWORD, at=JOINED_AT)
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=END)
    Person.objects.filter(pk=administrator.pk).update(is_superuser=False, is_staff=False)
    refused(RetentionRunning, administrator, second, KEPT - DAY)
    erase_person(person=administrator, actor=second, at=KEPT)


def test_years_are_those_of_the_calendar() -> None:
    assert years_later(datetime(2024, 2, 29, 5, tzinfo=UTC), 3) == datetime(2027, 3, 1, 5, tzinfo=UTC)
    assert years_later(datetime(2026, 4, 1, 2, tzinfo=UTC), 3) == datetime(2029, 4, 1, 2, tzinfo=UTC)


def test_each_hold_is_lifted_first(acts, alice, audrey, administrator) -> None:
    held = [place_hold(person=alice, reason="诉讼", actor=audrey, at=END) for _ in range(2)]
    for hold in held:
        refused(OnHold, alice, administrator, AFTER)
        lift_hold(hold=hold, reason="结案", actor=audrey, at=AFTER)
    erase_person(person=alice, actor=administrator, at=AFTER)


def test_a_hold_on_another_keeps_nobody_else(acts, alice, bob, audrey, administrator) -> None:
    place_hold(person=bob, reason="诉讼", actor=audrey, at=END)
    erase_person(person=alice, actor=administrator, at=AFTER)


def test_a_person_is_erased_once(acts, alice, administrator) -> None:
    erase_person(person=alice, actor=administrator, at=AFTER)
    refused(AlreadyErased, alice, administrator, AFTER)


def test_an_erased_person_gets_no_role_link_account_or_hold(acts, bob, audrey, administrator) -> None:
    erase_person(person=bob, actor=administrator, at=AFTER)
    before = (Entry.objects.count(), RoleHolding.objects.count(), Account.objects.count(), LegalHold.objects.count())
    # Bob is an object from before his erasure, as in a request that began before it.
    for act in (
        lambda: give_role(person=bob, role=Role.AUDITOR, actor=administrator, at=AFTER),
        lambda: issue_reset_link(person=bob, actor=administrator, at=AFTER),
        lambda: open_account(owner=bob, at=AFTER),
        lambda: place_hold(person=bob, reason="诉讼", actor=audrey, at=AFTER),
    ):
        with pytest.raises(NoSuchPerson):
            act()
    after = (Entry.objects.count(), RoleHolding.objects.count(), Account.objects.count(), LegalHold.objects.count())
    assert after == before


# Two people at the same moment


@pytest.fixture
def gone(transactional_db, administrator) -> Person:
    """Somebody without account, grant or role, who may be erased at any time."""
    return sign_up(qq_number="70007", password=PASSWORD, with_account=False, at=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_erasures_at_once_are_one(gone, administrator) -> None:
    results = at_once(*[lambda: erase_person(person=gone, actor=administrator, at=MONDAY)] * 2)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyErased", "Entry"]
    assert Entry.objects.filter(kind=Kind.PERSON_ERASED).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["role", "link", "account", "hold"])
def test_what_waits_for_an_erasure_finds_nobody(what, gone, audrey, administrator) -> None:
    acts: dict[str, Callable] = {
        "role": lambda: give_role(person=gone, role=Role.AUDITOR, actor=administrator, at=MONDAY),
        "link": lambda: issue_reset_link(person=gone, actor=administrator, at=MONDAY),
        "account": lambda: open_account(owner=gone, at=MONDAY),
        "hold": lambda: place_hold(person=gone, reason="诉讼", actor=audrey, at=MONDAY),
    }
    waited, outcome = while_another_waits(lambda: erase_person(person=gone, actor=administrator, at=MONDAY), acts[what])
    assert (waited, type(outcome)) == (True, NoSuchPerson)
    assert stands("70007") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["role", "account", "hold", "invitation"])
def test_an_erasure_waits_for_what_forbids_it(what, gone, alice, audrey, administrator) -> None:
    scopes = [Scope.SETTLE_FEES]
    acts: dict[str, Callable] = {
        "role": lambda: give_role(person=gone, role=Role.AUDITOR, actor=administrator, at=MONDAY),
        "account": lambda: open_account(owner=gone, at=MONDAY),
        "hold": lambda: place_hold(person=gone, reason="诉讼", actor=audrey, at=MONDAY),
        "invitation": lambda: grant(account=alice.account, actor=alice, qq_number="70007", scopes=scopes, at=MONDAY),
    }
    waited, outcome = while_another_waits(acts[what], lambda: erase_person(person=gone, actor=administrator, at=MONDAY))
    assert (waited, type(outcome)) == (True, OnHold if what == "hold" else AccountStillOpen)


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_waits_for_an_erasure_is_to_a_new_person(gone, alice, administrator) -> None:
    waited, made = while_another_waits(
        lambda: erase_person(person=gone, actor=administrator, at=MONDAY),
        lambda: grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=MONDAY),
    )
    assert (waited, type(made)) == (True, CollaboratorGrant)
    assert (made.person.pk != gone.pk, made.person.joined_at) == (True, None)


@pytest.mark.django_db(transaction=True)
def test_who_signs_up_while_the_number_is_erased_is_a_new_person(alice, administrator) -> None:
    made = grant(account=alice.account, actor=alice, qq_number="70007", scopes=[Scope.SETTLE_FEES], at=MONDAY)
    end_grant(grant=made, actor=alice, at=MONDAY)
    waited, joined = while_another_waits(
        lambda: erase_person(person=made.person, actor=administrator, at=MONDAY),
        lambda: sign_up(qq_number="70007", password=PASSWORD, with_account=True, at=MONDAY),
    )
    assert (waited, type(joined)) == (True, Person)
    assert (joined.pk != made.person_id, joined.account.closed_at) == (True, None)


def leave(alice: Person, administrator: Person) -> Entry:
    """Alice closes her account and is erased at once: an agreement of no retention asks for nothing more."""
    close_account(account=alice.account, actor=alice, at=END)
    return erase_person(person=alice, actor=administrator, at=END)


@pytest.mark.django_db(transaction=True)
def test_a_pack_that_waits_for_the_erasure_of_who_asks_is_not_made(agreement, petra, alice, administrator) -> None:
    Agreement.objects.update(legal_profile=LegalProfile.NONE)
    made = accept_versions(alice.account, alice, publish(agreement, petra), at=MONDAY)
    seal(at=MONDAY)
    waited, outcome = while_another_waits(
        lambda: leave(alice, administrator),
        lambda: request_pack(selection=Selection(acceptance=made), actor=alice, at=END),
    )
    assert (waited, type(outcome)) == (True, NoSuchPerson)
    assert (PackRequest.objects.count(), stands("20002")) == (0, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_an_acceptance_that_waits_for_closing_and_erasure_is_refused(
    who, agreement, petra, alice, bob, administrator
) -> None:
    version = publish(agreement, petra)
    actor, refusal = {"alice": (alice, AccountClosed), "bob": (bob, NotAuthorised)}[who]
    waited, outcome = while_another_waits(
        lambda: leave(alice, administrator), lambda: accept_versions(alice.account, actor, version, at=MONDAY)
    )
    assert (waited, type(outcome)) == (True, refusal)
    assert (Acceptance.objects.count(), stands("20002")) == (0, [])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_an_acceptance_that_came_first_is_erased_with_the_rest(
    who, agreement, petra, alice, bob, administrator
) -> None:
    Agreement.objects.update(legal_profile=LegalProfile.NONE)
    version = publish(agreement, petra)
    actor = {"alice": alice, "bob": bob}[who]
    waited, outcome = while_another_waits(
        lambda: accept_versions(alice.account, actor, version, at=MONDAY), lambda: leave(alice, administrator)
    )
    assert (waited, type(outcome)) == (True, Entry)
    assert (Acceptance.objects.count(), stands("20002")) == (1, [])
