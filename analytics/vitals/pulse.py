"""The pulse at rest against the resident's own: a drift over days."""

from __future__ import annotations

from typing import Final

import numpy as np

from analytics.findings import Judgement, Level, Standing
from analytics.vitals.measured import EXACT, Ints, Measured, named

# Quer et al. (PLoS ONE 2020;15:e0227709, 92,457 people): everybody has a pulse at rest of their own, the ordinary week
# moves it by 3 per minute, and one in five had a single week in two years in which it moved by 10 or more. Radin et al.
# (Lancet Digit Health 2020;2:e85): infections raise it above what is usual for the person.
LIMIT_PER_MIN: Final = 10.0
RECENT_DAYS: Final = 3
RECENT_READINGS: Final = 3
RECENT_ON_DAYS: Final = 2
USUAL_DAYS: Final = 28
USUAL_READINGS: Final = 14
USUAL_ON_DAYS: Final = 7
CERTAIN: Final = 3.0  # standard errors of the recent median
_STEADIEST_PER_MIN: Final = 2.0  # cuffs count a pulse to within a few per cent: nobody is steadier than they are
_SD_OF_MAD: Final = 1.4826  # of a normal distribution
_ERROR_OF_MEDIAN: Final = 1.2533  # times that of the mean, likewise
CLEARED_SHARE: Final = 0.5


def drift(measured: Measured, today: int, limit_per_min: float = LIMIT_PER_MIN) -> Judgement:
    """The median of the last three days against that of the four weeks before, either way.

    The pulse is the cuff's: taken sitting, after some minutes of rest, as the pressure is. Medians, so that neither a
    stair before one measurement nor an illness in the past makes it.
    """
    pulses = measured.values[:, 0]
    recent = measured.where((measured.day <= today) & (measured.day > today - RECENT_DAYS))
    usual = measured.where(
        (measured.day <= today - RECENT_DAYS) & (measured.day > today - RECENT_DAYS - USUAL_DAYS)
    )  # fmt: skip
    if not _enough(measured, recent, RECENT_READINGS, RECENT_ON_DAYS) or not _enough(
        measured, usual, USUAL_READINGS, USUAL_ON_DAYS
    ):
        return Judgement(standing=Standing.UNKNOWN)
    own = float(np.median(pulses[usual]))
    spread = max(_SD_OF_MAD * float(np.median(np.abs(pulses[usual] - own))), _STEADIEST_PER_MIN)
    now = float(np.median(pulses[recent]))
    error = _ERROR_OF_MEDIAN * spread / np.sqrt(len(recent))
    moved = abs(now - own)
    standing = Standing.WITHIN if moved <= CLEARED_SHARE * limit_per_min + EXACT else Standing.BETWEEN
    if moved >= limit_per_min - EXACT and moved >= CERTAIN * error:
        standing = Standing.BEYOND
    return Judgement(
        standing=standing,
        evidence=named(recent),
        figures={"pulse": now, "usual": own},
        levels={"away": Level(moved, limit_per_min)},
    )


def _enough(measured: Measured, found: Ints, readings: int, days: int) -> bool:
    return len(found) >= readings and len(np.unique(measured.day[found])) >= days
