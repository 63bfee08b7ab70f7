"""import_source(): a source file → a draft of an agreement, which is created if its slug is new."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.authority import may_publish
from accounts.errors import NotAuthorised
from accounts.models import Person
from agreements.drafting import create_agreement, start_draft
from agreements.errors import NotAnAgreement
from agreements.models import Agreement, Binds, Draft, Language
from agreements.reading import read_source

LONGEST_NAME = Agreement._meta.get_field("name_zh").max_length


@dataclass(frozen=True, slots=True)
class Imported:
    """The draft that an import made, and what the importer should know about the source."""

    draft: Draft
    warnings: tuple[str, ...]


@transaction.atomic
def import_source(*, data: bytes, name: str, slug: str, language: Language, actor: Person, at: datetime) -> Imported:
    """Read a page dump, Markdown, HTML or .docx file (`data`, at most 5 MB) into a draft of the agreement `slug`.

    `name` is the file's name, a hint to its format. Raises NotAuthorised, NotAnAgreement.
    """
    if not may_publish(person=actor, at=at):
        raise NotAuthorised
    source = read_source(data, name=name)
    agreement = Agreement.objects.filter(slug=slug).first()
    if agreement is None and len(source.title) > LONGEST_NAME:
        raise NotAnAgreement(_("标题超过 %(limit)s 个字。") % {"limit": LONGEST_NAME})
    agreement = agreement or create_agreement(
        slug=slug,
        name_zh=source.title,
        name_en="",
        governing_language=language,
        binds=Binds.ACCOUNT,
        actor=actor,
        at=at,
    )
    draft = start_draft(agreement=agreement, texts={language: source.markdown}, actor=actor, at=at)
    return Imported(draft=draft, warnings=tuple(source.warnings))
