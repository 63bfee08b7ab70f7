"""Persons, developer accounts, collaborator grants and roles: columns, constraints and as-of querysets."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.errors import NotAQQNumber
from evidence.append_only import Kept, KeptQuerySet
from evidence.errors import NeverChanges
from evidence.kinds import Kind
from evidence.log import append

QQ_NUMBER = r"^[1-9][0-9]{4,10}\Z"
qq_number_validator = RegexValidator(QQ_NUMBER, NotAQQNumber.message)


class PersonManager(BaseUserManager.from_queryset(KeptQuerySet)):  # type: ignore[misc]
    """Makes the administrators that `createsuperuser` asks for; everyone else joins through `accounts.joining`."""

    @transaction.atomic
    def create_superuser(
        self, qq_number: str, password: str | None = None, *, at: datetime | None = None, **extra: Any
    ) -> "Person":
        """Make an administrator and log it, at `at` or now. Raises ValidationError for what is no number or is taken."""
        at = at or timezone.now()
        person = self.model(qq_number=qq_number, is_staff=True, is_superuser=True, joined_at=at, **extra)
        person.set_password(password)
        person.full_clean(exclude=["password"])
        person.save()
        append(
            kind=Kind.ADMINISTRATOR_MADE,
            at=at,
            facts={"person": person.pk},
            personal={"person_qq": qq_number},
        )
        return person


class Person(Kept, AbstractBaseUser, PermissionsMixin):
    """Who signs in, known by QQ number. The number never changes (2.1.1); only erasure may empty it.

    A number that was invited as a collaborator before it signed up has a row with `joined_at` NULL and no password. Once
    erased, the row has no number, and `erasure` is the uid of the log's entry that says so.
    """

    qq_number = models.CharField(  # noqa: DJ001  NULL says erased, and any number of rows may be.
        _("QQ 号"), max_length=11, unique=True, null=True, validators=[qq_number_validator]
    )
    joined_at = models.DateTimeField(_("注册时间"), null=True)
    is_active = models.BooleanField(_("可以登录"), default=True)
    is_staff = models.BooleanField(_("可以进入后台"), default=False)
    erased_at = models.DateTimeField(_("删除时间"), null=True, editable=False)
    erasure = models.UUIDField(unique=True, null=True, editable=False)

    objects = PersonManager()
    USERNAME_FIELD = "qq_number"
    REQUIRED_FIELDS: list[str] = []
    once = ("joined_at", "erased_at", "erasure")
    only_to_null = ("qq_number",)

    class Meta:
        verbose_name = _("使用者")
        verbose_name_plural = _("使用者")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(qq_number__isnull=True) | models.Q(qq_number__regex=r"^[1-9][0-9]{4,10}\Z"),
                name="accounts_person_qq_number",
            )
        ]

    def __str__(self) -> str:
        if self.qq_number:
            return self.qq_number
        if self.erased_at is None:
            return str(_("（已删除的号码）"))
        told = {"day": timezone.localdate(self.erased_at).isoformat(), "entry": self.erasure}
        return _("（号码已于 %(day)s 删除，记录 %(entry)s）") % told

    @classmethod
    def from_db(cls, db: str, field_names: list[str], values: list[Any]) -> "Person":
        person = super().from_db(db, field_names, values)
        person._stored_number = person.__dict__.get("qq_number")
        return person

    def save(self, *args: Any, **kwargs: Any) -> None:
        stored = getattr(self, "_stored_number", None)
        if not self._state.adding and stored is not None and self.qq_number not in (stored, None):
            raise NeverChanges(rows=self._meta.label)
        super().save(*args, **kwargs)
        self._stored_number = self.__dict__.get("qq_number")

    @property
    def email(self) -> str:
        """Return the mailbox that every QQ number has, '' after erasure; it is where a password reset goes."""
        return f"{self.qq_number}@qq.com" if self.qq_number else ""


class Account(Kept):
    """A developer account: one per QQ number, its owner's; neither transferable nor inheritable (2.1.1)."""

    owner = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    opened_at = models.DateTimeField(_("开通时间"))
    closed_at = models.DateTimeField(_("注销时间"), null=True)

    fixed = ("owner", "opened_at")
    once = ("closed_at",)

    class Meta:
        verbose_name = _("开发者账户")
        verbose_name_plural = _("开发者账户")

    def __str__(self) -> str:
        return str(self.owner)

    @property
    def qq_number(self) -> str:
        """Return the account's QQ number, which is its owner's."""
        return str(self.owner)

    def is_closed(self, *, at: datetime) -> bool:
        """Return whether the account was closed at `at`."""
        return self.closed_at is not None and self.closed_at <= at


