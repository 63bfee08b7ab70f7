"""Checkpoints: the signed note over a tree's size and root (C2SP tlog-checkpoint, signed-note, tlog-cosignature); pure."""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
COSIGNATURE_V1 = 0x04
NAME = re.compile(r"[^\s+]+")
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
BODY = re.compile(r"([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


def _unbase64(text: str) -> bytes:
    """Return the bytes of standard base64. Raises ValueError for anything that an encoder would not have written."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("not base64 in its one form")
    return data


def _key_id(name: str, algorithm: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key of a log (`algorithm` 1) or of a witness (4); `str()` is its form in a file: name+id+key."""

    name: str
    public: bytes
    algorithm: int = ED25519

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Raises ValueError unless `text` is a verifier key whose id fits its name and key."""
        name, _plus, rest = text.partition("+")
        key_id, _plus, encoded = rest.partition("+")
        data = _unbase64(encoded)
        if not NAME.fullmatch(name) or len(data) != 33 or data[0] not in (ED25519, COSIGNATURE_V1):
            raise ValueError("not a verifier key")
        key = cls(name, data[1:], data[0])
        if key.id.hex() != key_id:
            raise ValueError("the id of a verifier key does not fit its key")
        return key

    @property
    def id(self) -> bytes:
        """Return the four bytes by which a signature names its key."""
        return _key_id(self.name, self.algorithm, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.algorithm]) + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private Ed25519 key (its 32 bytes of seed) with the name of the log."""

    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> "SigningKey":
        """Raises ValueError for a name with a space or a plus sign."""
        if not NAME.fullmatch(name):
            raise ValueError("the name of a key has neither spaces nor plus signs")
        return cls(name, secrets.token_bytes(32))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Raises ValueError unless `text` is `PRIVATE+KEY+name+id+key`."""
        parts = text.split("+", 4)
        if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"] or not NAME.fullmatch(parts[2]):
            raise ValueError("not a signing key")
        data = _unbase64(parts[4])
        if len(data) != 33 or data[0] != ED25519:
            raise ValueError("not an Ed25519 signing key")
        key = cls(parts[2], data[1:])
        if key.verifier.id.hex() != parts[3]:
            raise ValueError("the id of a signing key does not fit its key")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """Return the public half."""
        return VerifierKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def export(self) -> str:
        """Return the secret in the form that `parse` reads; there is no `str()` of it, which could end in a log file."""
        encoded = base64.b64encode(bytes([ED25519]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{encoded}"

    def __repr__(self) -> str:
        return f"SigningKey({self.name})"

    def signature_line(self, body: str) -> str:
        """Return the line that this key adds to a note with this body."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(body.encode())
        return str(Signature(self.name, self.verifier.id, signature))


class Head(NamedTuple):
    """What a checkpoint says: the log's name, how many entries the tree has, and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes


class Signature(NamedTuple):
    """One signature line of a note."""

    name: str
    key_id: bytes
    data: bytes

    def __str__(self) -> str:
        """Return the line, with its end."""
        return f"— {self.name} {base64.b64encode(self.key_id + self.data).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed checkpoint: its body (the bytes that are signed and timestamped), what it says, and its signatures."""

    body: str
    head: Head
    signatures: tuple[Signature, ...]

    def is_signed_by(self, key: VerifierKey) -> bool:
        """Return whether one of the signatures is this log key's over the body, or this witness's cosignature."""
        return any(_verifies(key, self.body, signature) for signature in self.signatures)


def body(head: Head) -> str:
    """Return the text that is signed: origin, size and root, a line each."""
    return f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"


def sign(head: Head, keys: Sequence[SigningKey]) -> str:
    """Return the signed note of a checkpoint."""
    text = body(head)
    return f"{text}\n{''.join(key.signature_line(text) for key in keys)}"


def parse(text: str) -> Note:
    """Return the parsed note. Raises ValueError for anything but a body, an empty line and signature lines."""
    signed, separator, lines = text.partition("\n\n")
    found = BODY.fullmatch(f"{signed}\n")
    if not separator or found is None or not lines.endswith("\n"):
        raise ValueError("not a checkpoint")
    signatures = tuple(parse_signature(line) for line in lines[:-1].split("\n"))
    return Note(found[0], Head(found[1], int(found[2]), _unbase64(found[3])), signatures)


def parse_signature(line: str) -> Signature:
    """Return a parsed signature line, given without its end of line. Raises ValueError."""
    found = SIGNATURE_LINE.fullmatch(line)
    data = _unbase64(found[2]) if found else b""
    if found is None or len(data) <= 4:
        raise ValueError("not a signature line")
    return Signature(found[1], data[:4], data[4:])


def _verifies(key: VerifierKey, text: str, signature: Signature) -> bool:
    if (signature.name, signature.key_id) != (key.name, key.id):
        return False
    data, message = signature.data, text.encode()
    if key.algorithm == COSIGNATURE_V1:
        if len(data) != 72:
            return False
        message = f"cosignature/v1\ntime {int.from_bytes(data[:8], 'big')}\n{text}".encode()
        data = data[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(data, message)
    except InvalidSignature:
        return False
    return True
