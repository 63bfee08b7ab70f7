"""The publisher's comparison of two texts: files or words, the same page, files to take away, and nothing stored."""

import io
import zipfile

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from agreements.models import Agreement, Draft, DraftText, KeptComparison, Version
from desk import forms
from tests.support import chinese, recorded

OLD = chinese("开发者可以转让其帐户。")
NEW = chinese("开发者不可以转让其帐户。")


@pytest.fixture
def petras(petra) -> Client:
    client = Client()
    client.force_login(petra)
    return client


def soup_of(response: HttpResponse) -> BeautifulSoup:
    return BeautifulSoup(response.content.decode(), "html.parser")


def words(tag) -> str:
    return " ".join(tag.get_text(" ").split())


def pasted(old: str = OLD, new: str = NEW, **more: str) -> dict[str, str]:
    return {"old_pasted": old, "new_pasted": new} | more


def test_the_form_asks_for_two_texts(petras) -> None:
    response = petras.get("/desk/compare/")
    assert [box["name"] for box in soup_of(response).select("#texts [name]:not([name=csrfmiddlewaretoken])")] == [
        "old_file",
        "old_pasted",
        "new_file",
        "new_pasted",
    ]
    assert soup_of(petras.get("/desk/")).select('main a[href="/desk/compare/"]') == []


def test_pasted_texts_are_compared_as_on_the_public_page(petras) -> None:
    soup = soup_of(petras.post("/desk/compare/", pasted()))
    [change] = soup.select(".changes > article[data-change]")
    assert words(change) == "1.1 修改 新增“ 不 ”，成为“ 开发者不可以转让其 ” 开发者 不 可以转让其帐户。"
    assert [words(mark) for mark in change.select("ins.is-short")] == ["不"]
    assert [words(entry) for entry in soup.select(".changes-nav a .number")] == ["1.1"]
    assert len(soup.select(".change-map a")) == 1


def test_files_of_any_kind_are_read_as_by_the_import(petras) -> None:
    html = "<h1>开发者测试协议</h1><h2>1. 总则</h2><p>1.1 开发者可以转让其帐户。</p><p>1.2 费用按月结算。</p>"
    markdown = "# 开发者测试协议\n\n## 1. 总则\n\n1.1 开发者不可以转让其帐户。\n\n1.2 费用按月结算。\n"
    data = {
        "old_file": SimpleUploadedFile("old.html", html.encode()),
        "new_file": SimpleUploadedFile("new.md", markdown.encode()),
    }
    response = petras.post("/desk/compare/", data)
    assert [row.sentence[1].words for row in response.context["listed"]] == ["不"]
    boxes = {box["name"]: box.get_text().strip() for box in soup_of(response).select("textarea")}
    read = "# 开发者测试协议\n\n## 1. 总则\n\n**1.1** 开发者不可以转让其帐户。\n\n**1.2** 费用按月结算。"
    assert boxes == {"old_pasted": read.replace("不可以", "可以"), "new_pasted": read}
    assert [row.sentence for row in petras.post("/desk/compare/", boxes).context["listed"]] == [
        row.sentence for row in response.context["listed"]
    ]


def test_a_file_goes_before_what_is_pasted(petras) -> None:
    data = pasted(old="x") | {"old_file": SimpleUploadedFile("old.md", OLD.encode())}
    assert petras.post("/desk/compare/", data).status_code == 200


def test_the_choices_are_buttons_that_send_both_texts_again(petras) -> None:
    soup = soup_of(petras.post("/desk/compare/", pasted(view="side", show="all")))
    assert "is-side" in soup.select_one(".comparison")["class"]
    buttons = {words(button): (button["name"], button["value"]) for button in soup.select("button[form=texts]")}
    assert buttons == {
        "Word（修订格式）": ("download", "docx"),
        "纯文本（可作邮件）": ("download", "txt"),
        "修改 1": ("kinds", "edited"),
        "合并显示": ("view", "inline"),
        "左右对照": ("view", "side"),
        "只看改动": ("show", "changes"),
        "全文": ("show", "all"),
    }
    kept = {
        box["name"]: box["value"] for box in soup.select("#texts input[type=hidden]:not([name=csrfmiddlewaretoken])")
    }
    assert kept == {"view": "side", "show": "all", "kinds": ""}
    # The state that is kept comes before the button that was pressed, which therefore wins.
    assert soup.select_one("#texts").sourceline < soup.select_one(".switch button").sourceline
    again = petras.post("/desk/compare/", pasted(view=["side", "inline"], show="all"))
    assert again.context["look"].view == "inline"


