"""Records of the evidence format: one entry each, provable on its own; and which entries stand beside those asked for."""

import base64
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, prefetch_related_objects

from agreements.models import Version
from assent.errors import ErasureNotSealed
from assent.verifier import PEM
from evidence.checkpoint import VerifierKey, parse
from evidence.kinds import Kind
from evidence.log import Known, prove_all
from evidence.models import Checkpoint, Disclosure, Entry, LogKey, TimestampAttempt

# An erased value: the uid of the entry that committed to it, and the field.
Erased = tuple[str, str]


def facts_of(entry: Entry) -> dict[str, Any]:
    """Return the facts of an entry's statement."""
    return json.loads(bytes(entry.statement))["facts"]


def records_of(
    entries: Iterable[Entry],
    *,
    checkpoint: Checkpoint,
    disclosed: Collection[int] | None = None,
    erasures: Mapping[Erased, Entry] | None = None,
    known: Known | None = None,
) -> list[dict[str, Any]]:
    """Return a record of each entry, by their places in the tree of the checkpoint, which covers all of them.

    The entries with a primary key in `disclosed` (None: all) show their personal values, or by which erasure they went;
    those of the others are withheld. `erasures` is what `erasures_of` found for them (None: look it up). `known` keeps the
    hashes of large subtrees from one call to the next. It takes a handful of queries, however many entries there are.
    Raises ErasureNotSealed where the checkpoint does not cover the erasure of a value that is to be shown, and ValueError
    where it does not cover an entry.
    """
    entries = list(entries)
    places = _places(entries)
    if len(places) != len(entries) or max(places.values(), default=-1) >= checkpoint.size:
        raise ValueError("the checkpoint does not cover every entry")
    shown = [entry.pk for entry in entries if disclosed is None or entry.pk in disclosed]
    values: dict[int, dict[str, Disclosure]] = {}
    for disclosure in Disclosure.objects.filter(entry__in=shown):
        values.setdefault(disclosure.entry_id, {})[disclosure.field] = disclosure
    if erasures is None:
        erasures = erasures_of(Disclosure.objects.filter(entry__in=shown), checkpoint=checkpoint)
    proofs = prove_all(positions=places.values(), checkpoint=checkpoint, known=known)
    return [
        _record(entry, places[entry.pk], proofs[places[entry.pk]], values.get(entry.pk), erasures)
        for entry in sorted(entries, key=lambda entry: places[entry.pk])
    ]


def _places(entries: Sequence[Entry]) -> dict[int, int]:
    """Return the place in the tree of each sealed entry, by its primary key."""
    sealed = Entry.objects.filter(pk__in=[entry.pk for entry in entries], sealed__isnull=False)
    return dict(sealed.values_list("pk", "sealed__position"))


def _record(
    entry: Entry,
    index: int,
    hashes: Sequence[bytes],
    values: Mapping[str, Disclosure] | None,
    erasures: Mapping[Erased, Entry],
) -> dict[str, Any]:
    statement = bytes(entry.statement).decode()
    fields = sorted(json.loads(statement)["commitments"])
    disclosures = {
        field: _shown(entry, values[field], erasures) if values is not None else {"withheld": True} for field in fields
    }
    return {
        "index": index,
        "statement": statement,
        "disclosures": disclosures,
        "hashes": [node.hex() for node in hashes],
    }


def _shown(entry: Entry, disclosure: Disclosure, erasures: Mapping[Erased, Entry]) -> dict[str, str]:
    if disclosure.value is not None and disclosure.salt is not None:
        return {"salt": bytes(disclosure.salt).hex(), "value": disclosure.value}
    erasure = erasures.get((str(entry.uid), disclosure.field))
    if erasure is None:
        raise ErasureNotSealed
    return {"erased": str(erasure.uid)}


def erasures_of(disclosures: QuerySet[Disclosure], *, checkpoint: Checkpoint | None = None) -> dict[Erased, Entry]:
    """Return the erasure of each of these values that is erased, as far as the checkpoint covers it (None: of any).

    It takes a look at every erasure, but only where a value is erased.
    """
    gone = {
        (str(uid), field)
        for uid, field in disclosures.filter(value__isnull=True).values_list("entry__uid", "field").iterator()
    }
    if not gone:
        return {}
    erasures = Entry.objects.filter(kind=Kind.PERSON_ERASED)
    if checkpoint is not None:
        erasures = erasures.filter(sealed__position__lt=checkpoint.size)
    found = {}
    for erasure in erasures.order_by("pk").iterator():
        for uid, field in facts_of(erasure)["disclosures"]:
            if (uid, field) in gone:
                found[uid, field] = erasure
    return found


def entries_about(versions: Iterable[Version], *, kinds: Collection[Kind]) -> list[Entry]:
    """Return the entries of these kinds that are about these versions: their publications, their withdrawals."""
    wanted = {(version.agreement.slug, version.number) for version in versions}
    found = []
    for entry in Entry.objects.filter(kind__in=kinds).order_by("pk").iterator():
        facts = facts_of(entry)
        if (facts["agreement"], facts["version"]) in wanted:
            found.append(entry)
    return found


def witness_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what receipts and packs say of their checkpoint: note, keys, witness keys and timestamp, ready for JSON.

    The first timestamp that was kept is the one; cosignatures stand by the names of their keys.
    """
    note = parse(checkpoint.note)
    keys = LogKey.objects.order_by("pk").values_list("verifier_key", flat=True)
    prefetch_related_objects([checkpoint], "cosignatures")
    stamp = first_timestamp(checkpoint)
    return {
        "checkpoint": checkpoint.cosigned_note(),
        "keys": [key for key in keys if note.is_signed_by(VerifierKey.parse(key))],
        "witness_keys": [cosignature.witness_key for cosignature in checkpoint.by_witness()],
        "timestamp": stamp
        and {"response": base64.b64encode(bytes(stamp.response)).decode(), "roots": timestamp_roots()},
    }


def first_timestamp(checkpoint: Checkpoint) -> TimestampAttempt | None:
    """Return the first timestamp over a checkpoint that was kept; it is the one that receipts and packs carry."""
    return checkpoint.timestamps.filter(response__isnull=False).order_by("number").first()


def timestamp_roots() -> str:
    """Return the authority's root certificates as PEM and nothing else, whatever stands around them in their file."""
    path = settings.TIMESTAMP_ROOTS
    text = Path(path).read_text("utf-8").replace("\r", "") if path else ""
    return "".join(PEM.findall(f"{text}\n"))
