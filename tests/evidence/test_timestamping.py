"""Tests of timestamps: which answers of an authority are good, what is kept of the others, and when it is asked again."""

import hashlib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries, Settings

from evidence import timestamping
from evidence.checkpoint import parse
from evidence.errors import TimestampFault, TimestampRefused
from evidence.kinds import Kind
from evidence.log import append, checkpoint_for, seal
from evidence.models import Checkpoint, Entry, TimestampAttempt
from evidence.timestamping import FIRST_PAUSE, LIMIT, LONGEST_PAUSE, STAMPER_LOCK, checked, request_for, stamp_newest
from tests.authority import Authority, AuthorityServer, make_authority, replying, serving
from tests.support import at_once

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
BODY = b"qiyue.example/log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
F = TimestampFault


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("other"))


@pytest.fixture(scope="module")
def stamp(authority: Authority) -> bytes:
    """A good response over BODY."""
    return authority.stamp(BODY)


@pytest.fixture
def configured(authority: Authority, settings: Settings) -> Settings:
    """The authority's root is trusted, and asked at most once a minute."""
    settings.TIMESTAMP_ROOTS = authority.roots_file
    settings.TIMESTAMP_EVERY = 60
    return settings


@pytest.fixture
def server(authority: Authority, configured: Settings) -> Iterator[AuthorityServer]:
    with serving(replying(authority.reply)) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        yield server


def sealed(at: datetime = AT) -> Checkpoint:
    """Add an entry and seal it."""
    with transaction.atomic():
        append(kind=Kind.ROLE_GIVEN, at=at, facts={})
    made = seal(at=at)
    assert made is not None
    return made


def fault_of(act: Callable[[], object]) -> TimestampFault:
    with pytest.raises(TimestampRefused) as raised:
        act()
    return raised.value.fault


def openssl_accepts(response: bytes, body: bytes, authority: Authority, folder: Path) -> bool:
    (folder / "response.tsr").write_bytes(response)
    (folder / "body.txt").write_bytes(body)
    command = ["openssl", "ts", "-verify", "-data", folder / "body.txt", "-in", folder / "response.tsr"]
    done = subprocess.run([*command, "-CAfile", authority.roots_file], capture_output=True, text=True, timeout=30)
    return (done.returncode, done.stdout) == (0, "Verification: OK\n")


# What is asked and what is good: without a database.


def test_a_request_asks_for_sha256_with_nonce_and_certificate() -> None:
    first, second = request_for(BODY), request_for(BODY)
    assert first.message_imprint.message == hashlib.sha256(BODY).digest()
    assert first.cert_req is True
    assert first.nonce != second.nonce


def test_a_good_response_gives_its_time(authority: Authority, stamp: bytes, tmp_path: Path) -> None:
    at = checked(response=stamp, body=BODY, roots=authority.roots)
    assert at.tzinfo is UTC
    assert abs(at - datetime.now(UTC)) < timedelta(minutes=5)
    assert openssl_accepts(stamp, BODY, authority, tmp_path)


def test_a_response_fits_the_nonce_of_its_request(authority: Authority) -> None:
    request = request_for(BODY)
    response = authority.reply(request.as_bytes())
    checked(response=response, body=BODY, roots=authority.roots, nonce=request.nonce)
    wrong = request_for(BODY).nonce
    assert fault_of(lambda: checked(response=response, body=BODY, roots=authority.roots, nonce=wrong)) == F.WRONG_NONCE


def test_a_response_without_a_nonce_does_not_answer_a_request_with_one(authority: Authority, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp, body=BODY, roots=authority.roots, nonce=7)) == F.WRONG_NONCE


def test_a_response_is_for_its_body_alone(authority: Authority, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp, body=BODY[:-1], roots=authority.roots)) == F.WRONG_IMPRINT


def query(message: bytes, folder: Path, *options: str) -> bytes:
    (folder / "message").write_bytes(message)
    command = ["openssl", "ts", "-query", "-data", folder / "message", "-no_nonce", *options]
    return subprocess.run(command, check=True, capture_output=True, timeout=30).stdout


