"""Refinement: spans rebuild the new text, split no word, number or reference, and read well."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.text.aligning import wording
from agreements.text.refining import Span, marks, mirrored, refine, words

WORDS = "您 腾讯 不得 得 应当 ， 、 。 ； 第10.5条 第十条 （一） 3.5 30 日 API"
ODD = '(2) 3.5% the “ " é e\u0301 \u200b 👨\u200d👩\u200d👧 ,'
PLAIN = st.lists(st.sampled_from(WORDS.split()), max_size=30).map("".join)
TEXTS = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from([*WORDS.split(), *ODD.split(), " "]), max_size=30).map("".join)
)


def marked(old: str, new: str, script: Callable[[str, str], tuple[Span, ...]] = refine) -> str:
    pieces = []
    for op, old_start, old_end, new_start, new_end in script(old, new):
        if op == "equal":
            pieces.append(new[new_start:new_end])
        else:
            pieces.append(f"[-{old[old_start:old_end]}-]" if old_end > old_start else "")
            pieces.append(f"{{+{new[new_start:new_end]}+}}" if new_end > new_start else "")
    return "".join(pieces)


def assert_script(old: str, new: str) -> None:
    i = j = 0
    last = ""
    rebuilt = ""
    for op, old_start, old_end, new_start, new_end in refine(old, new):
        assert (old_start, new_start) == (i, j)
        assert op != last
        assert op == "equal" or last in ("", "equal")
        taken = (old_end > old_start, new_end > new_start)
        assert (
            taken
            == {"equal": (True, True), "replace": (True, True), "insert": (False, True), "delete": (True, False)}[op]
        )
        if op == "equal":
            assert old[old_start:old_end] == new[new_start:new_end]
        rebuilt += old[old_start:old_end] if op == "equal" else new[new_start:new_end]
        i, j, last = old_end, new_end, op
    assert (i, j) == (len(old), len(new))
    assert rebuilt == new


@given(TEXTS, TEXTS)
def test_spans_cover_both_texts_and_rebuild_the_new_one(old: str, new: str) -> None:
    assert_script(old, new)


@given(TEXTS)
def test_a_text_against_itself_is_equal(text: str) -> None:
    assert refine(text, text) == ((Span("equal", 0, len(text), 0, len(text)),) if text else ())


@given(TEXTS)
def test_words_are_the_text(text: str) -> None:
    assert "".join(words(text)) == text
    assert all(words(text))


@given(PLAIN, PLAIN)
def test_marks_split_no_word(old: str, new: str) -> None:
    old_borders, new_borders = {0}, {0}
    for borders, text in ((old_borders, old), (new_borders, new)):
        position = 0
        for word in words(text):
            borders.add(position := position + len(word))
    for _, old_start, old_end, new_start, new_end in refine(old, new):
        assert {old_start, old_end} <= old_borders
        assert {new_start, new_end} <= new_borders


@pytest.mark.parametrize(
    "whole",
    [
        "第10.5条",
        "第十二条",
        "（一）",
        "(12)",
        "2,000.50",
        "3.5%",
        "2024-05-01",
        "https://qq.com/a?b=1",
        "a.b@qq.com",
        "API",
        "user's",
        "二十三",
    ],
)
def test_words_keep_together_what_belongs_together(whole: str) -> None:
    assert whole in words(f"依照{whole}，您同意")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("您可以转让该帐户。", "您不可以转让该帐户。", "您{+不+}可以转让该帐户。"),
        ("您得转让。", "您不得转让。", "您[-得-]{+不得+}转让。"),
        ("应在15日前付款", "应在16日前付款", "应在[-15日前-]{+16日前+}付款"),
        ("保存六个月以上", "保存十二个月以上", "保存[-六个月-]{+十二个月+}以上"),
        ("处五万元以下罚款", "处五十万元以下罚款", "处[-五万元-]{+五十万元+}以下罚款"),
        ("依照第五十八条处理", "依照第五十九条处理", "依照[-第五十八条-]{+第五十九条+}处理"),
        (
            "Pay within thirty (30) days, see Section 5.2(a).",
            "Pay within sixty (60) days, see Section 5.3(a).",
            "Pay within [-thirty (30) days-]{+sixty (60) days+}, see [-Section 5.2(a)-]{+Section 5.3(a)+}.",
        ),
        ("依照第2.4.8条的约定", "依照第2.4.9条的约定", "依照[-第2.4.8条-]{+第2.4.9条+}的约定"),
        ("每日支付3.5%的违约金", "每日支付3.8%的违约金", "每日支付[-3.5%-]{+3.8%+}的违约金"),
        ("您提供相关服务。", "您交付相关服务。", "您[-提供-]{+交付+}相关服务。"),
        # Between two changes a few signs are marked with them.
        ("您的帐户信息", "他的资料信息", "[-您的帐户-]{+他的资料+}信息"),
        # An insertion slides to the punctuation.
        (
            "您应当付款，并通知腾讯。",
            "您应当付款，并在三日内确认，并通知腾讯。",
            "您应当付款，{+并在三日内确认，+}并通知腾讯。",
        ),
        ("甲。乙。", "甲。丙丁。乙。", "甲。{+丙丁。+}乙。"),
        # An insertion beside a deletion joins it.
        ("甲方应当书面通知乙方。", "甲方应当通知丙方乙方。", "甲方应当[-书面通知-]{+通知丙方+}乙方。"),
        # Form alone is marked too: the script is exact.
        ("您同意，免责。", "您同意,免责。", "您同意[-，-]{+,+}免责。"),
        ("We may change the terms.", "We may not change the terms.", "We may {+not +}change the terms."),
    ],
)
def test_refine_reads_well(old: str, new: str, expected: str) -> None:
    assert marked(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("您同意，免责。", "您同意,免责。", "您同意,免责。"),
        ("依照第10.5条，您付款", "依照第 10.5 条,您不付款", "依照第 10.5 条,您{+不+}付款"),
        ("称为“您”的人", "称为「您」的人员", "称为「您」的[-人-]{+人员+}"),
    ],
)
def test_marks_for_the_eye_leave_out_form(old: str, new: str, expected: str) -> None:
    assert marked(old, new, marks) == expected


@given(TEXTS, TEXTS)
def test_swapped_texts_mirror_the_script(old: str, new: str) -> None:
    assert refine(new, old) == tuple(mirrored(span) for span in refine(old, new))
    assert marks(new, old) == tuple(mirrored(span) for span in marks(old, new))


@given(TEXTS, TEXTS)
def test_what_marks_call_equal_says_the_same(old: str, new: str) -> None:
    for op, old_start, old_end, new_start, new_end in marks(old, new):
        assert op != "equal" or wording(old[old_start:old_end]) == wording(new[new_start:new_end])


@given(TEXTS, TEXTS)
def test_no_few_signs_stand_between_two_changes(old: str, new: str) -> None:
    for _op, start, end, _new_start, _new_end in [span for span in refine(old, new)[1:-1] if span.op == "equal"]:
        assert end - start >= 3


def test_an_accent_is_not_split_from_its_letter() -> None:
    assert marked("café一", "cafe\u0301s一") == "[-café-]{+cafe\u0301s+}一"


def test_very_long_units_are_compared_by_sentences() -> None:
    sentences = [f"您在第{n}日使用本服务，即视为您同意。" for n in range(4000)]
    old = "".join(sentences)
    sentences[2000] = sentences[2000].replace("同意", "不同意")
    new = "".join(sentences)
    at = new.index("不同意")
    assert len(words(old)) ** 2 > 400_000_000
    assert [span for span in refine(old, new) if span.op != "equal"] == [Span("insert", at, at, at, at + 1)]
    assert_script(old, new)
