"""The crash drill: kill -9 of server and sealer at random moments while visitors accept, then everything is held against the log.

Run by tests/assent/test_crash.py within Django, against an empty database of its own. Nothing is preloaded or simulated: the
server is granian as `make run` starts it, the second sealer is `manage.py work`; both only pause less between two rounds
(benchmarks/hurried.py), so that many kills meet a sealer at work.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from uuid import UUID, uuid4

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from assent.models import Acceptance
from benchmarks.population import PASSWORD, number_of, populate
from benchmarks.serving import Answer, Form, Visitor, free_port, kill, start, start_server, wait_until_it_answers
from evidence.checkpoint import VerifierKey, parse
from evidence.kinds import Kind
from evidence.log import prove_consistency, seal
from evidence.merkle import tree_hash, verify_consistency
from evidence.models import Checkpoint, Disclosure, Entry, LogKey, Sealed, Tile
from evidence.tiles import extend

VISITORS = 6
AGREEMENTS = 12
SHORTEST, LONGEST = 0.05, 1.0  # seconds that a server answers until something is killed
WITHOUT_AN_ANSWER = (OSError, HTTPException)
PERSONAL = {"account_qq", "actor_qq", "address", "user_agent"}


class Client(threading.Thread):
    """Somebody who accepts one agreement after the other, and notes what was answered and what was not."""

    def __init__(self, number: int, port: int, account: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.visitor = Visitor(port)
        self.number = number_of(number)
        self.account = account
        self.chance = random.Random(seed)
        self.stop = threading.Event()
        self.values: list[str] = []
        self.answered: dict[UUID, UUID] = {}
        self.unanswered: dict[UUID, Form] = {}
        self.lost = 0
        self.forms: dict[UUID, Form] = {}
        self.faults: list[str] = []

    def arrive(self) -> None:
        """Sign in, and see what is to be accepted."""
        self.visitor.sign_in(self.number, PASSWORD)
        form = self.visitor.accept_form()
        assert form.account == str(self.account)
        self.values = form.documents

    def run(self) -> None:
        form = self.next_form()
        while not self.stop.is_set():
            if self.send(form):
                # An account may accept again what it has accepted: every form is an act of its own, under its own key.
                form = self.next_form()
            elif self.chance.random() < 0.5:
                # The others are sent again at the end, so that we see till then which of them were recorded.
                form = self.next_form()

    def next_form(self) -> Form:
        ticked = self.chance.sample(self.values, self.chance.choice([1, 1, 1, 2, 5]))
        return Form(str(self.account), str(uuid4()), ticked)

    def send(self, form: Form) -> bool:
        """Send the form until something of it can have reached the server; return whether it was answered."""
        key = UUID(form.form_key)
        while not self.stop.is_set():
            try:
                answer = self.visitor.accept(form)
            except ConnectionRefusedError:
                time.sleep(0.01)
            except WITHOUT_AN_ANSWER:
                self.lost += 1
                self.unanswered[key] = form
                return False
            else:
                self.note(key, form, answer)
                return True
        return False

    def note(self, key: UUID, form: Form, answer: Answer) -> None:
        parts = answer.location.split("/")
        if answer.status != 302 or parts[1] != "receipts":
            self.faults.append(f"{form.form_key} was answered with {answer.status}: {answer.text[:200]}")
            return
        uid = UUID(parts[2])
        if self.answered.setdefault(key, uid) != uid:
            self.faults.append(f"{key} has two receipts")
        self.forms[key] = form
        self.unanswered.pop(key, None)

    def send_the_rest(self) -> None:
        """Send again what was never answered, and some of what was: the first receipt has to come back."""
        self.visitor.leave()  # The last kill may have ended this connection without our having noticed.
        for form in list(self.unanswered.values()) + list(self.forms.values())[:: max(1, len(self.forms) // 50)]:
            self.note(UUID(form.form_key), form, self.visitor.accept(form))


class Watcher(threading.Thread):
    """A monitor: it keeps every checkpoint that it sees, and no later one may be smaller."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.visitor = Visitor(port)
        self.stop = threading.Event()
        self.seen: dict[int, str] = {}
        self.faults: list[str] = []

    def run(self) -> None:
        largest = 0
        while not self.stop.wait(0.03):
            try:
                answer = self.visitor.request("GET", "/log/checkpoint")
            except WITHOUT_AN_ANSWER:
                continue
            if answer.status == 404 and not largest:
                continue
            size = parse(answer.text).head.size
            if size < largest or self.seen.setdefault(size, answer.text) != answer.text:
                self.faults.append(f"a checkpoint of {size} was shown after one of {largest}, or another of this size")
            largest = max(size, largest)


