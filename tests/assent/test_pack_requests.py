"""Who may ask for a pack, that asking is logged, that no worker's death loses or spoils one, and when files are deleted."""

import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from accounts.appointing import end_role
from accounts.closing import close_account
from accounts.errors import NotAuthorised
from accounts.models import Role
from assent import pack_requests
from assent.erasing import erase_person
from assent.errors import NotSealedYet, PackNotKept
from assent.models import PackRequest
from assent.pack_requests import AT_ONCE, KEPT, LEASE, drop_packs, make_next_pack, open_pack, request_pack, tidy_packs
from assent.packing import Selection
from assent.verifier import check
from evidence.kinds import Kind
from evidence.log import seal
from evidence.models import Checkpoint, Entry
from tests.support import DAY, MONDAY, NOON, accept_versions, at_once, erase_values, publish

pytestmark = pytest.mark.usefixtures("noon", "packs_dir")
CAST = ("alice", "bob", "charlie", "petra", "arno", "audrey", "administrator")


@pytest.fixture
def cast(alice, bob, charlie, petra, arno, audrey, administrator) -> dict[str, Any]:
    return dict(zip(CAST, (alice, bob, charlie, petra, arno, audrey, administrator), strict=True))


@pytest.fixture
def selections(cast, agreement, account, petra) -> dict[str, Selection]:
    """What can be asked for: alice's account, the agreement, an acceptance by herself and one by bob for her."""
    version = publish(agreement, petra)
    own, bobs = (accept_versions(account, cast[name], version) for name in ("alice", "bob"))
    seal(at=MONDAY)
    return {
        "account": Selection(account=account),
        "agreement": Selection(agreement=agreement),
        "own": Selection(acceptance=own),
        "bobs": Selection(acceptance=bobs),
    }


@pytest.fixture
def large(monkeypatch) -> None:
    """Every pack is large enough to be left to a worker."""
    monkeypatch.setattr(pack_requests, "AT_ONCE", 0)


def files() -> list[str]:
    """The files in the storage of packs."""
    root = Path(storages["packs"].location)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("about", "who"),
    [
        ("account", {"alice", "audrey"}),
        ("agreement", {"audrey"}),
        ("own", {"alice", "audrey"}),
        ("bobs", {"alice", "bob", "audrey"}),
    ],
)
def test_who_may_ask(cast, selections, about, who) -> None:
    allowed = set()
    for name, person in cast.items():
        entries = Entry.objects.count()
        try:
            request_pack(selection=selections[about], actor=person, at=NOON)
            allowed.add(name)
        except NotAuthorised:
            assert Entry.objects.count() == entries
    assert allowed == who
    assert PackRequest.objects.count() == len(files()) == len(who)


def test_asking_is_logged_without_naming_anybody(cast, selections) -> None:
    made = request_pack(selection=selections["account"], actor=cast["audrey"], at=NOON)
    entry = Entry.objects.get(kind=Kind.PACK_MADE)
    assert (entry.at, entry.account) == (NOON, None)
    assert {d.field: d.value for d in entry.disclosures.all()} == {"actor_qq": "60006"}
    facts = (
        f'"facts":{{"actor":{cast["audrey"].pk},"checkpoint":1,"pack":"{made.uid}",'
        f'"selection":{{"account":{selections["account"].account.pk}}}}}'
    )
    assert facts in bytes(entry.statement).decode()


def test_a_small_pack_is_made_at_once(cast, selections) -> None:
    made = request_pack(selection=selections["own"], actor=cast["alice"], at=NOON)
    assert (made.state, made.done, made.total, made.checkpoint_id) == ("ready", 3, 3, 1)
    with open_pack(pack=made, person=cast["alice"], at=NOON) as file:
        data = file.read()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (made.size, made.sha256)
    path = Path(storages["packs"].path(made.file))
    assert [oct(p.stat().st_mode & 0o777) for p in (path, path.parent, path.parent.parent)] == [
        "0o600",
        "0o700",
        "0o700",
    ]


def test_only_who_asked_has_the_file_and_only_as_long_as_they_may_ask(cast, selections) -> None:
    made = request_pack(selection=selections["bobs"], actor=cast["audrey"], at=NOON)
    for name in set(CAST) - {"audrey"}:
        with pytest.raises(NotAuthorised):
            open_pack(pack=made, person=cast[name], at=NOON)
    open_pack(pack=made, person=cast["audrey"], at=NOON).close()
    end_role(person=cast["audrey"], role=Role.AUDITOR, actor=cast["administrator"], at=NOON)
    with pytest.raises(NotAuthorised):
        open_pack(pack=made, person=cast["audrey"], at=NOON + DAY)


