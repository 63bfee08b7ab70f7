"""What `make run` promises: it serves, says plainly when it cannot, keeps the data, and leaves the port at once."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
COMMAND = [sys.executable, "-m", "scripts.run"]


def environment(port: int, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("QIYUE_ENV", "DJANGO_SETTINGS_MODULE")}
    return {**kept, "PORT": str(port), "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}"}


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
            return response.status == 200
    except URLError:
        return False


def refuses(port: int) -> bool:
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) != 0


def wait_until(condition: Callable[[int], bool], port: int, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition(port):
        assert time.monotonic() < deadline, f"not within {seconds} seconds: port {port} {condition.__name__}"
        time.sleep(0.02)


def test_run_serves_twice_and_leaves_the_port_within_a_second(tmp_path: Path) -> None:
    with listening() as port:
        pass
    for _ in ("first start", "second start"):
        server = subprocess.Popen(COMMAND, cwd=ROOT, env=environment(port, tmp_path), stdout=subprocess.PIPE, text=True)
        try:
            wait_until(answers, port, seconds=60)
            # A browser keeps its connection open, which must not keep the port.
            with socket.create_connection(("127.0.0.1", port)):
                server.send_signal(signal.SIGTERM)
                wait_until(refuses, port, seconds=1)
        finally:
            server.terminate()
            output, _ = server.communicate(timeout=10)
        assert f"http://127.0.0.1:{port}/" in output


def test_run_says_in_one_line_that_the_port_is_taken(tmp_path: Path) -> None:
    with listening() as port:
        result = subprocess.run(COMMAND, cwd=ROOT, env=environment(port, tmp_path), capture_output=True, text=True)
    advice = f"Port {port} is in use: stop what listens there, or choose another one with PORT=8001 make run.\n"
    assert (result.returncode, result.stdout, result.stderr) == (1, "", advice)


def test_run_says_in_one_line_that_the_database_does_not_answer(tmp_path: Path) -> None:
    with listening() as port:
        pass
    unreachable = {**environment(port, tmp_path), "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    result = subprocess.run(COMMAND, cwd=ROOT, env=unreachable, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.startswith("Qiyue cannot start: connection failed:")
    assert result.stderr.count("\n") == 1
