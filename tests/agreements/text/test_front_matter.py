"""What changed before the first unit: the title, and the lines on dates."""

from agreements.text.clauses import parse
from agreements.text.front_matter import FrontChange, front_changes

BODY = "## 1. 总则\n\n1.1 本协议适用于开发者。\n"


def changes(old: str, new: str) -> list[FrontChange]:
    return list(front_changes(parse(f"{old}\n\n{BODY}"), parse(f"{new}\n\n{BODY}")))


def test_nothing_changed() -> None:
    assert changes("# 服务协议\n\n更新日期：2026年1月1日", "# 服务协议\n\n更新日期：2026年1月1日") == []
    assert changes("# 服务协议（试行）", "# 服务协议(试行)") == []


def test_a_title_and_a_date_changed() -> None:
    assert changes("# 服务协议\n\n更新日期：2026年1月1日", "# 服务规则\n\n更新日期：2026年2月1日") == [
        ("服务协议", "服务规则"),
        ("更新日期：2026年1月1日", "更新日期：2026年2月1日"),
    ]


def test_a_line_was_added_or_removed() -> None:
    dated = "# 服务协议\n\n发布日期：2026年1月1日"
    both = f"{dated}\n\n生效日期：2026年2月1日"
    assert changes(dated, both) == [("", "生效日期：2026年2月1日")]
    assert changes(both, dated) == [("生效日期：2026年2月1日", "")]
