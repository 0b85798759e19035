"""What a session remembers of its device: a `device_drivers.sessions.Memory` over the device book."""

from __future__ import annotations

from collections.abc import Mapping

from device_drivers.errors import LinkLost
from gateway.core.errors import StoreError
from gateway.radio.contracts import DeviceBook


class DeviceMemory:
    """Reads what was there when the connection was made, and what was kept since."""

    def __init__(self, book: DeviceBook, address: str, known: Mapping[str, str]) -> None:
        self._book = book
        self._address = address
        self._known = dict(known)

    def get(self, key: str) -> str | None:
        return self._known.get(key)

    async def keep(self, kept: Mapping[str, str]) -> None:
        """Raises LinkLost when the store does not take it: the device will tell it again."""
        try:
            await self._book.remember(self._address, kept)
        except StoreError as refusal:
            raise LinkLost(f"what it told could not be stored: {refusal}") from refusal
        self._known |= kept
