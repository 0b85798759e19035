"""Blood Pressure Measurement (2A35) and Intermediate Cuff Pressure (2A36): frame → reading.

Source: Bluetooth SIG, Blood Pressure Service 1.1.1, §3.1 and §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import replace
from struct import Struct
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, DATE_TIME_FIELDS, device_time
from device_drivers.decode.ieee11073 import FIRST_SPECIAL, sfloat
from device_drivers.decode.measured import UNKNOWN_USER, not_negative, positive, settle, words, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

MMHG_PER_KPA: Final = 1000 / 133.322_387_415  # the conventional millimetre of mercury, in Pa

_KPA: Final = 0x01
_TIME: Final = 0x02
_PULSE: Final = 0x04
_USER: Final = 0x08
_STATUS: Final = 0x10
_PULSE_AT: Final = 7  # behind flags and three pressures, when there is no time
_KNOWN_FLAGS: Final = 0x1F  # the others are reserved: ignored, as the specification asks


def _layout(flags: int) -> Struct:
    fields = "<xHHH"  # systolic, diastolic, mean (2A36: cuff pressure and two unused), behind the flags
    fields += DATE_TIME_FIELDS if flags & _TIME else ""
    fields += "H" if flags & _PULSE else ""
    fields += "B" if flags & _USER else ""
    fields += "H" if flags & _STATUS else ""
    return Struct(fields)


_LAYOUTS: Final = tuple(_layout(flags) for flags in range(_KNOWN_FLAGS + 1))  # by the known flags
_STATUS_WORDS: Final = ("body-movement", "cuff-loose", "irregular-pulse", "", "", "improper-position")
_PULSE_RANGE: Final = 0x0018  # bits 3 and 4 are one number
_PULSE_RANGE_WORDS: Final = ((), ("pulse-above-range",), ("pulse-below-range",), ("pulse-range-reserved",))


# Looking a member up in its enumeration costs as much as decoding a number: once is enough.
_SYSTOLIC: Final = Quantity.SYSTOLIC
_DIASTOLIC: Final = Quantity.DIASTOLIC
_MEAN: Final = Quantity.MEAN_ARTERIAL
_PULSE_RATE: Final = Quantity.PULSE_RATE
_BLOOD_PRESSURE: Final = Kind.BLOOD_PRESSURE


def decode(frame: bytes) -> Reading:
    """Decode one 2A35 value: pressures in mmHg, pulse in 1/min.

    No living person has a pressure or pulse of zero or less: it was not measured. A systolic or diastolic pressure that
    is no number makes the measurement failed: no value at all, nor the pulse.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags, fields = _fields(frame, "2a35")
    number = _kpa_in_mmhg if flags & _KPA else _positive
    found = {_SYSTOLIC: number(fields[0]), _DIASTOLIC: number(fields[1]), _MEAN: number(fields[2])}
    return _reading(frame, "2a35", _BLOOD_PRESSURE, flags, fields, found)


def decode_beurer(frame: bytes, *, big_endian_pulse: bool, unflagged_user: bool) -> Reading:
    """Decode one 2A35 value of a cuff that departs from the standard; `raw` stays as it was sent.

    Args:
        frame: as received.
        big_endian_pulse: the pulse, alone of all fields, has its high byte first.
        unflagged_user: the user's byte is there although no flag announces it; its place is the standard's.

    Raises:
        DecodeError: as `decode`. A frame that does hold to the standard is refused too: where its bytes lie is unknown.
    """
    if not frame:
        raise wrong_length(frame, 1, "2a35")
    flags = frame[0] | (_USER if unflagged_user else 0)
    straight = bytearray(frame)
    straight[0] = flags
    if big_endian_pulse and flags & _PULSE:
        at = _PULSE_AT + (DATE_TIME_BYTES if flags & _TIME else 0)
        straight[at : at + 2] = straight[at : at + 2][::-1]
    return replace(decode(bytes(straight)), raw=frame)


def decode_cuff_pressure(frame: bytes) -> Reading:
    """Decode one 2A36 value: the pressure while the cuff deflates, mmHg, down to 0; never a result.

    Raises:
        DecodeError: as `decode`.
    """
    flags, fields = _fields(frame, "2a36")
    pressure = not_negative(sfloat(fields[0]))
    found = {Quantity.CUFF_PRESSURE: _mmhg(pressure) if flags & _KPA else pressure}
    return _reading(frame, "2a36", Kind.CUFF_PRESSURE, flags, fields, found)


def _fields(frame: bytes, source: str) -> tuple[int, tuple[int, ...]]:
    flags = frame[0] & _KNOWN_FLAGS if frame else 0
    layout = _LAYOUTS[flags]
    if len(frame) != layout.size:
        raise wrong_length(frame, layout.size, source)
    return flags, layout.unpack(frame)


def _reading(
    frame: bytes, source: str, kind: Kind, flags: int, fields: tuple[int, ...], found: dict[Quantity, float | Missing]
) -> Reading:
    at = 3  # behind the three pressures
    time = user = None
    status: tuple[str, ...] = ()
    if flags & _TIME:
        time = device_time(source, *fields[3:9])
        at = 9
    if flags & _PULSE:
        found[_PULSE_RATE] = _positive(fields[at])
        at += 1
    if flags & _USER:
        user = None if fields[at] == UNKNOWN_USER else fields[at]
        at += 1
    if flags & _STATUS and fields[at]:
        status = _status(fields[at])
    values, missing = settle(kind, found)
    return Reading(
        kind=kind,
        values=values,
        missing=missing,
        flags=status,
        time=time,
        user_slot=user,
        series={},
        raw=frame,
        source=source,
    )


def _positive(raw: int) -> float | Missing:
    if 0 < raw < FIRST_SPECIAL:  # nearly every number of a cuff is its own SFLOAT
        return float(raw)
    return positive(sfloat(raw))


def _kpa_in_mmhg(raw: int) -> float | Missing:
    return _mmhg(_positive(raw))


def _mmhg(kpa: float | Missing) -> float | Missing:
    return kpa if isinstance(kpa, Missing) else kpa * MMHG_PER_KPA


def _status(status: int) -> tuple[str, ...]:
    return words(status & ~_PULSE_RANGE, _STATUS_WORDS) + _PULSE_RANGE_WORDS[(status & _PULSE_RANGE) >> 3]
