"""Splits and merges: which units are pieces of one in the other text, and which only look like it."""

import pytest

from agreements.text.aligning import Side
from agreements.text.clauses import parse
from agreements.text.comparing import Comparison, compare
from agreements.text.splitting import find_parts

FEES = "开发者应当按月支付服务费。"
LATE = "逾期支付的，每日按照欠款的万分之五加收滞纳金。"
REFUND = "服务提前终止的，平台应当在十五日内退还剩余费用。"
OPENING = "1.1 本协议自双方签署之日起生效。"
CLOSING = "争议由平台所在地有管辖权的人民法院审理。"


def outcome(old: str, new: str) -> Comparison:
    return compare(parse(old), parse(new))


def pieces(result: Comparison) -> dict[str | None, tuple[str, str | None, str | None]]:
    """For each piece by its number its flag and the old and new number of its whole."""
    found = {}
    for row in result.rows:
        if row.whole is not None:
            whole = result.rows[row.whole]
            assert row.kind in ("inserted", "deleted") and row.flags and row.flags[0] in whole.flags
            found[row.old_no or row.new_no] = (row.flags[0], whole.old_no, whole.new_no)
    return found


def flagged(result: Comparison) -> list[tuple[str | None, str | None, tuple[str, ...]]]:
    return [(row.old_no, row.new_no, row.flags) for row in result.rows if row.flags]


def split_and_merged(one: str, several: str) -> tuple[dict[str | None, tuple[str, str | None, str | None]], ...]:
    """The pieces in both directions: a merge is a split read backwards."""
    return pieces(outcome(one, several)), pieces(outcome(several, one))


def test_a_clause_in_two() -> None:
    old = f"{OPENING}\n\n1.2 {FEES}{LATE}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}\n\n1.3 {LATE}\n\n1.4 {CLOSING}\n"
    split, merged = split_and_merged(old, new)
    assert split == {"1.2": ("split", "1.2", "1.3")}
    assert merged == {"1.2": ("merged", "1.3", "1.2")}


def test_the_whole_and_its_pieces_have_the_flag() -> None:
    old = f"{OPENING}\n\n1.2 {FEES}{LATE}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}\n\n1.3 {LATE}\n\n1.4 {CLOSING}\n"
    assert flagged(outcome(old, new)) == [(None, "1.2", ("split",)), ("1.2", "1.3", ("split",))]
    assert flagged(outcome(new, old)) == [("1.2", None, ("merged",)), ("1.3", "1.2", ("merged",))]


def test_a_clause_in_three_with_pieces_on_both_sides_of_the_partner() -> None:
    long = "逾期支付的，每日按照欠款的万分之五加收滞纳金，超过三十日仍未支付的，平台可以暂停全部服务直至付清为止。"
    old = f"{OPENING}\n\n1.2 {FEES}{long}{REFUND}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}\n\n1.3 {long}\n\n1.4 {REFUND}\n\n1.5 {CLOSING}\n"
    split, merged = split_and_merged(old, new)
    assert split == {"1.2": ("split", "1.2", "1.3"), "1.4": ("split", "1.2", "1.3")}
    assert merged == {"1.2": ("merged", "1.3", "1.2"), "1.4": ("merged", "1.3", "1.2")}


def test_an_article_in_paragraphs() -> None:
    old = f"第一条 {FEES}{LATE}{REFUND}\n\n第二条 {CLOSING}\n"
    new = f"第一条 {FEES}\n\n{LATE}\n\n{REFUND}\n\n第二条 {CLOSING}\n"
    assert pieces(outcome(old, new)) == {
        "第一条¶2": ("split", "第一条", "第一条"),
        "第一条¶3": ("split", "第一条", "第一条"),
    }


