"""search_clauses(): find words in every clause of the texts in force and announced."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from agreements.models import Agreement, Language, State, Version, VersionText
from agreements.text.clauses import Unit, parse
from agreements.text.rendering import anchors

EXCERPT = 60  # characters on either side of the first word found
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One clause in which all the words were found, with an excerpt around the first of them."""

    version: Version
    language: str
    number: str
    heading: str
    anchor: str
    emphasised: bool
    excerpt_before: str
    excerpt_match: str
    excerpt_after: str
    state: State

    @property
    def language_name(self) -> str:
        return str(Language(self.language).label)

    @property
    def agreement(self) -> Agreement:
        return self.version.agreement

    @property
    def url(self) -> str:
        return f"{self.version.get_absolute_url()}?text={self.language}#{self.anchor}"


def _hit(text: VersionText, unit: Unit, anchor: str, word: str, state: State) -> Hit:
    start = unit.words.casefold().find(word)
    start, end = (start, start + len(word)) if start >= 0 else (0, 0)  # Found by its number: nothing to mark.
    before, after = unit.words[max(0, start - EXCERPT) : start], unit.words[end : end + EXCERPT]
    return Hit(
        version=text.version,
        language=text.language,
        number=unit.number,
        heading=unit.heading,
        anchor=anchor,
        emphasised=unit.emphasised,
        excerpt_before=("…" if start > EXCERPT else "") + before,
        excerpt_match=unit.words[start:end],
        excerpt_after=after + ("…" if end + EXCERPT < len(unit.words) else ""),
        state=state,
    )


def _anchored(text: VersionText) -> Iterator[tuple[Unit, str]]:
    units = parse(text.text).units
    return zip(units, anchors(units), strict=True)


def search_clauses(*, query: str, at: datetime) -> list[Hit]:
    """Return the clauses, in force first and in reading order, that hold every word of `query` (white space separates words, case does
    not matter) or whose number is the query itself.
    """
    words = query.casefold().split()[:MOST_WORDS]
    if not words:
        return []
    open_now = Version.objects.open_at(at=at)
    texts = VersionText.objects.filter(version__in=open_now).select_related("version__agreement")
    texts = texts.order_by("version__agreement__slug", "version__number", "language")
    number = query.strip()
    texts = sorted(texts, key=lambda text: (text.version.effective_at > at, text.language != get_language()))
    return [
        _hit(text, unit, anchor, words[0], "announced" if text.version.effective_at > at else "in_force")
        for text in texts
        for unit, anchor in _anchored(text)
        if unit.number == number or all(word in unit.words.casefold() for word in words)
    ]
