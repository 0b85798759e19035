"""The way of a body through a room: places and heights at moments, and curves between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RATE_HZ: Final = 10.0
BOB_M: Final = 0.02  # how far a head goes up and down in walking
_EASE: Final = np.linspace(0.0, 1.0, 9)[1:]


@dataclass(slots=True)
class Way:
    """Moments of one body: seconds, x, y, the height of its highest point, and whether a radar sees it move."""

    moments: list[tuple[float, float, float, float, bool]] = field(default_factory=list)

    @property
    def now(self) -> tuple[float, float, float, float]:
        """The last moment."""
        return self.moments[-1][:4]

    def begin(self, at: float, place: Sequence[float], top: float) -> None:
        """It is there from this moment on."""
        self.moments.append((at, place[0], place[1], top, True))

    def go(self, place: Sequence[float], speed: float) -> None:
        """Walk there in a straight line."""
        at, x, y, top = self.now
        lasts = float(np.hypot(place[0] - x, place[1] - y)) / speed
        self.moments.append((at + max(lasts, 0.1), place[0], place[1], top, True))

    def stay(self, lasts: float, *, moving: bool = False) -> None:
        """As it is."""
        at, x, y, top = self.now
        self.moments.append((at + lasts, x, y, top, moving))

    def change(self, top: float, lasts: float, place: Sequence[float] | None = None) -> None:
        """To another height (and place), gently at both ends."""
        at, x, y, before = self.now
        to = (x, y) if place is None else place
        for u in _EASE:
            eased = u * u * (3 - 2 * u)
            self._between(at + u * lasts, (x, y), to, before + (top - before) * eased, u)

    def drop(self, top: float, lasts: float, place: Sequence[float]) -> None:
        """To a lower height, faster and faster, as what falls does."""
        at, x, y, before = self.now
        for u in _EASE:
            self._between(at + u * lasts, (x, y), place, before + (top - before) * u * u, u)

    def _between(self, at: float, first: Sequence[float], last: Sequence[float], top: float, u: float) -> None:
        x, y = (a + (b - a) * u for a, b in zip(first, last, strict=True))
        self.moments.append((at, x, y, top, True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body at every moment of a piece of time.

    Attributes:
        first: the number of its first frame.
        place: float64 (n, 2), m.
        top: float64 (n,), m above the floor.
        moving: bool (n,), it moves enough to be seen.
    """

    first: int
    place: Floats
    top: Floats
    moving: NDArray[np.bool_]


def at_frames(way: Way, rng: np.random.Generator) -> Body:
    """The way as frames of a tenth of a second."""
    table = np.array([moment[:4] for moment in way.moments])
    flags = np.array([moment[4] for moment in way.moments])
    times = np.maximum.accumulate(table[:, 0])
    first = int(np.ceil(times[0] * RATE_HZ))
    t = np.arange(first, int(times[-1] * RATE_HZ) + 1) / RATE_HZ
    x, y, top = (np.interp(t, times, table[:, column]) for column in (1, 2, 3))
    moving = flags[np.minimum(np.searchsorted(times, t), len(times) - 1)]
    speed = np.hypot(np.gradient(x), np.gradient(y)) * RATE_HZ if len(t) > 1 else np.zeros(len(t))
    top = top + BOB_M * np.sin(2 * np.pi * 1.7 * t) * (speed > 0.2)
    sway = rng.normal(0, 0.01, (len(t), 2))
    return Body(first=first, place=np.column_stack([x, y]) + sway, top=top, moving=moving)
