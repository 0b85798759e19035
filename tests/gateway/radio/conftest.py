"""The radio over a virtual home, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from device_drivers.sessions import SESSIONS
from device_drivers.virtual.radio import Dongle, VirtualRadio, virtual_radio
from firmware_profiles import Catalogue, load
from gateway.core.health import HealthBoard
from gateway.ingest.received import KnownDevice, Received
from gateway.radio import Radio, Severity, Wanted
from gateway.radio.bumble_host import BumbleHost
from tests.virtual_time import VirtualClock, VirtualTimeLoop

HELSINKI = ZoneInfo("Europe/Helsinki")


class Book:
    """Whose devices they are: a set."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self.ours = {address: Wanted() for address in addresses}
        self._listeners: list[Callable[[], None]] = []

    async def wanted(self, address: str) -> Wanted | None:
        return self.ours.get(address)

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    def assign(self, address: str) -> None:
        self.ours[address] = Wanted()
        self.tell()

    def withdraw(self, address: str) -> None:
        del self.ours[address]
        self.tell()

    def tell(self) -> None:
        for listener in self._listeners:
            listener()


@dataclass
class Heard:
    """A sink that remembers."""

    readings: list[Received] = field(default_factory=list)
    motions: list[Any] = field(default_factory=list)
    undecoded: list[bytes] = field(default_factory=list)
    devices: list[KnownDevice] = field(default_factory=list)
    states: list[tuple[str, str, Severity]] = field(default_factory=list)
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    before_commit: Callable[[Received], Any] | None = None

    async def reading(self, received: Received) -> None:
        if self.before_commit is not None:
            await self.before_commit(received)
        self.readings.append(received)
        self.stir.set()

    def motion(self, device: KnownDevice, motion: Any, at_monotonic: float) -> None:
        self.motions.append((device, motion, at_monotonic))
        self.stir.set()

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: Exception) -> None:
        self.undecoded.append(frame)
        self.stir.set()

    def known(self, device: KnownDevice) -> None:
        self.devices.append(device)
        self.stir.set()

    def device_state(self, address: str, words: str, severity: Severity) -> None:
        self.states.append((address, words, severity))
        self.stir.set()

    async def until(self, true: Callable[[], object], *, within: float = 60.0) -> None:
        async with asyncio.timeout(within):
            while not true():
                self.stir.clear()
                await self.stir.wait()

    def frames(self) -> list[bytes]:
        return [received.reading.raw for received in self.readings]

    def said(self, words: str) -> bool:
        return any(words in sentence for _, sentence, _ in self.states)


@dataclass
class Home:
    """A gateway's radio in a virtual room."""

    air: VirtualRadio
    dongle: Dongle
    book: Book
    heard: Heard
    clock: VirtualClock
    keys: Path
    health: HealthBoard = field(default_factory=HealthBoard)
    hci: list[tuple[bytes, bool]] = field(default_factory=list)
    catalogue: Catalogue = field(default_factory=load)

    def host(self) -> BumbleHost:
        return BumbleHost(self.dongle.open, keys=self.keys, clock=self.clock, simulated=True)

    def radio(self, **options: Any) -> Radio:
        return Radio(
            host=self.host(),
            catalogue=options.pop("catalogue", self.catalogue),
            book=self.book,
            sink=self.heard,
            clock=self.clock,
            tz=HELSINKI,
            health=self.health,
            rng=random.Random(1),
            sessions=options.pop("sessions", SESSIONS),
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

    def smp_packets(self) -> list[bytes]:
        """L2CAP channel 6 in ACL packets that start one."""
        return [packet for packet, _ in self.hci if packet[0] == 2 and packet[7:9] == b"\x06\x00"]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, Any]:
    """Virtual time, but for the tests that talk to another process."""
    return {"real": asyncio.new_event_loop} if "process" in item.path.name else {"virtual": VirtualTimeLoop}


@pytest.fixture
def home(tmp_path: Path) -> Callable[..., Any]:
    @asynccontextmanager
    async def make(*addresses: str) -> AsyncIterator[Home]:
        async with virtual_radio() as air:
            hci: list[tuple[bytes, bool]] = []
            dongle = air.dongle(observer=lambda packet, from_host: hci.append((packet, from_host)))
            yield Home(
                air=air,
                dongle=dongle,
                book=Book(addresses),
                heard=Heard(),
                clock=VirtualClock(),
                keys=tmp_path / "bonds.json",
                hci=hci,
            )

    return make
