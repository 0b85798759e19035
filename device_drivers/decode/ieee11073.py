"""IEEE 11073-20601 numbers: SFLOAT (16 bits) and FLOAT (32 bits) → a finite float, or why there is none.

Source: IEEE 11073-20601:2019, annex F.7 and F.8: exponent and mantissa are both two's complement, value = mantissa ×
10^exponent; five mantissas with exponent 0 are no numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from device_drivers.readings import Missing

_SFLOAT_SPECIAL: Final[Mapping[int, Missing]] = MappingProxyType(
    {
        0x07FE: Missing.INFINITE,
        0x07FF: Missing.NAN,
        0x0800: Missing.NOT_AT_THIS_RESOLUTION,
        0x0801: Missing.RESERVED,
        0x0802: Missing.INFINITE,
    }
)
_FLOAT_SPECIAL: Final[Mapping[int, Missing]] = MappingProxyType(
    {
        0x007FFFFE: Missing.INFINITE,
        0x007FFFFF: Missing.NAN,
        0x00800000: Missing.NOT_AT_THIS_RESOLUTION,
        0x00800001: Missing.RESERVED,
        0x00800002: Missing.INFINITE,
    }
)
FIRST_SPECIAL: Final = (
    0x07FE  # of SFLOAT: below it exponent 0 and a mantissa that is not negative: the raw number is the value
)
_POWERS: Final = tuple(10**exponent for exponent in range(9))  # SFLOAT exponents go from -8 to 7


def sfloat(raw: int) -> float | Missing:
    """SFLOAT, given as its unsigned 16 bits."""
    if raw < FIRST_SPECIAL:
        return float(raw)
    special = _SFLOAT_SPECIAL.get(raw)
    if special is not None:
        return special
    exponent = raw >> 12
    mantissa = raw & 0x0FFF
    if mantissa & 0x0800:
        mantissa -= 0x1000
    # Dividing by an exact power is rounded once: 3760 × 10^-2 is 37.6, where multiplying by 0.01 is not.
    return mantissa / _POWERS[16 - exponent] if exponent & 0x8 else float(mantissa * _POWERS[exponent])


def long_float(raw: int) -> float | Missing:
    """FLOAT, given as its unsigned 32 bits."""
    special = _FLOAT_SPECIAL.get(raw)
    if special is not None:
        return special
    exponent = raw >> 24
    mantissa = raw & 0x00FFFFFF
    if mantissa & 0x00800000:
        mantissa -= 0x01000000
    # At most 2^23 × 10^127: always finite.
    return mantissa / 10 ** (256 - exponent) if exponent & 0x80 else float(mantissa * 10**exponent)
