"""Blood Pressure Measurement (2A35) and Intermediate Cuff Pressure (2A36): frame → reading.

Source: Bluetooth SIG, Blood Pressure Service 1.1.1, §3.1 and §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.ieee11073 import sfloat
from device_drivers.decode.measured import UNKNOWN_USER, settle, words, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

MMHG_PER_KPA: Final = 1000 / 133.322_387_415  # the conventional millimetre of mercury, in Pa

_KPA: Final = 0x01
_TIME: Final = 0x02
_PULSE: Final = 0x04
_USER: Final = 0x08
_STATUS: Final = 0x10
_KNOWN_FLAGS: Final = 0x1F  # the others are reserved: ignored, as the specification asks

_PRESSURES: Final = Struct("<BHHH")  # flags, systolic, diastolic, mean (2A36: cuff pressure and two unused)
_LENGTHS: Final = tuple(  # of the whole frame, by its known flags
    _PRESSURES.size
    + (DATE_TIME_BYTES if flags & _TIME else 0)
    + (2 if flags & _PULSE else 0)
    + (1 if flags & _USER else 0)
    + (2 if flags & _STATUS else 0)
    for flags in range(_KNOWN_FLAGS + 1)
)
_STATUS_WORDS: Final = ("body-movement", "cuff-loose", "irregular-pulse", "", "", "improper-position")
_PULSE_RANGE: Final = 0x0018  # bits 3 and 4 are one number
_PULSE_RANGE_WORDS: Final = ((), ("pulse-above-range",), ("pulse-below-range",), ("pulse-range-reserved",))


def decode(frame: bytes) -> Reading:
    """Decode one 2A35 value: pressures in mmHg, pulse in 1/min.

    A systolic or diastolic pressure that is no number makes the measurement failed: no value at all, nor the pulse.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags, systolic, diastolic, mean = _pressures(frame, "2a35")
    found: dict[Quantity, float | Missing] = {
        Quantity.SYSTOLIC: _mmhg(systolic, flags),
        Quantity.DIASTOLIC: _mmhg(diastolic, flags),
        Quantity.MEAN_ARTERIAL: _mmhg(mean, flags),
    }
    return _reading(frame, "2a35", Kind.BLOOD_PRESSURE, flags, found)


def decode_cuff_pressure(frame: bytes) -> Reading:
    """Decode one 2A36 value: the pressure while the cuff deflates, mmHg; never a result.

    Raises:
        DecodeError: as `decode`.
    """
    flags, pressure, _, _ = _pressures(frame, "2a36")
    return _reading(frame, "2a36", Kind.CUFF_PRESSURE, flags, {Quantity.CUFF_PRESSURE: _mmhg(pressure, flags)})


def _pressures(frame: bytes, source: str) -> tuple[int, int, int, int]:
    wanted = _LENGTHS[frame[0] & _KNOWN_FLAGS if frame else 0]
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, source)
    return _PRESSURES.unpack_from(frame)


def _reading(frame: bytes, source: str, kind: Kind, flags: int, found: dict[Quantity, float | Missing]) -> Reading:
    at = _PRESSURES.size
    time = user = None
    status: tuple[str, ...] = ()
    if flags & _TIME:
        time = date_time_at(frame, at, source)
        at += DATE_TIME_BYTES
    if flags & _PULSE:
        found[Quantity.PULSE_RATE] = sfloat(frame[at] | frame[at + 1] << 8)
        at += 2
    if flags & _USER:
        user = None if frame[at] == UNKNOWN_USER else frame[at]
        at += 1
    if flags & _STATUS:
        status = _status(frame[at] | frame[at + 1] << 8)
    values, missing = settle(kind, found)
    return Reading(
        kind=kind,
        values=values,
        missing=missing,
        flags=status,
        time=time,
        user_slot=user,
        raw=frame,
        source=source,
    )


def _mmhg(raw: int, flags: int) -> float | Missing:
    value = sfloat(raw)
    return value * MMHG_PER_KPA if flags & _KPA and type(value) is float else value


def _status(status: int) -> tuple[str, ...]:
    if not status:
        return ()
    return words(status & ~_PULSE_RANGE, _STATUS_WORDS) + _PULSE_RANGE_WORDS[(status & _PULSE_RANGE) >> 3]
