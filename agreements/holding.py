"""hold_versions(): keep versions from being withdrawn or superseded until a transaction ends, without queueing acceptances."""

from collections.abc import Collection

from django.db import connection

from agreements.models import Version


def hold_versions(keys: Collection[int]) -> None:
    """Hold the versions with these primary keys until the transaction ends.

    Many transactions may hold a version at once; publishing and withdrawing lock it and so come wholly before or wholly
    after. On SQLite a transaction is the only writer from its beginning (`IMMEDIATE`), and nothing more is needed.
    """
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(Version._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(keys)])
