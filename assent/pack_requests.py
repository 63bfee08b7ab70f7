"""request_pack(): who asks for an evidence pack; make_next_pack(): a worker's share; and when its file is deleted."""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from os import SEEK_END
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.authority import may_audit, may_read_acts_of
from accounts.errors import NotAuthorised
from accounts.holding import hold_person
from accounts.models import Person
from assent.errors import NotSealedYet, PackNotKept
from assent.models import PackRequest
from assent.packing import Selection, acts_of, checkpoint_over, contents_of, write_pack
from evidence.kinds import Kind
from evidence.log import append
from evidence.models import Disclosure

AT_ONCE = 200
"""A pack of at most so many records is made while its asker waits; a larger one by a worker."""

LEASE = timedelta(minutes=2)
"""For how long a worker that tells nothing more keeps a request from the others."""

KEPT = timedelta(days=7)
"""For how long the file of a pack is kept."""


def may_ask(*, selection: Selection, person: Person, at: datetime) -> bool:
    """May the person have a pack of this: the owner of their account, everyone of their own acts, an auditor of anything?"""
    if selection.acceptance is not None:
        account, actor = selection.acceptance.account, selection.acceptance.actor
    elif selection.account is not None:
        account, actor = selection.account, selection.account.owner
    else:
        return may_audit(person=person, at=at)
    return may_read_acts_of(person=person, account=account, actor=actor, at=at)


def selection_of(pack: PackRequest) -> Selection:
    """Return what a request is about."""
    return Selection(account=pack.account, agreement=pack.agreement, acceptance=pack.acceptance)


def request_pack(*, selection: Selection, actor: Person, at: datetime) -> PackRequest:
    """Record and log that `actor` asks for a pack, and make it where it is small.

    One that the same person asked for before, over the same checkpoint, and that is made or being made, is returned instead.
    Raises NotAuthorised, NotSealedYet, NoSuchPerson (erased meanwhile).
    """
    if not may_ask(selection=selection, person=actor, at=at):
        raise NotAuthorised
    contents = contents_of(selection, checkpoint=None)
    checkpoint = checkpoint_over(contents)
    about = {"account": selection.account, "agreement": selection.agreement, "acceptance": selection.acceptance}
    with transaction.atomic():
        hold_person(actor)  # The second click waits for the first, and either for an erasure.
        earlier = PackRequest.objects.filter(asked_by=actor, checkpoint=checkpoint, dropped_at__isnull=True, **about)
        if found := earlier.filter(Q(finished_at__isnull=True) | Q(finished_at__gt=at - KEPT)).first():
            return found
        pack = PackRequest.objects.create(
            asked_by=actor, checkpoint=checkpoint, asked_at=at, total=len(contents), **about
        )
        append(
            kind=Kind.PACK_MADE,
            at=at,
            facts={
                "pack": str(pack.uid),
                "selection": selection.named(),
                "checkpoint": checkpoint.number,
                "actor": actor.pk,
            },
            personal={"actor_qq": str(actor)},
        )
    # The row is there for all to see before the first value is read: whoever erases one from now on finds it.
    if pack.total <= AT_ONCE and _lease(pack, at=at):
        _make(pack, clock=timezone.now)
        pack.refresh_from_db()
    return pack


def _open_requests(*, at: datetime) -> QuerySet[PackRequest]:
    """Return the requests that wait for a worker, those whose worker has fallen silent among them, the oldest first."""
    unfinished = PackRequest.objects.filter(finished_at__isnull=True, dropped_at__isnull=True)
    return unfinished.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=at)).order_by("pk")


def _lease(pack: PackRequest, *, at: datetime) -> bool:
    """Take a request for a while; False where somebody else was faster."""
    return _open_requests(at=at).filter(pk=pack.pk).update(leased_until=at + LEASE, done=0, error="") == 1


def make_next_pack(*, at: datetime, clock: Callable[[], datetime] = timezone.now) -> PackRequest | None:
    """Make the pack that has waited longest; None where none waits.

    The lease is renewed from the `clock` while the work goes on. Where a worker dies, it runs out and another one begins
    anew; where two work on one pack they make the same bytes, and the first to finish has made it.
    """
    for pack in _open_requests(at=at):
        if _lease(pack, at=at):
            _make(pack, clock=clock)
            return pack
    return None


