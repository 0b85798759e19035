"""Which devices are ours: those with an open assignment. A `gateway.radio.contracts.DeviceBook`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from device_drivers.sessions.user_words import made_user, with_slots
from gateway.radio.contracts import Wanted
from gateway.store.device_memory import DeviceMemory
from gateway.store.registry import Registry


class AssignedDevices:
    """Answers from the registry and what drivers remember."""

    def __init__(self, registry: Registry, memory: DeviceMemory) -> None:
        self._registry = registry
        self._memory = memory

    async def wanted(self, address: str) -> Wanted | None:
        """Ours when the address, or the identity that was last seen behind it, is assigned."""
        if not await self._registry.assigned(address):
            return None
        known = [device.identity for device in await self._registry.devices() if device.address == address.upper()]
        return Wanted(identity=known[0] if known else None, memory=await self._memory.of(address))

    async def memory(self, address: str) -> Mapping[str, str]:
        """What is remembered of a device, ours or not, and which users of it residents are."""
        taken = [one.user_slot for one in await self._registry.assigned(address)]
        return with_slots(await self._memory.of(address), taken)

    async def remember(self, address: str, kept: Mapping[str, str]) -> None:
        """Durable when it returns. Raises StoreError.

        A user whom the device has made just now is nobody's: whoever was this user before is it no longer. So it stands
        before anything of the new one is fetched.
        """
        made = [user for key, value in kept.items() if value and (user := made_user(key)) is not None]
        if made:
            await self._registry.made_users(address, made, kept)
        else:
            await self._memory.keep(address, kept)

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have `changed` called after each assignment made or ended, each key entered. Returns what ends that."""
        stop = (self._registry.on_assignment(changed), self._memory.on_entry(changed))

        def end() -> None:
            for one in stop:
                one()

        return end
