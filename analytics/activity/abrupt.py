"""What is different from one day to the next: four things a carer asks about, each against the resident's own weeks.

Walking about by night, bathroom visits by night, rising later, fewer visits to the kitchen. For each, a day's deviation
from what is usual is put in units of what is usual to vary, and the day together with the one before it: two mornings
two hours late are less of a chance than one. Only the way that matters is looked at.

What is usual is the trimmed mean of the eight weeks before and their trimmed deviation, drawn towards what is true of
residents in general the fewer days are known. Visits to the kitchen are counted per hour at home, and compared only up
to the last of the day: **a sensor's silence after its last word proves nothing**, it may have died with it. A day on
which it said nothing at all counts only where another sensor of the room bears witness (see `features.Day`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.features import Day

KINDS: Final = ("walking about by night", "more bathroom visits by night", "rising later", "fewer kitchen visits")
WALKING, BATHROOM, RISING, KITCHEN = range(len(KINDS))
BASE_DAYS: Final = 56
LAG_DAYS: Final = 2  # the day before yesterday is not yet usual
ENOUGH_DAYS: Final = 7  # known days; before that nothing is usual
TRIMMED: Final = 0.1  # of the days, at either end
# Deviation of the middle four fifths of a normal distribution, over its own: by numerical integration.
_TRIMMED_DEVIATION: Final = 0.6615
# What residents vary in general, weighing as much as so many days. Of made-up residents.
PRIOR_SPREAD: Final = (4.5, 0.9, 0.6, 0.9)
_PRIOR_DAYS: Final = 10.0
# Nobody wants to hear of less than some of these: minutes about, visits, hours, deviations of a mere chance count.
LEAST_SPREAD: Final = (5.0, 0.9, 0.7, 0.9)
STAYS_DAYS: Final = 3  # a guest who was noticed may still be there
_BY_DAY: Final = slice(6, 22)
_LEAST_AT_HOME_H: Final = 5.0  # of the day; who was out for the rest of it tells little of the kitchen


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Days of homes as this looks at them; more is what matters.

    Attributes:
        nights: walking about, visits, hour of rising, float64 (homes, days, 3), NaN where not known.
        kitchen: visits begun in each hour, float64 (homes, days, 24), NaN where not known.
        waits: whether they are known only later, when the kitchen's sensor has spoken again, bool (homes, days).
        at_home: share of each hour at home, float64 (homes, days, 24).
        clock_h: how much later by the clock a resident may live because clocks were put forward, hours, float64
            (homes, days).
    """

    nights: NDArray[np.float64]
    kitchen: NDArray[np.float64]
    waits: NDArray[np.bool_]
    at_home: NDArray[np.float64]
    clock_h: NDArray[np.float64]

    @classmethod
    def of(cls, days: list[Day], shared: NDArray[np.bool_], clock_h: NDArray[np.float64]) -> Seen:
        """Homes of equally many days; `shared` as of `not_alone`."""
        each = [np.stack([one.rooms_asleep, one.bathroom_asleep, one.rise_h], axis=1) for one in days]
        nights = np.stack(each)
        nights[shared | elsewhere(days)] = np.nan
        # Without the bedroom's sensor rising is seen less well than in the weeks that it is compared with.
        nights[np.stack([one.no_bedroom for one in days]), RISING] = np.nan
        # An hour that fills two has more lively minutes than it was lived in.
        forward = (clock_h > 0) & (np.concatenate([np.zeros_like(clock_h[:, :1]), clock_h[:, :-1]], axis=1) == 0)
        nights[forward, WALKING] = np.nan
        # Who comes back from days away in the afternoon has not eaten there, and unpacks first.
        kitchen, away = (np.stack([getattr(one, name) for one in days]) for name in ("kitchen_visits", "away"))
        kitchen[away | _after(away)] = np.nan
        return cls(
            nights=nights,
            clock_h=clock_h,
            kitchen=kitchen,
            waits=np.stack([one.kitchen_waits for one in days]),
            at_home=np.stack([one.at_home for one in days]),
        )


def elsewhere(days: list[Day]) -> NDArray[np.bool_]:
    """Days away, those of leaving and coming back, and those after a night away, bool (homes, days).

    The first night in one's own bed is not like the others.
    """
    away, slept_out = (np.stack([getattr(one, name) for one in days]) for name in ("away", "slept_out"))
    return near(away) | _after(slept_out)


