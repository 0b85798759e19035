"""Battery Level (2A19): frame → reading.

Source: Bluetooth SIG, Battery Service 1.1, §3.1.
"""

from __future__ import annotations

from typing import Final

from device_drivers.decode.measured import settle, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

_SOURCE: Final = "2a19"
_FULL_PERCENT: Final = 100  # above it the values are reserved


def decode(frame: bytes) -> Reading:
    """Decode one 2A19 value, in %.

    Raises:
        DecodeError: not one byte.
    """
    if len(frame) != 1:
        raise wrong_length(frame, 1, _SOURCE)
    level: float | Missing = float(frame[0]) if frame[0] <= _FULL_PERCENT else Missing.RESERVED
    values, missing = settle(Kind.BATTERY, {Quantity.BATTERY_LEVEL: level})
    return Reading(kind=Kind.BATTERY, values=values, missing=missing, raw=frame, source=_SOURCE)
