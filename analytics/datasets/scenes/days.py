"""A day of a room: who is in it when, and the falls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.datasets.scenes.acts import Body, Way, at_frames
from analytics.datasets.scenes.draws import Draw
from analytics.datasets.scenes.rooms import Room
from analytics.datasets.scenes.visits import Fall, Visitor

DAY_S: Final = 86_400.0
PERSON, CARER, DOG, OTHER = range(4)
SLOTS: Final = 4
_EARLY_S, _LATE_S = 7 * 3600.0, 22 * 3600.0
_REST_S: Final = 2000.0  # what a fall near the end of a day needs to be over


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The bodies of each slot (PERSON, CARER, DOG, OTHER), in time, and the falls."""

    bodies: tuple[tuple[Body, ...], ...]
    falls: tuple[Fall, ...]


def draw_day(room: Room, falls: int, rng: np.random.Generator) -> Day:
    """A day with so many falls."""
    bodies: list[list[Body]] = [[] for _ in range(SLOTS)]
    found: list[Fall] = []
    _residents(room, falls, rng, bodies[PERSON], found)
    _carers(room, rng, bodies[CARER])
    if room.dog:
        _pets(room, rng, bodies[DOG])
    _others(room, rng, bodies[OTHER])
    return Day(bodies=tuple(tuple(one) for one in bodies), falls=tuple(sorted(found, key=lambda one: one.begin_s)))


def _residents(room: Room, falls: int, rng: np.random.Generator, bodies: list[Body], found: list[Fall]) -> None:
    visits = Draw("visits", rng)
    person = Visitor(room, rng, height=room.person_height)
    count = max(visits.count("count"), falls)
    falling = set(rng.choice(count, falls, replace=False).tolist())
    begins = np.sort(rng.uniform(_EARLY_S, _LATE_S, count))
    free_from = 0.0
    if room.bed is not None:
        night = person.sleep(10.0, _EARLY_S - 600.0, room.bed, falls=False)
        bodies.append(at_frames(night.way, rng))
        free_from = night.way.now[0]
    for number, begin in enumerate(begins.tolist()):
        at = max(begin, free_from + float(rng.uniform(20, 600)))
        if at > DAY_S - 2 * _REST_S:
            break
        lasts = visits("long_for") if visits.chance("long_share") else visits("short_for")
        made = person.visit(at, min(lasts, DAY_S - at - 1.5 * _REST_S), falls=number in falling)
        bodies.append(at_frames(made.way, rng))
        found += made.falls
        free_from = made.way.now[0]


def _carers(room: Room, rng: np.random.Generator, bodies: list[Body]) -> None:
    visits = Draw("visits", rng)
    begins = np.sort(rng.uniform(_EARLY_S, _LATE_S, visits.count("carers")))
    free_from = 0.0
    for begin in begins.tolist():
        at = max(begin, free_from + 60.0)
        made = Visitor(room, rng, height=room.carer_height).visit(at, visits("carer_for"), falls=False, carer=True)
        bodies.append(at_frames(made.way, rng))
        free_from = made.way.now[0]


def _pets(room: Room, rng: np.random.Generator, bodies: list[Body]) -> None:
    height = float(rng.uniform(0.30, 0.75))
    at = float(rng.uniform(0, 6 * 3600))
    while at < DAY_S - 4000:
        way = Way()
        way.begin(at, room.door, height)
        ends = at + float(rng.uniform(300, 3600))
        while way.now[0] < ends:
            for _ in range(int(rng.integers(1, 5))):
                way.go(room.somewhere(rng), float(rng.uniform(0.5, 2.0)))
            if rng.random() < 0.1:  # jumps up at somebody
                way.change(float(rng.uniform(0.8, 1.3)), 0.4)
                way.change(height, 0.4)
            way.change(height * float(rng.uniform(0.5, 1.0)), 0.8)
            way.stay(float(rng.uniform(2, 600)))
        way.go(room.door, 1.0)
        bodies.append(at_frames(way, rng))
        at = way.now[0] + float(rng.uniform(600, 4 * 3600))


def _others(room: Room, rng: np.random.Generator, bodies: list[Body]) -> None:
    """What is nobody: a vacuum cleaner, falling objects, reflections."""
    visits = Draw("visits", rng)
    makers: list[Callable[[float], Way]] = []
    makers += [lambda at: _object(room, at, rng)] * visits.count("objects")
    makers += [lambda at: _ghost(room, at, rng)] * visits.count("ghosts")
    makers += [lambda at: _vacuum(room, at, rng)] * int(room.vacuum)
    free_from = 0.0
    for make, begin in zip(makers, np.sort(rng.uniform(0, DAY_S - 3000, len(makers))).tolist(), strict=True):
        way = make(max(begin, free_from + 5.0))
        bodies.append(at_frames(way, rng))
        free_from = way.now[0]


def _object(room: Room, at: float, rng: np.random.Generator) -> Way:
    way = Way()
    x, y = room.somewhere(rng)
    way.begin(at, (x, y), float(rng.uniform(0.7, 1.6)))
    way.drop(0.08, float(rng.uniform(0.4, 0.6)), (x + 0.1, y))
    way.stay(float(rng.uniform(0.2, 1.0)), moving=True)
    return way


def _ghost(room: Room, at: float, rng: np.random.Generator) -> Way:
    way = Way()
    x, y = room.somewhere(rng)
    way.begin(at, (x, y), float(rng.uniform(0.0, 2.2)))
    for _ in range(int(rng.integers(1, 4))):
        way.change(float(rng.uniform(0.0, 2.2)), float(rng.uniform(0.3, 1.5)), (x, y))
    return way


def _vacuum(room: Room, at: float, rng: np.random.Generator) -> Way:
    way = Way()
    way.begin(at, room.door, 0.1)
    for _ in range(60):
        way.go(room.somewhere(rng), 0.3)
    return way
