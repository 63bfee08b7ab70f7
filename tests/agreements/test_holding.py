"""A version that is held is neither withdrawn nor superseded until the transaction ends; many may hold it at once."""

import pytest
from django.db import connection

from agreements.holding import hold_versions
from agreements.models import Version, Withdrawal
from agreements.publishing import withdraw_version
from tests.support import (
    MONDAY,
    NOON,
    ZH,
    chinese,
    make_agreement,
    make_draft,
    publish,
    publish_draft,
    while_another_waits,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def announced(petra) -> Version:
    return publish(make_agreement(petra), petra, effective_at=NOON)


def test_a_withdrawal_waits_for_who_holds_the_version(announced, petra) -> None:
    waited, outcome = while_another_waits(
        lambda: hold_versions([announced.pk]), lambda: withdraw_version(version=announced, actor=petra, at=MONDAY)
    )
    assert (waited, type(outcome)) == (True, Withdrawal)


def test_a_publication_waits_for_who_holds_the_version_before_it(announced, petra) -> None:
    draft = make_draft(announced.agreement, petra, texts={ZH: chinese("第二版。")})
    waited, outcome = while_another_waits(
        lambda: hold_versions([announced.pk]), lambda: publish_draft(draft, petra, effective_at=NOON)
    )
    assert (waited, type(outcome)) == (True, Version)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_many_hold_a_version_at_once_and_nobody_waits_for_another_version(announced, petra) -> None:
    other = publish(make_agreement(petra, slug="other"), petra, effective_at=NOON)
    hold = lambda: hold_versions([announced.pk])  # noqa: E731
    assert while_another_waits(hold, lambda: hold_versions([other.pk, announced.pk])) == (False, None)
    waited, outcome = while_another_waits(hold, lambda: withdraw_version(version=other, actor=petra, at=MONDAY))
    assert (waited, type(outcome)) == (False, Withdrawal)


def test_holding_nothing_is_no_error(db) -> None:
    assert hold_versions([]) is None
