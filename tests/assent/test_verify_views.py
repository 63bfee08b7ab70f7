"""The page that checks receipts and packs: its verdicts, what it refuses, and that nothing of a file stays behind."""

import base64
import io
import json
import logging
import zipfile
from dataclasses import replace
from uuid import uuid4

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from assent import verifier, verify_views
from assent.accepting import accept
from assent.checking import LARGEST_UNPACKED, check_file
from assent.errors import FileTooLarge
from assent.models import Acceptance
from assent.packing import Selection, checkpoint_over, contents_of, write_pack
from assent.receipts import receipt, texts_of
from evidence.log import seal
from evidence.models import Checkpoint, LogKey, Sealed, TimestampAttempt
from evidence.protection import lift
from tests.authority import make_authority
from tests.support import CIRCUMSTANCES, MONDAY, NOON, accept_versions, publish, recorded, shown

pytestmark = pytest.mark.usefixtures("noon")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def upload(data: bytes, *, name: str = "receipt.json", client: Client | None = None):
    return (client or Client()).post("/verify/", {"file": SimpleUploadedFile(name, data)})


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def verdict(response) -> str:
    return words(soup_of(response).select_one("#verdict"))


def findings(response, kind: str) -> list[str]:
    return [words(item) for item in soup_of(response).select(f"ul.findings.is-{kind} li")]


@pytest.fixture
def accepted(agreement, petra, account, bob) -> Acceptance:
    made = accept_versions(account, bob, publish(agreement, petra), at=MONDAY)
    seal(at=MONDAY)
    return made


def data_of(accepted: Acceptance) -> bytes:
    return receipt(accepted, texts=texts_of(accepted)).text().encode()


@pytest.fixture
def data(accepted) -> bytes:
    return data_of(accepted)


@pytest.fixture
def pack(accepted) -> bytes:
    selection = Selection(acceptance=accepted)
    file = io.BytesIO()
    checkpoint = checkpoint_over(contents_of(selection, checkpoint=None))
    write_pack(file, selection=selection, checkpoint=checkpoint)
    return file.getvalue()


def test_anybody_gets_the_form_and_it_needs_no_script() -> None:
    soup = soup_of(Client().get("/verify/"))
    form = soup.select_one("main form")
    assert (form["method"], form["enctype"], form["action"]) == ("post", "multipart/form-data", "/verify/")
    assert form.select_one("input[type=file]")["name"] == "file"
    assert {"/verify/", "/log/"} <= {link["href"] for link in soup.select(".site-foot a")}


def test_a_receipt_of_this_portal_holds(data, accepted) -> None:
    response = upload(data)
    assert (response.status_code, verdict(response)) == (200, "证明成立")
    assert findings(response, "bad") == []
    assert findings(response, "good")[:3] == [
        "签名的密钥是本站日志的密钥。",
        "本站的日志有这个检查点。",
        "本站的日志在同一位置有同一条记录。",
    ]
    assert findings(response, "open") == ["没有第三方时间戳：时间只有日志运营者自己的说法。"]
    table = soup_of(response).select_one("[aria-labelledby=act] dl")
    facts = dict(zip(map(words, table.select("dt")), map(words, table.select("dd")), strict=True))
    assert facts["行为"] == "明示同意（勾选并点击按钮）"
    assert facts["时间"] == "2026年3月2日 10:00（UTC+8） 2026-03-02T02:00:00.000000Z"
    assert facts["账户"] == f"QQ 20002 账户编号 {accepted.account_id}"
    assert facts["操作人"] == f"QQ 10001 使用者编号 {accepted.actor_id}"
    assert facts["文件"].startswith("terms 第 1 版 中文 读当时的文本 SHA-256 ")
    assert facts["网络地址"] == "203.0.113.7"


def test_a_pack_of_this_portal_holds(pack) -> None:
    response = upload(pack, name="pack.zip")
    assert (response.status_code, verdict(response), findings(response, "bad")) == (200, "证明成立", [])
    assert "acceptance.express" in words(soup_of(response).select_one("[aria-labelledby=act]"))


@pytest.mark.parametrize(
    ("old", "new", "bad"),
    [
        ('"value": "20002"', '"value": "20003"', "“account_qq”与陈述中的摘要不符"),
        ("2026-03-02T02:00:00", "2026-03-02T03:00:00", "不能推出检查点的树根"),
    ],
)
def test_an_altered_receipt_does_not_hold_and_says_what_is_wrong(data, old, new, bad) -> None:
    response = upload(data.replace(old.encode(), new.encode()))
    assert (response.status_code, verdict(response)) == (200, "证明不成立")
    assert [sentence for sentence in findings(response, "bad") if bad in sentence] != []
    assert "没有得到证明" in words(soup_of(response).select_one("#act"))
    assert soup_of(response).select("[aria-labelledby=act] a") == []


def test_an_altered_pack_does_not_hold(pack) -> None:
    response = upload(pack.replace(b"20002", b"20003"), name="pack.zip")  # Its checksums are those of before.
    assert (response.status_code, verdict(response)) == (422, "无法核对：这不是回执，也不是出证包")


def test_another_log_is_said_to_be_another(data, accepted) -> None:
    with connection.cursor() as cursor:
        lift(connection)
        cursor.execute("UPDATE evidence_logkey SET verifier_key = 'elsewhere'")
    assert LogKey.objects.get().verifier_key == "elsewhere"
    response = upload(data)
    assert verdict(response) == "文件自洽，但不是本站的日志签名的"
    assert "签名的密钥不是本站日志的密钥。" in findings(response, "open")
    assert soup_of(response).select("[aria-labelledby=act] a") == []