def test_a_clause_that_became_a_lead_with_items() -> None:
    old = "1.1 开发者可以自行开发应用，也可以委托有资质的服务商开发应用，但都应当对应用的内容负责。\n"
    new = (
        "1.1 开发者开发应用可以采取下列方式，但都应当对应用的内容负责：\n\n"
        "（1）自行开发应用；\n\n（2）委托有资质的服务商开发应用。\n"
    )
    assert pieces(outcome(old, new)) == {
        "1.1（1）": ("split", "1.1", "1.1"),
        "1.1（2）": ("split", "1.1", "1.1"),
    }


def test_a_piece_behind_the_items_of_its_whole() -> None:
    items = "（1）服务费，按使用量计算；\n\n（2）税费，按法律规定计算。\n\n"
    old = f"1.1 开发者应当按月支付下列费用，并对数额负责；{REFUND}\n\n{items}1.2 {CLOSING}\n"
    new = f"1.1 开发者应当按月支付下列费用，并对数额负责：\n\n{items}{REFUND}\n\n1.2 {CLOSING}\n"
    assert pieces(outcome(old, new)) == {"1.1¶1": ("split", "1.1", "1.1")}


def test_a_piece_may_be_like_the_partner_if_all_of_it_stood_in_the_whole() -> None:
    first, second = "平台在开发者首次登录后，即向开发者发放密钥。", "首次登录前，平台不得向开发者发放密钥。"
    old = f"{OPENING}\n\n1.2 {first}{second}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {first}\n\n1.3 {second}\n\n1.4 {CLOSING}\n"
    split, merged = split_and_merged(old, new)
    assert split == {"1.3": ("split", "1.2", "1.2")}
    assert merged == {"1.3": ("merged", "1.2", "1.2")}


def test_a_sentence_that_became_a_clause_elsewhere() -> None:
    others = "".join(f"1.{n} 双方就第{n}项业务另行签署补充约定，其效力与本协议相同。\n\n" for n in range(3, 20))
    old = f"{OPENING}\n\n1.2 {FEES}{REFUND}\n\n{others}1.20 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}\n\n{others}1.20 {CLOSING}\n\n1.21 {REFUND}\n"
    assert pieces(outcome(old, new)) == {"1.21": ("split", "1.2", "1.2")}


def test_a_sentence_that_grew_where_it_became_a_clause() -> None:
    old = f"{OPENING}\n\n1.2 {FEES}平台应当建立健全费用信息共享机制。\n\n1.3 {CLOSING}\n"
    new = (
        f"{OPENING}\n\n1.2 {FEES}\n\n"
        "1.3 平台应当建立健全费用信息共享机制，每季度公布共享的范围、标准和程序，接受开发者查询和更正，并保存查询记录三年以上。\n\n"
        f"1.4 {CLOSING}\n"
    )
    assert pieces(outcome(old, new)) == {"1.3": ("split", "1.2", "1.2")}


def test_a_clause_without_partner_that_is_several_now_is_paired_with_the_largest() -> None:
    old = (
        f"{OPENING}\n\n1.2 开发者转让应用的，应当事先书面通知平台并说明受让人的资质；受让人不符合本协议要求的，"
        "平台有权拒绝办理变更手续；未经平台办理变更手续的，转让对平台不发生效力。\n"
    )
    new = (
        f"{OPENING}\n\n1.2 受让人不符合本协议要求的，平台有权拒绝办理变更手续。\n\n"
        "1.3 未经平台办理变更手续的，转让对平台不发生效力。\n\n"
        "1.4 开发者转让应用的，应当事先书面通知平台并说明受让人的资质。\n"
    )
    sides = [Side(parse(text).units) for text in (old, new)]
    assert find_parts({0: 0}, *sides) == ({0: 0, 1: 3}, {1: 1, 2: 1}, {})
    assert find_parts({0: 0}, *reversed(sides)) == ({0: 0, 3: 1}, {}, {1: 1, 2: 1})


def test_one_clause_without_partner_that_is_one_now_is_left_to_the_alignment() -> None:
    old, new = f"{OPENING}\n\n1.2 {FEES}{LATE}\n", f"{OPENING}\n\n1.2 {LATE}\n"
    assert find_parts({0: 0}, *(Side(parse(text).units) for text in (old, new))) == ({0: 0}, {}, {})


