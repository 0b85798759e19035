"""Made-up residents: how their habits differ from one to the next, and how one's own change.

Three things follow the recorded home of `homeassist` (June to August 2017, one person). Its resident gets up within a
deviation of 0.5 to 0.8 h from day to day; the drawn ones spread 0.2 to 0.9 h. The number of nightly visits to its
bathroom has a variance of 0.2 to 0.64 of its mean, by the hours looked at; the drawn ones have 0.2 to 0.65, not 1. On
most nights there is something in kitchen, entrance or living room, mostly on such a visit; so there is in theirs.
Everything else is a guess.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from analytics.datasets.made_up_home import Habit

CHANGES: Final = (60, 120)  # days on which the habits of `changing` change for good


def someone(rng: np.random.Generator) -> Habit:
    """One resident."""
    return Habit(
        rises=rng.normal(7, 0.8), rises_spread=rng.uniform(0.2, 0.9), sleeps=rng.normal(22.7, 0.8),
        sleeps_spread=rng.uniform(0.2, 0.9), bathroom_by_night=rng.uniform(0.3, 3),
        bathroom_spread=rng.uniform(0.2, 0.65), strays=rng.uniform(0.2, 1), outings=rng.uniform(0.2, 0.9),
        outing_h=rng.uniform(1, 3), naps=rng.uniform(0, 0.9), kitchen=rng.uniform(0.2, 0.4),
        every_min=rng.uniform(6, 14),
    )  # fmt: skip


def steady(habit: Habit, days: int) -> list[Habit]:
    """Day by day the same but for a slow swing of the hour of rising."""
    return [replace(habit, rises=habit.rises + 0.2 * np.sin(day / 20)) for day in range(days)]


def turns(habits: list[Habit]) -> list[tuple[int, Habit, Habit]]:
    """The days on which the habits of `changing` changed for good, and what they were before and after."""
    return [(day, habits[day - 1], habits[day]) for day in CHANGES if day < len(habits)]


def changing(habit: Habit, days: int, rng: np.random.Generator) -> list[Habit]:
    """Day by day: a slow swing all along, and two changes for good."""
    found = []
    for day in range(days):
        if day in CHANGES:
            habit = replace(
                habit,
                rises=habit.rises + rng.normal(0, 0.7),
                sleeps=habit.sleeps + rng.normal(0, 0.5),
                naps=float(np.clip(habit.naps + rng.normal(0, 0.3), 0, 1)),
                every_min=habit.every_min * float(np.exp(rng.normal(0, 0.2))),
            )
        found.append(replace(habit, rises=habit.rises + 0.3 * np.sin(day / 20)))
    return found
