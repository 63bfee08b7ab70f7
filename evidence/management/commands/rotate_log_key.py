"""`manage.py rotate_log_key`: replace the signing key in the log's key file, or make one for the environment."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evidence.errors import Refusal
from evidence.rotating import new_key, rotate_key_file


class Command(BaseCommand):
    help = (
        "Make a new signing key, let a checkpoint be signed by it and by those in QIYUE_LOG_KEY_FILE, "
        "and keep it alone in that file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--print-new", action="store_true", help="only print a new secret key, for QIYUE_LOG_KEY; change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["print_new"]:
                self.stdout.write(new_key().export())
                return
            new, old = rotate_key_file(at=timezone.now())
        except (Refusal, ImproperlyConfigured) as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(f"signs from now on: {new}")
        for key in old:
            self.stdout.write(f"signs no longer:   {key}")
