"""A portal of its own, to measure or to break: a scratch database, a real server process on a free port, and visitors to it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from scripts.run import HOST, SERVER
from scripts.test import second_database

Process = subprocess.Popen[bytes]

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds until a process that does not answer is given up
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|account|form_key)" value="([^"]*)"')
DOCUMENT = re.compile(r'name="documents" value="([^"]*)"')


@contextmanager
def scratch_database(vendor: str, folder: Path, name: str = "scratch") -> Iterator[str]:
    """The address of an empty database: a file in the folder, or one made on the tests' PostgreSQL server and dropped again.

    Raises LookupError where no PostgreSQL server answers.
    """
    if vendor == "sqlite":
        yield f"sqlite:///{folder / name}.sqlite3"
        return
    server = second_database()
    if not server:
        raise LookupError("no PostgreSQL server answers (TEST_DATABASE_URL is not set)")
    parts = urlsplit(server)
    name = f"qiyue_{name}_{os.getpid()}"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(drop)


def environment(database: str, folder: Path) -> dict[str, str]:
    """The environment of a process of that portal, whose log key is in the folder."""
    dropped = ("QIYUE_ENV", "QIYUE_LOG_KEY", "QIYUE_TSA_URL", "QIYUE_WORKER_IN_SERVER")
    return {name: value for name, value in os.environ.items() if name not in dropped} | {
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "QIYUE_LOG_KEY_FILE": str(folder / "log.key"),
        "PYTHONWARNINGS": "ignore:No directory at:UserWarning",  # whitenoise: no static files were collected
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def start(*arguments: str, env: Mapping[str, str] | None = None, told: IO[bytes] | None = None) -> Process:
    """Start a Python module in a process group of its own, so that it can be killed with all its children.

    What it tells on standard error goes to the file `told`, if there is one.
    """
    command = [sys.executable, "-m", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stderr=told, start_new_session=True)


def start_server(
    port: int,
    *,
    application: str = "portal.wsgi:application",
    env: Mapping[str, str] | None = None,
    told: IO[bytes] | None = None,
) -> Process:
    """Start the server as `make run` does, without its preparations."""
    return start(*SERVER, "--host", HOST, "--port", str(port), application, env=env, told=told)


def pause(process: Process) -> None:
    """Let a process started here and its children rest, so that it takes nothing from another one."""
    os.killpg(process.pid, signal.SIGSTOP)


def wake(process: Process) -> None:
    os.killpg(process.pid, signal.SIGCONT)


def kill(process: Process) -> None:
    """Kill a process started here and all its children, with the signal that none can catch; once is enough."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until_it_answers(port: int, process: Process) -> None:
    """Wait for the first page. Raises TimeoutError, or ChildProcessError if the server ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection(HOST, port, timeout=PATIENCE)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        if process.poll() is not None:
            raise ChildProcessError(f"the server ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not answer")
        time.sleep(0.005)


class Answer(NamedTuple):
    """What the server answered."""

    status: int
    location: str
    text: str


class Form(NamedTuple):
    """The form of the accept page: for which account, under which key, and which documents can be ticked."""

    account: str
    form_key: str
    documents: list[str]


class Visitor:
    """A browser as far as it matters: one kept connection, cookies, and the token of the forms."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection(HOST, port, timeout=PATIENCE)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def request(self, method: str, path: str, fields: object = None) -> Answer:
        """Raises OSError or HTTPException where there is no answer; the next request opens a new connection."""
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "User-Agent": "drill",
        }
        body = None
        if fields is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields, doseq=True).encode()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException):
            self.connection.close()
            raise
        for cookie in response.headers.get_all("Set-Cookie", []):
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, response.headers.get("Location", ""), text)

    def leave(self) -> None:
        """Close the connection; the next request opens a new one."""
        self.connection.close()

    def _hidden(self, path: str) -> tuple[dict[str, str], str]:
        answer = self.request("GET", path)
        if answer.status != 200:
            raise AssertionError(f"GET {path}: {answer.status}")
        hidden = dict(HIDDEN.findall(answer.text))
        self.token = hidden["csrfmiddlewaretoken"]
        return hidden, answer.text

    def sign_in(self, number: str, password: str) -> None:
        """Sign in through the form."""
        self._hidden("/sign-in/")
        fields = {"csrfmiddlewaretoken": self.token, "username": number, "password": password}
        answer = self.request("POST", "/sign-in/", fields)
        if answer.status != 302:
            raise AssertionError(f"POST /sign-in/: {answer.status}")

    def accept_form(self) -> Form:
        """Read the form of the accept page."""
        hidden, text = self._hidden("/accept/")
        return Form(hidden["account"], hidden["form_key"], DOCUMENT.findall(text))

    def accept(self, form: Form) -> Answer:
        """Send the form with these documents ticked; a recorded acceptance is answered with the way to its receipt."""
        fields = {"csrfmiddlewaretoken": self.token, **form._asdict()}
        return self.request("POST", "/accept/", fields)
