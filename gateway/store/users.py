"""People and programs who may ask: a role and a bearer token each. Only the hash of the token is kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import apsw

from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.ids import new_id
from gateway.store import audit
from gateway.store.database import Database
from gateway.store.rows import insert
from gateway.store.stamp import Stamper, utc_text

TOKEN_BYTES: Final = 32  # 256 random bits
LOCAL_ADMINISTRATOR: Final = "local administrator"  # the actor of what is done over the control socket


class Role(StrEnum):
    NURSE = "nurse"
    TECHNICIAN = "technician"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who asks."""

    id: str
    name: str
    role: Role
    revoked: bool = False


class Users:
    """Accounts of this gateway."""

    def __init__(self, database: Database, stamper: Stamper) -> None:
        self._database = database
        self._stamper = stamper

    async def add(self, name: str, role: Role | str, *, actor: str) -> tuple[User, str]:
        """A new user and the bearer token, which is shown this once and kept nowhere.

        Raises:
            Invalid: no name, or no such role.
            Conflict: the name is taken.
        """
        stamp = self._stamper.now()
        try:
            user = User(id=new_id(stamp.wall), name=name.strip(), role=Role(role))
        except ValueError:
            raise Invalid(f"There is no role '{role}': give one of {', '.join(Role)}.") from None
        if not user.name or not user.name.isprintable():
            raise Invalid("A user needs a name.")
        token = secrets.token_urlsafe(TOKEN_BYTES)

        def work(connection: apsw.Connection) -> tuple[User, str]:
            if connection.execute("SELECT 1 FROM users WHERE name = ?", (user.name,)).get is not None:
                raise Conflict(f"There is a user {user.name} already: choose another name.")
            values = {"id": user.id, "name": user.name, "role": user.role.value, "token_hash": _hash(token)}
            insert(connection, "users", stamp, values)
            detail = {"role": user.role.value}
            audit.note(connection, stamp, actor=actor, action="user.add", target=user.name, detail=detail)
            return user, token

        return await self._database.write(work)

    async def authenticate(self, token: str) -> User | None:
        """Whose token this is; None for a wrong or revoked one. Found by its hash, so timing tells nothing of it."""
        digest = _hash(token)

        def work(connection: apsw.Connection) -> User | None:
            row = connection.execute(
                "SELECT id, name, role FROM users WHERE token_hash = ? AND revoked_at IS NULL", (digest,)
            ).fetchone()
            return None if row is None else User(id=row[0], name=row[1], role=Role(row[2]))

        return await self._database.read(work)

    async def users(self) -> list[User]:
        """All, the revoked ones too."""

        def work(connection: apsw.Connection) -> list[User]:
            rows = connection.execute("SELECT id, name, role, revoked_at FROM users ORDER BY wall, id")
            return [User(id=i, name=name, role=Role(role), revoked=gone is not None) for i, name, role, gone in rows]

        return await self._database.read(work)

    async def revoke(self, name: str, *, actor: str) -> None:
        """The user's token opens nothing from now on.

        Raises:
            NotFound: no such user, or revoked already.
        """
        stamp = self._stamper.now()

        def work(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE users SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (utc_text(stamp.wall), name)
            )
            if not connection.changes():
                raise NotFound(f"There is no user {name} with a valid token.")
            audit.note(connection, stamp, actor=actor, action="user.revoke", target=name)

        await self._database.write(work, essential=True)  # on a full disk too


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
