"""How high people of a room usually are: what is lying, sitting and standing there, as its module tells it.

A module that was entered as hanging too high tells all heights wrong by as much. Who lies in a bed whose height is
known, who sits on chairs and walks about shows by how much. Heights are counted for each hour and used from the next
one on, so that how time is cut changes nothing; every week the counts are halved, so that the new counts more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from analytics.radar.descents import EVERY, Looks
from analytics.radar.places import Zone
from analytics.radar.tracks import RATE_HZ, Body, Floats, Ints

NAMES: Final = ("lies-too-high", "sits-too-high")
UNKNOWN: Final = -1.0
HOUR: Final = int(3600 * RATE_HZ)
NOTHING: Final = np.full(len(NAMES), UNKNOWN)  # of an hour that is the first
_WEEK: Final = 168  # hours
_STEP_M: Final = 0.02
_LEVELS: Final = np.arange(0.0, 2.4, _STEP_M)
_ABOVE_ZONE_M: Final = 0.45  # who is higher above a bed sits in it
_LYING: Final = 240  # looks, two minutes
_SEEN: Final = 600
_AROUND: Final = 5  # levels that are taken together
_SITS_M: Final = (1.05, 1.5)
_TALLER_M: Final = 0.2  # who stands than who sits, at the least
_SEAT_M: Final = 0.45  # of a chair; and who sits on it is half as high above it as who stands


class Usual:
    """Of one room.

    Args:
        zones: where people lie.
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = tuple(zones)
        self._counts = np.zeros((1 + len(self._zones), len(_LEVELS)), np.int64)
        self._hour = -1
        self._pending = np.zeros_like(self._counts)
        self.levels: Floats = NOTHING

    def look(self, hour: int, seen: Sequence[tuple[Body, Looks]]) -> None:
        """What was seen in (a part of) an hour; afterwards `levels` is what was known when that hour began.

        Args:
            hour: its number; never one that is over.
            seen: of each body what the looks of that time saw.
        """
        if hour != self._hour:
            self._close(hour)
        for body, looks in seen:
            own = ~np.isnan(looks.newest)
            if own.any():
                self._count(body, looks.frames[own], looks.newest[own])

    def _close(self, hour: int) -> None:
        if self._pending.any():
            self._counts += self._pending
            self._pending[:] = 0
            self.levels = levels(self._counts, self._zones)
        if self._hour >= 0 and hour // _WEEK != self._hour // _WEEK:
            self._counts //= 2
        self._hour = hour

    def _count(self, body: Body, frames: Ints, tops: Floats) -> None:
        which = np.zeros(len(frames), np.int64)
        if self._zones:
            at = frames - 1 - body.first
            places = body.places[at]
            for back in range(1, EVERY):
                unseen = np.isnan(places[:, 0])
                places[unseen] = body.places[np.maximum(at[unseen] - back, 0)]
            for number, zone in enumerate(self._zones, start=1):
                which[zone.has(places[:, 0], places[:, 1]) > 0] = number
        level = np.clip((tops / _STEP_M).astype(np.int64), 0, len(_LEVELS) - 1)
        np.add.at(self._pending, (which, level), 1)


def levels(counts: Ints, zones: Sequence[Zone]) -> Floats:
    """What is usual by counts of looks.

    Args:
        counts: int64 (1 + zones, levels of 2 cm): outside all zones, then in each.
        zones: of that room.

    Returns:
        float64 (NAMES,), m; UNKNOWN where too little was seen: how high above it who lies in a bed is; and by how much
        who sits and who stands are too high (a seat is 0.45 m high, who sits is half as high above it as tall).
    """
    lying = [_lying(of_zone, zone.height) for of_zone, zone in zip(counts[1:], zones, strict=True)]
    lying = [one for one in lying if not np.isnan(one)]
    around = np.convolve(counts[0], np.ones(_AROUND), "same")
    sits = _mode(around * ((_SITS_M[0] <= _LEVELS) & (_SITS_M[1] > _LEVELS)))
    stands = np.nan if np.isnan(sits) else _mode(around * (sits + _TALLER_M <= _LEVELS))
    found = np.array([np.mean(lying) if lying else np.nan, 2 * (sits - _SEAT_M) - stands])
    return np.where(np.isnan(found), UNKNOWN, found)


def _lying(counts: Ints, height: float) -> float:
    low = counts * (height + _ABOVE_ZONE_M > _LEVELS)
    if low.sum() < _LYING:
        return float("nan")
    return float(_LEVELS[np.searchsorted(np.cumsum(low), low.sum() / 2)]) + _STEP_M / 2 - height


def _mode(around: Floats) -> float:
    return float(_LEVELS[around.argmax()]) if around.sum() > _SEEN * _AROUND else float("nan")


__all__ = ["HOUR", "NAMES", "NOTHING", "UNKNOWN", "Usual", "levels"]
