"""Date Time (2A08), Current Time (2A2B), and the seven bytes of time inside every measurement.

Source: Bluetooth SIG, GATT Specification Supplement, Date Time and Current Time. A year, month or day of 0 means that
the device does not know it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Final

from device_drivers.decode.measured import words
from device_drivers.errors import DecodeError
from device_drivers.readings import DeviceTime

DATE_TIME_BYTES: Final = 7
CURRENT_TIME_BYTES: Final = 10
FIRST_YEAR: Final = 1582  # the Gregorian calendar begins; earlier years are prohibited
LAST_YEAR: Final = 9999

DATE_TIME_FIELDS: Final = "HBBBBB"  # year, month, day, hours, minutes, seconds

_DATE_TIME: Final = Struct("<" + DATE_TIME_FIELDS)
_REASONS: Final = ("manual", "external-reference", "time-zone-change", "daylight-saving-change")
_LAST_WEEKDAY: Final = 7  # Monday is 1, Sunday is 7, 0 is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentTime:
    """What 2A2B said. `weekday` is ISO (Monday 1), None when unknown; `fraction_s` is added to `time`."""

    time: DeviceTime
    weekday: int | None
    fraction_s: float
    adjusted: tuple[str, ...]


def device_time(source: str, year: int, month: int, day: int, hour: int, minute: int, second: int) -> DeviceTime:
    """The six numbers as a time; zeros of the date are unknown.

    Raises:
        DecodeError: a part is out of its range.
    """
    if month > 12 or day > 31 or hour > 23 or minute > 59 or second > 59:
        raise DecodeError(f"{source}: no such time: {year}-{month}-{day} {hour}:{minute}:{second}")
    if not FIRST_YEAR <= year <= LAST_YEAR and year:
        raise DecodeError(f"{source}: no such year: {year}")
    return DeviceTime(year=year or None, month=month or None, day=day or None, hour=hour, minute=minute, second=second)


def date_time_at(frame: bytes, at: int, source: str) -> DeviceTime:
    """The seven bytes at `at`; the caller has checked that they are there.

    Raises:
        DecodeError: a part is out of its range.
    """
    return device_time(source, *_DATE_TIME.unpack_from(frame, at))


def decode_date_time(frame: bytes) -> DeviceTime:
    """2A08 as read from the device.

    Raises:
        DecodeError: not seven bytes, or a part out of its range.
    """
    if len(frame) != DATE_TIME_BYTES:
        raise DecodeError(f"2a08: {len(frame)} bytes instead of {DATE_TIME_BYTES}")
    return date_time_at(frame, 0, "2a08")


def decode_current_time(frame: bytes) -> CurrentTime:
    """2A2B as read from the device.

    Raises:
        DecodeError: not ten bytes, or a part out of its range.
    """
    if len(frame) != CURRENT_TIME_BYTES:
        raise DecodeError(f"2a2b: {len(frame)} bytes instead of {CURRENT_TIME_BYTES}")
    weekday, fraction, adjusted = frame[7], frame[8], frame[9]
    if weekday > _LAST_WEEKDAY:
        raise DecodeError(f"2a2b: no such day of the week: {weekday}")
    return CurrentTime(
        time=date_time_at(frame, 0, "2a2b"),
        weekday=weekday or None,
        fraction_s=fraction / 256,
        adjusted=words(adjusted, _REASONS),
    )


def encode_date_time(local: datetime) -> bytes:
    """The bytes that set a clock through 2A08. `local` is the home's local time; its zone, if any, is not sent.

    Raises:
        ValueError: a year that the format cannot hold.
    """
    if local.year < FIRST_YEAR:
        raise ValueError(f"a device's clock cannot be set to the year {local.year}: the format begins at {FIRST_YEAR}")
    return _DATE_TIME.pack(local.year, local.month, local.day, local.hour, local.minute, local.second)


def encode_current_time(local: datetime, *, adjusted: int = 0) -> bytes:
    """The bytes that set a clock through 2A2B, with weekday and 1/256 s.

    Args:
        local: the home's local time; its zone, if any, is not sent.
        adjusted: the reason bits, 0 when none is to be given.

    Raises:
        ValueError: a year that the format cannot hold.
    """
    fraction = local.microsecond * 256 // 1_000_000
    return encode_date_time(local) + bytes((local.isoweekday(), fraction, adjusted & 0xFF))
