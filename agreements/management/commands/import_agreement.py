"""import_agreement: read a page dump, Markdown, HTML or .docx file into a draft, or print its outline."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts.authority import publishers
from accounts.models import Person
from agreements.importing import import_source
from agreements.models import Agreement, Change, Language
from agreements.publishing import publish_version
from agreements.reading import MAX_BYTES, read_source
from agreements.text.clauses import parse
from evidence.errors import Refusal


class Command(BaseCommand):
    help = "Read FILE (page dump, Markdown, HTML, .docx) into a draft of the agreement SLUG."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--slug", required=True, help="the agreement's address; a new agreement is made for a new one"
        )
        parser.add_argument("--language", default=Language.CHINESE.value, choices=Language.values, help="that of FILE")
        parser.add_argument("--actor", metavar="QQ", help="the publisher who imports; needed where there are several")
        parser.add_argument("--publish", action="store_true", help="publish it as the first version, in force at once")
        parser.add_argument("--dry-run", action="store_true", help="read FILE only, touch no database")
        parser.add_argument("--json", action="store_true", help="with --dry-run: print the outline as JSON")

    def handle(self, *, file: Path, dry_run: bool, **options: Any) -> None:
        if options["json"] and not dry_run:
            raise CommandError("--json goes with --dry-run")
        try:
            Agreement._meta.get_field("slug").clean(options["slug"], None)
            data = self.bytes_of(file)
            if dry_run:
                self.print_outline(data, file.name, as_json=options["json"])
            else:
                self.import_file(data, file.name, **options)
        except ValidationError as error:
            raise CommandError(f"--slug: {' '.join(error.messages)}") from None
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        except DatabaseError as error:
            raise CommandError(f"{str(error).splitlines()[0]} (has `manage.py migrate` been run?)") from None

    def bytes_of(self, file: Path) -> bytes:
        """Return the content of the file, reading no more of it than an agreement may have."""
        try:
            with file.open("rb") as source:
                return source.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None

    def print_outline(self, data: bytes, name: str, *, as_json: bool) -> None:
        source = read_source(data, name=name)
        self.warn(source.warnings)
        outline = parse(source.markdown)
        if as_json:
            self.stdout.write(json.dumps(outline.as_json(), ensure_ascii=False, indent=1))
            return
        self.stdout.write(outline.title)
        for unit in outline.units:
            mark = "*" if unit.emphasised else " "
            self.stdout.write(f"{mark} {unit.number}  {unit.words[:60]}")

    def import_file(self, data: bytes, name: str, *, slug: str, language: str, publish: bool, **options: Any) -> None:
        at = timezone.now()
        actor = self.publisher(options["actor"])
        with transaction.atomic():
            imported = import_source(data=data, name=name, slug=slug, language=Language(language), actor=actor, at=at)
            self.warn(imported.warnings)
            if not publish:
                self.stdout.write(f"/desk/drafts/{imported.draft.pk}/")
                return
            if imported.draft.agreement.versions.exists():
                raise CommandError(f"{slug} has versions already: publish a revision at /desk/agreements/{slug}/")
            version = publish_version(
                draft=imported.draft,
                effective_at=None,
                change=Change.MATERIAL,
                summary_zh="",
                summary_en="",
                actor=actor,
                at=at,
            )
        self.stdout.write(version.get_absolute_url())

    def publisher(self, number: str | None) -> Person:
        """Return the publisher with this number, or the only one there is."""
        found = publishers(at=timezone.now())
        if number is not None:
            found = found.filter(qq_number=number)
        match list(found[:2]):
            case [person]:
                return person
            case []:
                raise CommandError(
                    f"no publisher has the number {number}"
                    if number is not None
                    else "nobody may publish yet: give somebody the role at /roles/, or run `manage.py load_demo`"
                )
            case _:
                raise CommandError("there are several publishers: say which one imports with --actor QQ")

    def warn(self, warnings: tuple[str, ...]) -> None:
        for warning in warnings:
            self.stderr.write(self.style.WARNING(warning))
