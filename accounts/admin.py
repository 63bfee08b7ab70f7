"""The admin shows people, grants and roles; it changes nothing."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.models import Account, CollaboratorGrant, Person, RoleHolding
from evidence.admin import ReadOnlyAdmin

admin.site.unregister(Group)


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    list_display = ("qq_number", "joined_at", "is_active", "is_superuser", "erased_at")
    search_fields = ("qq_number",)
    exclude = ("password", "groups", "user_permissions")


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("owner", "opened_at", "closed_at")


@admin.register(CollaboratorGrant)
class CollaboratorGrantAdmin(ReadOnlyAdmin):
    list_display = ("account", "person", "granted_at", "confirmed_at", "ended_at")


@admin.register(RoleHolding)
class RoleHoldingAdmin(ReadOnlyAdmin):
    list_display = ("person", "role", "given_at", "ended_at")
