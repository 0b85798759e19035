"""Somebody who was up is gone where nobody goes: who falls behind something, or is lost for good while falling.

A module loses people at the door, and where they sit still. Where that is in a room shows by itself, after a day or so:
each place where somebody was lost is remembered, with how high they were and how far they had come down. Who is lost
elsewhere, is not found again for half a minute and cannot be anybody else who is seen, may have fallen. What there is
to go by is little: even odds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from analytics.radar.descents import SMOOTH, UP_M
from analytics.radar.late import Judged
from analytics.radar.places import Zone
from analytics.radar.tracks import FORGOTTEN, Body, Floats

PROBABILITY: Final = 0.5
REMEMBERED: Final = 400  # who was lost: some weeks; beds and chairs are moved
FEWEST: Final = 20  # … before anything is known of the room
SHARE: Final = 0.02  # of them: where so few were lost, nobody is usually
NEAR_M: Final = 0.9
_AS_HIGH_M: Final = 0.3  # who sits down on a chair is no sign that who stands beside it goes
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
    """

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._zones = zones
        self._lost: deque[Floats] = deque(maxlen=REMEMBERED)
        self._until = 0

    def after(self, bodies: Sequence[Body], until: int) -> list[Judged]:
        """Who is known at frame `until`, and was not at the call before, to be gone.

        Args:
            bodies: those of the room, as far as that frame.
            until: the frame behind the block.
        """
        found: list[Judged] = []
        gone = [body for body in bodies if self._until < body.seen + FORGOTTEN <= until]
        self._until = until
        for body in sorted(gone, key=lambda body: (body.seen, body.born)):
            how = _lost(body)
            if how is None:
                continue
            alike = sum(_alike(how, other) for other in self._lost)
            usual = len(self._lost) < FEWEST or alike > SHARE * len(self._lost)
            self._lost.append(how)
            if not usual and _seen_well(body) and not self._in_a_zone(how) and not _is_another(body, bodies):
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
    return np.array([*body.last_place(body.seen + 1), level, level - last]) if level >= UP_M else None


def _alike(how: Floats, other: Floats) -> bool:
    """Whether the other one was lost there too, as high at the least and as far down at the least."""
    return bool(np.hypot(*(how - other)[:2]) < NEAR_M and ((how - other)[2:] < _AS_HIGH_M).all())


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
        came = one.born >= since and np.median(tops) >= UP_M
        if came or far[0] < _TAKEN_M or (far.min() < BESIDE_M and tops.max() >= UP_M):
            return True
    return False
