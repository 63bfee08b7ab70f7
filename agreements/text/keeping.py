"""A comparison as plain values, to be kept, and back: what the two texts say again is left out."""

from collections.abc import Sequence
from typing import Any

from agreements.text.clauses import Outline, Unit
from agreements.text.comparing import Comparison, Row
from agreements.text.refining import Span


class DoesNotFit(ValueError):
    """The kept rows are not those of these two texts."""


def pack(comparison: Comparison) -> list[list[Any]]:
    """A list per row, of what JSON can hold."""
    return [
        [
            row.kind,
            row.moved,
            list(row.flags),
            row.old_index,
            row.new_index,
            [list(span) for span in row.spans],
            row.carried,
            row.whole,
        ]
        for row in comparison.rows
    ]


def unpack(packed: Sequence[Sequence[Any]], old: Outline, new: Outline) -> Comparison:
    """The comparison of two texts from what pack() made of it. Raises DoesNotFit."""
    rows = []
    for kind, moved, flags, old_index, new_index, spans, carried, whole in packed:
        row = Row(
            kind,
            moved,
            tuple(flags),
            old_index,
            new_index,
            _unit(old, old_index),
            _unit(new, new_index),
            tuple(Span(*span) for span in spans),
            carried,
            whole,
        )
        ends = (row.spans[-1].old_end, row.spans[-1].new_end) if row.spans else (0, 0)
        if ends != (len(row.old_text), len(row.new_text)):
            raise DoesNotFit
        rows.append(row)
    for side, indices in ((old, [row.old_index for row in rows]), (new, [row.new_index for row in rows])):
        if sorted(index for index in indices if index is not None) != list(range(len(side.units))):
            raise DoesNotFit
    return Comparison(tuple(rows), (old.preface, new.preface))


def _unit(outline: Outline, index: int | None) -> Unit | None:
    if index is None:
        return None
    if index >= len(outline.units):
        raise DoesNotFit
    return outline.units[index]
