"""Many homes of equally many days lived through at once, as the gateway lives each: outages, doubts, deaf minutes.

The same as `course` for one home, with minutes in which nobody listened; vectorised over the homes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.caution import DOUBTED, careful_h
from analytics.activity.company import shared
from analytics.activity.course import Home
from analytics.activity.events import Place
from analytics.activity.habits import DAY, Counts, HabitSettings, count, either_clock, hazard
from analytics.activity.inactivity import Quiet, step, unseen
from analytics.activity.past import Past, certain
from analytics.activity.running import Habits, Running, as_if_failed, holds_back, learn, less_one, running, whole_past
from analytics.activity.unlike import unlike

WEEK: Final = 7
LOW_H: Final = 1.0  # peaks below are never alerts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Peaks:
    """Every quiet whose statistic was worth a word.

    Attributes:
        home: of which home, int64 (quiets,).
        minute: in which it ended, int64 (quiets,).
        height_h: how high the statistic was, float64 (quiets,).
        out: whether the resident was out of home: information, no alert, bool (quiets,).
    """

    home: NDArray[np.int64]
    minute: NDArray[np.int64]
    height_h: NDArray[np.float64]
    out: NDArray[np.bool_]


def alerts(
    peaks: Peaks,
    homes: Sequence[Home],
    listening: NDArray[np.bool_],
    per_month: float,
    first_day: int,
    clock_h: NDArray[np.float64] | None = None,
    untold_min: Sequence[Mapping[int, float]] | None = None,
) -> NDArray[np.bool_]:
    """Which quiets since a day were alerts at a promise, bool (quiets,).

    Thresholds are set anew each week, and when other sensors are doubted, by what those that are believed made of the
    home's own past.

    Args:
        peaks: of these homes.
        homes: in the order of `Peaks.home`.
        listening: minutes in which each was heard, bool (homes, minutes).
        per_month: false alerts.
        first_day: nothing earlier is an alert here.
        clock_h: as of `lived`.
        untold_min: of each home, for how long each sensor may have failed without its being known; none may when None.
    """
    found = np.zeros(len(peaks.home), bool)
    levels: dict[tuple[int, int, int, bool], tuple[float, float]] = {}
    late = None if clock_h is None else clock_h != 0
    guests = shared([home.events for home in homes], [home.outages for home in homes])
    careful = [unlike(home.place, heard, own, late) for home, heard, own in zip(homes, listening, guests, strict=True)]
    since = (peaks.minute >= first_day * DAY) & ~peaks.out
    for one in np.flatnonzero(since).tolist():
        number, minute = int(peaks.home[one]), int(peaks.minute[one])
        view = int(homes[number].view[minute - 1])
        until = first_day + (minute // DAY - first_day) // WEEK * WEEK
        late_h = 0.0 if clock_h is None else float(clock_h[minute // DAY])
        less = bool(careful[number][minute // DAY])
        key = (number, view, until, less)
        if key not in levels:
            levels[key] = _thresholds_h(homes[number], listening[number], minute, until, per_month, careful=less)
        untold = untold_min[number] if untold_min is not None else {}
        found[one] = peaks.height_h[one] >= levels[key][0] and (
            not (untold or homes[number].views[view].doubted)
            or _calls(homes[number], listening[number], minute, *levels[key], late_h, untold)
        )
    return found


def _thresholds_h(
    home: Home, listening: NDArray[np.bool_], minute: int, until: int, per_month: float, *, careful: bool
) -> tuple[float, float]:
    """`caution.careful_h` of a quiet that ends with a minute, and as if one more sensor were doubted.

    The past is known until a day.
    """
    doubted, settings = home.views[int(home.view[minute - 1])].doubted, HabitSettings()
    outages = [one for one in home.outages if one.from_s <= minute * 60]
    known = Past.of(home.events, until, doubted, listening).peaks(settings).known
    whole = whole_past(home.events, outages, doubted, until, listening, settings)
    usual, doubting = (careful_h(per_month * part, known, whole, careful=careful) for part in (1.0, DOUBTED))
    return usual, doubting


def _calls(
    home: Home,
    listening: NDArray[np.bool_],
    minute: int,
    threshold_h: float,
    doubted_h: float,
    late_h: float,
    untold_min: Mapping[int, float],
) -> bool:
    """Whether the quiet before a minute calls, and is not held back until it ends."""
    events = home.events.before(minute * 60.0)
    learnt = learn(events, minute * 60.0, listening)
    if learnt.doubted != home.views[int(home.view[minute - 1])].doubted:
        # What became known in its last minute was not known in all others, and is looked at in time.
        minute -= 1
        events = home.events.before(minute * 60.0)
        learnt = learn(events, minute * 60.0, listening)
    clock = np.arange(minute) % DAY

    def quiet(one: Habits) -> Running:
        usual = either_clock(one.hazard, late_h) if late_h else one.hazard
        return running(events, minute, replace(one, hazard=usual), clock, listening)

    found = quiet(learnt)
    less = less_one(events, minute * 60.0, learnt, untold_min)
    others = [as_if_failed(found, quiet(one), untold_min[one.only(learnt)]) for one in less]
    suspected = [other for one, other in zip(less, others, strict=True) if one.only(learnt) in learnt.suspected]
    held = holds_back(
        found, threshold_h, others, doubted=bool(learnt.doubted), suspected=suspected, doubted_h=doubted_h
    )
    return held is None


def lived(
    homes: Sequence[Home],
    listening: NDArray[np.bool_],
    settings: HabitSettings | None = None,
    *,
    earlier: Peaks | None = None,
    first_day: int = 0,
    clock_h: NDArray[np.float64] | None = None,
) -> Peaks:
    """Days of homes minute by minute, habits learnt every midnight from the past only.

    Args:
        homes: of equally many days.
        listening: minutes in which each was heard, bool (homes, minutes).
        settings: of the habits.
        earlier: what is known already of the days before `first_day`, which then only teach.
        first_day: the first that is lived through.
        clock_h: how much later by the clock they may live on a day because it was changed, hours, float64 (days,).
    """
    settings = settings or HabitSettings()
    heard = [_Heard.of(home, own) for home, own in zip(homes, listening, strict=True)]
    views = max(len(one.expected) for one in heard)
    whole = known = [Counts.none(len(homes)) for _ in range(views)]
    odds = np.zeros(len(homes))
    life = np.stack([home.life for home in homes])
    absent = unseen(life, listening)
    found: list[NDArray[np.float64]] = []
    for day in range(homes[0].events.days):
        if day < first_day:
            whole, known = _taught(whole, heard, day, life, listening, settings)
            continue
        late = 0.0 if clock_h is None else float(clock_h[day])
        tables = [either_clock(hazard(one, settings), late) for one in known]
        view = np.stack([home.view[day * DAY : (day + 1) * DAY] for home in homes])
        cuts = [0, *(np.flatnonzero((np.diff(view, axis=1) != 0).any(axis=0)) + 1).tolist(), DAY]
        for first, last in pairwise(cuts):
            own = slice(day * DAY + first, day * DAY + last)
            meant = view[:, first]
            table = np.stack([tables[which][home] for home, which in enumerate(meant.tolist())])
            state = Quiet.begin(len(homes))
            if own.start:
                odds, ended = _judged_anew(homes, heard, odds, meant, table, own.start, life, listening, absent)
                found.append(ended)
                before = [one.at(int(which), own.start - 1) for one, which in zip(heard, meant, strict=True)]
                state = Quiet(
                    since=np.array([since for since, _ in before]),
                    place=np.array([place for _, place in before], np.int8),
                    odds_h=odds,
                )
            expected, place = (
                np.stack([getattr(one, name)[which][own] for one, which in zip(heard, meant, strict=True)])
                for name in ("expected", "place")
            )
            state, path = step(
                state,
                table,
                life[:, own],
                expected,
                place,
                np.arange(own.start, own.stop) % DAY,
                listening[:, own],
                absent[:, own],
            )
            path = np.concatenate([odds[:, None], path], axis=1)
            odds = state.odds_h
            rows, at = np.nonzero((path[:, 1:] < path[:, :-1]) & (path[:, :-1] > LOW_H))
            # Where the resident was as the quiet ended: the minute before.
            where = [
                heard[row].where[meant[row]][max(own.start + minute - 1, 0)]
                for row, minute in zip(rows, at, strict=True)
            ]
            found.append(np.stack([rows, own.start + at, path[rows, at], np.array(where) == Place.OUT], axis=1))
        whole, known = _taught(whole, heard, day, life, listening, settings)
    peaks = np.concatenate(found)
    if earlier is not None:
        known_already = earlier.minute < first_day * DAY
        past = np.stack([earlier.home, earlier.minute, earlier.height_h, earlier.out], axis=1)[known_already]
        peaks = np.concatenate([past, peaks])
    return Peaks(
        home=peaks[:, 0].astype(np.int64), minute=peaks[:, 1].astype(np.int64), height_h=peaks[:, 2],
        out=peaks[:, 3] > 0,
    )  # fmt: skip


def _judged_anew(
    homes: Sequence[Home],
    heard: Sequence[_Heard],
    odds: NDArray[np.float64],
    meant: NDArray[np.int64],
    table: NDArray[np.float32],
    start: int,
    life: NDArray[np.bool_],
    listening: NDArray[np.bool_],
    absent: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where other sensors are believed than a minute ago, and at midnight: the quiet that goes on, from its beginning.

    By the sensors that are believed now, and by what was learnt until now.

    Returns:
        The odds before minute `start`, float64 (homes,); and what had been higher: as in `Peaks`, float64 (quiets, 4).
    """
    now = odds.copy()
    ended: list[tuple[int, int, float, bool]] = []
    for number, view in enumerate(meant.tolist()):
        if view == homes[number].view[start - 1] and start % DAY:
            continue
        now[number] = heard[number].odds_h(view, start, life[number], listening[number], absent[number], table[number])
        if odds[number] > LOW_H and now[number] < odds[number]:
            ended.append((number, start, float(odds[number]), heard[number].where[view][start - 1] == Place.OUT))
    return now, np.array(ended, np.float64).reshape(-1, 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Heard:
    """One home's views, each an array of its minutes; see `Past`."""

    expected: list[NDArray[np.bool_]]
    place: list[NDArray[np.int8]]
    where: list[NDArray[np.int8]]
    since: list[NDArray[np.int32]]
    certain: list[NDArray[np.bool_]]

    @classmethod
    def of(cls, home: Home, listening: NDArray[np.bool_]) -> _Heard:
        return cls(
            expected=[one.minutes.expected for one in home.views],
            place=[one.minutes.place for one in home.views],
            where=[one.place for one in home.views],
            since=[one.since.astype(np.int32) for one in home.views],
            certain=[certain(one.since, listening) for one in home.views],
        )

    def at(self, view: int, minute: int) -> tuple[int, int]:
        return int(self.since[view][minute]), int(self.where[view][minute])

    def odds_h(
        self,
        view: int,
        minute: int,
        life: NDArray[np.bool_],
        listening: NDArray[np.bool_],
        absent: NDArray[np.bool_],
        table: NDArray[np.float32],
    ) -> float:
        """Of the quiet that goes on before a minute, as one view has it."""
        alive = np.flatnonzero(life[:minute])
        begin = int(alive[-1]) if len(alive) else 0
        own = slice(begin + 1, minute)
        since, place = self.at(view, begin)
        state, _ = step(
            Quiet(since=np.array([since]), place=np.array([place], np.int8), odds_h=np.zeros(1)), table[None],
            life[None, own], self.expected[view][None, own], self.place[view][None, own],
            np.arange(own.start, own.stop) % DAY, listening[None, own], absent[None, own],
        )  # fmt: skip
        return float(state.odds_h[0])


def _taught(
    known: list[Counts],
    heard: list[_Heard],
    day: int,
    life: NDArray[np.bool_],
    listening: NDArray[np.bool_],
    settings: HabitSettings,
) -> tuple[list[Counts], list[Counts]]:
    """What is known after a day, of each view; and without the quiet that goes on, which would make itself usual."""
    over = listening.copy()
    own = life[:, day * DAY : (day + 1) * DAY]
    over[:, day * DAY : (day + 1) * DAY] &= np.flip(np.logical_or.accumulate(np.flip(own, axis=1), axis=1), axis=1)
    older = [one.forget(1, settings.half_life_days) for one in known]
    whole, until = (
        [one + _counts(heard, which, day, counted) for which, one in enumerate(older)] for counted in (listening, over)
    )
    return whole, until


def _counts(heard: list[_Heard], view: int, day: int, listening: NDArray[np.bool_]) -> Counts:
    """What a day teaches of one view; a home that has not so many learns its last one once more."""
    first = max(day * DAY, 1)
    own, before = slice(first, (day + 1) * DAY), slice(first - 1, (day + 1) * DAY - 1)
    each = [min(view, len(one.expected) - 1) for one in heard]
    return count(
        np.stack([one.expected[which][own] for one, which in zip(heard, each, strict=True)]),
        np.stack([one.since[which][before] for one, which in zip(heard, each, strict=True)]).astype(np.int64),
        np.stack([one.where[which][before] for one, which in zip(heard, each, strict=True)]),
        np.arange(own.start, own.stop) % DAY,
        listening[:, own] & np.stack([one.certain[which][before] for one, which in zip(heard, each, strict=True)]),
    )
