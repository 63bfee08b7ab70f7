"""Reading files: the real page gives exactly its agreement, and what is no agreement is refused with the reason."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation

from agreements.errors import NotAnAgreement
from agreements.reading import MAX_BYTES, MAX_UNPACKED, Source, read_source
from agreements.text.clauses import Outline, parse
from agreements.text.page import NAVIGATION, find_agreement, is_page

SHARED = Path(__file__).parents[3] / "shared"
SEED = SHARED / "seeds" / "000_742670f0504c51db.txt"
needs_seed = pytest.mark.skipif(
    not SEED.exists(), reason=f"the real page is not in this repository, and {SEED} is not there"
)
CORPUS = sorted((SHARED / "corpus").glob("*/*/*.md"))

CHAPTERS = {1: 5, 2: 9, 3: 8, 4: 5, 5: 5, 6: 7, 7: 4, 8: 3, 9: 3, 10: 6, 11: 5}
SECTIONS = {1: 7, 2: 4, 3: 3, 4: 8, 5: 5, 6: 7, 7: 2, 8: 8, 9: 9}
CLAUSES = [
    number
    for chapter, count in CHAPTERS.items()
    for clause in range(1, count + 1)
    for number in [
        f"{chapter}.{clause}",
        *(f"2.{clause}.{n}" for n in range(1, SECTIONS[clause] + 1) if chapter == 2),
    ]
]
ITEMS = {
    "1.3": 3, "2.4.3": 5, "2.5.1": 4, "2.5.2": 4, "2.5.3": 12, "2.5.4": 19, "2.7.2": 4, "2.8.1": 5, "2.9.1": 7, "2.9.3": 7, "2.9.4": 8,
    "2.9.6": 8, "3.2": 6, "3.8": 3, "4.4": 2, "4.5": 2, "5.5": 5, "10.1": 7, "10.2": 10,
}  # fmt: skip
EMPHASISED = [
    "2.1", "2.1.6", "2.2", "2.2.1", "2.3", "2.3.2", "2.3.3", "2.4", "2.5", "2.5.1", "2.5.2", "2.5.3", "2.5.4",
    "2.6", "2.7", "2.8", "2.9", "2.9.1", "2.9.2", "2.9.3", "2.9.4", "2.9.5", "2.9.6", "2.9.7", "2.9.8",
    "2.9.9", "3.3", "4.5", "5.1", "5.2", "5.3", "5.4", "5.5", "6.6", "6.7", "7.3", "10.1", "10.2", "10.3",
    "10.4", "10.5", "10.6", "11.1", "11.2", "11.3", "11.4",
]  # fmt: skip
AGREEMENT = (
    "# 某平台协议\n\n## 1. 总则\n\n**1.1 您同意**：遵守规则。\n\n（1）甲；\n\n（2）乙。\n\n**1.2 平台不承担责任。**\n\n"
    "## 2. 其他\n\n**2.1** 完。\n"
)
PARTS = {
    "[Content_Types].xml": (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"'
        ' Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="word/document.xml"/></Relationships>'
    ),
}


@pytest.fixture(scope="module")
def page() -> Source:
    return read_source(SEED.read_bytes(), name=SEED.name)


@pytest.fixture(scope="module")
def real(page: Source) -> Outline:
    return parse(page.markdown)


def packed(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def word(*paragraphs: str) -> bytes:
    """A Word file whose paragraphs may have **bold** parts, or are XML."""
    body = ""
    for paragraph in paragraphs:
        runs = (
            f'<w:r><w:rPr>{"<w:b/>" if index % 2 else ""}</w:rPr><w:t xml:space="preserve">{words}</w:t></w:r>'
            for index, words in enumerate(paragraph.split("**"))
        )
        body += paragraph if paragraph.startswith("<") else f"<w:p>{''.join(runs)}</w:p>"
    xml = f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>'
    return packed(PARTS | {"word/document.xml": xml})


# The real page


@needs_seed
def test_the_real_page_has_its_title_and_no_warning(page: Source) -> None:
    assert (page.title, page.warnings) == ("腾讯开放平台开发者协议", ())
    assert page.markdown.startswith("# 腾讯开放平台开发者协议\n\n## 导言\n\n欢迎您使用")
    assert page.markdown.endswith("。\n\n腾讯公司\n")


@needs_seed
def test_the_real_page_has_exactly_its_chapters_and_clauses_in_order(real: Outline) -> None:
    numbers = [unit.number for unit in real.units]
    assert len(CLAUSES) == 113
    assert [number for number in numbers if re.fullmatch(r"\d+(\.\d+)+", number)] == CLAUSES
    assert [number for number in numbers if re.fullmatch(r"[1-9]\d*", number)] == [str(n) for n in range(1, 12)]
    assert [(unit.number, unit.heading) for unit in real.units if unit.level == 1] == [
        ("0", "导言"), ("1", "术语含义"), ("2", "开发者的权利和义务"), ("3", "腾讯的权利义务"), ("4", "关于单项服务"),
        ("5", "关于免责"), ("6", "服务的中止或终止"), ("7", "关于通知"), ("8", "知识产权"),
        ("9", "针对多区多服游戏类应用的商业化运营首发的特别约定"), ("10", "法律责任"), ("11", "其他"), ("附件", "附属规则"),
    ]  # fmt: skip


@needs_seed
def test_the_real_page_has_its_items_and_paragraphs(real: Outline) -> None:
    numbers = [unit.number for unit in real.units]
    assert [number for number in numbers if "（" in number] == [
        f"{clause}（{n}）" for clause, last in ITEMS.items() for n in range(1, last + 1)
    ]
    assert [number for number in numbers if "¶" in number] == (
        [
            "0¶1",
            "0¶2",
            "0¶3",
            "0¶4",
            "0¶5",
            "1¶1",
            "1.3¶1",
            "2.7.1¶1",
            "2.9.3¶1",
            "4.4¶1",
            "9¶1",
            "10.2¶1",
            "附件¶1",
            "附件¶2",
        ]
    )
    assert len(numbers) == len(set(numbers)) == 261
    assert real.units[-1].text == "腾讯公司"


@needs_seed
def test_the_real_page_has_exactly_its_bold_clauses_emphasised(real: Outline) -> None:
    clauses = [unit for unit in real.units if unit.number in CLAUSES]
    assert [unit.number for unit in clauses if unit.emphasised] == EMPHASISED
    assert [unit.number for unit in clauses if unit.heading] == [f"2.{n}" for n in range(1, 10)]
    assert [unit.number for unit in real.units if unit.emphasised and unit.number not in CLAUSES] == [
        "1.3¶1", "1.3（1）", "1.3（2）", "1.3（3）", "2.9.3¶1", "4.5（1）", "4.5（2）", "10.2¶1",
    ]  # fmt: skip


@needs_seed
def test_the_real_page_leaves_nothing_of_navigation_form_or_footer(page: Source) -> None:
    for words in (
        "目录",
        "以上信息",
        "是否解决您的问题",
        "进一步的反馈",
        "版权所有",
        "Copyright",
        "返回顶部",
        "资料库",
        "YSDK",
        "取自",
        "联系我们",
    ):
        assert words in SEED.read_text()
        assert words not in page.markdown


@needs_seed
def test_the_real_page_has_links_in_markdown_and_none_in_text(real: Outline) -> None:
    unit = next(unit for unit in real.units if unit.number == "11.1")
    assert "《[QQ号码规则](http://zc.qq.com/chs/agreement1_chs.html)》、本协议附件" in unit.markdown
    assert "《QQ号码规则》、本协议附件" in unit.text
    assert (
        "解释顺序如下：（1）单项服务配置的单独服务协议、使用规则等；（2）本协议；（3）《腾讯服务协议》、《QQ号码规则》。"
        in unit.text
    )


@needs_seed
def test_the_real_page_has_wraps_undone(page: Source) -> None:
    assert "\n：" not in page.markdown and "  \n" not in page.markdown
    assert "同时也是腾讯旗下公司--北京康盛新创科技有限责任公司" in page.markdown
    assert "“腾讯”、“TENCENT”及企鹅形象" in page.markdown


@needs_seed
def test_reading_the_result_again_changes_nothing(page: Source) -> None:
    assert read_source(page.markdown.encode(), name="协议.md") == page


@pytest.mark.skipif(not CORPUS, reason=f"{SHARED}/corpus is not there")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_reading_keeps_the_outline_and_settles_at_once(path: Path) -> None:
    source = read_source(path.read_bytes(), name=path.name)
    assert parse(source.markdown).as_json() == parse(path.read_text()).as_json()
    assert read_source(source.markdown.encode(), name=path.name).markdown == source.markdown


# Formats


def test_markdown_is_read_as_it_stands() -> None:
    assert read_source(AGREEMENT.encode(), name="a.md") == Source(title="某平台协议", markdown=AGREEMENT, warnings=())


def test_line_ends_byte_order_mark_and_form_feeds_are_evened_out() -> None:
    untidy = "\ufeff" + AGREEMENT.replace("\n\n## 2", "\f\n## 2").replace("\n", "\r\n")
    assert read_source(untidy.encode(), name="a.txt").markdown == AGREEMENT


def test_a_text_without_a_title_is_read_with_a_warning() -> None:
    source = read_source(AGREEMENT.partition("\n\n")[2].encode(), name="a.md")
    assert (source.title, source.warnings) == ("", ("没有找到标题。",))


def test_html_gives_the_text_that_a_reader_sees() -> None:
    html = """<!DOCTYPE html><html><head><title>某站</title><style>p { color: red }</style></head><body>
    <header><a href="/">首页</a></header><nav><ul><li><a href="/a">导航</a></li></ul></nav>
    <div><a href="/">首页</a> &gt; <a href="/x">协议</a></div>
    <div><h1>某平台协议</h1><h2>1. 总则</h2><p><b>1.1 您同意</b>：遵守规则。<br>（1）甲；<br>（2）乙。</p>
    <p style="font-weight: bold">1.2 平台不承担责任。</p><p style="display:none">1.3 隐藏的条款。</p><script>alert(1)</script>
    <h2>2. 其他</h2><p><span style="font-weight:700">2.1</span> 完。</p></div>
    <div><a href="/about">联系我们</a> | <a href="/b">投诉</a></div>
    <p>Copyright © 2024 某公司 版权所有</p><footer>页脚</footer></body></html>"""
    assert read_source(html.encode(), name="a.html") == Source(title="某平台协议", markdown=AGREEMENT, warnings=())


def test_html_lists_have_their_numbers_written_out() -> None:
    html = (
        "<html><head><title>某协议 - 某站</title></head><body><h2>1. 总则</h2>"
        "<p>1.1 如下：</p><ol><li>甲；</li><li>乙：<ol type=a><li>丙；</li><li>丁。</li></ol></li></ol>"
        "<p>1.2 完。</p></body></html>"
    )
    found = parse(read_source(html.encode(), name="a.html").markdown)
    assert found.title == "某协议"
    assert [unit.number for unit in found.units] == [
        "1",
        "1.1",
        "1.1（1）",
        "1.1（2）",
        "1.1（2）（a）",
        "1.1（2）（b）",
        "1.2",
    ]


def test_word_files_keep_bold_and_numbers() -> None:
    data = word(
        "**某平台协议**",
        "**1. 总则**",
        "**1.1 您同意**：遵守规则。",
        "（1）甲；",
        "（2）乙。",
        "**1.2 平台不承担责任。**",
        "2. 其他",
        "2.1\t完。",
    )
    assert read_source(data, name="a.docx") == Source("某平台协议", AGREEMENT.replace("1. 总则", "**1. 总则**"), ())


def test_word_files_with_tracked_changes_or_automatic_numbers_are_read_with_warnings() -> None:
    inserted = '<w:p><w:ins w:id="1" w:author="x"><w:r><w:t>2.1 插入。</w:t></w:r></w:ins></w:p>'
    automatic = '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>自动。</w:t></w:r></w:p>'
    source = read_source(word("某协议", "1. 总则", "1.1 甲。", "2. 其他", inserted, automatic), name="a.docx")
    assert [warning.partition("：")[0] for warning in source.warnings] == [
        "Word 文件中有修订",
        "Word 文件中有 1 段使用自动编号",
    ]
    assert "**2.1** 插入。" in source.markdown


def test_a_page_is_cut_to_the_agreement_wherever_it_stands() -> None:
    navigation = "".join(f"  * [菜单{n}](http://a.b/{n})\n\n" for n in range(NAVIGATION))
    text = f"# [某站](http://a.b)\n\n{navigation}## 热门\n\n{navigation}{AGREEMENT}\n本页内容是否对您有帮助？\n\n是 否\n\n[关于](http://a.b/about)\n"
    assert is_page(text) and not is_page(AGREEMENT)
    assert parse(find_agreement(text)).as_json() == parse(AGREEMENT).as_json()
    assert read_source(text.encode(), name="dump.txt").markdown == AGREEMENT


def test_a_list_of_links_in_the_annex_is_kept() -> None:
    annex = "## 附件：附属规则\n\n" + "".join(f"《[规则{n}](http://a.b/{n})》\n\n" for n in range(12))
    text = f"{AGREEMENT}\n{annex}".rstrip() + "\n"
    assert read_source(text.encode(), name="a.md").markdown == text
    assert "《规则11》" in parse(find_agreement(text)).units[-1].text


def test_a_list_of_links_between_clauses_does_not_end_the_agreement() -> None:
    links = "".join(f"* [规则{n}](http://a.b/{n})\n\n" for n in range(5))
    text = AGREEMENT.replace("## 2. 其他\n\n", f"{links}## 2. 其他\n\n")
    assert "**2.1** 完。" in find_agreement(text)


@needs_seed
def test_the_real_page_is_found_without_its_navigation_or_its_line_ends(page: Source) -> None:
    text = SEED.read_text()
    assert read_source(text[text.index("##  腾讯开放平台") :].encode(), name="a.txt") == page
    assert read_source(text.replace("\n", "\r\n").encode(), name="a.txt") == page


@needs_seed
@pytest.mark.parametrize("width", [20, 41, 80])
def test_the_real_text_has_its_numbers_without_any_mark_and_wrapped_anywhere(real: Outline, width: int) -> None:
    blocks = [f"{unit.label}{'. ' if unit.label.isdecimal() else ' '}{unit.words}".strip(". ") for unit in real.units]
    bare = "\n\n".join([real.title, *blocks]) + "\n"
    wrapped = "\n\n".join("\n".join(re.findall(f".{{1,{width}}}", block)) for block in bare.split("\n\n"))
    for text in (bare, bare.replace("\n\n", "\n"), wrapped):
        assert [unit.number for unit in parse(text).units] == [unit.number for unit in real.units]


# Refusals


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "文件是空的"),
        (lambda: b" \r\n\t", "文件是空的"),
        (lambda: b"a" * (MAX_BYTES + 1), "大于 5 MB"),
        (lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "二进制文件"),
        (lambda: bytes(range(1, 256)) * 9, "二进制文件"),
        (lambda: AGREEMENT.encode("gb18030"), "GB18030"),
        (lambda: AGREEMENT.encode("utf-16"), "UTF-16"),
        (lambda: "規約".encode("shift_jis") * 50 + b"\xff", "不是 UTF-8"),
        (lambda: b"%PDF-1.7\n", "PDF"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "加密的或旧格式的 Word"),
        (lambda: b"PK\x03\x04 not really", "无法读取 .docx"),
        (lambda: packed({"xl/workbook.xml": "<x/>"}), "无法读取 .docx"),
        (lambda: packed({**PARTS, "word/document.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"}), "无法读取 .docx"),
        (lambda: packed({**PARTS, "word/document.xml": "<x"}), "无法读取 .docx"),
        (lambda: packed({"word/document.xml": "0" * (MAX_UNPACKED + 1)}), "解压后过大"),
        (lambda: "# 通知\n\n今天放假。\n".encode(), "没有找到带编号的条款"),
        (lambda: AGREEMENT.replace("完", "完\u202e").encode(), "U+202E"),
        (lambda: ("<html><body>" + "<div>" * 5000).encode(), "嵌套层次过深"),
    ],
)
def test_what_is_no_agreement_is_refused_with_the_reason(make: Callable[[], bytes], reason: str) -> None:
    with translation.override("zh-hans"), pytest.raises(NotAnAgreement) as caught:
        read_source(make(), name="a.md")
    with translation.override("zh-hans"):
        assert reason in str(caught.value)


def test_the_name_of_a_file_is_only_a_hint() -> None:
    assert read_source(AGREEMENT.encode(), name="a.docx").markdown == AGREEMENT
    assert read_source(word("某协议", "1. 总则", "1.1 甲。"), name="a.txt").title == "某协议"


def test_a_page_of_tags_that_nobody_closed_is_refused_at_once() -> None:
    with pytest.raises(NotAnAgreement, match="网页有误"):
        read_source(b"<html><body><h1>x</h1>" + b"<a " * 30_000, name="x.html")


@pytest.mark.parametrize("name", ["a.html", "a.md"])
def test_a_raised_figure_stays_raised(name: str) -> None:
    clauses = ["违约金为10<sup>2</sup>元。", "含CO<sub>2</sub>的，另行约定<sup>注</sup>。"]
    if name.endswith("html"):
        text = f"<html><body><h1>协议</h1>{''.join(f'<p>1.{n} {clause}</p>' for n, clause in enumerate(clauses, 1))}</body></html>"
    else:
        text = "# 协议\n\n" + "\n\n".join(f"1.{n} {clause}" for n, clause in enumerate(clauses, 1))
    found = parse(read_source(text.encode(), name=name).markdown)
    assert [unit.text for unit in found.units] == ["违约金为10²元。", "含CO₂的，另行约定注。"]
