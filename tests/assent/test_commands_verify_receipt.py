"""Tests of `manage.py verify_receipt`: a good receipt holds, an altered one does not, and what is neither is told in one line."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from assent.models import Acceptance
from assent.receipts import receipt, texts_of
from evidence.checkpoint import SigningKey
from evidence.log import seal
from evidence.models import LogKey
from tests.support import NOON, accept_versions, publish


@pytest.fixture
def receipt_file(account, alice, agreement, petra, noon, tmp_path: Path) -> Path:
    """A receipt as it is downloaded."""
    accept_versions(account, alice, publish(agreement, petra))
    seal(at=NOON)
    acceptance = Acceptance.objects.get()
    path = tmp_path / "receipt.json"
    path.write_text(receipt(acceptance, texts=texts_of(acceptance)).text(), "utf-8")
    return path


def run(*arguments: str) -> tuple[int, str]:
    """The exit code, and what is on standard output."""
    out = StringIO()
    try:
        call_command("verify_receipt", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_a_receipt_of_this_log_holds_without_reserve(receipt_file: Path) -> None:
    code, told = run(str(receipt_file), "--json")
    report = json.loads(told)
    assert (code, report["holds"], report["format"]) == (0, True, "receipt")
    assert {finding["code"]: finding["holds"] for finding in report["findings"]} == {
        **dict.fromkeys(("form", "statement", "log_signature", "key", "inclusion", "disclosure", "document"), True),
        "timestamp": None,
    }
    code, told = run(str(receipt_file))
    assert (code, told.splitlines()[0]) == (0, "证明成立。")


def test_an_altered_receipt_does_not_hold(receipt_file: Path) -> None:
    receipt_file.write_text(receipt_file.read_text("utf-8").replace('"20002"', '"20003"'), "utf-8")
    code, told = run(str(receipt_file))
    assert (code, told.splitlines()[0]) == (1, "证明不成立。")


def test_a_receipt_of_another_log_holds_only_for_who_trusts_its_key(receipt_file: Path, monkeypatch) -> None:
    own = LogKey.objects.get().verifier_key
    stranger = str(SigningKey.generate("other.example/log").verifier)
    monkeypatch.setattr("assent.management.commands.verify_receipt.own_keys", lambda: [stranger])
    assert run(str(receipt_file))[0] == 1
    assert run(str(receipt_file), "--key", own)[0] == 0


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04 nonsense", b"\xff\xfe", b'{"format": "qiyue-receipt/2"}'])
def test_what_is_neither_receipt_nor_pack_is_told_in_one_line(db: None, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(CommandError) as refusal:
        run(str(path))
    assert str(refusal.value).startswith(f"{path}: It cannot be read: ")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_told(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run(str(tmp_path / "nothing"))
