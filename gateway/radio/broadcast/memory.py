"""What is remembered of a device that only advertises: what the store holds, and what has come since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from device_drivers.advertising import Broadcast

KEY_ENTERED: Final = "key-entered"  # changes whenever a technician enters a bind key: everything begins anew then


class BroadcastMemory:
    """One device's. What is to be durable waits here until the radio takes it to the store."""

    def __init__(self, stored: Mapping[str, str]) -> None:
        self._stored = dict(stored)
        self._unsaved: dict[str, str] = {}
        self._meanwhile: dict[str, str] = {}

    def all(self) -> Mapping[str, str]:
        """For the driver. Secrets are among it."""
        return {**self._stored, **self._unsaved, **self._meanwhile}

    def take(self, told: Broadcast) -> None:
        """What an advertisement left behind."""
        self._unsaved |= told.remember
        self._meanwhile |= told.meanwhile

    def refresh(self, stored: Mapping[str, str]) -> bool:
        """The store was read again. True when somebody has entered a key: it begins anew."""
        anew = stored.get(KEY_ENTERED) != self._stored.get(KEY_ENTERED)
        if anew:
            self._unsaved.clear()
            self._meanwhile.clear()
        self._stored = dict(stored)
        return anew

    def unsaved(self) -> Mapping[str, str]:
        """What the store does not hold yet."""
        return dict(self._unsaved)

    def saved(self, kept: Mapping[str, str]) -> None:
        """The store holds it now; what came meanwhile still waits."""
        self._stored |= kept
        for key, value in kept.items():
            if self._unsaved.get(key) == value:
                del self._unsaved[key]
