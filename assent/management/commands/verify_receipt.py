"""verify_receipt: check a receipt or an evidence pack, with the keys of this portal's log where its database is at hand."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.utils import DatabaseError
from django.utils.translation import get_language

from assent import verifier
from assent.checking import signature_is_good
from evidence.models import LogKey


class Command(BaseCommand):
    help = "Check a receipt (JSON) or an evidence pack (ZIP). Exit code 1: it does not hold."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--json", action="store_true", help="print everything that was found as JSON")
        parser.add_argument(
            "--key", action="append", default=[], help="a verifier key that you trust, beside the log's own"
        )

    def handle(self, *, file: Path, key: list[str], **options: Any) -> None:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        report = verifier.check(data, trusted_keys=[*key, *own_keys()], signature=signature_is_good)
        if not report.is_readable:
            [finding] = [finding for finding in report.findings if finding.code == "unreadable"]
            raise CommandError(f"{file}: {verifier.sentence(finding, 'en')}")
        if options["json"]:
            self.stdout.write(json.dumps(verifier.as_json(report), ensure_ascii=False, indent=1))
        else:
            self.stdout.write(verifier.in_words(report, "en" if get_language() == "en" else "zh"))
        if not report.holds:
            sys.exit(1)


def own_keys() -> list[str]:
    """Return the keys of this portal's log; none where there is no database to ask."""
    try:
        return list(LogKey.objects.values_list("verifier_key", flat=True))
    except DatabaseError:
        return []