def test_an_imprint_by_another_digest_is_not_ours(tmp_path: Path) -> None:
    lenient = make_authority(tmp_path, digests="sha256, sha512")
    response = lenient.reply(query(BODY, tmp_path, "-sha512", "-cert"))
    assert fault_of(lambda: checked(response=response, body=BODY, roots=lenient.roots)) == F.WRONG_IMPRINT


def test_a_response_without_its_certificate_is_refused(authority: Authority, tmp_path: Path) -> None:
    response = authority.reply(query(BODY, tmp_path, "-sha256"))
    assert fault_of(lambda: checked(response=response, body=BODY, roots=authority.roots)) == F.NO_CERTIFICATE


def test_a_refusal_is_told_with_its_words(authority: Authority, tmp_path: Path) -> None:
    response = authority.reply(query(BODY, tmp_path, "-sha512", "-cert"))
    with pytest.raises(TimestampRefused) as raised:
        checked(response=response, body=BODY, roots=authority.roots)
    assert raised.value.reason == "the authority refused: status 2, Message digest algorithm is not supported."


def test_another_root_does_not_vouch(other: Authority, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp, body=BODY, roots=other.roots)) == F.UNTRUSTED


@pytest.mark.parametrize("roots", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_roots_that_cannot_be_read_vouch_for_nothing(roots: str, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp, body=BODY, roots=roots)) == F.NO_ROOTS


@pytest.mark.parametrize(
    "validity",
    [
        {"ends": datetime.now(UTC) - timedelta(minutes=10)},
        {"starts": datetime.now(UTC) + timedelta(hours=1)},
    ],
    ids=["expired", "not yet"],
)
def test_a_certificate_has_to_be_valid_at_the_time_stated(validity: dict[str, datetime], tmp_path: Path) -> None:
    late = make_authority(tmp_path, **validity)
    response = late.stamp(BODY)
    assert fault_of(lambda: checked(response=response, body=BODY, roots=late.roots)) == F.EXPIRED


def test_a_stamp_outlives_its_certificate(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    short = make_authority(tmp_path, ends=now + 3 * SECOND)
    response = short.stamp(BODY)
    at = checked(response=response, body=BODY, roots=short.roots)
    threading.Event().wait(max(0.0, (now + 4 * SECOND - datetime.now(UTC)).total_seconds()))
    assert checked(response=response, body=BODY, roots=short.roots) == at


@pytest.mark.parametrize("cut", [0, 1, 2, 20, 100, -1])
def test_a_truncated_response_is_none(cut: int, authority: Authority, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp[:cut], body=BODY, roots=authority.roots)) == F.NOT_A_RESPONSE


@pytest.mark.parametrize("garbage", [b"<html></html>", b"\x30\x80\x00\x00", b"\x30\x84\xff\xff\xff\xff", bytes(64)])
def test_garbage_is_no_response(garbage: bytes, authority: Authority) -> None:
    assert fault_of(lambda: checked(response=garbage, body=BODY, roots=authority.roots)) == F.NOT_A_RESPONSE


def test_a_response_with_something_behind_it_is_none(authority: Authority, stamp: bytes) -> None:
    assert fault_of(lambda: checked(response=stamp + b"\x00", body=BODY, roots=authority.roots)) == F.NOT_A_RESPONSE


def test_the_order_of_the_certificates_says_nothing(authority: Authority, stamp: bytes, tmp_path: Path) -> None:
    """OpenSSL leaves the set of certificates unsorted, which is no DER; whichever way round, it is the same timestamp."""
    certificates = [
        subprocess.run(
            ["openssl", "x509", "-in", authority.folder / name, "-outform", "DER"], check=True, capture_output=True
        ).stdout
        for name in ("signer.pem", "root.pem")
    ]
    joined = next(b"".join(order) for order in (certificates, certificates[::-1]) if b"".join(order) in stamp)
    for order in (sorted(certificates), sorted(certificates, reverse=True)):
        response = stamp.replace(joined, b"".join(order))
        assert checked(response=response, body=BODY, roots=authority.roots)
        assert openssl_accepts(response, BODY, authority, tmp_path)


