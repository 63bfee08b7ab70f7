"""Tests of where the signing keys come from: the environment, or a file that only its owner may read."""

import threading
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from evidence.checkpoint import SigningKey
from evidence.keys import signing_keys, write_keys
from tests.conftest import LOG_KEY


@pytest.fixture
def key_file(settings: Settings, tmp_path: Path) -> Path:
    """The key file that is configured, in an empty folder."""
    settings.LOG_KEYS = []
    settings.LOG_KEY_FILE = tmp_path / "log.key"
    settings.LOG_ORIGIN = "qiyue.example/log"
    return tmp_path / "log.key"


def test_a_missing_file_is_made_once_for_its_owners_eyes_only(key_file: Path) -> None:
    [key] = signing_keys()
    assert key.name == "qiyue.example/log"
    assert signing_keys() == [key]
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in key_file.parent.iterdir()] == ["log.key"]


def test_keys_made_at_once_are_one_key(key_file: Path) -> None:
    start, found = threading.Barrier(8), []

    def start_up() -> None:
        start.wait()
        found.extend(signing_keys())

    threads = [threading.Thread(target=start_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_may_hold_several_keys_and_is_replaced_whole(key_file: Path) -> None:
    keys = [SigningKey.generate("qiyue.example/log"), LOG_KEY]
    write_keys(key_file, keys, replace=True)
    assert signing_keys() == keys
    write_keys(key_file, keys[:1], replace=True)
    assert signing_keys() == keys[:1]
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_the_environment_comes_before_the_file(key_file: Path, settings: Settings) -> None:
    settings.LOG_KEYS = [LOG_KEY.export()]
    assert signing_keys() == [LOG_KEY]
    assert not key_file.exists()


@pytest.mark.parametrize("content", ["", "\n", "PRIVATE+KEY+x", LOG_KEY.export()[:-2], str(LOG_KEY.verifier)])
def test_a_file_that_holds_no_key_is_refused_and_left_alone(key_file: Path, content: str) -> None:
    key_file.write_text(content)
    with pytest.raises(ImproperlyConfigured):
        signing_keys()
    assert key_file.read_text() == content


def test_no_representation_of_a_key_shows_its_secret() -> None:
    secret = LOG_KEY.export().rsplit("+", 1)[1]
    assert [text for text in (repr(LOG_KEY), str(LOG_KEY), f"{[LOG_KEY]}") if secret in text or "\\x01" in text] == []
