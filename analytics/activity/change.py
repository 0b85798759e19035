"""Change: what a day's parts have become, compared with what they were weeks ago, summed until it is no chance.

Each cell (part of the day × feature) of each day is taken as a deviation from the home's own usual of the weeks before,
a fortnight left out so that a slow decline does not become the usual it is measured against. A cumulative sum runs over
each cell, both ways (Page, Biometrika 1954, 41:100–115), patient enough for what goes down a little every week. One odd
day is clipped and cannot make up a trend. What changes from one day to the next is for `abrupt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.unusual import unusual_cells, usual

BASE_DAYS: Final = 70  # of which the usual is made
LAG_DAYS: Final = 14
REFRESH_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One cumulative sum.

    Attributes:
        allowance: deviation a day that is no change.
        clip: most that one day counts for.
    """

    allowance: float
    clip: float


PATIENT: Final = Pace(allowance=0.5, clip=2.5)


def deviations(days: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each cell of each day against the weeks before it, float32 (homes, days, cells); NaN where not known.

    Args:
        days: stabilised cells, such as `unusual.parts`, float32 (homes, days, parts, features).
    """
    found = np.full((*days.shape[:2], int(np.prod(days.shape[2:]))), np.nan, np.float32)
    for first in range(LAG_DAYS, days.shape[1], REFRESH_DAYS):
        base = days[:, max(0, first - LAG_DAYS - BASE_DAYS) : first - LAG_DAYS]
        if base.shape[1]:
            own, known = slice(first, first + REFRESH_DAYS), usual(base)
            found[:, own] = unusual_cells(days[:, own], known) - _skew(unusual_cells(base, known))
    return found


def _skew(off: NDArray[np.float32]) -> NDArray[np.float32]:
    """What days were off from their own median on average, float32 (homes, 1, cells); 0 where none is known.

    Of a sign that is nothing on most days (out of home, walking about by night) the median is nothing, and any sum of
    what lies above it would grow for ever.
    """
    known = ~np.isnan(off)
    total = np.where(known, np.clip(off, -PATIENT.clip, PATIENT.clip), np.float32(0)).sum(axis=1, keepdims=True)
    return np.asarray(total / np.maximum(known.sum(axis=1, keepdims=True), 1), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """The running sums of many homes, both ways, float32 (homes, 2, cells); carried from day to day."""

    run: NDArray[np.float32]

    @classmethod
    def begin(cls, homes: int, cells: int) -> Sums:
        """Nothing has changed yet."""
        return cls(run=np.zeros((homes, 2, cells), np.float32))


def step(
    state: Sums, off: NDArray[np.float32], pace: Pace, thresholds: NDArray[np.float64] | None = None
) -> tuple[Sums, NDArray[np.float32], NDArray[np.int64]]:
    """Some more days. A home whose sum reaches the day's threshold begins anew on the next day: it has been said.

    Args:
        state: as of the day before; not changed.
        off: of `deviations`, float32 (homes, days, cells); NaN adds nothing.
        pace: which sum.
        thresholds: of each home on each day, float64 (homes, days); none is reached when None.

    Returns:
        The state after the last day; the highest sum of each day, float32 (homes, days); and its cell, counted on for
        falls after the rises, int64 (homes, days).
    """
    run = state.run
    heights = np.empty(off.shape[:2], np.float32)
    cells = np.empty(off.shape[:2], np.int64)
    for day in range(off.shape[1]):
        today = np.clip(np.nan_to_num(off[:, day]), -pace.clip, pace.clip)
        both = np.stack([today, -today], axis=1) - np.float32(pace.allowance)
        # Of a day that is not known nothing is said: the sum waits.
        both = np.where(np.isnan(off[:, day])[:, None], np.float32(0), both)
        run = np.maximum(run + both, np.float32(0))
        flat = run.reshape(len(run), -1)
        cells[:, day] = flat.argmax(axis=1)
        heights[:, day] = flat.max(axis=1)
        if thresholds is not None:
            said = heights[:, day] >= thresholds[:, day]
            run = np.where(said[:, None, None], np.float32(0), run)
    return Sums(run=run), heights, cells
