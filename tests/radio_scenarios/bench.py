"""What a scenario has in its hands, whichever Bluetooth stack is under the gateway's radio."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bleak.backends.device import BLEDevice

from device_drivers.virtual.radio import VirtualRadio
from firmware_profiles import load
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.radio import Radio
from gateway.radio.host import Adapter, Host
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

    @abstractmethod
    def host(self) -> Host:
        """The gateway's host; every one that is asked for opens the same adapter."""

    @abstractmethod
    async def kill_stack(self) -> None:
        """What is under the gateway dies without a word and is back a moment later."""

    @abstractmethod
    async def power_cycle(self) -> None:
        """Somebody switches the adapter off and on again."""

    @abstractmethod
    def pairing_pdus(self) -> int:
        """Packets of the security manager that the gateway's controller has seen so far."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Radio]:
        """A gateway's radio, kept up by the supervisor; leaving it stops the gateway and not the devices."""
        rng = random.Random(1)
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
        supervisor = Supervisor(clock=self.clock, health=self.health, rng=rng)
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

    async def settle(self, seconds: float) -> None:
        """Give what must not happen the time to happen."""
        await asyncio.sleep(seconds)


async def scan_for(bench: Bench, adapter: Adapter, address: str) -> BLEDevice:
    """The device, once it has been heard."""
    found: asyncio.Future[BLEDevice] = asyncio.get_running_loop().create_future()

    def heard(device: BLEDevice, _data: object) -> None:
        if device.address == address and not found.done():
            found.set_result(device)

    async with asyncio.timeout(5.0 * bench.slowness), adapter.scanner(heard):
        return await found
