"""manage.py import_agreement: an outline, a draft or a first version, and one clear line on bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts.appointing import end_role, give_role
from accounts.models import Role
from agreements.models import Agreement, Draft, Version
from agreements.text.clauses import parse
from tests.support import NOON, chinese, english, publish

OUTLINE = {
    "title": "开发者测试协议",
    "clauses": [
        {"number": "0", "level": 1, "heading": "导言", "emphasised": False, "text": ""},
        {"number": "0¶1", "level": 2, "heading": "", "emphasised": False, "text": "请先通读全文。"},
        {"number": "1", "level": 1, "heading": "总则", "emphasised": False, "text": ""},
        {"number": "1.1", "level": 2, "heading": "", "emphasised": False, "text": "本协议适用于开发者。"},
        {
            "number": "1.2",
            "level": 2,
            "heading": "",
            "emphasised": True,
            "text": "开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。",
        },
        {"number": "2", "level": 1, "heading": "资费", "emphasised": False, "text": ""},
        {"number": "2.1", "level": 2, "heading": "", "emphasised": False, "text": "费用按月结算，包括："},
        {"number": "2.1（1）", "level": 3, "heading": "", "emphasised": False, "text": "服务费；"},
        {"number": "2.1（2）", "level": 3, "heading": "", "emphasised": False, "text": "税费。"},
    ],
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "terms.md"
    path.write_text(chinese(), encoding="utf-8")
    return path


def run(*arguments: object) -> None:
    call_command("import_agreement", *map(str, arguments))


def refusal(*arguments: object) -> str:
    with pytest.raises(CommandError) as raised:
        run(*arguments)
    return str(raised.value)


def made() -> tuple[int, int, int]:
    return Agreement.objects.count(), Draft.objects.count(), Version.objects.count()


# --dry-run


def test_the_outline_alone_goes_to_standard_output_as_json(source, capsys) -> None:
    """The test has no database: a query would be an error."""
    run(source, "--slug", "terms", "--dry-run", "--json")
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == (OUTLINE, "")


def test_a_dry_run_asks_the_database_nothing(source, db, django_assert_num_queries, capsys) -> None:
    with django_assert_num_queries(0):
        run(source, "--slug", "terms", "--dry-run", "--json")
        run(source, "--slug", "terms", "--dry-run")


def test_the_outline_can_be_read_by_people(source, capsys) -> None:
    run(source, "--slug", "terms", "--dry-run")
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "开发者测试协议",
        "  0  导言",
        "  0¶1  请先通读全文。",
        "  1  总则",
        "  1.1  本协议适用于开发者。",
        "* 1.2  开发者应当妥善保管密钥，因泄露造成的损失由开发者承担。",
        "  2  资费",
        "  2.1  费用按月结算，包括：",
        "  2.1（1）  服务费；",
        "  2.1（2）  税费。",
    ]


def test_warnings_go_to_standard_error(tmp_path, capsys) -> None:
    untitled = tmp_path / "untitled.md"
    untitled.write_text("1.1 甲。\n\n1.2 乙。\n", encoding="utf-8")
    run(untitled, "--slug", "terms", "--dry-run", "--json")
    out, err = capsys.readouterr()
    assert (json.loads(out)["title"], err) == ("", "没有找到标题。\n")


# Importing and publishing


def test_an_import_makes_a_draft_and_says_where(source, petra, capsys) -> None:
    run(source, "--slug", "terms")
    draft = Draft.objects.get()
    assert capsys.readouterr() == (f"/desk/drafts/{draft.pk}/\n", "")
    assert (draft.agreement.slug, draft.created_by, draft.texts.get().language) == ("terms", petra, "zh-hans")
    assert parse(draft.texts.get().text).as_json() == OUTLINE
    assert made() == (1, 1, 0)


def test_an_import_in_english(tmp_path, petra, capsys) -> None:
    path = tmp_path / "terms.en.md"
    path.write_text(english(), encoding="utf-8")
    run(path, "--slug", "terms", "--language", "en")
    draft = Draft.objects.get()
    assert (draft.agreement.governing_language, draft.texts.get().language) == ("en", "en")


def test_publishing_makes_the_first_version_in_force_at_once(source, petra, capsys) -> None:
    run(source, "--slug", "terms", "--publish")
    version = Version.objects.get()
    assert capsys.readouterr() == ("/agreements/terms/versions/1/\n", "")
    assert (version.number, version.published_by, version.effective_at) == (1, petra, version.published_at)


def test_publishing_over_a_version_is_refused_and_leaves_no_draft(source, agreement, petra) -> None:
    publish(agreement, petra)
    before = made()
    assert refusal(source, "--slug", "terms", "--publish") == (
        "terms has versions already: publish a revision at /desk/agreements/terms/"
    )
    assert made() == before


def test_a_text_that_cannot_be_published_leaves_no_draft(tmp_path, petra) -> None:
    untitled = tmp_path / "untitled.md"
    untitled.write_text("1.1 甲。\n\n1.2 乙。\n", encoding="utf-8")
    assert "\n" not in refusal(untitled, "--slug", "terms", "--publish")
    assert made() == (0, 0, 0)


def test_of_several_publishers_one_is_named(source, petra, arno, administrator, capsys) -> None:
    give_role(person=arno, role=Role.PUBLISHER, actor=administrator, at=NOON)
    assert refusal(source, "--slug", "terms") == "there are several publishers: say which one imports with --actor QQ"
    run(source, "--slug", "terms", "--actor", "50005")
    assert Draft.objects.get().created_by == arno


def test_who_may_not_publish_does_not_import(source, petra, alice) -> None:
    for number in ("20002", "99999", "abc", ""):
        assert refusal(source, "--slug", "terms", "--actor", number) == f"no publisher has the number {number}"
    assert made() == (0, 0, 0)


def test_without_a_publisher_the_command_says_how_to_get_one(source, db) -> None:
    assert refusal(source, "--slug", "terms") == (
        "nobody may publish yet: give somebody the role at /roles/, or run `manage.py load_demo`"
    )


def test_a_publisher_whose_role_has_ended_is_none(source, petra, administrator) -> None:
    end_role(person=petra, role=Role.PUBLISHER, actor=administrator, at=NOON)
    assert refusal(source, "--slug", "terms").startswith("nobody may publish yet")


# Bad input


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "无法读作协议：文件是空的。"),
        (b" \r\n\t", "无法读作协议：文件是空的。"),
        (b"\x00\x01\x02\x03", "无法读作协议：这是二进制文件，不是文本。"),
        (b"\x89PNG\r\n\x1a\n\x00", "无法读作协议：这是二进制文件，不是文本。"),
        (b"x" * (5 * 1024 * 1024 + 1), "无法读作协议：文件大于 5 MB。"),
        ("没有任何编号的一段话。\n".encode(), "无法读作协议：没有找到带编号的条款。"),
    ],
)
@pytest.mark.parametrize("options", [["--dry-run", "--json"], []])
def test_a_file_that_is_no_agreement_is_refused_with_the_reason(
    tmp_path, petra, content, message, options, capsys
) -> None:
    path = tmp_path / "source"
    path.write_bytes(content)
    assert refusal(path, "--slug", "terms", *options) == message
    assert (capsys.readouterr().out, made()) == ("", (0, 0, 0))


def test_a_missing_file_and_a_directory_are_named(tmp_path) -> None:
    missing = tmp_path / "missing.md"
    assert refusal(missing, "--slug", "terms", "--dry-run") == f"{missing}: No such file or directory"
    assert refusal(tmp_path, "--slug", "terms", "--dry-run") == f"{tmp_path}: Is a directory"


@pytest.mark.parametrize("slug", ["", "two words", "服务", "a/b", "../x", "x" * 51])
def test_an_address_that_cannot_be_one_is_refused(source, petra, slug) -> None:
    message = refusal(source, "--slug", slug)
    assert message.startswith("--slug: ")
    assert "\n" not in message
    assert made() == (0, 0, 0)


def test_json_goes_with_a_dry_run(source, db) -> None:
    assert refusal(source, "--slug", "terms", "--json") == "--json goes with --dry-run"


@pytest.mark.parametrize(
    "arguments", [[], ["file.md"], ["file.md", "--slug", "t", "--language", "fr"], ["--slug", "t"]]
)
def test_missing_arguments_are_named(arguments) -> None:
    with pytest.raises(CommandError, match=r"^Error: "):
        run(*arguments)


# As a process: what stands where, and the exit status.


def manage(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "QIYUE_ENV", "DATABASE_URL")}
    return subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "import_agreement", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd="/",
        env=kept | {"PYTHONUTF8": "1"} | environment,
        timeout=60,
    )


def test_a_dry_run_needs_no_database_at_all(source) -> None:
    done = manage(source, "--slug", "terms", "--dry-run", "--json", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert (done.returncode, done.stderr, json.loads(done.stdout)) == (0, "", OUTLINE)


def test_bad_input_is_one_line_on_standard_error_and_a_failure(tmp_path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()
    done = manage(empty, "--slug", "terms", "--dry-run", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "CommandError: 无法读作协议：文件是空的。\n")


def test_a_database_that_is_not_there_is_one_line_and_a_failure(source, tmp_path) -> None:
    done = manage(source, "--slug", "terms", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "CommandError: no such table: accounts_person (has `manage.py migrate` been run?)\n"