def test_plain_text_and_word_can_be_taken_away(petras) -> None:
    text = petras.post("/desk/compare/", pasted(download="txt"))
    assert text.headers["Content-Disposition"] == 'attachment; filename="comparison.txt"'
    assert text.content.decode().splitlines()[:6] == [
        "开发者测试协议", "旧：旧文本", "新：新文本", "", "修改 1，未改 8", "标记：[-删去的字-] {+增加的字+}",
    ]  # fmt: skip
    word = petras.post("/desk/compare/", pasted(download="docx"))
    assert word.headers["Content-Disposition"] == 'attachment; filename="comparison.docx"'
    assert b"<w:ins " in zipfile.ZipFile(io.BytesIO(word.content)).read("word/document.xml")


@pytest.mark.parametrize(
    ("data", "field", "chinese_words", "english_words"),
    [
        (pasted(new=" "), "new_pasted", "请上传一个文件，或者粘贴文本。", "Upload a file, or paste the text."),
        (
            pasted(new=chinese("甲\u202e乙")),
            "new_pasted",
            "U+202E",
            "U+202E",
        ),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field_and_what_was_typed_is_kept(
    petras, data, field, chinese_words, english_words
) -> None:
    for language, said in (("zh-hans", chinese_words), ("en", english_words)):
        petras.cookies["django_language"] = language
        response = petras.post("/desk/compare/", data)
        assert response.status_code == 422
        soup = soup_of(response)
        [link] = soup.select(".error-summary a")
        assert link["href"] == f"#id_{field}"
        assert said in words(link)
        kept = {box["name"]: box.get_text().strip() for box in soup.select("textarea")}
        assert kept == {name: text.strip() for name, text in data.items()}
        assert soup.select(".changes") == []


def test_texts_without_numbers_are_compared_paragraph_by_paragraph_and_it_is_said(petras) -> None:
    old, new = ("我们收集您的设备信息。\n\n您可以随时注销账户。\n", "我们收集您的位置信息。\n\n您可以随时注销账户。\n")
    soup = soup_of(petras.post("/desk/compare/", pasted(old=old, new=new)))
    assert [words(row) for row in soup.select(".change[data-change] del, .change[data-change] ins")] == ["设备", "位置"]
    assert "旧文本：没有找到带编号的条款。" in [words(notice) for notice in soup.select(".notice")]


def test_a_long_text_is_refused_before_it_is_read(petras) -> None:
    long = "1.1 甲\n\n" * 120_000 + "\x02"
    soup = soup_of(petras.post("/desk/compare/", pasted(old=long)))
    assert words(soup.select_one(".error-summary a")) == "或粘贴旧文本：文本超过 1 MB，无法在此比较。"


def test_a_page_that_says_nothing_is_no_text(petras) -> None:
    soup = soup_of(petras.post("/desk/compare/", pasted(old="<html><body><script>1</script></body></html>")))
    assert words(soup.select_one(".error-summary a")) == "或粘贴旧文本：无法读作协议：没有找到正文。"


def test_a_file_that_cannot_be_read_is_told_at_its_field(petras) -> None:
    data = pasted(old="") | {"old_file": SimpleUploadedFile("old.pdf", b"%PDF-1.7 x")}
    soup = soup_of(petras.post("/desk/compare/", data))
    assert [link["href"] for link in soup.select(".error-summary a")] == ["#id_old_file"]


def test_very_long_texts_are_refused(petras, monkeypatch) -> None:
    monkeypatch.setattr(forms, "MOST_COMPARED", 100)
    response = petras.post("/desk/compare/", pasted())
    assert [words(error) for error in soup_of(response).select(".error-summary li")] == [
        "或粘贴旧文本：文本超过 1 MB，无法在此比较。",
        "或粘贴新文本：文本超过 1 MB，无法在此比较。",
    ]


def test_warnings_name_the_text_that_they_are_about(petras) -> None:
    response = petras.post("/desk/compare/", pasted(new=NEW.removeprefix("# 开发者测试协议\n\n")))
    assert [words(notice) for notice in soup_of(response).select(".notice")] == ["新文本：没有找到标题。"]


def test_nothing_is_stored(petras, agreement) -> None:
    before = recorded()
    assert petras.post("/desk/compare/", pasted()).status_code == 200
    assert recorded() == before
    assert [model.objects.count() for model in (Agreement, Draft, DraftText, Version, KeptComparison)] == [
        1,
        0,
        0,
        0,
        0,
    ]


def test_what_was_pasted_is_inert(petras) -> None:
    attack = '</textarea><script>alert(1)</script>"><img src=x onerror=alert(1)>'
    soup = soup_of(petras.post("/desk/compare/", pasted(new=NEW.replace("密钥", attack))))
    assert len(soup.select("script")) == 1
    assert soup.select("main img, [onerror]") == []


def test_it_speaks_english(petras) -> None:
    petras.cookies["django_language"] = "en"
    soup = soup_of(petras.post("/desk/compare/", pasted()))
    assert words(soup.select_one("h1")) == "Compare two texts"
    assert words(soup.select_one(".changes-nav .excerpt")) == "‘ 不 ’ added: ‘ 开发者不可以转让其 ’"
