"""The server by itself: binding, many clients at once, slow ones, going down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import stat
import time
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.server import bind, bind_control, serving
from api.settings import ApiSettings
from gateway.core.errors import PortInUse, SettingsError
from gateway.core.subject import Subject, SubjectType
from gateway.store.users import Role
from tests.api.home import Home, hear, served
from tests.gateway.desk.words import KITCHEN, fall


async def test_port_in_use_is_said_in_a_sentence() -> None:
    first = bind(ApiSettings(port=0))
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(PortInUse, match=rf"127\.0\.0\.1 port {port} is in use.*another port") as error:
        bind(ApiSettings(port=port))
    assert error.value.exit_status == 4
    first.close()
    bind(ApiSettings(port=port)).close()


def test_foreign_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="address of this machine"):
        bind(ApiSettings(host="127.0.0.1").model_copy(update={"host": "192.0.2.1"}))


def test_broken_certificate_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match=r"tls_cert .*c\.pem.* cannot be used"):
        bind(ApiSettings(port=0, tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "c.pem"))


async def test_twenty_concurrent_acknowledgements_give_one_200_and_nineteen_409(home: Home) -> None:
    alert = await home.desk.report(fall())
    async with served(home) as url, httpx.AsyncClient(base_url=url, headers=home.headers()) as nurses:
        replies = await asyncio.gather(*(nurses.post(f"/api/v1/alerts/{alert.id}/acknowledge") for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 19
    late = next(reply.json() for reply in replies if reply.status_code == 409)
    assert late["code"] == "conflict"
    assert "a nurse" in late["error"]
    assert "20" in late["error"]  # since when: a year


async def test_stream_starts_with_open_alerts_and_resumes_without_a_gap(home: Home) -> None:
    first = await home.desk.report(fall())
    async with served(home) as url, httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse:
        async with nurse.stream("GET", "/api/v1/alerts/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            opened, caught_up = await hear(stream, 2)
        assert (opened.event, opened.id, json.loads(opened.data)["id"]) == ("alert", None, first.id)
        assert caught_up.event == "caught-up"
        # While the client is away
        second = await home.desk.report(fall(subject=KITCHEN))
        await home.desk.acknowledge(first.id, "Anna")
        async with nurse.stream(
            "GET", "/api/v1/alerts/stream", headers={"Last-Event-ID": caught_up.id or ""}
        ) as stream:
            raised, acknowledged = await hear(stream, 2)
            position = acknowledged.id or ""
            assert json.loads(raised.data)["id"] == second.id
            assert json.loads(raised.data)["resident_id"] is None
            assert json.loads(acknowledged.data)["acknowledged_by"] == "Anna"
            assert json.loads(acknowledged.data)["event"]["type"] == "acknowledged"
        async with nurse.stream("GET", "/api/v1/alerts/stream", params={"last_event_id": position}) as stream:
            reader = asyncio.ensure_future(hear(stream, 1))
            await asyncio.sleep(0)
            third = await home.desk.report(fall(subject=Subject(type=SubjectType.ROOM, id="hall")))
            (live,) = await reader
        assert json.loads(live.data)["id"] == third.id
        assert int(live.id or "") == int(position) + 1


@pytest.mark.parametrize("nonsense", ["999999", "-1", "abc", "1" * 40, "١"])
async def test_position_of_another_store_starts_over_instead_of_missing_alerts(home: Home, nonsense: str) -> None:
    alert = await home.desk.report(fall())
    headers = [(b"Last-Event-ID", nonsense.encode())]
    async with (
        served(home) as url,
        httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse,
        nurse.stream("GET", "/api/v1/alerts/stream", headers=headers) as stream,
    ):
        opened, caught_up = await hear(stream, 2)
    assert json.loads(opened.data)["id"] == alert.id
    assert caught_up.event == "caught-up"


async def test_idle_stream_is_kept_alive(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.02)
    async with (
        served(home) as url,
        httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse,
        nurse.stream("GET", "/api/v1/alerts/stream") as stream,
        asyncio.timeout(2),
    ):
        async for line in stream.aiter_lines():
            if line == ": ping":
                break


async def test_open_streams_end_at_shutdown(home: Home) -> None:
    ended: list[float] = []

    async def listen(url: str) -> None:
        async with (
            httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse,
            nurse.stream("GET", "/api/v1/alerts/stream") as stream,
        ):
            async for line in stream.aiter_lines():
                if line.startswith("event: caught-up"):
                    listening.release()
        ended.append(time.monotonic())

    listening = asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        async with served(home) as url:
            for _ in range(3):
                group.create_task(listen(url))
            for _ in range(3):
                await listening.acquire()
            going_down = time.monotonic()
        down = time.monotonic()
    assert len(ended) == 3  # each ended cleanly: the last chunk came, no error
    assert down - going_down < 1.0


async def test_stream_of_a_revoked_token_ends(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.stream.CHECK_S", 0.02)
    async with served(home) as url, httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse:
        async with nurse.stream("GET", "/api/v1/alerts/stream") as stream, asyncio.timeout(2):
            async for line in stream.aiter_lines():
                if line.startswith("event: caught-up"):
                    home.services.tokens.forget("a nurse")
        assert (await nurse.get("/api/v1/alerts")).status_code == 401


class _Flood:
    """An application that never stops talking."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/short":
            await send({"type": "http.response.body", "body": b"answered"})
            return
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(self._talk(send))
            while (await receive())["type"] != "http.disconnect":
                pass
            talking.cancel()
        self.ended.set()

    async def _talk(self, send: Send) -> None:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)


