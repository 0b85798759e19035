"""What a module that follows nobody tells of a day: points of everything that moves, and of nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.scenes.acts import RATE_HZ, Body
from analytics.datasets.scenes.days import DAY_S, Day
from analytics.datasets.scenes.draws import Draw
from analytics.datasets.scenes.rooms import Room

FRAMES: Final = int(DAY_S * RATE_HZ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A day of one room, ten frames a second.

    Attributes:
        frames: int64 (m,), in which frame each point was seen, ascending.
        points: float32 (m, 3), x, y and height above the floor, m.
    """

    frames: NDArray[np.int64]
    points: NDArray[np.float32]


class PointSensing:
    """One module; what is its own is drawn once."""

    def __init__(self, room: Room, rng: np.random.Generator) -> None:
        draw = Draw("points", rng)
        self._room, self._rng = room, rng
        self._moving, self._still, self._clutter = draw("moving"), draw("still"), draw("clutter")
        self._noise, self._scatter, self._bias = draw("height_noise"), draw("place_noise"), draw("height_bias")
        self._middle, self._spread = draw("middle"), draw("spread")

    def tells(self, day: Day) -> Points:
        """Of a day."""
        parts = [self._of(body) for bodies in day.bodies for body in bodies]
        parts.append(self._nothing())
        frames = np.concatenate([one[0] for one in parts])
        order = np.argsort(frames, kind="stable")
        return Points(frames=frames[order], points=np.concatenate([one[1] for one in parts])[order])

    def _of(self, body: Body) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        rng = self._rng
        count = rng.poisson(np.where(body.moving, self._moving, self._still))
        at = np.repeat(np.arange(len(count)), count)
        frames = at + body.first
        at, frames = at[frames < FRAMES], frames[frames < FRAMES]
        share = np.clip(rng.normal(self._middle, self._spread, len(at)), 0.02, 1.0)
        points = np.empty((len(at), 3), np.float32)
        points[:, :2] = body.place[at] + rng.normal(0, self._scatter, (len(at), 2))
        points[:, 2] = np.maximum(body.top[at] * share + self._bias + rng.normal(0, self._noise, len(at)), 0.0)
        return frames.astype(np.int64), points

    def _nothing(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        count = int(self._rng.poisson(self._clutter * FRAMES))
        half = self._room.width / 2
        low, high = (-half, 0.3, 0.0), (half, self._room.depth, 2.2)
        return (
            self._rng.integers(0, FRAMES, count),
            self._rng.uniform(low, high, (count, 3)).astype(np.float32),
        )
