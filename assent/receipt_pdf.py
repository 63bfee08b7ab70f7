"""The receipt as a PDF: a printed certificate of facts that are already put into words, the same bytes every time."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "receipt.typ"
FONTS = FOLDER / "fonts"
# Archives can keep it and screen readers can read it; the receipt's JSON is attached, which PDF/A-3 allows.
STANDARDS = ["a-3a", "ua-1"]
# For Typst a language and a region; the region decides which form of the shared Han punctuation is meant.
TYPST_LANGUAGES = {"zh-hans": ("zh", "cn"), "en": ("en", "us")}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a value; digests, addresses and numbers are set in a face of equal widths. `href` is what it links to."""

    text: str
    mono: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: what it is called, and what it says."""

    label: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the act; `language` is that of its title."""

    title: str
    language: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Attachment:
    """The receipt for machines, which the PDF carries along."""

    name: str
    text: str
    description: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """Everything that the page says, in one language; `at` is the time of the act and becomes the date of the PDF.

    `page_label` has the places {page} and {pages}.
    """

    language: str
    at: datetime
    site: str
    title: str
    number_label: str
    number: str
    page_label: str
    sentence: str
    facts: Sequence[Row]
    documents: Sequence[Document]
    proof_title: str
    proof: Sequence[Row]
    checks_title: str
    checks: Sequence[str] = field(default_factory=tuple)
    attachment: Attachment | None = None


def _printable() -> re.Pattern[str]:
    """Return a pattern of the characters that the fonts lack."""
    spans = (line.split("-") for line in (FONTS / "characters.txt").read_text("ascii").split())
    codes = [(int(span[0], 16), int(span[-1], 16)) for span in spans]
    return re.compile("[^" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in codes) + "]")


_LACKING = _printable()
_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def visible(text: str) -> str:
    """Return the text with every character that the fonts lack, or that cannot be seen, as [U+XXXX]."""
    return _LACKING.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def _all_visible(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {key: _all_visible(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_all_visible(inner) for inner in value]
    return value


def _data(certificate: Certificate) -> str:
    """Return what the template reads; only the attachment is passed on as it is."""
    at = certificate.at.astimezone(UTC)
    said = _all_visible(
        {
            "site": certificate.site,
            "title": certificate.title,
            "number": certificate.number,
            "labels": {"number": certificate.number_label, "page": certificate.page_label},
            "sentence": certificate.sentence,
            "facts": [asdict(row) for row in certificate.facts],
            "documents": [
                {"title": document.title, "rows": [asdict(row) for row in document.rows]}
                for document in certificate.documents
            ],
            "proof": {"title": certificate.proof_title, "rows": [asdict(row) for row in certificate.proof]},
            "checks": {"title": certificate.checks_title, "steps": certificate.checks},
        }
    )
    said["language"] = TYPST_LANGUAGES[certificate.language]
    said["at"] = [at.year, at.month, at.day, at.hour, at.minute, at.second]
    said["attachment"] = asdict(certificate.attachment) if certificate.attachment else None
    for document, shown in zip(certificate.documents, said["documents"], strict=True):
        shown["language"] = TYPST_LANGUAGES[document.language]
    return json.dumps(said, ensure_ascii=False)


def pdf(certificate: Certificate) -> bytes:
    """Return the certificate as PDF/A-3a, PDF/UA-1: equal certificates give equal bytes, on every machine."""
    return typst.compile(
        str(TEMPLATE),
        format="pdf",
        font_paths=_FONTS,
        ignore_system_fonts=True,
        sys_inputs={"certificate": _data(certificate)},
        pdf_standards=STANDARDS,
    )
