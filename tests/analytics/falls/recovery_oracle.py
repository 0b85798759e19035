"""Recovery the slow, obvious way: one stream, whole, bin by bin and second by second in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.falls import gait, risen
from analytics.findings import Finding, Seen

Vector = tuple[float, float, float]
Bins = list[Vector | None]


def bins_of(samples: NDArray[np.float32], rate_hz: float) -> Bins:
    own: list[list[Vector | None]] = [[] for _ in range(math.floor(len(samples) * 10 / rate_hz))]
    for index, sample in enumerate(samples.tolist()):
        place = math.floor(index * 10 / rate_hz)
        if place < len(own):
            good = all(math.isfinite(value) and abs(value) <= 31.9 for value in sample)
            own[place].append(
                (round(sample[0] * 1024), round(sample[1] * 1024), round(sample[2] * 1024)) if good else None
            )
    made: Bins = []
    for inside in own:
        usable = [one for one in inside if one is not None]
        if not usable or 2 * len(usable) < len(inside):
            made.append(None)
        else:
            x, y, z = (
                float(np.float32(round(sum(one[axis] for one in usable) / len(usable)) / 1024)) for axis in range(3)
            )
            made.append((x, y, z))
    return made


def norm(vector: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in vector))


def mean(vectors: Sequence[Vector]) -> Vector:
    x, y, z = (sum(one[axis] for one in vectors) / len(vectors) for axis in range(3))
    return x, y, z


def deviation(values: Sequence[float]) -> float:
    middle = sum(values) / len(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / len(values))


def walking(window: Bins, *, trunk: bool) -> bool:
    if len(window) < gait.WALK or any(one is None for one in window):
        return False
    own = [one for one in window if one is not None]
    kind = 0 if trunk else 1
    lengths = [norm(one) for one in own]
    if any(deviation(lengths[k : k + 10]) < gait._EACH_SECOND_G[kind] for k in range(0, len(lengths), 10)):
        return False
    if not trunk and deviation(lengths) > gait._WRIST_LENGTH_G:
        return False
    down = mean(own)
    down = (down[0] / norm(down), down[1] / norm(down), down[2] / norm(down))
    across = [max(0.0, norm(one) ** 2 - sum(a * b for a, b in zip(one, down, strict=True)) ** 2) for one in own]
    if math.sqrt(sum(across) / len(across)) > gait._ACROSS_G[kind]:
        return False
    middle = sum(lengths) / len(lengths)
    swing = [length - middle for length in lengths]
    best = -1.0
    for lag in gait._LAGS:
        early, late = swing[:-lag], swing[lag:]
        size = norm(early) * norm(late)
        best = max(best, sum(a * b for a, b in zip(early, late, strict=True)) / max(size, 1e-9))
    return best >= gait._RHYTHM[kind]


def upright_before(bins: Bins, impact: int) -> Vector | None:
    for begin in range((impact - 10 - gait.WALK) // 10 * 10, -1, -10):
        window = bins[begin : begin + gait.WALK]
        if walking(window, trunk=True):
            return mean([one for one in window if one is not None])
    return None


def posture(second: Bins, upright: Vector) -> int:
    there = [one for one in second if one is not None]
    if len(there) < 5:
        return 0
    middle = mean(there)
    if not 0.8 <= norm(middle) <= 1.2:
        return 0
    cosine = sum(a * b for a, b in zip(middle, upright, strict=True)) / (norm(middle) * norm(upright))
    return 1 if cosine >= math.cos(math.radians(gait.UPRIGHT_DEG)) else -1


def alive(window: Bins) -> bool:
    there = [one for one in window if one is not None]
    return math.sqrt(sum(deviation([one[axis] for one in there]) ** 2 for axis in range(3))) >= risen._ALIVE_G


def judged(bins: Bins, impact: int, until: int, upright: Vector | None, *, trunk: bool) -> Seen | None:
    """None: up."""
    since: Bins = [*bins[impact:until], *[None] * 300][:300]
    since[until - impact :] = [None] * (300 - (until - impact))
    seconds = [since[k : k + 10] for k in range(0, 300, 10)]
    down = False
    if trunk and upright is not None:
        states = [posture(second, upright) for second in seconds]
        up = False
        for k in range(28):
            if states[k : k + 3] == [1, 1, 1] and alive(since[10 * k : 10 * k + 30]):
                up = True
            if states[k : k + 3] == [-1, -1, -1]:
                up, down = False, True
    else:
        up = any(walking(since[k : k + gait.WALK], trunk=trunk) for k in range(0, 300 - gait.WALK + 1, 10))
    if up:
        return None
    near = sum(sum(one is not None for one in second) >= 5 for second in seconds[-10:])
    return Seen.UNHEARD if near < 5 else Seen.DOWN if down else Seen.NO_WALKING


def watched(
    samples: NDArray[np.float32], rate_hz: float, falls: Sequence[Finding], *, trunk: bool
) -> list[tuple[float, Seen]]:
    """(impact, what was seen) of each no-recovery of the stream, s."""
    bins = bins_of(samples, rate_hz)
    said: list[tuple[float, Seen]] = []
    since: int | None = None  # the impact that is watched from, or that something was said of
    for fall in sorted(falls, key=lambda one: one.at_s):
        impact = int(fall.at_s * 10)
        if since is not None and impact <= since + 300:
            upright = upright_before(bins, since)
            not_up = judged(bins, since, since + 300, upright, trunk=trunk)
            over = int(fall.decided_s * 10) >= since + 300
            if (not_up if over else judged(bins, since, impact, upright, trunk=trunk)) is not None:
                continue
            said = [one for one in said if one[0] != since / 10]
        since = impact
        if since + 300 <= len(bins):
            seen = judged(bins, since, since + 300, upright_before(bins, since), trunk=trunk)
            said += [] if seen is None else [(since / 10, seen)]
    return said
