"""`manage.py work`: a worker in a process of its own, for installations whose servers have none (QIYUE_WORKER_IN_SERVER=false)."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from portal.worker import work


class Command(BaseCommand):
    help = "Seal the log and do what else no request does, until stopped. Any number of these may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        work(stop)
