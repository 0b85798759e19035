"""Findings of change, day by day, of many homes: what `abrupt` and `change` see, at thresholds that keep one promise.

Everything is as a gateway has it when a day is over: deviations from days before only, thresholds set anew each week
from the resident's own past.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import abrupt, budget, caution, change
from analytics.activity.abrupt import KINDS, Seen
from analytics.activity.budget import GENERAL, SLOW
from analytics.activity.change import PATIENT, Sums
from analytics.activity.company import BY_DAY_H, shared
from analytics.activity.events import Events, Kind
from analytics.activity.features import both
from analytics.activity.habits import DAY
from analytics.activity.outages import LONGER, mask, outages
from analytics.activity.signs import SIGNS, signs
from analytics.activity.unlike import GUEST_DAYS, WEEK, within_a_week

KNOWN_DAYS: Final = 28  # before which nothing is said
FALLS: Final = len(SIGNS)
_HEARD: Final = 0.5  # of the hours of the day; of less it is not known whether there was company
_BY_THE_CLOCK: Final = [
    SIGNS.index(name)
    for name in ("rising", "going to bed", "kitchen by day", "activity by day", "longest quiet by day")
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Days:
    """Days of homes as the detectors look at them.

    Attributes:
        seen: what `abrupt` looks at.
        signs: of `signs.signs`, float32 (homes, days, len(SIGNS)).
        company: days with more people than usual, bool (homes, days): of these and the nights around them nothing is
            said that another person may have done.
        careful: days on which less is promised, bool (homes, days), because on them or within the week before a sensor
            was out, nobody listened, the resident was away, had a guest, or may have lived by another clock.
        suspected: likewise because a motion sensor may have failed: less is promised of slow changes, in whose sums it
            stays.
    """

    seen: Seen
    signs: NDArray[np.float32]
    company: NDArray[np.bool_]
    careful: NDArray[np.bool_]
    suspected: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        homes: list[Events],
        listening: list[NDArray[np.bool_]] | None = None,
        clock_h: NDArray[np.float64] | None = None,
    ) -> Days:
        """Homes of equally many days.

        Args:
            homes: their records.
            listening: as in `features.hourly`, one for each home; always when None.
            clock_h: as in `features.daily`, float64 (homes, days); 0 when None.
        """
        heard: list[NDArray[np.bool_] | None] = [None] * len(homes) if listening is None else [*listening]
        lag = np.zeros((len(homes), homes[0].days)) if clock_h is None else clock_h
        each = [both(home, own, late) for home, own, late in zip(homes, heard, lag, strict=True)]
        days = [day for _, day in each]
        guests = shared(homes, [outages(home) for home in homes])
        unheard = np.stack([_unheard(one, home.days) for home, one in zip(homes, heard, strict=True)])
        not_alone = abrupt.not_alone(guests, unheard)
        table = np.stack([signs(hours, day) for hours, day in each])
        away = abrupt.elsewhere(days)
        table[not_alone | away] = np.nan
        table[:, :, _BY_THE_CLOCK] = np.where(lag[:, :, None] != 0, np.float32(np.nan), table[:, :, _BY_THE_CLOCK])
        suspected = np.stack([_suspected(home) for home in homes])
        unlike = away | np.stack([day.one_out for day in days]) | (lag != 0)
        careful = unlike | (within_a_week(unlike) | within_a_week(guests, GUEST_DAYS))[:, :-1]
        suspected |= within_a_week(suspected)[:, :-1]
        return cls(
            seen=Seen.of(days, not_alone, lag), signs=table, company=guests, careful=careful, suspected=suspected
        )

    def until(self, day: int) -> Days:
        """The days before one."""
        own = {one.name: getattr(self.seen, one.name)[:, :day] for one in fields(self.seen)}
        others = {name: getattr(self, name)[:, :day] for name in ("signs", "company", "careful", "suspected")}
        return Days(seen=Seen(**own), **others)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Noticed:
    """What was raised.

    Attributes:
        abrupt: the kinds of `abrupt.KINDS` that became more than chance on a day, bool (homes, days, kinds).
        slow: the sign that did, counted on for falls after the rises, int64 (homes, days); -1 where none.
    """

    abrupt: NDArray[np.bool_]
    slow: NDArray[np.int64]

    @property
    def number(self) -> NDArray[np.int64]:
        """Findings of each day, int64 (homes, days)."""
        return np.asarray(self.abrupt.sum(axis=2) + (self.slow >= 0), np.int64)


def noticed(days: Days, promised: dict[str, float]) -> Noticed:
    """Findings of each day.

    Args:
        days: of homes.
        promised: false findings per resident-month of each kind of `abrupt.KINDS` and of `budget.SLOW`.
    """
    heights = abrupt.heights(*abrupt.deviations(days.seen))
    heights[:, :KNOWN_DAYS] = np.nan
    each = []
    for kind, name in enumerate(KINDS):
        own = heights[:, :, kind]
        usual, careful = (
            budget.weekly(own, promised[name] * part, GENERAL[name], WEEK) for part in (1.0, caution.LESS)
        )
        each.append(budget.raised(own, np.where(days.careful, careful, usual)))
    return Noticed(
        abrupt=np.stack(each, axis=2), slow=slow(days.signs, promised[SLOW], days.careful | days.suspected)[0]
    )


def _suspected(home: Events) -> NDArray[np.bool_]:
    """Days on which a motion sensor may have failed, bool (days,)."""
    moving = home.of_kinds(Kind.MOTION)
    spans = [one for one in outages(home, times=LONGER) if moving[one.sensor]]
    return np.asarray(mask(spans, home.days * DAY).reshape(-1, DAY).any(axis=1))


def _unheard(listening: NDArray[np.bool_] | None, days: int) -> NDArray[np.bool_]:
    """Days of which so much was not listened to that company would not have been noticed, bool (days,)."""
    if listening is None:
        return np.zeros(days, bool)
    by_day = listening.reshape(days, DAY)[:, BY_DAY_H[0] * 60 : BY_DAY_H[1] * 60]
    return np.asarray(by_day.mean(axis=1) < _HEARD)


def slow(
    signs: NDArray[np.float32], per_month: float, careful: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Slow changes: the sign that was named, int64 (homes, days), -1 where none; and the sums' heights, float64.

    Args:
        signs: as of `Days`.
        per_month: false findings promised.
        careful: days on which less is, as of `Days`.
    """
    off = change.deviations(signs[:, :, None])
    homes, days = off.shape[:2]
    off[:, :KNOWN_DAYS] = np.nan
    state = Sums.begin(homes, off.shape[2])
    heights, named = np.zeros((homes, days)), np.full((homes, days), -1)
    for first in range(0, days, WEEK):
        own = slice(first, first + WEEK)
        past = np.where(np.arange(first) < KNOWN_DAYS, np.nan, heights[:, :first])
        usual, less = (
            np.array([budget.threshold(per_month * part, one, GENERAL[SLOW]) for one in past])[:, None]
            for part in (1.0, caution.LESS)
        )
        levels = np.where(careful[:, own], less, usual)
        state, heights[:, own], cells = change.step(state, off[:, own], PATIENT, levels)
        named[:, own] = np.where(heights[:, own] >= levels, cells, -1)
    return named, heights


def words(kind: int | None, sign: int = -1) -> str:
    """A finding in words: of `abrupt` by its kind, else of a slow change by its sign."""
    if kind is not None:
        return f"{KINDS[kind]} than usual" if kind != abrupt.WALKING else f"more {KINDS[kind]} than usual"
    return f"{SIGNS[sign % FALLS]}: {'less' if sign >= FALLS else 'more'} than some weeks ago"
