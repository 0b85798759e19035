"""Is the promise kept? Made-up residents of six months, each with habits of their own that change, and no emergency.

Every alert is false. Thresholds are set anew each week from the resident's own past; whoever is new has the
statistic's own promise for two weeks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import Place
from analytics.activity.habits import DAY, Counts, HabitSettings, count, hazard
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import minutes, since, where
from analytics.activity.promise import PAST_DAYS, threshold_h
from analytics.datasets.made_up_home import Habit, made_up

RESIDENTS: Final = 200
DAYS: Final = 180
COLD_DAYS: Final = 14
WEEK: Final = 7
PROMISES: Final = (0.5, 1.0, 2.0)
_AT_ONCE: Final = 50  # residents in memory
_LOW_H: Final = 1.0  # peaks below tell nothing of thresholds
_CHANGES: Final = (60, 120)  # days on which habits change for good


def kept(
    *, residents: int = RESIDENTS, days: int = DAYS, seed: int = 0, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """False alerts per resident-month at each promise, from the third week on, and of the first two apart."""
    found = np.zeros((len(PROMISES), 2))
    for first in range(0, residents, _AT_ONCE):
        block = range(first, min(first + _AT_ONCE, residents))
        peaks = _peaks([draw(days, seed, one) for one in block], days)
        for row, per_month in enumerate(PROMISES):
            found[row] += _false(peaks, len(block), days, per_month)
        say(f"{block[-1] + 1} residents")
    months = residents * (days - COLD_DAYS) / 30
    return {
        "residents": residents,
        "days": days,
        "seed": seed,
        "promises": [
            {
                "per_month": per_month,
                "false_alerts_per_month": float(warm / months),
                "ratio": float(warm / months / per_month),
                "in_the_first_two_weeks_per_month": float(cold / (residents * COLD_DAYS / 30)),
            }
            for per_month, (cold, warm) in zip(PROMISES, found.tolist(), strict=True)
        ],
        "note": "made-up residents: how well it is kept in homes is not known",
    }


def draw(days: int, seed: int, number: int) -> list[Habit]:
    """The habits of one resident, day by day: a slow swing all along, and two changes for good."""
    rng = np.random.default_rng([seed, number])
    habit = Habit(
        rises=rng.normal(7, 0.8), rises_spread=rng.uniform(0.2, 0.8), sleeps=rng.normal(22.7, 0.8),
        sleeps_spread=rng.uniform(0.2, 0.8), bathroom_by_night=rng.uniform(0.3, 3), outings=rng.uniform(0.2, 0.9),
        outing_h=rng.uniform(1, 3), naps=rng.uniform(0, 0.9), kitchen=rng.uniform(0.2, 0.4),
        every_min=rng.uniform(6, 14),
    )  # fmt: skip
    found = []
    for day in range(days):
        if day in _CHANGES:
            habit = replace(
                habit,
                rises=habit.rises + rng.normal(0, 0.7),
                sleeps=habit.sleeps + rng.normal(0, 0.5),
                naps=float(np.clip(habit.naps + rng.normal(0, 0.3), 0, 1)),
                every_min=habit.every_min * float(np.exp(rng.normal(0, 0.2))),
            )
        found.append(replace(habit, rises=habit.rises + 0.3 * np.sin(day / 20)))
    return found


def _peaks(habits: Sequence[Sequence[Habit]], days: int) -> NDArray[np.float64]:
    """Every quiet at home whose statistic was worth a word, float64 (quiets, 3): day, resident, peak."""
    homes, length = len(habits), days * DAY
    life = np.zeros((homes, length), bool)
    place, last = np.empty((homes, length), np.int8), np.empty((homes, length), np.int8)
    quiet = np.empty((homes, length), np.int32)
    for row, each in enumerate(habits):
        seen = minutes(made_up(days, seed=_seed(each[0]), habits=list(each)), length)
        life[row], place[row] = seen.expected, seen.place
        last[row], quiet[row] = where(seen.place), since(seen.expected)
    settings, clock = HabitSettings(), np.arange(DAY)
    known, state = Counts.none(homes), Quiet.begin(homes)
    found = []
    for day in range(days):
        own = slice(day * DAY, (day + 1) * DAY)
        before = state.odds_h
        state, path = step(state, hazard(known, settings), life[:, own], life[:, own], place[:, own], clock)
        path = np.concatenate([before[:, None], path[:, :-1]], axis=1)
        rows, at = np.nonzero(life[:, own] & (path > _LOW_H))
        at_home = last[rows, np.maximum(day * DAY + at - 1, 0)] != Place.OUT
        rows, at = rows[at_home], at[at_home]
        found.append(np.stack([np.full(len(rows), float(day)), rows, path[rows, at]], axis=1))
        begin = max(day * DAY, 1)
        taught, earlier = slice(begin, own.stop), slice(begin - 1, own.stop - 1)
        counts = count(
            life[:, taught], quiet[:, earlier].astype(np.int64), last[:, earlier], np.arange(begin, own.stop) % DAY
        )
        known = known.forget(1, settings.half_life_days) + counts
    return np.concatenate(found)


def _seed(habit: Habit) -> int:
    """A seed of a resident's own, the same on every machine."""
    return int(abs(habit.rises) * 1e6) ^ int(abs(habit.every_min) * 1e6)


def _false(peaks: NDArray[np.float64], homes: int, days: int, per_month: float) -> tuple[int, int]:
    """False alerts in the cold first weeks, and afterwards."""
    cold = warm = 0
    for home in range(homes):
        day, _, height = peaks[peaks[:, 1] == home].T
        cold += int(((day < COLD_DAYS) & (height >= threshold_h(per_month))).sum())
        for first in range(COLD_DAYS, days, WEEK):
            begin = max(3, first - PAST_DAYS)  # the very first days know nothing and say so
            past = height[(day >= begin) & (day < first)]
            level = threshold_h(per_month, past, (first - begin) * 24.0)
            warm += int(((day >= first) & (day < first + WEEK) & (height >= level)).sum())
    return cold, warm