def not_alone(company: NDArray[np.bool_], unheard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Days whose nights may not be the resident's alone: with company, and some after one, bool (homes, days).

    Who stays for a week is not noticed on each of its days, and who came while nobody listened not at all.

    Args:
        company: with more people than usual, bool (homes, days).
        unheard: of which nobody could have told, bool (homes, days).
    """
    found, perhaps = company.copy(), company | unheard
    for late in range(1, STAYS_DAYS + 1):
        found[:, late:] |= perhaps[:, :-late]
    return found


def near(away: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Days away, and those of leaving and coming back, bool (homes, days)."""
    return np.asarray(away | _after(away) | _after(away[:, ::-1])[:, ::-1])


def _after(days: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([np.zeros_like(days[:, :1]), days[:, :-1]], axis=1)


def deviations(seen: Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Each day against the weeks before, in usual deviations, float64 (homes, days, len(KINDS)), NaN where not known.

    Returns:
        As known when the day is over, and as known later, when the kitchen's sensor has spoken again.
    """
    homes, days = seen.nights.shape[:2]
    early, late = (np.full((homes, days, len(KINDS)), np.nan) for _ in range(2))
    for day in range(LAG_DAYS + ENOUGH_DAYS, days):
        past = slice(max(0, day - LAG_DAYS - BASE_DAYS), day - LAG_DAYS)
        middle, spread = _usual(seen.nights[:, past], np.array(PRIOR_SPREAD[:KITCHEN]))
        spread = np.maximum(spread, LEAST_SPREAD[:KITCHEN])
        today = seen.nights[:, day].copy()
        today[:, RISING] -= np.maximum(seen.clock_h[:, day], 0)
        early[:, day, :KITCHEN] = late[:, day, :KITCHEN] = (today - middle) / spread
        early[:, day, KITCHEN], late[:, day, KITCHEN] = _kitchen(seen, past, day)
    return early, late


def heights(early: NDArray[np.float64], late: NDArray[np.float64]) -> NDArray[np.float64]:
    """How unusual each day is, alone or with the one before, float64 (homes, days, kinds); NaN where not known."""
    before = np.concatenate([np.full_like(late[:, :1], np.nan), late[:, :-1]], axis=1)
    # What the day before looks like in the end is known only when the kitchen's sensor has spoken since.
    before = np.where(np.isnan(early), np.nan, before)
    found: NDArray[np.float64] = np.fmax(early, (early + before) / np.sqrt(2))
    found[:, :, KITCHEN] = np.fmax(found[:, :, KITCHEN], before[:, :, KITCHEN])
    return found


def _usual(past: NDArray[np.float64], prior: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Trimmed mean and deviation over the days (second axis), NaN where too few are known."""
    ordered = np.sort(past, axis=1)  # NaN come last
    count = (~np.isnan(ordered)).sum(axis=1)
    cut = np.floor(TRIMMED * count)
    place = np.arange(past.shape[1]).reshape(1, -1, *[1] * (past.ndim - 2))
    kept = (place >= cut[:, None]) & (place < (count - cut)[:, None])
    number = np.maximum(kept.sum(axis=1), 1)
    middle = np.where(kept, ordered, 0).sum(axis=1) / number
    square = (np.where(kept, ordered - middle[:, None], 0) ** 2).sum(axis=1) / number / _TRIMMED_DEVIATION**2
    spread = np.sqrt((count * square + _PRIOR_DAYS * prior**2) / (count + _PRIOR_DAYS))
    return np.where(count >= ENOUGH_DAYS, middle, np.nan), spread


def _kitchen(seen: Seen, past: slice, day: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much fewer visits there were than the hours at home would have had, as known early and late."""
    visits, home = seen.kitchen[:, past, _BY_DAY], seen.at_home[:, past, _BY_DAY]
    known = ~np.isnan(visits)
    whole = known.all(axis=2)
    rate = np.where(known, visits, 0).sum(axis=1) / np.maximum(np.where(known, home, 0).sum(axis=1), 1.0)
    expected = (rate[:, None] * home).sum(axis=2)
    off = np.where(
        whole & (home.sum(axis=2) >= _LEAST_AT_HOME_H), _stabilised(visits.sum(axis=2)) - _stabilised(expected), np.nan
    )
    middle, spread = _usual(off, np.array(PRIOR_SPREAD[KITCHEN]))
    spread = np.maximum(spread, LEAST_SPREAD[KITCHEN])

    today, at_home = seen.kitchen[:, day, _BY_DAY].copy(), seen.at_home[:, day, _BY_DAY]
    # Who may still live by the old clock: what it has by day counts, though the new one calls it night.
    early_h, late_h = seen.kitchen[:, day, _BY_DAY.start - 1], seen.kitchen[:, day, _BY_DAY.stop]
    today[:, 0] += np.where(seen.clock_h[:, day] < 0, np.nan_to_num(early_h), 0)
    today[:, -1] += np.where(seen.clock_h[:, day] > 0, np.nan_to_num(late_h), 0)
    hours = np.arange(today.shape[1])
    heard = ~np.isnan(today).any(axis=1)
    last = np.where(np.nan_to_num(today) > 0, hours, -1).max(axis=1)
    until = hours <= np.where(last < 0, len(hours), last)[:, None]
    found = []
    for counted in (until, np.ones_like(until)):
        expected = (rate * at_home * counted).sum(axis=1)
        less = middle - (_stabilised((today * counted).sum(axis=1)) - _stabilised(expected))
        found.append(np.where(heard & (at_home.sum(axis=1) >= _LEAST_AT_HOME_H), less / spread, np.nan))
    return np.where(seen.waits[:, day], np.nan, found[0]), found[1]


def _stabilised(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Anscombe 1948, as in `unusual.parts`."""
    return np.asarray(2 * np.sqrt(counts + 0.375))
