"""The webhook against real servers on real sockets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import socket
import ssl
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.core.clock import SystemClock
from gateway.core.errors import SettingsError
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import AlertKind, Priority, State
from gateway.desk.notice import NotDelivered, Notice
from gateway.desk.webhook import checked_url, open_webhook, signature
from tests.gateway.desk.http_server import care_centre
from tests.gateway.desk.words import AT

SECRET = "a secret of a test, long enough"
NOTICE = Notice(
    alert_id="0195a1b2",
    kind=AlertKind.FALL,
    priority=Priority.HIGH,
    state=State.RAISED,
    subject=Subject(type=SubjectType.RESIDENT, id="resident-1"),
    raised_at=AT,
    attempt=1,
    url="https://gateway.example/api/v1/alerts/0195a1b2",
    clock_synchronised=True,
)


async def send(url: str, *, timeout_s: float = 5.0, ca_file: Path | None = None, secret: str | None = SECRET) -> str:
    """ "taken", or why not."""
    async with open_webhook(
        url=url, secret=secret, clock=SystemClock(), timeout_s=timeout_s, ca_file=ca_file
    ) as webhook:
        try:
            await webhook.send(NOTICE)
        except NotDelivered as failure:
            return str(failure) if failure.advice else "no advice"
    return "taken"


async def test_the_message_says_which_alert_and_nothing_about_the_person() -> None:
    async with care_centre() as centre:
        assert await send(centre.url) == "taken"
    (request,) = centre.requests
    assert request.path == "/alerts/secret-path"
    assert request.headers["content-type"] == "application/json"
    assert request.json() == {
        "schema": "huoma.notice/1",
        "id": "0195a1b2",
        "kind": "fall",
        "priority": "high",
        "state": "raised",
        "subject": {"type": "resident", "id": "resident-1"},
        "raised_at": "2026-03-01T08:00:00+00:00",
        "attempt": 1,
        "url": "https://gateway.example/api/v1/alerts/0195a1b2",
        "clock_synchronised": True,
        "simulated": False,
        "to": None,
    }


async def test_the_signature_is_over_time_and_body() -> None:
    async with care_centre() as centre:
        await send(centre.url)
    (request,) = centre.requests
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request.headers["huoma-signature"])
    assert found is not None
    expected = hmac.new(SECRET.encode(), f"{found[1]}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert found[2] == expected
    assert abs(int(found[1]) - SystemClock().wall().timestamp()) < 60


def test_the_signature_of_a_known_message() -> None:
    # printf '1767225600.{"id":"x"}' | openssl dgst -sha256 -hmac 0123456789abcdef
    assert signature(b"0123456789abcdef", b'{"id":"x"}', 1767225600) == (
        "t=1767225600,v1=e47402d9d5dc8f6ac2e4d92422b0480bf212f658929186c91dc831bac13c3ce9"
    )


async def test_without_a_secret_nothing_is_signed() -> None:
    async with care_centre() as centre:
        assert await send(centre.url, secret=None) == "taken"
    assert "huoma-signature" not in centre.requests[0].headers


async def test_a_dead_port_is_named() -> None:
    with socket.socket() as taken:  # bound and not listening: nothing else can listen there meanwhile
        taken.bind(("127.0.0.1", 0))
        assert await send(f"http://127.0.0.1:{taken.getsockname()[1]}/") == "does not answer (ConnectError)"


@pytest.mark.parametrize("status", ["500 Oops", "503 Later", "404 Not Found", "401 Unauthorized", "410 Gone"])
async def test_a_refusal_is_named(status: str) -> None:
    async with care_centre(status) as centre:
        assert await send(centre.url) == f"answers {status.split()[0]}"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Elsewhere", "308 Gone for good"])
async def test_redirects_are_not_followed(status: str) -> None:
    async with care_centre() as other, care_centre(status) as centre:
        centre.headers["Location"] = other.url
        assert await send(centre.url) == f"redirects ({status.split()[0]})"
        assert len(centre.requests) == 1
        assert other.requests == []


@pytest.mark.parametrize("behave", ["hang", "drip"])
async def test_a_server_that_hangs_or_drips_is_given_up_in_time(behave: str) -> None:
    loop = asyncio.get_running_loop()
    async with care_centre(behave) as centre:
        began = loop.time()
        assert await send(centre.url, timeout_s=0.1) == "does not answer within 0.1 s"
        assert loop.time() - began < 2


async def test_a_port_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel accepts, nobody reads
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert await send(url, timeout_s=0.1) == "does not answer within 0.1 s"


async def test_a_server_that_closes_without_an_answer_is_named() -> None:
    async with care_centre("close") as centre:
        assert re.match(r"does not answer \((RemoteProtocolError|ReadError)\)", await send(centre.url))


async def test_an_endless_answer_is_not_read() -> None:
    async with care_centre("endless") as centre:
        assert await send(centre.url, timeout_s=2) == "taken"


async def test_something_that_does_not_speak_http_is_named() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert re.match(r"does not answer \(\w+Error\)", await send(url))


def certificate(folder: Path, *, expired: bool = False) -> tuple[ssl.SSLContext, Path]:
    """A server's own certificate for 127.0.0.1, and its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().wall()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=-1 if expired else 30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "server.pem", folder / "server.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_pem)
    return context, pem


async def test_tls_is_verified_and_an_authority_of_ones_own_can_be_named(tmp_path: Path) -> None:
    context, pem = certificate(tmp_path)
    async with care_centre(tls=context) as centre:
        assert await send(centre.url) == "does not answer (ConnectError)"
        assert centre.requests == []
        assert await send(centre.url, ca_file=pem) == "taken"


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    context, pem = certificate(tmp_path, expired=True)
    async with care_centre(tls=context) as centre:
        assert await send(centre.url, ca_file=pem) == "does not answer (ConnectError)"
    assert centre.requests == []


async def test_settings_that_cannot_be_meant_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="secret is too short"):
        await send("https://care.example/", secret="changeme")
    with pytest.raises(SettingsError, match="ca_file"):
        await send("https://care.example/", ca_file=tmp_path / "none.pem")
    (tmp_path / "junk.pem").write_text("junk")
    with pytest.raises(SettingsError, match="ca_file"):
        await send("https://care.example/", ca_file=tmp_path / "junk.pem")


@pytest.mark.parametrize("url", ["ftp://care.example/", "care.example", "", "https://", "http://[::bad", "\x00"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="address"):
        checked_url(url)


@pytest.mark.parametrize("url", ["http://care.example/x", "http://8.8.8.8/", "http://[2001:4860:4860::8888]/"])
def test_an_alert_does_not_leave_the_home_in_the_clear(url: str) -> None:
    with pytest.raises(SettingsError, match="in the clear"):
        checked_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "http://192.168.1.5/", "http://hub.local/"]
)
def test_within_the_home_it_may(url: str) -> None:
    checked_url(url)


async def test_its_name_holds_no_secret() -> None:
    for url, name in {
        "https://user:pass@care.example/hook/T0K3N?key=1": "webhook https://care.example",
        "http://[::1]:8080/x": "webhook http://[::1]:8080",
    }.items():
        async with open_webhook(url=url, secret=SECRET, clock=SystemClock()) as webhook:
            assert webhook.name == name


def test_a_notice_is_json_in_every_state() -> None:
    for state in State:
        text = json.dumps(replace(NOTICE, state=state).document())
        assert json.loads(text)["state"] == state.value
