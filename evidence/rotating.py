"""How the signing key in a file is replaced: the new one and the old one sign together once, then the old one goes."""

import time
from datetime import datetime
from pathlib import Path

from django.conf import settings

from evidence.checkpoint import SigningKey, VerifierKey, parse
from evidence.errors import KeyNotIntroduced, KeyNotSealed, KeysInEnvironment
from evidence.keys import configured_keys, signing_keys, write_keys
from evidence.log import seal
from evidence.models import Checkpoint, LogKey

PATIENCE = 30  # seconds for a checkpoint, while another sealer may be at work


def new_key() -> SigningKey:
    """Return a fresh key with the name of the keys that are configured, or else with the one that the first key will have."""
    return SigningKey.generate(next((key.name for key in configured_keys()), settings.LOG_ORIGIN))


def rotate_key_file(*, at: datetime) -> tuple[VerifierKey, list[VerifierKey]]:
    """Replace what is in the key file by one new key; return it, and those that are gone.

    In between, the log introduces the new key in a checkpoint that all of them sign. The private halves of the old keys
    are kept nowhere. Raises KeysInEnvironment, KeyNotIntroduced, KeyNotSealed and ImproperlyConfigured.
    """
    if settings.LOG_KEYS:
        raise KeysInEnvironment
    old = signing_keys()
    seal(at=at, sweep=True)
    if not LogKey.objects.filter(verifier_key__in=[str(key.verifier) for key in old]).exists():
        raise KeyNotIntroduced(key=str(old[0].verifier))
    path, new = Path(settings.LOG_KEY_FILE), new_key()
    write_keys(path, [new, *old], replace=True)
    until = time.monotonic() + PATIENCE
    while not _all_have_signed([new, *old]):
        if time.monotonic() > until:
            raise KeyNotSealed(path=path)
        if seal(at=at, sweep=True) is None:
            time.sleep(0.1)
    write_keys(path, [new], replace=True)
    return new.verifier, [key.verifier for key in old]


def _all_have_signed(keys: list[SigningKey]) -> bool:
    """Return whether the first checkpoint that covers the introduction of the first of these keys has all their signatures."""
    introduced = LogKey.objects.filter(verifier_key=str(keys[0].verifier), entry__sealed__isnull=False)
    position = introduced.values_list("entry__sealed__position", flat=True).first()
    if position is None:
        return False
    note = parse(Checkpoint.objects.filter(size__gt=position).order_by("number").first().note)
    return all(note.is_signed_by(key.verifier) for key in keys)
