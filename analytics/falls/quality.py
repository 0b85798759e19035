"""Which windows can be judged at all: what a broken or detached sensor sends must never look like a fall."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW

Array = NDArray[np.float32]

# Half of the window may be missing (lost packets), but not the peak, which is what was heard loudest. With a quarter,
# and the half second around the peak complete, a fall was lost wherever a packet near its impact was. What was before
# the first sample does not count: who falls as soon as the strap is heard (again) has fallen all the same.
_MISSING: Final = 0.5
_BEFORE: Final = 12  # 0.24 s before the peak, though: with less it may be the strap that was put down
_FIRST: Final = 10  # 0.2 s: the body is taken to have been as it was on average when it was first heard
# Around an impact a body moves every axis by tenths of g. A stuck one does not move.
_STUCK_SPAN_G: Final = 0.02
# 0.9 s without any acceleration would be a fall of 4 m: the sensor sends zeros.
_NOTHING_G: Final = 0.05
_NOTHING: Final = 0.15
# 0.6 s above 6 g is no impact but a saturated axis.
_SATURATED_G: Final = 6.0
_SATURATED: Final = 0.10
# Gravity is there in every window, whatever happens in it: for at least half of the time the length is near it.
_GRAVITY_G: Final = (0.5, 1.6)
_GRAVITY: Final = 0.5
# Over the last second, too: its mean is gravity and what the body's speed changed by, some tenths of g. More is an axis
# at its stop, be that ±2 g.
_REST: Final = slice(WINDOW - 50, WINDOW)
_REST_G: Final = 1.6
# Nor does a body shake like this after a fall: the strongest second of all staged falls is 2.2 g (at the ankle), of all
# activities at the waist 2.9 g. An axis that jumps between its stops at ±4 g makes 4.
_REST_SHAKEN_G: Final = 3.5


def usable(windows: Array) -> NDArray[np.bool_]:
    """Which windows can be judged, bool (N,); windows float32 (N, WINDOW, 3), NaN where a sample is missing."""
    x = np.ascontiguousarray(windows.transpose(2, 1, 0))
    missing = np.isnan(x[0])
    first = missing.argmin(axis=0)
    good = (np.count_nonzero(missing, axis=0) - first <= _MISSING * WINDOW) & ~missing[BEFORE]
    good &= first <= BEFORE - _BEFORE
    squared = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
    # Comparisons with NaN are false, fmax and fmin (slower) pass over it: missing samples count for nothing below.
    gaps = bool(missing.any())
    highest, lowest = (np.fmax, np.fmin) if gaps else (np.maximum, np.minimum)
    span = highest.reduce(x, axis=1) - lowest.reduce(x, axis=1)
    good &= ~np.any(span < _STUCK_SPAN_G, axis=0)
    good &= np.count_nonzero(squared < _NOTHING_G**2, axis=0) <= _NOTHING * WINDOW
    good &= np.count_nonzero(squared > _SATURATED_G**2, axis=0) <= _SATURATED * WINDOW
    near = (squared >= _GRAVITY_G[0] ** 2) & (squared <= _GRAVITY_G[1] ** 2)
    good &= np.count_nonzero(near, axis=0) >= _GRAVITY * np.count_nonzero(~missing, axis=0)
    rest = np.where(missing[_REST], 0, x[:, _REST]).sum(axis=1) if gaps else x[:, _REST].sum(axis=1)
    shaken = np.where(missing[_REST], 0, squared[_REST]).sum(axis=0) if gaps else squared[_REST].sum(axis=0)
    good &= shaken <= _REST_SHAKEN_G**2 * np.count_nonzero(~missing[_REST], axis=0)
    limit = _REST_G * np.count_nonzero(~missing[_REST], axis=0)
    good &= rest[0] * rest[0] + rest[1] * rest[1] + rest[2] * rest[2] <= limit * limit
    return np.asarray(good, np.bool_)


def fill(windows: Array) -> Array:
    """The windows with every missing sample held from the one before it, at the beginning from the first 0.2 s heard.

    Args:
        windows: float32 (N, WINDOW, 3) with at least one sample each.
    """
    missing = np.isnan(windows[:, :, 0])
    if not missing.any():
        return windows
    index = np.where(missing, -1, np.arange(windows.shape[1]))
    index = np.maximum.accumulate(index, axis=1)
    early = index < 0
    filled = windows[np.arange(len(windows))[:, None], np.maximum(index, 0)]
    for row in np.flatnonzero(early[:, 0]).tolist():
        begin = int(np.count_nonzero(early[row]))
        filled[row, :begin] = filled[row, begin : begin + _FIRST].mean(axis=0)
    return np.asarray(filled)
