"""Kept comparisons of published texts: equal to fresh ones, made anew when they no longer fit, and safe in a race."""

import pytest
from django.db import connection

from agreements.comparing_versions import comparison_of, comparisons_of
from agreements.models import Agreement, KeptComparison, VersionText
from agreements.text.clauses import parse
from agreements.text.comparing import ENGINE, Comparison, compare
from agreements.text.keeping import pack
from tests.support import DAY, MONDAY, at_once, publish


@pytest.fixture
def texts(agreement: Agreement, petra) -> list[VersionText]:
    words = ("本协议适用于开发者。", "本协议不适用于开发者。", "本协议适用于全体开发者。")
    return [publish(agreement, petra, said, at=MONDAY + n * DAY).texts.get() for n, said in enumerate(words)]


def fresh(old: VersionText, new: VersionText) -> Comparison:
    return compare(parse(old.text), parse(new.text))


def test_what_is_kept_equals_what_is_made(texts) -> None:
    old, new, _ = texts
    assert comparison_of(old, new) == fresh(old, new)
    kept = KeptComparison.objects.get()
    assert (kept.old_sha256, kept.new_sha256, kept.engine) == (old.text_sha256, new.text_sha256, ENGINE)
    assert comparison_of(old, new) == fresh(old, new)
    assert KeptComparison.objects.get().pk == kept.pk


def test_either_direction_is_kept_for_itself(texts) -> None:
    old, new, _ = texts
    assert comparison_of(old, new).rows[3].new_text == comparison_of(new, old).rows[3].old_text
    assert KeptComparison.objects.count() == 2


def test_what_is_kept_takes_one_query_for_one_pair_and_for_three(texts, django_assert_num_queries) -> None:
    one, two, three = texts
    pairs = [(one, two), (two, three), (one, three)]
    made = comparisons_of(pairs)
    with django_assert_num_queries(1):
        assert comparisons_of(pairs[:1]) == made[:1]
    with django_assert_num_queries(1):
        assert comparisons_of(pairs) == made
    with django_assert_num_queries(0):
        assert comparisons_of([]) == []


def test_what_another_engine_kept_is_replaced(texts) -> None:
    old, new, _ = texts
    comparison_of(old, new)
    KeptComparison.objects.update(engine=ENGINE - 1, rows=[])
    assert comparison_of(old, new) == fresh(old, new)
    kept = KeptComparison.objects.get()
    assert (kept.engine, kept.rows) == (ENGINE, pack(fresh(old, new)))


def test_rows_that_do_not_fit_the_texts_are_replaced(texts) -> None:
    old, new, _ = texts
    comparison_of(old, new)
    KeptComparison.objects.update(rows=pack(fresh(old, new))[:-1])
    assert comparison_of(old, new) == fresh(old, new)
    assert KeptComparison.objects.get().rows == pack(fresh(old, new))


def test_what_is_kept_may_be_deleted(texts) -> None:
    old, new, _ = texts
    comparison_of(old, new)
    KeptComparison.objects.all().delete()
    assert comparison_of(old, new) == fresh(old, new)


@pytest.mark.django_db(transaction=True)
def test_requests_that_meet_keep_it_once(texts) -> None:
    old, new, _ = texts
    connection.close()
    assert at_once(*[lambda: comparison_of(old, new)] * 4) == [fresh(old, new)] * 4
    assert KeptComparison.objects.count() == 1
