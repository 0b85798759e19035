"""Temperature Measurement (2A1C): frame → reading.

Source: Bluetooth SIG, Health Thermometer Service 1.0, §3.1, and its GATT Specification Supplement.
"""

from __future__ import annotations

from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.ieee11073 import long_float
from device_drivers.decode.measured import settle, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

_SOURCE: Final = "2a1c"
_FAHRENHEIT: Final = 0x01
_TIME: Final = 0x02
_TYPE: Final = 0x04
_FREEZING_F: Final = 32.0
_SITES: Final = (
    "",
    "armpit",
    "body",
    "ear",
    "finger",
    "gastrointestinal",
    "mouth",
    "rectum",
    "toe",
    "tympanum",
)


def decode(frame: bytes) -> Reading:
    """Decode one 2A1C value: temperature in °C, the place on the body as a flag ("site-ear").

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags = frame[0] if frame else 0
    wanted = 5 + (DATE_TIME_BYTES if flags & _TIME else 0) + (1 if flags & _TYPE else 0)
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, _SOURCE)
    value = long_float(int.from_bytes(frame[1:5], "little"))
    found: dict[Quantity, float | Missing] = {Quantity.TEMPERATURE: _celsius(value, flags)}
    values, missing = settle(Kind.BODY_TEMPERATURE, found)
    return Reading(
        kind=Kind.BODY_TEMPERATURE,
        values=values,
        missing=missing,
        flags=(_site(frame[-1]),) if flags & _TYPE else (),
        time=date_time_at(frame, 5, _SOURCE) if flags & _TIME else None,
        raw=frame,
        source=_SOURCE,
    )


def _celsius(value: float | Missing, flags: int) -> float | Missing:
    if flags & _FAHRENHEIT and type(value) is float:
        return (value - _FREEZING_F) * 5 / 9
    return value


def _site(number: int) -> str:
    return f"site-{_SITES[number]}" if 0 < number < len(_SITES) else f"site-{number}"
