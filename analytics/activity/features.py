"""Activity of a home hour by hour, and what a day looked like: arrays with NaN where nothing is known.

What a sensor did not see because it was out, or because nobody listened, is not known; it is never read as stillness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.events import LIFE, Events, Kind, Place
from analytics.activity.habits import DAY
from analytics.activity.outages import mask, outages

HOURS: Final = 24
HOUR: Final = 60
# Of each hour: lively minutes in five places and anywhere, changes of place, minutes out of home.
FEATURES: Final = (
    "bedroom", "living room", "kitchen", "bathroom", "entrance", "any room", "changes of room", "out of home",
)  # fmt: skip
_ROOMS: Final = (Place.BEDROOM, Place.LIVING, Place.KITCHEN, Place.BATHROOM, Place.ENTRANCE)
ANYWHERE: Final = len(_ROOMS)
CHANGES: Final = ANYWHERE + 1
OUT: Final = ANYWHERE + 2

_EVENING_H: Final = 18  # where one looks for the night's rest …
_NOON_H: Final = 14  # … until
_AWAKE_H: Final = (8, 20)  # nearly everybody is
NIGHT_H: Final = (22, 6)  # visits to the bathroom count in between
_VISIT: Final = 15  # minutes; lively ones closer together are one visit
_DENSITY: Final = 0.5  # of a waking hour's lively minutes; fewer are rest
_STIRS: Final = (4.0, 60.0)  # quiet minutes that one lively minute outweighs in a night's rest: least, most
_REST_H: Final = 3.0  # less is a nap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """What each day looked like, float64 (days,), NaN where it is not known.

    Attributes:
        bathroom_by_night: visits between ten and six, of the night that ends on this day.
        rise_h: hour at which the resident got up, of the clock.
        bed_h: hour at which the resident went to bed on the evening before; above 24 is after midnight.
        out_h: hours out of home.
        longest_quiet_h: the longest quiet at home between six and ten in the evening.
    """

    bathroom_by_night: NDArray[np.float64]
    rise_h: NDArray[np.float64]
    bed_h: NDArray[np.float64]
    out_h: NDArray[np.float64]
    longest_quiet_h: NDArray[np.float64]


def hourly(events: Events, listening: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Each hour of a home, float32 (days, 24, len(FEATURES)).

    Args:
        events: of one home.
        listening: minutes in which the home was heard, bool (days * 1440,); all when None.
    """
    known = _Known.of(events, listening)
    seen = cut.minutes(events, events.days * DAY)
    place = cut.where(seen.place)
    changes = (seen.place != cut.NOWHERE) & (place != np.roll(place, 1))
    columns = [*known.lively, known.lively.any(axis=0), changes, place == Place.OUT]
    dark = [*known.room_dark, known.dark, known.dark, known.door_dark]
    shape = (len(FEATURES), events.days, HOURS, HOUR)
    values = np.stack(columns).reshape(shape).sum(axis=3).astype(np.float32)
    values[np.stack(dark).reshape(shape).any(axis=3)] = np.nan
    return np.ascontiguousarray(values.transpose(1, 2, 0))


