"""bleak's BlueZ client with our rules about bonds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bleak.backends.bluezdbus.client import BleakClientBlueZDBus
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from gateway.radio.bluez_bonds import LinkWatch
from gateway.radio.host import BondError, PairingAgent

if TYPE_CHECKING:
    from gateway.radio.bluez_host import BlueZAdapter


class BleakClientBlueZ(BleakClientBlueZDBus):
    """A client that pairs only when it may, and calls a stale bond by its name."""

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
        self._owner = owner
        self._path: str = device.details["path"]
        self._may_pair = may_pair
        self._agent = agent
        self._was_bonded = False

    async def connect(self, pair: bool, dangerous_use_bleak_cache: bool = False, **options: Any) -> None:
        """Raises BleakError, BondError, TimeoutError."""
        self._was_bonded = await self._owner.bonded(self.address)
        self._owner.watch(self._path, self.watch)
        if self._may_pair:
            self._owner.agent.allow(self._path, self.address, self._agent)
        try:
            await super().connect(pair, dangerous_use_bleak_cache=dangerous_use_bleak_cache, **options)
        except (BleakError, TimeoutError) as error:
            self._leave()
            self._refuse_stale(error)
            raise
        except BaseException:
            self._leave()
            raise

    async def pair(self, *args: Any, **options: Any) -> None:
        """Raises BleakError, BondError."""
        if not self._may_pair and not self._was_bonded:
            raise BondError(f"there is no bond with {self.address}, and it may not be paired now")
        await super().pair(*args, **options)

    async def disconnect(self) -> None:
        """Raises BleakError, TimeoutError."""
        try:
            await super().disconnect()
        finally:
            self._leave()
        if self.watch.newly_bonded and not self._may_pair:
            # BlueZ pairs by itself when a device demands encryption, and asks its agent only where a person is needed.
            await self._owner.forget(self.address)

    def _refuse_stale(self, error: Exception) -> None:
        if self._was_bonded and self.watch.key_refused:
            raise BondError(
                f"the stored bond with {self.address} is stale: the device does not take our key any more"
            ) from error

    def _leave(self) -> None:
        self._owner.unwatch(self._path, self.watch)
        self._owner.agent.disallow(self._path)
