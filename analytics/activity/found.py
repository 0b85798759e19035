"""How soon a change is noticed: changes put into the days of made-up residents, and of a recorded home.

All findings of change together (`noticed`) keep one false finding per resident and month. A change counts as found when
a finding names what changed; how often the same is said of the same residents without the change, in the same time,
stands beside. Sudden changes are put into the events (`datasets.injected`), the same ones in both kinds of home; a
decline into the habits of made-up residents, who do everything by day less often by a share each week.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import abrupt, budget, change
from analytics.activity.abrupt import KINDS
from analytics.activity.budget import INACTIVITY, SHARES, Tail, divided
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY
from analytics.activity.noticed import FALLS, KNOWN_DAYS, Days, Noticed, noticed
from analytics.activity.recorded import recorded
from analytics.activity.signs import SIGNS
from analytics.datasets import injected
from analytics.datasets.made_up_home import Habit, made_up
from analytics.datasets.made_up_people import someone, steady

RESIDENTS: Final = 100
DAYS: Final = 180
CHANGED: Final = 120  # the first day that is different
WITHIN: Final = (1, 2, 3, 7, 14, 28, 56)  # days
TWO_DAYS: Final = WITHIN.index(2)
PER_MONTH: Final = 1.0
PROMISED: Final = divided(PER_MONTH, {name: share for name, share in SHARES.items() if name != INACTIVITY})
FITTED_SEED: Final = 5  # of the residents of whom `budget.GENERAL` is

Change = Callable[[Events, int, np.random.Generator], Events]


def _later(hours: float) -> Change:
    return lambda home, day, _: injected.later(home, day, hours)


def _wandering(number: int) -> Change:
    return lambda home, day, rng: injected.wandering(home, day, number, rng)


def _kitchen(share: float) -> Change:
    return lambda home, day, rng: injected.fewer(home, day, Place.KITCHEN, share, rng)


def _visits(number: int) -> Change:
    return lambda home, day, rng: injected.visits(home, day, number, rng)


# What changes from one day to the next, of which kind of `abrupt.KINDS` it is, and whether the pooled figure has it.
SUDDEN: Final[dict[str, tuple[Change, int, bool]]] = {
    "rising one hour later": (_later(1), abrupt.RISING, False),
    "rising two hours later": (_later(2), abrupt.RISING, True),
    "rising three hours later": (_later(3), abrupt.RISING, False),
    "wandering once a night": (_wandering(1), abrupt.WALKING, False),
    "wandering twice a night": (_wandering(2), abrupt.WALKING, True),
    "kitchen 30 % less": (_kitchen(0.3), abrupt.KITCHEN, False),
    "kitchen 60 % less": (_kitchen(0.6), abrupt.KITCHEN, True),
    "kitchen 90 % less": (_kitchen(0.9), abrupt.KITCHEN, False),
    "one more bathroom visit a night": (_visits(1), abrupt.BATHROOM, False),
    "two more bathroom visits a night": (_visits(2), abrupt.BATHROOM, False),
    "three more bathroom visits a night": (_visits(3), abrupt.BATHROOM, True),
    "four more bathroom visits a night": (_visits(4), abrupt.BATHROOM, False),
}
# The same four put into habits: so on average, on some days more and on some not at all.
ON_AVERAGE: Final[dict[str, tuple[Callable[[Habit], Habit], int]]] = {
    "on average rising two hours later": (lambda own: replace(own, rises=own.rises + 2), abrupt.RISING),
    "on average wandering twice a night": (lambda own: replace(own, wanders=2.0), abrupt.WALKING),
    "on average 60 % less of the day in the kitchen": (
        lambda own: replace(own, kitchen=0.4 * own.kitchen), abrupt.KITCHEN
    ),
    "on average three more bathroom visits a night": (
        lambda own: replace(own, bathroom_by_night=own.bathroom_by_night + 3), abrupt.BATHROOM
    ),
}  # fmt: skip
DECLINES: Final = (1, 2, 3, 5, 7, 10)  # per cent a week
_DECLINE_SIGNS: Final = (FALLS + SIGNS.index("kitchen by day"), FALLS + SIGNS.index("activity by day"),
                         SIGNS.index("longest quiet by day"))  # fmt: skip


def found(*, residents: int = RESIDENTS, seed: int = 0, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Share of made-up residents whose change was found and rightly named within so many days."""
    homes = [_home([seed, 2, number]) for number in range(residents)]
    still = noticed(Days.of(homes), PROMISED)
    say(f"{residents} residents without a change")
    rows: list[dict[str, Any]] = []
    for name, (put, kind, pooled) in SUDDEN.items():
        changed = [put(home, CHANGED, np.random.default_rng([seed, 3, number])) for number, home in enumerate(homes)]
        seen = noticed(Days.of(changed), PROMISED)
        rows.append(_row(name, seen.abrupt[:, :, kind], still.abrupt[:, :, kind], pooled))
        say(name)
    for name, (habit, kind) in ON_AVERAGE.items():
        changed = [_home([seed, 2, number], changed=_always(habit)) for number in range(residents)]
        rows.append(_row(name, noticed(Days.of(changed), PROMISED).abrupt[:, :, kind], still.abrupt[:, :, kind], False))
        say(name)
    for share in DECLINES:
        changed = [_home([seed, 2, number], changed=_decline(share / 100)) for number in range(residents)]
        seen = noticed(Days.of(changed), PROMISED)
        rows.append(_row(f"everything {share} % less a week", _declined(seen), _declined(still), False))
        say(f"{share} % less a week")
    months = residents * (DAYS - KNOWN_DAYS) / 30
    return {
        "residents": residents, "seed": seed, "days": list(WITHIN), "changes": rows,
        "abrupt_within_48_h": _pooled(rows), "on_average_within_48_h": _pooled(rows, ON_AVERAGE),
        **_false(still, months),
        "note": "made-up residents: how soon it is noticed in homes is not known",
    }  # fmt: skip


