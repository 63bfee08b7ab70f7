"""compare_texts: what changed between two texts in Markdown, clause by clause, for reading or as JSON."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from agreements.reading import MAX_BYTES
from agreements.text.canonical import ForbiddenCharacter, canonical
from agreements.text.clauses import Outline, parse
from agreements.text.comparing import Comparison, Row, compare


class Command(BaseCommand):
    help = "Compare the Markdown texts OLD and NEW clause by clause; touches no database."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("old", metavar="OLD", type=Path)
        parser.add_argument("new", metavar="NEW", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json", help="print all rows as JSON")

    def handle(self, *, old: Path, new: Path, as_json: bool, **options: object) -> None:
        comparison = compare(outline_of(old), outline_of(new))
        if as_json:
            self.stdout.write(json.dumps(comparison.as_json(), ensure_ascii=False))
        else:
            self.stdout.write("\n".join(listing(comparison)))


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


def listing(comparison: Comparison) -> list[str]:
    """Return the comparison as lines: the kinds counted, then each row that a reader must see."""
    counted = ", ".join(f"{count} {kind}" for kind, count in comparison.counts.items() if count)
    return [counted, *(line_of(row) for row in comparison.rows if row.changed)]


def line_of(row: Row) -> str:
    numbers = " → ".join(dict.fromkeys(number for number in (row.old_no, row.new_no) if number))
    kind = ", ".join((row.kind, *row.flags))
    return f"{numbers} [{kind}] {marked(row)}"


def marked(row: Row) -> str:
    """Return the wording of both sides in one, [-so much deleted-]{+and so much inserted+}."""
    pieces: list[str] = []
    for op, old_start, old_end, new_start, new_end in row.spans:
        if op == "equal":
            pieces.append(row.new_text[new_start:new_end])
            continue
        if old_end > old_start:
            pieces.append(f"[-{row.old_text[old_start:old_end]}-]")
        if new_end > new_start:
            pieces.append(f"{{+{row.new_text[new_start:new_end]}+}}")
    return "".join(pieces)
