"""The portal's server whose acceptances take log entries that were made beforehand: the control of `benchmarks.evidence accept`."""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

application = import_module("portal.wsgi").application

# The models can be imported from here on.
Entry = import_module("evidence.models").Entry
Kind = import_module("evidence.kinds").Kind


def _entry(pk: int, uid: object) -> Any:
    entry = Entry(pk=pk, uid=uid)
    entry._state.adding = False
    return entry


ENTRIES = iter(
    Entry.objects.filter(kind=Kind.ACCEPTED_EXPRESS, acceptance__isnull=True).order_by("pk").values_list("pk", "uid")
)


def take(*, kind: object, at: datetime, facts: Mapping[str, Any], personal: Mapping[str, str] | None = None) -> Any:
    """Stand in for `evidence.log.append`."""
    return _entry(*next(ENTRIES))


import_module("assent.accepting").append = take
