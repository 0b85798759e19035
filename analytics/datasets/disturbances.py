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
from analytics.activity.events import DAY_S, Events
from analytics.datasets.injected import joined
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, KITCHEN, LIVING, Habit, made_up, without
from analytics.datasets.made_up_people import someone

ZONE: Final = ZoneInfo("Europe/Helsinki")
SPRING: Final = np.datetime64("2025-03-30")  # clocks were put forward from 03:00 to 04:00
AUTUMN: Final = np.datetime64("2025-10-26")  # and back from 04:00 to 03:00
MOTION: Final = (BEDROOM, LIVING, KITCHEN, BATHROOM, ENTRANCE)
_SUPERVISED_S: Final = 3600.0  # a system that misses its sensors says so within an hour or so
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


def sensor_out(events: Events, sensor: int, from_s: float, to_s: float, *, reported: bool) -> Lived:
    """A sensor that says nothing for a while, which the system says within the hour, or not at all."""
    home = without(events, sensor, from_s, to_s)
    end = min(to_s, events.days * DAY_S)
    if reported and end - from_s > _SUPERVISED_S:
        home = replace(
            home,
            failed_at_s=np.array([from_s + _SUPERVISED_S, end]),
            failed_sensor=np.array([sensor, sensor], np.int16),
            failed=np.array([True, False]),
        )
    return undisturbed(home)


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


def adapting(habits: Sequence[Habit], day: int, hours: float) -> list[Habit]:
    """Habits by the wall clock of somebody whose body follows a changed clock within some days.

    Args:
        habits: one for each day.
        day: in the night to which clocks are changed.
        hours: later by the new clock on that day: 1 in spring, -1 in autumn.
    """
    found = list(habits)
    for since in range(min(_ADAPTS_DAYS, len(found) - day)):
        own, late = found[day + since], hours * (1 - since / _ADAPTS_DAYS)
        found[day + since] = replace(own, rises=own.rises + late, sleeps=own.sleeps + late * (1 - 1 / _ADAPTS_DAYS))
    return found


def clocks_changed(events: Events, rng: np.random.Generator) -> Lived:
    """A record by the wall clock as it arrives in UTC and is put on the home's own clock.

    What the wall clock shows twice happened at the first or the second time, whatever comes; what it never shows,
    an hour later by it.
    """
    first = events.first_day.astype("datetime64[s]").astype(np.int64)
    at, offsets = clocktime.transitions(ZONE, float(first), float(first + events.days * DAY_S))
    wall = first + events.at_s
    before, after = wall - offsets[0], wall - offsets[-1]
    changed = np.where(before < at[0], before, after) if len(at) else before
    if len(at) and offsets[-1] < offsets[0]:
        twice = (before < at[0]) & (after >= at[0])
        # Both ends of one movement on the same side: drawn by the hour's first, second … ten minutes.
        second = rng.random(6)[((events.at_s % 3600) // 600).astype(np.int64)] < 0.5
        changed = np.where(twice & second, after, changed)
    elif len(at):
        changed = np.where((before >= at[0]) & (after < at[0]), before, changed)
    home_s = clocktime.local_s(changed, at, offsets, events.first_day)
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
