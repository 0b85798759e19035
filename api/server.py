"""uvicorn inside our own event loop: bound first, closed within bounds, no client waits at another's expense."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import ssl
from collections.abc import AsyncIterator, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.settings import ApiSettings
from gateway.core.errors import HuomaError, PortInUse, SettingsError

# A client that takes nothing for this long is cut off; it resumes by Last-Event-ID. Two keep-alives (15 s) fit in.
WRITE_TIMEOUT_S: Final = 30.0
_REQUEST_TIMEOUT_S: Final = 15.0  # from connecting to a whole request head
_GRACE_S: Final = 3  # for open requests at shutdown; streams end at once by themselves
_CONNECTIONS: Final = 512  # a home has a handful of clients; beyond this the newest gets 503
_SEND_BUFFER_BYTES: Final = 65536  # what the kernel may hold for a client that does not read: bounds how late we notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A bound socket, not yet served."""

    socket: socket.socket
    url: str
    tls: ssl.SSLContext | None = None

    def close(self) -> None:
        """Give the port back; a socket in the file system is removed."""
        self.socket.close()
        if self.url.startswith("unix:"):
            Path(self.url.removeprefix("unix:")).unlink(missing_ok=True)


def bind(settings: ApiSettings) -> Listener:
    """Take the port of the API, before anything else is started.

    Raises:
        PortInUse: somebody else has it.
        SettingsError: the host is not of this machine, or certificate and key cannot be used.
    """
    tls = _tls(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        # Inherited by accepted sockets: peers that vanished without a word, and those that keep their window shut.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(WRITE_TIMEOUT_S * 1000))
        listener.bind((settings.host, settings.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise _bind_error(settings, error) from error
    host = f"[{settings.host}]" if family == socket.AF_INET6 else settings.host
    port = listener.getsockname()[1]
    return Listener(socket=listener, url=f"{'https' if tls else 'http'}://{host}:{port}", tls=tls)


def bind_control(path: Path) -> Listener:
    """The control socket: only the user the gateway runs as (and root) can open it. Replaces one left behind.

    Raises:
        HuomaError: the folder cannot be written, or the path is too long for a socket.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        mask = os.umask(0o177)  # from its first moment: 0600
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
        listener.listen()
    except OSError as error:
        listener.close()
        raise HuomaError(
            f"{path}: the control socket cannot be made there ({error}): choose another data_dir"
        ) from error
    return Listener(socket=listener, url=f"unix:{path}")


@contextlib.asynccontextmanager
async def serving(
    apps: Sequence[tuple[Listener, ASGIApp]], *, closing: asyncio.Event, write_timeout_s: float = WRITE_TIMEOUT_S
) -> AsyncIterator[None]:
    """Serve while the body runs. On the way out `closing` is set, streams end, and the rest gets a few seconds.

    Args:
        apps: what is served on which socket; the sockets are closed at the end.
        closing: told to the streams (`Services.closing`).
        write_timeout_s: how long a client may take nothing.
    """
    protocol = type("Protocol", (PatientProtocol,), {"write_timeout_s": write_timeout_s})
    servers = [_server(listener, app, protocol) for listener, app in apps]
    try:
        async with asyncio.TaskGroup() as group:
            for server, (listener, _) in zip(servers, apps, strict=True):
                group.create_task(server.serve([listener.socket]))
            try:
                for server in servers:
                    await server.answering.wait()
                yield
            finally:
                closing.set()
                for server in servers:
                    server.stop.set()
    finally:
        for listener, _ in apps:
            listener.close()


class PatientProtocol(H11Protocol):
    """Cuts off a client that stops reading, or never finishes asking; the other clients notice nothing."""

    write_timeout_s = WRITE_TIMEOUT_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._stalled: asyncio.TimerHandle | None = None
        self._silent = self.loop.call_later(_REQUEST_TIMEOUT_S, self._abort_unless_asked)

    def connection_lost(self, exc: Exception | None) -> None:
        self._silent.cancel()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client's buffer is full: it has so long to take some."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It took some."""
        if self._stalled is not None:
            self._stalled.cancel()
        super().resume_writing()

    def _abort_unless_asked(self) -> None:
        cycle: object | None = self.cycle  # uvicorn types it without the None it starts as
        if cycle is None:
            self.transport.abort()


class _Server(uvicorn.Server):
    """Leaves signals to the composition root, and sleeps until told to stop instead of waking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()
        self.answering = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def main_loop(self) -> None:
        self.answering.set()
        await self.stop.wait()


def _server(listener: Listener, app: ASGIApp, protocol: type[asyncio.Protocol]) -> _Server:
    tls = listener.tls
    extra: dict[str, Any] = {} if tls is None else {"ssl_context_factory": lambda _config, _default: tls}
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # would write query strings
        server_header=False,
        date_header=False,  # api.http.guard writes it
        proxy_headers=False,  # nobody may say they are somebody else
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
        **extra,
    )
    return _Server(config)


def _tls(settings: ApiSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"[api] tls_cert {settings.tls_cert} and tls_key {settings.tls_key} cannot be used: {error}"
        ) from error
    return context


def _bind_error(settings: ApiSettings, error: OSError) -> HuomaError:
    place = f"{settings.host} port {settings.port}"
    if error.errno == errno.EADDRINUSE:
        return PortInUse(
            f"{place} is in use, perhaps by another gateway: "
            "stop that one, or give another port ([api] port; 0 takes any)"
        )
    if error.errno == errno.EACCES:
        return SettingsError(f"{place} may be taken by root only: give a port above 1023 ([api] port)")
    return SettingsError(f"cannot listen on {place}: {error}: give an address of this machine ([api] host)")
