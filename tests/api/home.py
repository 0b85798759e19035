"""A home behind a real server: desk and registry on a real store, tokens for every role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.acts import Acts, Courier
from api.audit import StoreAudit
from api.http.app import build_app
from api.http.auth import TokenBook
from api.http.services import Heard, Services
from api.http.status import HealthCollector
from api.server import bind, serving
from api.settings import ApiSettings
from api.vital_settings import VitalSettings
from device_drivers.broadcasts import BROADCASTS
from firmware_profiles import load
from gateway.core.clock import SystemClock
from gateway.core.health import Colour, HealthBoard
from gateway.desk.service import Desk
from gateway.ingest.decisions import Decisions
from gateway.ingest.ingest import Ingest
from gateway.pairing import Pairings
from gateway.pairing.service import ListeningRadio
from gateway.store.alerts import SqliteAlertStore
from gateway.store.consents import SqliteConsents
from gateway.store.database import Database
from gateway.store.day_promises import DayPromises
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingNotes
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.resident_plans import ResidentPlans
from gateway.store.stamp import Stamper
from gateway.store.users import Role, Users
from tests.gateway.desk.words import ORIGIN

ZONE = ZoneInfo("Europe/Helsinki")


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    services: Services
    app: FastAPI
    tokens: dict[Role, str]
    ingest: Ingest
    couriers: dict[str, Courier]

    @property
    def desk(self) -> Desk:
        return self.services.desk

    def headers(self, role: Role = Role.NURSE) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


@asynccontextmanager
async def open_home(
    folder: Path,
    *,
    recipients: frozenset[str] = frozenset({"fhir"}),
    heard: Sequence[Heard] = (),
    radio: ListeningRadio | None = None,
) -> AsyncIterator[Home]:
    """A home on a store of its own; with a radio it can pair."""
    clock = SystemClock()
    health = HealthBoard()
    health.report("radio", Colour.GREEN, "listening")
    health.report("webhook", Colour.RED, "nobody answers: look whether the address is right")
    metrics = CollectorRegistry()
    metrics.register(HealthCollector(health))
    async with Database.open(folder / "huoma.sqlite3", clock=clock) as database:
        stamper = Stamper(ORIGIN, clock, boot_id="boot-1")
        users = Users(database, stamper)
        tokens = TokenBook(users.authenticate)
        registry = Registry(database, stamper)
        consents = SqliteConsents(database, stamper)
        couriers: dict[str, Courier] = {}
        acts = Acts(
            registry=registry,
            memory=DeviceMemory(database, stamper),
            users=users,
            consents=consents,
            tokens=tokens,
            recipients=recipients,
            couriers=couriers,
        )
        pairings = None
        if radio is not None:
            pairings = Pairings(
                radio=radio,
                registry=registry,
                memory=acts.memory,
                notes=PairingNotes(database, stamper),
                catalogue=load(),
                broadcast=BROADCASTS.keys(),
                clock=clock,
                zone=ZONE,
                origin=ORIGIN,
                acts=acts,
            )
        services = Services(
            desk=Desk(store=SqliteAlertStore(database, stamper), clock=clock, origin=ORIGIN),
            readings=Readings(database),
            decisions=Decisions(database, stamper),
            promises=DayPromises(database, stamper),
            acts=acts,
            vital_settings=VitalSettings(
                plans=ResidentPlans(database, stamper), registry=registry, clock=clock, zone=ZONE
            ),
            audit=StoreAudit(database, stamper),
            tokens=tokens,
            health=health,
            clock=clock,
            metrics=metrics,
            simulated=False,
            version="0",
            heard=lambda: heard,
            pairings=pairings,
        )
        given = {role: tokens.temporary(f"a {role}", role) for role in Role}
        ingest = Ingest(database, stamper, clock=clock, zone=ZONE)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(pairings.run()) if pairings is not None else None
            yield Home(services=services, app=build_app(services), tokens=given, ingest=ingest, couriers=couriers)
            if running is not None:
                running.cancel()


@asynccontextmanager
async def served(home: Home, *, write_timeout_s: float = 30.0) -> AsyncIterator[str]:
    """The base URL of the home's API on a free port."""
    listener = bind(ApiSettings(port=0))
    async with serving([(listener, home.app)], closing=home.services.closing, write_timeout_s=write_timeout_s):
        yield listener.url


@asynccontextmanager
async def client(home: Home, role: Role | None = Role.NURSE) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application itself, without a socket."""
    transport = httpx.ASGITransport(app=home.app)
    headers = home.headers(role) if role is not None else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as made:
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """One server-sent event."""

    event: str
    data: str
    id: str | None


async def events(response: httpx.Response) -> AsyncIterator[Streamed]:
    """A client's reading of an event stream, by the rules of the HTML standard."""
    event, last_id = "", None
    data: list[str] = []
    async for line in response.aiter_lines():
        if not line:
            if data:
                yield Streamed(event=event or "message", data="\n".join(data), id=last_id)
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id":
            last_id = value


async def hear(response: httpx.Response, count: int, *, within_s: float = 5.0) -> list[Streamed]:
    """The next `count` events."""
    heard: list[Streamed] = []
    async with asyncio.timeout(within_s):
        async for one in events(response):
            heard.append(one)
            if len(heard) == count:
                break
    return heard
