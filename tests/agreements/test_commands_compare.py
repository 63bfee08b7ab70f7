"""compare_texts: JSON alone on standard output, plain text to read, one clear line for bad input, no database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

OLD = "1.1 开发者可以转让其帐户。\n\n1.2 费用按月结算。\n\n**1.3 争议由法院管辖。**\n"
NEW = "1.1 开发者不可以转让其帐户。\n\n1.2 平台提供文档和示例。\n\n1.3 费用按月结算。\n\n1.4 争议由法院管辖。\n"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.md"
    path.write_text(OLD, encoding="utf-8")
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.md"
    path.write_text(NEW, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> str:
    out = StringIO()
    call_command("compare_texts", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_json_is_the_contract_and_nothing_else(old: Path, new: Path) -> None:
    answer = json.loads(run(old, new, "--json"))
    assert list(answer) == ["rows"]
    assert [(row["kind"], row["old_no"], row["new_no"], row["flags"]) for row in answer["rows"]] == [
        ("edited", "1.1", "1.1", []),
        ("inserted", None, "1.2", []),
        ("renumbered", "1.2", "1.3", []),
        ("renumbered", "1.3", "1.4", ["emphasis_only"]),
    ]


def test_without_json_it_prints_what_an_e_mail_says(old: Path, new: Path) -> None:
    assert (
        run(old, new)
        == f"""\
new.md
旧：{old}
新：{new}

修改 1，新增 1，只改重点标记 1，只改编号 1
标记：[-删去的字-] {{+增加的字+}}

1.1  修改：新增“不”，成为“开发者不可以转让其”
    开发者{{+不+}}可以转让其帐户。

1.2  新增
    {{+平台提供文档和示例。+}}

只改重点标记：
    1.4：整条不再是粗体
"""
    )


def test_an_english_text_is_spoken_of_in_english(tmp_path: Path) -> None:
    files = [tmp_path / "old.md", tmp_path / "new.md"]
    for file, word in zip(files, ("shall", "may"), strict=True):
        file.write_text(f"# Terms\n\n1.1 The developer {word} tell us.\n\n1.2 Fees are due.\n", encoding="utf-8")
    assert run(*files).splitlines() == [
        "Terms",
        f"Old: {files[0]}",
        f"New: {files[1]}",
        "",
        "Changed 1, Unchanged 1",
        "Marks: [-words removed-] {+words added+}",
        "",
        "1.1  Changed: ‘shall’ → ‘may’",
        "    The developer [-shall -]{+may +}tell us.",
    ]


def test_equal_texts_are_said_to_be_equal(old: Path) -> None:
    assert run(old, old) == f"old.md\n旧：{old}\n新：{old}\n\n没有任何条款改动。\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no clauses found"),
        (b"\n \n", "no clauses found"),
        ("协议".encode("gb18030"), "not UTF-8 (byte 2)"),
        (b"1.1 a\x00b\n", "U+0000 at position 5 is not allowed in a text"),
        (b"1.1 words\n\n" * 500_000, "larger than 5,242,880 bytes, no agreement is"),
    ],
)
def test_bad_files_are_refused_in_one_line(old: Path, tmp_path: Path, data: bytes, reason: str) -> None:
    bad = tmp_path / "bad.md"
    bad.write_bytes(data)
    with pytest.raises(CommandError) as error:
        run(old, bad, "--json")
    assert str(error.value) == f"{bad}: {reason}"


def test_missing_files_are_refused_in_one_line(old: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as error:
        run(old, tmp_path / "none.md")
    assert str(error.value) == f"{tmp_path / 'none.md'}: No such file or directory"
    with pytest.raises(CommandError) as error:
        run(tmp_path, old)
    assert str(error.value) == f"{tmp_path}: Is a directory"
