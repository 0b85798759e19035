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
from analytics.activity.rest import rests

HOURS: Final = 24
HOUR: Final = 60
# Of each hour: lively minutes in five places and anywhere, changes of place, minutes out of home.
FEATURES: Final = (
    "bedroom", "living room", "kitchen", "bathroom", "entrance", "any room", "changes of room", "out of home",
)  # fmt: skip
_ROOMS: Final = (Place.BEDROOM, Place.LIVING, Place.KITCHEN, Place.BATHROOM, Place.ENTRANCE)
_ELSEWHERE: Final = [_ROOMS.index(room) for room in (Place.LIVING, Place.KITCHEN, Place.ENTRANCE)]
ANYWHERE: Final = len(_ROOMS)
CHANGES: Final = ANYWHERE + 1
OUT: Final = ANYWHERE + 2

NIGHT_H: Final = (22, 6)  # visits to the bathroom count in between
_DEEP_H: Final = (0, 6)  # hours of the night in which hardly anybody is still, or already, up
_DEEPEST_H: Final = (1, 5)
_AWAKE_H: Final = (6, 22)
_VISIT: Final = 15  # minutes; lively ones closer together are one visit …
_SHORT_VISIT: Final = 10  # … and where each is counted for itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """What each day looked like, float64 (days,), NaN where it is not known.

    Attributes:
        bathroom_by_night: visits between ten and six, of the night that ends on this day.
        rise_h: hour at which the resident got up, of the clock.
        bed_h: hour at which the resident went to bed on the evening before; above 24 is after midnight.
        out_h: hours out of home.
        longest_quiet_h: the longest quiet at home between six and ten in the evening.
        bathroom_after_midnight: visits between midnight and six.
        rooms_by_night: lively minutes between one and five in rooms that are neither bedroom nor bathroom.
        kitchen_visits: between six and ten in the evening.
    """

    bathroom_by_night: NDArray[np.float64]
    rise_h: NDArray[np.float64]
    bed_h: NDArray[np.float64]
    out_h: NDArray[np.float64]
    longest_quiet_h: NDArray[np.float64]
    bathroom_after_midnight: NDArray[np.float64]
    rooms_by_night: NDArray[np.float64]
    kitchen_visits: NDArray[np.float64]


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
    bed, rise = rests(known.lively, known.dark, out)
    visits, after_midnight, rooms, kitchen = (np.full(events.days, np.nan) for _ in range(4))
    for day in range(events.days):
        midnight = day * DAY
        night = slice(max(0, midnight - DAY + NIGHT_H[0] * HOUR), midnight + NIGHT_H[1] * HOUR)
        deep, deepest, by_day = (
            slice(midnight + first * HOUR, midnight + last * HOUR) for first, last in (_DEEP_H, _DEEPEST_H, _AWAKE_H)
        )
        if day and not known.room_dark[Place.BATHROOM, night].any():
            visits[day] = _visits(known.lively[Place.BATHROOM, night], _VISIT)
        if not known.room_dark[Place.BATHROOM, deep].any():
            after_midnight[day] = _visits(known.lively[Place.BATHROOM, deep], _SHORT_VISIT)
        if not known.elsewhere_dark[deepest].any():
            rooms[day] = known.lively[_ELSEWHERE, deepest].any(axis=0).sum()
        if not known.room_dark[Place.KITCHEN, by_day].any():
            kitchen[day] = _visits(known.lively[Place.KITCHEN, by_day], _SHORT_VISIT)
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
        bathroom_after_midnight=after_midnight,
        rooms_by_night=rooms,
        kitchen_visits=kitchen,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Known:
    """Minutes that moved and minutes of which it is not known.

    Attributes:
        lively: of each room, bool (rooms, minutes).
        room_dark: its motion sensor was out or missing, or nobody listened, bool (rooms, minutes).
        dark: any motion sensor that there is was out, or nobody listened, bool (minutes,).
        elsewhere_dark: a motion sensor in a room that is neither bedroom nor bathroom was, bool (minutes,).
        door_dark: the outer door's contact was, bool (minutes,).
    """

    lively: NDArray[np.bool_]
    room_dark: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    elsewhere_dark: NDArray[np.bool_]
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
        elsewhere = motion & np.isin([one.place for one in events.sensors], [_ROOMS[index] for index in _ELSEWHERE])
        dark = deaf | mask([one for one in spans if motion[one.sensor]], count)
        elsewhere_dark = deaf | mask([one for one in spans if elsewhere[one.sensor]], count)
        door_dark = deaf | (mask([one for one in spans if door[one.sensor]], count) if door.any() else True)
        return cls(lively=lively, room_dark=room_dark, dark=dark, elsewhere_dark=elsewhere_dark, door_dark=door_dark)


def _visits(lively: NDArray[np.bool_], apart: int) -> int:
    at = np.flatnonzero(lively)
    return int(len(at) > 0) + int((np.diff(at) > apart).sum())
