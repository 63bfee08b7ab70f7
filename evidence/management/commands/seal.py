"""`manage.py seal`: give every entry that waits its place in the tree, and sign a checkpoint over it."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evidence.errors import KeyNotIntroduced
from evidence.log import seal
from evidence.models import Checkpoint


class Command(BaseCommand):
    help = "Seal every log entry that is not sealed yet, look at all of them, and print the newest checkpoint."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--introduce-key", action="store_true", help="sign with our key although the log knows only other keys"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seal(at=timezone.now(), sweep=True, introduce_key=options["introduce_key"])
        except (KeyNotIntroduced, ImproperlyConfigured) as fault:
            raise CommandError(str(fault)) from None
        newest = Checkpoint.objects.order_by("-number").first()
        self.stdout.write(newest.note if newest else "", ending="")
