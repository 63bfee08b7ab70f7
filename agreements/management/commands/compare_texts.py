"""compare_texts: what changed between two texts in Markdown, clause by clause, for reading or as JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from agreements.comparison_text import as_text
from agreements.phrasing import language_of
from agreements.reading import MAX_BYTES
from agreements.text.canonical import ForbiddenCharacter, canonical
from agreements.text.clauses import Outline, parse
from agreements.text.comparing import compare
from agreements.text.front_matter import front_changes


class Command(BaseCommand):
    help = "Compare the Markdown texts OLD and NEW clause by clause; touches no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", metavar="OLD", type=Path)
        parser.add_argument("new", metavar="NEW", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print all rows as JSON")

    def handle(self, *, old: Path, new: Path, as_json: bool, **options: object) -> None:
        before, after = outline_of(old), outline_of(new)
        comparison = compare(before, after)
        if as_json:
            self.stdout.write(json.dumps(comparison.as_json(), ensure_ascii=False))
            return
        with translation.override(language_of(after)):
            title = after.title or before.title or new.name
            front = front_changes(before, after)
            self.stdout.write(as_text(comparison, title=title, sides=[str(old), str(new)], front=front), ending="")


def outline_of(file: Path) -> Outline:
    """Return the parsed text of a UTF-8 file, or say in one line why it has none."""
    try:
        with file.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise CommandError(f"{file}: larger than {MAX_BYTES:,} bytes, no agreement is")
    try:
        text = canonical(data.decode())
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: not UTF-8 (byte {error.start})") from None
    except ForbiddenCharacter as error:
        raise CommandError(f"{file}: {error}") from None
    outline = parse(text)
    if not outline.units:
        raise CommandError(f"{file}: no clauses found")
    return outline
