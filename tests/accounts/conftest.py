"""What the tests of people share: a moment, and the newest entry of the log."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from evidence.models import Entry

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The moment of the acts under test."""
    return NOW


@pytest.fixture
def last_entry(db: None) -> Callable[[], dict[str, Any]]:
    """Return what the newest entry of the log says: kind, time, facts, and the personal values it commits to."""

    def read() -> dict[str, Any]:
        entry = Entry.objects.order_by("-pk").first()
        told = json.loads(bytes(entry.statement))
        personal = {d.field: d.value for d in entry.disclosures.all()}
        assert set(told["commitments"]) == set(personal)
        return {"kind": entry.kind, "at": entry.at, "facts": told["facts"], "personal": personal}

    return read
