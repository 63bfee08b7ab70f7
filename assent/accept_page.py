"""The tasks of the accept page: each version that waits, with its text, emphasised clauses and changes."""

import uuid
from dataclasses import dataclass, replace

from django.urls import reverse

from agreements.comparison_page import PageRow, compare_texts, page_rows
from agreements.models import VersionText
from agreements.text.clauses import Unit, parse
from agreements.text.rendering import SafeHtml, anchors, beside_others
from assent.accepting import Shown
from assent.forms import document_value
from assent.standing import Item


@dataclass(frozen=True, slots=True)
class Task:
    """One version on the accept page: its text, what is emphasised, and what changed since the last acceptance."""

    item: Item
    text: VersionText
    body: SafeHtml
    value: str
    emphasised: list[tuple[Unit, str]]
    changes: list[PageRow]
    counts: dict[str, int]
    compare_url: str
    form_key: uuid.UUID


def task(item: Item, *, is_alone: bool = True) -> Task:
    """Return what the page shows of one version, in the language of the page or else the governing one.

    Beside other texts its addresses get a prefix, so that each id stands once on the page; alone it is the stored HTML.
    """
    text = item.version.text_in()
    name = f"v{item.version.pk}"
    units = parse(text.text).units
    addressed = zip(units, anchors(units), strict=True)
    changes, counts, compare_url = [], {}, ""
    if item.accepted_before is not None:
        before = item.accepted_before.text_in(text.language)
        comparison = compare_texts(before.text, text.text)
        changes = [
            replace(row, anchor=f"{name}-{row.anchor}") for row in page_rows(comparison) if isinstance(row, PageRow)
        ]
        counts = comparison.counts
        compare_url = reverse(
            "agreements:compare", args=[item.agreement.slug, item.accepted_before.number, item.version.number]
        )
    shown = Shown(item.agreement.slug, item.version.number, text.language, text.text_sha256, text.html_sha256)
    return Task(
        item=item,
        text=text,
        body=SafeHtml(text.html) if is_alone else beside_others(text.html, name),
        value=document_value(shown),
        emphasised=[(unit, anchor) for unit, anchor in addressed if unit.emphasised and not unit.heading],
        changes=changes,
        counts=counts,
        compare_url=compare_url,
        form_key=uuid.uuid4(),
    )
