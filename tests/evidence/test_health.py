"""Tests of what is said of the log: what waits, its key, its timestamps and witnesses, in JSON, as warnings and in sentences."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import time_machine
from django.core.checks import run_checks
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from evidence.checkpoint import SigningKey, parse
from evidence.cosigning import receive_cosignatures
from evidence.errors import TimestampFault
from evidence.health import KeyState, TimestampState, health, moment, reason_label, stamp_sentence, timestamp_sentence
from evidence.kinds import Kind
from evidence.log import append, seal
from evidence.models import TimestampAttempt
from evidence.timestamping import stamp_newest
from tests.authority import Authority, AuthorityServer, make_authority, replying, serving
from tests.conftest import LOG_KEY
from tests.evidence.test_cosigning import ONE, TWO

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


def broken(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    handler.send_response(500)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@pytest.fixture
def server(authority: Authority, settings: Settings, db: None) -> Iterator[AuthorityServer]:
    """An authority that is configured and trusted, and a log that has begun."""
    settings.TIMESTAMP_ROOTS = authority.roots_file
    settings.TIMESTAMP_EVERY = 60
    seal(at=AT)
    with serving(replying(authority.reply)) as server:
        settings.TIMESTAMP_AUTHORITY = server.url
        yield server


def add(at: datetime = AT) -> None:
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=at, facts={})


def ready(at: datetime) -> dict:
    """What /readyz answers at a time; a warning never makes the portal unready."""
    with time_machine.travel(at, tick=False):
        answer = Client().get("/readyz")
    assert answer.status_code == 200
    return answer.json()


def test_an_empty_log_is_in_order(db: None, client: Client) -> None:
    told = ready(AT)
    assert told == {
        "status": "ready",
        "missing": [],
        "warnings": [],
        "log": {
            "unsealed": 0,
            "unsealed_for": 0,
            "checkpoint": {"number": None, "size": 0, "at": None},
            "key": "good",
            "timestamps": {
                "state": "none configured",
                "authority": "",
                "checkpoint": None,
                "stamped_at": None,
                "failing_since": None,
                "reason": "",
                "next_at": None,
                "overdue": 0,
            },
            "witnesses": [],
        },
    }


def test_entries_that_wait_are_counted_and_warned_of_after_a_minute(db: None) -> None:
    seal(at=AT)
    add(AT)
    add(AT + 30 * SECOND)
    now = health(at=AT + 60 * SECOND)
    assert (now.unsealed, now.unsealed_for, now.warnings()) == (2, 60 * SECOND, [])
    assert ready(AT + 61 * SECOND)["warnings"] == ["2 log entries are not sealed; the oldest has waited 61 seconds."]
    seal(at=AT + 62 * SECOND)
    now = health(at=AT + 63 * SECOND)
    assert (now.unsealed, now.unsealed_for, now.warnings()) == (0, timedelta(0), [])
    assert (now.checkpoint, now.size, now.checkpoint_at) == (2, 3, AT + 62 * SECOND)


@pytest.mark.parametrize("entries", [1, 3])
def test_the_queries_of_health(entries: int, db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    seal(at=AT)
    for _ in range(entries):
        add()
    # The newest checkpoint, the last one that nothing late is looked for before, what waits, and the keys of the log.
    with django_assert_num_queries(4):
        health(at=AT)


def test_a_key_that_the_log_never_met_is_told(db: None, settings: Settings) -> None:
    seal(at=AT)
    settings.LOG_KEYS = [SigningKey.generate(LOG_KEY.name).export()]
    assert health(at=AT).key == KeyState.NOT_INTRODUCED
    assert ready(AT)["warnings"] == ["The log has introduced other signing keys than the one that is configured."]


@pytest.mark.parametrize("key", ["nonsense", str(LOG_KEY.verifier)])
def test_a_key_that_cannot_be_read_is_told_and_not_shown(key: str, db: None, settings: Settings) -> None:
    settings.LOG_KEYS = [key]
    told = ready(AT)
    assert told["log"]["key"] == "unreadable"
    assert told["warnings"] == ["The signing key of the log cannot be read (QIYUE_LOG_KEY, QIYUE_LOG_KEY_FILE)."]


def test_asking_for_health_makes_no_key(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.LOG_KEYS = []
    settings.LOG_KEY_FILE = tmp_path / "log.key"
    assert (health(at=AT).key, health(at=AT).warnings()) == (KeyState.NOT_MADE, [])
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_is_a_folder_is_told(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.LOG_KEYS = []
    settings.LOG_KEY_FILE = tmp_path
    assert health(at=AT).key == KeyState.UNREADABLE


def test_timestamps_go_from_waiting_to_good(server: AuthorityServer) -> None:
    before = health(at=AT).timestamps
    assert (before.state, before.authority) == (TimestampState.WAITING, server.url)
    assert timestamp_sentence(before) == f"时间戳机构 {server.url} 尚未签发过时间戳。"
    stamp = stamp_newest(at=AT)
    after = health(at=AT + 300 * SECOND)
    assert (after.timestamps.state, after.timestamps.checkpoint) == (TimestampState.GOOD, 1)
    assert after.timestamps.stamped_at == stamp.stamped_at
    assert after.warnings() == []
    time = moment(stamp.stamped_at)
    assert timestamp_sentence(after.timestamps) == (
        f"时间戳机构 {server.url} 最近为检查点 1 签发了时间戳，所示时间为 {time}。"
    )
    assert stamp_sentence(stamp, after.timestamps) == f"时间戳机构 {server.url} 证明：这个检查点在 {time} 已经存在。"


def test_a_failure_that_lasts_is_told_and_so_is_its_end(server: AuthorityServer, authority: Authority) -> None:
    server.answer = broken
    stamp_newest(at=AT)
    stamp_newest(at=AT + 5 * SECOND)
    told = ready(AT + 6 * SECOND)
    reason = "the authority answered with another status than 200: 500"
    assert told["warnings"] == [f"Timestamps have failed since 2026-11-24T02:00:00+00:00: {reason}."]
    assert told["log"]["timestamps"] == {
        "state": "failing",
        "authority": server.url,
        "checkpoint": None,
        "stamped_at": None,
        "failing_since": "2026-11-24T02:00:00+00:00",
        "reason": reason,
        "next_at": "2026-11-24T02:00:15+00:00",
        "overdue": 0,
    }
    stamps = health(at=AT + 6 * SECOND).timestamps
    failing = (
        f"自 2026-11-24 10:00:00 (UTC+08:00) 起未能从时间戳机构 {server.url} 取得时间戳，将自动重试。"
        "原因：时间戳机构的 HTTP 状态码不是 200: 500。"
    )
    assert timestamp_sentence(stamps) == failing
    assert stamp_sentence(None, stamps) == f"这个检查点还没有时间戳。{failing}"
    server.answer = replying(authority.reply)
    stamp_newest(at=AT + 15 * SECOND)
    told = ready(AT + 16 * SECOND)
    assert (told["warnings"], told["log"]["timestamps"]["state"]) == ([], "good")
    assert (TimestampAttempt.objects.count(), told["log"]["timestamps"]["failing_since"]) == (3, None)


def test_a_timestamp_that_nobody_asks_for_is_told(server: AuthorityServer) -> None:
    assert health(at=AT + 60 * SECOND).warnings() == []
    late = health(at=AT + 61 * SECOND)
    told = "Nobody asks for the timestamp that has been due for 61 seconds: is a worker running?"
    assert late.warnings() == [told]
    assert timestamp_sentence(late.timestamps).endswith("最新的检查点应当请求时间戳已有 61 秒，仍未请求。")
    stamp_newest(at=AT + 61 * SECOND)
    add()
    seal(at=AT + 62 * SECOND)
    # The next one is due a minute after the last, and late a minute after that.
    assert health(at=AT + 181 * SECOND).warnings() == []
    assert health(at=AT + 182 * SECOND).warnings() == [told]


def test_without_an_authority_the_sentence_says_what_that_means(db: None) -> None:
    seal(at=AT)
    sentence = "没有配置时间戳机构：检查点没有可信时间戳，其中的时间只是本站时钟的时间。"
    stamps = health(at=AT + timedelta(days=1)).timestamps
    assert timestamp_sentence(stamps) == sentence
    assert stamp_sentence(None, stamps) == f"这个检查点还没有时间戳。{sentence}"


@pytest.mark.parametrize("fault", TimestampFault)
def test_every_reason_that_is_kept_is_shown_in_the_readers_language(fault: TimestampFault) -> None:
    assert reason_label(fault.value) == fault.label != fault.value
    assert reason_label(f"{fault.value}: 502: x") == f"{fault.label}: 502: x"


def test_a_percent_sign_of_the_authority_is_shown_as_it_is(server: AuthorityServer) -> None:
    TimestampAttempt.objects.create(number=1, checkpoint_id=1, authority=server.url, at=AT, error="100 %(x)s")
    assert timestamp_sentence(health(at=AT).timestamps).endswith("原因：100 %(x)s。")


def test_witnesses_are_told_with_their_last_cosignature(db: None, settings: Settings) -> None:
    settings.WITNESSES = [str(ONE.key), str(TWO.key)]
    for seconds in (0, 10):
        add()
        made = seal(at=AT + seconds * SECOND)
        line = ONE.line(parse(made.note).body, AT + seconds * SECOND)
        receive_cosignatures(text=made.note + line, at=AT + seconds * SECOND)
    assert ready(AT + 11 * SECOND)["log"]["witnesses"] == [
        {"verifier_key": str(ONE.key), "cosigned_at": "2026-11-24T02:00:10+00:00", "checkpoint": 2},
        {"verifier_key": str(TWO.key), "cosigned_at": None, "checkpoint": None},
    ]


def test_an_authority_without_readable_roots_is_told_by_the_checks(
    settings: Settings, authority: Authority, tmp_path: Path
) -> None:
    def told() -> list[str]:
        return [error.id for error in run_checks() if error.id.startswith("evidence.")]

    assert told() == []
    settings.TIMESTAMP_AUTHORITY = "http://127.0.0.1:1/"
    settings.TIMESTAMP_ROOTS = None
    assert told() == ["evidence.E001"]
    settings.TIMESTAMP_ROOTS = tmp_path / "gone.pem"
    assert told() == ["evidence.E002"]
    settings.TIMESTAMP_ROOTS = tmp_path / "roots.pem"
    settings.TIMESTAMP_ROOTS.write_text("no certificate")
    assert told() == ["evidence.E002"]
    settings.TIMESTAMP_ROOTS = authority.roots_file
    assert told() == []
