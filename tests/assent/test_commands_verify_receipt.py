"""verify_receipt: the verdict and exit code over a receipt, and one clear line for what is no file."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assent.receipts import receipt, texts_of
from evidence.log import seal
from tests.support import MONDAY, accept_versions, publish


@pytest.fixture
def file(agreement, petra, account, alice, tmp_path: Path) -> Path:
    accepted = accept_versions(account, alice, publish(agreement, petra))
    seal(at=MONDAY)
    path = tmp_path / "receipt.json"
    path.write_text(receipt(accepted, texts=texts_of(accepted)).text(), "utf-8")
    return path


def run(*arguments: object) -> tuple[int, str]:
    """The exit code, and what stood on standard output."""
    out = StringIO()
    try:
        call_command("verify_receipt", *map(str, arguments), stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_a_receipt_of_this_log_holds(file) -> None:
    code, told = run(file)
    assert code == 0
    assert "QQ 20002" in told
    assert "  + is_of_this_log" in told


def test_json_holds_every_finding_and_the_comparison(file) -> None:
    code, told = run(file, "--json")
    found = json.loads(told)
    assert (code, found["holds"], found["is_of_this_log"], found["is_own_authority"]) == (0, True, True, None)
    assert found["facts"]["disclosed"]["actor_qq"] == "20002"


def test_an_altered_one_does_not_hold(file) -> None:
    file.write_text(file.read_text("utf-8").replace('"20002"', '"20003"'), "utf-8")
    code, told = run(file, "--json")
    assert (code, json.loads(told)["holds"]) == (1, False)


def test_what_cannot_be_read_is_said_in_one_line(file) -> None:
    with pytest.raises(CommandError, match=r"missing.json: No such file or directory$") as raised:
        run(file.with_name("missing.json"))
    assert raised.value.returncode == 2
    file.write_text("{}", "utf-8")
    assert run(file)[0] == 2
