"""Every route denies: without a token, with a wrong one, with the wrong role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.http.app import Control
from api.http.auth import Allow, Credential, Role, TokenBook, hash_token, new_token
from api.http.page import OPEN_PATHS
from tests.api.home import client, new_home
from tests.virtual_time import EPOCH, VirtualClock

FILLED = {"alert_id": "a", "resident_id": "r", "address": "AA:BB:CC:DD:EE:FF", "name": "page.js", "user": "u"}


def operations(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    """Method, path and route of everything the application answers to."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"{route} is no route this test understands"
        for method in sorted(context.methods or ()):
            yield method, (context.path or "").format(**FILLED), route


def roles_of(route: APIRoute) -> frozenset[Role]:
    doors = [dependency.call for dependency in route.dependant.dependencies if isinstance(dependency.call, Allow)]
    assert len(doors) == 1, f"{route.path} must name its roles once"
    return doors[0].roles


async def test_every_route_denies_without_a_token() -> None:
    home = new_home()
    seen = 0
    async with client(home, None) as nobody:
        for method, path, _ in operations(home.app):
            reply = await nobody.request(method, path)
            if path in OPEN_PATHS:
                assert reply.status_code == 200
                continue
            seen += 1
            assert reply.status_code == 401, f"{method} {path}"
            assert reply.json()["code"] == "unauthenticated"
            assert reply.headers["www-authenticate"] == "Bearer"
            wrong = await nobody.request(method, path, headers={"Authorization": f"Bearer {new_token()}"})
            assert wrong.status_code in (401, 429), f"{method} {path}"
        for path in ("/api/v1/nothing", "/docs", "/assets/../openapi.json", "/assets/secret", "/api/v1/alerts/"):
            assert (await nobody.get(path)).status_code == 401, path
    assert seen >= 10


async def test_every_route_denies_the_wrong_role_and_admits_the_right_one() -> None:
    home = new_home()
    pairs = 0
    for role in Role:
        async with client(home, role) as caller:
            for method, path, route in operations(home.app):
                if path in OPEN_PATHS or path.endswith("/stream"):
                    continue
                reply = await caller.request(method, path)
                allowed = role in roles_of(route)
                assert (reply.status_code != 403) is allowed, f"{method} {path} as {role}: {reply.status_code}"
                assert reply.status_code < 500
                pairs += not allowed
    assert pairs >= 5


async def test_stream_denies_the_wrong_role() -> None:
    home = new_home()
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.get("/api/v1/alerts/stream")
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert reply.json()["error"] == "This is for admin or nurse; your token is for technician."


def test_open_paths_are_the_shell_and_its_assets() -> None:
    assert {path for path in OPEN_PATHS if not path.startswith("/assets/")} == {"/"}


async def test_wrong_tokens_are_slowed_down_and_the_right_one_never() -> None:
    home = new_home()
    async with client(home, None) as caller:

        async def wrong() -> httpx.Response:
            return await caller.get("/api/v1/alerts", headers={"Authorization": "Bearer nonsense"})

        codes = [(await wrong()).status_code for _ in range(30)]
        assert codes == [401] * 10 + [429] * 20
        assert (await wrong()).headers["retry-after"] == "6"
        for _ in range(20):
            reply = await caller.get("/api/v1/alerts", headers=home.headers())
            assert reply.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer\t{}", "Token {}", "{}", "Bearer {} x", "Bearer \xe9"]
)
async def test_half_a_header_is_no_token(header: str) -> None:
    home = new_home()
    given = header.format(home.tokens[Role.ADMIN]).encode("latin-1")
    async with client(home, None) as caller:
        assert (await caller.get("/api/v1/status", headers=[(b"authorization", given)])).status_code == 401


async def test_control_socket_is_the_administrator() -> None:
    home = new_home()
    transport = httpx.ASGITransport(app=Control(home.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as local:
        assert (await local.get("/api/v1/me")).json() == {"name": "local administrator", "role": "admin"}


async def test_principal_cannot_be_claimed_from_outside() -> None:
    home = new_home()
    async with client(home, None) as caller:
        reply = await caller.get("/api/v1/me", headers={"huoma.principal": "admin", "x-forwarded-for": "127.0.0.1"})
    assert reply.status_code == 401


def test_tokens_expire_and_are_revoked() -> None:
    import asyncio

    from tests.virtual_time import run_virtual

    async def main() -> None:
        clock = VirtualClock()
        book = TokenBook(clock)
        lasting, short = new_token(), new_token()
        book.replace(
            [
                Credential(name="Anna", role=Role.NURSE, token_hash=hash_token(lasting)),
                Credential(
                    name="Bo", role=Role.NURSE, token_hash=hash_token(short), expires_at=EPOCH + timedelta(hours=1)
                ),
            ]
        )
        anna, bo = book.look_up(lasting), book.look_up(short)
        assert anna is not None
        assert bo is not None
        assert book.stands(bo)
        await asyncio.sleep(3601)
        assert book.look_up(short) is None
        assert not book.stands(bo)
        assert book.look_up(lasting) == anna
        book.replace([])
        assert book.look_up(lasting) is None
        assert not book.stands(anna)

    run_virtual(main)


def test_token_is_kept_as_a_hash_only() -> None:
    book = TokenBook(VirtualClock())
    token = book.temporary("Anna", Role.NURSE)
    assert token.startswith("huoma_")
    assert len(token) > 40
    assert token not in repr(vars(book))
    assert new_token() != new_token()


def test_no_token_in_the_page() -> None:
    """A token in an address ends up in histories and logs: the page must neither read nor write one there."""
    script = Path("api/http/static/page.js").read_text(encoding="utf-8")
    for word in ("location.search", "location.hash", "localStorage", "document.cookie"):
        assert word not in script
