"""Where people lie: beds and sofas that the technician has told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analytics.radar.descents import EVERY
from analytics.radar.tracks import Body, Floats

_BEFORE: Final = 60  # frames before a way down in which it may have begun in a bed
_BELOW_M: Final = 0.05  # a top so far below the surface is still on it


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Where people lie: a rectangle of the room, m, and how high the surface is."""

    low: tuple[float, float]
    high: tuple[float, float]
    height: float

    def has(self, x: Floats, y: Floats) -> Floats:
        """1.0 where a place is in it."""
        inside = (self.low[0] <= x) & (x <= self.high[0]) & (self.low[1] <= y) & (y <= self.high[1])
        return inside.astype(np.float64)


def lies_in_a_zone(body: Body, zones: Sequence[Zone], at: int, now: int) -> bool:
    """Since frame `at` it lies on one of them, not on the floor below."""
    track = body.places[at - body.first : now - body.first]
    track = track[~np.isnan(track[:, 0])]
    tops = body.tops[at + EVERY - body.first : now - body.first]
    if not len(track) or np.isnan(tops).all():
        return False
    x, y = np.median(track, axis=0)
    top = float(np.nanmedian(tops))
    return any(bool(zone.has(x, y)) and top > zone.height - _BELOW_M for zone in zones)


def share_in_zones(body: Body, zones: Sequence[Zone], at: int) -> float:
    """How much of the six seconds before frame `at` it was in one of them."""
    track = body.places[max(at - _BEFORE - body.first, 0) : at - body.first]
    track = track[~np.isnan(track[:, 0])][::3]
    if not len(track) or not zones:
        return 0.0
    return float(np.max([zone.has(track[:, 0], track[:, 1]) for zone in zones], axis=0).mean())
