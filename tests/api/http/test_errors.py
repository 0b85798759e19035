"""Requests nobody means: an answer in one shape, never a defect."""

from __future__ import annotations

import json
import logging
import random
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from gateway.store.users import Role
from tests.api.home import Home, client

ODD: list[Any] = [
    None, True, 0, -1, 2**63, 1e308, "", " ", "a" * 300, "\x00", "\ud800", "ä/€", "../..", "*", [], {}, [[]], {"a": {}},
    "Aino", "fhir", "nurse", "2026-03-01T08:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "real",
]  # fmt: skip
FIELDS = (
    "name", "room_id", "resident", "recipient", "data_type", "since", "role", "verdict", "note", "placement",
    "user_slot",
)  # fmt: skip
IN_PATHS = [
    "a",
    "%00",
    "%ff",
    "..%2f..",
    "a" * 500,
    "%F0%9F%98%80",
    "Aino",
    "AA:BB:CC:DD:EE:FF",
    "'; DROP TABLE users;--",
]


def _body(rng: random.Random) -> bytes:
    if rng.random() < 0.15:
        return rng.choice([b"", b"{", b"\xff\xfe", b"[" * 5000, b'{"a": 1e999}', b'{"name": NaN}', rng.randbytes(20)])
    return json.dumps({rng.choice(FIELDS): rng.choice(ODD) for _ in range(rng.randint(0, 5))}).encode()


@pytest.mark.slow
async def test_odd_requests_are_answered_in_one_shape(home: Home) -> None:
    await home.services.acts.add_resident("Aino", actor="test")
    rng = random.Random(20260301)
    operations = [
        (method, str(context.path))
        for context in iter_route_contexts(home.app.routes)
        for method in context.methods or ()
        if not str(context.path).endswith("/stream")
    ]
    refused = 0
    async with client(home, Role.ADMIN) as admin:
        for _ in range(600):
            method, path = rng.choice(operations)
            for name in ("alert_id", "resident_id", "device:path", "name"):
                path = path.replace("{" + name + "}", rng.choice(IN_PATHS))
            query = {key: rng.choice(ODD) for key in ("state", "limit", "after_seq", "unknown") if rng.random() < 0.3}
            query = {key: str(value).encode("utf-8", "replace").decode() for key, value in query.items()}
            reply = await admin.request(
                method, path, params=query, content=_body(rng), headers={"content-type": "application/json"}
            )
            assert reply.status_code < 500, f"{method} {path}: {reply.text}"
            if reply.status_code >= 400:
                refused += 1
                assert set(reply.json()) == {"error", "code"}, f"{method} {path}"
    assert refused > 200


async def test_defect_is_answered_without_its_words(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("Aino Canary")

    monkeypatch.setattr(home.desk.store, "find", broken)
    transport = httpx.ASGITransport(app=home.app, raise_app_exceptions=False)
    with caplog.at_level(logging.DEBUG):
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=home.headers()) as nurse:
            reply = await nurse.get("/api/v1/alerts")
    assert (reply.status_code, reply.json()["code"]) == (500, "internal")
    assert "Canary" not in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]


async def test_error_does_not_repeat_what_was_sent(home: Home) -> None:
    async with client(home, Role.ADMIN) as admin:
        reply = await admin.post("/api/v1/residents", json={"name": ["Aino Canary"]})
    assert reply.status_code == 422
    assert "Canary" not in reply.text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"", "The body is missing: send a JSON object; /openapi.json tells its fields."),
        (b'{"name": "Aino", ]', 'The body is no valid JSON: send an object such as {"name": "value"}.'),
        (b"[]", "The body should be a JSON object; /openapi.json tells its fields."),
        (b"{}", "name is missing: give it; /openapi.json tells what it is."),
        (b'{"name": "A", "rom": 1}', "rom is no field of this request: leave it out; /openapi.json tells the fields."),
        (b'{"name": 5}', "name: should be a valid string"),
    ],
)
async def test_each_refusal_says_what_to_send(home: Home, sent: bytes, said: str) -> None:
    async with client(home, Role.ADMIN) as admin:
        reply = await admin.post("/api/v1/residents", content=sent, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["error"]) == (422, said)
