"""Mi Smart Scale (service data 181D) and Mi Body Composition Scale (181B): what they advertise while in use.

Sources: openScale wiki, Xiaomi Bluetooth Mi Scale; xiaomi-ble's tests; Theengs decoder, test_ble.cpp. The fields are
those of the Bluetooth SIG's Weight Measurement and Body Composition Measurement, the flags are Xiaomi's own.

v1: flags u8, weight u16, time. v2: unit u8, flags u8, time, impedance u16 in ohm, weight u16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.weight import KG_PER_LB
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

SOURCE_V1: Final = "181d"
SOURCE_V2: Final = "181b"

_V1_BYTES: Final = 3 + DATE_TIME_BYTES
_V2_BYTES: Final = 2 + DATE_TIME_BYTES + 4

_POUNDS: Final = 0x01  # of the unit byte; in v1 it is the flags byte too
_IMPEDANCE: Final = 0x02
_CATTY_V1: Final = 0x10
_STABLE: Final = 0x20
_CATTY_V2: Final = 0x40
_REMOVED: Final = 0x80
_STEPS_PER_KG: Final = 200
_STEPS_PER_LB: Final = 100
_STEPS_PER_CATTY: Final = 100
_KG_PER_CATTY: Final = 0.5  # the jin of the scale's makers, by Chinese law
# The scales were made after 2014; a clock that was never set begins at 1970 (v2) or at zero.
_FIRST_YEAR: Final = 2010
_NO_IMPEDANCE: Final = (0, 0xFFFE, 0xFFFF)  # shoes on: the scale gives up
_HEAVIEST_KG: Final = 300.0  # twice what they carry (150 kg): no scale of theirs has measured that
CLOCK_NOT_SET: Final = "clock-not-set"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """One advertisement of a scale.

    Attributes:
        reading: only of a stable weight with the person still on the scale; without weight or impedance otherwise None.
        weight_kg: what it shows, stable or not.
        stable: the weight is fixed.
        removed: the person has stepped off; the weight is the last one.
        complete: nothing more will come: the impedance is there, or the model measures none.
        stamp: the scale's time as sent, which names the weighing.
    """

    reading: Reading | None
    weight_kg: float
    stable: bool
    removed: bool
    complete: bool
    stamp: bytes


def decode_v1(data: bytes) -> Weighing:
    """Decode the service data of 181D: the weight in kg.

    Raises:
        DecodeError: not as long as it is, a time out of range, or more than any of these scales carries.
    """
    if len(data) != _V1_BYTES:
        raise DecodeError(f"{SOURCE_V1}: {len(data)} bytes instead of {_V1_BYTES}")
    flags = data[0]
    kg = _kg(data[1] | data[2] << 8, pounds=bool(flags & _POUNDS), catty=bool(flags & _CATTY_V1), source=SOURCE_V1)
    return _weighing(data, SOURCE_V1, flags, kg, time_at=3, impedance=None, complete=True)


def decode_v2(data: bytes) -> Weighing:
    """Decode the service data of 181B: the weight in kg, the impedance in ohm where it was measured.

    Raises:
        DecodeError: as `decode_v1`.
    """
    if len(data) != _V2_BYTES:
        raise DecodeError(f"{SOURCE_V2}: {len(data)} bytes instead of {_V2_BYTES}")
    flags = data[1]
    catty = bool(flags & _CATTY_V2)
    kg = _kg(data[11] | data[12] << 8, pounds=bool(data[0] & _POUNDS), catty=catty, source=SOURCE_V2)
    impedance: float | Missing | None = None
    if flags & _IMPEDANCE:
        ohm = data[9] | data[10] << 8
        impedance = Missing.MEASUREMENT_FAILED if ohm in _NO_IMPEDANCE else float(ohm)
    return _weighing(data, SOURCE_V2, flags, kg, time_at=2, impedance=impedance, complete=impedance is not None)


def _weighing(
    data: bytes, source: str, flags: int, kg: float, *, time_at: int, impedance: float | Missing | None, complete: bool
) -> Weighing:
    stable, removed = bool(flags & _STABLE), bool(flags & _REMOVED)
    time = _time(data, time_at, source)
    reading = None
    if stable and not removed and kg > 0:
        values = {Quantity.WEIGHT: kg}
        missing: dict[Quantity, Missing] = {}
        if isinstance(impedance, Missing):
            missing[Quantity.IMPEDANCE] = impedance
        elif impedance is not None:
            values[Quantity.IMPEDANCE] = impedance
        reading = Reading(
            kind=Kind.WEIGHT,
            values=values,
            missing=missing,
            flags=() if time is not None else (CLOCK_NOT_SET,),
            time=time,
            raw=data,
            source=source,
        )
    return Weighing(
        reading=reading,
        weight_kg=kg,
        stable=stable,
        removed=removed,
        complete=complete,
        stamp=data[time_at : time_at + DATE_TIME_BYTES],
    )


def _kg(raw: int, *, pounds: bool, catty: bool, source: str) -> float:
    if pounds and catty:
        raise DecodeError(f"{source}: in pounds and in catties at once")
    if pounds:
        kg = raw / _STEPS_PER_LB * KG_PER_LB
    elif catty:
        kg = raw / _STEPS_PER_CATTY * _KG_PER_CATTY
    else:
        kg = raw / _STEPS_PER_KG
    if kg > _HEAVIEST_KG:
        raise DecodeError(f"{source}: {kg:.0f} kg is more than these scales carry")
    return kg


def _time(data: bytes, at: int, source: str) -> DeviceTime | None:
    """None where the clock was never set: the moment of reception is what is known."""
    if data[at] | data[at + 1] << 8 < _FIRST_YEAR:
        return None
    time = date_time_at(data, at, source)
    return None if time.local() is None else time
