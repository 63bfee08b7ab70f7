"""standing(): what an account still has to accept, at any moment, through any of its people."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Account, Person
from agreements.models import Binds, Version
from agreements.publishing import withdraw_version
from assent.accepting import refuse
from assent.standing import Item, Standing, counting, standing
from tests.support import CIRCUMSTANCES, DAY, MONDAY, NOON, accept_versions, make_agreement, publish, shown

TICK = timedelta(microseconds=1)
EMPTY = Standing(outstanding=[], upcoming=[])


def numbers(account: Account, actor: Person, *, at=NOON) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """The versions that are outstanding, and those that may be accepted early."""
    found = standing(account=account, actor=actor, at=at)
    assert found.count == len(found.outstanding)
    return tuple(
        [(item.agreement.slug, item.version.number) for item in items] for items in (found.outstanding, found.upcoming)
    )


@pytest.fixture
def version(agreement, petra) -> Version:
    return publish(agreement, petra)


def test_without_any_version_nothing_is_demanded(agreement, account, alice) -> None:
    assert standing(account=account, actor=alice, at=NOON) == EMPTY


def test_a_version_is_demanded_from_its_very_microsecond_and_no_job_runs(agreement, petra, account, alice) -> None:
    publish(agreement, petra, effective_at=NOON)
    assert numbers(account, alice, at=MONDAY - TICK) == ([], [])
    assert numbers(account, alice, at=MONDAY) == ([], [("terms", 1)])
    assert numbers(account, alice, at=NOON - TICK) == ([], [("terms", 1)])
    assert numbers(account, alice, at=NOON) == ([("terms", 1)], [])


def test_an_acceptance_counts_from_its_very_microsecond(version, account, alice) -> None:
    accept_versions(account, alice, version, at=NOON)
    assert numbers(account, alice, at=NOON - TICK) == ([("terms", 1)], [])
    assert standing(account=account, actor=alice, at=NOON) == EMPTY


def test_a_revision_is_demanded_once_it_takes_effect(version, agreement, petra, account, alice) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    publish(agreement, petra, "第二版。", effective_at=NOON)
    assert numbers(account, alice, at=NOON - TICK) == ([], [("terms", 2)])
    assert numbers(account, alice, at=NOON) == ([("terms", 2)], [])


def test_an_early_acceptance_satisfies_the_version_after_it_takes_effect(
    version, agreement, petra, account, alice
) -> None:
    second = publish(agreement, petra, "第二版。", effective_at=NOON)
    accept_versions(account, alice, second, at=MONDAY)
    assert numbers(account, alice, at=NOON - TICK) == ([("terms", 1)], [])
    assert standing(account=account, actor=alice, at=NOON) == EMPTY


def test_an_item_says_what_was_accepted_before_and_what_was_refused(
    version, agreement, petra, account, alice, bob
) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    second = publish(agreement, petra, "第二版。", effective_at=NOON)
    refusal = refuse(
        account=account,
        actor=bob,
        document=shown(second),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=NOON,
    )
    item = Item(agreement=agreement, version=second, accepted_before=version, refusal=refusal, announced=False)
    assert standing(account=account, actor=alice, at=NOON) == Standing(outstanding=[item], upcoming=[])
    (earlier,) = standing(account=account, actor=alice, at=NOON - TICK).upcoming
    assert (earlier.refusal, earlier.announced) == (None, True)


def test_of_several_accepted_versions_the_last_is_what_changes_are_shown_against(
    agreement, petra, account, alice
) -> None:
    versions = [publish(agreement, petra, f"第 {n} 版。", at=MONDAY + n * DAY) for n in range(1, 5)]
    for version in versions[:2]:
        accept_versions(account, alice, version, at=version.effective_at)
    (item,) = standing(account=account, actor=alice, at=NOON).outstanding
    assert (item.version, item.accepted_before) == (versions[3], versions[1])


def test_a_withdrawn_version_is_no_longer_offered(version, agreement, petra, account, alice) -> None:
    second = publish(agreement, petra, "第二版。", effective_at=NOON)
    withdraw_version(version=second, actor=petra, at=MONDAY)
    assert numbers(account, alice, at=NOON) == ([("terms", 1)], [])


def test_changes_are_not_shown_against_a_withdrawn_version(version, agreement, petra, account, alice) -> None:
    """It was accepted early, but never took effect: what binds the account is still the first version."""
    accept_versions(account, alice, version, at=MONDAY)
    second = publish(agreement, petra, "第二版。", effective_at=NOON)
    accept_versions(account, alice, second, at=MONDAY)
    withdraw_version(version=second, actor=petra, at=MONDAY + DAY)
    third = publish(agreement, petra, "第三版。", at=MONDAY + 2 * DAY)
    (item,) = standing(account=account, actor=alice, at=NOON).outstanding
    assert (item.version, item.accepted_before) == (third, version)


def test_a_collaborators_acceptance_counts_for_the_account(version, account, alice, bob) -> None:
    accept_versions(account, bob, version, at=MONDAY)
    for actor in (alice, bob):
        assert standing(account=account, actor=actor, at=NOON) == EMPTY


def test_what_binds_persons_is_demanded_of_each(petra, account, alice, bob) -> None:
    version = publish(make_agreement(petra, slug="personal", binds=Binds.PERSON), petra)
    accept_versions(account, bob, version, at=MONDAY)
    assert standing(account=account, actor=bob, at=NOON) == EMPTY
    assert numbers(account, alice) == ([("personal", 1)], [])
    accept_versions(account, alice, version, at=MONDAY)
    assert standing(account=account, actor=alice, at=NOON) == EMPTY


def test_one_persons_refusal_is_not_anothers_where_persons_are_bound(petra, account, alice, bob) -> None:
    version = publish(make_agreement(petra, slug="personal", binds=Binds.PERSON), petra)
    refuse(
        account=account,
        actor=bob,
        document=shown(version),
        form_key=uuid4(),
        circumstances=CIRCUMSTANCES,
        at=MONDAY,
    )
    refused = {actor: standing(account=account, actor=actor, at=NOON).outstanding[0].refusal for actor in (alice, bob)}
    assert (refused[alice], refused[bob].actor) == (None, bob)


def test_one_accounts_acceptance_is_not_anothers(version, account, alice, charlie) -> None:
    accept_versions(account, alice, version, at=MONDAY)
    assert numbers(charlie.account, charlie) == ([("terms", 1)], [])
    assert [line.version for line in counting(account=account, actor=alice)] == [version]
    assert list(counting(account=charlie.account, actor=charlie)) == []


def test_items_come_in_the_order_of_addresses_and_numbers(petra, account, alice) -> None:
    for slug in ("b", "a"):
        agreement = make_agreement(petra, slug=slug)
        publish(agreement, petra)
        publish(agreement, petra, "第二版。", effective_at=NOON + DAY)
        publish(agreement, petra, "第三版。", effective_at=NOON + 2 * DAY)
    assert numbers(account, alice) == ([("a", 1), ("b", 1)], [("a", 2), ("a", 3), ("b", 2), ("b", 3)])


def test_standing_takes_three_queries_with_one_agreement_and_with_three(
    version, petra, account, alice, django_assert_num_queries
) -> None:
    with django_assert_num_queries(3):
        standing(account=account, actor=alice, at=NOON)
    for slug in ("fees", "data"):
        agreement = make_agreement(petra, slug=slug)
        accept_versions(account, alice, publish(agreement, petra), at=MONDAY)
        publish(agreement, petra, "第二版。", at=MONDAY + DAY)
    with django_assert_num_queries(3):
        found = standing(account=account, actor=alice, at=NOON)
        assert [item.agreement.name_zh for item in found.outstanding] == ["开发者测试协议"] * 3
        assert [item.accepted_before and item.accepted_before.number for item in found.outstanding] == [1, 1, None]
