"""Models whose rows are never changed or never deleted: the refusal in Python, before the database's own."""

from typing import Any, ClassVar

from django.db import models

from evidence.errors import NeverChanges


class AppendOnlyQuerySet(models.QuerySet):
    """A queryset that can read and insert, nothing else."""

    def update(self, **kwargs: Any) -> int:
        raise NeverChanges(rows=self.model._meta.label)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise NeverChanges(rows=self.model._meta.label)

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise NeverChanges(rows=self.model._meta.label)


class KeptQuerySet(models.QuerySet):
    """A queryset that cannot delete."""

    def delete(self) -> tuple[int, dict[str, int]]:
        raise NeverChanges(rows=self.model._meta.label)


class Kept(models.Model):
    """A row that may change in the columns that `fixed`, `once`, `only_to_null` and `grows` leave free, and is never deleted.

    `fixed` columns never change. `once` columns may go from NULL to a value, once. `only_to_null` columns may be
    emptied, once (erasure). `grows` columns hold bytes to which more may be added at the end. The triggers of
    `evidence.protection` hold all four against raw SQL too.
    """

    fixed: ClassVar[tuple[str, ...]] = ()
    once: ClassVar[tuple[str, ...]] = ()
    only_to_null: ClassVar[tuple[str, ...]] = ()
    grows: ClassVar[tuple[str, ...]] = ()

    objects = KeptQuerySet.as_manager()

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverChanges(rows=self._meta.label)


class AppendOnly(models.Model):
    """A row that is inserted once and then never changes and is never deleted."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise NeverChanges(rows=self._meta.label)
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverChanges(rows=self._meta.label)
