"""Activity of a home hour by hour, and what a day looked like: arrays with NaN where nothing is known.

What a sensor did not see because it was out, or because nobody listened, is not known; it is never read as stillness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity import minutes as cut
from analytics.activity.events import DAY_S, LIFE, Events, Kind, Place
from analytics.activity.habits import DAY
from analytics.activity.missed import TIMES
from analytics.activity.outages import LONGER, mask, outages
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
_ASLEEP_H: Final = (0, 6)  # hours in which hardly anybody is still, or already, up …
_MOSTLY: Final = 0.8  # … nor is this resident on so many of the nights
_ASLEEP_LEAST_H: Final = 3
_WEEK: Final = 7
_FIRST_NIGHTS: Final = 28  # before which nothing is said of changes (`noticed.KNOWN_DAYS`)
_ENOUGH_NIGHTS: Final = 7  # on which all sensors were heard; where there are fewer, all nights count
_LEAST_AT_HOME_H: Final = 5.0  # between six and ten in the evening; of a day with less nothing can be said
_ALONE: Final = 2  # openings without motion in the same room around them: its motion sensor is out
_AROUND: Final = 10  # minutes
_WITNESS: Final = 0.5  # of the days; a contact that speaks on more of them usually does …
_SURE_WITNESS: Final = 6.0  # … and opened so often a day, it keeps silent by chance on one day in 400 (Poisson)
_VISIT: Final = 15  # minutes; lively ones closer together are one visit …
_SHORT_VISIT: Final = 10  # … and where each is counted for itself


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Day:
    """What each day looked like, float64 (days,), NaN where it is not known.

    Attributes:
        bathroom_by_night: visits between ten and six, of the night that ends on this day.
        rise_h: hour at which the resident got up, of the clock.
        no_bedroom: the bedroom's sensor was out from the evening before until noon, bool (days,); never of a home
            without one.
        bed_h: hour at which the resident went to bed on the evening before; above 24 is after midnight.
        out_h: hours out of home.
        longest_quiet_h: the longest quiet at home between six and ten in the evening.
        bathroom_asleep: visits in the hours after midnight in which this resident usually sleeps.
        rooms_asleep: lively minutes in these hours in rooms that are neither bedroom nor bathroom.
        kitchen_visits: begun in each hour as its motion sensors tell, float64 (days, 24). Of a day without a word of
            them nothing is known, unless the room's contacts (fridge, cupboard), which usually speak, kept silent too;
            nor of one on which these were moved and no motion was seen; nor of one at home without any sign of life
            between six and ten in the evening, which is more than a kitchen that was not gone to.
        kitchen_waits: such a silent day counts only when the motion sensor has spoken again, for it may have failed and
            the contacts, which speak seldom, have kept silent by chance, bool (days,).
        at_home: share of each hour that the resident was at home, float64 (days, 24).
        away: hardly at home at all, bool (days,): nothing is unusual about a day that was spent elsewhere.
        slept_out: the night that ends on this day was spent elsewhere, bool (days,).
        one_out: a motion sensor was out, or nobody listened, between the evening before and noon, bool (days,).
    """

    bathroom_by_night: NDArray[np.float64]
    rise_h: NDArray[np.float64]
    no_bedroom: NDArray[np.bool_]
    bed_h: NDArray[np.float64]
    out_h: NDArray[np.float64]
    longest_quiet_h: NDArray[np.float64]
    bathroom_asleep: NDArray[np.float64]
    rooms_asleep: NDArray[np.float64]
    kitchen_visits: NDArray[np.float64]
    kitchen_waits: NDArray[np.bool_]
    at_home: NDArray[np.float64]
    away: NDArray[np.bool_]
    slept_out: NDArray[np.bool_]
    one_out: NDArray[np.bool_]


def hourly(events: Events, listening: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Each hour of a home, float32 (days, 24, len(FEATURES)).

    Args:
        events: of one home.
        listening: minutes in which the home was heard, bool (days * 1440,); all when None.
    """
    return _hourly(events, _Known.of(events, listening, LONGER))


