"""Acceptances, their documents, and refusals: columns, constraints and as-of querysets; no acts."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, CollaboratorGrant, Person
from agreements.models import Language, Version, VersionText
from evidence.append_only import AppendOnly
from evidence.models import Entry


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
