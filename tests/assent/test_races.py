"""Two people at the same moment, in real threads: an acceptance against a publication, a withdrawal, and itself."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from accounts.collaborating import end_grant
from accounts.errors import NotAuthorised
from accounts.models import Account, CollaboratorGrant, Person
from agreements.models import Agreement, Version, Withdrawal
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.errors import StaleText
from assent.models import Acceptance, AcceptanceLine, Refusal
from evidence.models import Entry
from tests.support import (
    CIRCUMSTANCES,
    ZH,
    accept_versions,
    at_once,
    chinese,
    make_agreement,
    make_draft,
    publish,
    publish_draft,
    recorded,
    shown,
    while_another_waits,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 8
HOUR = timedelta(hours=1)


@pytest.fixture
def agreement(petra: Person) -> Agreement:
    return make_agreement(petra)


@pytest.fixture
def account(alice: Person) -> Account:
    return alice.account


def test_withdrawal_waits_for_an_acceptance_that_is_being_written(agreement, account, alice, petra) -> None:
    version = publish(agreement, petra, at=timezone.now(), effective_at=timezone.now() + HOUR)
    waited, outcome = while_another_waits(
        lambda: accept_versions(account, alice, version, at=timezone.now()),
        lambda: withdraw_version(version=version, actor=petra, at=timezone.now()),
    )
    assert waited
    assert isinstance(outcome, Withdrawal)
    assert [entry.kind for entry in Entry.objects.order_by("-pk")[:2]] == ["version.withdrawn", "acceptance.express"]


def test_acceptance_waits_for_a_withdrawal_and_is_then_refused(agreement, account, alice, petra) -> None:
    version = publish(agreement, petra, at=timezone.now(), effective_at=timezone.now() + HOUR)
    waited, outcome = while_another_waits(
        lambda: withdraw_version(version=version, actor=petra, at=timezone.now()),
        lambda: accept_versions(account, alice, version, at=timezone.now()),
    )
    assert waited
    assert isinstance(outcome, StaleText)
    assert Acceptance.objects.count() == 0


def test_publication_waits_for_an_acceptance_that_is_being_written(agreement, account, alice, petra) -> None:
    first = publish(agreement, petra, at=timezone.now())
    draft = make_draft(agreement, petra, texts={ZH: chinese("新的范围。")})
    waited, outcome = while_another_waits(
        lambda: accept_versions(account, alice, first, at=timezone.now()),
        lambda: publish_draft(draft, petra, at=timezone.now(), effective_at=None),
    )
    assert waited
    assert isinstance(outcome, Version)
    accepted = Acceptance.objects.get()
    assert accepted.accepted_at < outcome.effective_at


def test_acceptance_waits_for_a_publication_and_is_then_refused(agreement, account, alice, petra) -> None:
    first = publish(agreement, petra, at=timezone.now())
    draft = make_draft(agreement, petra, texts={ZH: chinese("新的范围。")})
    waited, outcome = while_another_waits(
        lambda: publish_draft(draft, petra, at=timezone.now(), effective_at=None),
        lambda: accept_versions(account, alice, first, at=timezone.now()),
    )
    assert waited
    assert isinstance(outcome, StaleText)
    assert Acceptance.objects.count() == 0


def test_acceptances_of_one_version_do_not_wait_for_each_other(agreement, account, alice, charlie, petra) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    version = publish(agreement, petra, at=timezone.now())
    waited, outcome = while_another_waits(
        lambda: accept_versions(account, alice, version, at=timezone.now()),
        lambda: accept_versions(charlie.account, charlie, version, at=timezone.now()),
    )
    assert (waited, type(outcome)) == (False, Acceptance)


def test_the_end_of_a_grant_waits_for_the_act_that_is_being_written_by_it(
    agreement, account, alice, bob, petra
) -> None:
    version = publish(agreement, petra, at=timezone.now())
    made = CollaboratorGrant.objects.get(person=bob)
    waited, outcome = while_another_waits(
        lambda: accept_versions(account, bob, version, at=timezone.now()),
        lambda: end_grant(grant=made, actor=alice, at=timezone.now()),
    )
    assert (waited, type(outcome)) == (True, CollaboratorGrant)
    kinds = [entry.kind for entry in Entry.objects.order_by("-pk")[:2]]
    assert kinds == ["collaborator.ended", "acceptance.express"]


def test_a_collaborators_click_waits_for_the_end_of_the_grant_and_is_then_refused(
    agreement, account, alice, bob, petra
) -> None:
    version = publish(agreement, petra, at=timezone.now())
    made = CollaboratorGrant.objects.get(person=bob)
    waited, outcome = while_another_waits(
        lambda: end_grant(grant=made, actor=alice, at=timezone.now()),
        lambda: accept_versions(account, bob, version, at=timezone.now()),
    )
    assert (waited, type(outcome)) == (True, NotAuthorised)
    assert Acceptance.objects.count() == 0


def lines_of_closed_versions() -> list[AcceptanceLine]:
    """The lines whose version was, at the moment of the acceptance, neither in force nor announced."""
    return [
        line
        for line in AcceptanceLine.objects.select_related("acceptance")
        if line.version_id not in Version.objects.open_at(at=line.acceptance.accepted_at).values_list("pk", flat=True)
    ]


def test_at_once_means_after_everything_that_was_accepted_before(agreement, account, alice, petra) -> None:
    """The publisher's request takes its time and then waits, while an acceptance that began later is written."""
    first = publish(agreement, petra, at=timezone.now())
    draft = make_draft(agreement, petra, texts={ZH: chinese("新的范围。")})
    asked = timezone.now()
    accept_versions(account, alice, first, at=timezone.now())
    second = publish_draft(draft, petra, at=asked, effective_at=None)
    assert Acceptance.objects.get().accepted_at < second.effective_at
    assert lines_of_closed_versions() == []


