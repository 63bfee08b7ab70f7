"""The one form of a text that is stored, digested and accepted, and its two digests."""

import hashlib
import html
import re
import unicodedata

from cryptography.hazmat.primitives import hashes

# C0 and C1 controls but tab and newline, lone surrogates, and the bidirectional
# overrides that make a reader see another text than the one that is digested.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class ForbiddenCharacter(ValueError):
    """A text has a character that no agreement needs and that could mislead its reader."""

    def __init__(self, character: str, position: int) -> None:
        self.name = f"U+{ord(character):04X}"
        self.position = position
        super().__init__(f"{self.name} at position {position} is not allowed in a text")


def canonical(text: str) -> str:
    """NFC, LF, no byte order mark, exactly one final newline. Raises ForbiddenCharacter."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if found := FORBIDDEN.search(text):
        raise ForbiddenCharacter(found[0], found.start())
    # A character reference (&#x202E;) is the character itself to whoever reads the page.
    if found := FORBIDDEN.search(html.unescape(text)) if "&" in text else None:
        raise ForbiddenCharacter(found[0], found.start())
    return unicodedata.normalize("NFC", text).rstrip("\n") + "\n"


def sha256(text: str) -> str:
    """SHA-256 of the UTF-8 bytes, in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sm3(text: str) -> str:
    """SM3 (GB/T 32905-2016) of the UTF-8 bytes, in lower-case hexadecimal."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(text.encode())
    return digest.finalize().hex()
