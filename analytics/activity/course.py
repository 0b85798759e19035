"""One home's record replayed as the gateway lives it: habits learnt every midnight from the past only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import LIFE, Events, Kind, Place
from analytics.activity.habits import DAY, Counts, HabitSettings, hazard
from analytics.activity.inactivity import Quiet, step, unseen
from analytics.activity.outages import Outage, doubted, mask, outages
from analytics.activity.past import Past


@dataclass(frozen=True, kw_only=True, eq=False)
class View(Past):
    """A home as some of its sensors tell it, at each minute's end.

    Attributes:
        doubted: the sensors of which nothing was expected.
    """

    doubted: frozenset[int]

    @classmethod
    def seen(cls, events: Events, doubted: frozenset[int], listening: NDArray[np.bool_]) -> View:
        """What the others tell."""
        past = Past.of(events, events.days, doubted, listening)
        return cls(**{one.name: getattr(past, one.name) for one in fields(past)}, doubted=doubted)

    def quiet(self, minute: int, odds_h: float = 0.0) -> Quiet:
        """The state at the end of a minute."""
        return Quiet(since=self.since[[minute]], place=self.place[[minute]], odds_h=np.array([odds_h]))

    def odds_h(self, minute: int, hazard: NDArray[np.float32]) -> float:
        """Of the quiet that goes on before a minute, by one hazard from its beginning."""
        alive = np.flatnonzero(self.minutes.life[:minute])
        begin = int(alive[-1]) if len(alive) else 0
        own = slice(begin + 1, minute)
        seen = self.minutes
        state, _ = step(
            self.quiet(begin), hazard, seen.life[None, own], seen.expected[None, own], seen.place[None, own],
            np.arange(own.start, own.stop) % DAY, self.listening[None, own], self.unseen[None, own],
        )  # fmt: skip
        return float(state.odds_h[0])

    @cached_property
    def unseen(self) -> NDArray[np.bool_]:
        """Whether the resident may be out though the door said nothing, bool (minutes,)."""
        return unseen(self.minutes.life, self.listening)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Home:
    """A record, what was out in it, and as what it was seen minute by minute.

    Attributes:
        events: the record.
        outages: of its sensors.
        outage: minutes in which a motion sensor was out, or nobody listened, bool (minutes,).
        views: one for each set of doubted sensors.
        view: which of them was meant in each minute, int64 (minutes,).
    """

    events: Events
    outages: tuple[Outage, ...]
    outage: NDArray[np.bool_]
    views: tuple[View, ...]
    view: NDArray[np.int64]

    @classmethod
    def of(cls, events: Events, listening: NDArray[np.bool_] | None = None) -> Home:
        """The record as its own outage rule sees it.

        Args:
            events: of one home.
            listening: minutes in which it was heard, bool (minutes,); all when None.
        """
        count = events.days * DAY
        heard = np.ones(count, bool) if listening is None else listening
        found = outages(events)
        moving = events.of_kinds(Kind.MOTION)
        lively = events.of_kinds(*LIFE)
        distrust = doubted(events, found, count)[lively]
        # It changes seldom: only its changes are compared, not its minutes.
        begins = np.flatnonzero(np.append(True, (distrust[:, 1:] != distrust[:, :-1]).any(axis=0)))
        kinds, which = np.unique(distrust[:, begins], axis=1, return_inverse=True)
        view = np.repeat(which.reshape(-1), np.diff(np.append(begins, count)))
        index = np.flatnonzero(lively)
        return cls(
            events=events,
            outages=tuple(found),
            outage=mask([one for one in found if moving[one.sensor]], count) | ~heard,
            views=tuple(View.seen(events, frozenset(index[column].tolist()), heard) for column in kinds.T),
            view=view.astype(np.int64),
        )

    @property
    def life(self) -> NDArray[np.bool_]:
        """Signs of life, bool (minutes,)."""
        return self.views[0].minutes.life

    @property
    def place(self) -> NDArray[np.int8]:
        """Where the resident was at each minute's end, int8 (minutes,)."""
        places = np.stack([one.place for one in self.views])
        return np.asarray(places[self.view, np.arange(places.shape[1])])

    @property
    def out(self) -> NDArray[np.bool_]:
        """Out of home by the door rule at each minute's end, bool (minutes,)."""
        return np.asarray(self.place == Place.OUT)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """Minutes of one day in which one view was meant, and the habits known on that morning."""

    first: int
    last: int
    view: View
    hazard: NDArray[np.float32]


def stretches(home: Home, first_day: int, settings: HabitSettings) -> Iterator[Stretch]:
    """The days from `first_day` on, cut where the view changes; habits are of the days before only."""
    whole = [Counts.none(1) for _ in home.views]
    known = whole
    for day in range(home.events.days):
        if day >= first_day:
            own = home.view[day * DAY : (day + 1) * DAY]
            tables = {int(view): hazard(known[view], settings) for view in np.unique(own)}
            cuts = [0, *(np.flatnonzero(np.diff(own)) + 1).tolist(), len(own)]
            for first, last in pairwise(cuts):
                view = int(own[first])
                yield Stretch(
                    first=day * DAY + first, last=day * DAY + last, view=home.views[view], hazard=tables[view]
                )
        begin, end = day * DAY, (day + 1) * DAY
        alive = np.flatnonzero(home.life[begin:end])
        until = begin + int(alive[-1]) + 1 if len(alive) else begin
        older = [one.forget(1, settings.half_life_days) for one in whole]
        # The quiet that goes on at midnight teaches nothing yet: it would make itself usual.
        known = [one + view.counts(begin, until) for one, view in zip(older, home.views, strict=True)]
        whole = [one + view.counts(begin, end) for one, view in zip(older, home.views, strict=True)]


def replay(home: Home, parts: list[Stretch]) -> NDArray[np.float64]:
    """The statistic at the end of each minute from the first stretch's first on, hours, float64 (minutes,).

    At midnight, when habits are learnt anew, the quiet that goes on is judged by these from its beginning.
    """
    found: list[NDArray[np.float64]] = []
    odds = 0.0
    for part in parts:
        own = slice(part.first, part.last)
        if found and part.first % DAY == 0:
            odds = part.view.odds_h(part.first, part.hazard)
        state = part.view.quiet(part.first - 1, odds) if part.first else Quiet.begin(1)
        minutes, heard = part.view.minutes, part.view.listening
        state, path = step(
            state, part.hazard, minutes.life[None, own], minutes.expected[None, own], minutes.place[None, own],
            np.arange(part.first, part.last) % DAY, heard[None, own], part.view.unseen[None, own],
        )  # fmt: skip
        odds = float(state.odds_h[0])
        found.append(path[0])
    return np.concatenate(found)


def past_peaks(home: Home, settings: HabitSettings) -> tuple[NDArray[np.float64], float]:
    """How high the statistic was in each quiet of a record, each day judged by the others, and hours listened to.

    See `Past.peaks`.
    """
    return home.views[int(home.view[-1])].peaks(settings).known


def peaks(path: NDArray[np.float64], counted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The highest the statistic was in each quiet that ended: its minute, int64 (quiets,), and height, float64.

    Args:
        path: the statistic at each minute's end, float64 (minutes,).
        counted: quiets that end where this is False are left out, bool (minutes,).
    """
    ends = (path[:-1] > 0) & (path[1:] < path[:-1]) & counted[:-1]
    at = np.flatnonzero(ends)
    return at, path[at]
