"""What all tests share: the test database, the append-only triggers, and the fixed cast."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection

from accounts.appointing import give_role
from accounts.collaborating import confirm_grant, grant
from accounts.joining import sign_up
from accounts.models import Person, Role, Scope
from evidence.checkpoint import SigningKey
from evidence.protection import lift

BROWSER_TESTS = Path(__file__).parent / "browser"
# When the cast joined, was invited and appointed: before anything that a test does.
JOINED_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
PASSWORD = "seven quiet lanterns"
# A key of the tests alone: nothing is secret about it.
LOG_KEY = SigningKey("qiyue.example/log", bytes(range(32)))

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("qiyue", deadline=None, print_blob=True)
hypothesis.settings.load_profile("qiyue")


def pytest_configure() -> None:
    # Slow hashing is the product's business; a test that signs in need not wait for it.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LOG_KEYS = [LOG_KEY.export()]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database-only", action="store_true", help="run only the tests that use the database, browser tests excepted"
    )
    parser.addoption("--screenshots", metavar="DIR", help="keep the browser tests' screenshots in DIR")


def pytest_report_header() -> str:
    return f"database: {connection.display_name} ({settings.DATABASES['default']['HOST'] or 'this machine'})"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("database_only"):
        return
    kept = [item for item in items if uses_database(item) and BROWSER_TESTS not in item.path.parents]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def uses_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file, as in the product: each thread has its own connection and waits for the others."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        connection.settings_dict["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"


@pytest.fixture(autouse=True)
def _lift_triggers_before_flush(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test ends with a flush, which the triggers would refuse; post_migrate puts them back."""
    marker = request.node.get_closest_marker("django_db")
    transactional = {"transactional_db", "live_server"} & set(request.fixturenames) or (
        marker is not None and marker.kwargs.get("transaction")
    )
    if transactional:
        request.getfixturevalue("transactional_db")
    yield
    if transactional:
        lift(connection)


@pytest.fixture
def password() -> str:
    """The password of everybody in the cast."""
    return PASSWORD


@pytest.fixture
def packs_dir(settings, tmp_path: Path) -> Path:
    """Evidence packs are kept in a folder of the test."""
    folder = tmp_path / "packs"
    folder.mkdir(mode=0o700)
    packs = settings.STORAGES["packs"]
    settings.STORAGES = settings.STORAGES | {"packs": packs | {"OPTIONS": packs["OPTIONS"] | {"location": folder}}}
    return folder


@pytest.fixture
def administrator(db: None) -> Person:
    """Who gives and ends roles."""
    return Person.objects.create_superuser("90009", PASSWORD, at=JOINED_AT)


@pytest.fixture
def alice(db: None) -> Person:
    """The owner of the developer account 20002."""
    return sign_up(qq_number="20002", password=PASSWORD, with_account=True, at=JOINED_AT)


@pytest.fixture
def bob(alice: Person) -> Person:
    """Alice's collaborator 10001, confirmed: he may accept agreements for her account and has none of his own."""
    person = sign_up(qq_number="10001", password=PASSWORD, with_account=False, at=JOINED_AT)
    scopes = [Scope.ACCEPT_AGREEMENTS]
    invitation = grant(account=alice.account, actor=alice, qq_number="10001", scopes=scopes, at=JOINED_AT)
    confirm_grant(grant=invitation, actor=person, at=JOINED_AT)
    return person


@pytest.fixture
def charlie(db: None) -> Person:
    """A stranger, with the developer account 30003."""
    return sign_up(qq_number="30003", password=PASSWORD, with_account=True, at=JOINED_AT)


@pytest.fixture
def petra(administrator: Person) -> Person:
    """The publisher."""
    return appointed("40004", Role.PUBLISHER, administrator)


@pytest.fixture
def arno(administrator: Person) -> Person:
    """The approver."""
    return appointed("50005", Role.APPROVER, administrator)


@pytest.fixture
def audrey(administrator: Person) -> Person:
    """The auditor."""
    return appointed("60006", Role.AUDITOR, administrator)


def appointed(qq_number: str, role: Role, administrator: Person) -> Person:
    person = sign_up(qq_number=qq_number, password=PASSWORD, with_account=False, at=JOINED_AT)
    give_role(person=person, role=role, actor=administrator, at=JOINED_AT)
    return person
