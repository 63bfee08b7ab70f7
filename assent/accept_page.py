"""The tasks of the accept page: each version that waits, with its text, emphasised clauses and changes."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from agreements.comparing_versions import comparisons_of
from agreements.comparison_page import Count, Item, changes_only, page_rows, tally
from agreements.models import VersionText
from agreements.text.clauses import Unit, parse
from agreements.text.comparing import Comparison
from agreements.text.rendering import SafeHtml, anchors, beside_others
from assent.accepting import Shown
from assent.forms import document_value
from assent.standing import Item as Waiting


@dataclass(frozen=True, slots=True)
class Task:
    """One version on the accept page: its text, what is emphasised, and what changed since the last acceptance."""

    item: Waiting
    text: VersionText
    body: SafeHtml
    value: str
    emphasised: list[tuple[Unit, str]]
    changes: list[Item]
    tally: list[Count]
    compare_url: str
    form_key: uuid.UUID


def tasks(items: Sequence[Waiting], *, is_alone: bool = True) -> list[Task]:
    """Return what the page shows of each version, in the language of the page or else the governing one.

    Beside other texts its addresses get a prefix, so that each id stands once on the page; alone it is the stored HTML.
    """
    texts = [item.version.text_in() for item in items]
    before = [
        item.accepted_before.text_in(text.language) if item.accepted_before else None
        for item, text in zip(items, texts, strict=True)
    ]
    pairs = [(old, new) for old, new in zip(before, texts, strict=True) if old]
    compared = dict(zip(pairs, comparisons_of(pairs), strict=True))
    return [
        _task(item, new, compared.get((old, new)), is_alone=is_alone)
        for item, old, new in zip(items, before, texts, strict=True)
    ]


def _task(item: Waiting, text: VersionText, comparison: Comparison | None, *, is_alone: bool) -> Task:
    name = f"v{item.version.pk}"
    units = parse(text.text).units
    addressed = zip(units, anchors(units), strict=True)
    compare_url = ""
    if item.accepted_before is not None:
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
        changes=changes_only(page_rows(comparison, prefix=f"{name}-")) if comparison else [],
        tally=tally(comparison) if comparison else [],
        compare_url=compare_url,
        form_key=uuid.uuid4(),
    )
