"""Tests that try to break invariant 1 with raw SQL and through the models, on rows of every kept and append-only model."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, NotSupportedError, connection, models, transaction
from django.test import Client
from django.test.utils import isolate_apps

from accounts.appointing import end_role
from accounts.closing import close_account
from accounts.collaborating import end_grant, grant
from accounts.joining import sign_up
from accounts.models import Account, CollaboratorGrant, Person, Role, RoleHolding, Scope
from agreements.models import Agreement, Version
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.demo import CIRCUMSTANCES, PASSWORD, load_demo, shown
from assent.erasing import erase_person
from assent.legal_holds import lift_hold, place_hold
from assent.models import LegalHold
from evidence.append_only import AppendOnly, Kept
from evidence.errors import NeverChanges
from evidence.log import seal
from evidence.models import Cosignature, Disclosure, Entry, Tile, TimestampAttempt
from evidence.protection import PREFIX, install, lift, missing, protected_models

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

sqlite_only = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own way around an UPDATE trigger")
postgresql_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has it")

APPEND_ONLY = [model for model in protected_models() if issubclass(model, AppendOnly)]
KEPT = [model for model in protected_models() if issubclass(model, Kept)]

# What may change in a kept row: freely, once from NULL, once to NULL. Everything else in the table is fixed for good.
FREE = {
    Person: {"password", "last_login", "is_superuser", "is_active", "is_staff"},
    Agreement: {"name_zh", "name_en", "governing_language", "binds", "legal_profile"},
}
ONCE = {
    Person: {"joined_at", "erased_at", "erasure"},
    Account: {"closed_at"},
    CollaboratorGrant: {"confirmed_at", "ended_at", "ended_by_id"},
    RoleHolding: {"ended_at", "ended_by_id"},
    LegalHold: {"placed_entry_id", "lifted_at", "lifted_by_id", "lifted_entry_id"},
}
ONLY_TO_NULL = {Person: {"qq_number"}, Disclosure: {"salt", "value"}}
GROWS = {Tile: {"hashes"}}

every_protected = pytest.mark.parametrize("model", list(protected_models()), ids=lambda model: model._meta.label)
every_append_only = pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model._meta.label)
every_kept = pytest.mark.parametrize("model", KEPT, ids=lambda model: model._meta.label)


@pytest.fixture
def story(db: None) -> None:
    """Rows of every protected model, made through the acts: the demo, and what it leaves out."""
    cast = load_demo(at=NOW)
    alice, charlie = Account.objects.get(owner=cast.alice), Account.objects.get(owner=cast.charlie)
    versions = Version.objects.filter(agreement__slug="developer-agreement")
    withdraw_version(version=versions.get(number=3), actor=cast.petra, at=NOW)
    refuse(
        account=charlie,
        actor=cast.charlie,
        document=shown(versions.get(number=2)),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=NOW,
    )
    # A grant that was ended beside the one that holds, one that waits for its number, and a role that was taken back.
    ended = grant(account=charlie, actor=cast.charlie, qq_number="10001", scopes=[Scope.SETTLE_FEES], at=NOW)
    end_grant(grant=ended, actor=cast.charlie, at=NOW)
    grant(account=alice, actor=cast.alice, qq_number="70007", scopes=list(Scope), at=NOW)
    end_role(person=cast.arno, role=Role.APPROVER, actor=cast.administrator, at=NOW)
    # Somebody who was erased, an account that was closed, a hold that was lifted, one that holds, and one not logged yet.
    gone = sign_up(qq_number="80008", password=PASSWORD, with_account=False, at=NOW)
    erase_person(person=gone, actor=cast.administrator, at=NOW)
    left = sign_up(qq_number="80009", password=PASSWORD, with_account=True, at=NOW)
    close_account(account=left.account, actor=left, at=NOW)
    lift_hold(
        hold=place_hold(person=left, reason="an inquiry", actor=cast.audrey, at=NOW),
        reason="it is over",
        actor=cast.audrey,
        at=NOW,
    )
    place_hold(person=left, reason="another inquiry", actor=cast.audrey, at=NOW)
    LegalHold.objects.create(person=left, placed_at=NOW, placed_by=cast.audrey)
    checkpoint = seal(at=NOW)
    Cosignature.objects.create(checkpoint=checkpoint, witness_key="witness", line="— line\n", received_at=NOW)
    TimestampAttempt.objects.create(number=1, checkpoint=checkpoint, authority="tsa", at=NOW, error="no answer")
    # PostgreSQL does not touch the triggers of a table whose deferred foreign keys are still to be checked.
    connection.check_constraints()


def key_of(model: type[models.Model]) -> str:
    return model._meta.pk.column


def columns_of(model: type[models.Model]) -> list[str]:
    return [field.column for field in model._meta.local_concrete_fields]


def table_of(model: type[models.Model]) -> list[tuple]:
    """Every byte of a table, as the database has it."""
    listed = ", ".join(f'"{column}"' for column in columns_of(model))
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {listed} FROM "{model._meta.db_table}" ORDER BY {key_of(model)}')
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in cursor.fetchall()]


def run(sql: str, values: tuple | list = ()) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def refused(sql: str, values: tuple | list = ()) -> None:
    """Run a statement, which the triggers must refuse."""
    with pytest.raises(IntegrityError, match="are kept for good"):
        run(sql, values)


def other_value(model: type[models.Model], column: str, current: Any) -> Any:
    """A value of the column's kind that no row has in it."""
    field = next(field for field in model._meta.local_concrete_fields if field.column == column)
    field = getattr(field, "target_field", field)
    if isinstance(field, models.UUIDField):
        return uuid4().hex
    if isinstance(field, models.BooleanField):
        return not current
    if isinstance(field, models.DateTimeField):
        return LATER
    if isinstance(field, models.BinaryField):
        return b"another"
    if isinstance(field, models.IntegerField):
        return 31987
    return "1234567" if column == "qq_number" else "another"


