"""From what modules say, each in its own time and axes, to frames of all rooms ten times a second.

A module that speaks faster is thinned to its newest word, one that speaks slower is held for half a second. What it
says is turned into the room's axes (x along the wall, y into the room, height above the floor) by how it hangs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SLOTS: Final = 8  # tracks of one room in a frame; more are reflections
HELD: Final = 5  # frames
# Of a body that stands, sits or lies, what comes back from its middle is half as high as its top.
TOP_OF_MIDDLE: Final = 2.0

Ids = NDArray[np.int32]
Floats32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounting:
    """How a module hangs.

    Attributes:
        height_m: above the floor.
        down_rad: how far it looks down: 0 straight ahead from a wall, π/2 from the ceiling to the floor.
    """

    height_m: float
    down_rad: float = 0.0

    def to_room(self, positions: Floats32) -> Floats32:
        """Float32 (k, 3) x, y, z of the module → the room's x, y and height above the floor, m."""
        sine, cosine = np.float32(np.sin(self.down_rad)), np.float32(np.cos(self.down_rad))
        x, y, z = positions[:, 0], positions[:, 1], positions[:, 2]
        return np.stack([x, y * cosine + z * sine, np.float32(self.height_m) - y * sine + z * cosine], axis=1)


def tops(mounting: Mounting, positions: Floats32, highest: Floats32) -> Floats32:
    """How high each body's top is above the floor.

    Args:
        mounting: of the module.
        positions: float32 (k, 3), m, in the module's axes.
        highest: float32 (k,), its highest z in the module's axes, m; NaN where the module tells the middle only.

    Returns:
        float32 (k,), m.
    """
    top = mounting.to_room(np.column_stack([positions[:, :2], np.where(np.isnan(highest), positions[:, 2], highest)]))
    return np.where(np.isnan(highest), TOP_OF_MIDDLE * top[:, 2], top[:, 2]).astype(np.float32)


class Frames:
    """The newest word of each of R modules."""

    def __init__(self, rooms: int) -> None:
        self._ids = np.zeros((rooms, SLOTS), np.int32)
        self._places = np.full((rooms, SLOTS, 2), np.nan, np.float32)
        self._tops = np.full((rooms, SLOTS), np.nan, np.float32)
        self._age = np.full(rooms, HELD, np.int64)

    def put(self, room: int, ids: Ids, places: Floats32, heights: Floats32) -> None:
        """What a module says now: int32 (k,) numbers from 0 on, (k, 2) places and (k,) tops in the room's axes."""
        count = min(len(ids), SLOTS)
        self._ids[room] = 0
        self._ids[room, :count] = ids[:count] + 1  # 0 is nobody
        self._places[room, :count] = places[:count]
        self._tops[room, :count] = heights[:count]
        self._age[room] = 0

    def take(self) -> tuple[Ids, Floats32, Floats32]:
        """A frame, as `falls.RadarFalls.frame` takes it: (R, SLOTS), (R, SLOTS, 2), (R, SLOTS). Ask ten times a second.

        A module that has said nothing for `HELD` frames sees nobody.
        """
        self._ids[self._age >= HELD] = 0
        self._age += 1
        return self._ids.copy(), self._places.copy(), self._tops.copy()
