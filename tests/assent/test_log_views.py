"""The page about the log: for anybody, with what is so, good or not."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from evidence.checkpoint import COSIGNATURE_V1, VerifierKey, parse
from evidence.log import seal
from evidence.models import Checkpoint, Entry, TimestampAttempt
from tests.conftest import LOG_KEY
from tests.support import DAY, MONDAY, NOON, accept_versions, publish, queries_of

pytestmark = pytest.mark.usefixtures("noon")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def facts(section: str) -> dict[str, str]:
    response = Client().get("/log/")
    assert response.status_code == 200
    table = BeautifulSoup(response.content.decode(), "html.parser").select_one(f"[aria-labelledby={section}] dl.facts")
    return dict(zip(map(words, table.select("dt")), map(words, table.select("dd")), strict=True))


def test_an_empty_log_says_that_it_is_empty(db: None) -> None:
    page = words(BeautifulSoup(Client().get("/log/").content.decode(), "html.parser").main)
    assert "还没有检查点" in page
    assert "还没有启用过密钥。" in page
    assert facts("now")["封存"] == "全部封存"


def test_the_newest_checkpoint_its_key_and_the_addresses_are_shown(alice) -> None:
    checkpoint = seal(at=MONDAY)
    assert facts("newest") == {
        "日志": "qiyue.example/log",
        "检查点": "第 1 号",
        "条数": str(Entry.objects.count()),
        "树根 SHA-256": parse(checkpoint.note).head.root.hex(),
        "封存时间": "2026年3月2日 10:00（UTC+8）",
    }
    soup = BeautifulSoup(Client().get("/log/").content.decode(), "html.parser")
    assert soup.select_one("pre.statement").get_text() == checkpoint.note
    assert words(soup.select_one("[aria-labelledby=keys] li .digest")) == str(LOG_KEY.verifier)
    links = [link["href"] for link in soup.select("[aria-labelledby=tools] a")]
    assert [Client().get(link).status_code for link in links] == [200, 200]


def test_what_waits_is_counted_with_its_age_and_is_a_fault_after_a_minute(agreement, petra, account, alice) -> None:
    seal(at=MONDAY)
    version = publish(agreement, petra, at=NOON - timedelta(seconds=9))
    assert facts("now")["封存"] == "1 条等待封存 最早的一条等了 9 秒"
    accept_versions(account, alice, version, at=NOON - timedelta(seconds=1))
    assert facts("now")["封存"] == "2 条等待封存 最早的一条等了 9 秒"


def test_timestamps_are_told_of_as_they_are(alice, settings) -> None:
    checkpoint = seal(at=MONDAY)
    assert facts("now")["时间戳"].startswith("没有配置时间戳机构")
    settings.TIMESTAMP_AUTHORITY = "https://tsa.example/"
    TimestampAttempt.objects.create(
        number=1, checkpoint=checkpoint, authority="https://tsa.example/", at=NOON, error="the authority did not answer"
    )
    said = facts("now")["时间戳"]
    assert "时间戳机构没有应答" in said
    assert "下一次申请不早于 2026年4月1日 12:00（UTC+8）" in said


def test_a_witness_that_is_configured_and_silent_is_said_to_be_silent(alice, settings) -> None:
    seal(at=MONDAY)
    assert facts("now")["见证方"].startswith("没有配置见证方")
    key = str(VerifierKey("witness.example", LOG_KEY.verifier.public, COSIGNATURE_V1))
    settings.WITNESSES = [key]
    assert facts("now")["见证方"] == f"{key} 还没有联署过"


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_takes_as_many_queries_for_a_longer_log(agreement, petra, count) -> None:
    for number in range(count):
        publish(agreement, petra, f"第 {number} 稿。", at=MONDAY + number * DAY)
        seal(at=MONDAY + number * DAY)
    assert Checkpoint.objects.count() == count
    assert queries_of(lambda: Client().get("/log/")) == 7
