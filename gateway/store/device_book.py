"""Which devices are ours: those with an open assignment. A `gateway.radio.contracts.DeviceBook`."""

from __future__ import annotations

from collections.abc import Callable

from gateway.radio.contracts import Wanted
from gateway.store.registry import Registry


class AssignedDevices:
    """Answers from the registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def wanted(self, address: str) -> Wanted | None:
        """Ours when the address, or the identity that was last seen behind it, is assigned."""
        if not await self._registry.assigned(address):
            return None
        known = [device.identity for device in await self._registry.devices() if device.address == address.upper()]
        return Wanted(identity=known[0] if known else None)

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have `changed` called after each assignment that was made or ended. Returns what ends that."""
        return self._registry.on_assignment(changed)
