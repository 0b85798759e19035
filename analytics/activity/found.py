"""How soon a change is noticed: made-up residents who change on one day, or a little every week.

Thresholds come from other residents who do not change, so that both sums together raise one false finding per
resident-month there. A change counts as found when what is named is what changed; how often that happens to residents
who did not change, in the same time, stands beside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.change import PATIENT, QUICK, Pace, Sums, deviations, step
from analytics.activity.features import daily, hourly
from analytics.activity.signs import SIGNS, signs
from analytics.datasets.made_up_home import Habit, made_up

RESIDENTS: Final = 40
DAYS: Final = 180
CHANGED: Final = 120  # the first day that is different
KNOWN: Final = 42  # days before which nothing is said
BUDGET: Final = ((QUICK, 0.8), (PATIENT, 0.2))  # false findings per resident-month of each sum
WITHIN: Final = (1, 2, 3, 7, 14, 28, 56)  # days

_NIGHT, _BATH, _KITCHEN, _RISE, _BED, _DAY, _, _QUIET = range(len(SIGNS))
_FALLS: Final = len(SIGNS)


def _later(habit: Habit, _: int) -> Habit:
    return replace(habit, rises=habit.rises + 2)


def _wandering(habit: Habit, _: int) -> Habit:
    return replace(habit, wanders=2.0)


def _bathroom(habit: Habit, _: int) -> Habit:
    return replace(habit, bathroom_by_night=habit.bathroom_by_night + 3)


def _kitchen(habit: Habit, _: int) -> Habit:
    return replace(habit, kitchen=0.4 * habit.kitchen)


def _decline(share: float) -> Callable[[Habit, int], Habit]:
    """Everything done by day less by a share each week."""
    return lambda habit, day: replace(habit, every_min=habit.every_min / (1 - share) ** (day / 7))


_DECLINES: Final = frozenset({_FALLS + _KITCHEN, _FALLS + _DAY, _QUIET})
# What changes, and which signs name it (counted on for falls).
CHANGES: Final[dict[str, tuple[Callable[[Habit, int], Habit], frozenset[int]]]] = {
    "rising two hours later": (_later, frozenset({_RISE})),
    "wandering twice a night": (_wandering, frozenset({_NIGHT, _FALLS + _RISE, _BED})),
    "three more bathroom visits a night": (_bathroom, frozenset({_BATH, _NIGHT})),
    "kitchen 60 % less": (_kitchen, frozenset({_FALLS + _KITCHEN})),
    **{f"{share} % less a week": (_decline(share / 100), _DECLINES) for share in (1, 2, 5, 10)},
}


def found(*, residents: int = RESIDENTS, seed: int = 0, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Share of residents whose change was found and rightly named within so many days."""
    others = _cohort(residents, [seed, 1], None)
    levels = [_level(others, pace, monthly) for pace, monthly in BUDGET]
    say("thresholds are set")
    still = _named(_cohort(residents, [seed, 2], None), levels)
    rows: list[dict[str, Any]] = []
    for name, (change, right) in CHANGES.items():
        named = _named(_cohort(residents, [seed, 2], change), levels)
        rows.append({"change": name, "found": _within(named, right), "unchanged": _within(still, right)})
        say(name)
    false = sum(len(days) for days in still) / (residents * (DAYS - CHANGED) / 30)
    return {
        "residents": residents, "seed": seed, "days": list(WITHIN), "changes": rows,
        "false_findings_per_resident_month": false,
        "note": "made-up residents: how soon it is noticed in homes is not known",
    }  # fmt: skip


def _cohort(residents: int, seed: list[int], change: Callable[[Habit, int], Habit] | None) -> NDArray[np.float32]:
    """Deviations of each sign, float32 (residents, days, signs); the same residents for the same seed."""
    each = []
    for number in range(residents):
        rng = np.random.default_rng([*seed, number])
        habit = Habit(
            rises=rng.normal(7, 0.8), rises_spread=rng.uniform(0.2, 0.6), sleeps=rng.normal(22.7, 0.8),
            sleeps_spread=rng.uniform(0.2, 0.6), bathroom_by_night=rng.uniform(0.3, 2), outings=rng.uniform(0.2, 0.9),
            outing_h=rng.uniform(1, 3), naps=rng.uniform(0, 0.9), kitchen=rng.uniform(0.2, 0.4),
            every_min=rng.uniform(6, 14),
        )  # fmt: skip
        habits = [replace(habit, rises=habit.rises + 0.2 * np.sin(day / 20)) for day in range(DAYS)]
        if change is not None:
            habits[CHANGED:] = [change(one, day) for day, one in enumerate(habits[CHANGED:])]
        home = made_up(DAYS, seed=int(rng.integers(2**31)), habits=habits)
        each.append(signs(hourly(home), daily(home)))
    return deviations(np.stack(each)[:, :, None])


def _level(off: NDArray[np.float32], pace: Pace, monthly: float) -> float:
    """The lowest threshold with so few findings, by halving."""
    months = len(off) * (off.shape[1] - KNOWN) / 30
    low, high = 1.0, 200.0
    for _ in range(20):
        middle = (low * high) ** 0.5
        _, heights, _ = step(Sums.begin(len(off), off.shape[2]), off, pace, middle)
        if (heights[:, KNOWN:] >= middle).sum() > monthly * months:
            low = middle
        else:
            high = middle
    return high


def _named(off: NDArray[np.float32], levels: list[float]) -> list[list[tuple[int, int]]]:
    """What was found of each resident from the change on: day after it (the first is 1), and sign."""
    result: list[list[tuple[int, int]]] = [[] for _ in off]
    for (pace, _), level in zip(BUDGET, levels, strict=True):
        _, heights, cells = step(Sums.begin(len(off), off.shape[2]), off, pace, level)
        for home, day in np.argwhere(heights >= level).tolist():
            if day >= CHANGED:
                result[home].append((day - CHANGED + 1, int(cells[home, day])))
    return result


def _within(named: list[list[tuple[int, int]]], right: frozenset[int]) -> list[float]:
    first = [min([day for day, sign in own if sign in right], default=DAYS) for own in named]
    return [float(np.mean([day <= within for day in first])) for within in WITHIN]
