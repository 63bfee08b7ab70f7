"""The database triggers that hold invariant 1 against raw SQL, on SQLite and on PostgreSQL.

SQLite rebuilds a table when a migration alters it and drops its triggers, so they are installed after every migrate and their
presence can be asked for. Names of tables and columns come from our own models, never from outside.
"""

from collections.abc import Iterator

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from evidence.append_only import AppendOnly, Kept

PREFIX = "qiyue"


def protected_models(app: AppConfig | None = None) -> Iterator[type[models.Model]]:
    """Yield every concrete model that is append-only or kept, of one app or of all."""
    for model in app.get_models() if app else apps.get_models():
        if issubclass(model, AppendOnly | Kept):
            yield model


def _taken(model: type[models.Model]) -> str:
    """Return the SQL condition under which an INSERT would meet a key or unique value that exists.

    Of conditional constraints only those over `column IS NULL` are known; another one stops the migration.
    """
    sets = [([field.column], []) for field in model._meta.local_fields if field.unique]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            nulls = []
            for lookup, value in constraint.condition.children if constraint.condition else ():
                if not lookup.endswith("__isnull") or value is not True:
                    raise ImproperlyConfigured(f"{constraint.name}: no trigger is known for its condition")
                nulls.append(lookup.removesuffix("__isnull"))
            sets.append((_columns(model, constraint.fields), _columns(model, tuple(nulls))))
    tests = []
    for columns, nulls in sets:
        equal = [f'"{c}" = NEW."{c}"' for c in columns]
        null = [f'"{c}" IS NULL AND NEW."{c}" IS NULL' for c in nulls]
        tests.append(f'EXISTS (SELECT 1 FROM "{model._meta.db_table}" WHERE {" AND ".join(equal + null)})')
    return " OR ".join(tests)


def _columns(model: type[models.Model], names: tuple[str, ...]) -> list[str]:
    return [model._meta.get_field(name).column for name in names]


def _update_refused_when(model: type[Kept], differs: str) -> str:
    """Return the SQL condition under which an UPDATE of a kept row is refused.

    `differs` is the database's NULL-safe inequality.
    """
    parts = [f'OLD."{c}" {differs} NEW."{c}"' for c in [model._meta.pk.column, *_columns(model, model.fixed)]]
    parts += [f'(OLD."{c}" IS NOT NULL AND OLD."{c}" {differs} NEW."{c}")' for c in _columns(model, model.once)]
    parts += [f'(OLD."{c}" {differs} NEW."{c}" AND NEW."{c}" IS NOT NULL)' for c in _columns(model, model.only_to_null)]
    parts += [
        f'(NEW."{c}" IS NULL OR substr(NEW."{c}", 1, length(OLD."{c}")) {differs} OLD."{c}")'
        for c in _columns(model, model.grows)
    ]
    return " OR ".join(parts)


def _sqlite_statements(model: type[models.Model]) -> Iterator[str]:
    table = model._meta.db_table
    refuse = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are kept for good'); END"
    when = "" if issubclass(model, AppendOnly) else f"WHEN {_update_refused_when(model, 'IS NOT')}"
    yield f'CREATE TRIGGER "{PREFIX}_{table}_update" BEFORE UPDATE ON "{table}" {when} {refuse}'
    yield f'CREATE TRIGGER "{PREFIX}_{table}_delete" BEFORE DELETE ON "{table}" {refuse}'
    # INSERT OR REPLACE deletes the old row without firing a DELETE trigger, so an insert over an existing key is refused too.
    yield f'CREATE TRIGGER "{PREFIX}_{table}_insert" BEFORE INSERT ON "{table}" WHEN {_taken(model)} {refuse}'


def _postgresql_statements(model: type[models.Model]) -> Iterator[str]:
    table = model._meta.db_table
    yield (
        f"CREATE OR REPLACE FUNCTION {PREFIX}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'rows of % are kept for good', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    when = "" if issubclass(model, AppendOnly) else f"WHEN ({_update_refused_when(model, 'IS DISTINCT FROM')})"
    refuse = f"EXECUTE FUNCTION {PREFIX}_refuse()"
    yield f'CREATE TRIGGER "{PREFIX}_{table}_update" BEFORE UPDATE ON "{table}" FOR EACH ROW {when} {refuse}'
    yield f'CREATE TRIGGER "{PREFIX}_{table}_delete" BEFORE DELETE ON "{table}" FOR EACH ROW {refuse}'
    yield f'CREATE TRIGGER "{PREFIX}_{table}_truncate" BEFORE TRUNCATE ON "{table}" FOR EACH STATEMENT {refuse}'


def _events(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    return ("update", "delete", "insert" if connection.vendor == "sqlite" else "truncate")


def install(connection: BaseDatabaseWrapper, app: AppConfig | None = None) -> None:
    """Install the triggers of one app's protected models, or of all, replacing those that are there."""
    lift(connection, app)
    statements = _sqlite_statements if connection.vendor == "sqlite" else _postgresql_statements
    with connection.cursor() as cursor:
        for model in protected_models(app):
            for sql in statements(model):
                cursor.execute(sql, None)


def lift(connection: BaseDatabaseWrapper, app: AppConfig | None = None) -> None:
    """Drop the triggers, for a test database that is to be emptied; nothing in the product calls this but `install`."""
    with connection.cursor() as cursor:
        for model in protected_models(app):
            table = model._meta.db_table
            on = "" if connection.vendor == "sqlite" else f' ON "{table}"'
            for event in _events(connection):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{PREFIX}_{table}_{event}"{on}', None)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that should be in the database and are not, sorted."""
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(catalogue)
        present = {name for (name,) in cursor.fetchall()}
    wanted = {
        f"{PREFIX}_{model._meta.db_table}_{event}" for model in protected_models() for event in _events(connection)
    }
    return sorted(wanted - present)


@receiver(post_migrate, dispatch_uid="evidence.protection")
def install_after_migrate(
    sender: AppConfig, using: str = DEFAULT_DB_ALIAS, apps: object = apps, **kwargs: object
) -> None:
    """Receive Django's `post_migrate`: install the triggers of the app whose tables now exist."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if all(model._meta.db_table in tables for model in protected_models(sender)):
        install(connection, sender)
