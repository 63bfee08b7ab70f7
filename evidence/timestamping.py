"""RFC 3161 timestamps over checkpoints: the question and the check of the answer, pure; `stamp_newest()` asks and keeps."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from cryptography import x509
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.verify import SHA256_OID

from evidence.checkpoint import parse
from evidence.errors import TimestampFault, TimestampRefused
from evidence.models import Checkpoint, TimestampAttempt

TIMEOUT = 10  # seconds: for each step on the network, and after which an answer is read no further
LIMIT = 64 * 1024  # bytes of an answer
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
# The advisory lock on PostgreSQL of the one who asks: the number after the sealer's.
STAMPER_LOCK = 0x7169797566

logger = logging.getLogger(__name__)


def request_for(body: bytes) -> TimeStampRequest:
    """Return a request for a timestamp over a checkpoint's body, with a nonce; it asks for the certificate too."""
    builder = TimestampRequestBuilder().data(body).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def checked(*, response: bytes, body: bytes, roots: str, nonce: int | None = None) -> datetime:
    """Return the time (UTC) that a TimeStampResp in DER states for a checkpoint's body, after checking all of it.

    `roots` is PEM; `nonce` is that of the request, where it is still known. Certificates have to be valid at the time
    stated, not today (RFC 3161, 4). Raises TimestampRefused.
    """
    try:
        parsed = decode_timestamp_response(_with_sorted_certificates(response))
        if parsed.status != PKIStatus.GRANTED:
            raise TimestampRefused(
                TimestampFault.REFUSED, ", ".join([f"status {parsed.status}", *parsed.status_string])
            )
        info = parsed.tst_info
        at, imprint = info.gen_time.astimezone(UTC), info.message_imprint
        certificates = [x509.load_der_x509_certificate(data) for data in parsed.signed_data.certificates]
    except (ValueError, x509.InvalidVersion):
        raise TimestampRefused(TimestampFault.NOT_A_RESPONSE) from None
    if (imprint.hash_algorithm.dotted_string, imprint.message) != (SHA256_OID, hashlib.sha256(body).digest()):
        raise TimestampRefused(TimestampFault.WRONG_IMPRINT)
    if nonce is not None and info.nonce != nonce:
        raise TimestampRefused(TimestampFault.WRONG_NONCE)
    if not certificates:
        raise TimestampRefused(TimestampFault.NO_CERTIFICATE)
    try:
        trusted = x509.load_pem_x509_certificates(roots.encode())
    except ValueError:
        raise TimestampRefused(TimestampFault.NO_ROOTS) from None
    try:
        VerifierBuilder(roots=trusted).build().verify_message(parsed, body)
    except (ValueError, VerificationError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        if all(each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in [*certificates, *trusted]):
            raise TimestampRefused(TimestampFault.UNTRUSTED) from None
        raise TimestampRefused(TimestampFault.EXPIRED) from None
    return at


def stated(response: bytes) -> tuple[datetime, bytes]:
    """Return the time (UTC) and the message imprint that a TimeStampResp in DER states, unchecked. Raises ValueError."""
    info = decode_timestamp_response(_with_sorted_certificates(response)).tst_info
    return info.gen_time.astimezone(UTC), info.message_imprint.message


def _with_sorted_certificates(response: bytes) -> bytes:
    """Return the response with the certificates beside its signature in the order that DER gives a set.

    Authorities that run on OpenSSL leave them in any order, which the parser would refuse; no signature covers it.
    """
    try:
        start, _end = _content(response, 0)  # TimeStampResp
        _start, start = _content(response, start)  # past its status
        start, _end = _content(response, start)  # the token, a ContentInfo (RFC 5652, 3)
        _start, start = _content(response, start)  # past its type
        start, _end = _content(response, start)  # its content, tagged
        start, _end = _content(response, start)  # SignedData (RFC 5652, 5.1)
        for _ in ("version", "digestAlgorithms", "encapContentInfo"):
            _start, start = _content(response, start)
        if response[start] != 0xA0:
            return response
        start, end = _content(response, start)
        certificates, at = [], start
        while at < end:
            _start, after = _content(response, at)
            certificates.append(response[at:after])
            at = after
        return response[:start] + b"".join(sorted(certificates)) + response[at:]
    except IndexError:
        return response


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Return where the content of the DER element at `at` starts and ends. Raises IndexError where there is none."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        start += size
        length = int.from_bytes(data[start - size : start], "big")
    if start + length > len(data):
        raise IndexError
    return start, start + length


@dataclass(frozen=True, slots=True)
class Turn:
    """How it goes with the configured authority: its last success, the failures since, and when it is next asked.

    `next_at` is None for "at once"; `failing` holds the first and the last failure of the run that lasts, if one does.
    """

    stamped: TimestampAttempt | None
    failing: tuple[TimestampAttempt, TimestampAttempt] | None
    next_at: datetime | None


def authority() -> str:
    """Return the address of the configured authority as it is kept and shown: without a query, which may hold a secret."""
    return settings.TIMESTAMP_AUTHORITY.partition("?")[0]


def turn() -> Turn:
    """Return how it goes with the configured authority; what another one did before does not count."""
    attempts = TimestampAttempt.objects.filter(authority=authority()).order_by("number")
    stamped = attempts.filter(response__isnull=False).last()
    failures = attempts.filter(number__gt=stamped.number if stamped else 0)
    last = failures.last()
    if last is None:
        every = timedelta(seconds=settings.TIMESTAMP_EVERY)
        return Turn(stamped, None, stamped.at + every if stamped else None)
    pause = min(FIRST_PAUSE * 2 ** min(failures.count() - 1, 20), LONGEST_PAUSE)
    return Turn(stamped, (failures.first(), last), last.at + pause)


def waiting() -> Checkpoint | None:
    """Return the newest checkpoint if it has no timestamp."""
    stamps = TimestampAttempt.objects.filter(checkpoint=OuterRef("pk"), response__isnull=False)
    newest = Checkpoint.objects.annotate(stamped=Exists(stamps)).order_by("-number").first()
    return newest if newest and not newest.stamped else None


def stamp_newest(*, at: datetime) -> TimestampAttempt | None:
    """Ask the configured authority for a timestamp over the newest checkpoint, if that is due, and keep what came of it.

    A failure is kept with its reason. The network is asked outside any transaction, by one worker at a time. None:
    nothing was to do, or another worker does it.
    """
    if not settings.TIMESTAMP_AUTHORITY or _due(at) is None:
        return None
    with _one_at_a_time() as ours:
        checkpoint = _due(at) if ours else None
        if checkpoint is None:
            return None
        seen = _attempts_so_far()
        outcome = _outcome(checkpoint)
        with transaction.atomic(durable=True):
            # On SQLite nothing keeps two workers from asking: then the first to come back is kept, as one was asked for.
            if _attempts_so_far() != seen:
                return None
            return TimestampAttempt.objects.create(
                number=seen + 1, checkpoint=checkpoint, authority=authority(), at=at, **outcome
            )


def _attempts_so_far() -> int:
    return TimestampAttempt.objects.order_by("-number").values_list("number", flat=True).first() or 0


def _due(at: datetime) -> Checkpoint | None:
    checkpoint = waiting()
    next_at = turn().next_at if checkpoint else None
    # A clock that was set back far does not stop the timestamps until it has caught up.
    if next_at and next_at - LONGEST_PAUSE - timedelta(seconds=settings.TIMESTAMP_EVERY) <= at < next_at:
        return None
    return checkpoint


@contextmanager
def _one_at_a_time() -> Iterator[bool]:
    """Take the lock of the one who asks, for the session and not for a transaction; yield whether it is ours."""
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [STAMPER_LOCK])
        ours = cursor.fetchone()[0]
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [STAMPER_LOCK])


