"""What points alone tell: how the middle of everything that moves goes up and down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def middles(frames: NDArray[np.int32], heights: NDArray[np.float32], count: int) -> Floats:
    """The median height of the points of each frame.

    Args:
        frames: int32 (m,), in which frame each point was seen, 0 … count − 1.
        heights: float32 (m,), m.
        count: frames.

    Returns:
        float64 (count,), m; NaN where no point was seen.
    """
    order = np.lexsort((heights, frames))
    sorted_heights = heights[order].astype(np.float64)
    seen = np.bincount(frames, minlength=count)[:count]
    first = np.concatenate(([0], np.cumsum(seen)[:-1]))
    found = np.full(count, np.nan)
    some = seen > 0
    low, high = first + (seen - 1) // 2, first + seen // 2
    found[some] = (sorted_heights[low[some]] + sorted_heights[high[some]]) / 2
    return found


def vertical_motion(middle: Floats) -> Floats:
    """How far the middle strays from its mean, over the last axis; 0 where nothing was seen.

    Args:
        middle: float64 (..., frames), m, NaN where unknown.

    Returns:
        float64 (...,), m: the standard deviation.
    """
    known = np.isfinite(middle)
    count = np.maximum(known.sum(axis=-1), 1)
    mean = np.where(known, middle, 0.0).sum(axis=-1) / count
    away = np.where(known, middle - mean[..., None], 0.0)
    return np.asarray(np.sqrt((away**2).sum(axis=-1) / count))
