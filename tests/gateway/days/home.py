"""A home with a past: what a made-up resident's sensors said, in a real store, and the watch over it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from analytics.activity.events import Events
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, FRIDGE, KITCHEN, LIVING, Habit, made_up
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, Missing, Reading
from gateway.core.health import HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.days.watch import DayWatch
from gateway.desk.events import Alert
from gateway.desk.service import Desk
from gateway.ingest.ingest import Ingest
from gateway.ingest.received import KnownDevice, Received
from gateway.store.alerts import SqliteAlertStore
from gateway.store.database import Database
from gateway.store.day_promises import DayPromises
from gateway.store.listening import Listening
from gateway.store.readings import Readings
from gateway.store.registry import Registry
from gateway.store.room_states import RoomStates
from gateway.store.rows import insert
from gateway.store.stamp import Stamper, utc_text
from tests.virtual_time import EPOCH, VirtualClock

ZONE: Final = ZoneInfo("Europe/Helsinki")
AINO: Final = Subject(type=SubjectType.RESIDENT, id="aino")
ORIGIN: Final = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")
NOON: Final = EPOCH.replace(hour=10)  # 12:00 in Helsinki
TICK_S: Final = 300.0  # the gateway looks every minute; what it finds is the same
PAST: Final = 40  # days
PLACEMENTS: Final = {
    BEDROOM: "bedroom", LIVING: "living-room", KITCHEN: "kitchen", BATHROOM: "bathroom", ENTRANCE: "hall",
    DOOR: "hall", FRIDGE: "kitchen",
}  # fmt: skip


def device(sensor: int) -> KnownDevice:
    identity = f"eui64:00000000000000{sensor:02x}"
    return KnownDevice(
        address=identity, identity=identity, name=None, vendor="maker", model="sensor", profile_id="maker/sensor",
        record_identity="reception", information=DeviceInformation(), adapter="mqtt:zigbee",
    )  # fmt: skip


@dataclass
class Rooms:
    """What a test takes hold of."""

    database: Database
    clock: VirtualClock
    stamper: Stamper
    registry: Registry
    ingest: Ingest
    desk: Desk
    health: HealthBoard
    promises: DayPromises
    listening: Listening
    why_deaf: str | None = None

    async def settle(self) -> None:
        """Aino moves in, and all seven sensors are hers since long ago."""
        await self.registry.add_resident("Aino", actor="t", resident_id=AINO.id)
        since = self.clock.wall() - timedelta(days=200)
        for sensor, placement in PLACEMENTS.items():
            await self.registry.assign(device(sensor).identity, AINO, actor="t", placement=placement, since=since)

    async def watched(
        self, hours: float, each: Callable[[int], Awaitable[None]] | None = None, watch: DayWatch | None = None
    ) -> DayWatch:
        """The watch ran for so many hours; `each` is called every five minutes with their number."""
        watch = watch or self.watch()
        task = asyncio.create_task(watch.run())
        try:
            for minute in range(0, math.ceil(60 * hours), 5):
                if each is not None:
                    await each(minute)
                await asyncio.sleep(TICK_S)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return watch

    def watch(self, zone: ZoneInfo = ZONE) -> DayWatch:
        return DayWatch(
            states=RoomStates(self.database), readings=Readings(self.database), listening=self.listening,
            promises=self.promises, registry=self.registry, desk=self.desk, clock=self.clock, zone=zone,
            health=self.health, origin=ORIGIN, boot_id=self.stamper.boot_id, deaf=self._deaf, tick_s=TICK_S,
        )  # fmt: skip

    def _deaf(self, _: str) -> str | None:
        return self.why_deaf

    async def say(self, sensor: int, on: bool | None = True, at: datetime | None = None) -> None:
        await self.ingest.accept(self.received(sensor, on, at or self.clock.wall()))

    async def moves(self, sensor: int, at: datetime | None = None) -> None:
        """A motion, and its end half a minute later."""
        begin = at or self.clock.wall()
        await self.say(sensor, True, begin)
        await self.say(sensor, False, begin + timedelta(seconds=30))

    def received(self, sensor: int, on: bool | None, at: datetime) -> Received:
        quantity = Quantity.OPENING_OPEN if sensor in (DOOR, FRIDGE) else Quantity.MOTION_DETECTED
        reading = Reading(
            kind=Kind.ROOM_STATE, values={} if on is None else {quantity: float(on)},
            missing={quantity: Missing.NAN} if on is None else {}, raw=b"", source="mqtt",
            flags=("offline",) if on is None else (),
        )  # fmt: skip
        return Received(
            device=device(sensor), reading=reading, clock=None, received_at=at,
            received_monotonic=self.clock.monotonic() - (self.clock.wall() - at).total_seconds(), synchronised=True,
        )  # fmt: skip

    async def lived(self, events: Events, *, until: datetime | None = None, without: Collection[int] = ()) -> None:
        """The resident's days are in the store, as the sensors told them."""
        midnight = datetime.fromisoformat(f"{events.first_day}T00:00").replace(tzinfo=ZONE)
        batch = []
        for at_s, sensor, on in zip(events.at_s.tolist(), events.sensor.tolist(), events.on.tolist(), strict=True):
            at = midnight + timedelta(seconds=at_s)
            if sensor not in without and (until is None or at <= until):
                batch.append(self.received(sensor, on, at))
        for first in range(0, len(batch), 500):
            await self.ingest.accept_many(batch[first : first + 500])

    async def listened(self, begin: datetime, end: datetime) -> None:
        """The gateway ran then."""
        stamp = self.stamper.now()
        row = {"from_at": utc_text(begin), "to_at": utc_text(end)}
        await self.database.write(lambda connection: insert(connection, "listening", stamp, row))

    async def alerts(self, condition: str | None = None) -> list[Alert]:
        """Oldest first."""
        found = await self.desk.store.find()
        return [one for one in reversed(found) if condition is None or one.condition == condition]


@asynccontextmanager
async def rooms(path: Path, clock: VirtualClock) -> AsyncIterator[Rooms]:
    """A store, new or not."""
    async with Database.open(path, clock=clock) as database:
        stamper = Stamper(ORIGIN, clock, boot_id="boot-1")
        registry = Registry(database, stamper)
        yield Rooms(
            database=database, clock=clock, stamper=stamper, registry=registry,
            ingest=Ingest(database, stamper, clock=clock, zone=ZONE, routes=()),
            desk=Desk(store=SqliteAlertStore(database, stamper), clock=clock, origin=ORIGIN),
            health=HealthBoard(), promises=DayPromises(database, stamper), listening=Listening(database, stamper),
        )  # fmt: skip


def past(seed: int = 3, habit: Habit | None = None, days: int = PAST, end: datetime = EPOCH) -> Events:
    """Days up to and with the one of `end`."""
    first = np.datetime64(end.astimezone(ZONE).date(), "D") - days
    return made_up(days + 1, seed=seed, habit=habit, first_day=str(first))
