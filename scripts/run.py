"""Prepares the database and serves the portal on this machine: `make run` calls it, after the installation."""

import errno
import os
import socket
import sys
from pathlib import Path

import django
from dj_database_url import ParseError, UnknownSchemeError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError
from environs import EnvError

HOST = "127.0.0.1"
SERVER = ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--workers", "1", "--blocking-threads", "4"]
# Idle browsers keep their connections open; they must not keep a stopped server on its port.
SERVER += ["--workers-kill-timeout", "1", "--log-level", "error"]

# What can keep us from starting without being a fault of the program: each is told in one line.
REFUSALS = (CommandError, EnvError, ImproperlyConfigured, OperationalError, ParseError, UnknownSchemeError)


def port_from(value: str) -> int:
    """The port named by PORT, which must be free; exits with the reason otherwise."""
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        sys.exit(f"PORT is {value!r}: it should be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(value)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(
                    f"Port {value} is in use: stop what listens there, or choose another one with PORT=8001 make run."
                )
            sys.exit(f"Port {value} cannot be used: {error.strerror}.")
    return int(value)


def prepare() -> None:
    """Migrate, and load the demo; in production there is no demo, and the static files are collected instead."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    database = settings.DATABASES["default"]
    print(f"Preparing the database ({database['NAME']}) …", flush=True)
    call_command("migrate", verbosity=0, interactive=False)
    if settings.PRODUCTION:
        call_command("collectstatic", verbosity=0, interactive=False)
    else:
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # whitenoise warns where it is missing
        call_command("load_demo")


def main() -> None:
    """Prepare, then become the server, so that a signal to this process reaches it."""
    port = port_from(os.environ.get("PORT", "8000"))
    try:
        prepare()
    except REFUSALS as error:
        sys.exit(f"Qiyue cannot start: {' '.join(str(error).split())}")
    print(f"Qiyue serves http://{HOST}:{port}/ (Ctrl-C stops it).", flush=True)
    os.execv(
        sys.executable, [sys.executable, "-m", *SERVER, "--host", HOST, "--port", str(port), "portal.wsgi:application"]
    )


if __name__ == "__main__":
    main()
