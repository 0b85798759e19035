"""Changes put into the days of a home, recorded or made up: from one day on something is different, every day.

Each leaves the record as it was before that day and returns a new one. Only events are moved, added or taken away;
nothing knows how a detector looks at them. What is added is motion in the home's own sensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.activity.events import DAY_S, Events, Kind, Place

_HOUR_S: Final = 3600.0
_STAYS_S: Final = 15 * 60.0  # events of a room closer together are one stay
_FALLS_STILL_S: Final = 20.0
_APART_S: Final = 30 * 60.0  # nobody has to go again so soon
_WALK_S: Final = 75.0  # from one room to the next, a dozen times: a quarter of an hour
_WALKS: Final = 12


def later(events: Events, from_day: int, hours: float) -> Events:
    """Mornings begin later: what was between four and noon comes so much later; what would pass noon is left out."""
    clock, day = events.at_s % DAY_S, events.at_s // DAY_S
    morning = (day >= from_day) & (clock >= 4 * _HOUR_S) & (clock < 12 * _HOUR_S)
    kept = ~morning | (clock + hours * _HOUR_S < 12 * _HOUR_S)
    return _ordered(events, np.where(morning, events.at_s + hours * _HOUR_S, events.at_s), kept)


def fewer(events: Events, from_day: int, place: Place, share: float, rng: np.random.Generator) -> Events:
    """Each stay in a room is left out with a probability of `share`, with everything that spoke there."""
    kept = np.ones(len(events.at_s), bool)
    here = np.array([one.place == place for one in events.sensors], bool)[events.sensor]
    own = np.flatnonzero(here & (events.at_s >= from_day * DAY_S))
    if len(own):
        stay = np.concatenate([[0], np.cumsum(np.diff(events.at_s[own]) > _STAYS_S)])
        kept[own] = (rng.random(int(stay[-1]) + 1) >= share)[stay]
    return _ordered(events, events.at_s, kept)


def visits(events: Events, from_day: int, number: int, rng: np.random.Generator) -> Events:
    """So many more visits to the bathroom each night, between half past midnight and half past five.

    None within half an hour of another, as long as there is room for that.
    """
    bedroom, bathroom = _motion(events, Place.BEDROOM), _motion(events, Place.BATHROOM)
    in_bathroom = events.at_s[np.isin(events.sensor, bathroom)]
    added: list[tuple[float, int]] = []
    for day in range(from_day, events.days):
        taken = in_bathroom[(in_bathroom >= day * DAY_S) & (in_bathroom < (day + 0.25) * DAY_S)].tolist()
        for _ in range(number):
            drawn = day * DAY_S + rng.uniform(0.5, 5.5, 50) * _HOUR_S
            free = [at for at in drawn.tolist() if all(abs(at - one) > _APART_S for one in taken)]
            at = free[0] if free else float(drawn[0])
            taken.append(at)
            added += [(at, bedroom[0]), (at + 40, bathroom[0]), (at + 240, bedroom[0])]
    return _with(events, added)


def wandering(events: Events, from_day: int, number: int, rng: np.random.Generator) -> Events:
    """So many times each night a quarter of an hour on one's feet, between half past midnight and five."""
    rooms = [one for place in (Place.LIVING, Place.KITCHEN, Place.ENTRANCE) for one in _motion(events, place)[:1]]
    added = [
        (at + _WALK_S * turn, int(rng.choice(rooms)))
        for day in range(from_day, events.days)
        for at in (day * DAY_S + rng.uniform(0.5, 5, number) * _HOUR_S).tolist()
        for turn in range(_WALKS)
    ]
    return _with(events, added)


def joined(events: Events, other: Events, from_s: float, to_s: float) -> Events:
    """Both at once for a while: somebody else lives there too. The sensors must be the same.

    Raises:
        ValueError: they are not.
    """
    if events.sensors != other.sensors:
        raise ValueError("two records can be joined only where their sensors are the same.")
    stays = (other.at_s >= from_s) & (other.at_s < to_s)
    return _ordered(
        replace(
            events,
            sensor=np.concatenate([events.sensor, other.sensor[stays]]),
            on=np.concatenate([events.on, other.on[stays]]),
        ),
        np.concatenate([events.at_s, other.at_s[stays]]),
    )


def _motion(events: Events, place: Place) -> list[int]:
    return [index for index, one in enumerate(events.sensors) if one.kind is Kind.MOTION and one.place == place]


def _with(events: Events, added: Sequence[tuple[float, int]]) -> Events:
    """Motion added, each falling still some seconds later."""
    at = np.array([one for one, _ in added], np.float64)
    sensor = np.array([one for _, one in added], np.int16)
    return _ordered(
        replace(
            events,
            sensor=np.concatenate([events.sensor, sensor, sensor]),
            on=np.concatenate([events.on, np.ones(len(at), bool), np.zeros(len(at), bool)]),
        ),
        np.concatenate([events.at_s, at, at + _FALLS_STILL_S]),
    )


def _ordered(events: Events, at_s: NDArray[np.float64], kept: NDArray[np.bool_] | None = None) -> Events:
    """The record with other times, some left out, in order; nothing beyond its end."""
    kept = (np.ones(len(at_s), bool) if kept is None else kept) & (at_s < events.days * DAY_S)
    order = np.flatnonzero(kept)
    order = order[np.argsort(at_s[order], kind="stable")]
    return replace(events, at_s=at_s[order], sensor=events.sensor[order], on=events.on[order])
