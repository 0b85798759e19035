"""Whether somebody is up again thirty seconds after a fall, as far as the radar sees.

Up is who sits at the least, for two seconds. Only the body that fell can be, or one that began low beside it after its
track was lost: who comes to help is up all the time. A body that is not seen is not known to be up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analytics.findings import Seen
from analytics.radar.descents import EVERY, LOW_M, UP_M, Looks
from analytics.radar.tracks import RATE_HZ, Body

RECOVERY_S: Final = 30.0
_UP_LOOKS: Final = 4  # two seconds
_BESIDE_M: Final = 1.5
_LATELY: Final = 50  # frames in which it must have been seen to be called down


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUp:
    """Nobody was seen to be up after a fall."""

    down_at: int
    due_at: int
    probability: float
    place: tuple[float, float]
    height_m: float
    seen: Seen


@dataclass(slots=True)
class _Fallen:
    bodies: list[Body]  # the one that fell, and those it was found as again
    down_at: int
    raised_at: int
    probability: float
    place: tuple[float, float]
    up: dict[Body, int] = field(default_factory=dict)  # looks in a row
    looked: int = 0  # up to this frame
    seen_at: int = -1
    height_m: float = float("nan")
    recovered: bool = False

    @property
    def due_at(self) -> int:
        return max(self.down_at + int(RECOVERY_S * RATE_HZ), self.raised_at + EVERY)


class Watch:
    """Of one room: the falls that are less than thirty seconds old."""

    def __init__(self) -> None:
        self._fallen: list[_Fallen] = []

    def begin(
        self, body: Body, *, down_at: int, raised_at: int, probability: float, place: tuple[float, float]
    ) -> None:
        """`body` fell."""
        self._fallen.append(
            _Fallen(
                bodies=[body], down_at=down_at, raised_at=raised_at, probability=probability, place=place,
                looked=raised_at, seen_at=body.last_seen(raised_at),
            )
        )  # fmt: skip

    def after(self, bodies: Sequence[tuple[Body, Looks]], until: int) -> list[NotUp]:
        """What is known at frame `until`; `bodies`: those of the room, with the looks of the block that ends there."""
        found: list[NotUp] = []
        for one in list(self._fallen):
            for body, looks in bodies:
                self._look(one, body, looks, min(until, one.due_at))
            one.looked = min(until, one.due_at)
            if until < one.due_at:
                continue
            self._fallen.remove(one)
            if not one.recovered:
                lately = one.due_at - one.seen_at <= _LATELY
                found.append(
                    NotUp(
                        down_at=one.down_at, due_at=one.due_at, probability=one.probability, place=one.place,
                        height_m=one.height_m if lately else float("nan"),
                        seen=Seen.DOWN if lately else Seen.UNHEARD,
                    )
                )  # fmt: skip
        return found

    @staticmethod
    def _look(one: _Fallen, body: Body, looks: Looks, until: int) -> None:
        mine = (looks.frames > one.looked) & (looks.frames <= until) & ~np.isnan(looks.newest)
        if not mine.any():
            return
        frames, newest = looks.frames[mine], looks.newest[mine]
        if body not in one.bodies:
            far = float(np.hypot(*(body.last_place(int(frames[0])) - np.array(one.place))))
            begun = body.born > one.raised_at and frames[0] - body.born <= 2 * EVERY
            if not begun or newest[0] > LOW_M or far > _BESIDE_M:
                return
            one.bodies.append(body)
        count = one.up.get(body, 0)
        for top in newest.tolist():
            count = count + 1 if top >= UP_M else 0
            one.recovered |= count >= _UP_LOOKS
        one.up[body] = count
        if frames[-1] >= one.seen_at:
            one.seen_at, one.height_m = int(frames[-1]), float(newest[-1])
