"""The printed receipt: the same bytes everywhere, text that can be read out again, lines that break as Chinese print does."""

import json
import os
import re
import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from assent.receipt_pdf import FONTS, Attachment, Certificate, Document, Line, Row, pdf, visible
from tests.assent.pdf_text import attachments, lines, runs

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
NUMBER = "8e3a9c1e-3d5f-4c0a-9a57-4d7b1c0f8f11"
SENTENCE = "QQ 10001 作为 QQ 20002 的协作者，代表该账户同意下列文件，对该账户具有约束力（2.1.6）。"
# Long, and full of marks that may not begin a line (。，、；：？！）》”) or end one (（《“).
PARAGRAPH = (
    "甲方应当（包括但不限于）遵守《开放平台规则》，并且“妥善保管密钥”；否则，由此造成的损失、费用：由甲方承担。" * 12
)
NOT_FIRST = "。，、；：？！）》”’…"
NOT_LAST = "（《“‘"

CERTIFICATE = Certificate(
    language="zh-hans",
    at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
    site="契阅",
    title="同意回执",
    number_label="编号",
    number=NUMBER,
    page_label="第 {page} 页，共 {pages} 页",
    sentence=SENTENCE,
    facts=(Row("账户", (Line("QQ 20002"),)), Row("浏览器", (Line("Firefox/140.0", mono=True),))),
    documents=(Document("开发者测试协议", "zh-hans", (Row("正文 SHA-256", (Line(DIGEST, mono=True),)),)),),
    proof_title="存在证明",
    proof=(Row("位置", (Line("日志第 1 条，共 2 条"),)),),
    checks_title="任何人都可以这样核对",
    checks=("打开核对页。", "下载 verify.py。"),
    attachment=Attachment("receipt.json", '{"format": "qiyue-receipt/1"}\n', "回执"),
)


def with_browser(*texts: str, mono: bool = True) -> bytes:
    return pdf(replace(CERTIFICATE, facts=(Row("浏览器", tuple(Line(text, mono=mono) for text in texts)),)))


def test_one_page_says_everything_and_every_sign_can_be_read_out() -> None:
    assert lines(pdf(CERTIFICATE)) == [
        "契阅",
        "同意回执",
        f"编号 {NUMBER}",
        SENTENCE,
        "账户QQ 20002",
        "浏览器Firefox/140.0",
        "开发者测试协议",
        f"正文 SHA-256{DIGEST}",
        "存在证明",
        "位置日志第 1 条，共 2 条",
        "任何人都可以这样核对",
        "1.打开核对页。",
        "2.下载 verify.py。",
        f"编号 {NUMBER}第 1 页，共 1 页",
    ]


def test_digests_and_numbers_have_equal_widths_and_titles_are_bold() -> None:
    faces = {run.text: run.face for run in runs(pdf(CERTIFICATE))}
    assert faces[NUMBER] == "NotoSansMonoCJKsc-Regular"
    assert {face for text, face in faces.items() if len(text) == 8 and text in DIGEST} == {"NotoSansMonoCJKsc-Regular"}
    assert faces["同意回执"] == faces["开发者测试协议"] == "NotoSansCJKsc-Bold"
    assert faces["账户"] == "NotoSansCJKsc-Regular"


