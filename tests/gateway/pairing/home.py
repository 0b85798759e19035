"""A home that pairs: a real store, a real radio in a virtual room, virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from api.entries import enter_consent_code
from device_drivers.advertising import Caller
from device_drivers.broadcasts import BROADCASTS
from device_drivers.virtual.and_medical import BloodPressureCuff
from device_drivers.virtual.device_clock import DeviceClock
from device_drivers.virtual.radio import Dongle, VirtualRadio
from firmware_profiles import Catalogue, load
from gateway.core.errors import NotFound
from gateway.core.health import HealthBoard
from gateway.core.subject import Origin, Subject, SubjectType
from gateway.ingest.ingest import Ingest
from gateway.ingest.intake import Intake, Listener
from gateway.pairing import Happened, PairingRequest, Pairings, PairingState
from gateway.radio.bumble.host import BumbleHost
from gateway.radio.manager import Radio
from gateway.store.assignments import Assignment
from gateway.store.database import Database
from gateway.store.device_book import AssignedDevices
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingNotes
from gateway.store.registry import Registry
from gateway.store.stamp import Stamper
from gateway.store.undecodable import UndecodableFrames
from tests.virtual_time import VirtualClock

ORIGIN = Origin(organisation_id="org", home_id="home-1", gateway_id="gw-1")
HELSINKI = ZoneInfo("Europe/Helsinki")
AINO, EINO = "aino", "eino"
CUFF, OTHER_CUFF, SCALE, STRAP = "5C:31:3E:5D:3F:1A", "5C:31:3E:5D:3F:1B", "5C:31:3E:82:70:C4", "A0:9E:1A:8A:2F:3C"
CUFF_PROFILE = "a-and-d/ua-651ble"


class Acts:
    """As `api.acts.Acts`, as far as pairing goes."""

    def __init__(self, registry: Registry, ingest: Ingest, memory: DeviceMemory) -> None:
        self._registry, self._ingest, self._memory = registry, ingest, memory

    async def assign(self, device: str, resident: str, *, actor: str, **more: Any) -> Assignment:
        made = await self._registry.assign(device, Subject(type=SubjectType.RESIDENT, id=resident), actor=actor, **more)
        await self._ingest.take_up(device)
        return made

    async def set_bind_key(self, address: str, bind_key: str, *, actor: str) -> None:
        await self._memory.keep(address, {"bind-key": bind_key, "key-entered": actor})

    async def enter_code(self, address: str, user: int, code: str, *, actor: str) -> None:
        await enter_consent_code(self._memory, address, user, code, actor=actor)


@dataclass
class Gateway:
    """One run of a gateway."""

    database: Database
    registry: Registry
    notes: PairingNotes
    memory: DeviceMemory
    radio: Radio
    pairings: Pairings
    clock: VirtualClock
    acts: Acts
    stop_pairings: Callable[[], object] = lambda: None

    async def begin(self, address: str | None = None, **more: Any) -> str:
        asked = PairingRequest(**{"resident_id": AINO, "actor": "t", "address": address, **more})
        return (await self.pairings.begin(asked)).id

    def state(self, pairing: str) -> PairingState:
        return self.pairings.session(pairing).state()

    def said(self, pairing: str) -> list[Happened]:
        return list(self.pairings.session(pairing).log.after(0))

    def codes(self, pairing: str) -> list[str]:
        return [one.code for one in self.said(pairing)]

    async def ended(self, pairing: str, *, within: float = 1000.0) -> PairingState:
        await self.until(lambda: self.pairings.session(pairing).ended, within=within)
        return self.state(pairing)

    async def until(self, true: Callable[[], object], *, within: float = 120.0) -> None:
        """Look every 50 ms (of virtual time) until it is true."""
        async with asyncio.timeout(within):
            while not true():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.05)

    async def bonded(self, address: str) -> bool:
        return any(address in told for told in (await self.radio.bonds()).values())

    async def owners(self, address: str) -> list[str]:
        return [one.subject.id for one in await self.registry.assigned(address)]


@dataclass
class Household:
    """The room and the disk; gateways come and go."""

    air: VirtualRadio
    dongle: Dongle
    folder: Path
    clock: VirtualClock = field(default_factory=VirtualClock)
    callers: Mapping[str, Caller] = field(default_factory=lambda: MappingProxyType({}))
    catalogue: Catalogue = field(default_factory=load)

    def local_now(self, ahead_s: float = 0.0) -> datetime:
        return self.clock.wall().astimezone(HELSINKI).replace(tzinfo=None) + timedelta(seconds=ahead_s)

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Gateway]:
        """Running until the block is left, however that happens: to the devices as if it had been killed."""
        async with Database.open(self.folder / "home.db", clock=self.clock) as database:
            stamper = Stamper(ORIGIN, self.clock, boot_id="boot-1")
            registry, memory = Registry(database, stamper), DeviceMemory(database, stamper)
            for resident in (AINO, EINO):
                try:
                    await registry.resident(resident)
                except NotFound:
                    await registry.add_resident(resident.capitalize(), actor="t", resident_id=resident)
            ingest = Ingest(database, stamper, clock=self.clock, zone=HELSINKI)
            intake = Intake(
                ingest=ingest, frames=UndecodableFrames(database, stamper), motion=_unwatched, press=_unheeded,
                listener=Listener(), clock=self.clock,
            )  # fmt: skip
            radio = Radio(
                host=BumbleHost(self.dongle.open, keys=self.folder / "bonds.json", clock=self.clock, simulated=True),
                catalogue=self.catalogue, book=AssignedDevices(registry, memory), sink=intake, clock=self.clock,
                tz=HELSINKI, health=HealthBoard(), rng=random.Random(1), callers=self.callers,
            )  # fmt: skip
            notes, acts = PairingNotes(database, stamper), Acts(registry, ingest, memory)
            pairings = Pairings(
                radio=radio, registry=registry, memory=memory, notes=notes, catalogue=self.catalogue,
                broadcast=BROADCASTS.keys(), clock=self.clock, zone=HELSINKI, origin=ORIGIN,
                acts=acts,
            )  # fmt: skip
            async with asyncio.TaskGroup() as group:
                running = [group.create_task(work()) for work in (radio.run, intake.run, pairings.run)]
                gateway = Gateway(
                    database, registry, notes, memory, radio, pairings, self.clock, acts, running[2].cancel
                )
                try:
                    await gateway.until(lambda: pairings.running and radio.adapters()[0].state == "listening")
                    yield gateway
                finally:
                    for task in running:
                        task.cancel()


def _unwatched(*_arguments: object) -> None:
    return


async def _unheeded(*_arguments: object) -> None:
    return


async def cuff_in(household: Household, address: str = CUFF) -> BloodPressureCuff:
    clock = DeviceClock(household.local_now())
    cuff = BloodPressureCuff(household.air, address=address, serial=address.replace(":", ""), clock=clock)
    await cuff.power_on()
    return cuff
