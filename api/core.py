"""The store opened, and what stands directly on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.origin import origin_of
from api.settings import Settings
from gateway.core.clock import Clock
from gateway.core.faults import Fault, no_fault
from gateway.core.health import HealthBoard
from gateway.core.subject import Origin
from gateway.delivery.settings import AnySinkSettings
from gateway.desk.service import Desk
from gateway.ingest.decisions import Decisions
from gateway.store.alerts import SqliteAlertStore
from gateway.store.consents import SqliteConsents
from gateway.store.database import Database
from gateway.store.day_promises import DayPromises
from gateway.store.device_memory import DeviceMemory
from gateway.store.outgoing import STREAM_PERIOD_S, SinkRoute
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.resident_plans import ResidentPlans
from gateway.store.stamp import Stamper, read_boot_id
from gateway.store.undecodable import UndecodableFrames
from gateway.store.users import Users


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The store and what stands directly on it."""

    database: Database
    stamper: Stamper
    origin: Origin
    routes: tuple[SinkRoute, ...]
    registry: Registry
    memory: DeviceMemory
    decisions: Decisions
    promises: DayPromises
    users: Users
    consents: SqliteConsents
    readings: Readings
    plans: ResidentPlans
    frames: UndecodableFrames
    desk: Desk


@asynccontextmanager
async def open_core(
    settings: Settings, *, clock: Clock, health: HealthBoard, fault: Fault = no_fault
) -> AsyncIterator[Core]:
    """The store opened and its repositories made.

    Raises:
        StoreError: see `Database.open` and `origin_of`.
    """
    origin = origin_of(settings)
    stamper = Stamper(origin, clock, boot_id=read_boot_id())
    routes = tuple(_route(sink) for sink in settings.sink)
    async with Database.open(settings.store_file, clock=clock, fault=fault, health=health) as database:
        alerts = SqliteAlertStore(database, stamper, routes=routes)
        yield Core(
            database=database,
            stamper=stamper,
            origin=origin,
            routes=routes,
            registry=Registry(database, stamper),
            memory=DeviceMemory(database, stamper),
            decisions=Decisions(database, stamper, routes=routes, fault=fault),
            promises=DayPromises(database, stamper),
            users=Users(database, stamper),
            consents=SqliteConsents(database, stamper),
            readings=Readings(database),
            plans=ResidentPlans(database, stamper),
            frames=UndecodableFrames(database, stamper),
            desk=Desk(store=alerts, clock=clock, origin=origin, fault=fault),
        )


def _route(sink: AnySinkSettings) -> SinkRoute:
    """A time series takes every heart rate and the rooms; a health record one in a minute, and nothing of a room."""
    series = sink.type == "influx"
    return SinkRoute(
        name=sink.name,
        takes_alerts=sink.alerts,
        takes_rooms=series,
        stream_period_s=0.0 if series else STREAM_PERIOD_S,
    )