def _make(pack: PackRequest, *, clock: Callable[[], datetime]) -> None:
    """Write the file of a leased request. What fails is told on the request, raised, and tried again after the lease."""
    mine = PackRequest.objects.filter(pk=pack.pk, finished_at__isnull=True, dropped_at__isnull=True)
    storage = storages["packs"]

    def progress(done: int) -> None:
        mine.update(done=done, leased_until=clock() + LEASE)

    try:
        Path(storage.location).mkdir(mode=0o700, parents=True, exist_ok=True)
        # Without a name, so that nothing is left of it where the worker dies.
        with tempfile.TemporaryFile(dir=storage.location) as file:
            selection = selection_of(pack)
            erased = write_pack(file, selection=selection, checkpoint=pack.checkpoint, progress=progress)
            size, sha256 = file.seek(0, SEEK_END), _sha256(file)
            name = storage.save(f"{pack.uid}/{uuid4()}.zip", File(file))
    except NotSealedYet:  # A value was erased meanwhile, and this checkpoint cannot tell by which erasure.
        _drop(pack, at=clock())
        return
    except Exception as fault:
        mine.update(error=repr(fault)[:1000])
        raise
    made = {"file": name, "size": size, "sha256": sha256, "erased": erased, "finished_at": clock(), "error": ""}
    if mine.update(done=pack.total, **made):
        pack.refresh_from_db()
        _drop_if_stale(pack, at=clock())
    _sweep(pack)


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


def open_pack(*, pack: PackRequest, person: Person, at: datetime) -> File:
    """Return the file of a pack, for who asked for it and may still have it. Raises NotAuthorised, PackNotKept."""
    if not may_open(pack=pack, person=person, at=at):
        raise NotAuthorised
    if pack.state != "ready":
        raise PackNotKept
    try:
        return storages["packs"].open(pack.file)
    except FileNotFoundError:
        raise PackNotKept from None


def may_open(*, pack: PackRequest, person: Person, at: datetime) -> bool:
    """May the person see a request and have its file: who asked, as long as they may ask?"""
    return pack.asked_by_id == person.pk and may_ask(selection=selection_of(pack), person=person, at=at)


def drop_packs(*, at: datetime) -> None:
    """Once the transaction is committed, delete the file of every pack that shows a value that is now erased."""
    # What fails then is told, and done by the next `tidy_packs`: the erasure itself has happened.
    transaction.on_commit(partial(_drop_stale, at=at), robust=True)


def _drop_stale(*, at: datetime) -> None:
    for pack in PackRequest.objects.filter(finished_at__isnull=False, dropped_at__isnull=True):
        _drop_if_stale(pack, at=at)


def _drop_if_stale(pack: PackRequest, *, at: datetime) -> None:
    """Drop a pack that shows fewer values as erased than are erased: it was made, or its values read, before."""
    acts = acts_of(selection_of(pack)).filter(sealed__position__lt=pack.checkpoint.size)
    if Disclosure.objects.filter(entry__in=acts, value__isnull=True).count() != pack.erased:
        _drop(pack, at=at)


def tidy_packs(*, at: datetime) -> None:
    """Delete the files of packs that were made a week ago, and of those that an erasure has overtaken."""
    for pack in PackRequest.objects.filter(finished_at__lte=at - KEPT, dropped_at__isnull=True):
        _drop(pack, at=at)
    _drop_stale(at=at)


def _drop(pack: PackRequest, *, at: datetime) -> None:
    """Delete every file of a request, and note it. The files go first: what a crash leaves undone is found again."""
    _delete_files(pack, kept="")
    PackRequest.objects.filter(pk=pack.pk, dropped_at__isnull=True).update(dropped_at=at)
    _sweep(pack)


def _sweep(pack: PackRequest) -> None:
    """Delete what workers that died or came second have left, and everything of a request that is dropped."""
    kept = PackRequest.objects.filter(pk=pack.pk, dropped_at__isnull=True).values_list("file", flat=True).first()
    _delete_files(pack, kept=kept or "")


def _delete_files(pack: PackRequest, *, kept: str) -> None:
    storage, folder = storages["packs"], str(pack.uid)
    with suppress(FileNotFoundError):
        for name in storage.listdir(folder)[1]:
            if f"{folder}/{name}" != kept:
                storage.delete(f"{folder}/{name}")
        if not kept:
            storage.delete(folder)
