"""Nonin 3230 (and 3150, 3245): a frame of continuous oximetry → reading; the command that completes a measurement.

Sources: public clients of Nonin's oximetry service: a bleak script for the WristOx2 with every field of the frame, and
Validic's simulated 3230 with the same ten bytes. The completion command rests on one public source only.
"""

from __future__ import annotations

from typing import Final

from device_drivers.decode.measured import not_negative, positive, settle
from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind, Quantity
from device_drivers.readings import Missing, Reading

SERVICE: Final = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"
MEASUREMENT: Final = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
CONTROL_POINT: Final = "1447af80-0d60-11e2-88b6-0002a5d5c51b"

COMPLETE: Final = bytes.fromhex("624e4d49")  # "bNMI": the measurement was taken over, the oximeter may switch off
SMART_POINT: Final = "smart-point"  # the flag of a value that Nonin vouches for: the one to keep of a spot check
SEARCHING: Final = "searching"
NO_FINGER: Final = "no-finger"

_FRAME_BYTES: Final = 10
_NO_SATURATION: Final = 127
_NO_PULSE: Final = 511
_WHOLE_PERCENT: Final = 100.0
_LOW_BATTERY: Final = 0x20
_CORRECT_CHECK: Final = 0x10  # the sensor sits right on a finger
_SEARCHING: Final = 0x08
_SMART_POINT: Final = 0x04
_WEAK_SIGNAL: Final = 0x02
_AMPLITUDE_STEPS: Final = 100  # 0.01 %


def decode(frame: bytes) -> Reading:
    """Decode one frame: saturation in %, pulse in 1/min, pulse amplitude index in %; the counter as `sequence`.

    Saturation 127 and pulse 511 are the oximeter's "no value". The counter starts anew with each connection.

    Raises:
        DecodeError: not ten bytes, or not beginning with their number.
    """
    if len(frame) != _FRAME_BYTES or frame[0] != _FRAME_BYTES:
        raise DecodeError(f"nonin: {len(frame)} bytes beginning with {frame[:1].hex() or 'nothing'}, instead of 10")
    status = frame[1]
    values, missing = settle(
        Kind.OXYGEN_SATURATION,
        {
            Quantity.SPO2: _saturation(frame[7]),
            Quantity.OXIMETER_PULSE_RATE: _pulse(frame[8] << 8 | frame[9]),
            Quantity.PULSE_AMPLITUDE_INDEX: not_negative((frame[3] << 8 | frame[4]) / _AMPLITUDE_STEPS),
        },
    )
    return Reading(
        kind=Kind.OXYGEN_SATURATION,
        values=values,
        missing=missing,
        flags=_words(status),
        sequence=frame[5] << 8 | frame[6],
        raw=frame,
        source=MEASUREMENT,
    )


def _saturation(raw: int) -> float | Missing:
    value = Missing.MEASUREMENT_FAILED if raw == _NO_SATURATION else positive(float(raw))
    return value if isinstance(value, Missing) or value <= _WHOLE_PERCENT else Missing.MEASUREMENT_FAILED


def _pulse(raw: int) -> float | Missing:
    return Missing.MEASUREMENT_FAILED if raw >= _NO_PULSE else positive(float(raw))


def _words(status: int) -> tuple[str, ...]:
    said = (
        (status & _LOW_BATTERY, "battery-low"),
        (not status & _CORRECT_CHECK, NO_FINGER),
        (status & _SEARCHING, SEARCHING),
        (status & _SMART_POINT, SMART_POINT),
        (status & _WEAK_SIGNAL, "weak-signal"),
    )
    return tuple(word for said_so, word in said if said_so)
