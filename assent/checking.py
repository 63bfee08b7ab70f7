"""check_file(): a receipt or a pack under the stand-alone verifier, and what this portal knows of it from its own log."""

import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from assent import verifier
from assent.errors import FileTooLarge
from assent.records import timestamp_roots
from evidence.checkpoint import parse
from evidence.errors import TimestampRefused
from evidence.models import Checkpoint, Entry, LogKey
from evidence.timestamping import checked

# Bytes that a pack may have unpacked; who checks a larger one does so with verify.py, on a machine of their own.
LARGEST_UNPACKED = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. The `is_own_…` are None where there was nothing to compare.

    `is_own_key`: a key of this portal's log signed. `is_own_checkpoint`: the log has that checkpoint. `is_own_entry`: it
    has the receipt's entry, at its place. `is_own_authority`: the timestamp is of the authority configured here.
    """

    report: verifier.Report
    is_own_key: bool | None = None
    is_own_checkpoint: bool | None = None
    is_own_entry: bool | None = None
    is_own_authority: bool | None = None

    @property
    def is_of_this_log(self) -> bool:
        """Return whether the proof holds, and nothing speaks against its being this log's."""
        return self.report.holds and bool(self.is_own_key and self.is_own_checkpoint) and self.is_own_entry is not False


def signature_is_good(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether an Ed25519 signature is good."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_file(data: bytes) -> Checked:
    """Check a receipt or a pack, in memory. Raises FileTooLarge for a pack that grows beyond measure when unpacked.

    A file of another log is judged on its own: that its key is none of ours is told, and no fault of the file.
    """
    if data[:2] == b"PK" and _unpacked_size(data) > LARGEST_UNPACKED:
        raise FileTooLarge(limit=LARGEST_UNPACKED // 1024 // 1024)
    ours = set(verifier.PEM.findall(timestamp_roots()))
    seen: list[bool] = []

    def timestamp(response: bytes, message: bytes, roots: str) -> datetime:
        seen.append(set(verifier.PEM.findall(roots)) <= ours)
        try:
            return checked(response=response, body=message, roots=roots)
        except TimestampRefused as refusal:
            raise ValueError(str(refusal)) from None

    report = verifier.check(data, signature=signature_is_good, timestamp=timestamp)
    if not report.facts:
        return Checked(report)
    head = _head(data, report.format)
    root = parse(head["checkpoint"]).head.root
    return Checked(
        report,
        is_own_key=LogKey.objects.filter(verifier_key__in=head["keys"]).exists(),
        is_own_checkpoint=Checkpoint.objects.filter(size=report.facts["size"], root=root).exists(),
        is_own_entry=_has_entry(report.facts) if report.format == "receipt" else None,
        is_own_authority=seen[0] if seen else None,
    )


def _head(data: bytes, form: str) -> dict[str, Any]:
    """Return the object with the checkpoint and its keys, of data that the verifier could read."""
    if form == "pack":
        with zipfile.ZipFile(BytesIO(data)) as archive:
            data = archive.read("pack.json")
    return json.loads(data)


def _has_entry(facts: dict[str, Any]) -> bool:
    statement = facts["statement"]
    leaf = verifier.leaf_hash(verifier.canonical_json(statement))
    return Entry.objects.filter(uid=statement["id"], leaf_hash=leaf, sealed__position=facts["index"]).exists()


def _unpacked_size(data: bytes) -> int:
    """Return how many bytes a ZIP says that it holds, 0 if it is none: the verifier reads no more than that."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return sum(info.file_size for info in archive.infolist())
    except verifier.UNZIP_ERRORS:
        return 0