def found_in(home: Events, *, seed: int = 0, say: Callable[[str], None] = print) -> dict[str, Any]:
    """The same sudden changes put into one recorded home: beginning on each of its days but the first four weeks."""
    listening = recorded(home)
    still = noticed(Days.of([home], [listening]), PROMISED)
    days = range(KNOWN_DAYS, home.days - 1)
    rows = []
    for name, (put, kind, pooled) in SUDDEN.items():
        two = []
        for day in days:
            own = put(home.until(day + 2), day, np.random.default_rng([seed, day]))
            changed = Days.of([own], [listening[: (day + 2) * DAY]])
            seen = abrupt.heights(*abrupt.deviations(changed.seen))[0, day : day + 2, kind]
            said = noticed(changed, PROMISED).abrupt[0, day : day + 2, kind]
            two.append((bool(said.any()), bool(np.isnan(seen).any())))
        share, unknown = np.mean(two, axis=0).tolist()
        unchanged = float(np.mean([still.abrupt[0, day : day + 2, kind].any() for day in days]))
        rows.append(
            {"change": name, "pooled": pooled, "found_in_2_days": share, "unchanged": unchanged, "not_known": unknown}
        )
        say(name)
    months = (home.days - KNOWN_DAYS) / 30
    pooled_share = float(np.mean([one["found_in_2_days"] for one in rows if one["pooled"]]))
    return {
        "days": len(days), "seed": seed, "changes": rows, "abrupt_within_48_h": pooled_share,
        **_false(still, months), "note": "one home, recorded once: of others nothing is known",
    }  # fmt: skip


def fitted(residents: int = 2 * RESIDENTS) -> dict[str, Tail]:
    """What `budget.GENERAL` is of: residents of a seed of their own, none of whom changes."""
    days = Days.of([_home([FITTED_SEED, number]) for number in range(residents)])
    heights = abrupt.heights(*abrupt.deviations(days.seen))[:, KNOWN_DAYS:]
    off = change.deviations(days.signs[:, :, None])[:, KNOWN_DAYS:]
    _, sums, _ = change.step(change.Sums.begin(residents, off.shape[2]), off, change.PATIENT)
    return {
        **{name: budget.tail(heights[:, :, kind]) for kind, name in enumerate(KINDS)},
        budget.SLOW: budget.tail(sums.astype(np.float64)),
    }


def _always(habit: Callable[[Habit], Habit]) -> Callable[[Habit, int], Habit]:
    return lambda own, _: habit(own)


def _decline(share: float) -> Callable[[Habit, int], Habit]:
    """Everything done by day less often by a share each week."""
    return lambda own, day: replace(own, every_min=own.every_min / (1 - share) ** (day / 7))


def _home(seed: list[int], changed: Callable[[Habit, int], Habit] | None = None) -> Events:
    """A resident, always the same for the same seed, whose habits change from a day on (and with the days since)."""
    rng = np.random.default_rng(seed)
    habits = steady(someone(rng), DAYS)
    if changed is not None:
        habits[CHANGED:] = [changed(own, day) for day, own in enumerate(habits[CHANGED:])]
    return made_up(DAYS, seed=int(rng.integers(2**31)), habits=habits)


def _declined(seen: Noticed) -> NDArray[np.bool_]:
    return np.asarray(np.isin(seen.slow, _DECLINE_SIGNS), bool)


def _row(name: str, changed: NDArray[np.bool_], still: NDArray[np.bool_], pooled: bool) -> dict[str, Any]:
    return {"change": name, "pooled": pooled, "found": _within(changed), "unchanged": _within(still)}


def _within(named: NDArray[np.bool_]) -> list[float]:
    """Of the homes in which something is said from the change on, by days since, bool (homes, days)."""
    return [float(named[:, CHANGED : CHANGED + within].any(axis=1).mean()) for within in WITHIN]


def _pooled(rows: list[dict[str, Any]], names: Collection[str] = ()) -> float:
    """Of the rows of these names, or else of those that belong to the pooled figure."""
    own = [one["found"][TWO_DAYS] for one in rows if (one["change"] in names if names else one["pooled"])]
    return float(np.mean(own)) if own else float("nan")


def _false(still: Noticed, months: float) -> dict[str, Any]:
    each = {name: float(still.abrupt[:, :, kind].sum() / months) for kind, name in enumerate(KINDS)}
    each[budget.SLOW] = float((still.slow >= 0).sum() / months)
    return {
        "promised_per_resident_month": PER_MONTH, "false_findings_per_resident_month": sum(each.values()),
        "false_findings_of_each": {name: {"promised": PROMISED[name], "were": were} for name, were in each.items()},
    }  # fmt: skip
