"""What the log costs an acceptance: the same form, sent to the portal and to one that takes entries made beforehand, in turn."""

import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.serving import (
    HOST,
    ROOT,
    Process,
    Visitor,
    environment,
    free_port,
    kill,
    pause,
    scratch_database,
    start_server,
    wait_until_it_answers,
    wake,
)

CLIENTS = (1, 8, 32)
AGREEMENTS = 12
WARM_UP = 0.5  # seconds
FASTEST = 400  # acceptances per second that the control will not reach, for each of which it has an entry
PASSWORD = "seven quiet lanterns"
FORM_KEY = str(uuid4())


@dataclass
class Side:
    """One of the two portals: its server, and the requests of its visitors with a place for the form's key."""

    process: Process
    port: int
    requests: list[tuple[bytes, bytes]]


@dataclass
class Load:
    """What a number of clients got done in a number of seconds."""

    times: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds


@contextmanager
def portal(vendor: str, folder: Path, *, logged: bool, entries: int) -> Iterator[Side]:
    """A populated portal whose visitors have signed in."""
    name = "logged" if logged else "unlogged"
    with scratch_database(vendor, folder, name) as database:
        env = environment(database, folder) | {"QIYUE_WORKER_IN_SERVER": "true" if logged else "false"}
        populate = ["--visitors", str(max(CLIENTS)), "--agreements", str(AGREEMENTS)]
        populate += [] if logged else ["--entries", str(entries)]
        command = [sys.executable, "-m", "benchmarks.within", "benchmarks.population", *populate]
        subprocess.run(command, cwd=ROOT, env=env, check=True)
        port = free_port()
        module = "portal.wsgi" if logged else "benchmarks.unlogged"
        process = start_server(port, application=f"{module}:application", env=env)
        try:
            wait_until_it_answers(port, process)
            yield Side(process, port, [request_of(port, n) for n in range(max(CLIENTS))])
        finally:
            wake(process)
            kill(process)


def request_of(port: int, n: int) -> tuple[bytes, bytes]:
    """Sign in as a visitor; return the request that accepts one agreement, cut in two where the form's key belongs."""
    visitor = Visitor(port)
    visitor.sign_in(str(20001 + n), PASSWORD)
    form = visitor.accept_form()
    fields = {
        "csrfmiddlewaretoken": visitor.token,
        **form._asdict(),
        "form_key": FORM_KEY,
        "documents": form.documents[n % AGREEMENTS],
    }
    body = urlencode(fields)
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    head = (
        f"POST /accept/ HTTP/1.1\r\nHost: {HOST}:{port}\r\nUser-Agent: benchmark\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    before, _key, after = (head + body).partition(FORM_KEY)
    return before.encode(), after.encode()


def load(side: Side, clients: int, seconds: float) -> Load:
    """Let so many clients accept, each as soon as it has its answer, on a connection that it keeps.

    One thread serves all of them, and reads no more of an answer than it needs: what the client takes is not to be measured.
    """
    found = Load()
    poll = selectors.DefaultSelector()
    began = time.perf_counter()
    start, end = began + WARM_UP, began + WARM_UP + seconds
    connections = []

    def send(connection: socket.socket, n: int) -> None:
        before, after = side.requests[n]
        connection.sendall(before + str(uuid4()).encode() + after)

    sent = [0.0] * clients
    for n in range(clients):
        connection = socket.create_connection((HOST, side.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(connection, selectors.EVENT_READ, n)
        connections.append(connection)
        sent[n] = time.perf_counter()
        send(connection, n)
    waiting = clients
    while waiting:
        for key, _events in poll.select(60):
            n, answer = key.data, key.fileobj.recv(65536)
            while b"\r\n\r\n" not in answer:
                answer += key.fileobj.recv(65536)
            now = time.perf_counter()
            if not answer.startswith(b"HTTP/1.1 302 ") or b"/receipts/" not in answer:
                raise AssertionError(answer[:300].decode(errors="replace"))
            if start <= now < end:
                found.times.append(now - sent[n])
            if now >= end:
                waiting -= 1
                poll.unregister(key.fileobj)
                continue
            sent[n] = now
            send(key.fileobj, n)
    for connection in connections:
        connection.close()
    found.seconds = seconds
    return found


def measure(vendor: str, *, rounds: int, seconds: float) -> dict[str, Any]:
    """Both portals in turn, one of them resting; the order changes from round to round."""
    entries = int(rounds * len(CLIENTS) * (seconds + WARM_UP + 1) * FASTEST)
    loads: dict[tuple[int, bool], list[Load]] = {(n, logged): [] for n in CLIENTS for logged in (True, False)}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sides = {
            logged: stack.enter_context(portal(vendor, folder, logged=logged, entries=entries))
            for logged in (True, False)
        }
        for side in sides.values():
            pause(side.process)
        for number in range(rounds):
            for clients in CLIENTS:
                for logged in (True, False) if number % 2 else (False, True):
                    wake(sides[logged].process)
                    loads[clients, logged].append(load(sides[logged], clients, seconds))
                    pause(sides[logged].process)
            print(f"{vendor}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return {str(n): figures(loads[n, True], loads[n, False]) for n in CLIENTS}


def figures(logged: list[Load], unlogged: list[Load]) -> dict[str, Any]:
    """The ratio of the rates by round, and the rates and times of both sides."""
    ratios = [with_log.rate / without.rate for with_log, without in zip(logged, unlogged, strict=True)]
    told: dict[str, Any] = {"ratio": median(ratios), "ratios": sorted(ratios)}
    for name, loads in (("logged", logged), ("unlogged", unlogged)):
        cuts = quantiles([one for each in loads for one in each.times], n=100)
        rates = sorted(each.rate for each in loads)
        told[name] = {"rate": median(rates), "rates": rates, "p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000}
    return told
