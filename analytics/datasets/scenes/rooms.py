"""A room and who lives in it, drawn once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.scenes.draws import Draw

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people lie: x and y from – to, m, and how high above the floor.

    `told`: the technician has entered it.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    height: float
    told: bool = True

    @property
    def middle(self) -> tuple[float, float]:
        """Of it."""
        return ((self.low[0] + self.high[0]) / 2, (self.low[1] + self.high[1]) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The sensor is at (0, 0) of a wall; x along the wall from −width/2, y away from it."""

    width: float
    depth: float
    door: tuple[float, float]
    chair: tuple[float, float]
    bed: Place | None
    sofa: Place | None
    dog: bool
    vacuum: bool
    exercises: bool
    person_height: float
    carer_height: float
    speed: float

    @property
    def told(self) -> list[Place]:
        """The places that the technician has entered."""
        return [one for one in (self.bed, self.sofa) if one is not None and one.told]

    def somewhere(self, rng: np.random.Generator) -> tuple[float, float]:
        """On the free floor."""
        for _ in range(50):
            x, y = rng.uniform(-self.width / 2 + 0.3, self.width / 2 - 0.3), rng.uniform(0.6, self.depth - 0.3)
            if self.free(float(x), float(y)):
                return float(x), float(y)
        return 0.0, self.depth / 2

    def free(self, x: float, y: float) -> bool:
        """Floor, with some room beside bed and sofa."""
        return not any(_in(one, x, y) for one in (self.bed, self.sofa) if one is not None)


def draw_room(rng: np.random.Generator) -> Room:
    """One room with its resident."""
    room, person = Draw("room", rng), Draw("person", rng)
    width, depth = room("width"), room("depth")
    half = width / 2
    bed = sofa = None
    if room.chance("bed_share"):  # in the far corner to the left, its long side along the wall
        bed = Place(low=(-half, depth - 2.0), high=(-half + 0.9, depth), height=room("bed_height"))
    if room.chance("sofa_share"):
        sofa = Place(
            low=(half - 0.8, depth - 1.9), high=(half, depth), height=room("sofa_height"),
            told=room.chance("sofa_told_share"),
        )  # fmt: skip
    return Room(
        width=width, depth=depth, door=(half, 1.0), chair=(-half + 0.5, 0.9), bed=bed, sofa=sofa,
        dog=room.chance("dog_share"), vacuum=room.chance("vacuum_share"), exercises=room.chance("exercise_share"),
        person_height=person("height"), carer_height=person("height"), speed=person("walks"),
    )  # fmt: skip


def _in(place: Place, x: float, y: float, margin: float = 0.25) -> bool:
    return bool(
        place.low[0] - margin <= x <= place.high[0] + margin and place.low[1] - margin <= y <= place.high[1] + margin
    )
