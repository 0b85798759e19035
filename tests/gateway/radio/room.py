"""A virtual room with a gateway's radio in it, for the tests beside this file."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice

from device_drivers.readings import Motion, Press
from device_drivers.sessions import SESSIONS
from device_drivers.virtual.and_medical import pressure_frame
from device_drivers.virtual.link import AclFilter
from device_drivers.virtual.peripheral import VirtualPeripheral
from device_drivers.virtual.radio import Dongle, VirtualRadio
from firmware_profiles import Catalogue, load
from gateway.core.health import HealthBoard
from gateway.ingest.received import KnownDevice, Received
from gateway.radio import Radio, Severity, Wanted
from gateway.radio.bumble.host import BumbleAdapter, BumbleHost
from tests.virtual_time import VirtualClock

HELSINKI = ZoneInfo("Europe/Helsinki")
CUFF = "5C:31:3E:5D:3F:1A"
SCALE = "5C:31:3E:82:70:C4"
STRAP = "A0:9E:1A:8A:2F:3C"


def local(time: str) -> datetime:
    """Naive local time on the day of the virtual clock, which starts at 10:00 in Helsinki."""
    return datetime.fromisoformat(f"2026-03-01T{time}")


def successes(count: int) -> list[bytes]:
    """Distinct blood pressures."""
    return [
        pressure_frame(systolic=120 + n, diastolic=80, pulse=60, status=0, at=local(f"07:{n:02d}:00"))
        for n in range(count)
    ]


class Book:
    """Whose devices they are."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.ours = {address: Wanted() for address in addresses}
        self.asked = 0
        self.remembered: dict[str, dict[str, str]] = {}
        self._listeners: list[Callable[[], None]] = []

    async def wanted(self, address: str) -> Wanted | None:
        self.asked += 1
        ours = self.ours.get(address)
        return None if ours is None else replace(ours, memory=self.remembered.get(address, {}))

    async def memory(self, address: str) -> Mapping[str, str]:
        return self.remembered.get(address, {})

    async def remember(self, address: str, kept: Mapping[str, str]) -> None:
        self.remembered.setdefault(address, {}).update(kept)

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def assign(self, address: str) -> None:
        self.ours[address] = Wanted()
        self._tell()

    def withdraw(self, address: str) -> None:
        del self.ours[address]
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.readings: list[Received] = []
        self.motions: list[tuple[KnownDevice, Motion, float]] = []
        self.presses: list[tuple[KnownDevice, Press, float]] = []
        self.undecoded: list[bytes] = []
        self.devices: list[KnownDevice] = []
        self.states: list[tuple[str, str, Severity]] = []
        self.before_commit: Callable[[Received], Any] | None = None

    async def reading(self, received: Received) -> None:
        if self.before_commit is not None:
            await self.before_commit(received)
        self.readings.append(received)

    async def press(self, device: KnownDevice, press: Press, at_monotonic: float) -> None:
        self.presses.append((device, press, at_monotonic))

    def motion(self, device: KnownDevice, motion: Motion, at_monotonic: float) -> None:
        self.motions.append((device, motion, at_monotonic))

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: Exception) -> None:
        self.undecoded.append(frame)

    def known(self, device: KnownDevice) -> None:
        self.devices.append(device)

    def device_state(self, address: str, words: str, severity: Severity) -> None:
        self.states.append((address, words, severity))

    async def until(self, true: Callable[[], object], *, within: float = 120.0) -> None:
        """Look every 20 ms (of virtual time) until it is true."""
        async with asyncio.timeout(within):
            while not true():  # noqa: ASYNC110  # of virtual time
                await asyncio.sleep(0.02)

    def frames(self) -> list[bytes]:
        return [received.reading.raw for received in self.readings]

    def said(self, words: str) -> bool:
        return any(words in sentence for _, sentence, _ in self.states)


@dataclass
class Room:
    """The air, the dongle that the gateway opens, and what the gateway hears."""

    air: VirtualRadio
    dongle: Dongle
    book: Book
    keys: Path
    heard: Heard = field(default_factory=Heard)
    clock: VirtualClock = field(default_factory=VirtualClock)
    health: HealthBoard = field(default_factory=HealthBoard)
    catalogue: Catalogue = field(default_factory=load)
    hci: list[bytes] = field(default_factory=list)

    def host(self) -> BumbleHost:
        return BumbleHost(self.dongle.open, keys=self.keys, clock=self.clock, simulated=True)

    def radio(self, **options: Any) -> Radio:
        return Radio(
            host=self.host(),
            catalogue=self.catalogue,
            book=self.book,
            sink=self.heard,
            clock=self.clock,
            tz=HELSINKI,
            health=self.health,
            rng=random.Random(1),
            sessions=options.pop("sessions", SESSIONS),
            **options,
        )

    @asynccontextmanager
    async def running(self, **options: Any) -> AsyncIterator[Radio]:
        """A gateway that runs; leaving it stops the gateway and not the devices."""
        radio = self.radio(**options)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(radio.run())
            try:
                yield radio
            finally:
                task.cancel()

    @asynccontextmanager
    async def adapter(self) -> AsyncIterator[BumbleAdapter]:
        async with self.host().open() as adapter:
            yield adapter

    @asynccontextmanager
    async def client(self, device: VirtualPeripheral) -> AsyncIterator[BleakClient]:
        """A raw client without our sessions, connected; it may be gone at the end."""
        async with self.adapter() as adapter:
            client = adapter.client(await scan_for(adapter, device.address), closed=lambda _client: None, may_pair=True)
            await client.connect()
            try:
                yield client
            finally:
                await client.disconnect()

    def local_now(self) -> datetime:
        return self.clock.wall().astimezone(HELSINKI).replace(tzinfo=None)

    def pairing_pdus(self) -> int:
        """ACL packets on the channel of the security manager so far."""
        return sum(packet[0] == 2 and packet[7:9] == b"\x06\x00" for packet in self.hci)

    def walk_away_at_first_read(self, device: VirtualPeripheral) -> AclFilter:
        """A fault: the device is out of range from its first read request on."""
        left: list[bytes] = []

        def walk(_sender: object, receiver: object, pdu: bytes) -> bool:
            if receiver is device.controller and pdu[2:5] == b"\x04\x00\x0a" and not left:
                left.append(pdu)
                self.air.link.walk_away(device.controller)
                return False
            return True

        return walk


class RoomMaker(Protocol):
    """`room_with(address, …)`: a room whose gateway owns the devices at these addresses."""

    def __call__(self, *addresses: str) -> AbstractAsyncContextManager[Room]: ...


async def scan_for(adapter: BumbleAdapter, address: str, *, within: float = 5.0) -> BLEDevice:
    found: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()

    def heard(device: BLEDevice, _data: object) -> None:
        if device.address == address and not found.done():
            found.set_result(device)

    scanner: BleakScanner = adapter.scanner(heard)
    async with asyncio.timeout(within), scanner:
        return await found
