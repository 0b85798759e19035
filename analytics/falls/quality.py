"""Which windows can be judged at all: what a broken or detached sensor sends must never look like a fall."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW

Array = NDArray[np.float32]

# A quarter of the window, 1.5 s, may be missing (a lost packet, the stream's beginning); the half second around the
# peak may not.
_MISSING: Final = 0.25
_CORE: Final = slice(BEFORE - 12, BEFORE + 13)
# Around an impact a body moves every axis: the flattest axis of any staged fall spans 0.2 g and more. A stuck one
# does not.
_STUCK_SPAN_G: Final = 0.02
# 0.9 s without any acceleration would be a fall of 4 m: the sensor sends zeros.
_NOTHING_G: Final = 0.05
_NOTHING: Final = 0.15
# 0.6 s above 6 g is no impact but a saturated axis.
_SATURATED_G: Final = 6.0
_SATURATED: Final = 0.10
# Gravity is there in every window, whatever happens in it.
_GRAVITY_G: Final = (0.5, 1.6)


def usable(windows: Array) -> NDArray[np.bool_]:
    """Which windows can be judged, bool (N,); windows float32 (N, WINDOW, 3), NaN where a sample is missing."""
    missing = np.isnan(windows[:, :, 0])
    with_gaps = missing.any(axis=1)
    good = (missing.mean(axis=1) <= _MISSING) & ~missing[:, _CORE].any(axis=1)
    length = np.sqrt(np.einsum("nwc,nwc->nw", windows, windows))
    highest, lowest = windows.max(axis=1), windows.min(axis=1)
    middle = np.median(length, axis=1)
    if with_gaps.any():
        rows = np.flatnonzero(with_gaps & good)
        highest[rows], lowest[rows] = np.nanmax(windows[rows], axis=1), np.nanmin(windows[rows], axis=1)
        middle[rows] = np.nanmedian(length[rows], axis=1)
    good &= ~np.any(highest - lowest < _STUCK_SPAN_G, axis=1)
    good &= np.count_nonzero(length < _NOTHING_G, axis=1) <= _NOTHING * WINDOW
    good &= np.count_nonzero(length > _SATURATED_G, axis=1) <= _SATURATED * WINDOW
    good &= (middle >= _GRAVITY_G[0]) & (middle <= _GRAVITY_G[1])
    return np.asarray(good, np.bool_)


def fill(windows: Array) -> Array:
    """The windows with every missing sample held from the one before it (from the first one at the beginning).

    Args:
        windows: float32 (N, WINDOW, 3) with at least one sample each.
    """
    missing = np.isnan(windows[:, :, 0])
    if not missing.any():
        return windows
    index = np.where(missing, -1, np.arange(windows.shape[1]))
    index = np.maximum.accumulate(index, axis=1)
    first = np.argmin(missing, axis=1)
    index = np.where(index < 0, first[:, None], index)
    return np.asarray(windows[np.arange(len(windows))[:, None], index])