def test_equal_certificates_give_equal_bytes_in_every_process_place_and_time_zone(tmp_path: Path) -> None:
    script = (
        "import hashlib; from assent.receipt_pdf import pdf; from tests.assent.test_receipt_pdf import CERTIFICATE;"
        "print(hashlib.sha256(pdf(CERTIFICATE)).hexdigest())"
    )
    digests = set()
    for zone, seed in (("UTC", "1"), ("Asia/Shanghai", "2")):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": str(settings.BASE_DIR)}
        environment["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        environment["HOME"] = str(tmp_path)
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup(); {script}"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.add(done.stdout)
    assert len(digests) == 1
    assert pdf(CERTIFICATE) == pdf(replace(CERTIFICATE))
    assert pdf(CERTIFICATE) != pdf(replace(CERTIFICATE, at=datetime(2026, 11, 24, 2, 1, tzinfo=UTC)))


def test_the_date_of_the_pdf_is_that_of_the_act() -> None:
    assert set(re.findall(rb"<xmp:(?:Create|Modify)Date>([^<]*)<", pdf(CERTIFICATE))) == {b"2026-11-24T02:00:00Z"}


def test_it_is_made_for_archives_and_for_screen_readers() -> None:
    made = pdf(CERTIFICATE)
    assert re.findall(rb"<pdfaid:(part|conformance)>(\w)<", made) == [(b"part", b"3"), (b"conformance", b"A")]
    assert re.findall(rb"<pdfuaid:part>(\d)<", made) == [b"1"]
    assert b"/Lang(zh-CN)" in made


def test_the_receipt_for_machines_is_attached_as_it_is() -> None:
    text = json.dumps({"user_agent": "\U0001f600 ‮ #x"}, ensure_ascii=False)
    made = pdf(replace(CERTIFICATE, attachment=Attachment("receipt-1.json", text, "回执")))
    assert attachments(made) == {"receipt-1.json": text.encode()}
    assert attachments(pdf(replace(CERTIFICATE, attachment=None))) == {}


@pytest.mark.parametrize("mono", [True, False])
def test_what_people_wrote_is_never_markup(mono: bool) -> None:
    hostile = [
        "#strong[x] *b* _i_ $x^2$ `raw` = h",
        "\\ // /* */ <label> @ref https://x.y ~ -- --- ... 'q' \"q\"",
        '#read("/etc/passwd") #sys.inputs #panic()',
        "- item",
        "+ item",
        "1. item",
        "= heading",
    ]
    texts = lines(with_browser(*hostile, mono=mono))
    at = texts.index(f"浏览器{hostile[0]}")
    assert texts[at : at + len(hostile)] == [f"浏览器{hostile[0]}", *hostile[1:]]


def test_titles_and_sentences_are_never_markup_either() -> None:
    nasty = "#panic() *《x》* $y$"
    made = pdf(
        replace(
            CERTIFICATE,
            sentence=nasty,
            title=nasty,
            documents=(Document(nasty, "en", ()),),
            proof_title=nasty,
            checks=(nasty,),
        )
    )
    assert [line for line in lines(made) if nasty in line] == [nasty, nasty, nasty, nasty, f"1.{nasty}"]


def test_what_the_fonts_lack_is_named_and_nothing_is_an_empty_box() -> None:
    text = "a\U0001f600\u202eb\tc\nd\x00\ufffd阅\u0301\U00020bb7"
    said = "a[U+1F600][U+202E]b[U+0009]c[U+000A]d[U+0000][U+FFFD]阅[U+0301][U+20BB7]"
    assert visible(text) == said
    assert [line for line in lines(with_browser(text, mono=False)) if line.startswith("浏览器")] == [f"浏览器{said}"]


def covered(path: Path) -> set[int]:
    """The characters for which the font has a glyph of its own: format 12 of its cmap table (OpenType)."""
    data = path.read_bytes()
    tables = {data[at : at + 4]: struct.unpack_from(">II", data, at + 8) for at in range(12, 12 + 16 * data[5], 16)}
    start = tables[b"cmap"][0]
    (count,) = struct.unpack_from(">H", data, start + 2)
    offsets = [struct.unpack_from(">I", data, start + 8 + 8 * n)[0] for n in range(count)]
    found: set[int] = set()
    for table in {start + offset for offset in offsets}:
        form = struct.unpack_from(">H", data, table)[0]
        if form == 12:
            (groups,) = struct.unpack_from(">I", data, table + 12)
            for n in range(groups):
                first, last, glyph = struct.unpack_from(">III", data, table + 16 + 12 * n)
                assert glyph > 0
                found.update(range(first, last + 1))
    return found


def test_both_weights_have_every_character_that_the_list_names() -> None:
    spans = [line.split("-") for line in (FONTS / "characters.txt").read_text("ascii").split()]
    listed = {code for span in spans for code in range(int(span[0], 16), int(span[-1], 16) + 1)}
    assert covered(FONTS / "NotoSansCJKsc-Regular.otf") == covered(FONTS / "NotoSansCJKsc-Bold.otf") == listed
    gb2312 = {code for code in range(0x4E00, 0xA000) if chr(code).encode("gb2312", "ignore")}
    assert (len(gb2312), gb2312 - listed) == (6763, set())
    assert sum(0x3400 <= code < 0xA000 or code >= 0x20000 for code in listed) > 8105


def test_a_long_chinese_paragraph_breaks_only_where_print_would() -> None:
    texts = lines(with_browser(PARAGRAPH, mono=False))
    at = next(number for number, line in enumerate(texts) if line.startswith("浏览器"))
    broken = [texts[at].removeprefix("浏览器"), *texts[at + 1 : texts.index("开发者测试协议")]]
    assert "".join(broken) == PARAGRAPH
    assert len(broken) > 12
    assert [line for line in broken if line[0] in NOT_FIRST or line[-1] in NOT_LAST] == []


@pytest.mark.parametrize("text", ["a" * 1000, DIGEST * 5, "https://qiyue.example/" + "x" * 300, "é" * 300])
def test_what_has_no_place_to_break_stays_on_the_page(text: str) -> None:
    made = with_browser(text)
    texts = lines(made)
    at = next(number for number, line in enumerate(texts) if line.startswith("浏览器"))
    broken = [texts[at].removeprefix("浏览器"), *texts[at + 1 : texts.index("开发者测试协议")]]
    assert "".join(broken) == text
    # The text block ends 23 mm before the right edge of an A4 page; a sign of the wider face has up to 0.6 em.
    assert max(run.x + len(run.text) * run.size * 0.6 for run in runs(made) if set(run.text) <= set(text)) < 535


def test_what_does_not_fit_goes_on_to_a_second_page_that_says_which_it_is() -> None:
    made = pdf(replace(CERTIFICATE, documents=CERTIFICATE.documents * 20))
    pages = {run.page for run in runs(made)}
    assert pages == {1, 2}
    feet = [line for line in lines(made) if line.startswith(f"编号 {NUMBER}第")]
    assert feet == [f"编号 {NUMBER}第 {page} 页，共 2 页" for page in (1, 2)]


def test_in_english_it_is_an_english_page() -> None:
    made = pdf(
        replace(CERTIFICATE, language="en", title="Receipt", page_label="Page {page} of {pages}", number_label="No.")
    )
    assert b"/Lang(en-US)" in made
    assert lines(made)[-1] == f"No. {NUMBER}Page 1 of 1"
