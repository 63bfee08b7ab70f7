"""search_clauses(): which clauses are found for which words, and what of them is shown."""

import pytest

from agreements.models import Version
from agreements.publishing import withdraw_version
from agreements.searching import Hit, search_clauses
from tests.support import DAY, EN, MONDAY, NOON, ZH, chinese, english, make_agreement, publish


def found(query: str, *, at=NOON) -> list[tuple[int, str, str]]:
    return [(hit.version.number, hit.language, hit.number) for hit in search_clauses(query=query, at=at)]


@pytest.fixture
def version(agreement, petra) -> Version:
    return publish(agreement, petra, texts={ZH: chinese(), EN: english()})


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("1.2", [(1, "zh-hans", "1.2"), (1, "en", "1.2")]),
        (" 2.1 ", [(1, "zh-hans", "2.1"), (1, "en", "2.1")]),
        ("密钥", [(1, "zh-hans", "1.2")]),
        ("开发者", [(1, "zh-hans", "1.1"), (1, "zh-hans", "1.2")]),
        ("开发者 密钥", [(1, "zh-hans", "1.2")]),
        ("密钥　开发者", [(1, "zh-hans", "1.2")]),
        ("开发者 税费", []),
        ("KEYS", [(1, "en", "1.2")]),
        ("service fee", [(1, "en", "2.1（1）")]),
        ("Fees", [(1, "en", "2"), (1, "en", "2.1")]),
        ("总则", [(1, "zh-hans", "1")]),
        ("1.", []),
        ("不存在的词", []),
        ("", []),
        ("  　", []),
        ("<script>", []),
        ("%", []),
        ("_", []),
        ("\0", []),
    ],
)
def test_search_finds_exactly_these_clauses(version, query, numbers) -> None:
    assert found(query) == numbers


def test_only_texts_that_bind_or_will_bind_are_searched(agreement, petra) -> None:
    publish(agreement, petra, "旧的密语。")
    publish(agreement, petra, "现行的密语。", at=MONDAY + DAY)
    publish(agreement, petra, "将来的密语。", at=MONDAY + DAY, effective_at=NOON + DAY)
    taken_back = publish(agreement, petra, "撤回的密语。", at=MONDAY + DAY, effective_at=NOON + 2 * DAY)
    withdraw_version(version=taken_back, actor=petra, at=MONDAY + DAY)
    assert found("密语") == [(2, "zh-hans", "1.1"), (3, "zh-hans", "1.1")]
    assert found("密语", at=MONDAY) == [(1, "zh-hans", "1.1")]
    assert found("密语", at=MONDAY - DAY) == []
    assert found("密语", at=NOON + DAY) == [(3, "zh-hans", "1.1")]


def test_drafts_are_not_searched(agreement, petra, version) -> None:
    from_draft = chinese("草稿中的密语。")
    publish(agreement, petra, texts={ZH: from_draft}, at=MONDAY + DAY)
    assert len(found("密语")) == 1
    agreement.drafts.create(created_by=petra).texts.create(language=ZH, text=chinese("另一句密语。"))
    assert len(found("密语")) == 1


def test_agreements_come_in_the_order_of_their_addresses(agreement, petra, version) -> None:
    publish(make_agreement(petra, slug="a-first"), petra)
    hits = search_clauses(query="密钥", at=NOON)
    assert [(hit.agreement.slug, hit.number) for hit in hits] == [("a-first", "1.2"), ("terms", "1.2")]


def test_a_hit_shows_the_word_where_it_stands(version) -> None:
    assert search_clauses(query="妥善保管", at=NOON) == [
        Hit(
            version=version,
            language="zh-hans",
            number="1.2",
            heading="",
            anchor="1.2",
            emphasised=True,
            excerpt_before="开发者应当",
            excerpt_match="妥善保管",
            excerpt_after="密钥，因泄露造成的损失由开发者承担。",
            state="in_force",
        )
    ]


def test_a_long_clause_is_cut_on_both_sides(agreement, petra) -> None:
    publish(agreement, petra, f"{'前' * 61}密语{'后' * 60}。")
    (hit,) = search_clauses(query="密语", at=NOON)
    assert (hit.excerpt_before, hit.excerpt_match, hit.excerpt_after) == ("…" + "前" * 60, "密语", "后" * 60 + "…")


def test_a_hit_by_number_shows_how_the_clause_begins(version) -> None:
    hit = search_clauses(query="1.1", at=NOON)[0]
    assert (hit.excerpt_before, hit.excerpt_match, hit.excerpt_after) == ("", "", "本协议适用于开发者。")


def test_a_hit_leads_to_its_clause_in_its_language(version) -> None:
    (hit,) = search_clauses(query="税费", at=NOON)
    assert hit.url == "/agreements/terms/versions/1/?text=zh-hans#2.1（2）"


def test_a_search_takes_one_query_with_one_agreement_and_with_three(version, petra, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert len(search_clauses(query="密钥", at=NOON)) == 1
    for slug in ("second", "third"):
        publish(make_agreement(petra, slug=slug), petra)
    with django_assert_num_queries(1):
        assert len(search_clauses(query="密钥", at=NOON)) == 3
