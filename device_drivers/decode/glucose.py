"""Glucose Measurement (2A18) and its context (2A34): frame → reading, in mmol/L.

mmol/L is the one unit here, whichever the meter sends: it is the unit of Finnish and Swedish care, and one unit in the
store lets two meters be compared. Readers of mg/dL multiply by 18.0156.

Source: Bluetooth SIG, Glucose Service 1.0.1, §3.1 and §3.2, and its GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, FIRST_YEAR, LAST_YEAR, date_time_at
from device_drivers.decode.ieee11073 import sfloat
from device_drivers.decode.measured import fail, positive, settle, words, wrong_length
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

MEASUREMENT: Final = "2a18"
CONTEXT: Final = "2a34"
GRAMS_PER_MOL: Final = 180.156  # of glucose, C6H12O6

_MMOL_PER_KG: Final = 1e6 / GRAMS_PER_MOL
_MMOL_PER_MOL: Final = 1000

_OFFSET: Final = 0x01
_CONCENTRATION: Final = 0x02
_MOL_PER_LITRE: Final = 0x04
_STATUS: Final = 0x08
_CONTEXT_FOLLOWS: Final = 0x10
_FIXED_BYTES: Final = 3 + DATE_TIME_BYTES  # flags, sequence number, base time

_TYPES: Final = (
    "",
    "capillary-whole-blood",
    "capillary-plasma",
    "venous-whole-blood",
    "venous-plasma",
    "arterial-whole-blood",
    "arterial-plasma",
    "undetermined-whole-blood",
    "undetermined-plasma",
    "interstitial-fluid",
    "control-solution",
)
_SITES: Final = ("", "finger", "alternate-site", "earlobe", "control-solution")
_CONTROL_TYPE: Final = 10
_CONTROL_SITE: Final = 4
_SITE_NOT_AVAILABLE: Final = 15
_STATUS_WORDS: Final = (
    "battery-low",
    "sensor-malfunction",
    "sample-insufficient",
    "strip-insertion-error",
    "strip-type-incorrect",
    "result-too-high",
    "result-too-low",
    "sensor-temperature-too-high",
    "sensor-temperature-too-low",
    "strip-pulled-too-soon",
    "device-fault",
    "time-fault",
)
# Malfunction, sample, strip, temperature, interrupted, fault: the meter itself says that this is no measurement.
_NOT_A_MEASUREMENT: Final = 0x079E
_BEYOND_THE_SENSOR: Final = 0x0060  # "HI" and "LO" on the display: a result without a number
_TIME_FAULT: Final = 0x0800

_EXTENDED: Final = 0x80
_CARBOHYDRATE: Final = 0x01
_MEAL: Final = 0x02
_TESTER: Final = 0x04
_EXERCISE: Final = 0x08
_MEDICATION: Final = 0x10
_HBA1C: Final = 0x40
_MEALS: Final = ("", "before-meal", "after-meal", "fasting", "casual", "bedtime")
_TESTERS: Final = ("", "tested-by-self", "tested-by-professional", "tested-in-laboratory")
_HEALTHS: Final = (
    "",
    "minor-health-issues",
    "major-health-issues",
    "during-menses",
    "under-stress",
    "no-health-issues",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the meter knows about the circumstances of the record `sequence`, in words; numbers of it are not kept."""

    sequence: int
    words: tuple[str, ...]


