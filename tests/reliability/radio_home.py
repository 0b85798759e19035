"""A home with a real store behind a virtual radio, and devices that are badly treated."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device_drivers.readings import Motion
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.radio import Dongle, VirtualRadio, virtual_radio
from firmware_profiles import load
from gateway.core.errors import StoreError
from gateway.core.health import HealthBoard
from gateway.ingest.intake import Intake, Listener
from gateway.ingest.received import KnownDevice, Received
from gateway.radio import Radio, Severity
from gateway.radio.bumble.host import BumbleHost
from gateway.store.device_book import AssignedDevices
from gateway.store.device_memory import DeviceMemory
from gateway.store.undecodable import UndecodableFrames
from tests.reliability.home import RESIDENT, ZONE, Home, home
from tests.virtual_time import VirtualClock

Filter = Callable[[Any, Any, bytes], bool]


class Told(Listener):
    """What was said, by device."""

    def __init__(self) -> None:
        self.words: deque[tuple[str, str, Severity]] = deque(maxlen=10_000)

    def device(self, address: str, words: str, severity: Severity) -> None:
        self.words.append((address, words, severity))


class Refusing(Intake):
    """The real intake, whose store refuses so many readings before it takes the next."""

    refuse = 0

    async def reading(self, received: Received) -> None:
        if self.refuse:
            self.refuse -= 1
            raise StoreError("The disk is full: make room.")
        await super().reading(received)


def unwatched(_device: KnownDevice, _motion: Motion, _at_monotonic: float) -> None:
    """Motion."""


async def unheeded(*_: object) -> None:
    """Presses."""


@dataclass
class RadioHome:
    """The air, the gateway on it, and the faults of the moment.

    Attributes:
        filters: each may hold a PDU back.
    """

    air: VirtualRadio
    dongle: Dongle
    home: Home
    intake: Refusing
    told: Told
    clock: VirtualClock
    keys: Path
    health: HealthBoard = field(default_factory=HealthBoard)
    filters: list[Filter] = field(default_factory=list)
    radio: Radio | None = None
    _running: asyncio.Task[None] | None = None

    def filter(self, sender: Any, receiver: Any, pdu: bytes) -> bool:
        return all(one(sender, receiver, pdu) for one in tuple(self.filters))

    def start(self, group: asyncio.TaskGroup) -> Radio:
        """A gateway; the one before it is stopped first by `stop`."""
        memory = DeviceMemory(self.home.database, self.home.stamper)
        self.radio = Radio(
            host=BumbleHost(self.dongle.open, keys=self.keys, clock=self.clock, simulated=True),
            catalogue=load(),
            book=AssignedDevices(self.home.registry, memory),
            sink=self.intake,
            clock=self.clock,
            tz=ZONE,
            health=self.health,
            rng=random.Random(1),
        )
        self._running = group.create_task(self.radio.run())
        return self.radio

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def adopt(self, device: VirtualPeripheral) -> None:
        """The resident has had it for long."""
        await self.home.registry.assign(
            device.address, RESIDENT, actor="test", since=self.clock.wall().replace(year=2020)
        )

    async def rows(self, kind: str) -> Counter[tuple[str, str]]:
        """(identity of the device, values) → how often it is stored."""
        sql = 'SELECT device_identity, "values" FROM readings WHERE kind = ?'
        found = await self.home.database.read(lambda connection: list(connection.execute(sql, (kind,))))
        return Counter(
            (str(identity), json.dumps(json.loads(str(values)), sort_keys=True)) for identity, values in found
        )

    async def until(self, true: Callable[[], object], *, within: float) -> None:
        async with asyncio.timeout(within):
            while not true():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.05)


@asynccontextmanager
async def radio_home(folder: Path) -> AsyncIterator[RadioHome]:
    """On the running loop's virtual time."""
    clock = VirtualClock()
    async with home(folder / "huoma.db", clock) as store, virtual_radio() as air:
        await store.move_in()
        told = Told()
        intake = Refusing(
            ingest=store.ingest,
            frames=UndecodableFrames(store.database, store.stamper),
            motion=unwatched,
            press=unheeded,
            listener=told,
            clock=clock,
        )
        made = RadioHome(
            air=air,
            dongle=air.dongle(),
            home=store,
            intake=intake,
            told=told,
            clock=clock,
            keys=folder / "bonds.json",
        )
        air.link.acl_filter = made.filter
        yield made