def test_no_altered_byte_gives_another_time(authority: Authority, stamp: bytes) -> None:
    at = checked(response=stamp, body=BODY, roots=authority.roots)
    refused = 0
    for place in range(len(stamp)):
        altered = bytearray(stamp)
        altered[place] ^= 1 << place % 8
        try:
            assert checked(response=bytes(altered), body=BODY, roots=authority.roots) == at
        except TimestampRefused:
            refused += 1
    # What no signature covers, such as the certificate of the root beside the token, may differ.
    assert refused > len(stamp) // 2


# Asking: what is kept, and when it is due.


@pytest.mark.django_db
def test_nothing_is_asked_without_an_authority(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.TIMESTAMP_AUTHORITY = ""
    sealed()
    with django_assert_num_queries(0):
        assert stamp_newest(at=AT) is None


@pytest.mark.django_db
def test_nothing_is_asked_before_there_is_a_checkpoint(server: AuthorityServer) -> None:
    assert stamp_newest(at=AT) is None
    assert server.asked == []


@pytest.mark.django_db
def test_the_newest_checkpoint_gets_a_timestamp_that_openssl_accepts(
    server: AuthorityServer, authority: Authority, tmp_path: Path
) -> None:
    checkpoint = sealed()
    made = stamp_newest(at=AT)
    assert made is not None
    kept = TimestampAttempt.objects.get()
    assert (kept.pk, kept.checkpoint, kept.authority, kept.at, kept.error) == (1, checkpoint, server.url, AT, "")
    body = parse(checkpoint.note).body.encode()
    assert checked(response=bytes(kept.response), body=body, roots=authority.roots) == kept.stamped_at
    # It is the authority's time, not ours, which stands in another month here.
    assert kept.stamped_at is not None
    assert abs(kept.stamped_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert openssl_accepts(bytes(kept.response), body, authority, tmp_path)
    assert not openssl_accepts(bytes(kept.response), body[:-1], authority, tmp_path)


@pytest.mark.django_db
def test_what_is_stamped_is_not_asked_again_and_costs_one_query(
    server: AuthorityServer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sealed()
    stamp_newest(at=AT)
    with django_assert_num_queries(1):
        assert stamp_newest(at=AT + timedelta(days=1)) is None
    assert len(server.asked) == 1


@pytest.mark.django_db
def test_the_next_one_waits_and_is_the_newest_then(server: AuthorityServer) -> None:
    sealed()
    assert stamp_newest(at=AT) is not None
    older = sealed(AT + 10 * SECOND)
    assert stamp_newest(at=AT + 59 * SECOND) is None
    newest = sealed(AT + 59 * SECOND)
    made = stamp_newest(at=AT + 60 * SECOND)
    assert made is not None
    assert (made.number, made.checkpoint) == (2, newest)
    assert [older.timestamps.count(), len(server.asked)] == [0, 2]


@pytest.mark.django_db
def test_an_old_entry_is_covered_by_a_later_timestamp(server: AuthorityServer) -> None:
    old, later = sealed(), sealed(AT + SECOND)
    entry = Entry.objects.order_by("pk").first()
    assert entry is not None
    assert checkpoint_for(entry) == old
    stamp_newest(at=AT + SECOND)
    assert checkpoint_for(entry) == later


class Bad(NamedTuple):
    """A way to answer badly, and the reason that is kept for it."""

    answer: Callable[[BaseHTTPRequestHandler, bytes], None]
    reason: str


def with_status(code: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    def answer(handler: BaseHTTPRequestHandler, query: bytes) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def endless(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(bytes(LIMIT))


def silent(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    threading.Event().wait(2)


def dripping(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"0")
        threading.Event().wait(0.1)


def no_http(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    handler.wfile.write(b"hello\r\n\r\n")


def nothing(handler: BaseHTTPRequestHandler, query: bytes) -> None:
    """Closes the connection without a word."""


BAD_ANSWERS = {
    "500": Bad(with_status(500), f"{F.STATUS.value}: 500"),
    "302": Bad(with_status(302, Location="/tsa"), f"{F.STATUS.value}: 302"),
    "307": Bad(with_status(307, Location="/tsa"), f"{F.STATUS.value}: 307"),
    "404": Bad(with_status(404), f"{F.STATUS.value}: 404"),
    "empty": Bad(with_status(200), F.NOT_A_RESPONSE.value),
    "garbage": Bad(replying(lambda query: b"<html>"), F.NOT_A_RESPONSE.value),
    "echo": Bad(replying(lambda query: query), F.NOT_A_RESPONSE.value),
    "too large": Bad(replying(lambda query: bytes(LIMIT + 1)), F.TOO_LARGE.value),
    "as large as may be": Bad(replying(lambda query: bytes(LIMIT)), F.NOT_A_RESPONSE.value),
    "endless": Bad(endless, F.TOO_LARGE.value),
    "silent": Bad(silent, f"{F.UNREACHABLE.value}: timed out"),
    "dripping": Bad(dripping, f"{F.UNREACHABLE.value}: too slow"),
    "no HTTP": Bad(no_http, f"{F.UNREACHABLE.value}: hello"),
    "nothing": Bad(nothing, f"{F.UNREACHABLE.value}: Remote end closed connection without response"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("bad", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_bad_answer_is_kept_as_a_failure_with_its_reason(
    bad: Bad, configured: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamping, "TIMEOUT", 1)
    sealed()
    with serving(bad.answer) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        made = stamp_newest(at=AT)
        assert made is not None
        assert (made.error, made.response, made.stamped_at) == (bad.reason, None, None)
        assert len(server.asked) == 1
    assert TimestampAttempt.objects.get() == made


@pytest.mark.django_db
def test_a_replayed_answer_is_kept_as_a_failure(configured: Settings, authority: Authority) -> None:
    """Somebody on the way answers every question with the first answer, which was good then."""
    sealed()
    first: list[bytes] = []

    def replay(query: bytes) -> bytes:
        first.append(first[0] if first else authority.reply(query))
        return first[-1]

    with serving(replying(replay)) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        assert stamp_newest(at=AT).error == ""
        sealed(AT + 90 * SECOND)
        assert stamp_newest(at=AT + 90 * SECOND).error == F.WRONG_IMPRINT.value


@pytest.mark.django_db
def test_an_answer_to_another_question_over_the_same_is_kept_as_a_failure(
    configured: Settings, authority: Authority
) -> None:
    body = parse(sealed().note).body.encode()
    other_answer = authority.reply(request_for(body).as_bytes())
    with serving(replying(lambda query: other_answer)) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        assert stamp_newest(at=AT).error == F.WRONG_NONCE.value


@pytest.mark.django_db
def test_an_authority_that_is_not_the_trusted_one_is_kept_as_a_failure(configured: Settings, other: Authority) -> None:
    sealed()
    with serving(replying(other.reply)) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        assert stamp_newest(at=AT).error == F.UNTRUSTED.value


@pytest.mark.django_db
def test_nobody_there_is_kept_as_a_failure(configured: Settings) -> None:
    sealed()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # It does not listen.
        configured.TIMESTAMP_AUTHORITY = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert stamp_newest(at=AT).error == f"{F.UNREACHABLE.value}: [Errno 111] Connection refused"


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/", "data:,x"])
def test_nothing_but_http_is_asked(url: str, configured: Settings) -> None:
    sealed()
    configured.TIMESTAMP_AUTHORITY = url
    assert stamp_newest(at=AT).error.startswith(f"{F.UNFORESEEN.value}: ")


@pytest.mark.django_db
def test_roots_that_are_gone_are_kept_as_a_failure_and_nobody_is_asked(
    server: AuthorityServer, configured: Settings, tmp_path: Path
) -> None:
    sealed()
    configured.TIMESTAMP_ROOTS = tmp_path / "gone.pem"
    assert stamp_newest(at=AT).error == F.NO_ROOTS.value
    assert server.asked == []


@pytest.mark.django_db
def test_a_secret_in_the_query_of_the_address_is_sent_and_not_kept(
    server: AuthorityServer, configured: Settings
) -> None:
    configured.TIMESTAMP_AUTHORITY += "?key=secret"
    sealed()
    assert stamp_newest(at=AT).authority == server.url
    assert len(server.asked) == 1


@pytest.fixture
def failing(configured: Settings) -> Iterator[AuthorityServer]:
    with serving(with_status(500)) as server:
        configured.TIMESTAMP_AUTHORITY = server.url
        yield server


@pytest.mark.django_db
def test_a_failure_is_tried_again_after_pauses_that_double_up_to_an_hour(failing: AuthorityServer) -> None:
    sealed()
    at, asked = AT, [AT]
    assert stamp_newest(at=at) is not None
    for pause in [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]:
        at += timedelta(seconds=pause)
        assert stamp_newest(at=at - SECOND) is None
        assert stamp_newest(at=at) is not None
        asked.append(at)
    assert list(TimestampAttempt.objects.order_by("number").values_list("number", "at")) == [*enumerate(asked, start=1)]
    assert {later - earlier for earlier, later in pairwise(asked)} >= {FIRST_PAUSE, LONGEST_PAUSE}


@pytest.mark.django_db
def test_after_failures_the_newest_is_asked_for_and_success_ends_the_run(
    failing: AuthorityServer, authority: Authority
) -> None:
    sealed()
    for at in (AT, AT + 5 * SECOND):
        stamp_newest(at=at)
    newest = sealed(AT + 8 * SECOND)
    failing.answer = replying(authority.reply)
    made = stamp_newest(at=AT + 15 * SECOND)
    assert (made.number, made.checkpoint, made.error) == (3, newest, "")
    # The next failure is a first one again.
    failing.answer = with_status(500)
    sealed(AT + 80 * SECOND)
    assert stamp_newest(at=AT + 80 * SECOND).number == 4
    assert stamp_newest(at=AT + 84 * SECOND) is None
    assert stamp_newest(at=AT + 85 * SECOND).number == 5


@pytest.mark.django_db
def test_another_authority_is_asked_at_once(
    failing: AuthorityServer, configured: Settings, authority: Authority
) -> None:
    sealed()
    stamp_newest(at=AT)
    with serving(replying(authority.reply)) as second:
        configured.TIMESTAMP_AUTHORITY = second.url
        assert stamp_newest(at=AT + SECOND).error == ""


@pytest.mark.django_db
def test_a_clock_that_was_set_back_by_a_year_does_not_stop_the_timestamps(server: AuthorityServer) -> None:
    sealed()
    stamp_newest(at=AT + timedelta(days=365))
    sealed()
    assert stamp_newest(at=AT) is not None


@pytest.mark.django_db(transaction=True)
def test_the_network_is_asked_outside_any_transaction_and_never_inside_one(
    server: AuthorityServer, authority: Authority
) -> None:
    sealed()
    inside = []

    def answer(query: bytes) -> bytes:
        # Another connection may write while the authority thinks: on SQLite there is one writer at a time.
        with transaction.atomic():
            append(kind=Kind.ROLE_GIVEN, at=AT, facts={})
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND state LIKE 'idle in transaction%%'"
                )
                inside.append(cursor.fetchone()[0])
        connection.close()
        return authority.reply(query)

    server.answer = replying(answer)
    assert stamp_newest(at=AT).error == ""
    assert (sum(inside), Entry.objects.count()) == (0, 3)
    sealed(AT + 90 * SECOND)
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        stamp_newest(at=AT + 90 * SECOND)
    assert TimestampAttempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_keep_one_timestamp(server: AuthorityServer) -> None:
    sealed()
    made = at_once(*[lambda: stamp_newest(at=AT)] * 4)
    assert [type(each).__name__ for each in made if each is not None] == ["TimestampAttempt"]
    assert TimestampAttempt.objects.count() == 1
    if connection.vendor == "postgresql":
        assert len(server.asked) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no locks of sessions")
def test_the_lock_is_given_back_and_who_does_not_have_it_asks_nobody(server: AuthorityServer) -> None:
    sealed()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [STAMPER_LOCK])
            held.set()
            done.wait(timeout=20)
        connection.close()  # Which gives every lock of the session back, as the death of a worker does.

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(timeout=20)
    assert stamp_newest(at=AT) is None
    done.set()
    holder.join()
    assert stamp_newest(at=AT).error == ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
    assert len(server.asked) == 1
