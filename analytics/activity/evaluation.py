"""Our own detector under the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.course import Home, Stretch, past_peaks, replay, stretches
from analytics.activity.events import Events
from analytics.activity.habits import DAY, HabitSettings
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import NOWHERE
from analytics.activity.promise import threshold_h
from analytics.activity.protocol import HORIZON, Situation, Tried, draw, tried

# From a false alert every half day to one a year.
LEVELS_H: Final = np.geomspace(12.0, 365 * 24.0, 100)
TRAINED_DAYS: Final = 14  # before the first day that is tested
MONTHLY: Final = (0.5, 1.0, 2.0, 4.0)


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


def evaluated(
    events: Events, first_day: int, *, seed: int = 0, settings: HabitSettings | None = None
) -> tuple[Home, Situation, Tried, Tried, dict[float, float]]:
    """Everything measured of one home.

    Returns:
        The home, what happened, the curve by the protocol, the curve with nothing left out, and the threshold (hours)
        of each promise in `MONTHLY`, set from the days before the test only.

    Raises:
        ValueError: see `situation`.
    """
    settings = settings or HabitSettings()
    home = Home.of(events)
    given = situation(home, first_day, seed)
    untouched, silent = paths(home, given, settings)
    # What the past was is judged by what was known then: not even a later outage is.
    peaks, hours = past_peaks(Home.of(events.until(first_day)), first_day, settings)
    promised = {per_month: threshold_h(per_month, peaks, hours) for per_month in MONTHLY}
    levels = np.sort(np.concatenate([LEVELS_H, list(promised.values())]))
    ours = tried(given, untouched, silent, levels)
    everything = tried(given, untouched, silent, levels, leave_out=False)
    return home, given, ours, everything, promised
