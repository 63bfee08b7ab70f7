"""Tests of place_hold() and lift_hold(): auditors alone, each with a reason, which only the log's disclosures know."""

import json

import pytest

from accounts.errors import NotAuthorised
from assent.errors import HoldLifted, ReasonMissing
from assent.legal_holds import lift_hold, place_hold
from assent.models import LegalHold
from evidence.kinds import Kind
from evidence.models import Entry
from tests.support import DAY, MONDAY, recorded


def told(entry: Entry) -> tuple[str, object, dict, dict]:
    personal = {d.field: d.value for d in entry.disclosures.all()}
    return entry.kind, entry.at, json.loads(bytes(entry.statement))["facts"], personal


def test_a_hold_is_placed_and_logged(alice, audrey) -> None:
    hold = place_hold(person=alice, reason=" 甲诉乙，（2026）粤01民初1号\n", actor=audrey, at=MONDAY)
    hold.refresh_from_db()
    assert (hold.person, hold.placed_at, hold.placed_by, hold.lifted_at) == (alice, MONDAY, audrey, None)
    assert (hold.placed_for, hold.lifted_for) == ("甲诉乙，（2026）粤01民初1号", None)
    assert told(hold.placed_entry) == (
        Kind.HOLD_PLACED,
        MONDAY,
        {"hold": hold.pk, "person": alice.pk, "actor": audrey.pk},
        {"person_qq": "20002", "actor_qq": "60006", "reason": "甲诉乙，（2026）粤01民初1号"},
    )
    assert "甲诉乙".encode() not in bytes(hold.placed_entry.statement)


def test_a_hold_is_lifted_once_and_logged(alice, audrey) -> None:
    first, second = (place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY) for _ in range(2))
    hold = lift_hold(hold=first, reason="结案", actor=audrey, at=MONDAY + DAY)
    hold.refresh_from_db()
    assert (hold.lifted_at, hold.lifted_by, hold.lifted_for) == (MONDAY + DAY, audrey, "结案")
    assert told(hold.lifted_entry) == (
        Kind.HOLD_LIFTED,
        MONDAY + DAY,
        {"hold": hold.pk, "person": alice.pk, "actor": audrey.pk},
        {"person_qq": "20002", "actor_qq": "60006", "reason": "结案"},
    )
    before = recorded()
    with pytest.raises(HoldLifted) as refusal:
        lift_hold(hold=first, reason="结案", actor=audrey, at=MONDAY + DAY)
    assert (refusal.value.status, recorded()) == (409, before)
    second.refresh_from_db()
    assert second.lifted_at is None


def test_only_an_auditor_places_and_lifts(alice, bob, charlie, petra, arno, audrey, administrator) -> None:
    hold = place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
    before = recorded()
    for actor in (alice, bob, charlie, petra, arno, administrator):
        with pytest.raises(NotAuthorised):
            place_hold(person=alice, reason="诉讼", actor=actor, at=MONDAY)
        with pytest.raises(NotAuthorised):
            lift_hold(hold=hold, reason="结案", actor=actor, at=MONDAY)
    hold.refresh_from_db()
    assert (recorded(), LegalHold.objects.count(), hold.lifted_at) == (before, 1, None)


@pytest.mark.parametrize("reason", ["", "  \n　"])
def test_a_reason_is_needed(reason, alice, audrey) -> None:
    hold = place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
    before = recorded()
    with pytest.raises(ReasonMissing):
        place_hold(person=alice, reason=reason, actor=audrey, at=MONDAY)
    with pytest.raises(ReasonMissing):
        lift_hold(hold=hold, reason=reason, actor=audrey, at=MONDAY)
    assert (recorded(), LegalHold.objects.filter(lifted_at__isnull=True).count()) == (before, 1)


def test_a_hold_says_about_whom_it_is(alice, audrey) -> None:
    hold = place_hold(person=alice, reason="诉讼", actor=audrey, at=MONDAY)
    assert str(hold) == f"#{hold.pk}: 20002"
