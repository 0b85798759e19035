"""The whole days of one home until now, minute by minute, and what they teach.

Minutes that nobody listened to are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY, Counts, HabitSettings, count, hazard
from analytics.activity.inactivity import Quiet, step, unseen
from analytics.activity.promise import MONTH_H, PAST_DAYS

_FEWEST_DAYS: Final = 7  # fewer tell nothing of how high the statistic goes
STRANGE_H: Final = 2 * MONTH_H  # what comes every two months by the statistic's own promise is none of the habits


class Peaks(NamedTuple):
    """How high the statistic was in the quiets of a past.

    Attributes:
        ended: minute in which each ended, int64 (quiets,).
        heights_h: how high it was, hours, float64 (quiets,).
        hours: for how long that past was listened to, without days away: in these no quiet was to be heard, and that
            few were high says nothing. 0 where less than a week is known.
        strange: minutes of a quiet at home after it was as high as `STRANGE_H`, bool (days * 1440,).
    """

    ended: NDArray[np.int64]
    heights_h: NDArray[np.float64]
    hours: float
    strange: NDArray[np.bool_]

    @property
    def known(self) -> tuple[NDArray[np.float64], float]:
        """What `promise.threshold_h` makes a threshold of."""
        return self.heights_h, self.hours


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Whole days as the sensors that are believed saw them; all arrays (minutes,).

    Attributes:
        days: how many.
        minutes: what was seen.
        since: minutes since the last expected event.
        place: where the resident was.
        listening: whether the home was heard.
        certain: and has been ever since that event, so that how long it had been quiet is known.
    """

    days: int
    minutes: cut.Minutes
    since: NDArray[np.int64]
    place: NDArray[np.int8]
    listening: NDArray[np.bool_]
    certain: NDArray[np.bool_]

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
        since = cut.since(seen.expected)
        return cls(
            days=days, minutes=seen, since=since, place=cut.where(seen.place), listening=heard,
            certain=certain(since, heard),
        )  # fmt: skip

    def counts(self, first: int, last: int) -> Counts:
        """What the minutes [first, last) teach; the record's very first one has nothing before it."""
        first = max(first, 1)
        if last <= first:
            return Counts.none(1)
        own, before = slice(first, last), slice(first - 1, last - 1)
        return count(
            self.minutes.expected[None, own], self.since[None, before], self.place[None, before],
            np.arange(first, last) % DAY, (self.listening[own] & self.certain[before])[None],
        )  # fmt: skip

    def without(self, strange: NDArray[np.bool_]) -> Past:
        """The same past, with some minutes that teach nothing."""
        heard = self.listening & ~strange
        return replace(self, listening=heard, certain=certain(self.since, heard))

    def peaks(self, settings: HabitSettings) -> Peaks:
        """How high the statistic was in each quiet of the last `PAST_DAYS`, each day judged by the others.

        Days here go from noon to noon, so that a night is of one piece.
        """
        days = min(self.days - 1, PAST_DAYS)
        if days < _FEWEST_DAYS:
            return Peaks(np.zeros(0, np.int64), np.zeros(0), 0.0, np.zeros(len(self.since), bool))
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
            self.listening[rows], unseen(self.minutes.life, self.listening)[rows],
        )  # fmt: skip
        flat = path.reshape(-1)
        # What ends at a noon that nobody listened to does not end.
        counted = (self.place[rows] != Place.OUT).reshape(-1)
        counted[:-1] &= self.listening[rows].reshape(-1)[1:]
        at = np.flatnonzero((flat[:-1] > 0) & (flat[1:] < flat[:-1]) & counted[:-1])
        heard = self.listening & ~cut.away(self.place)
        high = np.zeros(len(self.since), bool)
        high[begin : begin + len(flat)] = (flat >= STRANGE_H) & (self.place[rows] != Place.OUT).reshape(-1)
        return Peaks(begin + at, flat[at], float(heard[rows].sum()) / 60, _to_their_ends(high, self.minutes.life))


def _to_their_ends(high: NDArray[np.bool_], life: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Minutes of a quiet after any of it was such a one, bool (minutes,)."""
    index = np.arange(len(life))
    last_high, last_life = (np.maximum.accumulate(np.where(one, index, -1)) for one in (high, life))
    return np.asarray(last_high > last_life)


def certain(since: NDArray[np.int64], listening: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Minutes since whose last expected event all was listened to, bool (minutes,); `since` as of `cut.since`."""
    return np.asarray(listening & (since <= cut.since(~listening)))
