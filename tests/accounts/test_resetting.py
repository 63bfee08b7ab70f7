"""Tests of the reset letter as an act of its own; the pages around it are in test_views.py."""

from datetime import datetime, timedelta

import time_machine
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.utils import translation

from accounts.models import Person
from accounts.resetting import reset_parts, send_reset_letter


def link_for(uid: str, token: str) -> str:
    return f"https://qiyue.example/{uid}/{token}/"


def test_the_letter_goes_to_the_numbers_mailbox(alice: Person) -> None:
    send_reset_letter(qq_number="20002", link_for=link_for)
    (letter,) = mail.outbox
    assert (letter.to, letter.from_email) == (["20002@qq.com"], "qiyue@localhost")
    assert link_for(*reset_parts(alice)) in letter.body
    assert "为 QQ 号 20002 设置新密码" in letter.body


def test_no_letter_goes_to_anybody_else(alice: Person, charlie: Person) -> None:
    Person.objects.create(qq_number="70007", password="!")
    Person.objects.filter(pk=charlie.pk).update(is_active=False)
    for number in ("70007", "30003", "80008", "", "20002 ", "20002\nbcc: x@evil.example"):
        send_reset_letter(qq_number=number, link_for=link_for)
    assert mail.outbox == []


def test_no_letter_goes_to_an_erased_number(alice: Person) -> None:
    Person.objects.filter(pk=alice.pk).update(qq_number=None)
    send_reset_letter(qq_number="20002", link_for=link_for)
    assert mail.outbox == []


def test_a_token_ends_after_a_day(alice: Person, now: datetime) -> None:
    with time_machine.travel(now, tick=False):
        _uid, token = reset_parts(alice)
    with time_machine.travel(now + timedelta(days=1), tick=False):
        assert default_token_generator.check_token(alice, token)
    with time_machine.travel(now + timedelta(days=1, seconds=1), tick=False):
        assert not default_token_generator.check_token(alice, token)


def test_a_token_is_for_one_person(alice: Person, charlie: Person) -> None:
    _uid, token = reset_parts(alice)
    assert not default_token_generator.check_token(charlie, token)


def test_the_letter_is_in_the_language_of_the_reader(alice: Person) -> None:
    with translation.override("zh-hans"):
        send_reset_letter(qq_number="20002", link_for=link_for)
    assert mail.outbox[0].subject == "契阅：重设密码"
