"""One agreement without a version, one with four, and noon of a fixed day for what asks the clock."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine

from accounts.models import Person
from agreements.models import Agreement, Version
from agreements.publishing import withdraw_version
from tests.support import DAY, EN, MONDAY, NOON, ZH, chinese, english, make_agreement, publish


@pytest.fixture
def agreement(petra: Person) -> Agreement:
    return make_agreement(petra)


@pytest.fixture
def noon() -> Iterator[datetime]:
    """The clock stands at noon in Shanghai, a month after MONDAY."""
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def four(agreement: Agreement, petra: Person) -> list[Version]:
    """At NOON: superseded, in force, announced, withdrawn."""
    versions = [
        publish(agreement, petra, "第一版。"),
        publish(agreement, petra, texts={ZH: chinese("第二版。"), EN: english("The second.")}, at=MONDAY + DAY),
        publish(agreement, petra, "第三版。", at=MONDAY + 2 * DAY, effective_at=NOON + 10 * DAY),
        publish(agreement, petra, "第四版。", at=MONDAY + 3 * DAY, effective_at=NOON + 20 * DAY),
    ]
    withdraw_version(version=versions[3], actor=petra, at=MONDAY + 4 * DAY)
    return versions
