"""The admin shows acceptances and refusals; it changes nothing."""

from django.contrib import admin

from assent.models import Acceptance, AcceptanceLine, Refusal
from evidence.admin import ReadOnlyAdmin


@admin.register(Acceptance)
class AcceptanceAdmin(ReadOnlyAdmin):
    list_display = ("entry", "account", "actor", "capacity", "basis", "accepted_at")


@admin.register(AcceptanceLine)
class AcceptanceLineAdmin(ReadOnlyAdmin):
    list_display = ("acceptance", "version", "language", "text_sha256")


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin):
    list_display = ("entry", "account", "actor", "version", "refused_at")
