"""The log's signing keys: from the environment, or from a file that is made when it is missing."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from evidence.checkpoint import SigningKey


def signing_keys() -> list[SigningKey]:
    """Return the keys that sign checkpoints, all of one name: the log's origin.

    They come from QIYUE_LOG_KEY, or else from QIYUE_LOG_KEY_FILE, which is made with one new key and mode 600 when it is
    missing. Raises ImproperlyConfigured for what is not a key and for keys of different names.
    """
    path = Path(settings.LOG_KEY_FILE)
    if not settings.LOG_KEYS and not path.exists():
        write_keys(path, [SigningKey.generate(settings.LOG_ORIGIN)], replace=False)
    return configured_keys()


def configured_keys() -> list[SigningKey]:
    """Return the same keys, or none where a file has yet to be made. Raises ImproperlyConfigured."""
    path = Path(settings.LOG_KEY_FILE)
    try:
        if not settings.LOG_KEYS and not path.exists():
            return []
        lines = settings.LOG_KEYS or path.read_text("ascii").split()
        keys = [SigningKey.parse(line) for line in lines]
    except (OSError, ValueError):
        raise ImproperlyConfigured(
            "The log's signing key cannot be read (QIYUE_LOG_KEY, QIYUE_LOG_KEY_FILE)."
        ) from None
    if len({key.name for key in keys}) != 1:
        raise ImproperlyConfigured("The log's signing keys are none, or have different names.")
    return keys


def write_keys(path: Path, keys: list[SigningKey], *, replace: bool) -> None:
    """Write a key file whole, for its owner's eyes only; without `replace`, one that appeared meanwhile stands."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # mkstemp gives mode 600.
    try:
        with os.fdopen(handle, "w") as file:
            file.write("".join(f"{key.export()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(name, path)
        else:
            with suppress(FileExistsError):
                os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
