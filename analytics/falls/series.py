"""Blows in the midst of a series: hopping, clapping, hammering. They are no falls, and are told without the network.

A fall is followed by rest, or by blows that are judged themselves: of a series the last one always is, each that stands
out by a ninth, and each before one that does: the window of the last step holds much of a fall already.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW

Array = NDArray[np.float32]

_AS_STRONG: Final = 0.9  # of the blow itself, in |a|
# Of the whole window: 2.2 to 3.4 s before the blow, 1.0 to 2.2 s before it, 1.0 to 2.0 s after it. With one part before
# instead of two, a fall whose rest holds two bumps was missed.
_PARTS: Final = (slice(0, BEFORE - 110), slice(BEFORE - 110, BEFORE - 49), slice(BEFORE + 50, WINDOW))


def within(windows: Array) -> NDArray[np.bool_]:
    """Which blows have another as strong in each part of the window, and none stronger after them, bool (N,).

    Args:
        windows: float32 (N, WINDOW, 3), g; NaN where a sample is missing, which is no blow.
    """
    x = np.ascontiguousarray(windows.transpose(2, 1, 0))
    squared = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
    blow, share = squared[BEFORE], np.float32(_AS_STRONG**2)
    found = share * np.fmax.reduce(squared[BEFORE:], axis=0) <= blow
    for part in _PARTS:
        found &= np.fmax.reduce(squared[part], axis=0) >= share * blow
    return np.asarray(found, np.bool_)
