"""What a module with targets and heights tells of a day: tracks that are late, noisy, lost, found and mixed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.scenes.acts import RATE_HZ, Body
from analytics.datasets.scenes.days import DAY_S, DOG, PERSON, SLOTS, Day
from analytics.datasets.scenes.draws import Draw

Floats = NDArray[np.float32]
FRAMES: Final = int(DAY_S * RATE_HZ)
_NEAR_M: Final = 0.7
_STILL_LOWER_M: Final = 0.12  # of a body that is still, only parts are seen
_SMOOTH: Final = 5  # frames over which noise hangs together


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracks:
    """A day of one room as told by its module, ten times a second.

    Attributes:
        ids: int32 (slots, frames); 0 where a slot follows nothing. A new number is a new track.
        places: float32 (slots, frames, 2), m.
        tops: float32 (slots, frames), the highest point above the floor, m.
    """

    ids: NDArray[np.int32]
    places: Floats
    tops: Floats


class Sensing:
    """One module; what is its own (lag, bias, noise) is drawn once."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._draw = Draw("sensor", rng)
        self._lag = round(self._draw("lag") * RATE_HZ)
        self._bias = self._draw("height_bias")
        self._noise = self._draw("height_noise")
        self._scatter = self._draw("place_noise")
        self._lost_frames = self._draw("frames_lost_share")
        self._number = 0

    def tells(self, day: Day) -> Tracks:
        """Of a day."""
        ids = np.zeros((SLOTS, FRAMES), np.int32)
        places = np.full((SLOTS, FRAMES, 2), np.nan, np.float32)
        tops = np.full((SLOTS, FRAMES), np.nan, np.float32)
        falls = [(round(one.begin_s * RATE_HZ), round(one.impact_s * RATE_HZ)) for one in day.falls]
        for slot, bodies in enumerate(day.bodies):
            for body in bodies:
                self._follow(body, falls if slot == PERSON else [], ids[slot], places[slot], tops[slot])
        self._swap(ids, places)
        gone = self._rng.random(FRAMES) < self._lost_frames
        ids[:, gone], tops[:, gone], places[:, gone] = 0, np.nan, np.nan
        return Tracks(ids=ids, places=places, tops=tops)

    def _follow(
        self,
        body: Body,
        falls: list[tuple[int, int]],
        ids: NDArray[np.int32],
        places: Floats,
        tops: Floats,
    ) -> None:
        n = len(body.top)
        numbers = self._numbers(body, falls)
        seen = numbers > 0
        rng = self._rng
        wander = _together(rng.normal(0, self._noise, n)) * np.sqrt(_SMOOTH) * 0.7
        top = body.top + self._bias + wander + rng.normal(0, self._noise * 0.7, n)
        top -= _STILL_LOWER_M * ~body.moving * rng.random()
        spikes = rng.random(n) < self._draw.share("spikes_share")
        top[spikes] += rng.uniform(-0.6, 0.6, int(spikes.sum()))
        place = body.place + _together(rng.normal(0, self._scatter, (n, 2))) * 2.0
        first = body.first + self._lag
        last = min(first + n, FRAMES)
        kept = seen[: last - first]
        into = slice(first, last)
        ids[into][kept] = numbers[: last - first][kept]
        tops[into][kept] = np.maximum(top[: last - first][kept], 0.0)
        places[into][kept] = place[: last - first][kept]

    def _numbers(self, body: Body, falls: list[tuple[int, int]]) -> NDArray[np.int32]:
        """Track number of each frame, 0 where it is lost."""
        n = len(body.top)
        frames = np.arange(n)
        moved = np.maximum.accumulate(np.where(body.moving, frames, -1))
        lost = np.zeros(n, bool)
        starts = np.flatnonzero(np.diff(body.moving.astype(np.int8), prepend=0) == -1)  # it becomes still
        for start in starts.tolist():
            after = round(self._draw("still_lost_after") * RATE_HZ)
            ends = np.searchsorted(moved, start)  # the next frame in which it moves
            if ends - start > after:
                again = round(self._draw("found_again") * RATE_HZ)
                lost[start + after : ends + again] = True
        lost[: round(self._draw("found_again") * RATE_HZ)] = True
        for begin, impact in falls:
            a, b = begin - body.first, impact - body.first
            if 0 <= a < n and self._draw.chance("lost_in_fall_share"):
                a += int(self._rng.integers(1, max(b - a, 2)))
                until = (
                    n if self._draw.chance("never_found_share") else b + round(self._draw("found_after_fall") * RATE_HZ)
                )
                lost[a:until] = True
        begins = np.diff(lost.astype(np.int8), prepend=1) == -1
        numbers = np.cumsum(begins) + self._number
        self._number += int(begins.sum())
        return np.where(lost, 0, numbers).astype(np.int32)

    def _swap(self, ids: NDArray[np.int32], places: Floats) -> None:
        """Person and pet pass each other, and the module takes one for the other until it loses one.

        Only the numbers are exchanged: each slot keeps its body.
        """
        both = (ids[PERSON] > 0) & (ids[DOG] > 0)
        near = np.zeros(FRAMES, bool)
        at = np.flatnonzero(both)
        near[at] = np.hypot(*(places[PERSON, at] - places[DOG, at]).T) < _NEAR_M
        for meet in np.flatnonzero(np.diff(near.astype(np.int8), prepend=0) == 1).tolist():
            if self._draw.chance("swaps_share"):
                apart = np.flatnonzero(~both[meet:])
                until = meet + (int(apart[0]) if len(apart) else FRAMES - meet)
                ids[[PERSON, DOG], meet:until] = ids[[DOG, PERSON], meet:until]


def _together(noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of `_SMOOTH` frames around each, along the first axis; the ends are mirrored."""
    half = _SMOOTH // 2
    around = [(half, half)] + [(0, 0)] * (noise.ndim - 1)
    sums = np.cumsum(np.pad(noise, around, mode="symmetric"), axis=0)
    sums[_SMOOTH:] -= sums[:-_SMOOTH].copy()
    return sums[_SMOOTH - 1 :] / _SMOOTH
