"""Entries of the log, the personal values that they commit to, and the tree, checkpoints and timestamps over them."""

from django.db import models

from evidence.append_only import AppendOnly, Kept
from evidence.kinds import Kind


class Entry(AppendOnly):
    """One logged statement. `statement` holds its canonical bytes, `leaf_hash` their RFC 6962 leaf hash (32 bytes).

    `account` repeats the developer account that the statement's facts name, for finding its entries; it points nowhere.
    """

    uid = models.UUIDField(unique=True, editable=False)
    account = models.BigIntegerField(null=True, editable=False, db_index=True)
    kind = models.CharField(max_length=40, choices=Kind)
    at = models.DateTimeField()
    statement = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "entries"
        indexes = [models.Index(fields=["kind"], name="evidence_entry_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Disclosure(Kept):
    """One personal value of an act, with the salt of its commitment; erasure empties both, once, and nothing else."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="disclosures")
    field = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=32, null=True)
    value = models.TextField(null=True)  # noqa: DJ001  NULL says erased, '' is a value.

    fixed = ("entry", "field")
    only_to_null = ("salt", "value")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "field"], name="evidence_disclosure_one_per_field"),
            models.CheckConstraint(
                condition=models.Q(salt__isnull=True, value__isnull=True)
                | models.Q(salt__isnull=False, value__isnull=False),
                name="evidence_disclosure_whole_or_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} of {self.entry_id}"


class Sealed(AppendOnly):
    """The place of an entry in the tree, counted from 0; given by the sealer, in the order in which it found entries."""

    # We give the value; on SQLite only an auto field is the row's own key, round which INSERT OR REPLACE could go otherwise.
    position = models.BigAutoField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="sealed")

    class Meta:
        verbose_name_plural = "sealed entries"

    def __str__(self) -> str:
        return f"{self.position}: {self.entry_id}"


class Tile(Kept):
    """Up to 256 hashes of one level of the tree, 32 bytes each (C2SP tlog-tiles); it only grows, until it is full."""

    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField(max_length=256 * 32)

    fixed = ("level", "index")
    grows = ("hashes",)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="evidence_tile_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class LogKey(AppendOnly):
    """A public key that signs checkpoints or did; it stays published. `verifier_key` is in the form of a signed note's."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="log_key")
    verifier_key = models.CharField(max_length=400, unique=True)
    introduced_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.verifier_key


class Checkpoint(AppendOnly):
    """A signed tree head. `number` counts checkpoints from 1 without a gap; `note` is the signed note as published.

    `root` is the tree's hash (32 bytes) at `size` entries; `through` the highest primary key among entries sealed so far.
    """

    number = models.BigAutoField(primary_key=True)  # given by us, as in Sealed
    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    through = models.BigIntegerField()
    note = models.TextField()

    def __str__(self) -> str:
        return f"{self.number}: {self.size}"

    def cosigned_note(self) -> str:
        """Return the note with the lines of the witnesses that vouch for it, by the names of their keys."""
        return self.note + "".join(cosignature.line for cosignature in self.by_witness())

    def by_witness(self) -> "list[Cosignature]":
        """Return the cosignatures by the names of their keys."""
        return sorted(self.cosignatures.all(), key=lambda cosignature: cosignature.witness_key)


class Cosignature(AppendOnly):
    """That a witness saw a checkpoint and found it consistent with those before (C2SP tlog-cosignature).

    `line` is the signature line, with its end of line.
    """

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness_key = models.CharField(max_length=400)
    line = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness_key"], name="evidence_cosignature_once")]

    def __str__(self) -> str:
        return f"{self.witness_key} on {self.checkpoint_id}"


class TimestampAttempt(AppendOnly):
    """One request to a timestamping authority (RFC 3161): the response that was checked and kept, or the reason for none.

    `response` is the DER of the TimeStampResp; `stamped_at` the time that the authority states in it. Attempts are
    counted from 1 without a gap.
    """

    number = models.BigAutoField(primary_key=True)  # given by us, as in Sealed
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="timestamps")
    authority = models.CharField(max_length=400)
    at = models.DateTimeField()
    response = models.BinaryField(null=True)
    stamped_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(response__isnull=True, stamped_at__isnull=True) & ~models.Q(error="")
                | models.Q(response__isnull=False, stamped_at__isnull=False, error=""),
                name="evidence_timestampattempt_one_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.stamped_at or self.error}"
