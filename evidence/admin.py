"""The admin can look at the log and at everything else; it adds, changes and deletes nothing (invariant 1)."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from evidence.models import Checkpoint, Cosignature, Entry, LogKey, Sealed, Tile, TimestampAttempt


class ReadOnlyAdmin(admin.ModelAdmin):
    """An admin page that shows rows and offers no way to alter them."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    list_display = ("uid", "kind", "at")
    list_filter = ("kind",)
    fields = ("uid", "kind", "at", "canonical")
    readonly_fields = fields

    @admin.display(description="statement")
    def canonical(self, entry: Entry) -> str:
        return bytes(entry.statement).decode()


@admin.register(Sealed)
class SealedAdmin(ReadOnlyAdmin):
    list_display = ("position", "entry")
    list_select_related = ("entry",)


@admin.register(Tile)
class TileAdmin(ReadOnlyAdmin):
    list_display = ("level", "index")


@admin.register(LogKey)
class LogKeyAdmin(ReadOnlyAdmin):
    list_display = ("verifier_key", "introduced_at")


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("number", "size", "at")


@admin.register(Cosignature)
class CosignatureAdmin(ReadOnlyAdmin):
    list_display = ("checkpoint", "witness_key", "received_at")


@admin.register(TimestampAttempt)
class TimestampAttemptAdmin(ReadOnlyAdmin):
    list_display = ("number", "checkpoint", "at", "stamped_at", "error")
