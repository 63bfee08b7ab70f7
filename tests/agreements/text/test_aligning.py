"""Alignment: units are recognised by wording first, then by place and number."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.text.aligning import Side, _assign, align, parents, wording, wordings
from agreements.text.clauses import Unit, parse

MEASURES = "采取封闭新用户入口、限制老用户登录等措施，直至您改正为止；"


def paragraphs(*texts: str) -> tuple[Unit, ...]:
    return tuple(Unit(f"0¶{n}", 2, "", False, text, text, text) for n, text in enumerate(texts, 1))


def numbers(old: str, new: str) -> dict[str | None, str | None]:
    """For each old unit's number the number of its partner."""
    before, after = parse(old).units, parse(new).units
    return {before[i].number: after[j].number for i, j in paired(before, after).items()}


def paired(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    return align(Side(old), Side(new))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("您同意，腾讯可以免责。", "您同意,腾讯可以免责。"),
        ("依照第10.5条的约定", "依照第 10.5 条的约定"),
        ("称为“您”", '称为"您"'),
        ("称为「您」", "称为“您”"),
        ("使用\u200b本服务", "使用本服务"),
        ("（一）经营范围", "(一)经营范围"),
        ("ＡＰＩ接口", "API接口"),
        ("the  service", "the service"),
    ],
)
def test_wording_ignores_form(one: str, other: str) -> None:
    assert wording(one) == wording(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("得转让", "不得转让"),
        ("10²元", "102元"),
        ("½日", "1日"),
        ("is not able", "is notable"),
        ("1 000", "1000"),
        ("May", "may"),
        ("账户", "帐户"),
    ],
)
def test_wording_keeps_what_may_matter(one: str, other: str) -> None:
    assert wording(one) != wording(other)


def test_parents_follow_levels() -> None:
    text = "## 1. 甲\n\n段落\n\n1.1 条款：\n\n（1）项\n\n（2）项\n\n## 2. 乙\n"
    units = parse(text).units
    assert [unit.number for unit in units] == ["1", "1¶1", "1.1", "1.1（1）", "1.1（2）", "2"]
    assert parents(units) == [-1, 0, 0, 2, 2, -1]


def test_align_pairs_what_is_in_both_texts() -> None:
    old, new = paragraphs("甲方应当付款。", "删去的一段话。"), paragraphs("新写的另外内容", "甲方应当付款。")
    assert paired(old, new) == {0: 1}
    assert paired((), new) == paired(old, ()) == paired((), ()) == {}


def test_align_tells_near_duplicates_apart_by_their_place() -> None:
    old = f"2.1 您侵犯他人权益的：\n\n（1）{MEASURES}\n\n2.2 您违反法规的：\n\n（1）{MEASURES}\n"
    new = f"2.1 您违反法规的：\n\n（1）{MEASURES}\n\n2.2 您侵犯他人权益的：\n\n（1）{MEASURES}\n"
    assert numbers(old, new) == {"2.1": "2.2", "2.1（1）": "2.2（1）", "2.2": "2.1", "2.2（1）": "2.1（1）"}


def test_align_does_not_trust_numbers() -> None:
    old = "2.1 您应当妥善保管密码。\n\n2.2 腾讯有权变更收费标准。\n"
    new = "2.1 腾讯有权变更收费的标准。\n\n2.2 您应当妥善保管您的密码。\n"
    assert numbers(old, new) == {"2.1": "2.2", "2.2": "2.1"}


def test_align_keeps_a_rewritten_heading_with_its_clauses() -> None:
    clauses = "2.1 您应当妥善保管密码。\n\n2.2 您应当按时付款。\n"
    assert numbers(f"## 2. 义务\n\n{clauses}", f"## 2. 开发者须做的事\n\n{clauses}")["2"] == "2"


def test_align_does_not_pair_what_has_little_in_common() -> None:
    old = "2.1 您应当妥善保管密码。\n\n2.2 您应当按时付款。\n"
    new = "2.1 您应当妥善保管密码。\n\n2.2 争议由签订地法院管辖，适用大陆地区法律。\n"
    assert numbers(old, new) == {"2.1": "2.1"}


@pytest.mark.parametrize("ending", ["", "但不适用于境外主体。"])
def test_align_ten_thousand_equal_paragraphs(ending: str) -> None:
    old, new = paragraphs(*[MEASURES] * 10_000), paragraphs(*[MEASURES + ending] * 9_999)
    assert len(paired(old, new)) == 9_999


def test_align_thousands_of_similar_paragraphs_in_another_order() -> None:
    texts = [f"第{n * 7919 % 10007}号应用{MEASURES}{n * 104729 % 99991}元" for n in range(1500)]
    old, new = paragraphs(*texts), paragraphs(*(f"{text}整" for text in reversed(texts)))
    right = sum(j == 1499 - i for i, j in paired(old, new).items())
    assert right > 1400


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=5),
)
def test_assign_finds_the_greatest_total(rows: list[list[int]]) -> None:
    weights = {i: {j: float(weight) for j, weight in enumerate(row) if weight} for i, row in enumerate(rows)}
    found = _assign(weights)
    assert len(set(found.values())) == len(found)
    # Empty columns stand for staying alone.
    padded = [row + [0] * len(rows) for row in rows]
    best = max(
        sum(row[j] for row, j in zip(padded, order, strict=True))
        for order in permutations(range(4 + len(rows)), len(rows))
    )
    assert sum(weights[i][j] for i, j in found.items()) == best


@given(st.lists(st.sampled_from("甲乙丙"), max_size=12), st.lists(st.sampled_from("甲乙丙丁"), max_size=12))
def test_align_is_one_to_one(old: list[str], new: list[str]) -> None:
    pairs = paired(paragraphs(*old), paragraphs(*new))
    assert set(pairs) <= set(range(len(old)))
    assert len(set(pairs.values()) & set(range(len(new)))) == len(pairs)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x01"), max_size=12), max_size=6))
def test_the_wordings_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    assert wordings(texts) == [wording(text) for text in texts]
