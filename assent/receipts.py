"""receipt(): the JSON with which anybody can check an acceptance or a refusal: records, proofs, checkpoint, timestamp."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from agreements.models import VersionText
from assent.errors import NotSealedYet
from assent.models import Acceptance, Refusal
from assent.records import entries_about, erasures_of, facts_of, first_timestamp, records_of, witness_of
from evidence.kinds import Kind
from evidence.log import checkpoint_for
from evidence.models import Checkpoint, Disclosure, Entry, Sealed, TimestampAttempt

FORMAT = "qiyue-receipt/1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it is written, and the rows that its proof comes from."""

    content: dict[str, Any]
    checkpoint: Checkpoint
    timestamp: TimestampAttempt | None

    @property
    def position(self) -> int:
        """Return the place of the act's entry in the tree, counted from 0."""
        return self.content["record"]["index"]

    def text(self) -> str:
        """Return the file: JSON with an indent of two spaces, ending in a line feed."""
        return json.dumps(self.content, ensure_ascii=False, indent=2) + "\n"


def texts_of(act: Acceptance | Refusal) -> list[VersionText]:
    """Return the texts that the statement of an act names, in its order, each with its version and agreement.

    Their long columns are left in the database.
    """
    documents = [_named(document) for document in facts_of(act.entry)["documents"]]
    wanted = Q(pk__in=[])
    for slug, number, language in documents:
        wanted |= Q(version__agreement__slug=slug, version__number=number, language=language)
    texts = VersionText.objects.filter(wanted).select_related("version__agreement", "version__withdrawal")
    by_name = {
        (text.version.agreement.slug, text.version.number, text.language): text for text in texts.defer("text", "html")
    }
    return [by_name[document] for document in documents]


def _named(document: Mapping[str, Any]) -> tuple[str, int, str]:
    return document["agreement"], document["version"], document["language"]


def receipt(act: Acceptance | Refusal, *, texts: Sequence[VersionText]) -> Receipt:
    """Return the receipt of an act on these texts: its record, what supports it, and one checkpoint over all of them.

    That is the first timestamped checkpoint that covers them, or else the first one. It takes as many queries for many
    documents as for one. Raises NotSealedYet while one of them has no place in the tree.
    """
    versions = [text.version for text in texts]
    erasures = erasures_of(Disclosure.objects.filter(entry=act.entry_id))
    entries = {
        entry.pk: entry
        for entry in [act.entry, *entries_about(versions, kinds=[Kind.VERSION_PUBLISHED]), *erasures.values()]
    }
    checkpoint = _checkpoint_over(entries)
    records = records_of(entries.values(), checkpoint=checkpoint, disclosed={act.entry_id}, erasures=erasures)
    statement = bytes(act.entry.statement).decode()
    content = {
        "format": FORMAT,
        "record": next(record for record in records if record["statement"] == statement),
        "supporting": [record for record in records if record["statement"] != statement],
        **witness_of(checkpoint),
    }
    return Receipt(content, checkpoint, first_timestamp(checkpoint))


def _checkpoint_over(entries: Mapping[int, Entry]) -> Checkpoint:
    places = dict(Sealed.objects.filter(entry__in=entries).values_list("entry", "position"))
    if len(places) < len(entries):
        raise NotSealedYet
    checkpoint = checkpoint_for(entries[max(places, key=places.get)])
    if checkpoint is None:  # Its transaction has not ended yet.
        raise NotSealedYet
    return checkpoint