def test_who_asks_twice_has_one_pack_until_there_is_more_to_prove(cast, selections, agreement, account) -> None:
    alice = cast["alice"]
    first = request_pack(selection=selections["account"], actor=alice, at=NOON)
    assert request_pack(selection=selections["account"], actor=alice, at=NOON + DAY) == first
    assert request_pack(selection=selections["account"], actor=cast["audrey"], at=NOON) != first
    accept_versions(account, alice, agreement.versions.get(), at=NOON)
    seal(at=NOON)
    assert request_pack(selection=selections["account"], actor=alice, at=NOON) != first
    assert Entry.objects.filter(kind=Kind.PACK_MADE).count() == 3


def test_what_is_not_sealed_cannot_be_asked_for(cast, selections, agreement, account) -> None:
    late = accept_versions(account, cast["alice"], agreement.versions.get(), at=NOON)
    with pytest.raises(NotSealedYet):
        request_pack(selection=Selection(acceptance=late), actor=cast["alice"], at=NOON)
    assert PackRequest.objects.count() == 0


def test_a_large_pack_waits_for_a_worker(cast, selections, large) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    assert (asked.state, files()) == ("waiting", [])
    assert make_next_pack(at=NOON) == asked
    asked.refresh_from_db()
    assert (asked.state, asked.done, files()) == ("ready", asked.total, [asked.file])
    assert make_next_pack(at=NOON) is None


def test_workers_take_the_oldest_first(cast, selections, large) -> None:
    asked = [
        request_pack(selection=selections[about], actor=cast["audrey"], at=NOON) for about in ("bobs", "own", "account")
    ]
    assert [make_next_pack(at=NOON) for _ in range(4)] == [*asked, None]


def test_the_lease_of_a_dead_worker_ends_and_another_makes_the_same(cast, selections, large) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    # Killed between saving its file and saying so.
    PackRequest.objects.update(leased_until=NOON + LEASE, done=2)
    storages["packs"].save(f"{asked.uid}/half.zip", ContentFile(b"PK half"))
    assert make_next_pack(at=NOON + LEASE - timedelta(seconds=1)) is None
    assert make_next_pack(at=NOON + LEASE) == asked
    asked.refresh_from_db()
    assert (asked.state, files()) == ("ready", [asked.file])
    again = request_pack(selection=selections["account"], actor=cast["audrey"], at=NOON)
    make_next_pack(at=NOON)
    again.refresh_from_db()
    assert again.sha256 == asked.sha256


def test_the_lease_is_renewed_while_the_work_goes_on(cast, selections, large) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    seen = []

    def clock() -> datetime:
        seen.append(PackRequest.objects.get().leased_until)
        assert make_next_pack(at=NOON + LEASE * len(seen) - timedelta(seconds=1)) is None
        return NOON + LEASE * len(seen)

    make_next_pack(at=NOON, clock=clock)
    asked.refresh_from_db()
    assert (asked.state, seen[:2]) == ("ready", [NOON + LEASE, NOON + 2 * LEASE])


def test_a_second_worker_on_the_same_pack_spoils_nothing(cast, selections, large) -> None:
    """The first was thought dead: it comes second, and leaves the pack as it found it."""
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    ready: list[PackRequest] = []

    def clock() -> datetime:
        if not ready:
            ready.append(PackRequest.objects.get())
            assert make_next_pack(at=NOON + 2 * LEASE) == asked
            ready[0].refresh_from_db()
        return NOON + 2 * LEASE

    make_next_pack(at=NOON, clock=clock)
    asked.refresh_from_db()
    assert (asked.state, asked.file, files()) == ("ready", ready[0].file, [ready[0].file])


def test_a_failed_making_is_told_and_tried_again_after_the_lease(cast, selections, large, packs_dir) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    packs_dir.rmdir()
    packs_dir.write_text("no folder")
    with pytest.raises(FileExistsError):
        make_next_pack(at=NOON)
    asked.refresh_from_db()
    assert (asked.state, asked.error[:15]) == ("working", "FileExistsError")
    assert make_next_pack(at=NOON) is None
    packs_dir.unlink()
    make_next_pack(at=NOON + LEASE)
    asked.refresh_from_db()
    assert (asked.state, asked.error) == ("ready", "")


def test_a_file_is_deleted_after_a_week(cast, selections) -> None:
    made = request_pack(selection=selections["own"], actor=cast["alice"], at=NOON)
    tidy_packs(at=NOON + KEPT - timedelta(seconds=1))
    assert files() == [made.file]
    tidy_packs(at=NOON + KEPT)
    made.refresh_from_db()
    assert (made.state, files(), os.listdir(storages["packs"].location)) == ("gone", [], [])
    with pytest.raises(PackNotKept):
        open_pack(pack=made, person=cast["alice"], at=NOON + KEPT)
    again = request_pack(selection=selections["own"], actor=cast["alice"], at=NOON + KEPT)
    assert (again != made, again.sha256) == (True, made.sha256)


