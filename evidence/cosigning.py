"""Cosignatures of witnesses (C2SP tlog-cosignature): `receive_cosignatures()` checks them and keeps each once."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from evidence.checkpoint import COSIGNATURE_V1, Note, Signature, VerifierKey, parse
from evidence.errors import MalformedCosignatures, NoKnownWitness, UnknownCheckpoint, WrongCosignature
from evidence.models import Checkpoint, Cosignature

# How far the clocks of a witness and of ours may be apart.
TOLERANCE = timedelta(minutes=5)


def witnesses() -> list[VerifierKey]:
    """Return the witnesses that are configured here. Raises ImproperlyConfigured for what is no witness's key."""
    try:
        keys = [VerifierKey.parse(text) for text in settings.WITNESSES]
    except ValueError:
        raise ImproperlyConfigured("QIYUE_WITNESSES holds something that is not a verifier key.") from None
    if any(key.algorithm != COSIGNATURE_V1 for key in keys):
        raise ImproperlyConfigured("QIYUE_WITNESSES holds a key that does not cosign (its type is not 04).")
    return keys


def receive_cosignatures(*, text: str, at: datetime) -> list[Cosignature]:
    """Keep what witnesses of ours sign in a note over one of our checkpoints; return the kept cosignatures, one a witness.

    The note may be whole or hold the witnesses' lines alone; lines of keys that are not configured here are left out. What is
    kept already stays and is returned. Raises MalformedCosignatures, UnknownCheckpoint, NoKnownWitness and
    WrongCosignature; then nothing is kept.
    """
    try:
        note = parse(text)
    except ValueError:
        raise MalformedCosignatures from None
    checkpoint = Checkpoint.objects.filter(size=note.head.size).first() if note.head.size < 2**63 else None
    if checkpoint is None or parse(checkpoint.note).body != note.body:
        raise UnknownCheckpoint
    lines = [
        (key, line) for line in note.signatures for key in witnesses() if (line.name, line.key_id) == (key.name, key.id)
    ]
    if not lines:
        raise NoKnownWitness
    for key, line in lines:
        _check(key, line, note, checkpoint, at)
    with transaction.atomic():
        kept = {}
        for key, line in lines:
            if str(key) not in kept:
                kept[str(key)], _new = Cosignature.objects.get_or_create(
                    checkpoint=checkpoint,
                    witness_key=str(key),
                    defaults={"line": str(line), "received_at": at},
                )
    return list(kept.values())


def _check(key: VerifierKey, line: Signature, note: Note, checkpoint: Checkpoint, at: datetime) -> None:
    """Raises WrongCosignature unless the line is the witness's, at a time between the checkpoint's and now."""
    if not Note(note.body, note.head, (line,)).is_signed_by(key):
        raise WrongCosignature(witness=key.name)
    # A time that no datetime can hold is in the future, too.
    seconds = min(int.from_bytes(line.data[:8], "big"), 2**37)
    if not checkpoint.at - TOLERANCE <= datetime.fromtimestamp(seconds, UTC) <= at + TOLERANCE:
        raise WrongCosignature(witness=key.name)
