"""Tests of the home page, /healthz and /readyz."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from accounts.collaborating import grant
from accounts.models import Account, Person, Scope
from agreements.models import Version
from agreements.publishing import withdraw_version
from assent.demo import load_demo
from tests.support import DAY, EN, MONDAY, NOON, ZH, accept_versions, chinese, english, make_agreement, publish


def sections(page: object) -> tuple[list[str], list[str]]:
    """What the home page lists: in force, announced."""
    return tuple([str(version) for version in page.context[name]] for name in ("in_force", "announced"))


@pytest.fixture
def noon() -> object:
    """The clock stands at NOON."""
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def test_home_of_an_empty_portal(db: None, client: Client) -> None:
    page = client.get("/")
    assert (page.status_code, sections(page)) == (200, ([], []))
    assert "还没有现行的协议。" in page.content.decode()


def test_home_lists_what_is_in_force_and_what_is_announced(petra: Person, client: Client, noon: object) -> None:
    one, two = (make_agreement(petra, slug=slug, name_zh=slug) for slug in ("one", "two"))
    publish(one, petra)
    publish(one, petra, "第二版。", at=MONDAY + DAY)
    publish(one, petra, "第三版。", at=NOON - DAY, effective_at=NOON + 14 * DAY)
    publish(two, petra, at=NOON - DAY, effective_at=NOON + DAY)
    page = client.get("/")
    assert sections(page) == (["one 2"], ["two 1", "one 3"])
    noon.shift(timedelta(days=1))
    assert sections(client.get("/")) == (["one 2", "two 1"], ["one 3"])


def test_home_does_not_show_what_was_withdrawn(petra: Person, client: Client, noon: object) -> None:
    one = make_agreement(petra, name_zh="one")
    publish(one, petra)
    announced = publish(one, petra, "第二版。", at=NOON - DAY, effective_at=NOON + DAY)
    assert sections(client.get("/")) == (["one 1"], ["one 2"])
    withdraw_version(version=announced, actor=petra, at=NOON)
    assert sections(client.get("/")) == (["one 1"], [])
    noon.shift(2 * DAY)
    assert sections(client.get("/")) == (["one 1"], [])


def test_home_tells_an_account_what_waits_for_it(petra: Person, alice: Person, noon: object) -> None:
    version = publish(make_agreement(petra), petra)
    browser = Client()
    browser.force_login(alice)
    assert "1 份协议待 QQ 20002 同意" in browser.get("/").content.decode()
    accept_versions(alice.account, alice, version, at=NOON)
    assert "现行协议 QQ 20002 均已同意。" in browser.get("/").content.decode()


def test_home_tells_a_number_who_invites_it(alice: Person, charlie: Person, now: datetime) -> None:
    browser = Client()
    browser.force_login(charlie)
    assert "邀请您做协作者" not in browser.get("/").content.decode()
    grant(account=alice.account, actor=alice, qq_number="30003", scopes=[Scope.SETTLE_FEES], at=now)
    assert "1 个账户邀请您做协作者，等您确认。" in browser.get("/").content.decode()


@pytest.fixture
def now() -> datetime:
    """A moment before any clock that these tests run by."""
    return MONDAY


def test_home_is_read_only(db: None, client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


# One for what is in force and one for what is announced, the links to the changes included.
@pytest.mark.parametrize("rows", [1, 3])
def test_the_queries_of_the_home_page(
    rows: int, petra: Person, client: Client, noon: object, django_assert_num_queries: Callable
) -> None:
    for position in range(rows):
        agreement = make_agreement(petra, slug=f"agreement-{position}")
        publish(agreement, petra, texts={ZH: chinese(), EN: english()})
        publish(agreement, petra, "第二版。", at=NOON - DAY, effective_at=NOON + DAY)
    with django_assert_num_queries(2):
        page = client.get("/")
    assert [len(names) for names in sections(page)] == [rows, rows]


def test_healthz_asks_nothing(client: Client, django_assert_num_queries: Callable, db: None) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert client.post("/healthz").status_code == 405


def test_readyz(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    told = answer.json()
    assert (answer.status_code, told.pop("log")["unsealed"]) == (200, 0)
    assert told == {"status": "ready", "missing": [], "warnings": []}
    assert client.post("/readyz").status_code == 405


def test_readyz_names_a_migration_that_has_not_run(client: Client, db: None) -> None:
    MigrationRecorder.Migration.objects.filter(app="assent").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert {name.split(" ")[0] for name in answer.json()["missing"]} == {"migration"}
    assert "migration assent.0001_initial" in answer.json()["missing"]


def test_readyz_names_a_trigger_that_is_missing(client: Client, db: None) -> None:
    with connection.cursor() as cursor:
        on = "" if connection.vendor == "sqlite" else " ON assent_acceptance"
        cursor.execute(f"DROP TRIGGER qiyue_assent_acceptance_delete{on}")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    missing = ["trigger qiyue_assent_acceptance_delete"]
    assert answer.json() == {"status": "not ready", "missing": missing, "warnings": [], "log": None}


def test_the_demo_is_what_the_home_page_shows(db: None, client: Client) -> None:
    load_demo(at=NOON)
    with time_machine.travel(NOON, tick=False):
        in_force, announced = sections(client.get("/"))
    assert (len(in_force), len(announced)) == (2, 1)
    assert (Version.objects.count(), Account.objects.count()) == (4, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["utf-7", "gb18030"])
def test_a_body_that_cannot_be_read_is_a_bad_request(charset: str) -> None:
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    answer = Client().post("/sign-in/", b"username=1", content_type=content_type)
    assert answer.status_code == 400
    assert "请求" in answer.content.decode()
