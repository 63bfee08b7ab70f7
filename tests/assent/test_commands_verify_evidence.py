"""Tests of verify_evidence as a command: what it prints where, in whose language, and how it ends."""

import json
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils.translation import override

from assent.management.commands.verify_evidence import Bar
from evidence.log import seal
from evidence.models import Entry
from evidence.protection import lift
from tests.support import MONDAY


@pytest.fixture
def sealed(alice) -> None:
    seal(at=MONDAY)
    connection.check_constraints()


@pytest.fixture
def changed(sealed, alice) -> None:
    """Alice's number was rewritten behind the triggers' back."""
    lift(connection)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_person SET qq_number = '20003' WHERE id = %s", [alice.pk])


def verify(*options: str, language: str = "zh-hans") -> tuple[int, str, str]:
    """The exit code, standard output and standard error."""
    out, err = StringIO(), StringIO()
    code = 0
    try:
        with override(language):
            call_command("verify_evidence", *options, stdout=out, stderr=err)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def told(*options: str) -> tuple[int, dict[str, Any]]:
    code, out, _err = verify("--json", *options)
    return code, json.loads(out)


def test_an_untouched_database_is_told_in_json(sealed) -> None:
    code, found = told()
    assert code == 0
    assert (found["ok"], found["mismatches"], found["warnings"]) == (True, [], [])
    counts = found["checked"]
    assert counts["entries"] == counts["sealed"] == Entry.objects.count() == 3
    assert (counts["accounts_person"], counts["accounts_account"], counts["checkpoints"], counts["mismatches"]) == (
        1,
        1,
        1,
        0,
    )


def test_a_changed_row_is_told_in_json_with_what_is_stored_and_what_is_logged(changed, alice) -> None:
    code, found = told()
    assert (code, found["ok"], found["checked"]["mismatches"]) == (1, False, 1)
    assert found["mismatches"] == [
        {
            "table": "accounts_person",
            "row": str(alice.pk),
            "problem": "列 qq_number 与日志记载不符",
            "stored": "20003",
            "logged": "20002",
        }
    ]


def test_a_changed_row_is_told_to_a_reader(changed, alice) -> None:
    code, out, _err = verify()
    assert code == 1
    assert out.splitlines()[:3] == [
        f"accounts_person {alice.pk}: 列 qq_number 与日志记载不符",
        "    表中：20003",
        "    日志：20002",
    ]
    assert out.splitlines()[-1] == "有 1 处与日志不符。"


def test_an_empty_database_verifies(db: None) -> None:
    code, found = told()
    assert (code, found["ok"], found["checked"]["entries"], found["warnings"]) == (0, True, 0, [])


def test_progress_goes_to_standard_error_alone(sealed) -> None:
    _code, out, err = verify("--json")
    json.loads(out)
    assert err.splitlines()[-1].startswith("100% 8 / 8  ")


def test_a_terminal_gets_a_bar_and_a_file_gets_lines() -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

        def write(self, text: str, ending: str = "\n") -> int:
            return super().write(text + ending)

    class File(Terminal):
        def isatty(self) -> bool:
            return False

    terminal, file = Terminal(), File()
    for stream in (terminal, file):
        bar = Bar(stream, 400)
        bar.began -= 2
        bar.told -= 60
        bar(100)
        bar.finish()
    assert terminal.getvalue().startswith("\r[########......................]  25% 100 / 400  ")
    assert terminal.getvalue().endswith("\r\033[K")
    assert [line.split("  ")[0].strip() for line in file.getvalue().splitlines()] == ["25% 100 / 400"] * 2


def test_a_database_without_tables_is_one_clear_line(tmp_path) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "verify_evidence"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "CommandError: no such table: accounts_person (has `manage.py migrate` been run?)"
