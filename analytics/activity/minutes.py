"""Events cut into minutes: was there life, was there what is expected, where was the resident last.

Out of home is a rule of the outer door: once it moved, only motion away from the entrance (or at the entrance a minute
later) says that somebody is still inside. Where the door's contact is broken or missing, the entrance itself stands for
it: who was last seen there has presumably left. Any motion anywhere ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import LIFE, Events, Kind, Place

NOWHERE: Final = -1  # nothing said where the resident is in this minute
AWAY_MIN: Final = 12 * 60  # nobody is out for so long on an ordinary day
DOOR_S: Final = 60.0  # somebody who leaves is still seen at the entrance while the door moves


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minutes:
    """Minutes of a home.

    Attributes:
        life: any motion sensor or contact spoke, bool (minutes,).
        expected: one of those that are believed spoke, bool (minutes,).
        place: where the last believed event of the minute was, int8 (minutes,), `NOWHERE` where there was none.
    """

    life: NDArray[np.bool_]
    expected: NDArray[np.bool_]
    place: NDArray[np.int8]


def minutes(events: Events, count: int, doubted: frozenset[int] = frozenset()) -> Minutes:
    """The first `count` minutes of a record as they look to the sensors that are believed.

    Args:
        events: of one home.
        count: minutes from midnight of its first day on.
        doubted: sensors of which nothing is expected.
    """
    lively = events.of_kinds(*LIFE)
    believed = lively.copy()
    believed[list(doubted)] = False
    within = events.at_s < 60.0 * count
    at_s, sensor, on = events.at_s[within], events.sensor[within], events.on[within]
    life, expected = np.zeros(count, bool), np.zeros(count, bool)
    place = np.full(count, NOWHERE, np.int8)
    life[(at_s[lively[sensor]] // 60).astype(np.int64)] = True

    own = believed[sensor]
    minute = (at_s[own] // 60).astype(np.int64)
    expected[minute] = True
    where = _where(events, believed, at_s[own], sensor[own], on[own])
    told = where != NOWHERE
    place[minute[told]] = where[told]  # of several in one minute NumPy keeps the last
    return Minutes(life=life, expected=expected, place=place)


def _where(
    events: Events,
    believed: NDArray[np.bool_],
    at_s: NDArray[np.float64],
    sensor: NDArray[np.int16],
    on: NDArray[np.bool_],
) -> NDArray[np.int8]:
    """What each event says of the resident's place, int8 (n,)."""
    door, moves = events.of_kinds(Kind.DOOR), events.of_kinds(Kind.MOTION)
    places = np.array([one.place for one in events.sensors], np.int8)
    if not (door & believed).any():
        places = np.where(places == Place.ENTRANCE, np.int8(Place.OUT), places)
    # A motion sensor that falls still says nothing new: the one who left it is elsewhere by then.
    where = np.where(moves[sensor] & ~on, np.int8(NOWHERE), places[sensor])
    where[door[sensor]] = Place.OUT
    last_door = np.maximum.accumulate(np.where(door[sensor], at_s, -np.inf)) if len(at_s) else at_s
    seen_out = moves[sensor] & (places[sensor] == Place.ENTRANCE) & (at_s - last_door < DOOR_S)
    where[seen_out] = NOWHERE
    return where.astype(np.int8)


def since(expected: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Minutes since the last expected event as known at each minute's end, int64 (minutes,); 0 in its own minute.

    Before the first event it counts from the beginning of the record.
    """
    index = np.arange(expected.shape[-1])
    last = np.maximum.accumulate(np.where(expected, index, -1))
    return np.asarray(index - last, np.int64)


def away(place: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Minutes of absences of `AWAY_MIN` and more; `place` as of `where`, bool (minutes,)."""
    out = place == Place.OUT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], out, [False]]).astype(np.int8)))
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        out[begin:end] = end - begin >= AWAY_MIN
    return np.asarray(out, bool)


def where(place: NDArray[np.int8], first: Place = Place.OTHER) -> NDArray[np.int8]:
    """The last known place at each minute's end, int8 (minutes,)."""
    index = np.arange(len(place))
    last = np.maximum.accumulate(np.where(place != NOWHERE, index, -1))
    return np.where(last >= 0, place[np.maximum(last, 0)], np.int8(first)).astype(np.int8)