class Drill:
    """The processes, those who use them, and what was found."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.port = free_port()
        accounts = populate(visitors=VISITORS, agreements=AGREEMENTS, at=timezone.now())
        self.clients = [Client(n, self.port, account, self.chance.random()) for n, account in enumerate(accounts)]
        self.watcher = Watcher(self.port)
        self.checked: set[UUID] = set()
        self.checkpoints: dict[int, tuple[int, bytes, str]] = {}
        self.killed = {"server": 0, "sealer": 0}
        self.faults: list[str] = []
        self.told = (folder / "told.txt").open("a+b")
        self.start_server()
        self.start_sealer()

    def start_server(self) -> None:
        self.server = start_server(self.port, application="benchmarks.hurried:application", told=self.told)

    def start_sealer(self) -> None:
        self.sealer = start("benchmarks.hurried", told=self.told)

    def hold(self, what: str, is_so: bool) -> None:
        if not is_so:
            self.faults.append(what)

    def run(self, kills: int) -> None:
        try:
            wait_until_it_answers(self.port, self.server)
            for client in self.clients:
                client.arrive()
            for thread in (*self.clients, self.watcher):
                thread.start()
            for number in range(1, kills + 1):
                wait_until_it_answers(self.port, self.server)
                time.sleep(self.chance.uniform(SHORTEST, LONGEST))
                self.kill_and_restart(self.chance.choice(["server", "server", "sealer", "both"]))
                self.check_quickly()
                if number % 10 == 0:
                    print(f"{number} kills, {len(self.checked)} answers", file=sys.stderr, flush=True)
            wait_until_it_answers(self.port, self.server)
            self.end_the_day()
        finally:
            kill(self.server)
            kill(self.sealer)

    def kill_and_restart(self, which: str) -> None:
        self.hold("the sealer ended by itself", self.sealer.poll() is None)
        if which in ("server", "both"):
            kill(self.server)
            self.killed["server"] += 1
        if which in ("sealer", "both"):
            kill(self.sealer)
            self.killed["sealer"] += 1
        if which in ("server", "both"):
            self.start_server()
        if which in ("sealer", "both"):
            self.start_sealer()

    def errors(self) -> list[str]:
        """The lines in which server and sealers told of a fault, without their times."""
        self.told.seek(0)
        lines = [line.decode(errors="replace") for line in self.told if b" ERROR " in line]
        return sorted({line.partition(" ERROR ")[2].strip() for line in lines})

    def check_quickly(self) -> None:
        """What can be asked while everything goes on: each question is one statement, which sees one moment."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM evidence_sealed), (SELECT max(position) + 1 FROM evidence_sealed),"
                " (SELECT max(size) FROM evidence_checkpoint), (SELECT count(*) FROM evidence_checkpoint),"
                " (SELECT max(number) FROM evidence_checkpoint)"
            )
            sealed, positions, size, count, number = cursor.fetchone()
        self.hold(f"{sealed} entries at {positions} places under {size}", sealed == (positions or 0) == (size or 0))
        self.hold(f"{count} checkpoints up to number {number}", count == (number or 0))
        newest = max(self.checkpoints, default=0)
        for one in Checkpoint.objects.filter(number__gt=newest):
            self.checkpoints[one.number] = (one.size, bytes(one.root), one.note)
        self.check_answers()

    def check_answers(self) -> None:
        new = {
            key: uid for client in self.clients for key, uid in list(client.answered.items()) if key not in self.checked
        }
        found = dict(self.recorded(new))
        self.hold(f"{set(new.items()) - set(found.items())} were answered and are not there", found == new)
        self.checked |= set(new)

    @staticmethod
    def recorded(keys: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
        keys, rows = list(keys), []
        for at in range(0, len(keys), 500):
            found = Acceptance.objects.filter(form_key__in=keys[at : at + 500])
            rows += found.values_list("form_key", "entry__uid")
        return rows

    def end_the_day(self) -> None:
        """Nobody accepts any more; what was not answered is counted, sent again, and everything is sealed."""
        for thread in (*self.clients, self.watcher):
            thread.stop.set()
        for thread in (*self.clients, self.watcher):
            thread.join()
        self.wait_for_transactions()
        self.check_quickly()
        self.open = {key for client in self.clients for key in client.unanswered}
        found = self.recorded(self.open)
        self.recorded_unanswered = dict(found)
        self.hold("an unanswered form is there twice", len(found) == len(self.recorded_unanswered))
        answered = sum(len(client.answered) for client in self.clients)
        self.hold("an acceptance that nobody sent", Acceptance.objects.count() == answered + len(found))
        for client in self.clients:
            client.send_the_rest()
        self.check_answers()
        for key, uid in self.recorded_unanswered.items():
            again = [client.answered[key] for client in self.clients if key in client.answered]
            self.hold(f"{key} was recorded and got another receipt", again == [uid])
        kill(self.server)
        kill(self.sealer)
        self.wait_for_transactions()
        seal(at=timezone.now(), sweep=True)
        self.check_acceptances()
        self.check_log()
        self.faults += [fault for one in (*self.clients, self.watcher) for fault in one.faults]

    @staticmethod
    def wait_for_transactions() -> None:
        """PostgreSQL ends what a killed process had begun, or even commits it, when it notices."""
        while connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
                    " AND pid <> pg_backend_pid()"
                )
                if cursor.fetchone() == (0,):
                    return
            time.sleep(0.05)

    def check_acceptances(self) -> None:
        """Each acceptance has its entry, its lines and its personal values, and there is no entry without one."""
        forms = {key: form for client in self.clients for key, form in client.forms.items()}
        rows = Acceptance.objects.select_related("entry").prefetch_related("lines__version__agreement")
        disclosed: dict[int, set[str]] = {}
        for entry, field in Disclosure.objects.filter(entry__kind=Kind.ACCEPTED_EXPRESS).values_list("entry", "field"):
            disclosed.setdefault(entry, set()).add(field)
        entries = set(Entry.objects.filter(kind=Kind.ACCEPTED_EXPRESS).values_list("pk", flat=True))
        self.hold("an acceptance that nobody sent", {row.form_key for row in rows} == set(forms))
        self.hold("an entry without its acceptance", {row.entry_id for row in rows} == entries)
        self.hold("entries that are there twice", len(rows) == len(entries))
        for row in rows:
            sent = sorted(value.split(" ")[0] for value in forms[row.form_key].documents)
            facts = json.loads(bytes(row.entry.statement))["facts"]
            told = sorted(document["agreement"] for document in facts["documents"])
            lines = sorted(line.version.agreement.slug for line in row.lines.all())
            self.hold(f"{row.form_key} is not what was sent", sent == told == lines)
            self.hold(f"{row.form_key} is not whole", disclosed.get(row.entry_id) == PERSONAL)

    def check_log(self) -> None:
        """Everything is sealed once; every checkpoint that anybody saw is signed and begins the next one."""
        rows = list(Sealed.objects.order_by("position").values_list("position", "entry", "entry__leaf_hash"))
        leaves = [bytes(leaf) for _position, _entry, leaf in rows]
        self.hold("a place that is empty", [row[0] for row in rows] == list(range(len(rows))))
        sealed = sorted(row[1] for row in rows)
        self.hold("an entry is not sealed once", sealed == sorted(Entry.objects.values_list("pk", flat=True)))
        tiles = {(tile.level, tile.index): bytes(tile.hashes) for tile in Tile.objects.all()}
        self.hold("the tiles are not those of the tree", tiles == extend(0, {}, leaves))
        self.hold("more than one key was introduced", LogKey.objects.count() == 1)
        key = VerifierKey.parse(LogKey.objects.get().verifier_key)
        before = None
        rows = {one.number: one for one in Checkpoint.objects.order_by("number")}
        for number, one in rows.items():
            note = parse(one.note)
            said = (note.head.size, note.head.root)
            self.hold(f"checkpoint {number} is not what it signs", said == (one.size, bytes(one.root)))
            self.hold(f"checkpoint {number} is not signed", note.is_signed_by(key))
            self.hold(f"checkpoint {number} is not the tree", bytes(one.root) == tree_hash(leaves[: one.size]))
            if before:
                self.check_consistency(before, one)
            before = one
        self.hold("the last checkpoint leaves an entry out", before.size == len(leaves))
        kept = {number: (one.size, bytes(one.root), one.note) for number, one in rows.items()}
        self.hold("a checkpoint is gone", self.checkpoints.items() <= kept.items())
        shown = {one.size: one.note for one in rows.values()}
        self.hold("a checkpoint that was shown is gone", self.watcher.seen.items() <= shown.items())

    def check_consistency(self, old: Checkpoint, new: Checkpoint) -> None:
        proof = prove_consistency(old=old, new=new)
        roots = {"old_root": bytes(old.root), "new_root": bytes(new.root)}
        is_so = verify_consistency(old=old.size, new=new.size, proof=proof, **roots)
        self.hold(f"checkpoint {new.number} does not continue {old.number}", is_so)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(2**32)
    began = time.monotonic()
    call_command("migrate", verbosity=0, interactive=False)
    drill = Drill(options.folder, seed)
    drill.run(options.kills)
    report = {
        "database": connection.vendor,
        "seed": seed,
        "kills": options.kills,
        "killed": drill.killed,
        "answered": sum(len(client.answered) for client in drill.clients),
        "requests without an answer": sum(client.lost for client in drill.clients),
        "never answered": len(drill.open),
        "of these recorded": len(drill.recorded_unanswered),
        "entries": Entry.objects.count(),
        "checkpoints": Checkpoint.objects.count(),
        "checkpoints seen": len(drill.watcher.seen),
        "errors told": drill.errors(),
        "seconds": round(time.monotonic() - began),
        "faults": drill.faults,
    }
    print(json.dumps(report, indent=2, ensure_ascii=False))
    return 1 if drill.faults else 0


if __name__ == "__main__":
    sys.exit(main())
