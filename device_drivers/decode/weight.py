"""Weight Measurement (2A9D): frame → reading.

Source: Bluetooth SIG, Weight Scale Service 1.0, §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.measured import ALL_ONES_16, UNKNOWN_USER, counted, settle, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

KG_PER_LB: Final = 0.453_592_37  # by definition, international avoirdupois pound
CM_PER_INCH: Final = 2.54

_SOURCE: Final = "2a9d"
_IMPERIAL: Final = 0x01
_TIME: Final = 0x02
_USER: Final = 0x04
_BMI_AND_HEIGHT: Final = 0x08
_STEPS_PER_KG: Final = 200  # 0.005 kg
_STEPS_PER_LB: Final = 100  # 0.01 lb


def decode(frame: bytes) -> Reading:
    """Decode one 2A9D value: weight in kg, height in cm, BMI in kg/m².

    FFFF is the scale's "unsuccessful", and 0 is nobody on it, or a height that nobody has told it: no numbers.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags = frame[0] if frame else 0
    wanted = (
        3
        + (DATE_TIME_BYTES if flags & _TIME else 0)
        + (1 if flags & _USER else 0)
        + (4 if flags & _BMI_AND_HEIGHT else 0)
    )
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, _SOURCE)
    found: dict[Quantity, float | Missing] = {Quantity.WEIGHT: _kg(_u16(frame, 1), flags)}
    at = 3
    time = user = None
    if flags & _TIME:
        time = date_time_at(frame, at, _SOURCE)
        at += DATE_TIME_BYTES
    if flags & _USER:
        user = None if frame[at] == UNKNOWN_USER else frame[at]
        at += 1
    if flags & _BMI_AND_HEIGHT:
        bmi = counted(_u16(frame, at), ALL_ONES_16)
        found[Quantity.BMI] = bmi if isinstance(bmi, Missing) else bmi / 10
        found[Quantity.HEIGHT] = _cm(_u16(frame, at + 2), flags)
    values, missing = settle(Kind.WEIGHT, found)
    return Reading(
        kind=Kind.WEIGHT, values=values, missing=missing, time=time, user_slot=user, raw=frame, source=_SOURCE
    )


def _u16(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8


def _kg(raw: int, flags: int) -> float | Missing:
    steps = counted(raw, ALL_ONES_16)
    if isinstance(steps, Missing):
        return steps
    return steps / _STEPS_PER_LB * KG_PER_LB if flags & _IMPERIAL else steps / _STEPS_PER_KG


def _cm(raw: int, flags: int) -> float | Missing:
    """0.1 inch or 1 mm → cm."""
    steps = counted(raw, ALL_ONES_16)
    if isinstance(steps, Missing):
        return steps
    return steps / 10 * CM_PER_INCH if flags & _IMPERIAL else steps / 10
