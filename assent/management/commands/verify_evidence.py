"""verify_evidence: hold the whole database against the log, and say what does not agree."""

import json
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.utils import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from assent.verifying import rows_to_read, verify_evidence
from evidence.findings import Findings

BAR = 30
EVERY = {True: 0.2, False: 10.0}
"""Seconds between two signs of progress: on a terminal, and in a file."""


class Bar:
    """Tells on standard error how far the work is: a bar on a terminal, a line now and then in a file."""

    def __init__(self, stream: Any, total: int) -> None:
        self.stream, self.total, self.done = stream, total, 0
        self.on_terminal = stream.isatty()
        self.began = self.told = time.monotonic()

    def __call__(self, rows: int) -> None:
        self.done += rows
        now = time.monotonic()
        if now - self.told >= EVERY[self.on_terminal]:
            self.told = now
            self.tell()

    def tell(self) -> None:
        part = min(1.0, self.done / self.total) if self.total else 1.0
        speed = self.done / max(time.monotonic() - self.began, 0.001)
        words = f"{part:4.0%} {self.done:,} / {self.total:,}  {speed:,.0f} rows/s"
        if self.on_terminal:
            filled = round(BAR * part)
            self.stream.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {words} ", ending="")
            self.stream.flush()
        else:
            self.stream.write(words)

    def finish(self) -> None:
        """Leave the terminal's line clean; in a file, say once how fast it was."""
        if self.on_terminal:
            self.stream.write("\r\033[K", ending="")
        else:
            self.tell()


class Command(BaseCommand):
    help = "Hold every row of the database against the log, and the log against itself. Exit code 1: something does not agree."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")

    def handle(self, **options: Any) -> None:
        try:
            bar = Bar(self.stderr, rows_to_read())
            findings = verify_evidence(at=timezone.now(), progress=bar)
        except DatabaseError as error:
            raise CommandError(f"{str(error).splitlines()[0]} (has `manage.py migrate` been run?)") from None
        bar.finish()
        if options["json"]:
            self.stdout.write(json.dumps(findings.as_json(), ensure_ascii=False, indent=1))
        else:
            self.print(findings)
        if not findings.ok:
            sys.exit(1)

    def print(self, findings: Findings) -> None:
        for mismatch in findings.mismatches:
            self.stdout.write(f"{mismatch.table} {mismatch.row}: {mismatch.problem}")
            if mismatch.stored or mismatch.logged:
                self.stdout.write(_("    表中：%(stored)s") % {"stored": mismatch.stored or "–"})
                self.stdout.write(_("    日志：%(logged)s") % {"logged": mismatch.logged or "–"})
        if findings.total > len(findings.mismatches):
            more = findings.total - len(findings.mismatches)
            self.stdout.write(_("另有 %(count)s 处不符，没有逐一列出。") % {"count": more})
        for warning in findings.warnings:
            self.stdout.write(_("注意：%(warning)s") % {"warning": warning})
        counts = ", ".join(f"{name} {count:,}" for name, count in sorted(findings.checked.items()))
        self.stdout.write(_("已核对：%(counts)s") % {"counts": counts})
        if findings.ok:
            self.stdout.write(_("数据库与日志完全一致。"))
        else:
            self.stdout.write(_("有 %(count)s 处与日志不符。") % {"count": findings.total})
