"""Agreements, drafts, versions and their texts: columns, constraints and as-of querysets; no acts."""

from datetime import datetime
from typing import Literal

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.models import Person
from evidence.append_only import AppendOnly, AppendOnlyQuerySet, Kept

State = Literal["in_force", "announced", "superseded", "withdrawn"]


class Language(models.TextChoices):
    """The languages that a text can have; the value is Django's language code."""

    CHINESE = "zh-hans", _("中文")
    ENGLISH = "en", _("英文")


class Binds(models.TextChoices):
    """Whose acceptance an agreement asks for."""

    ACCOUNT = "account", _("账户：任一获授权的 QQ 号同意即可")
    PERSON = "person", _("个人：每个使用者须自行同意")


class LegalProfile(models.TextChoices):
    """Under which law an agreement stands; nobody chooses it on a page yet."""

    PRC_PLATFORM = "prc_platform", _("中国大陆：平台规则")
    PRC_MAJOR = "prc_major", _("中国大陆：平台规则，影响众多用户或重大利益")
    EU_P2B = "eu_p2b", _("欧盟：第 2019/1150 号条例")
    NONE = "none", _("无特别规定")

    @property
    def retention_years(self) -> int:
        """Return for how many years after an account ends its acts are kept, whoever asks for erasure.

        E-Commerce Law 31 says 3. For the profiles outside the PRC it is 0, which says only that Qiyue knows of no such
        floor: counsel sets it before an agreement gets one of them.
        """
        return 3 if self in (LegalProfile.PRC_PLATFORM, LegalProfile.PRC_MAJOR) else 0


class Change(models.TextChoices):
    """What a revision does to the obligations."""

    MATERIAL = "material", _("实质修改")
    EDITORIAL = "editorial", _("文字修改")


def in_reader_language(chinese: str, english: str) -> str:
    """Return the value for the language of the page, or the other one where that is empty."""
    first, second = (english, chinese) if get_language() == "en" else (chinese, english)
    return first or second


class Agreement(Kept):
    """A named document; its texts are its versions."""

    slug = models.SlugField(_("地址"), unique=True)
    name_zh = models.CharField(_("中文名称"), max_length=200)
    name_en = models.CharField(_("英文名称"), max_length=200, blank=True)
    governing_language = models.CharField(_("作准语言"), max_length=10, choices=Language, default=Language.CHINESE)
    binds = models.CharField(_("约束对象"), max_length=10, choices=Binds, default=Binds.ACCOUNT)
    legal_profile = models.CharField(
        _("适用法律"), max_length=20, choices=LegalProfile, default=LegalProfile.PRC_PLATFORM
    )
    created_at = models.DateTimeField(_("创建时间"), default=timezone.now, editable=False)

    history = HistoricalRecords()
    fixed = ("slug", "created_at")

    class Meta:
        verbose_name = _("协议")
        verbose_name_plural = _("协议")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("agreements:current", args=[self.slug])

    @property
    def name(self) -> str:
        """Return the name in the language of the page."""
        return in_reader_language(self.name_zh, self.name_en)


