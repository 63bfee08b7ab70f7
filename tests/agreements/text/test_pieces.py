"""Pieces of a row: they rebuild either side, say what became bold, and make short additions stand out."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agreements.text.clauses import parse
from agreements.text.comparing import Row, compare
from agreements.text.pieces import Piece, inline, new_side, old_side, tell_apart


def row(old: str, new: str) -> Row:
    """The row of the first clause of two texts."""
    return compare(parse(f"1.1 {old}\n\n1.2 其他。\n"), parse(f"1.1 {new}\n\n1.2 其他。\n")).rows[0]


def said(pieces: Sequence[Piece]) -> list[tuple[str, str]]:
    return [(piece.op, piece.words) for piece in pieces]


def test_what_was_removed_stands_before_what_came_instead() -> None:
    changed = row("开发者应当通知平台。", "开发者可以通知平台。")
    assert said(inline(changed)) == [
        ("equal", "开发者"),
        ("delete", "应当"),
        ("insert", "可以"),
        ("equal", "通知平台。"),
    ]
    assert said(old_side(changed)) == [("equal", "开发者"), ("delete", "应当"), ("equal", "通知平台。")]
    assert said(new_side(changed)) == [("equal", "开发者"), ("insert", "可以"), ("equal", "通知平台。")]


def test_a_lone_short_change_is_marked_as_easily_overlooked() -> None:
    def short(old: str, new: str) -> list[tuple[str, bool]]:
        return [(piece.words, piece.is_short) for piece in inline(row(old, new)) if piece.op != "equal"]

    assert short("开发者可以转让帐户。", "开发者不可以转让帐户。") == [("不", True)]
    assert short("开发者不可以转让帐户。", "开发者可以转让帐户。") == [("不", True)]
    assert short("You may assign it freely.", "You may not assign it freely.") == [("not ", True)]
    assert short("开发者可以转让帐户。", "开发者一般可以转让帐户，但应当通知。") == [
        ("一般", True),
        ("，但应当通知", False),
    ]
    assert short("开发者应当转让帐户。", "开发者可以转让帐户。") == [("应当", False), ("可以", False)]


def test_words_that_became_or_ceased_to_be_bold_are_told_apart() -> None:
    changed = row("开发者**应当**妥善保管密钥。", "开发者应当妥善保管**密钥**。")
    assert inline(changed) == [
        Piece("equal", "开发者"),
        Piece("unbolded", "应当"),
        Piece("equal", "妥善保管"),
        Piece("bolded", "密钥", strong=True),
        Piece("equal", "。"),
    ]
    assert old_side(changed)[1] == Piece("unbolded", "应当", strong=True)
    assert old_side(changed)[3] == Piece("bolded", "密钥")


def test_slanted_words_are_told_apart_as_well() -> None:
    assert said(new_side(row("see the guide today.", "see the *guide* today."))) == [
        ("equal", "see the "),
        ("slanted", "guide"),
        ("equal", " today."),
    ]


def test_bold_stays_bold_within_a_change() -> None:
    changed = row("**开发者应当保管密钥。**", "**开发者必须保管密钥。**")
    assert [(piece.op, piece.strong) for piece in inline(changed)] == [
        ("equal", True),
        ("delete", True),
        ("insert", True),
        ("equal", True),
    ]


def test_bold_blanks_and_marks_are_no_change_of_emphasis() -> None:
    assert said(inline(row("**开发者**，应当保管。", "**开发者，**应当保管。"))) == [
        ("equal", "开发者"),
        ("equal", "，"),
        ("equal", "应当保管。"),
    ]


def test_form_is_not_marked_among_changed_words() -> None:
    changed = row("使用QQ号码，开发者应当保管（密钥）。", "使用 QQ 号码,开发者必须保管(密钥)。")
    assert [words for op, words in said(inline(changed)) if op != "equal"] == ["应当", "必须"]
    assert "".join(piece.words for piece in new_side(changed)) == "使用 QQ 号码,开发者必须保管(密钥)。"
    assert "".join(piece.words for piece in old_side(changed)) == "使用QQ号码，开发者应当保管（密钥）。"


def test_form_is_marked_where_nothing_else_changed() -> None:
    changed = row("使用QQ号码（密钥）。", "使用QQ号码(密钥)。")
    assert changed.flags == ("format_only",)
    assert said(inline(changed)) == [
        ("equal", "使用QQ号码"),
        ("delete", "（密钥）"),
        ("insert", "(密钥)"),
        ("equal", "。"),
    ]


def test_words_that_went_to_another_unit_are_neither_new_nor_gone() -> None:
    changed = row("平台应当答复；逾期未答复的，视为同意。", "平台应当答复。")
    assert [op for op, _words in said(inline(changed))] == ["equal", "delete", "equal"]
    apart = tell_apart(inline(changed), ["逾期未答复的，视为同意。"])
    assert said(apart) == [("equal", "平台应当答复"), ("apart", "；逾期未答复的，视为同意"), ("equal", "。")]
    assert tell_apart(inline(changed), ["逾期未答复的，应当再次通知。"]) == inline(changed)
    assert tell_apart(inline(changed), []) == inline(changed)


WORDS = st.lists(
    st.sampled_from(["开发者", "应当", "不", " ", "**密钥**", "*a*", "（", "(", "，", "QQ", "三十日"]), max_size=9
)


@given(WORDS, WORDS)
def test_pieces_of_either_side_rebuild_its_words(old: list[str], new: list[str]) -> None:
    before, after = parse(f"1.1 甲{''.join(old)}乙\n"), parse(f"1.1 甲{''.join(new)}乙\n")
    for changed in compare(before, after).rows:
        assert "".join(piece.words for piece in old_side(changed)) == changed.old_text
        assert "".join(piece.words for piece in new_side(changed)) == changed.new_text
        assert {piece.op for piece in old_side(changed)}.isdisjoint({"insert"})
        assert {piece.op for piece in new_side(changed)}.isdisjoint({"delete"})
