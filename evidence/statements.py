"""Statements: the canonical JSON that is logged for an act, and the salted commitments that keep people out of it."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

SCHEMA = 1
SALT_BYTES = 32


def canonical_json(value: Any) -> bytes:
    """Return `value` as RFC 8785 canonical JSON, UTF-8.

    Raises ValueError for what RFC 8785 cannot express: NaN, integers beyond 2**53, unpaired surrogates.
    """
    return rfc8785.dumps(value)


def timestamp(at: datetime) -> str:
    """Return an aware time as RFC 3339 in UTC with microseconds: 2026-11-24T02:00:00.000000Z."""
    if at.tzinfo is None:
        raise ValueError("an aware time is needed")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_salt() -> bytes:
    """Return 256 random bits: too many to try, however short the value that they hide."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(*, field: str, salt: bytes, value: str) -> str:
    """Return the hex SHA-256 of the salt (32 bytes) followed by the canonical JSON of `[field, value]`.

    The salt hides the value, even a short one such as a QQ number; whoever holds both can show that the statement
    committed to exactly this value in exactly this field.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 32 bytes")
    return hashlib.sha256(salt + canonical_json([field, value])).hexdigest()


def statement(*, kind: str, uid: str, at: datetime, facts: Mapping[str, Any], commitments: Mapping[str, str]) -> bytes:
    """Return the canonical bytes of the statement of one act; `at` is when the act took place (UTC)."""
    return canonical_json(
        {
            "schema": SCHEMA,
            "kind": kind,
            "id": uid,
            "at": timestamp(at),
            "facts": dict(facts),
            "commitments": dict(commitments),
        }
    )
