"""A household's whole days against its own weeks: what changed from one day to the next, what changes slowly. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import abrupt, budget
from analytics.activity.caution import LESS
from analytics.activity.clocktime import lag_h
from analytics.activity.features import FEATURES, hourly
from analytics.activity.noticed import FALLS, KNOWN_DAYS, Days, slow, words
from analytics.activity.signs import SIGNS
from analytics.activity.unusual import ENOUGH_DAYS, Unusual, parts, rank, unusual, usual
from analytics.activity.unusual import words as cell_words
from gateway.days.record import Record

NIGHTLY: Final = abrupt.KINDS[: abrupt.KITCHEN]  # known when the resident is up
DAILY: Final = abrupt.KINDS[abrupt.KITCHEN :]  # known when the day is over
WEEK: Final = 7
RARE: Final = 0.05  # of the home's own days are as unusual as that: worth a line in the week's summary
_USUAL_DAYS: Final = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that is not as it was.

    Attributes:
        what: one of `abrupt.KINDS`, or a sign of `signs.SIGNS` with its direction.
        day: on which it was noticed, local date.
        words: a sentence for a nurse, with the numbers behind it.
    """

    what: str
    day: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OddPart:
    """A part of a day that was unlike others.

    Attributes:
        day: local date.
        share: of this home's own days as unusual as this one, in (0, 1].
        words: the three features that made it.
    """

    day: date
    share: float
    words: tuple[str, ...]


class Reviewed:
    """The days of one record; what `daily` says of the last night is known before its day is over.

    Args:
        record: of the household; today is in it as far as it has come.
    """

    def __init__(self, record: Record) -> None:
        events = record.events
        known = record.teaches.copy()
        known[int(record.now_s // 60) :] = False  # what is still to come is not stillness
        self._first: date = events.first_day.astype(object)
        lag = lag_h(*record.clock_changes, events.first_day, events.days)
        self._seen = Days.of([events], [known], lag[None])
        self._hours = hourly(events, known)
        heights = abrupt.heights(*abrupt.deviations(self._seen.seen))[0]
        heights[:KNOWN_DAYS] = np.nan
        self._heights = heights

    def abrupt(self, kinds: Sequence[str], per_month: float, day: int) -> list[Change]:
        """What has become different on a day, by the promise for all detectors together.

        Args:
            kinds: of `abrupt.KINDS`.
            per_month: false alerts that are accepted in thirty days.
            day: index, from the first of the record.
        """
        if day < KNOWN_DAYS:
            return []
        shares = budget.divided(per_month)
        found = []
        for kind in kinds:
            index = abrupt.KINDS.index(kind)
            own = self._heights[: day + 1, index]
            share = shares[kind] * (LESS if self._seen.careful[0, day] else 1.0)
            level = budget.threshold(share, own[:-1], budget.GENERAL[kind])
            if budget.raised(own[None, -2:], np.full((1, 2), level))[0, -1]:
                found.append(Change(what=kind, day=self._date(day), words=self._sentence(index, day)))
        return found

    def slow(self, per_month: float, until: int) -> list[Change]:
        """What has become different over weeks, in the seven days before one.

        Args:
            per_month: as `abrupt`.
            until: index of the day after the last.
        """
        if until < KNOWN_DAYS:
            return []
        seen, share = self._seen, budget.divided(per_month)[budget.SLOW]
        named = slow(seen.signs[:, :until], share, (seen.careful | seen.suspected)[:, :until])[0][0]
        days = [day for day in range(max(0, until - WEEK), until) if named[day] >= 0]
        return [
            Change(what=SIGNS[named[day] % FALLS], day=self._date(day), words=words(None, int(named[day])))
            for day in days
        ]

    def company(self, until: int) -> list[date]:
        """Days of the last week with more people than usual: nothing is said of them that another may have done."""
        return [self._date(day) for day in range(max(0, until - WEEK), until) if self._seen.company[0, day]]

    def odd(self, until: int) -> list[OddPart]:
        """Days of the last week that few others of this home are as unusual as."""
        if until < ENOUGH_DAYS:
            return []
        cut = parts(self._hours[None, :until])
        own = unusual(cut, usual(cut))
        found = []
        for day in range(max(0, until - WEEK), until):
            others = np.delete(own.score, day, axis=1)
            share = float(rank(own.score[:, day], others)[0])
            if share <= RARE:
                found.append(OddPart(day=self._date(day), share=share, words=_three(own, day)))
        return found

    def _date(self, day: int) -> date:
        return self._first + timedelta(days=day)

    def _sentence(self, kind: int, day: int) -> str:
        last = slice(max(0, day - 1), day + 1)
        past = slice(max(0, day - 1 - _USUAL_DAYS), max(1, day - 1))
        nights, kitchen = self._seen.seen.nights[0], self._seen.seen.kitchen[0, :, 6:22].sum(axis=1)
        match kind:
            case abrupt.WALKING:
                lately, was = _numbers(nights[:, kind], last, past)
                return f"Walked about by night for {lately} minutes in the last two nights; usually {was}"
            case abrupt.BATHROOM:
                lately, was = _numbers(nights[:, kind], last, past)
                return f"Went to the bathroom {lately} times in the last two nights; usually {was}"
            case abrupt.RISING:
                rose = [_clock(one) for one in nights[last, kind].tolist() if one == one]
                return f"Rose at {' and '.join(rose)}; usually at {_clock(float(np.nanmedian(nights[past, kind])))}"
            case _:
                lately, was = _numbers(kitchen, last, past)
                return f"Went to the kitchen {lately} times on the last two days; usually {was}"


def _three(own: Unusual, day: int) -> tuple[str, ...]:
    cells, off = own.cells[0, day].tolist(), own.deviations[0, day].tolist()
    return tuple(cell_words(cell, by, FEATURES) for cell, by in zip(cells, off, strict=True))


def _numbers(values: NDArray[np.float64], last: slice, past: slice) -> tuple[str, str]:
    lately = " and ".join(f"{one:.0f}" for one in values[last].tolist() if one == one)
    return lately, f"{np.nanmedian(values[past]):.0f}"


def _clock(hours: float) -> str:
    minutes = round(hours * 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
