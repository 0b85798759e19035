"""Blows in the midst of a series: hopping, clapping, hammering. They are no falls, and are told without the network.

A fall is followed by rest, or by blows that are judged themselves: of a series the last one always is, each that stands
out, and each before one that does: the window of the last step holds much of a fall already. Blows of very different
strength are a series only while the body is held as before: who has fallen lies as nobody walks, and is judged.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW

Array = NDArray[np.float32]

_AS_STRONG: Final = 0.9  # of the blow itself, in |a|
_LIKE: Final = 0.6  # and in the same posture
# Of the whole window: 2.2 to 3.4 s before the blow, 1.0 to 2.2 s before it, 1.0 to 2.0 s after it. With one part before
# instead of two, a fall whose rest holds two bumps was missed.
_PARTS: Final = (slice(0, BEFORE - 110), slice(BEFORE - 110, BEFORE - 49), slice(BEFORE + 50, WINDOW))
# The posture before, 3.4 to 1.8 s before the blow, and in the last second. At 60 degrees falls were told 1 s later.
_POSTURES: Final = (slice(0, 80), slice(WINDOW - 50, WINDOW))
_TINY: Final = np.finfo(np.float32).tiny
_SAME_POSTURE: Final = np.float32(np.cos(np.radians(30)))


def within(windows: Array) -> NDArray[np.bool_]:
    """Which blows have another as strong in each part of the window, and none stronger after them, bool (N,).

    Args:
        windows: float32 (N, WINDOW, 3), g; NaN where a sample is missing, which is no blow.
    """
    return np.asarray(_likest(_by_axis(windows)) >= _AS_STRONG**2, np.bool_)


def goes_on(windows: Array) -> NDArray[np.bool_]:
    """Those, and which have others of three fifths of their strength there while the posture stays, bool (N,).

    Args:
        windows: as above. Where nothing is known of a posture it has not stayed.
    """
    x = _by_axis(windows)
    likest = _likest(x)
    found = likest >= _AS_STRONG**2
    alike = np.flatnonzero((likest >= _LIKE**2) & ~found)
    if len(alike):
        before, after = (np.nan_to_num(x[:, part, alike]).sum(axis=1) for part in _POSTURES)
        sizes = np.sqrt(_dot(before, before) * _dot(after, after))
        found[alike] = (_dot(before, after) >= _SAME_POSTURE * sizes) & (sizes > 0)
    return np.asarray(found, np.bool_)


def _likest(x: Array) -> Array:
    """Of each blow the greatest share, squared, that all parts reach and nothing after it exceeds the other way."""
    squared = _dot(x, x)
    blow = np.maximum(squared[BEFORE], _TINY)
    least = blow / np.fmax.reduce(squared[BEFORE:], axis=0, initial=_TINY)
    for part in _PARTS:
        np.fmin(least, np.fmax.reduce(squared[part], axis=0, initial=0) / blow, out=least)
    return np.asarray(least, np.float32)


def _by_axis(windows: Array) -> Array:
    return np.ascontiguousarray(windows.transpose(2, 1, 0))


def _dot(one: Array, other: Array) -> Array:
    return np.asarray(one[0] * other[0] + one[1] * other[1] + one[2] * other[2], np.float32)