def test_a_clause_in_two_in_english() -> None:
    opening, closing = "1.1 This Agreement takes effect when both sign.", "The courts of the Platform's seat decide."
    fees = "The Developer pays the service fee every month."
    late = "If a payment is late, interest of five per cent a year is due on the sum outstanding."
    old = f"{opening}\n\n1.2 {fees} {late}\n\n1.3 {closing}\n"
    new = f"{opening}\n\n1.2 {fees}\n\n1.3 {late}\n\n1.4 {closing}\n"
    split, merged = split_and_merged(old, new)
    assert split == {"1.2": ("split", "1.2", "1.3")}
    assert merged == {"1.2": ("merged", "1.3", "1.2")}


@pytest.mark.parametrize(
    "neighbour",
    [
        # A second clause of its kind.
        "开发者应当按季支付推广费。逾期支付的，每日按照欠款的万分之三加收滞纳金。",
        # Words that every clause of such a text has.
        "平台应当按月公布费率。",
        "开发者应当按照平台的要求提供资料。",
        # Too little to tell where it is from.
        "逾期的。",
        "另有约定的从其约定。",
    ],
)
def test_a_new_clause_beside_an_edited_one_is_no_piece(neighbour: str) -> None:
    old = f"{OPENING}\n\n1.2 {FEES}{LATE}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}逾期支付的，加收滞纳金。\n\n1.3 {neighbour}\n\n1.4 {CLOSING}\n"
    assert pieces(outcome(old, new)) == pieces(outcome(new, old)) == {}


def test_a_copy_of_a_clause_that_stayed_is_no_piece() -> None:
    old = f"{OPENING}\n\n1.2 {FEES}{LATE}\n\n1.3 {CLOSING}\n"
    new = f"{OPENING}\n\n1.2 {FEES}{LATE}\n\n1.3 {LATE}\n\n1.4 {CLOSING}\n"
    assert pieces(outcome(old, new)) == {}


def test_a_second_clause_of_its_kind_is_no_piece() -> None:
    old = (
        "1.1 开发者侵犯他人权益的，平台有权下线其应用，并要求其赔偿损失；拒不改正的，平台可以停止支付；"
        "情节严重的，平台可以终止本协议并通报。\n"
    )
    new = (
        "1.1 开发者侵犯他人合法权益的，平台可以下架其应用，要求其道歉；逾期不改正的，平台暂缓支付；"
        "后果恶劣的，平台可以解除本协议。\n\n"
        "1.2 开发者侵犯他人权益的，平台有权下线其应用，并要求其公开道歉；拒不改正的，平台可以停止支付；"
        "后果恶劣的，平台可以终止本协议并通报。\n"
    )
    assert find_parts({0: 0}, Side(parse(old).units), Side(parse(new).units)).splits == {}


def test_a_clause_that_lost_little_has_no_long_piece() -> None:
    adjusting = "平台可以根据运营情况调整展位的数量、位置和价格，并至迟在调整前七日公示。"
    objecting = "开发者对调整有异议的，可以书面提出，平台应当在十五日内说明理由并予以答复。"
    old = f"1.1 {adjusting}{objecting}\n"
    edited = f"{adjusting}{objecting}".replace("七日", "十日").replace("书面", "随时").replace("说明理由", "作出说明")
    new = f"1.1 {edited}\n\n1.2 {objecting}涉及多名开发者的，平台可以召集会议，会议记录由专人保管。\n"
    assert find_parts({0: 0}, Side(parse(old).units), Side(parse(new).units)).splits == {}


def test_long_units_are_left_alone() -> None:
    first, second = "甲乙丙丁戊己庚辛壬癸。", "子丑寅卯辰巳午未申酉戌亥。"
    old, new = f"1.1 {first * 1200}{second * 800}\n", f"1.1 {first * 1200}\n\n1.2 {second * 800}\n"
    assert pieces(outcome(old, new)) == {}
