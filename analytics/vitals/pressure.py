"""Blood pressure at home: the mean of a week, one very high reading, two low ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.findings import Judgement, Level, Standing
from analytics.vitals.measured import DAY_S, EXACT, Bools, Floats, Ints, Measured, named

SYSTOLIC: Final = 0  # columns of `Measured.values`
DIASTOLIC: Final = 1
WEEK_S: Final = 7 * DAY_S
# Between 130/80 and 135/85 a home pressure is neither normal nor raised (Stergiou, J Clin Hypertens 2018;20:1116): a
# mean that is raised stays so until it is normal, or residents on the border would be told of every other week.
CLEARED_MMHG: Final = 5.0
# From one grade of hypertension to the next it is 20/10, and a mean of a week moves by less than 5 by chance.
WORSE_MMHG: Final = 10.0
LOW_TOGETHER_S: Final = DAY_S  # two low readings further apart say nothing of one another


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLimits:
    """What makes the mean of a week raised, and how much must have been measured for it.

    Source: home blood pressure is raised from a mean of 135/85 mmHg: ESH 2023 (J Hypertens 2023;41:1874), ESC 2024 (Eur
    Heart J 2024;45:3912), Käypä hoito *Kohonnut verenpaine*. Measured on seven days and not on fewer than three, at
    least twelve readings: ESH practice guidelines 2021 (J Hypertens 2021;39:1293).
    """

    systolic_mmhg: float = 135.0
    diastolic_mmhg: float = 85.0
    readings: int = 12
    days: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CrisisLimits:
    """What makes one reading so high that it is repeated at once.

    Source: 180 mmHg systolic or 120 diastolic is where ACC/AHA 2017 (Hypertension 2018;71:e13) begins to speak of a
    crisis and has a person at home measure again before anything follows from it; ESC 2024 (as above) looks for an
    emergency from 180/110.
    """

    systolic_mmhg: float = 180.0
    diastolic_mmhg: float = 120.0


def crisis(pressures: Floats, usable: Bools, limits: CrisisLimits) -> Bools:
    """Which readings are that high: systolic or diastolic at the limit or above.

    Args:
        pressures: (..., n, 2), systolic and diastolic in mmHg; a comparison with NaN is False.
        usable: (..., n).
        limits: of the resident.

    Returns:
        (..., n).
    """
    with np.errstate(invalid="ignore"):
        high = (pressures[..., SYSTOLIC] >= limits.systolic_mmhg - EXACT) | (
            pressures[..., DIASTOLIC] >= limits.diastolic_mmhg - EXACT
        )
    found: Bools = high & usable & np.isfinite(pressures[..., :2]).all(axis=-1)
    return found


def week_means(
    pressures: Floats, at_s: Floats, day: Ints, usable: Bools, now_s: Floats | float
) -> tuple[Floats, Ints, Ints]:
    """The means of the seven days before `now_s`, of many residents at once.

    Args:
        pressures: (..., n, 2) in mmHg.
        at_s: (..., n) in s.
        day: (..., n), see `Measured`.
        usable: (..., n).
        now_s: (...).

    Returns:
        means (..., 2), NaN where nothing was measured; readings (...) and days (...) behind them.
    """
    pressures = pressures[..., :2]
    age = np.asarray(now_s)[..., None] - at_s
    counted = usable & (age >= 0) & (age < WEEK_S) & np.isfinite(pressures).all(axis=-1)
    readings = counted.sum(axis=-1)
    sums = np.where(counted[..., None], pressures, 0.0).sum(axis=-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / readings[..., None]
    days = np.sort(np.where(counted, day, np.iinfo(np.int64).min), axis=-1)
    begins = np.diff(days, axis=-1, prepend=np.iinfo(np.int64).min) != 0
    return means, readings, begins.sum(axis=-1)


def week(measured: Measured, now_s: float, limits: WeekLimits) -> Judgement:
    """The mean of the last seven days against the limits. One reading, however high, never makes it."""
    (systolic, diastolic), readings, days = week_means(
        measured.values, measured.at_s, measured.day, measured.usable, now_s
    )
    figures = {"readings": float(readings), "days": float(days)}
    if readings < limits.readings or days < limits.days:
        return Judgement(standing=Standing.UNKNOWN, figures=figures)
    figures |= {"systolic": float(systolic), "diastolic": float(diastolic)}
    over = max(systolic - limits.systolic_mmhg, diastolic - limits.diastolic_mmhg)
    standing = Standing.WITHIN if over <= -CLEARED_MMHG + EXACT else Standing.BETWEEN
    if over >= -EXACT:
        standing = Standing.BEYOND
    age = now_s - measured.at_s
    return Judgement(
        standing=standing,
        evidence=named(measured.where((age >= 0) & (age < WEEK_S))),
        figures=figures,
        levels={name: Level(figures[name], WORSE_MMHG) for name in ("systolic", "diastolic")},
    )


def low(measured: Measured, now_s: float, limit_mmhg: float) -> Judgement:
    """The two newest readings of the last day, both with a systolic pressure below the limit.

    Source: a systolic pressure of 90 or less is an emergency score of its own in NEWS2 (Royal College of Physicians
    2017). Most who measure that at home are well and treated: the rule is off unless somebody sets it.
    """
    age = now_s - measured.at_s
    newest = measured.where((age >= 0) & (age < LOW_TOGETHER_S))[-2:]
    if len(newest) == 0:
        return Judgement(standing=Standing.UNKNOWN)
    systolic = measured.values[newest, SYSTOLIC]
    below = systolic < limit_mmhg - EXACT
    standing = Standing.BETWEEN
    if len(newest) == 2 and below.all():
        standing = Standing.BEYOND
    elif not below.any():
        standing = Standing.WITHIN
    return Judgement(
        standing=standing,
        evidence=named(newest),
        figures={"systolic": float(systolic[-1])},
        levels={"systolic": Level(-float(systolic.max()), WORSE_MMHG)},
    )
