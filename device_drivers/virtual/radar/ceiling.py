"""Modules under a ceiling that look down: what they measure, and their own idea of a fall.

They know one height, that of the highest body they see, and they know it from the distance to it and the installation
height that somebody told them: told wrongly, every height is wrong by as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from device_drivers.virtual.radar.body import Body

_UP_M: Final = 1.0  # who was never so high did not fall
_CAME_DOWN_WITHIN_S: Final = 3.0
_UP_AGAIN_M: Final = 0.3  # above the threshold
_PRESENCE_HOLD_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Metres from below the module to the left, right, front and back."""

    left: float
    right: float
    front: float
    back: float

    def holds(self, x: float, y: float) -> bool:
        """Whether a place (to the right, to the front) is in it."""
        return -self.left <= x <= self.right and -self.back <= y <= self.front


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Where it really hangs."""

    x: float = 0.0
    y: float = 1.2
    height: float = 2.4

    def below(self, bodies: Sequence[Body], zone: Zone) -> list[Body]:
        """Those whose middle is in a zone."""
        return [body for body in bodies if zone.holds(body.x - self.x, body.y - self.y)]


class FallOpinion:
    """High, then low within seconds, then low for long: fallen, until high again.

    Somebody who stands beside hides it, and a dog that comes where a person was seems to be one that fell.
    """

    def __init__(self) -> None:
        self.fallen = False
        self._up_at = -np.inf
        self._low_since: float | None = None

    def update(self, now: float, top: float | None, *, threshold: float, delay_s: float) -> bool:
        """`top` is the highest that is seen, None when nobody is."""
        if top is None:
            self.fallen, self._low_since, self._up_at = False, None, -np.inf
        elif top > threshold + _UP_AGAIN_M:
            self.fallen, self._low_since = False, None
            if top > _UP_M:
                self._up_at = now
        elif top < threshold and self._low_since is None and now - self._up_at <= _CAME_DOWN_WITHIN_S:
            self._low_since = now
        if self._low_since is not None and now - self._low_since >= delay_s:
            self.fallen = True
        return self.fallen


class Presence:
    """Somebody is there, and for a while after they were."""

    def __init__(self) -> None:
        self._last = -np.inf

    def update(self, now: float, seen: bool) -> bool:
        """What it says now."""
        if seen:
            self._last = now
        return now - self._last <= _PRESENCE_HOLD_S
