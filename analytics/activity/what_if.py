"""What a promise would have meant: how soon alerts had come, had nothing been heard any more from some moment on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.caution import DOUBTED_MIN, HELD_MIN
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import NOWHERE
from analytics.activity.past import Past
from analytics.activity.running import Habits, Learnt

HORIZON: Final = 24 * 60  # minutes after the moment; what is not noticed by then counts as that long
_EVERY: Final = 173  # minutes from one moment to the next: no divisor of a day, so that all hours have their share
_NIGHT: Final = (22 * 60, 7 * 60)


def delays_h(
    events: Events,
    learnt: Learnt,
    listening: NDArray[np.bool_],
    thresholds_h: NDArray[np.float64],
    *,
    days: int = 30,
    others: Sequence[tuple[Habits, float]] = (),
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How long after an emergency the alert would have come, at moments of the last days at home.

    Habits are those of now, which know these days: a little too good, most of all in the first weeks.

    Args:
        events: the record that was learnt from.
        learnt: see `running.learn`.
        listening: minutes in which the home was heard, bool (days of the record * 1440,).
        thresholds_h: of the statistic, float64 (levels,).
        days: how far back.
        others: of `running.less_one`, and minutes for which that failure may not be known: an alert comes when the
            threshold is reached in these, too, or `HELD_MIN` later.

    Returns:
        Hours, float64 (levels, moments), at most `HORIZON`; and which moments were by night, bool (moments,).
    """
    past = Past.of(events, learnt.days, learnt.doubted, listening)
    count = learnt.days * DAY
    moments = np.arange(max(1, count - days * DAY), count, _EVERY)
    alive = np.maximum.accumulate(np.where(past.minutes.life, np.arange(count), -1))
    last = alive[moments]
    waited = moments - last
    usable = (last >= 0) & past.listening[moments] & (past.place[moments] != Place.OUT) & (waited < HORIZON)
    moments, last, waited = moments[usable], last[usable], waited[usable]
    whole = _path(past, learnt, last)
    found = _reached(whole, waited, thresholds_h)
    latest = np.minimum(found + HELD_MIN / 60, HORIZON / 60)
    if learnt.doubted:
        found = np.minimum(found + DOUBTED_MIN / 60, HORIZON / 60)
    for one, minutes in others:
        path = _path(Past.of(events, one.days, one.doubted, listening), one, last)
        if minutes < path.shape[1]:
            path = _as_if_failed(whole, path, int(minutes))
        found = np.maximum(found, np.minimum(_reached(path, waited, thresholds_h), latest))
    of_day = moments % DAY
    return found, (of_day >= _NIGHT[0]) | (of_day < _NIGHT[1])


def _path(past: Past, learnt: Habits, last: NDArray[np.int64]) -> NDArray[np.float64]:
    """The statistic in the minutes after each last word, were nothing heard any more, hours, float64 (moments, …)."""
    nothing = np.zeros((len(last), 2 * HORIZON), bool)
    clock = (last[:, None] + 1 + np.arange(2 * HORIZON)) % DAY
    _, path = step(
        Quiet(since=past.since[last], place=past.place[last], odds_h=np.zeros(len(last))),
        np.broadcast_to(learnt.hazard, (len(last), *learnt.hazard.shape[1:])),
        nothing, nothing, np.full(nothing.shape, NOWHERE, np.int8), clock,
    )  # fmt: skip
    return path


def _as_if_failed(whole: NDArray[np.float64], other: NDArray[np.float64], minutes: int) -> NDArray[np.float64]:
    """`running.as_if_failed` of each minute, but for what begins to count in the last `minutes` alone: very little."""
    found = other.copy()
    found[:, minutes:] *= whole[:, : whole.shape[1] - minutes] / np.maximum(other[:, : other.shape[1] - minutes], 1e-9)
    return found


def _reached(
    path: NDArray[np.float64], waited: NDArray[np.int64], thresholds_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Hours from each moment, `waited` minutes after the last word, float64 (levels, moments)."""
    found = np.empty((len(thresholds_h), len(path)))
    for row, threshold in enumerate(thresholds_h.tolist()):
        above = path >= threshold
        first = np.where(above.any(axis=1), above.argmax(axis=1), 2 * HORIZON)
        # What was above it before the moment had called already, falsely: it had been there at once.
        found[row] = np.clip(first + 1 - waited, 0, HORIZON) / 60
    return found
