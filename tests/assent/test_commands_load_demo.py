"""manage.py load_demo: once, into an empty portal, never in production."""

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Person
from agreements.models import Agreement, Version
from assent.demo import PASSWORD, PEOPLE
from tests.support import recorded

SIGN_INS = [
    f"演示账号 · demo sign-ins (密码 · password: {PASSWORD})",
    "  QQ 20002      开发者账户所有人 · account owner",
    "  QQ 10001      协作者 · her collaborator",
    "  QQ 30003      另一开发者 · another developer",
    "  QQ 40004      发布人 · publisher",
    "  QQ 50005      审批人 · approver",
    "  QQ 60006      审计员 · auditor",
    "  QQ 10000001   管理员 · administrator",
]


def test_the_command_loads_the_demo_and_prints_the_sign_ins(db, capsys) -> None:
    call_command("load_demo")
    out, err = capsys.readouterr()
    assert (out.splitlines(), err) == (SIGN_INS, "loading the demo …\n")
    assert (Person.objects.count(), Version.objects.count()) == (7, 4)


def test_the_command_loads_the_demo_once(db, capsys) -> None:
    call_command("load_demo")
    before = recorded()
    capsys.readouterr()
    call_command("load_demo")
    out, err = capsys.readouterr()
    assert (out.splitlines(), err, recorded()) == (SIGN_INS, "", before)


def test_a_portal_in_use_is_left_alone(agreement, capsys) -> None:
    before = recorded()
    call_command("load_demo")
    assert capsys.readouterr() == ("", "this portal is in use: no demo loaded\n")
    assert (recorded(), Agreement.objects.count()) == (before, 1)


def test_a_portal_with_nobody_but_an_administrator_is_in_use(administrator, capsys) -> None:
    call_command("load_demo")
    assert capsys.readouterr() == ("", "this portal is in use: no demo loaded\n")
    assert not Person.objects.filter(qq_number=PEOPLE["alice"]).exists()


def test_production_refuses_the_demo(db, settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match=r"^the demo has known passwords: it is not loaded in production$"):
        call_command("load_demo")
    assert (Person.objects.count(), Agreement.objects.count()) == (0, 0)
