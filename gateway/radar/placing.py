"""From a module's own axes to its room: places on the floor, and heights above it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from device_drivers.radar_frame import RadarFrame, Targets
from gateway.radar.modules import Module, Mounting

Floats = NDArray[np.float64]
HIGHEST_M: Final = 2.3  # nobody is taller: a target above it is a reflection or a wrong mounting height
STEEPEST_DEG: Final = 60.0  # of a view in which heights mean something
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


def upright(module: Module, xyz: Floats) -> Floats:
    """Float64 (n, 3) in the module's axes → (n, 3): x and y along the floor, z above it.

    A module on the wall is turned up by its tilt; one on the ceiling looks down, and what is away from it is below.
    """
    down = math.radians(90.0 if module.mounting is Mounting.CEILING else module.tilt_deg)
    turned = np.empty_like(xyz)
    turned[:, 0] = xyz[:, 0]
    turned[:, 1] = xyz[:, 1] * math.cos(down) + xyz[:, 2] * math.sin(down)
    turned[:, 2] = xyz[:, 2] * math.cos(down) - xyz[:, 1] * math.sin(down) + module.height_m
    return turned


def bodies(module: Module, frame: RadarFrame) -> Bodies | None:
    """Whom this frame tells of; None where it tells of no targets."""
    targets = frame.targets
    if targets is None:
        return None
    if not len(targets.ids):
        return NOBODY
    placed = upright(module, targets.positions.astype(np.float64))
    tops = _tops(module, targets, placed)
    possible = (tops <= HIGHEST_M) & (tops >= LOWEST_M) | np.isnan(tops)
    return Bodies(
        (targets.ids + 1).astype(np.int32)[possible],
        placed[possible, :2].astype(np.float32),
        tops[possible].astype(np.float32),
    )


def _tops(module: Module, targets: Targets, placed: Floats) -> Floats:
    """Float64 (k,). Where a module tells no heights the top is not known: the place of a target is its middle."""
    highest = np.asarray(targets.heights[:, 1], np.float64)
    if module.mounting is Mounting.CEILING or module.tilt_deg > STEEPEST_DEG:
        return np.full(len(placed), np.nan)
    # The highest point is as far along the floor as the middle, not as far along the module's tilted view.
    down = math.radians(module.tilt_deg)
    return np.asarray((highest - placed[:, 1] * math.sin(down)) / math.cos(down) + module.height_m)
