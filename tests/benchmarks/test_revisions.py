"""The generator of revisions: the same seed gives the same text, and its truth fits both texts."""

import random

import pytest

from agreements.text.aligning import wording
from agreements.text.clauses import parse
from benchmarks.revisions import LEVELS, Row, read, refreshed, revise, write

TEXT = """
##  导言

本协议写明平台与开发者之间的约定，请您在注册之前读完全文。  
  


###  1\\. 词语

**1.1** 平台：指提供接口、文档与测试环境的经营者，以及由其指定的合作伙伴。  
  

**1.2** 开发者：指完成注册的个人或者单位，依照第2.2.1条的约定，享有本协议所列的权利。  
  


###  2\\. 帐户

2.1 注册  
  

**2.1.1** 开发者应当提供真实、准确的资料，并在资料变更之后及时更新，否则平台有权暂停其帐户。  
  

**2.1.2 开发者不得出借帐户，不得以他人名义注册，也不得将帐户用于与接口无关的用途。**  
  

2.2 费用  
  

**2.2.1** 费用按月结算，逾期未付的，平台可以要求开发者支付违约金，并有权中止服务，具体包括：  
  

（1）服务费，按实际使用量计算，以平台的记录为准；  
（2）税费，按法律规定计算；  
（3）其他经双方书面确认的费用。  
**2.2.2** 平台调整收费标准的，应当提前通知开发者；开发者不同意的，可以终止使用。  
  

2.3 安全  
  

**2.3.1** 开发者应采取必要的措施保护用户信息，一旦发现泄漏，应当立即通知平台。  
  

2.3.2 平台提供的密钥仅限开发者自己使用，任何泄漏造成的损失由开发者承担。  
"""

REVISIONS = [(level, seed) for level in LEVELS for seed in range(20)]


def without(text: str, spans: list[list[int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def of_kind(rows: list[Row], *kinds: str) -> list[Row]:
    return [row for row in rows if row["kind"] in kinds]


def test_what_is_read_is_written_as_it_was() -> None:
    assert write(read(TEXT), 10_000, random.Random(0)) == TEXT + "  \n"


def test_long_lines_are_wrapped_after_a_comma() -> None:
    written = write(read(TEXT), 20, random.Random(1))
    broken = [line for line in written.split("\n") if line and not line.endswith("  ") and line[0] != "#"]
    assert broken
    assert {line[-1] for line in broken} <= set("，、；")
    assert written.replace("\n", "") == TEXT.replace("\n", "") + "  "


@pytest.mark.parametrize("level", LEVELS)
def test_a_revision_depends_on_its_seed_alone(level: str) -> None:
    assert revise(TEXT, level, 7) == revise(TEXT, level, 7)
    assert revise(TEXT, level, 7) != revise(TEXT, level, 8)


def test_a_base_depends_on_its_seed_alone() -> None:
    assert refreshed(TEXT, 7) == refreshed(TEXT, 7) != refreshed(TEXT, 8)


@pytest.mark.parametrize(("level", "seed"), REVISIONS)
def test_every_number_of_either_text_stands_in_one_row(level: str, seed: int) -> None:
    new, rows = revise(TEXT, level, seed)
    old_numbers = [row["old_no"] for row in rows if row["old_no"]]
    new_numbers = sorted(row["new_no"] for row in rows if row["new_no"])
    assert old_numbers == [unit.number for unit in parse(TEXT).units]
    assert new_numbers == sorted(unit.number for unit in parse(new).units)


@pytest.mark.parametrize(("level", "seed"), REVISIONS)
def test_the_texts_of_a_row_differ_where_the_truth_says(level: str, seed: int) -> None:
    new, rows = revise(TEXT, level, seed)
    old_words = {unit.number: unit.words for unit in parse(TEXT).units}
    new_words = {unit.number: unit.words for unit in parse(new).units}
    for row in of_kind(rows, "unchanged", "renumbered", "moved"):
        assert wording(old_words[row["old_no"]]) == wording(new_words[row["new_no"]])
        assert row["n_edits"] == 0
        assert (row["old_no"] != row["new_no"]) == ("renumbered" in row["flags"])
    for row in of_kind(rows, "edited", "moved+edited"):
        if not any(flag.startswith("cosmetic") for flag in row["flags"]):
            kept = without(old_words[row["old_no"]], row["old_spans"])
            assert kept == without(new_words[row["new_no"]], row["new_spans"])
        assert wording(old_words[row["old_no"]]) != wording(new_words[row["new_no"]])


def test_a_heavy_revision_moves_a_whole_section() -> None:
    _, rows = revise(TEXT, "heavy", 2)
    sections = {row["old_no"]: (row["kind"], row["new_no"], "block" in row["flags"]) for row in rows}
    assert (sections["2.1"], sections["2.2"]) == (("renumbered", "2.2", False), ("renumbered", "2.3", False))
    assert sections["2.3"] == ("moved", "2.1", True)


def test_a_reference_follows_its_clause() -> None:
    new, rows = revise(TEXT, "heavy", 2)
    target = next(row["new_no"] for row in rows if row["old_no"] == "2.2.1")
    assert target == "2.3.1"
    assert f"依照第{target}条的约定" in new