def unique_sets(model: type[models.Model]) -> list[list[str]]:
    """The columns of every key and unique index that the database itself knows of, conditional ones included."""
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
    found = [c["columns"] for c in constraints.values() if c["unique"] or c["primary_key"]]
    return [list(columns) for columns in sorted({tuple(columns) for columns in found})]


def open_row(model: type[models.Model], filled: list[str] | None = None) -> dict[str, Any]:
    """The newest row of the model that has something in the `filled` columns; of grants and roles one that has not ended,
    as their unique sets are about those.
    """
    rows = [dict(zip(columns_of(model), row, strict=True)) for row in table_of(model)]
    rows = [row for row in rows if all(row[column] is not None for column in filled or [])]
    return [row for row in rows if row.get("ended_at") is None][-1]


def test_the_story_has_rows_of_every_protected_model(story: None) -> None:
    counts = {model._meta.label: model._base_manager.count() for model in protected_models()}
    assert [label for label, count in counts.items() if not count] == []


def test_what_is_protected() -> None:
    labels = {model._meta.label for model in protected_models()}
    assert labels >= {
        "evidence.Entry",
        "evidence.Disclosure",
        "evidence.Sealed",
        "evidence.Tile",
        "evidence.LogKey",
        "evidence.Checkpoint",
        "evidence.Cosignature",
        "evidence.TimestampAttempt",
        "accounts.Person",
        "accounts.Account",
        "accounts.CollaboratorGrant",
        "accounts.RoleHolding",
        "agreements.Version",
        "agreements.VersionText",
        "agreements.Withdrawal",
        "assent.Acceptance",
        "assent.AcceptanceLine",
        "assent.Refusal",
        "assent.LegalHold",
    }
    assert len(labels) == len(APPEND_ONLY) + len(KEPT)


def test_the_database_has_these_unique_sets(db: None) -> None:
    """What the attempts below go through, the two conditional ones (an open grant, a role that is held) included."""
    assert {model._meta.label: unique_sets(model) for model in protected_models()} == {
        "evidence.Entry": [["id"], ["uid"]],
        "evidence.Disclosure": [["entry_id", "field"], ["id"]],
        "evidence.Sealed": [["entry_id"], ["position"]],
        "evidence.Tile": [["id"], ["level", "index"]],
        "evidence.LogKey": [["entry_id"], ["id"], ["verifier_key"]],
        "evidence.Checkpoint": [["number"], ["size"]],
        "evidence.Cosignature": [["checkpoint_id", "witness_key"], ["id"]],
        "evidence.TimestampAttempt": [["number"]],
        "accounts.Person": [["erasure"], ["id"], ["qq_number"]],
        "accounts.Account": [["id"], ["owner_id"]],
        "accounts.CollaboratorGrant": [["account_id", "person_id"], ["id"]],
        "accounts.RoleHolding": [["id"], ["person_id", "role"]],
        "agreements.Agreement": [["id"], ["slug"]],
        "agreements.Draft": [["id"]],
        "agreements.Version": [["agreement_id", "number"], ["draft_id"], ["id"]],
        "agreements.VersionText": [["id"], ["version_id", "language"]],
        "agreements.Withdrawal": [["id"], ["version_id"]],
        "assent.Acceptance": [["entry_id"], ["form_key"], ["id"]],
        "assent.AcceptanceLine": [["acceptance_id", "version_id"], ["id"]],
        "assent.Refusal": [["entry_id"], ["form_key"], ["id"]],
        "assent.LegalHold": [["id"], ["lifted_entry_id"], ["placed_entry_id"]],
    }


