"""comparison_of() and comparisons_of(): the comparison of two published texts, made once and kept."""

from collections.abc import Sequence

from agreements.models import KeptComparison, VersionText
from agreements.text.clauses import parse
from agreements.text.comparing import ENGINE, Comparison, compare
from agreements.text.keeping import DoesNotFit, pack, unpack


def comparison_of(old_text: VersionText, new_text: VersionText) -> Comparison:
    """Return the comparison of two published texts."""
    return comparisons_of([(old_text, new_text)])[0]


def comparisons_of(pairs: Sequence[tuple[VersionText, VersionText]]) -> list[Comparison]:
    """Return the comparison of each pair of published texts; what is kept takes one query for all."""
    if not pairs:
        return []
    found = KeptComparison.objects.filter(new_sha256__in={new.text_sha256 for _old, new in pairs}, engine=ENGINE)
    kept = {(one.old_sha256, one.new_sha256): one for one in found}
    return [_kept(kept.get((old.text_sha256, new.text_sha256)), old, new) or _made(old, new) for old, new in pairs]


def _kept(kept: KeptComparison | None, old_text: VersionText, new_text: VersionText) -> Comparison | None:
    """Return what was kept, if the texts are still read as they were then."""
    if kept is None:
        return None
    try:
        return unpack(kept.rows, parse(old_text.text), parse(new_text.text))
    except DoesNotFit:
        return None


def _made(old_text: VersionText, new_text: VersionText) -> Comparison:
    """Return a new comparison, and keep it in place of what there was; another request may do the same."""
    comparison = compare(parse(old_text.text), parse(new_text.text))
    KeptComparison.objects.bulk_create(
        [
            KeptComparison(
                old_sha256=old_text.text_sha256,
                new_sha256=new_text.text_sha256,
                engine=ENGINE,
                rows=pack(comparison),
            )
        ],
        update_conflicts=True,
        unique_fields=["old_sha256", "new_sha256"],
        update_fields=["engine", "rows"],
    )
    return comparison
