"""Runs the tests: all of them on SQLite, then those that use the database on PostgreSQL too, where a server answers."""

import os
import subprocess
import sys

import psycopg
from psycopg.conninfo import make_conninfo

from scripts.browser import ensure_browser
from scripts.go import ensure_go

LOCAL_SERVERS = ("postgres://postgres@127.0.0.1:5432/", "postgres:///")
NOTHING_COLLECTED = 5


def answers(url: str) -> str:
    """Why the PostgreSQL server at this address cannot be used for tests; '' if it can."""
    query = "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
    try:
        # The database of the address need not exist: the tests make one beside it.
        with psycopg.connect(make_conninfo(url, dbname="postgres"), connect_timeout=3) as connection:
            row = connection.execute(query).fetchone()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return "" if row and row[0] else "its user may not create databases"


def second_database() -> str:
    """The address of the PostgreSQL to test on: TEST_DATABASE_URL, or a local server, or '' where none answers."""
    named = os.environ.get("TEST_DATABASE_URL")
    if named:
        reason = answers(named)
        if reason:
            sys.exit(f"TEST_DATABASE_URL cannot be used: {reason}")
        return named
    for server in LOCAL_SERVERS:
        if not answers(server):
            # A name of its own, so that two test runs on one machine do not meet.
            return f"{server}qiyue_{os.getpid()}"
    return ""


def run_pytest(*arguments: str, database: str) -> int:
    """Run pytest against one database ('' is SQLite), untouched by what the environment says about the portal's own."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "QIYUE_ENV")
    }
    environment["DATABASE_URL"] = database
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> int:
    """Run both rounds, say at the end what was left out, and fail if either round did."""
    arguments = sys.argv[1:]
    postgresql = second_database()
    remarks = [ensure_browser(), ensure_go() if "soak" in arguments else ""]
    failed = run_pytest(*arguments, database="")
    if postgresql:
        second = run_pytest("--database-only", *arguments, database=postgresql)
        if second != NOTHING_COLLECTED:
            failed = failed or second
            remarks.append("The tests that use the database ran on SQLite and on PostgreSQL.")
    else:
        remarks.append("No PostgreSQL server answered (TEST_DATABASE_URL is not set): the tests ran on SQLite only.")
    for remark in filter(None, remarks):
        print(remark)
    return failed


if __name__ == "__main__":
    sys.exit(main())
