"""A timestamping authority (RFC 3161) of the tests alone, run with `openssl ts`, and a server on 127.0.0.1 that answers for it."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CONFIGURATION = """\
[tsa]
default_tsa = ours
[ours]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
certs = {folder}/root.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Authority:
    """A root, a signer that it vouches for, and the configuration of `openssl ts` that answers with them."""

    folder: Path

    @property
    def roots_file(self) -> Path:
        return self.folder / "root.pem"

    @property
    def roots(self) -> str:
        """The PEM of the root certificate."""
        return self.roots_file.read_text("ascii")

    def reply(self, query: bytes) -> bytes:
        """The DER of the answer to the DER of a question; an answer that refuses is an answer too."""
        asked = self.folder / f"{threading.get_ident()}.tsq"
        answer = asked.with_suffix(".tsr")
        asked.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", self.folder / "ts.cnf", "-queryfile", asked, "-out", answer]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        return answer.read_bytes()

    def stamp(self, message: bytes) -> bytes:
        """The DER of a timestamp over a message, asked for without a nonce."""
        data = self.folder / f"{threading.get_ident()}.data"
        data.write_bytes(message)
        command = ["openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-no_nonce"]
        return self.reply(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)


def make_authority(
    folder: Path,
    *,
    starts: datetime | None = None,
    ends: datetime | None = None,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.TIME_STAMPING,
    digests: str = "sha256",
) -> Authority:
    """Make an authority whose signer is valid between two times (a day before now and ten years after), for a usage."""
    now = datetime.now(UTC).replace(microsecond=0)
    root_key, signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, signer_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{role} of the tests")]) for role in ("Root", "Timestamps")
    )

    def certificate(
        subject: x509.Name, key: ec.EllipticCurvePrivateKey, starts: datetime, ends: datetime, *, ca: bool
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder(
            root_name, subject, key.public_key(), x509.random_serial_number(), starts, ends
        )
        return builder.add_extension(x509.BasicConstraints(ca, None), critical=True)

    a_day, ten_years = timedelta(days=1), timedelta(days=3650)
    root = certificate(root_name, root_key, now - ten_years, now + 2 * ten_years, ca=True).sign(
        root_key, hashes.SHA256()
    )
    signer = (
        certificate(signer_name, signer_key, starts or now - a_day, ends or now + ten_years, ca=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "signer.pem").write_bytes(signer.public_bytes(pem))
    (folder / "signer.key").write_bytes(
        signer_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n", "ascii")
    (folder / "ts.cnf").write_text(CONFIGURATION.format(folder=folder, digests=digests), "utf-8")
    return Authority(folder)


Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def replying(make: Callable[[bytes], bytes]) -> Answer:
    """Answer every question with what `make` makes of it."""

    def answer(handler: BaseHTTPRequestHandler, query: bytes) -> None:
        data = make(query)
        handler.send_response(200)
        handler.send_header("Content-Type", "application/timestamp-reply")
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


class AuthorityServer(ThreadingHTTPServer):
    """Answers POST requests as `answer` does; `asked` holds the questions so far."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tsa"

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor that leaves early, as the tests of limits do, is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: AuthorityServer

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/timestamp-query":
            self.send_error(415)
            return
        self.server.asked.append(query)
        self.server.answer(self, query)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving(answer: Answer) -> Iterator[AuthorityServer]:
    """Serve on a free port of 127.0.0.1."""
    server = AuthorityServer(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
