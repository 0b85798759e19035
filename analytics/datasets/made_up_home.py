"""A made-up home for tests, benchmarks and promises: one person, seven sensors, days of their own. No recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, Events, Kind, Place, Sensor

SENSORS: Final = (
    Sensor(name="bedroom", kind=Kind.MOTION, place=Place.BEDROOM),
    Sensor(name="living room", kind=Kind.MOTION, place=Place.LIVING),
    Sensor(name="kitchen", kind=Kind.MOTION, place=Place.KITCHEN),
    Sensor(name="bathroom", kind=Kind.MOTION, place=Place.BATHROOM),
    Sensor(name="entrance", kind=Kind.MOTION, place=Place.ENTRANCE),
    Sensor(name="outer door", kind=Kind.DOOR, place=Place.ENTRANCE),
    Sensor(name="fridge", kind=Kind.CONTACT, place=Place.KITCHEN),
)
BEDROOM, LIVING, KITCHEN, BATHROOM, ENTRANCE, DOOR, FRIDGE = range(len(SENSORS))
_HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How somebody lives. Times of day in hours, spreads their standard deviation.

    Attributes:
        rises, rises_spread: when the resident gets up.
        sleeps, sleeps_spread: when the resident goes to bed; above 24 is after midnight.
        bathroom_by_night: visits a night, mean of their number.
        bathroom_spread: variance of that number over its mean: 1 is a Poisson number, less is more regular.
        strays: probability that such a visit leads through other rooms too, for some minutes.
        outings: a day, at most one; its probability.
        outing_h: how long it takes, mean.
        naps: probability of one after lunch.
        kitchen: share of the day's moments that are in the kitchen.
        every_min: minutes between two moments of a day awake, mean.
        wanders: times a night that the resident walks about for a quarter of an hour, mean of a Poisson number.
    """

    rises: float = 7.0
    rises_spread: float = 0.4
    sleeps: float = 22.5
    sleeps_spread: float = 0.5
    bathroom_by_night: float = 1.2
    bathroom_spread: float = 1.0
    strays: float = 0.0
    outings: float = 0.6
    outing_h: float = 2.0
    naps: float = 0.5
    kitchen: float = 0.3
    every_min: float = 9.0
    wanders: float = 0.0


def made_up(
    days: int,
    *,
    seed: int = 0,
    habit: Habit | None = None,
    first_day: str = "2025-01-06",
    habits: list[Habit] | None = None,
) -> Events:
    """A home of whole days.

    Args:
        days: how many.
        seed: of everything drawn.
        habit: on all days, `habits` one for each day instead.
        first_day: date of the first.
        habits: one for each day.
    """
    rng = np.random.default_rng(seed)
    each = habits or [habit or Habit()] * days
    moments: list[tuple[float, int]] = []
    for day, own in enumerate(each):
        moments += [(day * DAY_S + at, sensor) for at, sensor in _day(own, rng)]
    moments = sorted(one for one in moments if 0 <= one[0] < days * DAY_S)
    on_s = np.array([at for at, _ in moments])
    sensor = np.array([one for _, one in moments], np.int16)
    # Each falls still, or closes, some seconds later.
    off_s = on_s + rng.uniform(8, 40, len(on_s))
    at_s = np.concatenate([on_s, off_s])
    order = np.argsort(at_s, kind="stable")
    order = order[at_s[order] < days * DAY_S]
    return Events(
        first_day=np.datetime64(first_day, "D"), days=days, sensors=SENSORS, at_s=at_s[order],
        sensor=np.concatenate([sensor, sensor])[order],
        on=np.repeat([True, False], len(on_s))[order],
        failed_at_s=np.zeros(0), failed_sensor=np.zeros(0, np.int16), failed=np.zeros(0, bool),
    )  # fmt: skip


def _day(own: Habit, rng: np.random.Generator) -> list[tuple[float, int]]:
    """Moments of one day, seconds from its midnight; the evening may run beyond the next."""
    up = (own.rises + own.rises_spread * rng.normal()) * _HOUR
    down = (own.sleeps + own.sleeps_spread * rng.normal()) * _HOUR
    found = [(up, BEDROOM), (up + 90, BATHROOM), (down - 300, BATHROOM), (down, BEDROOM), (down + 900, BEDROOM)]
    away: list[tuple[float, float]] = []
    if rng.random() < own.outings:
        leaves = rng.uniform(9.5, 15) * _HOUR
        back = leaves + np.clip(rng.gamma(4.0, own.outing_h / 4), 0.3, 7) * _HOUR
        away.append((leaves, back))
        found += [(leaves - 20, ENTRANCE), (leaves, DOOR), (back, DOOR), (back + 5, ENTRANCE), (back + 80, LIVING)]
    if rng.random() < own.naps:
        begin = rng.normal(13.5, 0.4) * _HOUR
        away.append((begin, begin + rng.uniform(0.5, 2) * _HOUR))
    at = up + 300
    while at < down - 600:
        if not any(begin <= at <= end for begin, end in away):
            found += _moment(at, own, rng)
        at += rng.exponential(own.every_min * 60) + 20
    number = _visits(own, rng)
    for visit in range(number):
        # Where the number is not a mere chance one, neither are the times: each in its own part of the night.
        span = (1, 5) if own.bathroom_spread >= 1 else (1 + 4 * visit / number, 1 + 4 * (visit + 1) / number)
        at = rng.uniform(*span) * _HOUR
        found += [(at, BEDROOM), (at + 40, BATHROOM), (at + 240, BEDROOM)]
        if own.strays and rng.random() < own.strays:
            found += [
                (at + 120 + 45 * turn, int(rng.choice((KITCHEN, ENTRANCE)))) for turn in range(rng.integers(1, 11))
            ]
    for _ in range(rng.poisson(own.wanders) if own.wanders else 0):
        at = rng.uniform(0.5, 5) * _HOUR
        found += [(at + 75 * turn, int(rng.choice((LIVING, KITCHEN, ENTRANCE)))) for turn in range(12)]
    return found


def _visits(own: Habit, rng: np.random.Generator) -> int:
    """How often to the bathroom tonight: whole visits that always happen, and a Poisson number of those that may."""
    if own.bathroom_spread >= 1:
        return int(rng.poisson(own.bathroom_by_night))
    always = np.floor(own.bathroom_by_night * (1 - own.bathroom_spread) + rng.random())
    return int(always + rng.poisson(own.bathroom_by_night * own.bathroom_spread))


def _moment(at: float, own: Habit, rng: np.random.Generator) -> list[tuple[float, int]]:
    drawn = rng.random()
    if drawn < own.kitchen:
        return [(at, KITCHEN), *([(at + 30, FRIDGE)] if rng.random() < 0.2 else [])]
    if drawn < own.kitchen + 0.08:
        return [(at, BATHROOM)]
    if drawn < own.kitchen + 0.12:
        return [(at, ENTRANCE)]
    return [(at, LIVING)]


def without(events: Events, sensor: int, from_s: float, to_s: float) -> Events:
    """The same with one sensor silent for a while."""
    kept: NDArray[np.bool_] = ~((events.sensor == sensor) & (events.at_s >= from_s) & (events.at_s < to_s))
    return replace(events, at_s=events.at_s[kept], sensor=events.sensor[kept], on=events.on[kept])
