"""Every characteristic that carries a measurement, with its decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from device_drivers.decode import (
    battery,
    blood_pressure,
    body_composition,
    glucose,
    heart_rate,
    nonin,
    pulse_oximeter,
    temperature,
    weight,
)
from device_drivers.errors import DecodeError
from device_drivers.readings import Reading
from firmware_profiles.schema import Quirks

Decoder = Callable[[bytes, Quirks], Reading]


def _by_the_standard(decode: Callable[[bytes], Reading]) -> Decoder:
    def decoder(frame: bytes, quirks: Quirks) -> Reading:
        try:
            return decode(frame)
        except DecodeError:
            for over in range(1, min(quirks.tolerant_trailing, len(frame)) + 1):
                try:
                    return replace(decode(frame[:-over]), raw=frame)
                except DecodeError:
                    continue
            raise

    return decoder


_standard_blood_pressure: Final = _by_the_standard(blood_pressure.decode)


def _blood_pressure(frame: bytes, quirks: Quirks) -> Reading:
    if quirks.big_endian_pulse or quirks.unflagged_user:
        return blood_pressure.decode_beurer(
            frame, big_endian_pulse=quirks.big_endian_pulse, unflagged_user=quirks.unflagged_user
        )
    return _standard_blood_pressure(frame, quirks)


DECODERS: Final[Mapping[str, Decoder]] = MappingProxyType(
    {
        "2a18": _by_the_standard(glucose.decode),
        "2a19": _by_the_standard(battery.decode),
        "2a1c": _by_the_standard(temperature.decode),
        "2a35": _blood_pressure,
        "2a36": _by_the_standard(blood_pressure.decode_cuff_pressure),
        "2a37": _by_the_standard(heart_rate.decode),
        "2a5e": _by_the_standard(pulse_oximeter.decode_spot),
        "2a5f": _by_the_standard(pulse_oximeter.decode_continuous),
        "2a9c": _by_the_standard(body_composition.decode),
        "2a9d": _by_the_standard(weight.decode),
        nonin.MEASUREMENT: _by_the_standard(nonin.decode),
    }
)
"""By 16-bit number or 128-bit UUID in lower-case hex. A decoder raises `DecodeError` and nothing else."""
