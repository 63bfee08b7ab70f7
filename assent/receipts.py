"""receipt(): the JSON with which anybody can check an acceptance or a refusal: records, proofs, checkpoint, timestamp."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from agreements.models import VersionText
from assent.checking import own_roots
from assent.errors import NotSealedYet
from assent.models import Acceptance, Refusal
from evidence.checkpoint import VerifierKey, parse
from evidence.kinds import Kind
from evidence.log import checkpoint_for, prove_all
from evidence.models import Checkpoint, Entry, LogKey, TimestampAttempt

FORMAT = "qiyue-receipt/1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it is written, and the rows that its proof comes from; `position` counts from 0."""

    content: dict[str, Any]
    position: int
    checkpoint: Checkpoint
    timestamp: TimestampAttempt | None

    def text(self) -> str:
        """Return the file: JSON with an indent of two spaces, ending in a line feed."""
        return json.dumps(self.content, ensure_ascii=False, indent=2) + "\n"


def statement_of(entry: Entry) -> dict[str, Any]:
    """Return what the statement of an entry says."""
    return json.loads(bytes(entry.statement))


def texts_of(act: Acceptance | Refusal) -> list[VersionText]:
    """Return the texts that the statement of an act names, in its order, each with its version and agreement.

    Their long columns are left in the database.
    """
    documents = [_named(document) for document in statement_of(act.entry)["facts"]["documents"]]
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


def _publications(texts: Iterable[VersionText]) -> list[Entry]:
    """Return the entries that say which digests the texts of these versions have; they bear the time of publication."""
    versions = {(text.version.agreement.slug, text.version.number): text.version.published_at for text in texts}
    found = Entry.objects.filter(kind=Kind.VERSION_PUBLISHED, at__in=set(versions.values())).select_related("sealed")
    return [entry for entry in found if _published(entry) in versions]


def _published(entry: Entry) -> tuple[str, int]:
    facts = statement_of(entry)["facts"]
    return facts["agreement"], facts["version"]


def _erasures(entry: Entry, fields: Sequence[str]) -> dict[str, Entry]:
    """Return the entry of the erasure that took each of these fields of an entry."""
    if not fields:
        return {}
    erasures = Entry.objects.filter(kind=Kind.PERSON_ERASED, at__gte=entry.at).select_related("sealed")
    return {
        field: erasure
        for erasure in erasures
        for uid, field in statement_of(erasure)["facts"]["disclosures"]
        if uid == str(entry.uid) and field in fields
    }


def _position(entry: Entry) -> int:
    if not hasattr(entry, "sealed"):
        raise NotSealedYet
    return entry.sealed.position


def _record(entry: Entry, disclosures: Mapping[str, Any], proofs: Mapping[int, Sequence[bytes]]) -> dict[str, Any]:
    position = _position(entry)
    return {
        "index": position,
        "statement": bytes(entry.statement).decode(),
        "disclosures": dict(disclosures),
        "hashes": [node.hex() for node in proofs[position]],
    }


def _withheld(entry: Entry) -> dict[str, Any]:
    return {field: {"withheld": True} for field in statement_of(entry)["commitments"]}


def receipt(act: Acceptance | Refusal, *, texts: Sequence[VersionText]) -> Receipt:
    """Return the receipt of an act on these texts: its record, what supports it, and one checkpoint over all of them.

    That is the first timestamped checkpoint that covers them, or else the first one. Takes as many queries for many
    documents as for one. Raises NotSealedYet, and LookupError for an erased value of which no entry tells.
    """
    entry = Entry.objects.select_related("sealed").get(pk=act.entry_id)
    disclosed = {disclosure.field: disclosure for disclosure in entry.disclosures.order_by("field")}
    gone = [field for field, disclosure in disclosed.items() if disclosure.value is None]
    erasures = _erasures(entry, gone)
    supporting = {entry.pk: entry for entry in [*_publications(texts), *erasures.values()]}
    last = max([entry, *supporting.values()], key=_position)
    checkpoint = checkpoint_for(last)
    proofs = prove_all(positions=[_position(e) for e in (entry, *supporting.values())], checkpoint=checkpoint)
    disclosures = {
        field: {"erased": str(erasures[field].uid)}
        if disclosure.value is None
        else {"salt": bytes(disclosure.salt).hex(), "value": disclosure.value}
        for field, disclosure in disclosed.items()
    }
    timestamp = checkpoint.timestamps.filter(response__isnull=False).order_by("number").first()
    content = {
        "format": FORMAT,
        "record": _record(entry, disclosures, proofs),
        "supporting": [
            _record(support, _withheld(support), proofs) for support in sorted(supporting.values(), key=_position)
        ],
        **signed_head(checkpoint, timestamp),
    }
    return Receipt(content, _position(entry), checkpoint, timestamp)


def signed_head(checkpoint: Checkpoint, timestamp: TimestampAttempt | None) -> dict[str, Any]:
    """Return what shows that a checkpoint is this log's: the note, the keys that signed it, witnesses and timestamp."""
    note = parse(checkpoint.note)
    keys = LogKey.objects.order_by("pk").values_list("verifier_key", flat=True)
    cosignatures = checkpoint.cosignatures.order_by("pk")
    return {
        "checkpoint": checkpoint.note + "".join(cosignature.line for cosignature in cosignatures),
        "keys": [key for key in keys if note.is_signed_by(VerifierKey.parse(key))],
        "witness_keys": [cosignature.witness_key for cosignature in cosignatures],
        "timestamp": timestamp
        and {
            "response": base64.b64encode(bytes(timestamp.response)).decode(),
            "roots": "".join(own_roots()),
        },
    }
