"""Home inactivity measured: emergencies put into every day, false alerts counted on the same days untouched.

As Wilhelm and Wahl, Sensors 2024, 24:6583: twenty emergencies a day at random moments, from which on there is no event;
the delay is from the moment to the alert. What is out by the detector's own outage rule is left out on both sides. An
emergency away from home is one that the sensors cannot see: moments at which the door rule says *out* are measured
apart, and so is what is said of them (*not back by*), which is information and no alert. The same figures with nothing
left out stand beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.habits import DAY

A_DAY: Final = 20
HORIZON: Final = DAY  # minutes; an emergency that nobody noticed for a day counts as a day
NIGHT: Final = (22 * 60, 6 * 60)  # of the clock


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """The same for every detector.

    Attributes:
        first: minute of the record at which the test begins.
        life, out, outage: of each minute of the test, bool (minutes,).
        moments: when emergencies happen, minutes of the test, float64 (emergencies,), ascending.
    """

    first: int
    life: NDArray[np.bool_]
    out: NDArray[np.bool_]
    outage: NDArray[np.bool_]
    moments: NDArray[np.float64]

    @property
    def days(self) -> int:
        """Of the test."""
        return len(self.life) // DAY


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tried:
    """What one detector said at each of many thresholds.

    Attributes:
        levels: thresholds, float64 (levels,); the mean of the days' where they differ.
        false: false alerts of each day, int64 (levels, days); `false_night` those that came by night.
        told: what was only information (out of home), int64 (levels, days).
        delay_h: of each emergency, float64 (levels, emergencies); NaN where an alert was already standing.
        counted: whether the emergency counts (at home, no outage), bool (emergencies,); `away` those out of home.
        day, night: of each emergency: day of the test, int64, and whether it was night, bool (emergencies,).
        watched_days: days of the test without what was left out.
    """

    levels: NDArray[np.float64]
    false: NDArray[np.int64]
    false_night: NDArray[np.int64]
    told: NDArray[np.int64]
    delay_h: NDArray[np.float64]
    counted: NDArray[np.bool_]
    away: NDArray[np.bool_]
    day: NDArray[np.int64]
    night: NDArray[np.bool_]
    watched_days: float


def draw(days: int, seed: int) -> NDArray[np.float64]:
    """Moments of emergencies, minutes of the test, float64 (days * A_DAY,), ascending."""
    within = np.sort(np.random.default_rng(seed).random((days, A_DAY)), axis=1)
    return np.asarray((np.arange(days)[:, None] + within) * DAY).reshape(-1)


def by_night(minute: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether minutes of a record are in the night."""
    clock = minute % DAY
    return (clock >= NIGHT[0]) | (clock < NIGHT[1])


def tried(
    situation: Situation,
    untouched: NDArray[np.float64],
    silent: NDArray[np.float64],
    levels: NDArray[np.float64],
    *,
    leave_out: bool = True,
) -> Tried:
    """A detector's statistic judged at each level.

    Args:
        situation: what happened.
        untouched: the statistic at each minute's end, float64 (minutes,); an alert ends with the next sign of life.
        silent: the statistic in the minutes after each emergency's, float64 (emergencies, HORIZON).
        levels: thresholds, float64 (levels,), or (levels, days) where each day has its own.
        leave_out: outages and out of home; False counts everything.
    """
    minutes, days = len(situation.life), situation.days
    quiet = np.cumsum(situation.life)
    begin = np.searchsorted(quiet, quiet)
    out_before = np.concatenate([[0], np.cumsum(situation.outage)])
    at = situation.moments.astype(np.int64)
    highest = np.maximum.accumulate(silent, axis=1)
    shape = (len(levels), days)
    false, night, told = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    delay = np.empty((len(levels), len(at)))
    each = np.broadcast_to(levels[:, None] if levels.ndim == 1 else levels, shape)
    for row, level in enumerate(each):
        above = np.flatnonzero(untouched >= np.repeat(level, DAY))
        _, index = np.unique(quiet[above], return_index=True)
        alerts = above[index]
        standing = np.full(minutes, minutes)
        standing[begin[alerts]] = alerts
        after = (highest < level[at // DAY, None]).sum(axis=1)
        hours = (at + 2 + after - situation.moments) / 60  # the alert comes at the end of its minute
        delay[row] = np.where(standing[begin[at]] <= at, np.nan, np.minimum(hours, HORIZON / 60))
        # An alert that stood when the test began was raised before it.
        alerts = alerts[(alerts > 0) | (untouched[0] < level[0])]
        away = situation.out[alerts] if leave_out else np.zeros(len(alerts), bool)
        dark = out_before[alerts + 1] - out_before[begin[alerts]] > 0 if leave_out else np.zeros(len(alerts), bool)
        told[row] = np.bincount(alerts[away] // DAY, minlength=days)
        counted = alerts[~away & ~dark]
        false[row] = np.bincount(counted // DAY, minlength=days)
        night[row] = np.bincount(counted[by_night(counted)] // DAY, minlength=days)
    away = situation.out[at] & ~situation.outage[at]
    left_out = situation.out | situation.outage if leave_out else np.zeros(minutes, bool)
    return Tried(
        levels=each.mean(axis=1), false=false, false_night=night, told=told, delay_h=delay,
        counted=~left_out[at], away=away, day=at // DAY, night=by_night(at),
        watched_days=float((~left_out).sum() / DAY),
    )  # fmt: skip
