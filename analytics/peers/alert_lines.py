"""Personal alert lines: for each time of day the longest inactivity that is usual then, and a buffer on top.

After Cuddihy, Weisenberg, Graichen, Ganesh, "Algorithm to automatically detect abnormally long periods of inactivity in
a home", HealthNet 2007. The statistic is how many hours the running inactivity is above the line, so that the level
swept by the protocol is their buffer.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home
from analytics.activity.habits import DAY
from analytics.activity.minutes import since
from analytics.activity.protocol import HORIZON, Situation

STEP: Final = 15  # minutes of the day that share a point of the line
WINDOW_DAYS: Final = 45
QUANTILE: Final = 0.99
_NEAR: Final = 2  # steps before and after: nobody is punctual to a quarter of an hour


def paths(home: Home, given: Situation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The statistic, hours; see `protocol.tried`."""
    quiet_h = since(home.life) / 60
    first = given.first // DAY
    lines = np.stack([_line(quiet_h, day) for day in range(first, home.events.days)])
    clock = np.arange(DAY) // STEP
    untouched = quiet_h[given.first :].reshape(-1, DAY) - lines[:, clock]
    at = given.moments.astype(np.int64)
    after = at[:, None] + 1 + np.arange(HORIZON)
    running = quiet_h[given.first + at][:, None] + (1 + np.arange(HORIZON)) / 60
    silent = running - lines[(at // DAY)[:, None], after % DAY // STEP]
    return untouched.reshape(-1), silent


def _line(quiet_h: NDArray[np.float64], day: int) -> NDArray[np.float64]:
    """Of the days before, float64 (96,)."""
    past = quiet_h[max(0, day - WINDOW_DAYS) * DAY : day * DAY].reshape(-1, DAY // STEP, STEP).max(axis=2)
    near = np.stack([np.roll(past, shift, axis=1) for shift in range(-_NEAR, _NEAR + 1)])
    return np.asarray(np.quantile(near.max(axis=0), QUANTILE, axis=0))
