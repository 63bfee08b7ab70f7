"""Limits: whatever is uploaded, up to a megabyte of it, is compared within seconds and rebuilt byte for byte."""

import random
from time import perf_counter

import pytest

from agreements.text.canonical import canonical
from agreements.text.clauses import parse
from agreements.text.comparing import compare

SENTENCE = "您应当按时付款，逾期支付违约金。"
RNG = random.Random(20261125)
HAN = [chr(code) for code in range(0x4E00, 0x9FA5)]
ANY = [
    chr(code) for code in (*range(0x20, 0x7F), *range(0xA1, 0x2000), *range(0x2070, 0xD800), *range(0x20000, 0x20100))
]
SOUP = [
    *"甲方乙方应当付款，。不",
    "1.1 ",
    "（1）",
    "\n\n",
    "**",
    "\n",
    "第三条 ",
    "\u200b",
    "[",
    "](",
    "<b>",
    "&amp;",
    "# ",
]


def drawn(count: int, alphabet: list[str]) -> str:
    return "".join(RNG.choices(alphabet, k=count))


def shuffled(count: int) -> tuple[str, str]:
    clauses = [f"{n // 50 + 1}.{n % 50 + 1} 第{n * 7919 % 10007}项{drawn(30, HAN[:300])}。" for n in range(count)]
    others = [clause.replace("项", "条") for clause in clauses]
    RNG.shuffle(others)
    return "\n\n".join(clauses), "\n\n".join(others)


LARGE = {
    "random Unicode": lambda: (drawn(330_000, ANY), drawn(330_000, ANY)),
    "one line of random Chinese": lambda: (drawn(333_000, HAN), drawn(333_000, HAN)),
    "one line of one letter": lambda: ("a" * 1_000_000, "a" * 999_999 + "b"),
    "one line of one sentence": lambda: (SENTENCE * 20_000, SENTENCE.replace("款", "费") * 20_000),
    "10,000 equal paragraphs": lambda: ((SENTENCE + "\n\n") * 10_000, (SENTENCE + "\n\n") * 9_990),
    "10,000 equal paragraphs, edited": lambda: (
        (SENTENCE + "\n\n") * 10_000,
        (SENTENCE.replace("按时", "及时") + "\n\n") * 10_000,
    ),
    "30,000 short lines": lambda: tuple("\n\n".join(drawn(8, HAN) for _ in range(30_000)) for _ in "ab"),
    "numbers, bold and brackets at random": lambda: (drawn(200_000, SOUP), drawn(200_000, SOUP)),
    "no width": lambda: ("\u200b" * 330_000, "\u200c" * 330_000),
    "English without punctuation": lambda: ("the party shall pay " * 50_000, "the party may pay " * 50_000),
    "8,000 clauses in another order": lambda: shuffled(8_000),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_of_anything_takes_seconds(name: str) -> None:
    old, new = map(canonical, LARGE[name]())
    start = perf_counter()
    result = compare(parse(old), parse(new))
    assert perf_counter() - start < 20
    assert result.sources() == (old, new)


def test_a_long_line_without_a_pause_is_compared_by_its_phrases() -> None:
    sentences = [f"您在第{n}日使用本服务，即视为您同意。" for n in range(3000)]
    old = "".join(sentences)
    [row] = compare(parse(old), parse(old.replace("第1500日使用", "第1500日不使用"))).rows
    assert [(op, old[i:j]) for op, i, j, _, _ in row.spans if op != "equal"] == [("insert", "")]
