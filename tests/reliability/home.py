"""A small home for the fault tests: one resident, one scale with a clock, one sink."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, DeviceTime, Reading
from gateway.core.clock import Clock
from gateway.core.faults import Fault, no_fault
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest.decisions import Decisions
from gateway.ingest.ingest import Ingest
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.store.alerts import SqliteAlertStore
from gateway.store.consents import SqliteConsents
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import SinkRoute
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper

ORIGIN: Final = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")
RESIDENT: Final = Subject(type=SubjectType.RESIDENT, id="aino")
ADDRESS: Final = "C0:FF:EE:00:00:01"
ZONE: Final = ZoneInfo("Europe/Helsinki")
ROUTES: Final = (SinkRoute(name="fhir", takes_alerts=True),)
SCALE: Final = KnownDevice(
    address=ADDRESS,
    identity="serial:a-and-d:5160900001",
    name="A&D_UC-352BLE_000001",
    vendor="A&D Medical",
    model="UC-352BLE",
    profile_id="a-and-d/uc-352ble",
    record_identity="device-time",
    information=DeviceInformation(serial="5160900001"),
    adapter="00:00:00:00:00:01",
)
_DAY_ONE: Final = datetime(2026, 1, 1, tzinfo=UTC)


def full() -> bool:
    """True for the full counts (`make reliability`)."""
    return os.environ.get("HUOMA_RELIABILITY") == "full"


def weight(number: int, clock: Clock, *, measured: ClockMeasurement | None = None) -> Received:
    """The n-th record of the scale: its stamp and its weight follow from n."""
    local = (_DAY_ONE + timedelta(seconds=number)).replace(tzinfo=None)
    time = DeviceTime(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
    )
    reading = Reading(
        kind=Kind.WEIGHT,
        values={Quantity.WEIGHT: 60.0 + number % 400 / 10},
        time=time,
        raw=number.to_bytes(8, "little"),
        source="2a9d",
    )
    return Received(
        device=SCALE, reading=reading, clock=measured, received_at=clock.wall(),
        received_monotonic=clock.monotonic(), synchronised=clock.synchronised(),
    )  # fmt: skip


class Home:
    """The parts on one open store."""

    def __init__(self, database: Database, clock: Clock, *, fault: Fault, boot_id: str) -> None:
        self.database = database
        self.stamper = Stamper(ORIGIN, clock, boot_id=boot_id)
        self.registry = Registry(database, self.stamper)
        self.consents = SqliteConsents(database, self.stamper)
        self.outbox = SqliteOutbox(database, self.stamper)
        self.alerts = SqliteAlertStore(database, self.stamper, routes=ROUTES)
        self.decisions = Decisions(database, self.stamper, routes=ROUTES, fault=fault)
        self.ingest = Ingest(database, self.stamper, clock=clock, zone=ZONE, routes=ROUTES, fault=fault)

    async def move_in(self) -> None:
        """The resident has the scale since long ago, and agrees that everything goes to the sink."""
        await self.registry.add_resident("Aino", actor="test", resident_id=RESIDENT.id)
        await self.registry.assign(ADDRESS, RESIDENT, actor="test", since=_DAY_ONE - timedelta(days=1))
        await self.consents.grant(RESIDENT.id, "fhir", actor="test")


@asynccontextmanager
async def home(
    path: Path | str, clock: Clock, *, fault: Fault = no_fault, boot_id: str = "boot-1", **options: Any
) -> AsyncIterator[Home]:
    """Open the store and the parts on it."""
    async with Database.open(path, clock=clock, fault=fault, **options) as database:
        yield Home(database, clock, fault=fault, boot_id=boot_id)
