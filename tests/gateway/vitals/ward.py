"""A home with a cuff, a scale and an oximeter of one resident, whose measurements are watched. On virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceInformation, DeviceTime, Missing, Reading
from gateway.core.health import HealthBoard
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import Alert, State
from gateway.desk.service import Desk
from gateway.ingest.received import KnownDevice, Received
from gateway.store.database import Database
from gateway.store.followed import Followed
from gateway.store.readings import Readings
from gateway.store.resident_plans import ResidentPlans
from gateway.store.vital_states import VitalStates
from gateway.vitals.crisis import Crises
from gateway.vitals.crisis_words import CrisisWords
from gateway.vitals.plan import Value, must_be_settings, must_go_together
from gateway.vitals.standings import Standings
from gateway.vitals.watch import VitalWatch
from tests.reliability.home import ORIGIN, RESIDENT, ZONE, Home
from tests.virtual_time import EPOCH, VirtualClock, run_virtual

HOME: Final = Subject(type=SubjectType.HOME, id=ORIGIN.home_id)
CUFF: Final = KnownDevice(
    address="C0:FF:EE:00:00:02",
    identity="serial:a-and-d:5160900002",
    name="A&D_UA-651BLE_000002",
    vendor="A&D Medical",
    model="UA-651BLE",
    profile_id="a-and-d/ua-651ble",
    record_identity="device-time",
    information=DeviceInformation(serial="5160900002"),
    adapter="00:00:00:00:00:01",
)
SCALE: Final = replace(CUFF, address="C0:FF:EE:00:00:03", identity="serial:a-and-d:5160900003", model="UC-352BLE")
OXIMETER: Final = replace(CUFF, address="C0:FF:EE:00:00:04", identity="serial:nonin:5160900004", model="3230")
SETTLE_S: Final = 5.0  # after which everything that came has been looked at


class Ward(Home):
    """The parts on one open store, and the watch over them."""

    def __init__(self, database: Database, clock: VirtualClock, *, boot_id: str) -> None:
        super().__init__(database, clock, fault=lambda _point: None, boot_id=boot_id)
        self.clock = clock
        self.readings = Readings(database)
        self.plans = ResidentPlans(database, self.stamper)
        self.desk = Desk(store=self.alerts, clock=clock, origin=ORIGIN)
        self.health = HealthBoard()
        self.crises = Crises(
            desk=self.desk, readings=self.readings, clock=clock, words=CrisisWords(ZONE), health=self.health
        )
        self.watch = VitalWatch(
            readings=self.readings, registry=self.registry, plans=self.plans,
            followed=Followed(database, self.stamper),
            crises=self.crises,
            standings=Standings(
                desk=self.desk, states=VitalStates(database, self.stamper), clock=clock, zone=ZONE
            ),
            clock=clock, zone=ZONE, health=self.health, home=HOME, on_commit=database.on_commit,
        )  # fmt: skip

    async def move_in(self) -> None:
        await self.registry.add_resident("Aino", actor="test", resident_id=RESIDENT.id)
        for device in (CUFF, SCALE, OXIMETER):
            await self.registry.assign(
                device.address, RESIDENT, actor="test", since=self.clock.wall() - timedelta(days=90)
            )

    async def plan(self, **changes: Value) -> None:
        """Settings by name, with _ for -."""
        named = must_be_settings({name.replace("_", "-"): value for name, value in changes.items()})
        await self.plans.change(RESIDENT.id, named, actor="nurse", check=must_go_together)

    async def pressure(
        self, systolic: float, diastolic: float, pulse: float = 70.0, *, ago: timedelta = timedelta(0), **how: Any
    ) -> None:
        values = {Quantity.SYSTOLIC: systolic, Quantity.DIASTOLIC: diastolic, Quantity.PULSE_RATE: pulse}
        await self.measured(CUFF, Kind.BLOOD_PRESSURE, values, ago=ago, **how)

    async def weight(self, kilos: float, **how: Any) -> None:
        await self.measured(SCALE, Kind.WEIGHT, {Quantity.WEIGHT: kilos}, **how)

    async def saturation(self, percent: float, **how: Any) -> None:
        await self.measured(OXIMETER, Kind.OXYGEN_SATURATION, {Quantity.SPO2: percent}, **how)

    async def measured(
        self,
        device: KnownDevice,
        kind: Kind,
        values: Mapping[Quantity, float],
        *,
        ago: timedelta = timedelta(0),
        flags: tuple[str, ...] = (),
        failed: bool = False,
        stamped: bool = True,
        user_slot: int | None = None,
        settle: bool = True,
    ) -> None:
        """Committed now; measured `ago`. Waits until it was looked at."""
        local = (self.clock.wall() - ago).astimezone(ZONE)
        time = DeviceTime(
            year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
        )
        reading = Reading(
            kind=kind,
            values={} if failed else values,
            missing=dict.fromkeys(values, Missing.MEASUREMENT_FAILED) if failed else {},
            flags=flags,
            user_slot=user_slot,
            time=time if stamped else None,
            raw=b"",
            source="2a35" if kind is Kind.BLOOD_PRESSURE else "other",
        )
        if not stamped:
            device = replace(device, record_identity="reception")
        await self.ingest.accept(
            Received(
                device=device, reading=reading, clock=None, received_at=self.clock.wall(),
                received_monotonic=self.clock.monotonic(), synchronised=self.clock.synchronised(),
            )
        )  # fmt: skip
        if settle:
            await asyncio.sleep(SETTLE_S)

    async def until(self, hour: int, minute: int = 0) -> None:
        """The next time that it is so late in this home."""
        local = self.clock.wall().astimezone(ZONE)
        then = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if then <= local:
            then = (then + timedelta(days=1)).replace(hour=hour)
        await asyncio.sleep((then.astimezone(EPOCH.tzinfo) - self.clock.wall()).total_seconds())

    async def alerts_of(self, condition: str, subject: Subject = RESIDENT) -> list[Alert]:
        """All of a condition, the oldest first."""
        found = [one for one in await self.desk.store.find() if (one.condition, one.subject) == (condition, subject)]
        return sorted(found, key=lambda one: one.id)

    async def only(self, condition: str, subject: Subject = RESIDENT) -> Alert:
        (found,) = await self.alerts_of(condition, subject)
        return found

    async def values_behind(self, alert: Alert) -> list[dict[str, float]]:
        kept = await self.desk.store.evidence(alert.id)
        return [reading["values"] for one in kept for reading in json.loads(one.content)["readings"]]

    async def open_conditions(self) -> list[str]:
        return sorted(one.condition for one in await self.desk.open_alerts() if one.state is not State.RESOLVED)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.watch.run()), asyncio.create_task(self.crises.run())]
        try:
            await asyncio.sleep(SETTLE_S)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def ward(
    folder: Path, clock: VirtualClock, *, boot_id: str = "boot-1", watch: bool = True
) -> AsyncIterator[Ward]:
    """Opened and watched; opened again it is the same home after a restart."""
    async with Database.open(folder / "home.db", clock=clock) as database:
        it = Ward(database, clock, boot_id=boot_id)
        if not await it.registry.residents():
            await it.move_in()
        if not watch:
            yield it
            return
        async with it.watching():
            yield it


def virtual(test: Callable[..., Awaitable[None]]) -> Callable[[Path], None]:
    """A test of the temporary folder, on virtual time."""

    def run(tmp_path: Path) -> None:
        run_virtual(lambda: test(tmp_path))

    run.__name__ = test.__name__
    return run


def at(year: int, month: int, day: int, hour: int, minute: int = 0) -> VirtualClock:
    """It is that time in the home."""
    return VirtualClock(datetime(year, month, day, hour, minute, tzinfo=ZONE).astimezone(EPOCH.tzinfo))