def _hourly(events: Events, known: _Known) -> NDArray[np.float32]:
    seen = cut.minutes(events, events.days * DAY)
    place = cut.where(seen.place)
    changes = (seen.place != cut.NOWHERE) & (place != np.roll(place, 1))
    columns = [*known.lively, known.lively.any(axis=0), changes, place == Place.OUT]
    dark = [*known.room_dark, known.dark, known.dark, known.door_dark]
    shape = (len(FEATURES), events.days, HOURS, HOUR)
    values = np.stack(columns).reshape(shape).sum(axis=3).astype(np.float32)
    values[np.stack(dark).reshape(shape).any(axis=3)] = np.nan
    return np.ascontiguousarray(values.transpose(1, 2, 0))


def daily(
    events: Events, listening: NDArray[np.bool_] | None = None, clock_h: NDArray[np.float64] | None = None
) -> Day:
    """Each day of a home. Of the first day the night before is not known.

    Args:
        events: of one home.
        listening: as in `hourly`.
        clock_h: how much later by the clock the resident may live than usual, because clocks were put forward, hours,
            float64 (days,) (`clocktime.lag_h`); 0 when None. The hours asleep are then the ones on either clock.
    """
    return _daily(events, _Known.of(events, listening), clock_h)


def both(
    events: Events, listening: NDArray[np.bool_] | None = None, clock_h: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float32], Day]:
    """`hourly` and `daily`."""
    return hourly(events, listening), daily(events, listening, clock_h)


