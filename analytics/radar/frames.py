"""From the axes of a module to those of its room: x along the wall, y into the room, height above the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Of a body that stands, sits or lies, what comes back from its middle is half as high as its top.
TOP_OF_MIDDLE: Final = 2.0
STEEPEST_RAD: Final = float(np.radians(60.0))

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
        positions: float32 (k, 3), m, of the bodies' middles in the module's axes.
        highest: float32 (k,), the greatest z of each in the module's axes, m; NaN where it tells the middle only.

    Returns:
        float32 (k,), m; NaN where the module looks down so steeply that its z is no height.
    """
    placed = mounting.to_room(positions)
    if mounting.down_rad > STEEPEST_RAD:
        return np.full(len(placed), np.nan, np.float32)
    # The highest point is as far into the room as the middle, not as far along the tilted view.
    sine, cosine = np.float32(np.sin(mounting.down_rad)), np.float32(np.cos(mounting.down_rad))
    told = (highest - placed[:, 1] * sine) / cosine + np.float32(mounting.height_m)
    return np.where(np.isnan(highest), TOP_OF_MIDDLE * placed[:, 2], told).astype(np.float32)
