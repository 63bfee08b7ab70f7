"""What changed before the first unit of two texts: their titles, and the lines on dates and enactment."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from agreements.text.aligning import wording
from agreements.text.clauses import Outline


class FrontChange(NamedTuple):
    """A title or a line as it was and as it is, '' where there is none."""

    old: str
    new: str


def front_changes(old: Outline, new: Outline) -> Iterator[FrontChange]:
    """The title if it changed, then the lines that only one of the texts has."""
    if wording(old.title) != wording(new.title):
        yield FrontChange(old.title, new.title)
    before, after = ({wording(note): note for note in outline.notes} for outline in (old, new))
    removed = [note for key, note in before.items() if key not in after]
    added = [note for key, note in after.items() if key not in before]
    yield from map(FrontChange._make, zip_longest(removed, added, fillvalue=""))
