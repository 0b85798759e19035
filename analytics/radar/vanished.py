"""Somebody who was up is gone where nobody goes: who falls behind something, or is lost for good while falling.

A module loses people at the door, and where they sit still. Where that is in a room shows by itself in three days: each
place where somebody was lost is remembered, with how high they were and how far they had come down. Who is lost
elsewhere, is not found again for half a minute and cannot be anybody else who is seen, may have fallen. What there is
to go by is little: even odds. Where nothing was heard of the module meanwhile, nobody is known to be gone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from analytics.radar.descents import SMOOTH, UP_M
from analytics.radar.late import Judged
from analytics.radar.places import Zone
from analytics.radar.tracks import FORGOTTEN, RATE_HZ, Body, Floats, Ints

PROBABILITY: Final = 0.5
REMEMBERED: Final = 400  # who was lost: some weeks; beds and chairs are moved
FEWEST: Final = 20  # … before anything is known of the room
# Nor in less time: who goes out onto the balcony once a day would be told after every restart.
LEARNS_FRAMES: Final = 3 * 24 * 3600 * int(RATE_HZ)
SELDOM: Final = 1  # where no more were lost, nobody goes; so a place calls twice at the most for nothing
NEAR_M: Final = 0.9
_STANDS_M: Final = 1.5  # short and tall are lost at the same door …
_AS_HIGH_M: Final = 0.2  # … but that somebody sits still on a chair is no sign that who stands beside it goes
_AS_FAR_DOWN_M: Final = 0.3
_KNOWN: Final = 50  # frames: reflections and what falls off a table are gone sooner
_LEVEL: Final = 20  # frames
_STEADY: Final = 40  # frames before it was lost …
_SEEN: Final = 36  # … in which it was seen: not one that had been lost just before, and somebody else's track since
BESIDE_M: Final = 1.5
_TAKEN_M: Final = 0.6  # a body so near, of whatever height, may have its number now


class Vanished:
    """Of one room.

    Args:
        zones: where people lie; who is lost there is in bed.
        begun: the frame from which on the module looks at the room from where it is.
    """

    def __init__(self, zones: Sequence[Zone], begun: int = 0) -> None:
        self._zones = zones
        self._lost: deque[Floats] = deque(maxlen=REMEMBERED)
        self._begun = self._until = begun
        self._unheard: Ints = np.zeros(0, np.int64)  # frames

    def after(self, bodies: Sequence[Body], unheard: Ints, until: int) -> list[Judged]:
        """Who is known at frame `until`, and was not at the call before, to be gone.

        Args:
            bodies: those of the room, as far as that frame.
            unheard: int64 (n,), frames since the call before in which nothing was heard of the module.
            until: the frame behind the block.
        """
        found: list[Judged] = []
        self._unheard = np.concatenate([self._unheard[self._unheard >= self._until - FORGOTTEN], unheard])
        gone = [body for body in bodies if self._until <= body.seen + FORGOTTEN < until]
        self._until = until
        for body in sorted(gone, key=lambda body: (body.seen, body.born)):
            how = _lost(body)
            deaf = (self._unheard > body.seen) & (self._unheard < body.seen + FORGOTTEN)
            if how is None or deaf.any():
                continue
            alike = sum(_alike(how, other) for other in self._lost)
            known = len(self._lost) >= FEWEST and body.seen - self._begun >= LEARNS_FRAMES
            self._lost.append(how)
            if (
                known
                and alike <= SELDOM
                and _seen_well(body)
                and not self._in_a_zone(how)
                and not _is_another(body, bodies)
            ):
                found.append(
                    Judged(
                        at=body.seen, now=body.seen + FORGOTTEN, bodies=[body], probability=PROBABILITY,
                        height_m=float("nan"), place=(float(how[0]), float(how[1])), sure=True,
                    )
                )  # fmt: skip
        return found

    def _in_a_zone(self, how: Floats) -> bool:
        return any(zone.has(how[:1], how[1:2])[0] > 0 for zone in self._zones)


def _lost(body: Body) -> Floats | None:
    """Float64 (4,): x and y, how high it was and how far it had come down, m; None of who was not up, or nobody."""
    tops = body.tops[: body.seen + 1 - body.first]
    if body.seen - body.born < _KNOWN or np.isnan(tops[-SMOOTH:]).all():
        return None
    last = float(np.nanmedian(tops[-SMOOTH:]))
    level = max(float(np.nanmedian(tops[-_LEVEL:])), last)
    return np.array([*body.last_place(body.seen + 1), min(level, _STANDS_M), level - last]) if level >= UP_M else None


def _alike(how: Floats, other: Floats) -> bool:
    """Whether the other one was lost there too, as high at the least and as far down at the least."""
    x, y, higher, further_down = (how - other).tolist()
    return math.hypot(x, y) < NEAR_M and higher < _AS_HIGH_M and further_down < _AS_FAR_DOWN_M


def _seen_well(body: Body) -> bool:
    tops = body.tops[: body.seen + 1 - body.first]
    return int((~np.isnan(tops[-_STEADY:])).sum()) >= _SEEN


def _is_another(body: Body, bodies: Sequence[Body]) -> bool:
    """Whether another one that is seen since may be it: one beside it, or one who came since and is up."""
    since, until = body.seen + 1, body.seen + FORGOTTEN
    place = body.last_place(since)
    for one in bodies:
        part = slice(max(since - one.first, 0), max(until - one.first, 0))
        seen = ~np.isnan(one.places[part, 0])
        if one is body or not seen.any():
            continue
        far, tops = np.hypot(*(one.places[part][seen] - place).T), one.tops[part][seen]
        tops = np.where(np.isnan(tops), UP_M, tops)  # of unknown height: it may be up
        came = one.born >= since and np.median(tops) >= UP_M
        if came or far[0] < _TAKEN_M or (far.min() < BESIDE_M and tops.max() >= UP_M):
            return True
    return False