def test_publication_against_acceptance(account, alice, petra) -> None:
    for attempt in range(ROUNDS):
        agreement = make_agreement(petra, slug=f"terms-{attempt}")
        first = publish(agreement, petra, at=timezone.now())
        draft = make_draft(agreement, petra, texts={ZH: chinese("新的范围。")})
        accepted, published = at_once(
            lambda version=first: accept_versions(account, alice, version, at=timezone.now()),
            lambda draft=draft: publish_draft(draft, petra, at=timezone.now(), effective_at=None),
        )
        assert isinstance(published, Version)
        assert type(accepted) in (Acceptance, StaleText)
    assert lines_of_closed_versions() == []


@pytest.mark.parametrize("act", [accept_versions, None], ids=["accept", "refuse"])
def test_withdrawal_against_a_decision(account, alice, petra, act) -> None:
    def decline(account: Account, alice: Person, version: Version, *, at: Any) -> Refusal:
        document = shown(version)
        return refuse(
            account=account, actor=alice, document=document, form_key=uuid4(), circumstances=CIRCUMSTANCES, at=at
        )

    for attempt in range(ROUNDS):
        agreement = make_agreement(petra, slug=f"terms-{attempt}")
        version = publish(agreement, petra, at=timezone.now(), effective_at=timezone.now() + HOUR)
        decided, withdrawn = at_once(
            lambda version=version: (act or decline)(account, alice, version, at=timezone.now()),
            lambda version=version: withdraw_version(version=version, actor=petra, at=timezone.now()),
        )
        assert isinstance(withdrawn, Withdrawal)
        kinds = list(Entry.objects.order_by("-pk").values_list("kind", flat=True)[:2])
        if isinstance(decided, StaleText):
            assert kinds[0] == "version.withdrawn"
        else:
            assert sorted(kinds) == sorted(["version.withdrawn", decided.entry.kind])
    assert Withdrawal.objects.count() == ROUNDS


def test_a_double_click_in_two_threads_is_one_acceptance(agreement, account, alice, petra) -> None:
    version = publish(agreement, petra, at=timezone.now())
    for attempt in range(1, ROUNDS + 1):
        key = uuid4()
        before = recorded()
        first, second = at_once(
            *[lambda key=key: accept_versions(account, alice, version, at=timezone.now(), form_key=key)] * 2
        )
        after = recorded()
        assert first == second
        assert {name: after[name] - before[name] for name in after} == {
            "Acceptance": 1,
            "AcceptanceLine": 1,
            "Refusal": 0,
            "Entry": 1,
            "Disclosure": 4,
        }
        assert Acceptance.objects.count() == attempt


def test_a_double_refusal_in_two_threads_is_one(agreement, account, alice, petra) -> None:
    version = publish(agreement, petra, at=timezone.now())
    for attempt in range(1, ROUNDS + 1):
        key = uuid4()

        def decline(key: object = key) -> Refusal:
            return refuse(
                account=account,
                actor=alice,
                document=shown(version),
                form_key=key,
                circumstances=CIRCUMSTANCES,
                at=timezone.now(),
            )

        first, second = at_once(decline, decline)
        assert first == second
        assert Refusal.objects.count() == attempt


def test_two_people_with_one_form_key_at_once_leave_one_acceptance(agreement, account, alice, charlie, petra) -> None:
    version = publish(agreement, petra, at=timezone.now())
    for attempt in range(1, ROUNDS + 1):
        key = uuid4()
        outcomes = at_once(
            lambda key=key: accept_versions(account, alice, version, at=timezone.now(), form_key=key),
            lambda key=key: accept_versions(charlie.account, charlie, version, at=timezone.now(), form_key=key),
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Acceptance", "FormKeyReused"]
        assert Acceptance.objects.count() == attempt
