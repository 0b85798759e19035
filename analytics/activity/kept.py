"""Is the promise kept? Made-up residents of six months, each with habits of their own that change, and no emergency.

One setting is shared between all detectors (`budget.SHARES`); thresholds are set anew each week from the resident's own
past, and whoever is new has what is true of residents in general. Every alert about inactivity is false. So is every
finding of change, except one that names what did change for good in the weeks before: these are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.abrupt import KINDS, KITCHEN, RISING
from analytics.activity.budget import INACTIVITY, SHARES, SLOW, divided
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY, Counts, HabitSettings, count, hazard
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import minutes, since, where
from analytics.activity.noticed import FALLS, KNOWN_DAYS, Days, Noticed, noticed
from analytics.activity.promise import PAST_DAYS, threshold_h
from analytics.activity.signs import SIGNS
from analytics.datasets.made_up_home import Habit, made_up
from analytics.datasets.made_up_people import changing, someone, turns

RESIDENTS: Final = 200
DAYS: Final = 180
COLD_DAYS: Final = 14
WEEK: Final = 7
PROMISES: Final = (0.5, 1.0, 2.0)
NAMED_DAYS: Final = 56  # after a change for good, in which naming it is right
_AT_ONCE: Final = 50  # residents in memory
_LOW_H: Final = 1.0  # peaks below tell nothing of thresholds
_RISES, _BED, _ACTIVITY, _QUIET, _IN_KITCHEN = (
    SIGNS.index(name)
    for name in ("rising", "going to bed", "activity by day", "longest quiet by day", "kitchen by day")
)
# What is a change for good, and not part of what varies anyhow: hours, hours, share of the pace, probability of a nap.
_LEAST: Final = (0.3, 0.3, 0.1, 0.15)


def kept(
    *, residents: int = RESIDENTS, days: int = DAYS, seed: int = 0, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """False alerts per resident-month at each promise: of all detectors together, of each, and of inactivity alone."""
    alone = np.zeros((len(PROMISES), 2))
    each = {name: np.zeros(len(PROMISES)) for name in SHARES}
    right = np.zeros(len(PROMISES))
    for first in range(0, residents, _AT_ONCE):
        habits = [draw(days, seed, one) for one in range(first, min(first + _AT_ONCE, residents))]
        homes = [made_up(days, seed=_seed(own[0]), habits=own) for own in habits]
        quiets, seen = _peaks(homes, days), Days.of(homes)
        for row, per_month in enumerate(PROMISES):
            promised = divided(per_month)
            alone[row] += _false(quiets, len(homes), days, per_month)
            each[INACTIVITY][row] += _false(quiets, len(homes), days, promised[INACTIVITY])[1]
            told = noticed(seen, promised)
            named = _named(told, habits)
            right[row] += int(named.sum())
            for kind, name in enumerate(KINDS):
                each[name][row] += int((told.abrupt[:, :, kind] & ~named[:, :, kind]).sum())
            each[SLOW][row] += int(((told.slow >= 0) & ~named[:, :, -1]).sum())
        say(f"{first + len(homes)} residents")
    months = {name: residents * (days - (COLD_DAYS if name == INACTIVITY else KNOWN_DAYS)) / 30 for name in SHARES}
    rates = {name: found / months[name] for name, found in each.items()}
    rows = [
        {
            "per_month": per_month,
            "false_alerts_per_month": float(sum(one[row] for one in rates.values())),
            "ratio": float(sum(one[row] for one in rates.values()) / per_month),
            "of_each": {
                name: {"promised": divided(per_month)[name], "were": float(one[row])} for name, one in rates.items()
            },
            "changes_for_good_rightly_named_per_month": float(right[row] / months[SLOW]),
            "inactivity_alone": _alone(alone[row], residents, days, per_month),
        }
        for row, per_month in enumerate(PROMISES)
    ]
    return {
        "residents": residents, "days": days, "seed": seed, "promises": rows,
        "note": "made-up residents: how well it is kept in homes is not known",
    }  # fmt: skip


def draw(days: int, seed: int, number: int) -> list[Habit]:
    """The habits of one resident, day by day: a slow swing all along, and two changes for good."""
    rng = np.random.default_rng([seed, number])
    return changing(someone(rng), days, rng)


def _alone(false: NDArray[np.float64], residents: int, days: int, per_month: float) -> dict[str, float]:
    """Inactivity with the whole setting to itself, from the third week on and before."""
    cold, warm = false.tolist()
    rate = warm / (residents * (days - COLD_DAYS) / 30)
    return {
        "false_alerts_per_month": rate,
        "ratio": rate / per_month,
        "in_the_first_two_weeks_per_month": cold / (residents * COLD_DAYS / 30),
    }


def _named(told: Noticed, habits: Sequence[Sequence[Habit]]) -> NDArray[np.bool_]:
    """Findings that name what did change for good, bool (homes, days, kinds and the slow one)."""
    found = np.zeros((*told.slow.shape, len(KINDS) + 1), bool)
    for home, own in enumerate(habits):
        for day, before, after in turns(list(own)):
            kinds, signs = _right(before, after)
            weeks = slice(day, day + NAMED_DAYS)
            found[home, weeks, :-1] |= told.abrupt[home, weeks] & np.isin(np.arange(len(KINDS)), kinds)
            found[home, weeks, -1] |= np.isin(told.slow[home, weeks], signs)
    return found


def _right(before: Habit, after: Habit) -> tuple[list[int], list[int]]:
    """What may rightly be said of a change: kinds of `abrupt`, and signs of slow change."""
    rises, sleeps = after.rises - before.rises, after.sleeps - before.sleeps
    slower, naps = np.log(after.every_min / before.every_min), after.naps - before.naps
    kinds, signs = [], []
    if abs(rises) > _LEAST[0]:
        signs += [_RISES + (0 if rises > 0 else FALLS), _ACTIVITY + (FALLS if rises > 0 else 0)]
        kinds += [RISING] if rises > 0 else []
    if abs(sleeps) > _LEAST[1]:
        signs += [_BED + (0 if sleeps > 0 else FALLS), _ACTIVITY + (0 if sleeps > 0 else FALLS)]
    if abs(slower) > _LEAST[2]:
        less = slower > 0
        signs += [_ACTIVITY + FALLS * less, _IN_KITCHEN + FALLS * less, _QUIET + (0 if less else FALLS)]
        kinds += [KITCHEN] if less else []
    if abs(naps) > _LEAST[3]:
        signs += [_QUIET + (0 if naps > 0 else FALLS), _ACTIVITY + (FALLS if naps > 0 else 0)]
    return kinds, signs


def _peaks(homes: Sequence[Events], days: int) -> NDArray[np.float64]:
    """Every quiet at home whose statistic was worth a word, float64 (quiets, 3): day, resident, peak."""
    length = days * DAY
    life = np.zeros((len(homes), length), bool)
    place, last = np.empty(life.shape, np.int8), np.empty(life.shape, np.int8)
    quiet = np.empty(life.shape, np.int32)
    for row, home in enumerate(homes):
        seen = minutes(home, length)
        life[row], place[row] = seen.expected, seen.place
        last[row], quiet[row] = where(seen.place), since(seen.expected)
    settings, clock = HabitSettings(), np.arange(DAY)
    known, state = Counts.none(len(homes)), Quiet.begin(len(homes))
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
