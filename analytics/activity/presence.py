"""Minutes in rooms, ways between them and visits by night, from what radar, motion and door sensors tell.

Everything stands on one grid of time (a second a step, or another). A room is PRESENT, ABSENT or UNKNOWN at a step:
while a sensor is not heard its room is unknown, and what is counted over too much of that is NaN. An outage is not
stillness.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
States = NDArray[np.int8]
UNKNOWN: Final = -1
ABSENT: Final = 0
PRESENT: Final = 1
NOWHERE: Final = -1  # of `whereabouts`: in no room that has a sensor
NOT_KNOWN: Final = -2
MOST_UNKNOWN: Final = 0.2  # of the steps that something is counted over
ONE_VISIT_S: Final = 60.0  # who is away for less has not left


def levels(at_s: Floats, on: NDArray[np.bool_], outages: Floats, *, steps: int, step_s: float = 1.0) -> States:
    """Of a sensor that says when somebody comes and goes (radar, occupancy).

    Args:
        at_s: float64 (n,), when, s since the grid's begin, ascending; before it counts as the state at the begin.
        on: bool (n,), whether somebody is there from then on.
        outages: float64 (k, 2), from and to, s, when it was not heard. What it said before is not known any more after.
        steps: of the grid.
        step_s: how long each is.

    Returns:
        int8 (steps,): UNKNOWN before the first word.
    """
    grid = np.arange(steps) * step_s
    last = np.searchsorted(at_s, grid, side="right") - 1
    found = np.full(steps, UNKNOWN, np.int8)
    said = last >= 0
    found[said] = on[last[said]].astype(np.int8)
    when = np.where(said, at_s[np.maximum(last, 0)] if len(at_s) else 0.0, -np.inf)
    for begin, end in outages:
        found[(grid >= begin) & ((grid < end) | (when < end))] = UNKNOWN
    return found


def pulses(at_s: Floats, outages: Floats, *, steps: int, step_s: float = 1.0, hold_s: float = 120.0) -> States:
    """Of a sensor that only says that something moved, or that its door did (motion, contact).

    Args:
        at_s: float64 (n,), when, s since the grid's begin, ascending.
        outages: as of `levels`.
        steps: of the grid.
        step_s: how long each is.
        hold_s: how long somebody is taken to be there after each.

    Returns:
        int8 (steps,).
    """
    grid = np.arange(steps) * step_s
    last = np.searchsorted(at_s, grid, side="right") - 1
    when = np.where(last >= 0, at_s[np.maximum(last, 0)] if len(at_s) else 0.0, -np.inf)
    found = (grid - when < hold_s).astype(np.int8)
    for begin, end in outages:
        found[(grid >= begin) & (grid < end)] = UNKNOWN
    return found


def minutes(state: States, *, step_s: float = 1.0, every: int | None = None) -> Floats:
    """Minutes of presence.

    Args:
        state: int8 (..., T).
        step_s: how long a step is.
        every: steps of a piece that is counted by itself (3600 of a second: hours); else all of them.

    Returns:
        float64 (..., T // every): what was known, made up to the whole; NaN where too much is unknown.
    """
    every = state.shape[-1] if every is None else every
    pieces = state[..., : state.shape[-1] // every * every].reshape(*state.shape[:-1], -1, every)
    known = (pieces != UNKNOWN).mean(axis=-1)
    there = (pieces == PRESENT).sum(axis=-1) * step_s / 60.0
    return np.where(known >= 1 - MOST_UNKNOWN, there / np.maximum(known, 1e-9), np.nan)


def whereabouts(state: States) -> NDArray[np.int16]:
    """In which room one person is: of those that say so, the one that began to say so last.

    Args:
        state: int8 (R, T).

    Returns:
        int16 (T,): the room; NOWHERE where all that are heard say no; NOT_KNOWN where none says yes and one is unknown.
    """
    rooms, steps = state.shape
    if not rooms or not steps:
        return np.full(steps, NOT_KNOWN, np.int16)
    there = state == PRESENT
    begins = there & ~np.pad(there, ((0, 0), (1, 0)))[:, :-1]
    since = np.maximum.accumulate(np.where(begins, np.arange(steps), -1), axis=1)
    newest = np.where(there, since, -1)
    found: NDArray[np.int16] = newest.argmax(axis=0).astype(np.int16)
    nobody = ~there.any(axis=0)
    found[nobody] = np.where((state == UNKNOWN).any(axis=0), NOT_KNOWN, NOWHERE)[nobody]
    return found


def transitions(where: NDArray[np.int16], rooms: int) -> Floats:
    """How often one person went from each room to each other.

    Args:
        where: int16 (T,), of `whereabouts`. A way through NOWHERE (a hall) counts, one through NOT_KNOWN does not.
        rooms: how many there are.

    Returns:
        float64 (rooms, rooms), from and to; NaN everywhere when too much is not known.
    """
    if not len(where) or (where == NOT_KNOWN).mean() > MOST_UNKNOWN:
        return np.full((rooms, rooms), np.nan)
    kept = where[where != NOWHERE]
    changes = np.flatnonzero(np.diff(kept) != 0)
    first, second = kept[changes], kept[changes + 1]
    both = (first >= 0) & (second >= 0)
    found = np.zeros((rooms, rooms))
    np.add.at(found, (first[both], second[both]), 1.0)
    return found


def visits(state: States, night: NDArray[np.bool_], *, step_s: float = 1.0) -> float:
    """How often somebody went to a room by night.

    Args:
        state: int8 (T,), of the bathroom.
        night: bool (T,), which steps are night.
        step_s: how long a step is.

    Returns:
        The visits that began by night; NaN where too much of the night is unknown. Who is away for less than a minute
        has not left, and what an outage cuts in two is one.
    """
    mine = state[night]
    if not len(mine) or (mine == UNKNOWN).mean() > MOST_UNKNOWN:
        return float("nan")
    there = np.flatnonzero(state == PRESENT)
    if not len(there):
        return 0.0
    absent = np.concatenate(([0], np.cumsum(state == ABSENT)))
    # Steps of known absence between one step of presence and the next.
    away = absent[there[1:]] - absent[there[:-1]]
    begins = there[np.concatenate(([True], away * step_s >= ONE_VISIT_S))]
    return float(night[begins].sum())