class Scope(models.TextChoices):
    """The operations that an owner can name for a collaborator (2.1.5, listed in 2.1.6)."""

    ACCEPT_AGREEMENTS = "accept_agreements", _("确认和同意协议、规则")
    SUBMIT_MATERIAL = "submit_material", _("提交资质材料")
    CHOOSE_SERVICES = "choose_services", _("选择服务类别")
    SETTLE_FEES = "settle_fees", _("费用结算")


class GrantQuerySet(KeptQuerySet):
    """As-of questions about grants."""

    def open_at(self, at: datetime) -> "GrantQuerySet":
        """Return the grants, confirmed or not, that had begun and not ended at `at`."""
        return self.filter(granted_at__lte=at).filter(models.Q(ended_at__isnull=True) | models.Q(ended_at__gt=at))

    def holding_at(self, at: datetime) -> "GrantQuerySet":
        """Return the grants that gave authority at `at`: confirmed and not ended."""
        return self.open_at(at).filter(confirmed_at__lte=at)


class CollaboratorGrant(Kept):
    """An owner's permission for a person to carry out named operations for the account; ended, never deleted."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="grants")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="grants")
    accept_agreements = models.BooleanField(Scope.ACCEPT_AGREEMENTS.label, default=False)
    submit_material = models.BooleanField(Scope.SUBMIT_MATERIAL.label, default=False)
    choose_services = models.BooleanField(Scope.CHOOSE_SERVICES.label, default=False)
    settle_fees = models.BooleanField(Scope.SETTLE_FEES.label, default=False)
    granted_at = models.DateTimeField(_("授权时间"))
    confirmed_at = models.DateTimeField(_("确认时间"), null=True)
    ended_at = models.DateTimeField(_("终止时间"), null=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")

    objects = GrantQuerySet.as_manager()
    history = HistoricalRecords()
    fixed = ("account", "person", *Scope.values, "granted_at")
    once = ("confirmed_at", "ended_at", "ended_by")

    class Meta:
        verbose_name = _("协作者授权")
        verbose_name_plural = _("协作者授权")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=models.Q(ended_at__isnull=True),
                name="accounts_grant_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(accept_agreements=True)
                | models.Q(submit_material=True)
                | models.Q(choose_services=True)
                | models.Q(settle_fees=True),
                name="accounts_grant_names_an_operation",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} → {self.person}"

    @property
    def scopes(self) -> list[Scope]:
        """Return the operations that the grant names, in their fixed order."""
        return [scope for scope in Scope if getattr(self, scope.value)]


class Role(models.TextChoices):
    """What a person may be on the operator's side."""

    PUBLISHER = "publisher", _("发布人")
    APPROVER = "approver", _("审批人")
    AUDITOR = "auditor", _("审计员")


class RoleQuerySet(KeptQuerySet):
    """As-of questions about roles."""

    def held_at(self, at: datetime) -> "RoleQuerySet":
        """Return the holdings that had begun and not ended at `at`."""
        return self.filter(models.Q(ended_at__isnull=True) | models.Q(ended_at__gt=at), given_at__lte=at)


class RoleHolding(Kept):
    """A role that a person holds or held; given and ended by `accounts.appointing`."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    given_at = models.DateTimeField(_("授予时间"))
    given_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("收回时间"), null=True)
    ended_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")

    objects = RoleQuerySet.as_manager()
    history = HistoricalRecords()
    fixed = ("person", "role", "given_at", "given_by")
    once = ("ended_at", "ended_by")

    class Meta:
        verbose_name = _("角色")
        verbose_name_plural = _("角色")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"], condition=models.Q(ended_at__isnull=True), name="accounts_role_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"
