"""Eight signs of a day that people who care for the old ask about, on scales on which chance has a deviation of one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.features import FEATURES, Day

SIGNS: Final = (
    "walking about by night", "bathroom by night", "kitchen by day", "rising", "going to bed", "activity by day",
    "out of home", "longest quiet by day",
)  # fmt: skip
_BY_DAY: Final = slice(6, 22)
_HALF_HOURS: Final = 2.0  # half an hour earlier or later is nothing


def signs(hours: NDArray[np.float32], day: Day) -> NDArray[np.float32]:
    """The signs of a home's days, float32 (days, len(SIGNS)), NaN where not known.

    Args:
        hours: of `features.hourly`, float32 (days, 24, features).
        day: of `features.daily`, of the same home.
    """
    anywhere, out = (hours[:, :, FEATURES.index(name)] for name in ("any room", "out of home"))
    columns = [
        _stabilised(day.rooms_asleep),
        _stabilised(day.bathroom_asleep),
        _stabilised(np.where(day.away, np.nan, day.kitchen_visits[:, _BY_DAY].sum(axis=1))),
        # With a sensor out it is told from the others, and is not the same as with it.
        _HALF_HOURS * np.where(day.one_out, np.nan, day.rise_h),
        _HALF_HOURS * np.where(day.one_out, np.nan, day.bed_h),
        _stabilised(np.where(day.away, np.nan, anywhere[:, _BY_DAY].sum(axis=1))),
        # Where a motion sensor is out, who is in its room after the door moved seems to have gone out.
        _stabilised(np.where(day.away | np.isnan(anywhere).any(axis=1), np.nan, out.sum(axis=1))),
        day.longest_quiet_h,
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def _stabilised(counts: NDArray[np.floating]) -> NDArray[np.float64]:
    """Anscombe 1948, as in `unusual.parts`."""
    return np.asarray(2 * np.sqrt(counts + 0.375), np.float64)
