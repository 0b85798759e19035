"""From which probability on a way down is told as a fall, at each look: what costs least.

A missed fall costs one, a false alert and a second until a fall is told cost parts of that. Judgements are those of
made-up rooms that the trees have not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.falls import LOOKS, WAITS
from analytics.radar.late import LATE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FALSE_COSTS: Final = 0.35  # missed falls: nobody called to who lies on the floor is as bad as three called for nothing
LATE_COSTS: Final = 0.001  # missed falls a second: told after two minutes instead of at once it costs an eighth of one
STEPS: Final = 1 / (1 + np.exp(-np.arange(-2.0, 7.1, 0.1)))  # even in log odds
# Where it is begun: one low threshold hides what all others would gain, so from several sides. All are log odds: of the
# first three looks, of the others until 19 s, and of the last; those between them lie between them.
BEGINNINGS: Final = tuple((2.5, sure, last) for sure in (0.5, 1.5, 2.5, 3.5) for last in (-0.5, 1.0))
_AT_ONCE: Final = 3  # looks
TOGETHER_S: Final = 40.0  # false alerts that follow each other sooner are one
_ROUNDS: Final = 4
_AROUND: Final = 2  # steps on either side: the cheapest of all lies just above a false alert of these very rooms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Judgements of some rooms, n of them in the order of rooms and time, with F falls.

    Attributes:
        chance: float64 (n,), how likely a fall.
        wait: int64 (n,), which of `LOOKS`.
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
            limits: float64 (LOOKS,).
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
    """Float64 (LOOKS,): the cheapest of those that each of `BEGINNINGS` leads to."""
    judged = [one.likely() for one in judged]
    found = [_cheaper(judged, begin(*one)) for one in BEGINNINGS]
    return min(found, key=lambda limits: cost(judged, limits))


def begin(at_once: float, sure: float, last: float) -> Floats:
    """Float64 (LOOKS,), of log odds."""
    late = sure + (last - sure) * np.arange(1, len(LATE) + 1) / len(LATE)
    odds = np.concatenate([np.full(_AT_ONCE, at_once), np.full(len(WAITS) - _AT_ONCE, sure), late])
    return np.asarray(1 / (1 + np.exp(-odds)))


def _cheaper(judged: Sequence[Judged], limits: Floats) -> Floats:
    """One after the other the cheapest, with its neighbours in mind, until none changes."""
    for _ in range(_ROUNDS):
        before = limits.copy()
        for number in range(len(LOOKS)):
            mine = np.arange(len(LOOKS)) == number
            costs = np.array([cost(judged, np.where(mine, step, limits)) for step in STEPS])
            around = np.convolve(np.pad(costs, _AROUND, mode="edge"), np.ones(2 * _AROUND + 1), "valid")
            limits[number] = STEPS[int(around.argmin())]
        if (limits == before).all():
            break
    return limits