def _outcome(checkpoint: Checkpoint) -> dict[str, object]:
    """Ask, check, and return the columns of the attempt that say how it went."""
    body = parse(checkpoint.note).body.encode()
    try:
        try:
            roots = Path(settings.TIMESTAMP_ROOTS).read_text("ascii")
        except (OSError, ValueError):
            raise TimestampRefused(TimestampFault.NO_ROOTS) from None
        request = request_for(body)
        response = _ask(settings.TIMESTAMP_AUTHORITY, request.as_bytes())
        stamped_at = checked(response=response, body=body, roots=roots, nonce=request.nonce)
    except TimestampRefused as refusal:
        return {"error": refusal.reason}
    except Exception as fault:  # A failure that left no row would be tried again at once, and again.
        logger.exception("asking for a timestamp failed")
        return {"error": TimestampRefused(TimestampFault.UNFORESEEN, type(fault).__name__).reason}
    return {"response": response, "stamped_at": stamped_at}


def _ask(url: str, query: bytes) -> bytes:
    """Send a request (RFC 3161, 3.4) and return the answer, of at most LIMIT bytes. Raises TimestampRefused."""
    opener = OpenerDirector()
    # Neither a handler of redirects nor one of files: what is asked is the authority that was configured.
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPErrorProcessor, HTTPDefaultErrorHandler):
        opener.add_handler(handler())
    kind = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    until = monotonic() + TIMEOUT
    data = b""
    try:
        with opener.open(Request(url, data=query, headers=kind, method="POST"), timeout=TIMEOUT) as answer:
            while part := answer.read1(LIMIT + 1):
                data += part
                if len(data) > LIMIT:
                    raise TimestampRefused(TimestampFault.TOO_LARGE)
                if monotonic() > until:
                    raise TimestampRefused(TimestampFault.UNREACHABLE, "too slow")
    except HTTPError as fault:
        fault.close()
        raise TimestampRefused(TimestampFault.STATUS, str(fault.code)) from None
    except (OSError, HTTPException) as fault:
        reason = fault.reason if isinstance(fault, URLError) else fault
        raise TimestampRefused(TimestampFault.UNREACHABLE, str(reason) or type(reason).__name__) from None
    return data
