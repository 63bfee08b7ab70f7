"""Tests of tasks(): what the accept page shows of one version."""

from bs4 import BeautifulSoup
from django.utils import translation

from accounts.models import Account, Person
from agreements.models import Agreement
from assent.accept_page import tasks
from assent.standing import standing
from tests.support import DAY, EN, MONDAY, ZH, accept_versions, chinese, english, publish


def the_only_task(account: Account, actor: Person, *, days: int):
    [item] = standing(account=account, actor=actor, at=MONDAY + days * DAY).outstanding
    return tasks([item])[0]


def test_a_first_text_shows_what_is_emphasised_and_no_changes(agreement: Agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    shown = the_only_task(account, alice, days=1)
    assert [(unit.number, anchor) for unit, anchor in shown.emphasised] == [("1.2", "1.2")]
    assert (shown.changes, shown.tally, shown.compare_url) == ([], [], "")
    assert shown.body == version.texts.get().html


def test_a_revision_shows_the_changes_since_the_version_accepted_before(agreement, petra, account, alice) -> None:
    first = publish(agreement, petra)
    accept_versions(account, alice, first)
    publish(agreement, petra, "本协议不适用于开发者。", at=MONDAY + DAY)
    publish(agreement, petra, "本协议绝不适用于开发者。", at=MONDAY + 2 * DAY)
    shown = the_only_task(account, alice, days=3)
    assert [(row.kind, row.new_no) for row in shown.changes] == [("edited", "1.1")]
    assert shown.compare_url == "/agreements/terms/compare/1...3/"


def test_the_text_is_in_the_language_of_the_page_where_there_is_one(agreement, petra, account, alice) -> None:
    publish(agreement, petra, texts={ZH: chinese(), EN: english()})
    with translation.override("en"):
        assert the_only_task(account, alice, days=1).text.language == "en"
    assert the_only_task(account, alice, days=1).text.language == "zh-hans"


def test_beside_other_texts_only_the_addresses_differ(agreement, petra, account, alice) -> None:
    words = '他说：id="1.1" href="#1.1" <section id="1.1">。'
    version = publish(agreement, petra, words.replace("<", "&lt;"))
    [item] = standing(account=account, actor=alice, at=MONDAY + DAY).outstanding
    stored, body = version.texts.get().html, tasks([item], is_alone=False)[0].body
    led = f"v{version.pk}-"
    assert BeautifulSoup(body, "html.parser").get_text() == BeautifulSoup(stored, "html.parser").get_text()
    assert [tag["id"] for tag in BeautifulSoup(body, "html.parser").select("[id]")] == [
        led + tag["id"] for tag in BeautifulSoup(stored, "html.parser").select("[id]")
    ]
    assert f'<a class="number" href="#{led}1.2"' in body


def test_every_task_has_a_form_key_of_its_own(agreement, petra, account, alice) -> None:
    publish(agreement, petra)
    assert the_only_task(account, alice, days=1).form_key != the_only_task(account, alice, days=1).form_key
