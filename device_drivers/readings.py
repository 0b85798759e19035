"""The words that leave this package: `Reading`, `Motion`, `Press`, `DeviceTime`, `DeviceInformation`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from device_drivers.nomenclature import Kind, Quantity


class Missing(StrEnum):
    """Why a quantity that belongs to the kind has no number (IEEE 11073-20601 special values)."""

    NAN = "not-a-number"
    NOT_AT_THIS_RESOLUTION = "not-at-this-resolution"
    INFINITE = "out-of-range"
    RESERVED = "reserved"
    MEASUREMENT_FAILED = "measurement-failed"  # the device's own "unsuccessful" code, such as a weight of FFFF


# Decoding is mostly building these two. A frozen dataclass sets each field by name through `object`; their own
# `__init__` sets it through its slot, which takes a third off (tests/benchmarks/decode_blood_pressure.py).
@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class DeviceTime:
    """What the device's clock said: local, naive; None for every part that it said is unknown."""

    year: int | None
    month: int | None
    day: int | None
    hour: int
    minute: int
    second: int

    def __init__(
        self, *, year: int | None, month: int | None, day: int | None, hour: int, minute: int, second: int
    ) -> None:
        _YEAR(self, year)
        _MONTH(self, month)
        _DAY(self, day)
        _HOUR(self, hour)
        _MINUTE(self, minute)
        _SECOND(self, second)

    def local(self) -> datetime | None:
        """The naive local time, or None while any part of the date is unknown or there is no such time."""
        if self.year is None or self.month is None or self.day is None:
            return None
        try:
            return datetime(self.year, self.month, self.day, self.hour, self.minute, self.second)  # noqa: DTZ001
        except (ValueError, OverflowError):  # 31 June: the parts are in range, the day is not
            return None

    def text(self) -> str:
        """ISO 8601 with `--` for unknown parts; equal texts mean the device said the same."""
        year = "----" if self.year is None else f"{self.year:04d}"
        month = "--" if self.month is None else f"{self.month:02d}"
        day = "--" if self.day is None else f"{self.day:02d}"
        return f"{year}-{month}-{day}T{self.hour:02d}:{self.minute:02d}:{self.second:02d}"

    def date(self) -> date | None:
        """The calendar day, when it is known."""
        local = self.local()
        return None if local is None else local.date()


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Reading:
    """One measurement as the device sent it.

    `values` are in the unit of the nomenclature. A quantity the device sent as no number is in `missing` with its
    reason and never in `values`. A reading with no value at all is a failed measurement: `failed` is true.
    """

    kind: Kind
    values: Mapping[Quantity, float]
    missing: Mapping[Quantity, Missing] = field(default_factory=dict)
    flags: tuple[str, ...] = ()  # the device's own status words: "irregular-pulse", "cuff-loose", …
    time: DeviceTime | None = None
    sequence: int | None = None  # the device's record number, where it has one
    user_slot: int | None = None
    series: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # such as RR intervals in s
    raw: bytes
    source: str  # the characteristic ("2a35") or stream it came from

    def __init__(
        self,
        *,
        kind: Kind,
        values: Mapping[Quantity, float],
        missing: Mapping[Quantity, Missing] | None = None,
        flags: tuple[str, ...] = (),
        time: DeviceTime | None = None,
        sequence: int | None = None,
        user_slot: int | None = None,
        series: Mapping[str, tuple[float, ...]] | None = None,
        raw: bytes,
        source: str,
    ) -> None:
        _KIND(self, kind)
        _VALUES(self, values)
        _MISSING(self, {} if missing is None else missing)
        _FLAGS(self, flags)
        _TIME(self, time)
        _SEQUENCE(self, sequence)
        _USER_SLOT(self, user_slot)
        _SERIES(self, {} if series is None else series)
        _RAW(self, raw)
        _SOURCE(self, source)

    @property
    def failed(self) -> bool:
        """True when the device measured and got no number."""
        return not self.values


def _setters(of: type) -> list[Callable[[object, object], None]]:
    """What sets each slot, in the order of the fields."""
    return [getattr(of, one.name).__set__ for one in fields(of)]


_YEAR, _MONTH, _DAY, _HOUR, _MINUTE, _SECOND = _setters(DeviceTime)
_KIND, _VALUES, _MISSING, _FLAGS, _TIME, _SEQUENCE, _USER_SLOT, _SERIES, _RAW, _SOURCE = _setters(Reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A piece of acceleration from one wearable.

    Attributes:
        samples: float32 (n, 3), g; oldest first.
        rate_hz: nominal rate the stream was started with.
        last_sample_ns: the device's own stamp of the last sample, ns since its epoch; None where it has none.
        clipping_g: the sensor's full scale: |axis| at this value may be more.
        gyro_dps: float32 (n, 3), °/s, where the device has a gyroscope.
    """

    samples: NDArray[np.float32]
    rate_hz: float
    last_sample_ns: int | None
    clipping_g: float
    gyro_dps: NDArray[np.float32] | None = None
    raw: bytes = b""


class Pattern(StrEnum):
    """How a button was pressed, as the device tells it."""

    PRESS = "press"
    DOUBLE_PRESS = "double-press"
    TRIPLE_PRESS = "triple-press"
    LONG_PRESS = "long-press"
    LONG_DOUBLE_PRESS = "long-double-press"
    LONG_TRIPLE_PRESS = "long-triple-press"
    HOLD = "hold"
    OTHER = "other"  # a code that is none of these: somebody pressed it, however


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button: an act, not a measurement.

    Attributes:
        button: counted from 0 on a device with several.
        counter: the device's own number of the event (replay counter or packet id), where it has one.
        source: what it came by ("fcd2").
        doubt: why it cannot be taken for what it says ("not encrypted as it should be"); None when it can.
    """

    pattern: Pattern
    button: int = 0
    counter: int | None = None
    doubt: str | None = None
    raw: bytes
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInformation:
    """What the device says of itself (service 180A and the battery); None where it is silent."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    firmware: str | None = None
    hardware: str | None = None
    software: str | None = None
    system_id: bytes | None = None  # 2A23, EUI-64 little-endian as sent
    battery_percent: int | None = None
