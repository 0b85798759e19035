"""The whole days of one home until now, minute by minute, and what they teach.

Minutes that nobody listened to are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY, Counts, HabitSettings, count, hazard
from analytics.activity.inactivity import Quiet, step
from analytics.activity.promise import PAST_DAYS

_FEWEST_DAYS: Final = 7  # fewer tell nothing of how high the statistic goes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Whole days as the sensors that are believed saw them; all arrays (minutes,)."""

    days: int
    minutes: cut.Minutes
    since: NDArray[np.int64]
    place: NDArray[np.int8]
    listening: NDArray[np.bool_]

    @classmethod
    def of(cls, events: Events, days: int, doubted: frozenset[int], listening: NDArray[np.bool_]) -> Past:
        """The first `days` of a record.

        Args:
            events: the record.
            days: whole days.
            doubted: sensors of which nothing is expected.
            listening: minutes in which the home was heard, bool (at least days * 1440,).
        """
        heard = listening[: days * DAY]
        seen = cut.minutes(events, days * DAY, doubted)
        return cls(
            days=days, minutes=seen, since=cut.since(seen.expected | ~heard), place=cut.where(seen.place),
            listening=heard,
        )  # fmt: skip

    def counts(self, first: int, last: int) -> Counts:
        """What the minutes [first, last) teach; the record's very first one has nothing before it."""
        first = max(first, 1)
        own, before = slice(first, last), slice(first - 1, last - 1)
        return count(
            self.minutes.expected[None, own], self.since[None, before], self.place[None, before],
            np.arange(first, last) % DAY, self.listening[None, own],
        )  # fmt: skip

    def peaks(self, settings: HabitSettings) -> tuple[NDArray[np.int64], NDArray[np.float64], float]:
        """How high the statistic was in each quiet of the last `PAST_DAYS`, each day judged by the others.

        Days here go from noon to noon, so that a night is of one piece.

        Returns:
            The minute in which each quiet ended, int64 (quiets,); its height, hours, float64 (quiets,); and how long
            it was listened to, hours, without days away: in these no quiet was to be heard, and that few were high
            says nothing. Nothing and 0 where less than a week is known.
        """
        days = min(self.days - 1, PAST_DAYS)
        if days < _FEWEST_DAYS:
            return np.zeros(0, np.int64), np.zeros(0), 0.0
        begin = (self.days - 1 - days) * DAY + DAY // 2
        firsts = begin + DAY * np.arange(days)
        each = [self.counts(first, first + DAY) for first in firsts.tolist()]
        total = sum(each, Counts.none(1))
        minutes, events = (
            np.concatenate([getattr(total, name) - getattr(one, name) for one in each])
            for name in ("minutes", "events")
        )
        rows = firsts[:, None] + np.arange(DAY)
        before = firsts - 1
        _, path = step(
            Quiet(since=self.since[before], place=self.place[before], odds_h=np.zeros(days)),
            hazard(Counts(minutes=minutes, events=events), settings),
            self.minutes.life[rows], self.minutes.expected[rows], self.minutes.place[rows], rows[0] % DAY,
            self.listening[rows],
        )  # fmt: skip
        flat = path.reshape(-1)
        # What ended because nobody listened any more did not end.
        counted = (self.place[rows] != Place.OUT).reshape(-1)
        counted[:-1] &= self.listening[rows].reshape(-1)[1:]
        at = np.flatnonzero((flat[:-1] > 0) & (flat[1:] < flat[:-1]) & counted[:-1])
        heard = self.listening & ~cut.away(self.place)
        return begin + at, flat[at], float(heard[rows].sum()) / 60
