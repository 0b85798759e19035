"""bleak's BlueZ client with our rules about bonds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from bleak.args import SizedBuffer
from bleak.backends.bluezdbus.client import BleakClientBlueZDBus
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import NotifyCallback
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTServiceCollection
from bleak.exc import BleakError

from gateway.radio.bluez.bonds import LinkWatch
from gateway.radio.host import BondError, PairingAgent

if TYPE_CHECKING:
    from gateway.radio.bluez.host import BlueZAdapter

# An answer takes a fraction of a second, pairing by "just works" two. Without this BlueZ leaves a request whose pairing
# was refused unanswered until ATT's own 30 s are over, and then says only that the link has ended.
PAIRING_S: Final = 10.0


class BleakClientBlueZ(BleakClientBlueZDBus):
    """A client that pairs only when it may, and calls a stale bond and a refused pairing by their names."""

    def __init__(
        self,
        device: BLEDevice,
        services: set[str] | None = None,
        *,
        owner: BlueZAdapter,
        may_pair: bool,
        agent: PairingAgent | None,
        **options: Any,
    ) -> None:
        super().__init__(device, services, **options)
        self.watch = LinkWatch()
        self.agent = agent
        self._owner = owner
        self._path: str = device.details["path"]
        self._may_pair = may_pair
        self._was_bonded = False
        self._refused: str | None = None
        self._linked = asyncio.Event()  # or it will not be
        self._limits: set[asyncio.Timeout] = set()  # one per request that waits for an answer

    @property
    def newly_bonded(self) -> bool:
        """A bond was made on this connection."""
        return self.watch.newly_bonded and not self._was_bonded  # BlueZ may announce an old one anew

    async def connect(self, pair: bool, dangerous_use_bleak_cache: bool = False, **options: Any) -> None:
        """Raises BleakError, BondError, TimeoutError."""
        self._was_bonded = await self._owner.bonded(self.address)
        self._owner.watch(self._path, self.watch)
        if self._may_pair:
            self._owner.agent.allow(self._path, self)
        try:
            await self._connect_quietly(pair, dangerous_use_bleak_cache=dangerous_use_bleak_cache, **options)
        except (BleakError, TimeoutError) as error:
            self._leave()
            self._refuse_stale(error)
            raise
        except BaseException:
            self._leave()
            raise

    async def pair(self, *args: Any, **options: Any) -> None:
        """Raises BleakError, BondError, TimeoutError."""
        if not self._may_pair and not self._was_bonded:
            raise BondError(f"there is no bond with {self.address}, and it may not be paired now")
        async with self._perhaps_pairing():
            await super().pair(*args, **options)

    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **options: Any) -> bytearray:
        async with self._perhaps_pairing():
            return await super().read_gatt_char(characteristic, **options)

    async def write_gatt_char(self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool) -> None:
        async with self._perhaps_pairing():
            await super().write_gatt_char(characteristic, data, response)

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **options: Any
    ) -> None:
        async with self._perhaps_pairing():
            await super().start_notify(characteristic, callback, **options)

    async def disconnect(self) -> None:
        """Raises BleakError, TimeoutError."""
        try:
            await super().disconnect()
        finally:
            self._leave()
        if self.newly_bonded and not self._may_pair:
            # BlueZ pairs by itself when a device demands encryption; should that ever get past our agent.
            await self._owner.forget(self.address)

    def asked(self) -> None:
        self._expire_at(None)

    def answered(self) -> None:
        self._expire_at(asyncio.get_running_loop().time() + PAIRING_S)

    def refused(self, why: str) -> None:
        self._refused = why
        self._expire_at(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _perhaps_pairing(self) -> AsyncIterator[None]:
        """A request that a device without a bond may answer by demanding one."""
        if self._was_bonded or self.newly_bonded:
            yield
            return
        limit = self._owner.clock.timeout(PAIRING_S)
        self._limits.add(limit)
        try:
            async with limit:
                yield
        except TimeoutError as silence:
            if self._refused is not None:
                raise BondError(f"{self.address} was not paired: {self._refused}") from silence
            if self._may_pair:
                raise BondError(f"{self.address} takes no new gateway now, or does not finish the pairing") from silence
            raise BondError(f"there is no bond with {self.address}, and it may not be paired now") from silence
        finally:
            self._limits.discard(limit)

    async def _get_services(
        self, dangerous_use_bleak_cache: bool = False, **options: Any
    ) -> BleakGATTServiceCollection:
        # Connect is answered on this client's bus, `Connected` is told on bleak's other one: read in the wrong order,
        # bleak 3.1 takes the device for gone.
        await self._owner.until_connected(self._path)
        self._linked.set()
        return await super()._get_services(dangerous_use_bleak_cache, **options)

    async def _connect_quietly(self, pair: bool, **options: Any) -> None:
        quiet = asyncio.Event()
        self._linked.clear()
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            group.create_task(self._owner.scans.rest(begun=quiet, until=self._linked))
            await quiet.wait()
            try:
                await super().connect(pair, **options)
            except (BleakError, TimeoutError, EOFError, OSError) as error:
                failure = error
            finally:
                self._linked.set()
        if failure is not None:
            raise failure

    def _expire_at(self, when: float | None) -> None:
        """By the event loop's time, as `asyncio.Timeout` has it."""
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(when)

    def _refuse_stale(self, error: Exception) -> None:
        if self._was_bonded and self.watch.key_refused:
            raise BondError(
                f"the stored bond with {self.address} is stale: the device does not take our key any more"
            ) from error

    def _leave(self) -> None:
        self._owner.unwatch(self._path, self.watch)
        self._owner.agent.disallow(self._path, self)
