"""Our own detector under the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home, Stretch, past_peaks, peaks, replay, stretches
from analytics.activity.events import Events
from analytics.activity.habits import DAY, HabitSettings
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import NOWHERE
from analytics.activity.promise import threshold_h
from analytics.activity.protocol import HORIZON, Situation, Tried, draw, tried
from analytics.activity.recorded import recorded

# From a false alert every half day to one a year.
LEVELS_H: Final = np.geomspace(12.0, 365 * 24.0, 240)
TRAINED_DAYS: Final = 14  # before the first day that is tested
MONTHLY: Final = (0.5, 1.0, 2.0, 4.0)
WEEK: Final = 7  # days between two settings of a threshold


def situation(home: Home, first_day: int, seed: int) -> Situation:
    """The test days of a home with their emergencies.

    Raises:
        ValueError: no two weeks before the test, or no day after it began.
    """
    if first_day < TRAINED_DAYS:
        raise ValueError(f"there are {first_day} days before the test; at least {TRAINED_DAYS} are needed to learn.")
    if first_day >= home.events.days:
        raise ValueError(f"the record ends before the test begins; it has {home.events.days} days.")
    own = slice(first_day * DAY, home.events.days * DAY)
    return Situation(
        first=first_day * DAY, life=home.life[own], out=home.out[own], outage=home.outage[own],
        moments=draw(home.events.days - first_day, seed),
    )  # fmt: skip


def paths(home: Home, given: Situation, settings: HabitSettings) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The statistic of the untouched days and after each emergency; see `protocol.tried`."""
    first_day = given.first // DAY
    parts = list(stretches(home, first_day, settings))
    # The day before the test brings the statistic to where it is at its beginning.
    before = given.first - DAY
    warm = replace(parts[0], first=before, last=given.first, view=home.views[int(home.view[given.first - 1])])
    odds = replay(home, [warm, *parts])[DAY:]
    return odds, _silent(given, parts, odds)


def _silent(given: Situation, parts: Sequence[Stretch], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """After each emergency nothing more is heard; sensors are believed, and habits known, as at its moment."""
    at = given.moments.astype(np.int64)
    part = np.searchsorted([one.first for one in parts], at + given.first, side="right") - 1
    found = np.empty((len(at), HORIZON))
    for index in np.unique(part).tolist():
        own = np.flatnonzero(part == index)
        one, minute = parts[index], at[own] + given.first
        quiet = Quiet(since=one.view.since[minute], place=one.view.place[minute], odds_h=odds[at[own]])
        nothing = np.zeros((len(own), HORIZON), bool)
        nowhere = np.full(nothing.shape, NOWHERE, np.int8)
        hazard = np.broadcast_to(one.hazard, (len(own), *one.hazard.shape[1:]))
        clock = (minute[:, None] + 1 + np.arange(HORIZON)) % DAY
        _, found[own] = step(quiet, hazard, nothing, nothing, nowhere, clock)
    return found


def promises(
    home: Home, given: Situation, untouched: NDArray[np.float64], settings: HabitSettings
) -> NDArray[np.float64]:
    """The threshold of each promise in `MONTHLY` on each day, set anew each week, float64 (promises, days).

    From the past only: before the test each day judged by the others, as it was known when the test began; since then
    what the statistic really was.
    """
    past = home.events.until(given.first // DAY)
    before, hours = past_peaks(Home.of(past, recorded(past)), settings)
    at, height = peaks(untouched, ~(given.out | given.outage))
    found = np.empty((len(MONTHLY), given.days))
    for first in range(0, given.days, WEEK):
        known = np.concatenate([before, height[at < first * DAY]])
        heard = hours + float((~(given.out | given.outage))[: first * DAY].sum()) / 60
        for row, per_month in enumerate(MONTHLY):
            found[row, first : first + WEEK] = threshold_h(per_month, known, heard)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evaluated:
    """Everything measured of one home: by the protocol, and with nothing left out.

    Attributes:
        home, given: the home and what happened.
        curve, whole_curve: at fixed levels.
        promised, whole_promised: at the promises of `MONTHLY`, a row each.
    """

    home: Home
    given: Situation
    curve: Tried
    whole_curve: Tried
    promised: Tried
    whole_promised: Tried


def evaluated(events: Events, first_day: int, *, seed: int = 0, settings: HabitSettings | None = None) -> Evaluated:
    """Our detector on a home from a day on.

    Raises:
        ValueError: see `situation`.
    """
    settings = settings or HabitSettings()
    home = Home.of(events, recorded(events))
    given = situation(home, first_day, seed)
    untouched, silent = paths(home, given, settings)
    levels = promises(home, given, untouched, settings)
    return Evaluated(
        home=home,
        given=given,
        curve=tried(given, untouched, silent, LEVELS_H),
        whole_curve=tried(given, untouched, silent, LEVELS_H, leave_out=False),
        promised=tried(given, untouched, silent, levels),
        whole_promised=tried(given, untouched, silent, levels, leave_out=False),
    )
