"""Acceleration as whole numbers of 1/1024 g in 16 bits: half the memory, and sums that do not depend on their order."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int16]

PER_G: Final = 1024  # a step of 1 mg is below the noise of every wearable; 16 bits reach ±32 g
FULL: Final = int(np.iinfo(np.int16).max)
MISSING: Final = int(np.iinfo(np.int16).min)  # on all three axes: there is no sample, or an unusable one
# Beyond every wearable's full scale (±16 g): no acceleration but a mistake.
LIMIT_G: Final = 31.9


def steps(values: NDArray[np.floating] | Steps) -> Steps:
    """Acceleration (…, 3) in g as steps; int16 are steps already.

    A sample of which anything is not finite or beyond 31.9 g is MISSING.
    """
    if values.dtype == np.int16:
        return np.asarray(values, np.int16)
    single = np.asarray(values, np.float32)
    # All squares together bound each: of a packet that is most often enough, and all that has to be looked at.
    if np.vdot(single, single) <= LIMIT_G**2 or np.abs(single).max(initial=0) <= LIMIT_G:  # false for NaN
        return np.asarray(np.rint(single * np.float32(PER_G)).astype(np.int16))
    size = np.abs(single)
    usable = (size <= LIMIT_G).all(axis=-1, keepdims=True)
    whole = np.rint(np.where(usable, single, 0) * np.float32(PER_G))
    return np.asarray(np.where(usable, whole, MISSING).astype(np.int16))


def grams(whole: Steps) -> NDArray[np.float32]:
    """Steps in g, NaN where missing; exact."""
    values = np.multiply(whole, np.float32(1 / PER_G), dtype=np.float32)
    if whole.min(initial=0) == MISSING:
        values[whole == MISSING] = np.nan
    return np.asarray(values, np.float32)


def runs(array: Steps, width: int) -> Steps:
    """Every run of `width` columns of a contiguous (S, 3, columns), as a view (S, columns - width + 1, 3, width)."""
    streams, axes, columns = array.shape
    row, axis, column = array.strides
    shape = (streams, columns - width + 1, axes, width)
    return np.ndarray(shape, array.dtype, array, strides=(row, column, axis, column))
