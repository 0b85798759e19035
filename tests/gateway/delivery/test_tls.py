"""A receiver's certificate is verified, always."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.delivery.fhir.sink import FhirSink
from gateway.delivery.influx import InfluxSink
from gateway.delivery.settings import FhirSinkSettings, InfluxSinkSettings
from gateway.delivery.sink import Sink
from gateway.delivery.store import ItemState
from tests.gateway.delivery.support import Bench, FastClock, weight, wrap

pytestmark = pytest.mark.slow


class Handler(BaseHTTPRequestHandler):
    seen = 0

    def do_POST(self) -> None:  # the name http.server calls
        type(self).seen += 1
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are the point


def certificate(folder: Path, *, valid: timedelta) -> tuple[Path, Path]:
    """Self-signed, for 127.0.0.1; with a negative `valid` expired since."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + valid)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_file, key_file


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    certificate_file, key_file = certificate(tmp_path, valid=timedelta(days=request.param))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    Handler.seen = 0
    with Quiet(("127.0.0.1", 0), Handler) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{http.server_port}", certificate_file
        http.shutdown()
        thread.join()


def sink_for(kind: str, url: str, ca_file: Path | None) -> Sink:
    if kind == "fhir":
        return FhirSink(FhirSinkSettings(url=url, ca_file=ca_file, create_patients=True), clock=FastClock())
    return InfluxSink(InfluxSinkSettings(url=url, ca_file=ca_file, bucket="b"), clock=FastClock())


@pytest.mark.parametrize("kind", ["fhir", "influx"])
@pytest.mark.parametrize(
    ("server", "trusted", "reaches"), [(1, True, True), (1, False, False), (-1, True, False)], indirect=["server"]
)
async def test_only_a_valid_certificate_of_a_trusted_authority(
    server: tuple[str, Path], kind: str, *, trusted: bool, reaches: bool
) -> None:
    url, certificate_file = server
    sink = sink_for(kind, url, certificate_file if trusted else None)
    bench = Bench(sink)
    await bench.store.put(sink.name, wrap(weight()))
    async with bench.running():
        await bench.until(lambda: bench.board.saw("red", "503" if reaches else "certificate"))
    assert (Handler.seen > 0) is reaches
    assert bench.states() == {ItemState.QUEUED: 1}
