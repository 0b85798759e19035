"""What no module can say: sizes and numbers that make a frame broken."""

from __future__ import annotations

import math

import numpy as np

from device_drivers.errors import DecodeError
from device_drivers.radar_frame import FURTHEST_M, Floats


def size(protocol: str, data: bytes, wanted: int) -> None:
    """Raises DecodeError: not so many bytes."""
    if len(data) != wanted:
        raise DecodeError(f"{protocol}: {len(data)} bytes of data where {wanted} belong")


def possible(what: str, value: float, least: float, most: float) -> float:
    """As it is. Raises DecodeError: it is not within these."""
    if not math.isfinite(value) or not least <= value <= most:
        raise DecodeError(f"a {what} of {value:g} is impossible")
    return value


def only_finite(protocol: str, numbers: Floats) -> None:
    """Raises DecodeError: places or speeds that are none, or beyond any room."""
    if numbers.size and not np.abs(numbers).max() <= FURTHEST_M:  # with one NaN the greatest is NaN, which is not
        raise DecodeError(f"{protocol}: a place or speed that no room has")
