"""What every request and reply goes through before anything reads it: host, size, headers."""

from __future__ import annotations

from email.utils import format_datetime
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.errors import SECURITY_HEADERS, error_response
from gateway.core.clock import Clock

BODY_LIMIT_BYTES: Final = 65536  # the largest request is a resolve with a note: a few hundred bytes


class Guard:
    """ASGI middleware: Host check (a page elsewhere must not reach us by DNS rebinding), body limit, headers.

    Args:
        app: what stands behind.
        clock: for the Date header.
        host_names: names accepted in the Host header, without port; None accepts any (behind TLS).
    """

    def __init__(self, app: ASGIApp, *, clock: Clock, host_names: frozenset[str] | None) -> None:
        self._app = app
        self._clock = clock
        self._host_names = host_names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["Date"] = format_datetime(self._clock.wall(), usegmt=True)
            await send(message)

        headers = dict(scope["headers"])
        if not self._host_is_ours(headers.get(b"host", b"")):
            refusal = error_response(421, "wrong-host", "This gateway does not go by that host name.")
            await refusal(scope, receive, with_headers)
        elif int(headers.get(b"content-length", b"0")) > BODY_LIMIT_BYTES:
            await _too_large(scope, receive, with_headers)
        elif b"transfer-encoding" not in headers:
            await self._app(scope, receive, with_headers)
        elif (whole := await _whole_body(receive)) is None:
            await _too_large(scope, receive, with_headers)
        else:
            await self._app(scope, whole, with_headers)

    def _host_is_ours(self, host: bytes) -> bool:
        if self._host_names is None:
            return True
        name = host.decode("latin-1").lower()
        name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
        return name in self._host_names


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    response = error_response(413, "too-large", f"No request may have more than {BODY_LIMIT_BYTES} bytes.")
    await response(scope, receive, send)


async def _whole_body(receive: Receive) -> Receive | None:
    """A body of unknown length, read before anything uses it; None when it is too large."""
    body = b""
    message: Message = {"type": "http.request", "more_body": True}
    while message["type"] == "http.request" and message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT_BYTES:
            return None
    waiting = [message if message["type"] != "http.request" else {"type": "http.request", "body": body}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