def test_an_erasure_deletes_the_packs_that_show_the_value_and_no_others(
    cast, selections, django_capture_on_commit_callbacks
) -> None:
    audrey = cast["audrey"]
    made = {about: request_pack(selection=selections[about], actor=audrey, at=NOON) for about in selections}
    with django_capture_on_commit_callbacks(execute=True):
        erase_values(cast["bob"].pk, cast["administrator"], [(selections["bobs"].acceptance.entry, "address")])
        drop_packs(at=NOON)
        assert len(files()) == 4
    for request in made.values():
        request.refresh_from_db()
    assert {about: request.state for about, request in made.items()} == {
        "account": "gone",
        "agreement": "gone",
        "own": "ready",
        "bobs": "gone",
    }
    assert files() == [made["own"].file]
    with pytest.raises(NotSealedYet):
        request_pack(selection=selections["bobs"], actor=audrey, at=NOON)
    seal(at=NOON)
    again = request_pack(selection=selections["bobs"], actor=audrey, at=NOON)
    tidy_packs(at=NOON)
    again.refresh_from_db()
    assert (again.state, again.erased) == ("ready", 1)


def test_a_person_who_is_erased_stands_in_no_file_and_the_next_pack_proves_it(
    cast, selections, account, django_capture_on_commit_callbacks
) -> None:
    audrey = cast["audrey"]
    made = [request_pack(selection=selection, actor=audrey, at=NOON) for selection in selections.values()]
    close_account(account=account, actor=cast["alice"], at=NOON)
    later = NOON.replace(year=NOON.year + 4)
    with django_capture_on_commit_callbacks(execute=True):
        erase_person(person=cast["alice"], actor=cast["administrator"], at=later)
    assert files() == []
    assert not PackRequest.objects.filter(pk__in=[request.pk for request in made], dropped_at=None).exists()
    seal(at=later)
    again = request_pack(selection=Selection(account=account), actor=audrey, at=later)
    with open_pack(pack=again, person=audrey, at=later) as file:
        data = file.read()
    assert b"20002" not in data
    report = check(data)
    assert (report.holds, again.erased) == (True, sum(finding.code == "erased" for finding in report.findings))
    assert again.erased > 8


def test_an_erasure_while_a_pack_is_made_leaves_no_file(cast, selections, large) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)

    def clock() -> datetime:  # Asked once all values are read.
        if not Entry.objects.filter(kind=Kind.PERSON_ERASED).exists():
            erase_values(cast["bob"].pk, cast["administrator"], [(selections["bobs"].acceptance.entry, "address")])
        return NOON

    make_next_pack(at=NOON, clock=clock)
    asked.refresh_from_db()
    assert (asked.state, files()) == ("gone", [])


def test_an_erasure_before_a_waiting_pack_is_made_ends_it(cast, selections, large) -> None:
    asked = request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)
    erase_values(cast["bob"].pk, cast["administrator"], [(selections["bobs"].acceptance.entry, "address")])
    seal(at=NOON)
    make_next_pack(at=NOON)
    asked.refresh_from_db()
    assert (asked.state, asked.finished_at, files(), make_next_pack(at=NOON + DAY)) == ("gone", None, [], None)


def test_a_lost_file_is_told_of(cast, selections) -> None:
    made = request_pack(selection=selections["own"], actor=cast["alice"], at=NOON)
    storages["packs"].delete(made.file)
    with pytest.raises(PackNotKept):
        open_pack(pack=made, person=cast["alice"], at=NOON)


@pytest.mark.parametrize("about", [(), ("account", "acceptance"), ("agreement", "acceptance")])
def test_the_database_keeps_a_request_to_one_thing(cast, selections, about) -> None:
    values = {
        "account": selections["account"].account,
        "agreement": selections["agreement"].agreement,
        "acceptance": selections["own"].acceptance,
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        PackRequest.objects.create(
            asked_by=cast["alice"],
            checkpoint=Checkpoint.objects.get(),
            asked_at=NOON,
            total=1,
            **{name: values[name] for name in about},
        )


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_have_one_pack(cast, selections) -> None:
    def ask() -> PackRequest:
        return request_pack(selection=selections["account"], actor=cast["alice"], at=NOON)

    first, second = at_once(ask, ask)
    assert first == second
    assert (PackRequest.objects.count(), len(files())) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_work(cast, selections, large) -> None:
    asked = [
        request_pack(selection=selections[about], actor=cast["audrey"], at=NOON) for about in ("account", "agreement")
    ]
    done = at_once(lambda: make_next_pack(at=NOON), lambda: make_next_pack(at=NOON))
    assert sorted(request.pk for request in done) == [request.pk for request in asked]
    assert len(files()) == 2


def test_a_pack_at_once_is_one_of_a_few_hundred_records() -> None:
    assert AT_ONCE == 200
