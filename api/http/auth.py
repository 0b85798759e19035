"""Who calls: bearer tokens, roles, and the door that every request goes through."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.errors import Forbidden, error_response
from gateway.core.clock import Clock
from gateway.store.users import Role, User

_TOKEN_BYTES: Final = 32  # 256 bits: guessing is hopeless, so a fast hash is enough to know them by
PRINCIPAL: Final = "huoma.principal"  # key in the ASGI scope

# After 10 wrong tokens an address is told to wait, one more is granted each 6 s. Right tokens never pass this way.
_FAILURES: Final = 10.0
_FAILURE_EVERY_S: Final = 6.0
_ADDRESSES: Final = 256  # remembered at once; the one that was quiet longest is forgotten first


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is calling."""

    name: str
    role: Role
    token_hash: bytes | None = None  # None: came in by the control socket


class TokenBook:
    """Tokens in force. One that was right once is known from then on without asking the store."""

    def __init__(self, authenticate: Callable[[str], Awaitable[User | None]]) -> None:
        """`authenticate` is `gateway.store.users.Users.authenticate`."""
        self._authenticate = authenticate
        self._known: dict[bytes, Principal] = {}  # at most one entry per user: bounded by their number
        self._forgotten = 0

    def temporary(self, name: str, role: Role) -> str:
        """A token that lives as long as this process and is written nowhere."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        digest = _digest(token)
        self._known[digest] = Principal(name=name, role=role, token_hash=digest)
        return token

    async def look_up(self, token: str) -> Principal | None:
        """The user of a token in force. Found by its hash, so timing tells nothing about it."""
        digest = _digest(token)
        known = self._known.get(digest)
        if known is not None:
            return known
        forgotten = self._forgotten
        user = await self._authenticate(token)
        if (
            user is None or forgotten != self._forgotten
        ):  # revoked while the store was asked: the next request asks again
            return None
        return self._known.setdefault(digest, Principal(name=user.name, role=user.role, token_hash=digest))

    def forget(self, name: str) -> None:
        """The user's token was revoked."""
        self._forgotten += 1
        self._known = {digest: known for digest, known in self._known.items() if known.name != name}

    def stands(self, principal: Principal) -> bool:
        """Whether the token the principal came with is still in force."""
        return principal.token_hash is None or principal.token_hash in self._known


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class _Failures:
    """A bucket of allowed failures per address. Overflow policy: the address that was quiet longest is forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def blocked(self, address: str) -> bool:
        """Count a failure of `address`; True when it has failed too often."""
        now = self._clock.monotonic()
        spent, at = self._spent.pop(address, (0.0, now))
        spent = max(0.0, spent - (now - at) / _FAILURE_EVERY_S)
        blocked = spent > _FAILURES - 1.0
        self._spent[address] = (spent if blocked else spent + 1.0, now)
        while len(self._spent) > _ADDRESSES:
            self._spent.popitem(last=False)
        return blocked


class Door:
    """ASGI middleware: nothing but the empty page shell is reached without a token, not even a "not found"."""

    def __init__(self, app: ASGIApp, *, tokens: TokenBook, clock: Clock, open_paths: frozenset[str]) -> None:
        self._app = app
        self._tokens = tokens
        self._failures = _Failures(clock)
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self._open_paths and PRINCIPAL not in scope:
            token = _bearer(scope)
            principal = await self._tokens.look_up(token) if token is not None else None
            if principal is None:
                await self._refusal(scope, given=token is not None)(scope, receive, send)
                return
            scope = {**scope, PRINCIPAL: principal}
        await self._app(scope, receive, send)

    def _refusal(self, scope: Scope, *, given: bool) -> ASGIApp:
        address = (scope.get("client") or ("", 0))[0]
        if given and self._failures.blocked(address):
            wait = {"Retry-After": str(int(_FAILURE_EVERY_S))}
            return error_response(429, "too-many-failures", "Too many wrong tokens from this address: wait.", wait)
        sentence = "This token is not known or was revoked." if given else "Send a bearer token."
        return error_response(401, "unauthenticated", sentence, {"WWW-Authenticate": "Bearer"})


def _bearer(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if scheme.lower() == "bearer" and token.strip() else None
    return None


class Allow:
    """Route dependency: only these roles (and admin) get in; gives the principal."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles) | {Role.ADMIN}

    def __call__(self, request: Request) -> Principal:
        """The caller, when the role is right.

        Raises:
            Forbidden: it is not.
        """
        principal: Principal = request.scope[PRINCIPAL]
        if principal.role not in self.roles:
            allowed = " or ".join(sorted(self.roles))
            raise Forbidden(f"This is for {allowed}; your token is for {principal.role}.")
        return principal


NURSES: Final = Allow(Role.NURSE)
TECHNICIANS: Final = Allow(Role.TECHNICIAN)
EVERYBODY: Final = Allow(Role.NURSE, Role.TECHNICIAN)
ADMINS: Final = Allow()