class Draft(Kept):
    """An editable text on its way to being a version."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="drafts")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("创建时间"), default=timezone.now, editable=False)

    fixed = ("agreement", "created_by", "created_at")

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.agreement}: #{self.pk}"

    @property
    def is_published(self) -> bool:
        """Return whether the draft has become a version."""
        return hasattr(self, "version")


class DraftText(models.Model):
    """The text of a draft in one language; every edit is kept by simple-history."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(_("语言"), max_length=10, choices=Language)
    text = models.TextField(_("文本"))
    edited_at = models.DateTimeField(_("编辑时间"), auto_now=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("草稿文本")
        verbose_name_plural = _("草稿文本")
        constraints = [
            models.UniqueConstraint(fields=["draft", "language"], name="agreements_drafttext_one_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.draft} ({self.get_language_display()})"


class VersionQuerySet(AppendOnlyQuerySet):
    """As-of questions: what was public, in force or announced at a moment is a query over times, never a flag."""

    def public(self) -> "VersionQuerySet":
        """Return the versions that were not withdrawn."""
        return self.filter(withdrawal__isnull=True)

    def in_force(self, *, at: datetime) -> "VersionQuerySet":
        """Return the version of each agreement that is in force at `at`: the last to have taken effect.

        Only announced versions can be withdrawn, so a withdrawn one never was in force.
        """
        effective = self.model.objects.public().filter(effective_at__lte=at, agreement=models.OuterRef("agreement"))
        return self.filter(pk=models.Subquery(effective.order_by("-effective_at", "-number").values("pk")[:1]))

    def announced(self, *, at: datetime) -> "VersionQuerySet":
        """Return the versions that are published at `at` and take effect later."""
        return self.public().filter(published_at__lte=at, effective_at__gt=at)

    def with_predecessor_number(self) -> "VersionQuerySet":
        """Return the same versions, each knowing the number of the public version before it."""
        before = self.model.objects.public().filter(
            agreement=models.OuterRef("agreement"), number__lt=models.OuterRef("number")
        )
        return self.annotate(predecessor_number=models.Subquery(before.order_by("-number").values("number")[:1]))

    def open_at(self, *, at: datetime) -> "VersionQuerySet":
        """Return the versions that can be accepted at `at`: those in force and those announced."""
        return self.in_force(at=at) | self.announced(at=at)


class Version(AppendOnly):
    """A published text, numbered per agreement; immutable. Announced, in force, superseded: derived from times."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("版本"))
    draft = models.OneToOneField(Draft, on_delete=models.PROTECT, related_name="version")
    governing_language = models.CharField(_("作准语言"), max_length=10, choices=Language)
    change = models.CharField(_("修改性质"), max_length=10, choices=Change)
    summary_zh = models.TextField(_("中文改动摘要"), blank=True)
    summary_en = models.TextField(_("英文改动摘要"), blank=True)
    published_at = models.DateTimeField(_("公布时间"))
    published_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    effective_at = models.DateTimeField(_("生效时间"))

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("版本")
        verbose_name_plural = _("版本")
        ordering = ["agreement", "number"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="agreements_version_number"),
            models.CheckConstraint(
                condition=models.Q(effective_at__gte=models.F("published_at")), name="agreements_version_not_backdated"
            ),
        ]
        indexes = [models.Index(fields=["agreement", "effective_at"], name="agreements_version_effective")]

    def __str__(self) -> str:
        return f"{self.agreement} {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("agreements:version", args=[self.agreement.slug, self.number])

    @property
    def summary(self) -> str:
        """Return the change summary in the language of the page."""
        return in_reader_language(self.summary_zh, self.summary_en)

    def text_in(self, language: str | None = None) -> "VersionText":
        """Return the text in `language` (None: that of the page), or else the one that governs."""
        texts = {text.language: text for text in self.texts.all()}
        return texts.get(language or get_language() or "") or texts[self.governing_language]

    def state(self, *, at: datetime) -> State:
        """Return what the version is at `at`; announced turns into in force without anything having to run."""
        return self.state_beside(Version.objects.in_force(at=at).filter(agreement=self.agreement_id).first(), at=at)

    def state_beside(self, current: "Version | None", *, at: datetime) -> State:
        """Return what the version is at `at`, when `current` is the version of its agreement then in force."""
        if hasattr(self, "withdrawal"):
            return "withdrawn"
        if self.effective_at > at:
            return "announced"
        return "in_force" if self == current else "superseded"

    def successors(self, *, at: datetime) -> "VersionQuerySet":
        """Return the later versions that have taken effect at `at`, the first one first."""
        later = Version.objects.public().filter(agreement=self.agreement_id, number__gt=self.number)
        return later.filter(effective_at__lte=at).order_by("number")

    @property
    def days_until_effect(self) -> int:
        """Return the calendar days, in the site's time zone, from today to the day of taking effect."""
        return (timezone.localdate(self.effective_at) - timezone.localdate()).days

    @cached_property
    def predecessor_number(self) -> int | None:
        """Return the number of the public version before this one; a list gets it by `with_predecessor_number()`."""
        return Version.objects.with_predecessor_number().values_list("predecessor_number", flat=True).get(pk=self.pk)

    @property
    def compare_url(self) -> str:
        """Return the address of the comparison with the version before, '' for a first version."""
        before = self.predecessor_number
        return reverse("agreements:compare", args=[self.agreement.slug, before, self.number]) if before else ""


class VersionText(AppendOnly):
    """The text of a version in one language, with the HTML that was rendered from it at publication.

    `text` is canonical; `text_sha256`, `text_sm3` and `html_sha256` are hex digests of the UTF-8 bytes.
    """

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="texts")
    language = models.CharField(_("语言"), max_length=10, choices=Language)
    title = models.CharField(_("标题"), max_length=300)
    text = models.TextField(_("正文"))
    text_sha256 = models.CharField(max_length=64)
    text_sm3 = models.CharField(max_length=64)
    html = models.TextField()
    html_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("版本文本")
        verbose_name_plural = _("版本文本")
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="agreements_versiontext_one_per_language")
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.get_language_display()})"

    @property
    def governs(self) -> bool:
        """Return whether this language prevails where texts differ."""
        return self.language == self.version.governing_language


class Withdrawal(AppendOnly):
    """That an announced version was taken back before it took effect."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="withdrawal")
    withdrawn_at = models.DateTimeField(_("撤回时间"))
    withdrawn_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("撤回")
        verbose_name_plural = _("撤回")

    def __str__(self) -> str:
        return str(self.version)


class KeptComparison(models.Model):
    """The comparison of two published texts, known by their digests: derived, so it may be deleted and is made anew."""

    old_sha256 = models.CharField(max_length=64)
    new_sha256 = models.CharField(max_length=64)
    engine = models.PositiveIntegerField()
    rows = models.JSONField()

    class Meta:
        verbose_name = _("保存的比较")
        verbose_name_plural = _("保存的比较")
        constraints = [
            models.UniqueConstraint(fields=["old_sha256", "new_sha256"], name="agreements_keptcomparison_once")
        ]

    def __str__(self) -> str:
        return f"{self.old_sha256[:8]}...{self.new_sha256[:8]} ({self.engine})"
