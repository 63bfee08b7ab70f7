"""tracked_changes(): a comparison → a Word document that can be accepted into the new text or rejected into the old."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from agreements.text.clauses import Outline
from agreements.text.comparing import Comparison
from agreements.text.interleaving import Look, Pair, Part, Piece, Slot, interleave, moves
from agreements.text.word import escaped, run_text, timestamp, word_document


def tracked_changes(
    old: Outline,
    new: Outline,
    comparison: Comparison,
    *,
    names: tuple[str, str],
    author: str,
    at: datetime,
    language: str,
) -> bytes:
    """A .docx in which `author` turns the old text into the new one at the time `at`: the same bytes for the same values.

    With all changes accepted its paragraphs are those of plain(new), with all rejected those of plain(old), with the
    same words bold; where links lead is not told, and what XML cannot hold becomes U+FFFD. `names` are those of the
    two texts, for the header. `language` is that of the texts (zh-hans, en).

    A clause that was moved and edited has its number and what it kept in w:moveFrom and w:moveTo, what it lost in w:del
    at its old place and what it gained in w:ins at the new one. To show its deletions at the new place too, within
    w:moveTo, is legal, but LibreOffice keeps those words when all changes are accepted.
    """
    writer = _Writer(author, at, is_chinese=language.startswith("zh"))
    return word_document(
        writer.body(interleave(old, new, comparison)),
        title=new.title or old.title,
        names=" → ".join(names),
        author=author,
        at=at,
        language=language,
    )


class _Writer:
    """Writes paragraphs as WordprocessingML. Every change has an id of its own."""

    def __init__(self, author: str, at: datetime, *, is_chinese: bool) -> None:
        self.by = f'w:author="{escaped(author)}" w:date="{timestamp(at)}"'
        # Quotation marks and dashes, which many scripts share, are as wide as Chinese signs in a Chinese text.
        self.font = '<w:rFonts w:hint="eastAsia"/>' if is_chinese else ""
        self.last_id = 0
        self.first_of: dict[Pair, str] = {}
        self.last_of: dict[Pair, str] = {}
        self.range_ids: dict[str, int] = {}

    def body(self, slots: Sequence[Slot]) -> str:
        for number, move in enumerate(moves(slots), start=1):
            self.first_of[move[0]] = self.last_of[move[-1]] = f"move{number}"
        return "\n".join(map(self.paragraph, slots))

    def paragraph(self, slot: Slot) -> str:
        mark = f"<w:rPr><w:{slot.mark} {self.signed()}/></w:rPr>" if slot.mark else ""
        style = f'<w:pStyle w:val="{slot.new_style}"/>'
        if slot.old_style != slot.new_style:
            mark += f'<w:pPrChange {self.signed()}><w:pPr><w:pStyle w:val="{slot.old_style}"/></w:pPr></w:pPrChange>'
        written, ends = "", ""
        for part in slot.parts:
            written += self.range_start(part) + "".join(map(self.piece, part.pieces))
            if slot.mark:
                # The range goes beyond the mark, which is moved as well.
                ends += self.range_end(part)
            else:
                written += self.range_end(part)
        return f"<w:p><w:pPr>{style}{mark}</w:pPr>{written}</w:p>{ends}"

    def range_start(self, part: Part) -> str:
        if not part.change.startswith("move") or part.pair not in self.first_of:
            return ""
        name = self.first_of[part.pair]
        start = f'<w:{part.change}RangeStart {self.signed()} w:name="{name}"/>'
        self.range_ids[part.change] = self.last_id
        return start

    def range_end(self, part: Part) -> str:
        if not part.change.startswith("move") or part.pair not in self.last_of:
            return ""
        return f'<w:{part.change}RangeEnd w:id="{self.range_ids[part.change]}"/>'

    def piece(self, piece: Piece) -> str:
        opening, closing = "", ""
        if piece.change:
            opening, closing = f"<w:{piece.change} {self.signed()}>", f"</w:{piece.change}>"
        runs, start = "", 0
        for (look, was), stretch in groupby(zip(piece.looks, piece.was, strict=True)):
            end = start + sum(1 for _ in stretch)
            words = run_text(piece.text[start:end], is_deleted=piece.change == "del")
            runs += f"<w:r>{self.properties(look, was)}{words}</w:r>"
            start = end
        return f"{opening}{runs}{closing}"

    def properties(self, look: Look, was: Look) -> str:
        properties = self.look(look)
        if look != was:
            properties += f"<w:rPrChange {self.signed()}><w:rPr>{self.look(was)}</w:rPr></w:rPrChange>"
        return f"<w:rPr>{properties}</w:rPr>" if properties else ""

    def look(self, look: Look) -> str:
        return f"{self.font}{'<w:b/>' if look.bold else ''}{'<w:i/>' if look.slanted else ''}"

    def signed(self) -> str:
        self.last_id += 1
        return f'w:id="{self.last_id}" {self.by}'
