"""Entries of the log, and the personal values that their statements commit to."""

from django.db import models

from evidence.append_only import AppendOnly, Kept
from evidence.kinds import Kind


class Entry(AppendOnly):
    """One logged statement. `statement` holds its canonical bytes, `leaf_hash` their RFC 6962 leaf hash (32 bytes)."""

    uid = models.UUIDField(unique=True, editable=False)
    kind = models.CharField(max_length=40, choices=Kind)
    at = models.DateTimeField()
    statement = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        verbose_name_plural = "entries"

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
