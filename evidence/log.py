"""The log: `append()` is the only writer of entries and disclosures."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from evidence.kinds import Kind
from evidence.models import Disclosure, Entry
from evidence.statements import commitment, leaf_hash, new_salt, statement


def not_before_the_log(at: datetime) -> datetime:
    """Return `at`, or just after the newest entry where that is later.

    An act that ends something may have waited for acts that began after it and relied on what it ends. Asked under the lock
    that made it wait, this puts the end after them, whatever the clocks of the two requests said.
    """
    newest = Entry.objects.order_by("-pk").values_list("at", flat=True).first()
    return newest + timedelta(microseconds=1) if newest and newest > at else at


def append(*, kind: Kind, at: datetime, facts: Mapping[str, Any], personal: Mapping[str, str] | None = None) -> Entry:
    """Record one act in the log, inside the transaction of the act itself.

    `facts` go into the statement as they are and must not name people; `personal` values (QQ numbers, addresses, user
    agents, free text) are stored beside it, and the statement holds a salted commitment to each. `at` is aware.
    Raises RuntimeError outside a transaction: an act and its entry are written together or not at all.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("append() belongs into the transaction of the act that it records")
    uid = uuid.uuid4()
    values = {field: (new_salt(), value) for field, value in (personal or {}).items()}
    data = statement(
        kind=kind.value,
        uid=str(uid),
        at=at,
        facts=facts,
        commitments={field: commitment(field=field, salt=salt, value=value) for field, (salt, value) in values.items()},
    )
    entry = Entry.objects.create(
        uid=uid, kind=kind, at=at, account=facts.get("account"), statement=data, leaf_hash=leaf_hash(data)
    )
    Disclosure.objects.bulk_create(
        Disclosure(entry=entry, field=field, salt=salt, value=value) for field, (salt, value) in values.items()
    )
    return entry
