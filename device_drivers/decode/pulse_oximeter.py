"""PLX Spot-Check Measurement (2A5E) and PLX Continuous Measurement (2A5F): frame → reading.

Source: Bluetooth SIG, Pulse Oximeter Service 1.0.1, §3.1 to §3.3, and its GATT Specification Supplement.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from device_drivers.decode.date_time import DATE_TIME_BYTES, date_time_at
from device_drivers.decode.ieee11073 import sfloat
from device_drivers.decode.measured import fail, not_negative, positive, settle, words, wrong_length
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import DeviceTime, Missing, Reading

_SPOT_TIME: Final = 0x01
_SPOT_STATUS: Final = 0x02
_SPOT_SENSOR: Final = 0x04
_SPOT_AMPLITUDE: Final = 0x08
_SPOT_CLOCK_NOT_SET: Final = 0x10

_FAST: Final = 0x01
_SLOW: Final = 0x02
_STATUS: Final = 0x04
_SENSOR: Final = 0x08
_AMPLITUDE: Final = 0x10

_PAIR_BYTES: Final = 4  # saturation and pulse rate
_STATUS_BYTES: Final = 2
_SENSOR_BYTES: Final = 3
_AMPLITUDE_BYTES: Final = 2
_WHOLE_PERCENT: Final = 100.0

_STATUS_WORDS: Final = (
    *[""] * 5,
    "measurement-ongoing",
    "early-estimate",
    "validated",
    "fully-qualified",
    "from-storage",
    "demonstration",
    "testing",
    "calibration-ongoing",
    "measurement-unavailable",
    "questionable-measurement",
    "invalid-measurement",
)
# demonstration, testing, calibration, unavailable, invalid: not a measurement of the person who wears it
_NOT_A_MEASUREMENT: Final = 0x0400 | 0x0800 | 0x1000 | 0x2000 | 0x8000
_SENSOR_WORDS: Final = (
    "extended-display-update",
    "equipment-malfunction",
    "signal-processing-irregularity",
    "inadequate-signal",
    "poor-signal",
    "low-perfusion",
    "erratic-signal",
    "nonpulsatile-signal",
    "questionable-pulse",
    "signal-analysis-ongoing",
    "sensor-interference",
    "sensor-unconnected-to-user",
    "unknown-sensor",
    "sensor-displaced",
    "sensor-malfunctioning",
    "sensor-disconnected",
)

_Found = dict[Quantity, float | Missing]


def decode_spot(frame: bytes) -> Reading:
    """Decode one 2A5E value: saturation in %, pulse rate in 1/min, pulse amplitude index in %.

    A device that says its clock is not set gives the time of day only: its date parts are None.

    Raises:
        DecodeError: too short for its own flags, bytes left over, or a time out of range.
    """
    flags = frame[0] if frame else 0
    status_at = 1 + _PAIR_BYTES + (DATE_TIME_BYTES if flags & _SPOT_TIME else 0)
    sensor_at = status_at + (_STATUS_BYTES if flags & _SPOT_STATUS else 0)
    amplitude_at = sensor_at + (_SENSOR_BYTES if flags & _SPOT_SENSOR else 0)
    wanted = amplitude_at + (_AMPLITUDE_BYTES if flags & _SPOT_AMPLITUDE else 0)
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, "2a5e")
    found = _pair(frame, 1, Quantity.SPO2, Quantity.OXIMETER_PULSE_RATE)
    time = date_time_at(frame, 1 + _PAIR_BYTES, "2a5e") if flags & _SPOT_TIME else None
    if flags & _SPOT_AMPLITUDE:
        found[Quantity.PULSE_AMPLITUDE_INDEX] = not_negative(sfloat(_u16(frame, amplitude_at)))
    status = _u16(frame, status_at) if flags & _SPOT_STATUS else 0
    sensor = _u24(frame, sensor_at) if flags & _SPOT_SENSOR else 0
    unset = bool(flags & _SPOT_CLOCK_NOT_SET)
    return _reading(
        frame,
        "2a5e",
        found,
        status,
        sensor,
        clock=("clock-not-set",) if unset else (),
        time=replace(time, year=None, month=None, day=None) if unset and time is not None else time,
    )


def decode_continuous(frame: bytes) -> Reading:
    """Decode one 2A5F value: saturations in %, pulse rates in 1/min, pulse amplitude index in %.

    Raises:
        DecodeError: too short for its own flags, or bytes left over.
    """
    flags = frame[0] if frame else 0
    slow_at = 1 + _PAIR_BYTES + (_PAIR_BYTES if flags & _FAST else 0)
    status_at = slow_at + (_PAIR_BYTES if flags & _SLOW else 0)
    sensor_at = status_at + (_STATUS_BYTES if flags & _STATUS else 0)
    amplitude_at = sensor_at + (_SENSOR_BYTES if flags & _SENSOR else 0)
    wanted = amplitude_at + (_AMPLITUDE_BYTES if flags & _AMPLITUDE else 0)
    if len(frame) != wanted:
        raise wrong_length(frame, wanted, "2a5f")
    found = _pair(frame, 1, Quantity.SPO2, Quantity.OXIMETER_PULSE_RATE)
    if flags & _FAST:
        found |= _pair(frame, 1 + _PAIR_BYTES, Quantity.SPO2_FAST, Quantity.OXIMETER_PULSE_RATE_FAST)
    if flags & _SLOW:
        found |= _pair(frame, slow_at, Quantity.SPO2_SLOW, Quantity.OXIMETER_PULSE_RATE_SLOW)
    if flags & _AMPLITUDE:
        found[Quantity.PULSE_AMPLITUDE_INDEX] = not_negative(sfloat(_u16(frame, amplitude_at)))
    status = _u16(frame, status_at) if flags & _STATUS else 0
    sensor = _u24(frame, sensor_at) if flags & _SENSOR else 0
    return _reading(frame, "2a5f", found, status, sensor)


def _reading(
    frame: bytes,
    source: str,
    found: _Found,
    status: int,
    sensor: int,
    *,
    clock: tuple[str, ...] = (),
    time: DeviceTime | None = None,
) -> Reading:
    values, missing = fail(found) if status & _NOT_A_MEASUREMENT else settle(Kind.OXYGEN_SATURATION, found)
    return Reading(
        kind=Kind.OXYGEN_SATURATION,
        values=values,
        missing=missing,
        flags=words(status, _STATUS_WORDS) + words(sensor, _SENSOR_WORDS) + clock,
        time=time,
        raw=frame,
        source=source,
    )


def _pair(frame: bytes, at: int, saturation: Quantity, pulse: Quantity) -> _Found:
    return {saturation: _saturation(_u16(frame, at)), pulse: positive(sfloat(_u16(frame, at + 2)))}


def _saturation(raw: int) -> float | Missing:
    """In %. Oximeters without a finger say 0 or 127: more than the whole of the haemoglobin carries no oxygen."""
    value = positive(sfloat(raw))
    return value if isinstance(value, Missing) or value <= _WHOLE_PERCENT else Missing.MEASUREMENT_FAILED


def _u16(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8


def _u24(frame: bytes, at: int) -> int:
    return frame[at] | frame[at + 1] << 8 | frame[at + 2] << 16
