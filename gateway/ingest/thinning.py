"""Which readings of a room are worth a row. Sensors repeat what they have said each few seconds, for years."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Reading

# A room's climate moves within minutes. A state (motion, an open door, smoke) is told the moment it changes, and now
# and then so that a chart shows that the sensor lives.
CLIMATE_S: Final = 60.0
STATE_S: Final = 600.0
BATTERY_S: Final = 6 * 3600.0


class Thinning:
    """Remembers what was last let through, of each device, kind and sensor within it: bounded by the home's devices."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, Kind, tuple[str, ...]], tuple[float, Mapping[Quantity, float]]] = {}

    def due(self, address: str, reading: Reading, now: float) -> bool:
        """Whether to keep it. What measures a person is always kept.

        `now` may go back: messages of a broker come late, and not always in order.
        """
        if reading.kind not in (Kind.ROOM_CLIMATE, Kind.ROOM_STATE, Kind.BATTERY):
            return True
        key = (address, reading.kind, reading.flags)
        then, values = self._last.get(key, (float("-inf"), {}))
        if reading.kind is Kind.ROOM_CLIMATE:
            due = abs(now - then) >= CLIMATE_S
        else:
            due = reading.values != values or abs(now - then) >= (
                STATE_S if reading.kind is Kind.ROOM_STATE else BATTERY_S
            )
        if due:
            self._last[key] = (now, dict(reading.values))
        return due

    def forget(self, address: str) -> None:
        """The device is nobody's any more."""
        for key in [key for key in self._last if key[0] == address]:
            del self._last[key]
