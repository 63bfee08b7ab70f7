"""One agreement without a version, alice's account, and noon of a fixed day for what asks the clock."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine

from accounts.models import Account, Person
from agreements.models import Agreement
from tests.support import NOON, make_agreement


@pytest.fixture
def agreement(petra: Person) -> Agreement:
    return make_agreement(petra)


@pytest.fixture
def noon() -> Iterator[datetime]:
    """The clock stands at noon in Shanghai, a month after MONDAY."""
    with time_machine.travel(NOON, tick=False):
        yield NOON


@pytest.fixture
def account(alice: Person) -> Account:
    """The developer account of alice, for which bob may accept."""
    return alice.account
