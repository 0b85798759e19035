"""From a module's own axes to its room: places on the floor, and heights above it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.frames import Mounting, tops
from device_drivers.radar_frame import RadarFrame
from gateway.radar.modules import Module
from gateway.radar.modules import Mounting as Place

HIGHEST_M: Final = 2.3  # nobody is taller: a target above it is a reflection or a wrong mounting height
TELLS_MIDDLES: Final = frozenset({"tinyframe"})  # targets with a height of their middle; LD2450's have none at all
LOWEST_M: Final = -0.5  # noise, and a floor that is not level


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """Whom a module sees at one moment, k of them.

    Attributes:
        ids: int32 (k,), the module's own numbers plus one: 0 is nobody in the detector's table.
        places: float32 (k, 2), m, on the floor: x to the module's right, y away from it.
        tops: float32 (k,), how high the highest point of each is above the floor, m; NaN where that is not told.
    """

    ids: NDArray[np.int32]
    places: NDArray[np.float32]
    tops: NDArray[np.float32]


NOBODY: Final = Bodies(
    np.zeros(0, np.int32), np.zeros((0, 2), np.float32), np.zeros(0, np.float32)
)  # fmt: skip


def upright(module: Module, xyz: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float32 (n, 3) in the module's axes → (n, 3): x and y along the floor, z above it."""
    return mounted(module).to_room(xyz)


def mounted(module: Module) -> Mounting:
    """One on the ceiling looks straight down."""
    down = 90.0 if module.mounting is Place.CEILING else module.tilt_deg
    return Mounting(height_m=module.height_m, down_rad=math.radians(down))


def bodies(module: Module, frame: RadarFrame) -> Bodies | None:
    """Whom this frame tells of; None where it tells of no targets."""
    targets = frame.targets
    if targets is None:
        return None
    if not len(targets.ids):
        return NOBODY
    hangs = mounted(module)
    placed = hangs.to_room(targets.positions)
    highest = targets.heights[:, 1]
    if module.protocol not in TELLS_MIDDLES:
        tops_m = tops(hangs, targets.positions, highest)
        tops_m[np.isnan(highest)] = np.nan  # what is told of these is a place, not the middle of a body
    else:
        tops_m = tops(hangs, targets.positions, highest)
    possible = (tops_m <= HIGHEST_M) & (tops_m >= LOWEST_M) | np.isnan(tops_m)
    return Bodies((targets.ids + 1).astype(np.int32)[possible], placed[possible, :2], tops_m[possible])