async def test_client_that_does_not_read_is_cut_off_and_the_others_are_served() -> None:
    flood = _Flood()
    listener = bind(ApiSettings(port=0))
    port = int(listener.url.rpartition(":")[2])
    async with serving([(listener, flood)], closing=asyncio.Event(), write_timeout_s=0.05):
        stalled = socket.create_connection(("127.0.0.1", port))
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        async with httpx.AsyncClient(base_url=listener.url) as other:
            assert (await other.get("/short")).text == "answered"
        async with asyncio.timeout(3):
            await flood.ended.wait()
        stalled.close()


async def test_control_socket_is_ours_only_and_goes_away(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("left behind")
    listener = bind_control(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with serving([(listener, home.app)], closing=home.services.closing):
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as local:
            reply = await local.get("/healthz", headers=home.headers(Role.ADMIN))
            assert reply.status_code == 200
            assert (await local.get("/healthz")).status_code == 401  # `Control` grants, not the socket
    assert not path.exists()


async def test_served_over_tls(home: Home, tmp_path: Path) -> None:
    certificate, key = _self_signed(tmp_path)
    listener = bind(ApiSettings(port=0, tls_cert=certificate, tls_key=key))
    assert listener.url.startswith("https://127.0.0.1:")
    async with serving([(listener, home.app)], closing=home.services.closing):
        trust = ssl.create_default_context(cafile=str(certificate))
        async with httpx.AsyncClient(base_url=listener.url, headers=home.headers(), verify=trust) as nurse:
            assert (await nurse.get("/api/v1/alerts")).json() == []
        async with httpx.AsyncClient(base_url=listener.url) as suspicious:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await suspicious.get("/")


def _self_signed(folder: Path) -> tuple[Path, Path]:
    import datetime as dt
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "home")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.mark.slow
async def test_stalled_client_costs_the_others_nothing_and_misses_nothing(home: Home) -> None:
    """R17 in small: one client stops reading; the others hear all, it is cut off, comes back, and hears all too."""
    rounds, others = 400, 5
    padding = "x" * 400  # fills the buffers of the one that does not read sooner

    async def listen(nurse: httpx.AsyncClient) -> list[int]:
        async with nurse.stream("GET", "/api/v1/alerts/stream", headers={"Last-Event-ID": "0"}) as stream:
            return [int(heard.id or 0) for heard in await hear(stream, rounds, within_s=30)]

    async with (
        served(home, write_timeout_s=0.3) as url,
        httpx.AsyncClient(base_url=url, headers=home.headers()) as nurse,
        asyncio.TaskGroup() as group,
    ):
        host, port = url.removeprefix("http://").split(":")
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect((host, int(port)))
        request = f"GET /api/v1/alerts/stream?last_event_id=0 HTTP/1.1\r\nHost: {host}\r\n"
        stalled.sendall(f"{request}Authorization: {home.headers()['Authorization']}\r\n\r\n".encode())
        listeners = [group.create_task(listen(nurse)) for _ in range(others)]
        for number in range(rounds):
            room = Subject(type=SubjectType.ROOM, id=f"room-{number}")
            await home.desk.report(fall(subject=room, summary=padding))
        heard = await asyncio.gather(*listeners)
        resumed = await listen(nurse)
        # The end of what lay in the buffers: far from all, because it was cut off.
        stalled.settimeout(5)
        received = await asyncio.to_thread(_drain, stalled)
    assert all(positions == list(range(1, rounds + 1)) for positions in [*heard, resumed])
    assert f'"position":{rounds}'.encode() not in received.replace(b" ", b"")


def _drain(stalled: socket.socket) -> bytes:
    received = bytearray()
    with stalled, contextlib.suppress(ConnectionResetError):
        while part := stalled.recv(1 << 20):
            received += part
    return bytes(received)
