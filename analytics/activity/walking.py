"""How fast somebody walks, from a radar's tracks: slower walking precedes falls.

Counted are straight walks of two metres and more. Source: Studenski et al., "Gait Speed and Survival in Older Adults",
JAMA 2011, for usual speed over a short straight course.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHORTEST_M: Final = 2.0
STRAIGHT: Final = 1.1  # the way may be so much longer than the distance
SLOWEST_MPS: Final = 0.2  # slower than that is standing about
FASTEST_MPS: Final = 3.0  # nobody walks faster: the module took somebody else for it
LONGEST_GAP_S: Final = 0.5
_SMOOTH_S: Final = 0.6


def walks(at_s: Floats, places: Floats) -> Floats:
    """The speeds of one track's straight walks.

    Args:
        at_s: float64 (n,), s, ascending.
        places: float64 (n, 2), m; rows with NaN are left out.

    Returns:
        float64 (w,), m/s.
    """
    seen = ~np.isnan(places).any(axis=1)
    at, place = at_s[seen], places[seen]
    if len(at) < 3:
        return np.zeros(0)
    cuts = np.flatnonzero(np.diff(at) > LONGEST_GAP_S) + 1
    found: list[float] = []
    for t, p in zip(np.split(at, cuts), np.split(place, cuts), strict=True):
        found += _straight(*_smoothed(t, p))
    return np.array(found)


def walking_speed(speeds: Floats) -> float:
    """The median, m/s; NaN where nobody walked straight for two metres."""
    return float(np.median(speeds)) if len(speeds) else float("nan")


def _straight(t: Floats, p: Floats) -> list[float]:
    """Of a piece without gaps, one walk after the other, each as soon as it is two metres long."""
    steps = np.hypot(*np.diff(p, axis=0).T)
    way = np.concatenate(([0.0], np.cumsum(steps)))
    found: list[float] = []
    begin = 0
    while begin < len(t) - 1:
        # Behind this one the way is too long to be straight.
        end = int(np.searchsorted(way, way[begin] + SHORTEST_M * STRAIGHT, side="right"))
        far = np.hypot(*(p[begin + 1 : end] - p[begin]).T)
        reached = np.flatnonzero(far >= SHORTEST_M)
        speed = 0.0
        if len(reached):
            last = begin + 1 + int(reached[0])
            speed = float(far[reached[0]] / (t[last] - t[begin]))
        if SLOWEST_MPS <= speed <= FASTEST_MPS:
            found.append(speed)
            begin = last
        else:
            begin += 1
    return found


def _smoothed(at: Floats, place: Floats) -> tuple[Floats, Floats]:
    """Means over `_SMOOTH_S`, where there is so much on both sides: noise would make every way longer."""
    low = np.searchsorted(at, at - _SMOOTH_S / 2 - 1e-9)
    high = np.searchsorted(at, at + _SMOOTH_S / 2 + 1e-9)
    sums = np.concatenate((np.zeros((1, 2)), np.cumsum(place, axis=0)))
    whole = (at >= at[0] + _SMOOTH_S / 2 - 1e-9) & (at <= at[-1] - _SMOOTH_S / 2 + 1e-9)
    return at[whole], ((sums[high] - sums[low]) / (high - low)[:, None])[whole]
