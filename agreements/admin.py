"""The admin shows agreements, versions and texts; it changes nothing."""

from django.contrib import admin

from agreements.models import Agreement, Draft, Version, VersionText, Withdrawal
from evidence.admin import ReadOnlyAdmin


@admin.register(Agreement)
class AgreementAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name_zh", "governing_language", "binds")


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("agreement", "created_by", "created_at")


@admin.register(Version)
class VersionAdmin(ReadOnlyAdmin):
    list_display = ("agreement", "number", "published_at", "effective_at", "change")


@admin.register(VersionText)
class VersionTextAdmin(ReadOnlyAdmin):
    list_display = ("version", "language", "text_sha256")


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    list_display = ("version", "withdrawn_at", "withdrawn_by")
