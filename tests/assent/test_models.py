"""Acceptances, their lines and refusals are kept for good, in Python and in the database."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from agreements.models import Version
from assent.accepting import refuse
from assent.models import Acceptance, AcceptanceLine, Refusal
from evidence.errors import NeverChanges
from tests.support import CIRCUMSTANCES, MONDAY, NOON, accept_versions, publish, recorded, shown

TABLES = ["assent_acceptance", "assent_acceptanceline", "assent_refusal"]


@pytest.fixture
def accepted(agreement, petra, account, alice) -> Acceptance:
    """One acceptance; and one refusal of a version that is announced."""
    accepted = accept_versions(account, alice, publish(agreement, petra), at=MONDAY)
    refuse(
        account=account,
        actor=alice,
        document=shown(publish(agreement, petra, "第二版。", effective_at=NOON)),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=MONDAY,
    )
    return accepted


@pytest.mark.parametrize("model", [Acceptance, AcceptanceLine, Refusal])
def test_rows_refuse_change_in_python(accepted, model) -> None:
    row = model.objects.get()
    before = recorded()
    for act in (
        row.save,
        row.delete,
        lambda: model.objects.update(pk=row.pk),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_update([row], ["id"]),
    ):
        with pytest.raises(NeverChanges):
            act()
    assert recorded() == before


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_rows_refuse_raw_sql(accepted, table, statement) -> None:
    before = recorded()
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert recorded() == before


@pytest.mark.parametrize("model", [Acceptance, AcceptanceLine, Refusal])
def test_rows_refuse_to_be_written_over(accepted, model) -> None:
    row = model.objects.get()
    fields = model._meta.local_fields
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    columns, places = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    insert = f'INTO "{model._meta.db_table}" ({columns}) VALUES ({places})'
    statement = (
        f"INSERT OR REPLACE {insert}"
        if connection.vendor == "sqlite"
        else f"INSERT {insert} ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id"
    )
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", TABLES)
def test_rows_refuse_truncate(accepted, table) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("capacity", ["owner", "collaborator", "auditor"])
def test_a_capacity_fits_its_grant(accepted, account, bob, capacity) -> None:
    """An owner acts without a grant, a collaborator by one; there is no third capacity."""
    row = Acceptance.objects.values().get() | {"id": None, "entry_id": None, "form_key": uuid4()}
    for grant in {"owner": [bob.grants.get().pk], "collaborator": [None], "auditor": [None, bob.grants.get().pk]}[
        capacity
    ]:
        with pytest.raises(IntegrityError, match="assent_acceptance_capacity"), transaction.atomic():
            Acceptance.objects.create(
                **row | {"capacity": capacity, "grant_id": grant, "entry_id": Version.objects.count() + 10_000}
            )


def test_an_acceptance_has_a_version_once(accepted) -> None:
    line = AcceptanceLine.objects.values().get() | {"id": None}
    with pytest.raises(IntegrityError), transaction.atomic():
        AcceptanceLine.objects.create(**line)


def test_a_receipts_address_names_its_entry(accepted) -> None:
    assert (accepted.get_absolute_url(), str(accepted)) == (f"/receipts/{accepted.entry.uid}/", str(accepted.entry.uid))
