"""Every characteristic that carries a measurement, with its decoder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from device_drivers.decode import battery, blood_pressure, heart_rate, pulse_oximeter, temperature, weight
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


DECODERS: Final[Mapping[str, Decoder]] = MappingProxyType(
    {
        "2a19": _by_the_standard(battery.decode),
        "2a1c": _by_the_standard(temperature.decode),
        "2a35": _by_the_standard(blood_pressure.decode),
        "2a36": _by_the_standard(blood_pressure.decode_cuff_pressure),
        "2a37": _by_the_standard(heart_rate.decode),
        "2a5e": _by_the_standard(pulse_oximeter.decode_spot),
        "2a5f": _by_the_standard(pulse_oximeter.decode_continuous),
        "2a9d": _by_the_standard(weight.decode),
    }
)
"""By 16-bit number in lower-case hex. A decoder raises `DecodeError` and nothing else."""
