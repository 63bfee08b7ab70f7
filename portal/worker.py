"""The work that no request does: sealing, timestamps, evidence packs. It runs in threads of the server, or as `manage.py work`.

Any number of workers may run on any number of machines: whatever one of them does, a lock or a lease keeps from the others.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import close_old_connections, connection
from django.utils import timezone

from assent.pack_requests import make_next_pack, tidy_packs
from evidence.log import seal
from evidence.timestamping import stamp_newest

PAUSE = 0.5  # seconds between two rounds; with it an entry is sealed within a second
SWEEP_EVERY = 3600  # seconds
TIDY_EVERY = 60  # seconds
REMIND_EVERY = 300  # seconds between two lines about a fault that lasts

logger = logging.getLogger(__name__)

Job = Callable[[datetime], object]


class Rounds:
    """The jobs of a worker, each done in turn; what fails is told, and tried again in the next round."""

    def __init__(self) -> None:
        self.swept_at: float | None = None
        self.tidied_at: float | None = None
        self.told: dict[str, tuple[str, float]] = {}

    def seal(self, at: datetime) -> None:
        """Seal what is new; now and then, and at the start, look at everything."""
        now = time.monotonic()
        sweep = self.swept_at is None or now - self.swept_at > SWEEP_EVERY
        seal(at=at, sweep=sweep)
        if sweep:
            self.swept_at = now

    def stamp(self, at: datetime) -> None:
        """Ask for a timestamp over the newest checkpoint, if that is due."""
        stamp_newest(at=at)

    def make_pack(self, at: datetime) -> None:
        """Make the evidence pack that has waited longest."""
        make_next_pack(at=at)

    def tidy_packs(self, at: datetime) -> None:
        """Once a minute, delete the files of evidence packs that are not to be kept."""
        now = time.monotonic()
        if self.tidied_at is None or now - self.tidied_at > TIDY_EVERY:
            tidy_packs(at=at)
            self.tidied_at = now

    def jobs(self) -> tuple[Job, ...]:
        """Return the jobs in their order."""
        return (self.seal,)

    def errands(self) -> tuple[Job, ...]:
        """Return the jobs that ask somebody else over the network and may have to wait for him."""
        return (self.stamp,)

    def labours(self) -> tuple[Job, ...]:
        """Return the jobs that may take minutes."""
        return (self.make_pack, self.tidy_packs)

    def run(self, jobs: Sequence[Job] | None = None) -> None:
        """Do these jobs once, or all."""
        for job in (*self.jobs(), *self.errands(), *self.labours()) if jobs is None else jobs:
            try:
                job(timezone.now())
                self.told.pop(job.__name__, None)
            except Exception as fault:  # Whatever it is, the other jobs go on and this one is tried again.
                self._tell(job.__name__, fault)
                connection.close()

    def _tell(self, name: str, fault: Exception) -> None:
        """Log a fault with its traceback when it is new, and remind of one that lasts."""
        text, since = self.told.get(name, ("", 0.0))
        now = time.monotonic()
        if text != repr(fault) or now - since > REMIND_EVERY:
            logger.error("%s failed: %s", name, fault, exc_info=text != repr(fault))
            self.told[name] = (repr(fault), now)


def work(stop: threading.Event) -> None:
    """Do rounds until `stop` is set; what waits or takes long has a thread of its own, so that nothing stays unsealed for it."""
    rounds = Rounds()
    for jobs, name in ((rounds.errands(), "qiyue-errands"), (rounds.labours(), "qiyue-labours")):
        threading.Thread(target=_repeat, args=(rounds, jobs, stop), name=name, daemon=True).start()
    _repeat(rounds, rounds.jobs(), stop)


def _repeat(rounds: Rounds, jobs: Sequence[Job], stop: threading.Event) -> None:
    while not stop.wait(PAUSE):
        close_old_connections()
        rounds.run(jobs)
    connection.close()


def start_in_background() -> threading.Event:
    """Start a worker in a thread that ends with the process; return the event that stops it before."""
    stop = threading.Event()
    threading.Thread(target=work, args=(stop,), name="qiyue-worker", daemon=True).start()
    return stop
