"""What a person does in a room, from the door and back to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from analytics.datasets.scenes.acts import Way
from analytics.datasets.scenes.draws import Draw
from analytics.datasets.scenes.rooms import Place, Room

SEAT_M = 0.45
SITTING = 0.5  # of a body's height, above the seat
THICK_M = 0.25  # of a body that lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """One fall: its kind, when it began, when the body came to rest, and when it was up again; seconds of the day."""

    kind: str
    begin_s: float
    impact_s: float
    up_s: float


@dataclass(slots=True)
class Visit:
    """The way of one visit, and the falls in it."""

    way: Way = field(default_factory=Way)
    falls: list[Fall] = field(default_factory=list)


class Visitor:
    """Someone of some height who walks through a room."""

    def __init__(self, room: Room, rng: np.random.Generator, *, height: float) -> None:
        self._room = room
        self._rng = rng
        self._person = Draw("person", rng)
        self._fall = Draw("fall", rng)
        self._height = height

    def visit(self, at: float, lasts: float, *, falls: bool, carer: bool = False) -> Visit:
        """In through the door, this and that, out again; with a fall somewhere on the way if it `falls`."""
        made = Visit()
        way = made.way
        way.begin(at, self._room.door, self._height)
        # A fall happens early enough that what lies after it is within the visit.
        until_fall = at + lasts * float(self._rng.uniform(0.1, 0.9)) if falls else np.inf
        while way.now[0] < at + lasts:
            if way.now[0] >= until_fall:
                self._falls(made)
                until_fall = np.inf
            self._does_something(way, at + lasts - way.now[0], carer=carer)
        if until_fall < np.inf:
            self._falls(made)
        way.go(self._room.door, self._speed())
        return made

    def sleep(self, at: float, lasts: float, bed: Place, *, falls: bool) -> Visit:
        """A night, with some ways out of the room; a fall is one out of bed."""
        made = Visit()
        way = made.way
        way.begin(at, self._room.door, self._height)
        self._lies(way, bed, lasts / 2)
        if falls:
            self._out_of_bed(made, bed)
        self._walks(way, self._room.somewhere(self._rng))
        self._lies(way, bed, lasts / 2)
        way.go(self._room.door, self._speed())
        return made

    # ---- acts -----------------------------------------------------------------------------------------------------

    def _speed(self) -> float:
        return self._room.speed * float(self._rng.uniform(0.8, 1.25))

    def _does_something(self, way: Way, left: float, *, carer: bool) -> None:
        some = float(self._rng.uniform(0.1, 0.5)) * max(left, 20.0)
        acts: list[Callable[[], None]] = [
            lambda: self._stands(way, min(some, 120.0)),
            *[lambda: self._walks_about(way)] * 2,
            lambda: self._down_and_up(way, "bends", "bent_top", self._person("bent_for")),
            *[lambda: self._sits(way, some)] * 2,
        ]
        if carer or self._rng.random() < 0.4:
            acts.append(lambda: self._down_and_up(way, "kneels", "kneeling_top", self._person("kneels_for")))
        if not carer:
            acts += [
                lambda place=place: self._lies(way, place, some)  # type: ignore[misc]
                for place in (self._room.sofa, self._room.bed)
                if place is not None
            ]
            if self._rng.random() < 0.15:
                acts.append(lambda: self._down_and_up(way, "to_floor", "floor_top", self._person("floor_for")))
            if self._room.exercises and self._rng.random() < 0.15:
                acts.append(lambda: self._exercises(way))
        acts[int(self._rng.integers(len(acts)))]()

    def _stands(self, way: Way, lasts: float) -> None:
        self._walks(way, self._room.somewhere(self._rng))
        way.stay(lasts, moving=True)

    def _walks_about(self, way: Way) -> None:
        for _ in range(int(self._rng.integers(1, 5))):
            self._walks(way, self._room.somewhere(self._rng))

    def _walks(self, way: Way, place: tuple[float, float]) -> None:
        if way.now[3] < 0.9 * self._height:
            way.change(self._height, self._person("gets_up"))
        way.go(place, self._speed())

    def _sits_down(self, way: Way, place: tuple[float, float], seat: float = SEAT_M) -> None:
        self._walks(way, place)
        lasts = self._person("plops") if self._person.chance("plops_share") else self._person("sits_down")
        way.change(seat + SITTING * self._height, lasts)

    def _sits(self, way: Way, lasts: float) -> None:
        self._sits_down(way, self._room.chair)
        left = lasts
        while left > 0:
            piece = float(self._rng.uniform(5, 90))
            way.stay(piece, moving=bool(self._rng.random() < 0.5))
            if self._rng.random() < 0.05:  # ties a shoe, picks something up
                top = way.now[3]
                way.change(float(self._rng.uniform(0.75, 1.0)), self._person("bends"), self._leans(way))
                way.stay(float(self._rng.uniform(1, 15)), moving=True)
                way.change(top, self._person("bends"))
            left -= piece
        way.change(self._height, self._person("gets_up"))

    def _lies(self, way: Way, place: Place, lasts: float) -> None:
        self._sits_down(way, place.middle, place.height)
        way.stay(float(self._rng.uniform(2, 30)), moving=True)
        way.change(place.height + THICK_M, self._person("lies_down"))
        left = lasts
        while left > 0:
            piece = float(self._rng.uniform(60, 1500))
            way.stay(piece)
            way.stay(float(self._rng.uniform(1, 6)), moving=True)  # turns over
            left -= piece
        way.change(place.height + SITTING * self._height, self._person("gets_up"))
        way.stay(float(self._rng.uniform(1, 20)), moving=True)
        way.change(self._height, self._person("gets_up"))

    def _down_and_up(self, way: Way, down: str, top: str, lasts: float) -> None:
        self._walks(way, self._room.somewhere(self._rng))
        way.change(self._person(top), self._person(down), self._leans(way))
        way.stay(lasts, moving=True)
        way.change(self._height, self._person("gets_up"))

    def _exercises(self, way: Way) -> None:
        self._walks(way, self._room.somewhere(self._rng))
        way.change(self._person("kneeling_top"), self._person("kneels"), self._leans(way))
        way.stay(float(self._rng.uniform(1, 4)), moving=True)
        way.change(self._person("lying_top"), self._person("to_floor"), self._leans(way))
        way.stay(self._person("exercise_for"), moving=True)
        way.change(self._person("kneeling_top"), self._person("gets_up"))
        way.change(self._height, self._person("gets_up"))

    def _leans(self, way: Way) -> tuple[float, float]:
        """Where head and trunk come when it bends or kneels: not straight down."""
        _, x, y, _ = way.now
        angle, far = float(self._rng.uniform(0, 2 * np.pi)), self._person("leans")
        return x + far * float(np.cos(angle)), y + far * float(np.sin(angle))

    # ---- falls ----------------------------------------------------------------------------------------------------

    def _falls(self, made: Visit) -> None:
        draw, room, way = self._fall, self._room, made.way
        if room.bed is not None and draw.chance("out_of_bed_share"):
            self._lies_first(way, room.bed)
            self._out_of_bed(made, room.bed)
            return
        if draw.chance("seated_share"):
            self._sits_down(way, room.chair)
            way.stay(float(self._rng.uniform(5, 120)), moving=True)
            self._lands(made, "seated", draw("seated"))
            return
        self._walks(way, room.somewhere(self._rng))
        if self._rng.random() < 0.5:
            way.stay(float(self._rng.uniform(1, 20)), moving=True)
        if draw.chance("slump_share"):
            self._lands(made, "slump", draw("slump"))
        else:
            self._lands(made, "standing", draw("standing"))

    def _lies_first(self, way: Way, bed: Place) -> None:
        self._sits_down(way, bed.middle, bed.height)
        way.change(bed.height + THICK_M, self._person("lies_down"))
        way.stay(float(self._rng.uniform(60, 900)))
        way.stay(2.0, moving=True)

    def _out_of_bed(self, made: Visit, bed: Place) -> None:
        beside = (bed.high[0] + float(self._rng.uniform(0.3, 0.5)), made.way.now[2])
        self._lands(made, "out-of-bed", self._fall("out_of_bed"), beside)

    def _floor_near(self, x: float, y: float) -> tuple[float, float]:
        """Where a body comes to lie: not in furniture."""
        half = self._room.width / 2
        for _ in range(20):
            angle, far = self._rng.uniform(0, 2 * np.pi), self._rng.uniform(0.1, 0.9)
            found = (
                float(np.clip(x + far * np.cos(angle), -half + 0.2, half - 0.2)),
                float(np.clip(y + far * np.sin(angle), 0.5, self._room.depth - 0.2)),
            )
            if self._room.free(*found):
                return found
        return x, y

    def _lands(self, made: Visit, kind: str, lasts: float, place: tuple[float, float] | None = None) -> None:
        way, draw = made.way, self._fall
        begin, x, y, _ = way.now
        place = self._floor_near(x, y) if place is None else place
        sits = kind != "out-of-bed" and draw.chance("sits_after_share")
        way.drop(draw("sits_after") if sits else self._person("lying_top"), lasts, place)
        impact = way.now[0]
        left = draw("rises_after") if draw.chance("rises_share") else draw("lies_for")
        moves = draw.chance("moves_share")
        while left > 0:
            piece = float(self._rng.uniform(5, 60))
            way.stay(piece, moving=moves and bool(self._rng.random() < 0.6))
            left -= piece
        way.change(self._height, 2 * self._person("gets_up"))
        name = kind + ("-sits" if sits else "")
        made.falls.append(Fall(kind=name, begin_s=float(begin), impact_s=float(impact), up_s=float(way.now[0])))
