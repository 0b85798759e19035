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
_ABSOLUTE_ZERO_C: Final = -273.15
_MANTISSA: Final = 0x00FFFFFF
_ALL_ONES: Final = 0xFFFFFFFF
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

    A field of zeros or of all ones, and a temperature not above absolute zero, was not measured: failed.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags = frame[0] if frame else 0
    wanted = 5 + (DATE_TIME_BYTES if flags & _TIME else 0) + (1 if flags & _TYPE else 0)
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, _SOURCE)
    raw = int.from_bytes(frame[1:5], "little")
    found: dict[Quantity, float | Missing] = {Quantity.TEMPERATURE: _celsius(raw, flags)}
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


def _celsius(raw: int, flags: int) -> float | Missing:
    value = long_float(raw)
    if isinstance(value, Missing):
        return value
    celsius = (value - _FREEZING_F) * 5 / 9 if flags & _FAHRENHEIT else value
    unmeasured = raw == _ALL_ONES or not raw & _MANTISSA or celsius <= _ABSOLUTE_ZERO_C
    return Missing.MEASUREMENT_FAILED if unmeasured else celsius


def _site(number: int) -> str:
    return f"site-{_SITES[number]}" if 0 < number < len(_SITES) else f"site-{number}"