@every_append_only
def test_raw_update_is_refused_even_without_a_change(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    row, table = open_row(model), model._meta.db_table
    for column in columns_of(model):
        refused(f'UPDATE "{table}" SET "{column}" = "{column}"')
        refused(f'UPDATE "{table}" SET "{column}" = "{column}" WHERE {key_of(model)} = %s', [row[key_of(model)]])
        refused(
            f'UPDATE "{table}" SET "{column}" = %s WHERE {key_of(model)} = %s',
            [other_value(model, column, None), row[key_of(model)]],
        )
    assert table_of(model) == before


@every_kept
def test_raw_update_of_a_fixed_column_is_refused(model: type[models.Model], story: None) -> None:
    fixed = set(columns_of(model)) - FREE.get(model, set()) - ONCE.get(model, set()) - ONLY_TO_NULL.get(model, set())
    assert key_of(model) in fixed
    before = table_of(model)
    row, table = open_row(model), model._meta.db_table
    for column in fixed:
        value = other_value(model, column, row[column])
        refused(f'UPDATE "{table}" SET "{column}" = %s WHERE {key_of(model)} = %s', [value, row[key_of(model)]])
        # Neither together with a column that may change, nor to what another row has.
        refused(f'UPDATE "{table}" SET "{column}" = %s', [value])
    assert table_of(model) == before


def two_values(column: str) -> list[Any]:
    """Two values that a `once` column may take."""
    if column.endswith("_by_id"):
        return [Person.objects.get(qq_number=number).pk for number in ("20002", "30003")]
    if column.endswith("_entry_id"):
        return list(Entry.objects.filter(kind="person.joined").values_list("pk", flat=True)[:2])
    return [uuid4().hex, uuid4().hex] if column == "erasure" else [LATER, NOW]


@pytest.mark.parametrize("model", ONCE, ids=lambda model: model._meta.label)
def test_raw_update_of_a_once_column_happens_once(model: type[models.Model], story: None) -> None:
    for column in ONCE[model]:
        before = table_of(model)
        position = columns_of(model).index(column)
        filled = next(row[0] for row in before if row[position] is not None)
        empty = next(row[0] for row in before if row[position] is None)
        update = f'UPDATE "{model._meta.db_table}" SET "{column}" = %s WHERE {key_of(model)} = %s'
        for value in (None, other_value(model, column, None)):
            refused(update, [value, filled])
        assert table_of(model) == before
        first, second = two_values(column)
        run(update, [first, empty])
        for value in (None, second):
            refused(update, [value, empty])
        assert [row for row in table_of(model) if row[0] != empty] == [row for row in before if row[0] != empty]


@every_protected
def test_raw_delete_is_refused(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    refused(f'DELETE FROM "{model._meta.db_table}" WHERE {key_of(model)} = %s', [open_row(model)[key_of(model)]])
    refused(f'DELETE FROM "{model._meta.db_table}"')
    assert table_of(model) == before


def replacements(model: type[models.Model]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    """For each unique set a row that meets the open row in this set and in no other."""
    sets = unique_sets(model)
    for chosen in sets:
        new = open_row(model, chosen)
        for columns in sets:
            if columns != chosen:
                column = next(column for column in columns if column not in chosen)
                new[column] = other_value(model, column, new[column])
        yield chosen, new


@sqlite_only
@every_protected
def test_insert_or_replace_is_refused_for_every_unique_set(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    listed = ", ".join(f'"{column}"' for column in columns_of(model))
    places = ", ".join(["%s"] * len(columns_of(model)))
    tried = []
    for chosen, new in replacements(model):
        for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT"):
            refused(f'{verb} INTO "{model._meta.db_table}" ({listed}) VALUES ({places})', list(new.values()))
        tried.append(chosen)
    assert [key_of(model)] in tried
    assert len(tried) == len(unique_sets(model))
    assert table_of(model) == before


@sqlite_only
@every_protected
def test_a_row_that_meets_no_other_is_inserted(model: type[models.Model], story: None) -> None:
    """The refusals above are about the key that exists, not about anything else in those rows."""
    new = open_row(model)
    for columns in unique_sets(model):
        new[columns[-1]] = other_value(model, columns[-1], new[columns[-1]])
    before = len(table_of(model))
    listed = ", ".join(f'"{column}"' for column in new)
    places = ", ".join(["%s"] * len(new))
    with transaction.atomic():
        run(f'INSERT OR REPLACE INTO "{model._meta.db_table}" ({listed}) VALUES ({places})', list(new.values()))
        assert len(table_of(model)) == before + 1
        transaction.set_rollback(True)


@sqlite_only
@every_protected
def test_no_spelling_of_the_key_slips_past(model: type[models.Model], story: None) -> None:
    before, table = table_of(model), model._meta.db_table
    new = next(new for chosen, new in replacements(model) if chosen == [key_of(model)])
    key = new.pop(key_of(model))
    listed = ", ".join(f'"{column}"' for column in new)
    places = ", ".join(["%s"] * len(new))
    for name in (key_of(model), "rowid", "oid", "_rowid_"):
        for spelling in (f"{key}", f"'{key}'", f"{key}.0", f"' {key} '", f"1 * {key}"):
            insert = f'INSERT OR REPLACE INTO "{table}" ({name}, {listed}) VALUES ({spelling}, {places})'
            refused(insert, list(new.values()))
        refused(f'UPDATE OR REPLACE "{table}" SET {name} = {name} + 1')
    assert table_of(model) == before


@every_append_only
def test_an_upsert_is_refused(model: type[models.Model], story: None) -> None:
    before, table = table_of(model), model._meta.db_table
    # PostgreSQL takes one target, and the copy of a row meets its key first.
    for columns in unique_sets(model) if connection.vendor == "sqlite" else [[key_of(model)]]:
        target = ", ".join(f'"{column}"' for column in columns)
        refused(
            f'INSERT INTO "{table}" SELECT * FROM "{table}" WHERE true '
            f'ON CONFLICT ({target}) DO UPDATE SET "{columns[0]}" = excluded."{columns[0]}"'
        )
    assert table_of(model) == before


@postgresql_only
@every_protected
def test_truncate_is_refused(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    refused(f'TRUNCATE "{model._meta.db_table}" CASCADE')
    refused(f'TRUNCATE "{model._meta.db_table}" RESTART IDENTITY CASCADE')
    # Without CASCADE it may already be the foreign keys that refuse.
    with pytest.raises((IntegrityError, NotSupportedError), match=r"kept for good|referenced in a foreign key"):
        run(f'TRUNCATE "{model._meta.db_table}"')
    assert table_of(model) == before


@postgresql_only
@pytest.mark.parametrize("table", ["agreements_agreement", "agreements_draft", "auth_group", "django_content_type"])
def test_truncate_of_another_table_reaches_no_protected_one(table: str, story: None) -> None:
    before = {model: table_of(model) for model in protected_models()}
    try:
        run(f'TRUNCATE "{table}" CASCADE')
    except IntegrityError as error:
        assert "kept for good" in str(error)
    assert {model: table_of(model) for model in protected_models()} == before


@every_append_only
def test_the_model_refuses_to_change_or_delete(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    row = model.objects.order_by("pk").last()
    field = next(f.name for f in model._meta.local_concrete_fields if not f.primary_key)
    attempts: list[Callable[[], Any]] = [
        row.save,
        lambda: row.save(force_update=True),
        lambda: row.save(update_fields=[field]),
        row.delete,
        lambda: model.objects.filter(pk=row.pk).update(**{field: getattr(row, field)}),
        lambda: model.objects.filter(pk=row.pk).delete(),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_update([row], [field]),
        lambda: model.objects.update_or_create(pk=row.pk, defaults={field: getattr(row, field)}),
    ]
    for attempt in attempts:
        with pytest.raises(NeverChanges) as refusal:
            attempt()
        message = f"{model._meta.label} 的记录永久保存，不能更改或删除。"
        assert (str(refusal.value), refusal.value.status) == (message, 409)
    assert table_of(model) == before


@every_append_only
def test_what_goes_around_the_model_meets_the_trigger(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    row = model.objects.order_by("pk").last()
    field = next(f.name for f in model._meta.local_concrete_fields if not f.primary_key)
    attempts: list[Callable[[], Any]] = [
        lambda: row.save_base(),
        lambda: model._base_manager.filter(pk=row.pk).update(**{field: getattr(row, field)}),
        lambda: model.objects.filter(pk=row.pk)._raw_delete(using="default"),
        lambda: model.objects.bulk_create(
            [row], update_conflicts=True, update_fields=[field], unique_fields=[model._meta.pk.name]
        ),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="are kept for good"), transaction.atomic():
            attempt()
    assert table_of(model) == before


@every_kept
def test_the_model_refuses_to_delete(model: type[models.Model], story: None) -> None:
    before = table_of(model)
    row = model.objects.order_by("pk").last()
    attempts: list[Callable[[], Any]] = [
        row.delete,
        lambda: model.objects.filter(pk=row.pk).delete(),
        lambda: model.objects.all().delete(),
    ]
    for attempt in attempts:
        with pytest.raises(NeverChanges):
            attempt()
    assert table_of(model) == before


def test_foreign_keys_into_protected_rows_are_protect() -> None:
    """Foreign keys of simple-history's tables, which are not evidence, have no constraint in the database at all."""
    astray = [
        f"{field.model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.remote_field
        and issubclass(field.remote_field.model, AppendOnly | Kept)
        and field.remote_field.on_delete is not models.PROTECT
        and not hasattr(model, "history_id")
    ]
    # The admin's own log comes with Django; nothing in our admin writes to it.
    assert astray == ["admin.LogEntry.user"]


def test_a_number_never_changes_and_may_be_emptied_once(story: None) -> None:
    person = Person.objects.get(qq_number="30003")
    for number in ("31003", "20002", "030003", ""):
        refused("UPDATE accounts_person SET qq_number = %s WHERE id = %s", [number, person.pk])
    if connection.vendor == "sqlite":
        refused("UPDATE OR REPLACE accounts_person SET qq_number = '20002' WHERE id = %s", [person.pk])
    run("UPDATE accounts_person SET qq_number = qq_number WHERE id = %s", [person.pk])
    run("UPDATE accounts_person SET qq_number = NULL WHERE id = %s", [person.pk])
    for number in ("30003", "31003"):
        refused("UPDATE accounts_person SET qq_number = %s WHERE id = %s", [number, person.pk])
    person.refresh_from_db()
    assert (person.qq_number, str(person)) == (None, "（已删除的号码）")


@pytest.mark.parametrize("number", ["0123456", "1234", "123456789012", "１２３４５", "12345\n", " 12345", "-12345", ""])
def test_the_database_knows_what_a_number_is(number: str, alice: Person) -> None:
    before = table_of(Person)
    columns = [column for column in columns_of(Person) if column not in ("id", "qq_number")]
    listed = ", ".join(columns)
    # PostgreSQL refuses the longest one for its length.
    with pytest.raises(DatabaseError, match=r"accounts_person_qq_number|too long"):
        run(
            f"INSERT INTO accounts_person (qq_number, {listed}) SELECT %s, {listed} FROM accounts_person "
            "WHERE qq_number = '20002'",
            [number],
        )
    assert table_of(Person) == before


def test_a_disclosure_is_erased_whole_and_once(story: None) -> None:
    entry = Entry.objects.get(kind="acceptance.refused")
    leaf, statement = bytes(entry.leaf_hash), bytes(entry.statement)
    disclosure = entry.disclosures.get(field="actor_qq")
    set_to = 'UPDATE evidence_disclosure SET "value" = %s, "salt" = %s WHERE id = %s'
    salt = bytes(disclosure.salt)
    before = table_of(Disclosure)
    for values in [("x", salt), ("", salt), ("30003", bytes(32)), ("x", None), (None, bytes(32))]:
        refused(set_to, [*values, disclosure.pk])
    for values in [(None, salt), ("30003", None)]:
        with pytest.raises(IntegrityError, match="evidence_disclosure_whole_or_erased"):
            run(set_to, [*values, disclosure.pk])
    assert table_of(Disclosure) == before

    run(set_to, [None, None, disclosure.pk])
    for values in [("30003", salt), ("x", bytes(32)), ("", b"")]:
        refused(set_to, [*values, disclosure.pk])
    disclosure.refresh_from_db()
    assert (disclosure.value, disclosure.salt) == (None, None)
    entry.refresh_from_db()
    assert (bytes(entry.leaf_hash), bytes(entry.statement)) == (leaf, statement)


def test_an_erasure_through_the_model_keeps_to_the_same_rules(story: None) -> None:
    disclosure = Disclosure.objects.filter(field="actor_qq").first()
    disclosure.value = "another"
    with pytest.raises(IntegrityError, match="are kept for good"), transaction.atomic():
        disclosure.save()
    disclosure.value = disclosure.salt = None
    disclosure.save()
    disclosure.refresh_from_db()
    assert (disclosure.value, disclosure.salt) == (None, None)


def test_a_tile_only_grows(story: None) -> None:
    tile = Tile.objects.get(level=0)
    hashes, set_to = bytes(tile.hashes), "UPDATE evidence_tile SET hashes = %s WHERE id = %s"
    for other in (b"", hashes[:-1], hashes[1:], bytes(len(hashes)), bytes(32) + hashes, None):
        refused(set_to, [other, tile.pk])
    run(set_to, [hashes + bytes(32), tile.pk])
    refused(set_to, [hashes, tile.pk])
    tile.refresh_from_db()
    assert bytes(tile.hashes) == hashes + bytes(32)


def drop(model: type[models.Model], event: str) -> str:
    name = f"{PREFIX}_{model._meta.db_table}_{event}"
    run(f'DROP TRIGGER "{name}"' + ("" if connection.vendor == "sqlite" else f' ON "{model._meta.db_table}"'))
    return name


def test_no_trigger_is_missing_after_the_migrations(db: None) -> None:
    assert missing(connection) == []


@every_protected
def test_a_dropped_trigger_is_named_and_comes_back_with_a_migrate(model: type[models.Model], db: None) -> None:
    events = ("update", "delete", "insert" if connection.vendor == "sqlite" else "truncate")
    dropped = [drop(model, event) for event in events]
    assert missing(connection) == sorted(dropped)
    install(connection)
    assert missing(connection) == []


def test_every_trigger_comes_back_with_a_migrate(story: None) -> None:
    lift(connection)
    assert len(missing(connection)) == 3 * len(list(protected_models()))
    call_command("migrate", verbosity=0, interactive=False)
    assert missing(connection) == []
    refused("UPDATE evidence_entry SET kind = kind")
    # Once more changes nothing.
    call_command("migrate", verbosity=0, interactive=False)
    assert missing(connection) == []


@postgresql_only
def test_a_disabled_trigger_is_missing(db: None) -> None:
    run('ALTER TABLE evidence_entry DISABLE TRIGGER "qiyue_evidence_entry_update"')
    assert missing(connection) == ["qiyue_evidence_entry_update"]
    run("ALTER TABLE evidence_entry DISABLE TRIGGER USER")
    assert len(missing(connection)) == 3


def test_readyz_answers_503_while_a_trigger_is_missing(client: Client, db: None) -> None:
    assert client.get("/readyz").status_code == 200
    name = drop(Entry, "update")
    answer = client.get("/readyz")
    told = {"status": "not ready", "missing": [f"trigger {name}"], "warnings": [], "log": None}
    assert (answer.status_code, answer.json()) == (503, told)
    install(connection)
    assert client.get("/readyz").status_code == 200


@sqlite_only
def test_a_condition_without_a_known_trigger_stops_the_migration(db: None) -> None:
    with isolate_apps("evidence") as isolated:

        class Planted(AppendOnly):
            word = models.TextField()

            class Meta:
                app_label = "evidence"
                constraints = [
                    models.UniqueConstraint(fields=["word"], condition=models.Q(word="one"), name="only_one_one")
                ]

        run("CREATE TABLE evidence_planted (id integer PRIMARY KEY, word text)")
        with pytest.raises(ImproperlyConfigured, match="only_one_one: no trigger is known"):
            install(connection, isolated.get_app_config("evidence"))
