"""672 buckets: mean and deviation of activity in each quarter of an hour of the week, and how far today is below.

After behaviour-monitor, an integration of Home Assistant (weekday × 15 minutes, z-score). The statistic is the deficit
in deviations, known when its quarter of an hour ends.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home
from analytics.activity.habits import DAY
from analytics.activity.protocol import HORIZON, Situation

STEP: Final = 15
SLOTS: Final = DAY // STEP
_DEVIATION: Final = 0.5  # minutes; a bucket that was always the same is not infinitely sure


def paths(home: Home, given: Situation) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The statistic; see `protocol.tried`."""
    counts = home.life.reshape(-1, SLOTS, STEP).sum(axis=2).astype(np.float64)
    first = given.first // DAY
    days = range(first, home.events.days + 2)
    mean, deviation = (
        np.stack(part) for part in zip(*[_bucket(counts, day, min(day, home.events.days)) for day in days], strict=True)
    )
    deficit = ((mean - _padded(counts[first:], len(days))) / deviation).reshape(-1)
    untouched = _known(deficit)[: len(given.life)]

    at = given.moments.astype(np.int64)
    slot = at // STEP
    silent_h = (mean / deviation).reshape(-1)
    running = slot[:, None] + np.arange(HORIZON // STEP + 1)
    values = silent_h[running]
    # The quarter of an hour in which it happened was lively until then.
    lively = np.array([given.life[begin * STEP : now + 1].sum() for begin, now in zip(slot, at, strict=True)])
    values[:, 0] -= lively / deviation.reshape(-1)[slot]
    ends = (at[:, None] + 1 + np.arange(HORIZON) + 1) // STEP - slot[:, None] - 1  # the last bucket that is complete
    silent = np.where(ends >= 0, np.take_along_axis(values, np.maximum(ends, 0), axis=1), -np.inf)
    return untouched, silent


def _bucket(counts: NDArray[np.float64], day: int, known: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of the same weekday in the past, float64 (96,) each."""
    past = counts[day % 7 : known : 7]
    past = past[: max(1, -(-(known - day % 7) // 7))]
    return past.mean(axis=0), np.maximum(past.std(axis=0), _DEVIATION)


def _padded(counts: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    return np.concatenate([counts, np.zeros((days - len(counts), SLOTS))])


def _known(deficit: NDArray[np.float64]) -> NDArray[np.float64]:
    """At each minute's end that of the last complete bucket, float64 (minutes,)."""
    complete = (np.arange(len(deficit) * STEP) + 1) // STEP - 1
    return np.where(complete >= 0, deficit[np.maximum(complete, 0)], -np.inf)
