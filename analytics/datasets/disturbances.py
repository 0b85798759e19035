"""What happens in homes and is nobody's emergency, put into made-up days: the same resident with it and without.

Sensors that fail, a gateway that is off, clocks that are put forward and back, a week away, a guest. Each returns the
record as the gateway would have it, and the minutes in which it listened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from analytics.activity import clocktime
from analytics.activity.checkins import check_in
from analytics.activity.events import DAY_S, Events
from analytics.datasets.injected import joined
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, KITCHEN, LIVING, made_up, without
from analytics.datasets.made_up_people import someone

ZONE: Final = ZoneInfo("Europe/Helsinki")
SPRING: Final = np.datetime64("2025-03-30")  # clocks were put forward from 03:00 to 04:00
AUTUMN: Final = np.datetime64("2025-10-26")  # and back from 04:00 to 03:00
MOTION: Final = (BEDROOM, LIVING, KITCHEN, BATHROOM, ENTRANCE)
_SUPERVISED_S: Final = 3600.0  # a system that misses its sensors says so within an hour or so
CHECKS_IN_S: Final = 55 * 60.0  # of Aqara's motion sensors: see `checkins`
_ON_THE_AIR: Final = 1 / 200
_ADAPTS_DAYS: Final = 4  # until the body's clock has followed the one on the wall
_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lived:
    """A record as the gateway has it.

    Attributes:
        events: what it heard.
        listening: when it listened, bool (minutes,).
    """

    events: Events
    listening: NDArray[np.bool_]


def undisturbed(events: Events) -> Lived:
    """Everything heard."""
    return Lived(events=events, listening=np.ones(int(events.days * DAY_S / _MINUTE_S), bool))


def sensor_out(events: Events, sensor: int, from_s: float, to_s: float) -> Lived:
    """A sensor that says nothing for a while, and never spoke but when somebody moved."""
    return undisturbed(without(events, sensor, from_s, to_s))


def sensor_out_reported(events: Events, sensor: int, from_s: float, to_s: float) -> Lived:
    """The same, which its system says within the hour."""
    return undisturbed(_lost(without(events, sensor, from_s, to_s), sensor, from_s + _SUPERVISED_S, to_s))


def sensor_out_checked(events: Events, sensor: int, from_s: float, to_s: float, rng: np.random.Generator) -> Lived:
    """The same, of one that says every 55 minutes that it lives; one such word in two hundred is lost on the air."""
    begin = rng.uniform(0, CHECKS_IN_S)
    own = events.at_s[events.sensor == sensor]
    checks = np.arange(begin, events.days * DAY_S, CHECKS_IN_S)
    checks = checks[rng.random(len(checks)) >= _ON_THE_AIR]
    words, by_itself = np.append(own, checks), np.append(np.zeros(len(own), bool), np.ones(len(checks), bool))
    order = np.argsort(words, kind="stable")
    words, by_itself = words[order], by_itself[order]
    before, after = words < from_s, words[words >= to_s]
    usual = check_in(np.diff(words[before]), by_itself[before][1:])
    if usual is None:
        raise ValueError("a sensor that checks in each hour does so by day and by night.")
    again = float(after[0]) if len(after) else events.days * DAY_S
    home = without(events, sensor, from_s, to_s)
    return undisturbed(_lost(home, sensor, float(words[before][-1]) + usual.missed_s, again))


def _lost(home: Events, sensor: int, from_s: float, to_s: float) -> Events:
    """With word of one sensor that is lost; none where it is back before."""
    end = min(to_s, home.days * DAY_S)
    if from_s >= end:
        return home
    return replace(
        home,
        failed_at_s=np.array([from_s, end]),
        failed_sensor=np.array([sensor, sensor], np.int16),
        failed=np.array([True, False]),
    )


def gateway_off(events: Events, from_s: float, to_s: float) -> Lived:
    """Nobody listens."""
    lived = undisturbed(_kept(events, (events.at_s < from_s) | (events.at_s >= to_s)))
    lived.listening[int(from_s // _MINUTE_S) : int(to_s // _MINUTE_S) + 1] = False
    return lived


def holiday(events: Events, from_s: float, to_s: float) -> Lived:
    """Away: out by the door, and in by it again when the resident would next have been in the living room."""
    seated = events.at_s[(events.sensor == LIVING) & events.on & (events.at_s >= to_s)]
    to_s = float(seated[0]) - 120 if len(seated) else to_s
    home = _kept(events, (events.at_s < from_s - 60) | (events.at_s >= to_s + 120))
    steps = [(from_s - 20, ENTRANCE), (from_s, DOOR), (to_s, DOOR), (to_s + 5, ENTRANCE), (to_s + 80, LIVING)]
    return undisturbed(_added(home, steps))


def without_door(events: Events) -> Events:
    """A home whose outer door has no contact."""
    home = _kept(events, events.sensor != DOOR)
    sensors = events.sensors[:DOOR] + events.sensors[DOOR + 1 :]
    return replace(home, sensors=sensors, sensor=home.sensor - (home.sensor > DOOR).astype(np.int16))


def guest(events: Events, from_s: float, to_s: float, rng: np.random.Generator) -> Lived:
    """Somebody who comes by the door, lives there too, and leaves by it."""
    other = made_up(events.days, seed=int(rng.integers(2**31)), habit=someone(rng), first_day=str(events.first_day))
    home = joined(events, other, from_s, to_s)
    return undisturbed(_added(home, [(from_s, DOOR), (from_s + 5, ENTRANCE), (to_s, ENTRANCE), (to_s + 20, DOOR)]))


def first_day_for(change: np.datetime64, day: int) -> str:
    """The first day of a record in which clocks are changed in the night to `day`."""
    return str(change - np.timedelta64(day, "D"))


def clocks_changed(events: Events, day: int, hours: float) -> Lived:
    """A record by the old clock as it arrives in UTC and is put on the home's own clock.

    Nobody's body knows of the change: at first everything goes on as it would have; within some days the resident lives
    by the new clock, a part of the difference earlier (in spring) each day from three in the morning on.

    Args:
        events: of a home whose clocks are not changed before `day`.
        day: in the night to which they are.
        hours: by which they are put forward: 1 in spring, -1 in autumn.
    """
    first = events.first_day.astype("datetime64[s]").astype(np.int64)
    at, offsets = clocktime.transitions(ZONE, float(first), float(first + events.days * DAY_S))
    since = np.clip(np.floor((events.at_s - 3 * 3600.0) / DAY_S) - day, 0, _ADAPTS_DAYS)
    utc_s = first + events.at_s - offsets[0] - hours * 3600.0 * since / _ADAPTS_DAYS
    home_s = clocktime.local_s(utc_s, at, offsets, events.first_day)
    order = np.argsort(home_s, kind="stable")
    order = order[(home_s[order] >= 0) & (home_s[order] < events.days * DAY_S)]
    return undisturbed(replace(events, at_s=home_s[order], sensor=events.sensor[order], on=events.on[order]))


def _kept(events: Events, kept: NDArray[np.bool_]) -> Events:
    return replace(events, at_s=events.at_s[kept], sensor=events.sensor[kept], on=events.on[kept])


def _added(events: Events, steps: Sequence[tuple[float, int]]) -> Events:
    at = np.concatenate([events.at_s, [one for one, _ in steps]])
    order = np.argsort(at, kind="stable")
    order = order[at[order] < events.days * DAY_S]
    return replace(
        events,
        at_s=at[order],
        sensor=np.concatenate([events.sensor, np.array([one for _, one in steps], np.int16)])[order],
        on=np.concatenate([events.on, np.ones(len(steps), bool)])[order],
    )
