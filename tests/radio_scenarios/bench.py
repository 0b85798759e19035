"""What a scenario has in its hands, whichever Bluetooth stack is under the gateway's radio."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from device_drivers.errors import DeviceError
from device_drivers.sessions.base import End
from device_drivers.virtual.pairing_io import Panel
from device_drivers.virtual.radio import VirtualRadio
from firmware_profiles import load
from gateway.core.clock import Clock
from gateway.core.health import Colour, HealthBoard
from gateway.radio import Radio
from gateway.radio.host import Host
from gateway.radio.pairing import Relay
from gateway.supervision.supervisor import Supervisor
from tests.gateway.radio.room import HELSINKI, Book, Heard
from tests.virtual_time import VirtualClock


class Bench(ABC):
    """The air, and a gateway whose host is one stack or the other.

    Attributes:
        slowness: how much longer than in virtual time things may take here.
    """

    slowness = 1.0

    def __init__(self, air: VirtualRadio) -> None:
        self.air = air
        self.book = Book(())
        self.heard = Heard()
        self.clock: Clock = VirtualClock()  # follows the running loop, whose time is real under BlueZ
        self.health = HealthBoard()
        self._supervisor: Supervisor | None = None

    @abstractmethod
    def host(self) -> Host:
        """The gateway's host; every one that is asked for opens the same adapter."""

    @abstractmethod
    async def kill_stack(self) -> None:
        """What is under the gateway dies without a word and is back a moment later."""

    @abstractmethod
    async def power_cycle(self) -> None:
        """Somebody switches the adapter off; it comes back without anybody's doing."""

    @abstractmethod
    def pairing_pdus(self) -> int:
        """Packets of the security manager that the gateway's controller has seen so far."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Radio]:
        """A gateway's radio, kept up by the supervisor; leaving it stops the gateway and not the devices."""
        rng = random.Random(1)
        self.health = HealthBoard()  # what an earlier gateway said is no news
        radio = Radio(
            host=self.host(),
            catalogue=load(),
            book=self.book,
            sink=self.heard,
            clock=self.clock,
            tz=HELSINKI,
            health=self.health,
            rng=rng,
        )
        supervisor = self._supervisor = Supervisor(clock=self.clock, health=self.health, rng=rng)
        wrong: Exception | None = None
        async with asyncio.TaskGroup() as group:
            task = group.create_task(supervisor.keep("radio", radio.run))
            try:
                yield radio
            except Exception as error:  # noqa: BLE001  # raised again below: the group would wrap it
                wrong = error
            finally:
                task.cancel()
        if wrong is not None:
            raise wrong

    async def until(self, true: Callable[[], object], *, within: float = 30.0) -> None:
        """Wait until it is true; TimeoutError tells what was heard instead."""
        try:
            async with asyncio.timeout(within * self.slowness):
                while not true():  # noqa: ASYNC110  # what is looked at has no event
                    await asyncio.sleep(0.02)
        except TimeoutError:
            said = [words for _, words, _ in self.heard.states]
            health = self.health.parts()
            raise AssertionError(f"not within {within * self.slowness:.0f} s; said: {said}; health: {health}") from None

    @property
    def listening(self) -> bool:
        """The radio says that it is well."""
        known = self.health.parts().get("radio")
        return known is not None and known.colour is Colour.GREEN

    @property
    def said_lost(self) -> bool:
        """The radio has been started anew, with a reason for people."""
        return bool(self._supervisor and self._supervisor.restarts.get("radio"))

    async def settle(self, seconds: float) -> None:
        """Give what must not happen the time to happen."""
        await asyncio.sleep(seconds)


class Person:
    """A technician in front of the gateway and of one device: looks, types, compares, at once."""

    def __init__(self, panel: Panel, *, equal: bool = True) -> None:
        self._panel = panel
        self._equal = equal
        self.asked: list[str] = []
        self.shown: list[int] = []

    async def passkey(self, address: str) -> int | None:
        self.asked.append(address)
        await self._panel.lit.wait()
        return self._panel.shown

    async def display(self, address: str, passkey: int) -> None:
        del address
        self.shown.append(passkey)
        await self._panel.type(passkey)

    async def compare(self, address: str, number: int) -> bool:
        del address
        self.shown.append(number)
        return self._equal


class Watch(Relay):
    """A `PairingWatch` that remembers what it was told, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.errors: list[DeviceError] = []

    def bonded(self) -> None:
        self.told.append("bonded")

    def failed(self, error: DeviceError) -> None:
        self.told.append(type(error).__name__)
        self.errors.append(error)

    def ended(self, end: End) -> None:
        self.told.append(f"ended {end.value}")
