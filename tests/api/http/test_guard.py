"""What every reply carries, and what no request may be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from api.http.app import build_app
from gateway.store.users import Role
from tests.api.home import Home, client


@pytest.mark.parametrize("path", ["/", "/assets/page.js", "/api/v1/alerts", "/nothing", "/api/v1/alerts/stream?x"])
async def test_every_reply_carries_the_security_headers(home: Home, path: str) -> None:
    async with client(home, None) as caller:
        headers = (await caller.get(path)).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "date" in headers
    assert "server" not in headers


async def test_no_other_origin_is_let_in(home: Home) -> None:
    async with client(home) as caller:
        origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        for reply in (await caller.get("/api/v1/alerts", headers=origin), await caller.options("/api/v1/alerts")):
            assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8420", 200),
        ("LOCALHOST:8420", 200),
        ("[::1]:8420", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example:8420", 421),
        ("localhost@evil.example", 421),
        ("", 421),
    ],
)
async def test_foreign_host_name_is_refused(home: Home, host: str, status: int) -> None:
    async with client(home) as caller:
        assert (await caller.get("/api/v1/alerts", headers={"Host": host})).status_code == status


async def test_any_host_name_where_tls_vouches(home: Home) -> None:
    transport = httpx.ASGITransport(app=build_app(home.services, host_names=None))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://home.example", headers=home.headers()
    ) as caller:
        assert (await caller.get("/api/v1/alerts")).status_code == 200


async def test_large_bodies_are_refused_however_they_come(home: Home) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1000

    async with client(home) as caller:
        path = "/api/v1/alerts/x/resolve"
        whole = await caller.post(path, content=b" " * 65537)
        chunked = await caller.post(path, content=chunks())
        small = await caller.post(path, content=b'{"verdict": "real"}', headers={"content-type": "application/json"})
    assert (whole.status_code, chunked.status_code, small.status_code) == (413, 413, 404)
    assert whole.json()["code"] == "too-large"


async def test_small_chunked_body_arrives_whole(home: Home) -> None:

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"verdict": '
        yield b'"real"}'

    async with client(home, Role.ADMIN) as caller:
        reply = await caller.post(
            "/api/v1/alerts/x/resolve", content=chunks(), headers={"content-type": "application/json"}
        )
    assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
