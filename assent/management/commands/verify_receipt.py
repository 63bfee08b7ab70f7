"""verify_receipt FILE: check a receipt or a pack, and compare it with this portal's log."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.utils import DatabaseError

from assent import verifier
from assent.checking import check_file
from assent.errors import FileTooLarge


class Command(BaseCommand):
    help = (
        "Check a receipt or an evidence pack against this portal's log. "
        "Exit code 1: it does not hold, or is not this log's; 2: it cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="a receipt (JSON) or an evidence pack (ZIP)")
        parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")

    def handle(self, **options: Any) -> None:
        try:
            checked = check_file(options["file"].read_bytes())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}", returncode=2) from None
        except FileTooLarge as refusal:
            raise CommandError(f"{options['file']}: {refusal}", returncode=2) from None
        except DatabaseError as error:
            raise CommandError(f"{str(error).splitlines()[0]} (has `manage.py migrate` been run?)") from None
        report = checked.report
        compared = {
            "is_own_key": checked.is_own_key,
            "is_own_checkpoint": checked.is_own_checkpoint,
            "is_own_entry": checked.is_own_entry,
            "is_own_authority": checked.is_own_authority,
            "is_of_this_log": checked.is_of_this_log,
        }
        if options["json"]:
            told = {"file": str(options["file"]), **verifier.as_json(report), **compared}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write(f"{options['file']}: {verifier.in_words(report, None)}")
            signs = {True: "+", False: "X", None: "?"}
            for name, holds in compared.items():
                self.stdout.write(f"  {signs[holds]} {name}")
        if not checked.is_of_this_log:
            sys.exit(1 if report.is_readable else 2)
