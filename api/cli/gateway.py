"""The way from a command to the store: through the running gateway, or, when none runs, the same application here."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from api.acts import Acts
from api.audit import StoreAudit
from api.checkup import doctor_over
from api.core import open_core
from api.http.app import Control, build_app
from api.http.auth import TokenBook
from api.http.services import Services
from api.settings import Settings, load
from api.vital_settings import VitalSettings
from device_drivers.broadcasts import BROADCASTS
from device_drivers.home_profiles import load_checked
from device_drivers.payloads import MQTT
from device_drivers.sessions import SESSIONS
from gateway.core.clock import SystemClock
from gateway.core.errors import HuomaError, Invalid, StoreError
from gateway.core.health import HealthBoard

_BASE: Final = "http://localhost/api/v1"
_TIMEOUT_S: Final = 30.0  # a withdrawal waits for the request in flight to be cut off
_ERRORS: Final[dict[str, type[HuomaError]]] = {"invalid": Invalid, "store-unavailable": StoreError}

Command = Callable[[httpx.AsyncClient], Awaitable[Any]]


def perform(config: Path | None, command: Command) -> Any:
    """Run a command against the gateway of these settings and give its result.

    Raises:
        HuomaError: what the gateway refused, or why neither it nor the store can be reached.
    """
    return asyncio.run(_perform(load(config), command))


async def ask(
    gateway: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    timeout_s: float = _TIMEOUT_S,
) -> Any:
    """One request; its JSON, or the error as it would have been raised here."""
    sent = {name: value for name, value in body.items() if value is not None} if body is not None else None
    reply = await gateway.request(method, path, json=sent, timeout=timeout_s)
    if reply.is_success:
        return reply.json() if reply.content else None
    raise refused(reply)


def refused(reply: httpx.Response) -> HuomaError:
    """The error of a reply, as it would have been raised here."""
    error = reply.json()
    return _ERRORS.get(error["code"], HuomaError)(error["error"])


async def _perform(settings: Settings, command: Command) -> Any:
    try:
        async with _administration(settings) as gateway:
            return await command(gateway)
    except httpx.HTTPError as error:
        raise HuomaError(
            f"the gateway at {settings.control_socket} does not answer ({error}): look at its log"
        ) from error


@asynccontextmanager
async def _administration(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport: httpx.AsyncBaseTransport
    if _runs(settings.control_socket):
        transport = httpx.AsyncHTTPTransport(uds=str(settings.control_socket))
        async with httpx.AsyncClient(transport=transport, base_url=_BASE, timeout=_TIMEOUT_S) as client:
            yield client
        return
    async with _application(settings) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=_BASE) as client:
            yield client


def _runs(path: Path) -> bool:
    """Whether a gateway listens on its control socket. One that was left behind by a crash does not count."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return False
        except PermissionError as error:
            raise HuomaError(
                f"the gateway's control socket {path} is not for this user: run the command as the user the gateway "
                "runs as, or as root"
            ) from error
        except OSError as error:
            raise HuomaError(f"the control socket {path} cannot be used ({error}): choose another data_dir") from error
    return True


@asynccontextmanager
async def _application(settings: Settings) -> AsyncIterator[ASGIApp]:
    """The gateway's application over the store alone."""
    clock, health = SystemClock(), HealthBoard()
    catalogue = load_checked(settings.profiles.folders, drivers={*SESSIONS, *BROADCASTS, MQTT})
    async with open_core(settings, clock=clock, health=health) as core:
        tokens = TokenBook(core.users.authenticate)
        acts = Acts(
            registry=core.registry,
            memory=core.memory,
            users=core.users,
            consents=core.consents,
            tokens=tokens,
            recipients=frozenset(sink.name for sink in settings.sink),
        )
        services = Services(
            desk=core.desk,
            readings=core.readings,
            decisions=core.decisions,
            promises=core.promises,
            acts=acts,
            # Without a zone only the day on which a plan begins could be another: then it is that of UTC.
            vital_settings=VitalSettings(
                plans=core.plans,
                registry=core.registry,
                clock=clock,
                zone=settings.zone() if settings.time_zone else UTC,
            ),
            audit=StoreAudit(core.database, core.stamper),
            tokens=tokens,
            health=health,
            clock=clock,
            metrics=CollectorRegistry(),
            simulated=False,
            version="",
            doctor=doctor_over(core, settings, catalogue, clock=clock, health=health, running=False),
        )
        yield Control(build_app(services))