def decode(frame: bytes) -> Reading:
    """Decode one 2A18 record: glucose in mmol/L, the time with the user's offset, type and site as flags.

    A control solution, and a result that the meter marks as faulty, is a failed measurement; "HI" and "LO" have no
    number but the reason "out-of-range". A meter that doubts its clock gives the time of day only.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags = frame[0] if frame else 0
    concentration_at = _FIXED_BYTES + (2 if flags & _OFFSET else 0)
    status_at = concentration_at + (3 if flags & _CONCENTRATION else 0)
    wanted = status_at + (2 if flags & _STATUS else 0)
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, MEASUREMENT)
    status = _u16(frame, status_at) if flags & _STATUS else 0
    found: dict[Quantity, float | Missing] = {Quantity.GLUCOSE: Missing.MEASUREMENT_FAILED}
    sample: tuple[str, ...] = ()
    control = False
    if flags & _CONCENTRATION:
        found[Quantity.GLUCOSE] = _mmol(_u16(frame, concentration_at), flags, status)
        sample, control = _sample(frame[concentration_at + 2])
    time = date_time_at(frame, 3, MEASUREMENT)
    if flags & _OFFSET:
        time = _shifted(time, int.from_bytes(frame[_FIXED_BYTES : _FIXED_BYTES + 2], "little", signed=True))
    if status & _TIME_FAULT:
        time = replace(time, year=None, month=None, day=None)
    values, missing = fail(found) if control or status & _NOT_A_MEASUREMENT else settle(Kind.GLUCOSE, found)
    return Reading(
        kind=Kind.GLUCOSE,
        values=values,
        missing=missing,
        flags=sample + words(status, _STATUS_WORDS),
        time=time,
        sequence=_u16(frame, 1),
        raw=frame,
        source=MEASUREMENT,
    )


def context_follows(frame: bytes) -> bool:
    """Whether a context with the same sequence number comes next. Only for a frame that `decode` took."""
    return bool(frame[0] & _CONTEXT_FOLLOWS)


def decode_context(frame: bytes) -> Context:
    """Decode one 2A34 value. Meals, health and tester become words; amounts of food and medicine stay in the frame.

    Raises:
        DecodeError: too short for its own flags, or bytes left over.
    """
    flags = frame[0] if frame else 0
    carbohydrate_at = 3 + (1 if flags & _EXTENDED else 0)
    meal_at = carbohydrate_at + (3 if flags & _CARBOHYDRATE else 0)
    tester_at = meal_at + (1 if flags & _MEAL else 0)
    wanted = (
        tester_at
        + (1 if flags & _TESTER else 0)
        + (3 if flags & _EXERCISE else 0)
        + (3 if flags & _MEDICATION else 0)
        + (2 if flags & _HBA1C else 0)
    )
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, CONTEXT)
    said: list[str] = []
    if flags & _MEAL:
        said.append(_word(_MEALS, frame[meal_at], "meal"))
    if flags & _TESTER:
        said.append(_word(_TESTERS, frame[tester_at] & 0x0F, "tester"))
        said.append(_word(_HEALTHS, frame[tester_at] >> 4, "health"))
    for flag, word in ((_CARBOHYDRATE, "carbohydrate"), (_EXERCISE, "exercise"), (_MEDICATION, "medication")):
        if flags & flag:
            said.append(word)
    return Context(sequence=_u16(frame, 1), words=tuple(said))


def with_context(reading: Reading, context: Context) -> Reading:
    """The reading with the words of its context behind its own flags.

    Raises:
        DecodeError: the context of another record.
    """
    if reading.sequence != context.sequence:
        raise DecodeError(f"{CONTEXT}: is of record {context.sequence}, not of {reading.sequence}")
    return replace(reading, flags=reading.flags + context.words)


def _mmol(raw: int, flags: int, status: int) -> float | Missing:
    if status & _BEYOND_THE_SENSOR:
        return Missing.INFINITE
    value = positive(sfloat(raw))
    if isinstance(value, Missing):
        return value
    # Nine decimals: what multiplying adds (5.8999999999999995) is far below what an SFLOAT of this size can tell.
    return round(value * (_MMOL_PER_MOL if flags & _MOL_PER_LITRE else _MMOL_PER_KG), 9)


def _sample(type_and_site: int) -> tuple[tuple[str, ...], bool]:
    """Words for where the drop came from, and whether it was control solution."""
    number, site = type_and_site & 0x0F, type_and_site >> 4
    said: tuple[str, ...] = (_word(_TYPES, number, "sample"),) if number else ()
    if site not in (0, _SITE_NOT_AVAILABLE):
        said += (_word(_SITES, site, "site", prefix="site-"),)
    return said, number == _CONTROL_TYPE or site == _CONTROL_SITE


def _word(names: tuple[str, ...], number: int, what: str, *, prefix: str = "") -> str:
    return prefix + names[number] if 0 < number < len(names) else f"{what}-{number}"


def _shifted(time: DeviceTime, minutes: int) -> DeviceTime:
    """Base time plus what the user set the clock by since. An unknown date cannot be shifted, and stays unknown."""
    base = time.local()
    if base is None:
        return replace(time, year=None, month=None, day=None)
    try:
        local = base + timedelta(minutes=minutes)
    except OverflowError as beyond:
        raise DecodeError(f"{MEASUREMENT}: a time beyond the calendar") from beyond
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise DecodeError(f"{MEASUREMENT}: no such year: {local.year}")
    return DeviceTime(
        year=local.year, month=local.month, day=local.day, hour=local.hour, minute=local.minute, second=local.second
    )


def _u16(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8
