"""From which probability on a way down is told as a fall, for each wait: what costs least.

A missed fall costs one, a false alert and a second until a fall is told cost parts of that. Judgements are those of
made-up rooms that the trees have not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.falls import WAITS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FALSE_COSTS: Final = 0.4  # missed falls: of 500 falls 10 may be missed, of 200 room-days 10 alerts be false
LATE_COSTS: Final = 0.003  # missed falls a second: who lies still on the floor is told after three, not ten
STEPS: Final = 1 / (1 + np.exp(-np.arange(-2.0, 7.1, 0.1)))  # even in log odds
FIRST: Final = (0.95, 0.95, 0.95, 0.9, 0.7, 0.7, 0.7)
TOGETHER_S: Final = 40.0  # false alerts that follow each other sooner are one
_ROUNDS: Final = 4
_AROUND: Final = 2  # steps on either side: the cheapest of all lies just above a false alert of these very rooms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Judgements of some rooms, n of them in the order of rooms and time, with F falls.

    Attributes:
        chance: float64 (n,), how likely a fall.
        wait: int64 (n,), which of `WAITS`.
        room: int64 (n,).
        at: float64 (n,), s, when the way down was seen.
        fall: int64 (n,), in which fall's time; −1 for none.
        late_s: float64 (n,), after its impact; NaN where that is too late to count, and where there is none.
        falls: F.
    """

    chance: Floats
    wait: Ints
    room: Ints
    at: Floats
    fall: Ints
    late_s: Floats
    falls: int

    def likely(self) -> Judged:
        """Those that some threshold tells, in order."""
        order = np.lexsort((self.at, self.room))
        order = order[self.chance[order] >= STEPS[0]]
        parts = {name: getattr(self, name)[order] for name in ("chance", "wait", "room", "at", "fall", "late_s")}
        return Judged(**parts, falls=self.falls)

    def measured(self, limits: Floats) -> tuple[int, int, float]:
        """Missed falls, false alerts, and the seconds after which all that were found were told.

        Args:
            limits: float64 (WAITS,).
        """
        told = self.chance >= limits[self.wait]
        found = told & ~np.isnan(self.late_s)
        late = np.full(self.falls, np.inf)
        np.minimum.at(late, self.fall[found], self.late_s[found])
        wrong = told & (self.fall < 0)
        room, at = self.room[wrong], self.at[wrong]
        apart = (np.diff(room) != 0) | (np.diff(at) > TOGETHER_S)
        missed = np.isinf(late)
        return int(missed.sum()), int(apart.sum()) + bool(len(at)), float(late[~missed].sum())


def cost(judged: Sequence[Judged], limits: Floats) -> float:
    """Of all rooms, in missed falls."""
    missed, false, late = np.sum([one.measured(limits) for one in judged], axis=0)
    return float(missed + FALSE_COSTS * false + LATE_COSTS * late)


def thresholds(judged: Sequence[Judged]) -> Floats:
    """Float64 (WAITS,): one after the other the cheapest, with its neighbours in mind, until none changes."""
    judged = [one.likely() for one in judged]
    limits = np.array(FIRST)
    for _ in range(_ROUNDS):
        before = limits.copy()
        for number in range(len(WAITS)):
            mine = np.arange(len(WAITS)) == number
            costs = np.array([cost(judged, np.where(mine, step, limits)) for step in STEPS])
            around = np.convolve(np.pad(costs, _AROUND, mode="edge"), np.ones(2 * _AROUND + 1), "valid")
            limits[number] = STEPS[int(around.argmin())]
        if (limits == before).all():
            break
    return limits