def test_an_entry_that_our_log_has_lost_is_said_to_be_missing(data, accepted) -> None:
    lift(connection)
    Sealed.objects.filter(entry=accepted.entry)._raw_delete("default")
    response = upload(data)
    assert verdict(response) == "签名有效，但本站现在的日志里没有它"
    assert "本站的日志没有这条记录。" in findings(response, "open")


def test_a_timestamp_is_checked_without_openssl_and_its_authority_compared(
    accepted, settings, tmp_path, monkeypatch
) -> None:
    authority = make_authority(tmp_path)
    settings.TIMESTAMP_ROOTS = authority.roots_file
    checkpoint = Checkpoint.objects.get()
    body = checkpoint.note.split("\n\n")[0].encode() + b"\n"
    response = authority.stamp(body)
    at = verifier.openssl_timestamp(response, body, authority.roots)
    TimestampAttempt.objects.create(
        number=1, checkpoint=checkpoint, authority="the tests'", at=NOON, response=response, stamped_at=at
    )
    data = data_of(accepted)
    monkeypatch.setenv("PATH", "")  # so that no openssl is found
    answer = upload(data)
    assert verdict(answer) == "证明成立"
    assert "时间戳机构的根证书是本站所配置的。" in findings(answer, "good")
    elsewhere = tmp_path / "elsewhere.pem"
    elsewhere.write_text("", "ascii")
    settings.TIMESTAMP_ROOTS = elsewhere
    assert check_file(data).is_own_authority is False
    forged = json.loads(data)
    forged["timestamp"]["response"] = base64.b64encode(response[:-1] + b"\x00").decode()
    assert verdict(upload(json.dumps(forged).encode())) == "证明不成立"


@pytest.mark.parametrize(
    "junk",
    [
        b"{}",
        b"[]",
        b"\x00\xff",
        b"PK\x03\x04",
        b"%PDF-1.7",
        b"[" * 100_000,
        b'{"format": "qiyue-receipt/1"}',
        "契".encode(),
    ],
)
def test_anything_else_is_refused_in_words(junk) -> None:
    response = upload(junk)
    expected = (200, "证明不成立") if b"qiyue-receipt" in junk else (422, "无法核对：这不是回执，也不是出证包")
    assert (response.status_code, verdict(response)) == expected


def test_without_a_file_or_with_two_it_says_so() -> None:
    for files in ({}, {"file": [SimpleUploadedFile("a", b"{}"), SimpleUploadedFile("b", b"{}")]}):
        response = Client().post("/verify/", files)
        assert response.status_code == 400
        assert words(soup_of(response).select_one("[role=alert]")) == "请先选择一个文件。"


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    response = upload(b"x" * (verify_views.LARGEST + 1))
    assert response.status_code == 413
    assert words(soup_of(response).select_one("[role=alert]")).startswith("文件太大：这里最多核对 6 MB")


def test_a_pack_that_swells_is_refused() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.json", b" " * (LARGEST_UNPACKED + 1))
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(FileTooLarge):
        check_file(bomb.getvalue())
    assert upload(bomb.getvalue(), name="pack.zip").status_code == 413


def test_the_token_of_the_form_is_asked_for(data) -> None:
    assert upload(data, client=Client(enforce_csrf_checks=True)).status_code == 403


def test_a_file_leaves_nothing_behind(data, tmp_path, monkeypatch, caplog) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = recorded()
    with caplog.at_level(logging.DEBUG):
        for content in (data, data.replace(b"20002", b"20003"), data[:-20], b"PK" + data, b"x" * verify_views.LARGEST):
            upload(content)
    assert [record.getMessage() for record in caplog.records if "2000" in record.getMessage()] == []
    assert list(tmp_path.iterdir()) == []
    assert recorded() == before


def test_what_a_file_says_is_shown_as_words(agreement, petra, account, alice) -> None:
    version = publish(agreement, petra)
    circumstances = replace(CIRCUMSTANCES, user_agent="<script>alert(1)</script>{{ 7|add:7 }}")
    accepted = accept(
        account=account,
        actor=alice,
        documents=[shown(version)],
        form_key=uuid4(),
        circumstances=circumstances,
        at=MONDAY,
    )
    seal(at=MONDAY)
    soup = soup_of(upload(data_of(accepted)))
    assert len(soup.select("script")) == 1
    assert "<script>alert(1)</script>{{ 7|add:7 }}" in words(soup.select_one("[aria-labelledby=act]"))


@pytest.mark.parametrize("facts", [{}, {"account": {"a": []}, "actor": [1], "grant": {}, "capacity": []}])
def test_statements_of_strange_shapes_are_no_fault_of_the_page(data, facts) -> None:
    content = json.loads(data)
    statement = json.loads(content["record"]["statement"])
    for documents in ([], [{}], [{"agreement": [], "version": {}, "language": 7}], [[]], "x", [None]):
        statement["facts"] = {**facts, "documents": documents}
        content["record"]["statement"] = verifier.canonical_json(statement).decode()
        response = upload(json.dumps(content).encode())
        assert (response.status_code, verdict(response)) == (200, "证明不成立")


def test_in_english_the_verdict_is_english(data) -> None:
    client = Client()
    client.post("/language/", {"language": "en"})
    sentences = findings(upload(data, client=client), "good")
    assert "The file has the form that it should." in sentences


def test_the_script_is_the_very_file_that_checks_here() -> None:
    response = Client().get("/verify/verify.py")
    assert response["Content-Disposition"] == 'attachment; filename="verify.py"'
    with open(verifier.__file__, "rb") as file:
        assert response.content == file.read()
