"""Users: the token is shown once, only its hash is kept, and a revoked one opens nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.store.database import Database
from gateway.store.stamp import Stamper
from gateway.store.users import Role, Users
from tests.virtual_time import VirtualClock


async def test_a_user_is_known_by_the_token_until_it_is_revoked(database: Database, stamper: Stamper) -> None:
    users = Users(database, stamper)
    nurse, token = await users.add("aino", "nurse", actor="cli")
    admin, other = await users.add("teppo", Role.ADMIN, actor="cli")
    assert await users.authenticate(token) == nurse
    assert await users.authenticate(other) == admin
    assert await users.authenticate(token[:-1]) is None
    assert await users.authenticate("") is None
    assert await users.authenticate("\ud800") is None
    await users.revoke("aino", actor="teppo")
    assert await users.authenticate(token) is None
    assert await users.authenticate(other) == admin
    assert [(one.name, one.revoked) for one in await users.users()] == [("aino", True), ("teppo", False)]
    with pytest.raises(NotFound):
        await users.revoke("aino", actor="teppo")


async def test_bad_users_are_refused(database: Database, stamper: Stamper) -> None:
    users = Users(database, stamper)
    await users.add("aino", "nurse", actor="cli")
    with pytest.raises(Conflict, match="choose another name"):
        await users.add("aino", "admin", actor="cli")
    with pytest.raises(Invalid, match="nurse, technician, admin"):
        await users.add("x", "doctor", actor="cli")
    with pytest.raises(Invalid):
        await users.add("", "nurse", actor="cli")


async def test_the_token_is_nowhere_in_the_store(tmp_path: Path, clock: VirtualClock, stamper: Stamper) -> None:
    path = tmp_path / "home.db"
    async with Database.open(path, clock=clock) as database:
        _, token = await Users(database, stamper).add("aino", "nurse", actor="cli")
    assert len(token) >= 43  # 256 bits
    assert token.encode() not in path.read_bytes()
