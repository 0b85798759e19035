"""Whatever a device sends can be stored: finite numbers, 64-bit integers, text that is UTF-8 and has no NUL in it.

A decoder gives nothing else; a driver, or the name in an advertisement, may. What cannot be kept as it is loses its
place among the numbers and keeps its raw bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from device_drivers.nomenclature import Quantity
from device_drivers.readings import DeviceInformation, Missing, Reading
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received

_INTEGERS: Final = range(-(2**63), 2**63)  # what SQLite holds
# A reading of a clock takes a second. One that is not known to the day says nothing about the clock.
_WORST_CLOCK_S: Final = 86_400.0


def storable(received: Received) -> Received:
    """The same, without anything that SQLite, JSON or UTF-8 refuses; equal to `received` for all that is in order."""
    return replace(
        received,
        device=_device(received.device),
        reading=_reading(received.reading),
        clock=_clock(received.clock),
    )


def _reading(reading: Reading) -> Reading:
    values: dict[Quantity, float] = {}
    missing = dict(reading.missing)
    for quantity, value in reading.values.items():
        number = _number(value)
        if math.isfinite(number):
            values[quantity] = number
        else:
            missing[quantity] = Missing.NAN if math.isnan(number) else Missing.INFINITE
    return replace(
        reading,
        values=values,
        missing=missing,
        flags=tuple(map(_text, reading.flags)),
        sequence=_integer(reading.sequence),
        user_slot=_integer(reading.user_slot),
        series={_text(name): _finite(numbers) for name, numbers in reading.series.items()},
        source=_text(reading.source),
    )


def _device(device: KnownDevice) -> KnownDevice:
    return replace(
        device,
        address=_text(device.address),
        identity=_text(device.identity),
        name=_text_or_none(device.name),
        vendor=_text(device.vendor),
        model=_text(device.model),
        profile_id=_text(device.profile_id),
        information=_information(device.information),
        adapter=_text(device.adapter),
    )


def _information(known: DeviceInformation) -> DeviceInformation:
    return replace(
        known,
        manufacturer=_text_or_none(known.manufacturer),
        model=_text_or_none(known.model),
        serial=_text_or_none(known.serial),
        firmware=_text_or_none(known.firmware),
        hardware=_text_or_none(known.hardware),
        software=_text_or_none(known.software),
        battery_percent=_integer(known.battery_percent),
    )


def _clock(clock: ClockMeasurement | None) -> ClockMeasurement | None:
    if clock is None or not 0 <= clock.uncertainty_s <= _WORST_CLOCK_S:  # NaN is in no range
        return None
    offset = _number(clock.offset_s)
    return replace(clock, offset_s=offset) if math.isfinite(offset) else None


def _number(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond every float
        return math.inf


def _finite(numbers: Iterable[float]) -> tuple[float, ...]:
    return tuple(number for number in map(_number, numbers) if math.isfinite(number))


def _integer(value: int | None) -> int | None:
    return value if value is not None and value in _INTEGERS else None


def _text_or_none(text: str | None) -> str | None:
    return None if text is None else _text(text)


def _text(text: str) -> str:
    """Half a surrogate pair, and NUL, become the replacement character."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