def daily(events: Events, listening: NDArray[np.bool_] | None = None) -> Day:
    """Each day of a home; see `hourly` for the arguments. Of the first day the night before is not known."""
    known = _Known.of(events, listening)
    anywhere = np.asarray(known.lively.any(axis=0))
    out = np.asarray(cut.where(cut.minutes(events, events.days * DAY).place) == Place.OUT)
    stirs = _stirs(anywhere, known.dark | out)
    visits, rise, bed = (np.full(events.days, np.nan) for _ in range(3))
    for day in range(1, events.days):
        night = slice((day - 1) * DAY + NIGHT_H[0] * HOUR, day * DAY + NIGHT_H[1] * HOUR)
        if not known.room_dark[Place.BATHROOM, night].any():
            visits[day] = _visits(known.lively[Place.BATHROOM, night])
        rest = slice((day - 1) * DAY + _EVENING_H * HOUR, day * DAY + _NOON_H * HOUR)
        if not known.dark[rest].any():
            bed[day], rise[day] = _rest(anywhere[rest] | out[rest], stirs)
    awake = slice(NIGHT_H[1] * HOUR, NIGHT_H[0] * HOUR)
    quiet, dark, away = (
        part.reshape(events.days, DAY) for part in (cut.since(anywhere | out), known.dark, known.door_dark)
    )
    return Day(
        bathroom_by_night=visits,
        rise_h=rise,
        bed_h=bed,
        out_h=np.where(away.any(axis=1), np.nan, out.reshape(events.days, DAY).sum(axis=1) / HOUR),
        longest_quiet_h=np.where(dark[:, awake].any(axis=1), np.nan, quiet[:, awake].max(axis=1) / HOUR),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """Minutes that moved and minutes of which it is not known.

    Attributes:
        lively: of each room, bool (rooms, minutes).
        room_dark: its motion sensor was out or missing, or nobody listened, bool (rooms, minutes).
        dark: any motion sensor that there is was out, or nobody listened, bool (minutes,).
        door_dark: the outer door's contact was, bool (minutes,).
    """

    lively: NDArray[np.bool_]
    room_dark: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    door_dark: NDArray[np.bool_]

    @classmethod
    def of(cls, events: Events, listening: NDArray[np.bool_] | None) -> _Known:
        count = events.days * DAY
        deaf = np.zeros(count, bool) if listening is None else np.logical_not(listening)
        spans = outages(events)
        minute = (events.at_s // 60).astype(np.int64)
        lively = np.zeros((len(_ROOMS), count), bool)
        room_dark = np.zeros((len(_ROOMS), count), bool)
        for room in _ROOMS:
            own = [index for index, one in enumerate(events.sensors) if one.kind in LIFE and one.place == room]
            lively[room, minute[np.isin(events.sensor, own)]] = True
            moving = {index for index in own if events.sensors[index].kind is Kind.MOTION}
            room_dark[room] = deaf | (mask([one for one in spans if one.sensor in moving], count) if moving else True)
        motion, door = events.of_kinds(Kind.MOTION), events.of_kinds(Kind.DOOR)
        dark = deaf | mask([one for one in spans if motion[one.sensor]], count)
        door_dark = deaf | (mask([one for one in spans if door[one.sensor]], count) if door.any() else True)
        return cls(lively=lively, room_dark=room_dark, dark=dark, door_dark=door_dark)


def _visits(lively: NDArray[np.bool_]) -> int:
    at = np.flatnonzero(lively)
    return int(len(at) > 0) + int((np.diff(at) > _VISIT).sum())


def _stirs(lively: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> float:
    """How much a lively minute weighs against rest in this home: where sensors seldom speak by day it weighs more."""
    hour = np.arange(len(lively)) // HOUR % HOURS
    awake = (hour >= _AWAKE_H[0]) & (hour < _AWAKE_H[1]) & ~unknown
    share = float(lively[awake].mean()) if awake.any() else 0.0
    return min(max(1 / max(_DENSITY * share, 1e-9) - 1, _STIRS[0]), _STIRS[1])


def _rest(lively: NDArray[np.bool_], stirs: float) -> tuple[float, float]:
    """Hours of the clock at which the night's rest began (above 24 after midnight) and ended; NaN where there is none.

    The stretch with the most quiet minutes, each lively one counted as `stirs` against it (the maximum-sum stretch).
    """
    gain = np.concatenate([[0], np.cumsum(np.where(lively, -stirs, 1.0))])
    end = int(np.argmax(gain - np.minimum.accumulate(gain)))
    begin = int(np.argmin(gain[: end + 1]))
    if end - begin < _REST_H * HOUR:
        return float("nan"), float("nan")
    return _EVENING_H + begin / HOUR, _EVENING_H + end / HOUR - HOURS
