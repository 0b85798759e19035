"""Every route denies: without a token, with a wrong one, with the wrong role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.http.app import Control
from api.http.auth import Allow, TokenBook
from api.http.page import OPEN_PATHS
from gateway.store.users import Role, User
from tests.api.home import Home, client

FILLED = {
    "reading_id": "r-1",
    "alert_id": "a",
    "resident_id": "r",
    "device": "AA:BB:CC:DD:EE:FF",
    "name": "page.js",
    "pairing_id": "p",
    "identity": "port:x",
    "installation_id": "i",
}


def operations(app: FastAPI) -> Iterator[tuple[str, str, APIRoute]]:
    """Method, path and route of everything the application answers to."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"{route} is no route this test understands"
        for method in sorted(context.methods or ()):
            yield method, (context.path_format or "").format(**FILLED), route


def roles_of(route: APIRoute) -> frozenset[Role]:
    doors = [dependency.call for dependency in route.dependant.dependencies if isinstance(dependency.call, Allow)]
    assert len(doors) == 1, f"{route.path} must name its roles once"
    return doors[0].roles


async def test_every_route_denies_without_a_token(home: Home) -> None:
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
            wrong = await nobody.request(method, path, headers={"Authorization": "Bearer nonsense"})
            assert wrong.status_code in (401, 429), f"{method} {path}"
        for path in ("/api/v1/nothing", "/docs", "/assets/../openapi.json", "/assets/secret", "/api/v1/alerts/"):
            assert (await nobody.get(path)).status_code == 401, path
    assert seen >= 10


async def test_every_route_denies_the_wrong_role_and_admits_the_right_one(home: Home) -> None:
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


async def test_stream_denies_the_wrong_role(home: Home) -> None:
    async with client(home, Role.TECHNICIAN) as technician:
        reply = await technician.get("/api/v1/alerts/stream")
    assert (reply.status_code, reply.json()["code"]) == (403, "forbidden")
    assert reply.json()["error"] == "This is for admin or nurse; your token is for technician."


def test_open_paths_are_the_shell_and_its_assets() -> None:
    assert {path for path in OPEN_PATHS if not path.startswith("/assets/")} == {"/"}


async def test_wrong_tokens_are_slowed_down_and_the_right_one_never(home: Home) -> None:
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
async def test_half_a_header_is_no_token(home: Home, header: str) -> None:
    given = header.format(home.tokens[Role.ADMIN]).encode("latin-1")
    async with client(home, None) as caller:
        assert (await caller.get("/api/v1/status", headers=[(b"authorization", given)])).status_code == 401


async def test_control_socket_is_the_administrator(home: Home) -> None:
    transport = httpx.ASGITransport(app=Control(home.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as local:
        assert (await local.get("/api/v1/me")).json() == {"name": "local administrator", "role": "admin"}


async def test_principal_cannot_be_claimed_from_outside(home: Home) -> None:
    async with client(home, None) as caller:
        reply = await caller.get("/api/v1/me", headers={"huoma.principal": "admin", "x-forwarded-for": "127.0.0.1"})
    assert reply.status_code == 401


async def test_user_of_the_store_is_let_in_until_revoked(home: Home) -> None:
    acts = home.services.acts
    _, token = await acts.add_user("Anna", Role.NURSE, actor="test")
    anna = await home.services.tokens.look_up(token)
    assert anna is not None
    assert (anna.name, anna.role) == ("Anna", Role.NURSE)
    assert home.services.tokens.stands(anna)
    await acts.revoke_user("Anna", actor="test")
    assert await home.services.tokens.look_up(token) is None
    assert not home.services.tokens.stands(anna)


async def test_known_token_is_not_asked_for_again() -> None:
    asked: list[str] = []

    async def authenticate(token: str) -> User | None:
        asked.append(token)
        return User(id="1", name="Anna", role=Role.NURSE) if token == "right" else None

    book = TokenBook(authenticate)
    for _ in range(3):
        assert await book.look_up("right") is not None
        assert await book.look_up("wrong") is None
    assert asked == ["right", "wrong", "wrong", "wrong"]


async def test_token_revoked_while_it_is_looked_up_is_not_kept() -> None:
    async def authenticate(_token: str) -> User | None:
        book.forget("Anna")  # the revocation comes between the question and its answer
        return User(id="1", name="Anna", role=Role.NURSE)

    book = TokenBook(authenticate)
    assert await book.look_up("token") is None
    assert book._known == {}


async def test_token_is_kept_as_a_hash_only(home: Home) -> None:
    token = home.services.tokens.temporary("Anna", Role.NURSE)
    assert len(token) >= 43
    assert token not in repr(vars(home.services.tokens))


def test_no_token_in_the_page() -> None:
    """A token in an address ends up in histories and logs: the page must neither read nor write one there."""
    script = Path("api/http/static/page.js").read_text(encoding="utf-8")
    for word in ("location.search", "location.hash", "localStorage", "document.cookie"):
        assert word not in script
