"""comparison_of(): the comparison of two published texts, made once and kept."""

from agreements.models import KeptComparison, VersionText
from agreements.text.clauses import parse
from agreements.text.comparing import ENGINE, Comparison, compare
from agreements.text.keeping import DoesNotFit, pack, unpack


def comparison_of(old_text: VersionText, new_text: VersionText) -> Comparison:
    """Return the comparison of two published texts; what another engine kept of them is replaced."""
    old, new = parse(old_text.text), parse(new_text.text)
    pair = KeptComparison.objects.filter(old_sha256=old_text.text_sha256, new_sha256=new_text.text_sha256)
    kept = pair.filter(engine=ENGINE).first()
    if kept is not None:
        try:
            return unpack(kept.rows, old, new)
        except DoesNotFit:
            kept.delete()
    comparison = compare(old, new)
    pair.exclude(engine=ENGINE).delete()
    # Another request may have kept the same in the meantime.
    KeptComparison.objects.bulk_create(
        [
            KeptComparison(
                old_sha256=old_text.text_sha256,
                new_sha256=new_text.text_sha256,
                engine=ENGINE,
                rows=pack(comparison),
            )
        ],
        ignore_conflicts=True,
    )
    return comparison
