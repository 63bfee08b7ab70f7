"""What is in force, announced, superseded or withdrawn is a question of times, exact to the microsecond."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from accounts.models import Person
from agreements.models import Agreement, Change, LegalProfile, Version, VersionText
from agreements.publishing import withdraw_version
from evidence.errors import NeverChanges
from tests.support import DAY, EN, MONDAY, NOON, ZH, chinese, english, make_agreement, make_draft, publish

TICK = timedelta(microseconds=1)


def numbers(versions) -> list[int]:
    return [version.number for version in versions.order_by("number")]


@pytest.fixture
def three(agreement: Agreement, petra: Person) -> list[Version]:
    """In force from MONDAY, from ten days later, and from twenty days later; each published five days before it took effect."""
    first = publish(agreement, petra)
    second = publish(agreement, petra, "第二版。", at=MONDAY + 5 * DAY, effective_at=MONDAY + 10 * DAY)
    third = publish(agreement, petra, "第三版。", at=MONDAY + 15 * DAY, effective_at=MONDAY + 20 * DAY)
    return [first, second, third]


@pytest.mark.parametrize(
    ("at", "in_force", "announced", "states"),
    [
        (MONDAY - TICK, [], [], ["announced", "announced", "announced"]),
        (MONDAY, [1], [], ["in_force", "announced", "announced"]),
        (MONDAY + 5 * DAY - TICK, [1], [], ["in_force", "announced", "announced"]),
        (MONDAY + 5 * DAY, [1], [2], ["in_force", "announced", "announced"]),
        (MONDAY + 10 * DAY - TICK, [1], [2], ["in_force", "announced", "announced"]),
        (MONDAY + 10 * DAY, [2], [], ["superseded", "in_force", "announced"]),
        (MONDAY + 20 * DAY - TICK, [2], [3], ["superseded", "in_force", "announced"]),
        (MONDAY + 20 * DAY, [3], [], ["superseded", "superseded", "in_force"]),
        (MONDAY + 9999 * DAY, [3], [], ["superseded", "superseded", "in_force"]),
    ],
)
def test_a_version_takes_effect_at_its_very_microsecond(three, at, in_force, announced, states) -> None:
    assert numbers(Version.objects.in_force(at=at)) == in_force
    assert numbers(Version.objects.announced(at=at)) == announced
    assert numbers(Version.objects.open_at(at=at)) == sorted(in_force + announced)
    assert [version.state(at=at) for version in Version.objects.order_by("number")] == states


def test_each_agreement_has_its_own_version_in_force(three, petra) -> None:
    other = publish(make_agreement(petra, slug="other"), petra, at=MONDAY + 3 * DAY)
    found = Version.objects.in_force(at=MONDAY + 12 * DAY).order_by("agreement__slug")
    assert list(found) == [other, three[1]]


def test_a_withdrawn_version_is_never_in_force(three, petra) -> None:
    withdraw_version(version=three[2], actor=petra, at=MONDAY + 16 * DAY)
    later = MONDAY + 21 * DAY
    assert numbers(Version.objects.public()) == [1, 2]
    assert numbers(Version.objects.in_force(at=later)) == [2]
    assert numbers(Version.objects.announced(at=MONDAY + 17 * DAY)) == []
    states = [version.state(at=later) for version in Version.objects.order_by("number")]
    assert states == ["superseded", "in_force", "withdrawn"]


def test_of_two_versions_with_one_effective_time_the_later_number_is_in_force(agreement, petra) -> None:
    publish(agreement, petra, effective_at=NOON)
    publish(agreement, petra, "第二版。", effective_at=NOON)
    assert numbers(Version.objects.in_force(at=NOON)) == [2]
    assert [version.state(at=NOON) for version in Version.objects.order_by("number")] == ["superseded", "in_force"]


def test_successors_and_predecessor_pass_over_withdrawn_versions(agreement, petra) -> None:
    first = publish(agreement, petra)
    withdrawn = publish(agreement, petra, "撤回的。", effective_at=NOON)
    withdraw_version(version=withdrawn, actor=petra, at=MONDAY + DAY)
    third = publish(agreement, petra, "第三版。", at=MONDAY + 2 * DAY)
    assert list(first.successors(at=NOON)) == [third]
    assert list(first.successors(at=MONDAY + DAY)) == []
    assert third.predecessor_number == 1
    assert first.predecessor_number is None
    assert third.compare_url == "/agreements/terms/compare/1...3/"
    assert first.compare_url == ""


def test_days_until_effect_are_calendar_days_in_the_site_zone(agreement, petra, noon) -> None:
    before_midnight = timezone.make_aware(timezone.datetime(2026, 4, 1, 23, 59))
    after_midnight = timezone.make_aware(timezone.datetime(2026, 4, 2, 0, 1))
    versions = [
        publish(agreement, petra, f"第 {i} 版。", effective_at=at)
        for i, at in enumerate((before_midnight, after_midnight))
    ]
    assert [version.days_until_effect for version in versions] == [0, 1]


def test_text_in_falls_back_to_the_language_that_governs(agreement, petra) -> None:
    both = publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    only_chinese = publish(agreement, petra, "只有中文。")
    found = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found.append((both.text_in().language, only_chinese.text_in().language, both.text_in("en").language))
    assert found == [("zh-hans", "zh-hans", "en"), ("en", "zh-hans", "en")]
    assert [text.governs for text in both.texts.order_by("language")] == [False, True]


def test_names_and_summaries_follow_the_page_and_fall_back(agreement, petra) -> None:
    version = publish(agreement, petra, summary_zh="改。", summary_en="Changed.")
    nameless = make_agreement(petra, slug="only-chinese", name_zh="仅中文")
    nameless.name_en = ""
    with translation.override("en"):
        assert (agreement.name, version.summary, nameless.name) == ("Developer Test Agreement", "Changed.", "仅中文")
    with translation.override("zh-hans"):
        assert (agreement.name, version.summary, nameless.name) == ("开发者测试协议", "改。", "仅中文")


def test_a_version_cannot_be_backdated_or_numbered_twice_even_past_the_act(agreement, petra) -> None:
    publish(agreement, petra)
    draft = make_draft(agreement, petra)
    row = {
        "agreement": agreement,
        "draft": draft,
        "governing_language": ZH,
        "change": Change.MATERIAL,
        "published_at": NOON,
        "published_by": petra,
    }
    for changes in ({"number": 2, "effective_at": NOON - TICK}, {"number": 1, "effective_at": NOON}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Version.objects.create(**row | changes)
    assert numbers(Version.objects.all()) == [1]


@pytest.mark.parametrize("act", ["save", "delete", "update", "delete_all", "bulk_update"])
def test_versions_texts_and_withdrawals_refuse_change_in_python(agreement, petra, act) -> None:
    version = publish(agreement, petra, effective_at=NOON)
    withdrawal = withdraw_version(version=version, actor=petra, at=MONDAY)
    for row in (version, version.texts.get(), withdrawal):
        manager = type(row).objects
        acts = {
            "save": row.save,
            "delete": row.delete,
            "update": lambda manager=manager: manager.update(pk=1),
            "delete_all": lambda manager=manager: manager.all().delete(),
            "bulk_update": lambda manager=manager, row=row: manager.bulk_update([row], ["id"]),
        }
        with pytest.raises(NeverChanges):
            acts[act]()
    assert Version.objects.get().state(at=NOON) == "withdrawn"


@pytest.mark.parametrize("table", ["agreements_version", "agreements_versiontext", "agreements_withdrawal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_versions_texts_and_withdrawals_refuse_raw_sql(agreement, petra, table, statement) -> None:
    withdraw_version(version=publish(agreement, petra, effective_at=NOON), actor=petra, at=MONDAY)
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))


def test_a_published_text_cannot_be_replaced_by_raw_sql(agreement, petra) -> None:
    text = publish(agreement, petra).texts.get()
    names = [field.column for field in VersionText._meta.local_fields]
    row = [
        getattr(text, field.attname) if field.attname != "text" else "改过的"
        for field in VersionText._meta.local_fields
    ]
    places = ", ".join(["%s"] * len(row))
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO agreements_versiontext ({', '.join(names)}) VALUES ({places})"
    else:
        statement = (
            f"INSERT INTO agreements_versiontext ({', '.join(names)}) VALUES ({places}) "
            "ON CONFLICT (id) DO UPDATE SET text = EXCLUDED.text"
        )
    with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, row)
    assert VersionText.objects.get().text == chinese()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no TRUNCATE")
@pytest.mark.parametrize("table", ["agreements_version", "agreements_versiontext", "agreements_withdrawal"])
def test_truncate_is_refused(agreement, petra, table) -> None:
    withdraw_version(version=publish(agreement, petra, effective_at=NOON), actor=petra, at=MONDAY)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="kept for good"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")


def test_what_a_version_points_at_cannot_be_deleted(agreement, petra) -> None:
    version = publish(agreement, petra)
    for row in (agreement, version.draft, petra):
        with pytest.raises(NeverChanges):
            row.delete()


def test_the_legal_profile_gives_the_years_of_retention(agreement) -> None:
    assert agreement.legal_profile == LegalProfile.PRC_PLATFORM
    assert {profile.value: profile.retention_years for profile in LegalProfile} == {
        "prc_platform": 3,
        "prc_major": 3,
        "eu_p2b": 0,
        "none": 0,
    }
