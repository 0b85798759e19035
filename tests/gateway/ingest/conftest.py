"""A home with one resident and two devices of hers, and what they send."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, DeviceTime, Missing, Reading
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest.ingest import Ingest
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.store.database import Database
from gateway.store.outbox import SqliteOutbox
from gateway.store.outgoing import SinkRoute
from gateway.store.readings import ReadingRow, Readings
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from tests.virtual_time import EPOCH, VirtualClock

ZONE = ZoneInfo("Europe/Helsinki")
ROUTES = (
    SinkRoute(name="fhir"),
    SinkRoute(name="influx", stream_period_s=0),
    SinkRoute(name="hub", takes_readings=False),
)
AINO = Subject(type=SubjectType.RESIDENT, id="aino")


def known(model: str, rule: str, number: int = 1) -> KnownDevice:
    return KnownDevice(
        address=f"AA:00:00:00:00:{number:02X}", identity=f"serial:maker:{model}-{number}", name=model, vendor="maker",
        model=model, profile_id=f"maker/{model}", record_identity=rule,
        information=DeviceInformation(serial=f"{model}-{number}", firmware="1.2"), adapter="00:00:00:00:00:01",
    )  # fmt: skip


CUFF = known("cuff", "device-time", 1)
SCALE = known("scale", "reception", 2)  # it has no clock
STRAP = known("strap", "reception", 3)


def device_time(local: datetime) -> DeviceTime:
    return DeviceTime(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
    )


def pressure(at: datetime | DeviceTime | None, systolic: float = 120.0, **changes: object) -> Reading:
    fields: dict[str, object] = {
        "kind": Kind.BLOOD_PRESSURE,
        "values": {Quantity.SYSTOLIC: systolic, Quantity.DIASTOLIC: 80.0, Quantity.PULSE_RATE: 64.0},
        "time": device_time(at) if isinstance(at, datetime) else at,
        "raw": b"\x16",
        "source": "2a35",
    }
    return Reading(**(fields | changes))  # type: ignore[arg-type]


def failed_pressure(at: datetime, flags: tuple[str, ...] = ("cuff-loose",)) -> Reading:
    missing = {Quantity.SYSTOLIC: Missing.NAN, Quantity.DIASTOLIC: Missing.NAN}
    return pressure(at, values={}, missing=missing, flags=flags)


def weight(kilograms: float) -> Reading:
    return Reading(kind=Kind.WEIGHT, values={Quantity.WEIGHT: kilograms}, raw=b"\x00", source="2a9d")


def heart_rate(per_minute: float) -> Reading:
    return Reading(kind=Kind.HEART_RATE, values={Quantity.HEART_RATE: per_minute}, raw=b"\x00\x48", source="2a37")


@dataclass
class Gateway:
    database: Database
    clock: VirtualClock
    stamper: Stamper
    ingest: Ingest
    registry: Registry
    outbox: SqliteOutbox

    def received(self, device: KnownDevice, reading: Reading, clock: ClockMeasurement | None = None) -> Received:
        return Received(
            device=device, reading=reading, clock=clock, received_at=self.clock.wall(),
            received_monotonic=self.clock.monotonic(), synchronised=self.clock.synchronised(),
        )  # fmt: skip

    def offset(self, seconds: float, *, was_set: bool = False) -> ClockMeasurement:
        return ClockMeasurement(offset_s=seconds, uncertainty_s=1.0, measured_at=self.clock.wall(), was_set=was_set)

    async def rows(self) -> list[ReadingRow]:
        return await Readings(self.database).of_resident(AINO.id)

    async def queued(self, sink: str = "fhir") -> int:
        return len(await self.outbox.queued(sink, limit=1000))


async def gateway_at(path: Path, clock: VirtualClock, name: str = "gw-1") -> AsyncIterator[Gateway]:
    origin = Origin(organisation_id="org", home_id="home-1", gateway_id=name)
    async with Database.open(path, clock=clock) as database:
        stamper = Stamper(origin, clock, boot_id="boot-1")
        registry = Registry(database, stamper)
        await registry.add_resident("Aino", actor="t", resident_id=AINO.id)
        for device in (CUFF, SCALE, STRAP):
            await registry.assign(device.address, AINO, actor="t", since=clock.wall() - timedelta(days=1))
        ingest = Ingest(database, stamper, clock=clock, zone=ZONE, routes=ROUTES)
        yield Gateway(database, clock, stamper, ingest, registry, SqliteOutbox(database, stamper))


@pytest.fixture
async def clock() -> VirtualClock:
    clock = VirtualClock()
    clock.step(EPOCH - clock.wall())  # the loop of a test began at any time
    return clock


@pytest.fixture
async def gateway(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Gateway]:
    async for one in gateway_at(tmp_path / "one.db", clock):
        yield one


@pytest.fixture
async def neighbour(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Gateway]:
    async for one in gateway_at(tmp_path / "two.db", clock, "gw-2"):
        yield one
