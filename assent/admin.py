"""The admin shows acceptances, refusals and legal holds; it changes nothing."""

from django.contrib import admin

from assent.models import Acceptance, AcceptanceLine, LegalHold, Refusal
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


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    list_display = ("person", "placed_at", "placed_by", "lifted_at", "lifted_by")
