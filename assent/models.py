"""Acceptances, refusals, legal holds and requests for evidence packs: columns, constraints and querysets; no acts."""

import uuid
from typing import Literal

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, CollaboratorGrant, Person
from agreements.models import Agreement, Language, Version, VersionText
from evidence.append_only import AppendOnly, Kept
from evidence.models import Checkpoint, Entry


class Capacity(models.TextChoices):
    """In which capacity an actor acted for the account (2.1.6)."""

    OWNER = "owner", _("账户所有人")
    COLLABORATOR = "collaborator", _("协作者")


class Basis(models.TextChoices):
    """How assent was given; one kind is never shown as another."""

    EXPRESS = "express", _("明示同意")


class Identity(models.TextChoices):
    """How well it is known that the actor holds the QQ number."""

    STATED = "stated", _("自行申报，以密码登录")


class Act(AppendOnly):
    """What every act of a person for an account records: who, for whom, by what right, when, and its log entry."""

    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="%(class)s")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="%(class)ss")
    actor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="%(class)ss")
    capacity = models.CharField(_("身份"), max_length=20, choices=Capacity)
    grant = models.ForeignKey(CollaboratorGrant, on_delete=models.PROTECT, null=True, related_name="%(class)ss")
    identity = models.CharField(_("号码核验"), max_length=20, choices=Identity)

    class Meta:
        abstract = True


def _capacity_matches_grant(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(capacity=Capacity.OWNER, grant__isnull=True)
        | models.Q(capacity=Capacity.COLLABORATOR, grant__isnull=False),
        name=name,
    )


class Acceptance(Act):
    """One act of assent: one entry, one receipt, one line per document. Never changes, never deleted."""

    basis = models.CharField(_("方式"), max_length=20, choices=Basis)
    accepted_at = models.DateTimeField(_("同意时间"))
    form_key = models.UUIDField(unique=True, editable=False)

    class Meta:
        verbose_name = _("同意记录")
        verbose_name_plural = _("同意记录")
        ordering = ["-pk"]
        constraints = [_capacity_matches_grant("assent_acceptance_capacity")]
        indexes = [models.Index(fields=["accepted_at"], name="assent_acceptance_at")]

    def __str__(self) -> str:
        return str(self.entry.uid)

    def get_absolute_url(self) -> str:
        return reverse("assent:receipt", args=[self.entry.uid])


class AcceptanceLine(AppendOnly):
    """One document of an acceptance: the version, and the digests of the very text and HTML that were shown."""

    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT, related_name="lines")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="acceptance_lines")
    text = models.ForeignKey(VersionText, on_delete=models.PROTECT, related_name="acceptance_lines")
    language = models.CharField(_("语言"), max_length=10, choices=Language)
    text_sha256 = models.CharField(max_length=64)
    html_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("同意的文件")
        verbose_name_plural = _("同意的文件")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["acceptance", "version"], name="assent_acceptanceline_one_per_version")
        ]

    def __str__(self) -> str:
        return str(self.version)


class Refusal(Act):
    """That somebody said no to a version on behalf of an account; accepting it later stays possible."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="refusals")
    text_sha256 = models.CharField(max_length=64)
    refused_at = models.DateTimeField(_("时间"))
    form_key = models.UUIDField(unique=True, editable=False)

    class Meta:
        verbose_name = _("不同意记录")
        verbose_name_plural = _("不同意记录")
        ordering = ["-pk"]
        constraints = [_capacity_matches_grant("assent_refusal_capacity")]

    def __str__(self) -> str:
        return str(self.entry.uid)

    def get_absolute_url(self) -> str:
        return reverse("assent:receipt", args=[self.entry.uid])


class LegalHold(Kept):
    """That nothing about a person may be erased until it is lifted: a lawsuit, an inquiry.

    Why is told in the log's entries alone, as a personal value; a hold has its entry from the end of the act that placed
    it. A person may be under several holds at once.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="holds")
    placed_at = models.DateTimeField(_("保全时间"))
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    placed_entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(_("解除时间"), null=True)
    lifted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="+")

    fixed = ("person", "placed_at", "placed_by")
    once = ("placed_entry", "lifted_at", "lifted_by", "lifted_entry")

    class Meta:
        verbose_name = _("法律保全")
        verbose_name_plural = _("法律保全")

    def __str__(self) -> str:
        return f"#{self.pk}: {self.person}"

    @property
    def placed_for(self) -> str | None:
        """Return why the hold was placed; None once that is erased."""
        return _reason(self.placed_entry)

    @property
    def lifted_for(self) -> str | None:
        """Return why the hold was lifted; None once that is erased, or while it holds."""
        return _reason(self.lifted_entry)


def _reason(entry: Entry | None) -> str | None:
    told = entry.disclosures.all() if entry else []
    return next((disclosure.value for disclosure in told if disclosure.field == "reason"), None)


PackState = Literal["waiting", "working", "ready", "gone"]


class PackRequest(models.Model):
    """That somebody asked for an evidence pack, and how far it is: the work and the file, not the evidence.

    `total` and `done` count records. Until `leased_until` one worker has it. `file` is the name in the storage of packs,
    `size` in bytes, `erased` how many values it shows as erased. A file that is no longer kept has `dropped_at`.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="pack_requests")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, related_name="+")
    acceptance = models.ForeignKey(Acceptance, on_delete=models.PROTECT, null=True, related_name="+")
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True)
    file = models.CharField(max_length=100, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    erased = models.PositiveIntegerField(default=0)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account__isnull=False, agreement__isnull=True, acceptance__isnull=True)
                | models.Q(account__isnull=True, agreement__isnull=False, acceptance__isnull=True)
                | models.Q(account__isnull=True, agreement__isnull=True, acceptance__isnull=False),
                name="assent_packrequest_about_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True, file="", sha256="")
                | models.Q(finished_at__isnull=False) & ~models.Q(file="") & ~models.Q(sha256=""),
                name="assent_packrequest_finished_with_a_file",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    def get_absolute_url(self) -> str:
        return reverse("assent:pack", args=[self.uid])

    @property
    def state(self) -> PackState:
        """Return how far it is."""
        if self.dropped_at is not None:
            return "gone"
        if self.finished_at is not None:
            return "ready"
        return "waiting" if self.leased_until is None else "working"