def _daily(events: Events, known: _Known, clock_h: NDArray[np.float64] | None) -> Day:
    anywhere = np.asarray(known.lively.any(axis=0))
    out = np.asarray(cut.where(cut.minutes(events, events.days * DAY).place) == Place.OUT)
    # The bedroom tells least of when one got up: a night of which only its sensor was out is known all the same.
    bed, rise = rests(known.lively, known.room_dark, known.elsewhere_dark | known.room_dark[Place.BATHROOM], out)
    visits, deep, rooms = (np.full(events.days, np.nan) for _ in range(3))
    one_out, slept_out = _one_out(known.dark, events.days), np.zeros(events.days, bool)
    lag = np.zeros(events.days, np.int64) if clock_h is None else (clock_h * HOUR).astype(np.int64)
    # Told by the other rooms, or by a clock that was just changed, a night's hours are not the same.
    asleep = _asleep(bed, rise, ~one_out & (lag == 0))
    at_home = 1 - out.reshape(events.days, HOURS, HOUR).mean(axis=2)
    away = at_home[:, NIGHT_H[1] : NIGHT_H[0]].sum(axis=1) < _LEAST_AT_HOME_H
    for day in range(events.days):
        midnight = day * DAY
        night = slice(max(0, midnight - DAY + NIGHT_H[0] * HOUR), midnight + NIGHT_H[1] * HOUR)
        if day and not known.room_dark[Place.BATHROOM, night].any():
            visits[day] = _visits(known.lively[Place.BATHROOM, night], _VISIT)
        own = slice(midnight + asleep[day, 0] + max(0, lag[day]), midnight + asleep[day, 1] + min(0, lag[day]))
        if out[own].mean() > _MOSTLY:
            bed[day] = rise[day] = np.nan
            slept_out[day] = True
            continue
        if not known.room_dark[Place.BATHROOM, own].any():
            deep[day] = _visits(known.lively[Place.BATHROOM, own], _SHORT_VISIT)
        if not known.elsewhere_dark[own].any():
            rooms[day] = known.lively[_ELSEWHERE, own].any(axis=0).sum()
    awake = slice(NIGHT_H[1] * HOUR, NIGHT_H[0] * HOUR)
    quiet, dark, door_dark = (
        part.reshape(events.days, DAY) for part in (cut.since(anywhere | out), known.dark, known.door_dark)
    )
    kitchen, waits = _kitchen(events, known.room_dark[Place.KITCHEN])
    kitchen[~(away | anywhere.reshape(events.days, DAY)[:, awake].any(axis=1))] = np.nan
    return Day(
        bathroom_by_night=visits,
        rise_h=rise,
        no_bedroom=_out_all_night(known.room_dark[Place.BEDROOM], events.days),
        bed_h=bed,
        out_h=np.where(door_dark.any(axis=1) | away, np.nan, HOURS - at_home.sum(axis=1)),
        longest_quiet_h=np.where(dark[:, awake].any(axis=1) | away, np.nan, quiet[:, awake].max(axis=1) / HOUR),
        bathroom_asleep=deep,
        rooms_asleep=rooms,
        kitchen_visits=kitchen,
        kitchen_waits=waits,
        at_home=at_home,
        away=away,
        slept_out=slept_out,
        one_out=one_out,
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
    def of(cls, events: Events, listening: NDArray[np.bool_] | None, times: float = TIMES) -> _Known:
        count = events.days * DAY
        deaf = np.zeros(count, bool) if listening is None else np.logical_not(listening)
        spans = outages(events, times=times)
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


def _one_out(dark: NDArray[np.bool_], days: int) -> NDArray[np.bool_]:
    half = np.asarray(dark.reshape(days, 2, DAY // 2).any(axis=2))
    return np.asarray(half[:, 0] | np.concatenate([[False], half[:-1, 1]]))


def _out_all_night(dark: NDArray[np.bool_], days: int) -> NDArray[np.bool_]:
    nights = np.concatenate([np.zeros(DAY // 4, bool), dark[: -DAY // 4]]).reshape(days, DAY)[:, : DAY * 3 // 4]
    return np.asarray(nights.all(axis=1) & ~dark.all())


def _kitchen(events: Events, dark: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Visits begun in each hour, float64 (days, 24), and days that wait, bool (days,); see `Day`."""
    moved, opened = (np.zeros(events.days * DAY, bool) for _ in range(2))
    for kind, minutes in ((Kind.MOTION, moved), (Kind.CONTACT, opened)):
        own = np.array([one.kind is kind and one.place == Place.KITCHEN for one in events.sensors], bool)[events.sensor]
        minutes[(events.at_s[own] // 60).astype(np.int64)] = True
        openings = np.bincount((events.at_s[own & events.on] // DAY_S).astype(np.int64), minlength=events.days)
    found = _begun(moved, dark)
    # What moved there by night says nothing of a sensor that fails before the morning.
    spoke = np.asarray(moved.reshape(events.days, DAY)[:, NIGHT_H[1] * HOUR : NIGHT_H[0] * HOUR].any(axis=1))
    witness = np.asarray(opened.reshape(events.days, DAY).any(axis=1))
    usually = witness[spoke].mean() if spoke.any() else 0.0
    near = np.convolve(moved, np.ones(2 * _AROUND + 1), mode="same") > 0.5
    alone = (opened & ~near).reshape(events.days, DAY).sum(axis=1)
    found[(~spoke & (witness | (usually <= _WITNESS))) | (alone >= _ALONE)] = np.nan
    return found, ~spoke & bool(not spoke.any() or openings[spoke].mean() < _SURE_WITNESS)


def _asleep(bed_h: NDArray[np.float64], rise_h: NDArray[np.float64], heard: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Minutes of each day from which on and until which this resident sleeps on most nights, int64 (days, 2).

    Each week as the nights before it had it that were wholly heard; the first weeks as they have it themselves.
    """
    found = np.empty((len(bed_h), 2), np.int64)
    whole = ~np.isnan(bed_h + rise_h)
    for week in range(0, len(bed_h), _WEEK):
        known = whole.copy()
        known[max(week, _FIRST_NIGHTS) :] = False
        known = known & heard if (known & heard).sum() >= _ENOUGH_NIGHTS else known
        first, last = (60 * one for one in _ASLEEP_H)
        if known.any():
            late, early = np.quantile(bed_h[known], _MOSTLY) - HOURS, np.quantile(rise_h[known], 1 - _MOSTLY)
            first = min(max(first, round(late * HOUR)), last - _ASLEEP_LEAST_H * HOUR)
            last = max(min(last, round(early * HOUR)), first + _ASLEEP_LEAST_H * HOUR)
        found[week : week + _WEEK] = first, last
    return found


def _visits(lively: NDArray[np.bool_], apart: int) -> int:
    at = np.flatnonzero(lively)
    return int(len(at) > 0) + int((np.diff(at) > apart).sum())


def _begun(lively: NDArray[np.bool_], dark: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Visits begun in each hour, float64 (days, 24), NaN where the sensor was out."""
    at = np.flatnonzero(lively)
    first = at[np.concatenate([[True], np.diff(at) > _SHORT_VISIT])] if len(at) else at
    found = np.bincount(first // HOUR, minlength=len(lively) // HOUR).astype(np.float64)
    found[dark.reshape(-1, HOUR).any(axis=1)] = np.nan
    return found.reshape(-1, HOURS)
