"""Every stream at ten samples a second for the last 40 s, two bytes a number: what tells whether a person gets up.

Time runs on over the pieces of a stream: where it broke and was begun anew, the time between is there and missing. The
means of a bin are made of whole numbers, so that they do not depend on how the stream was cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.steps import MISSING, Steps, grams, steps

__all__ = ["KEPT", "LINE_HZ", "MISSING", "Bins", "Ints", "Line", "grams", "resume", "start", "take"]

LINE_HZ: Final = 10  # a step takes 0.4–0.8 s, a change of posture a second
# 30 s from an impact, and 10 s of what was before it: 2.4 kB a stream.
KEPT: Final = 40 * LINE_HZ
_SUMS: Final = 5  # x, y, z of usable samples, how many these are, how many there were

Ints = NDArray[np.int64]
Bins = NDArray[np.int16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is carried from chunk to chunk, one row a stream.

    Attributes:
        rates: device rate, Hz, float64 (S,).
        base: the bin in which the present piece of the stream begins, int64 (S,).
        taken: samples of the present piece, int64 (S,).
        unfinished: sums of the bin that is not complete, whole numbers in float64 (S, 5).
        seen: complete bins since the beginning, int64 (S,).
        ring: the newest of them, newest last, int16 (S, KEPT, 3), 1/1024 g; MISSING where there is none.
    """

    rates: NDArray[np.float64]
    base: Ints
    taken: Ints
    unfinished: NDArray[np.float64]
    seen: Ints
    ring: Bins


def start(rates: NDArray[np.float64]) -> Line:
    """Fresh lines of streams of these device rates, Hz, float64 (S,)."""
    count = len(rates)
    return Line(
        rates=np.asarray(rates, np.float64),
        base=np.zeros(count, np.int64),
        taken=np.zeros(count, np.int64),
        unfinished=np.zeros((count, _SUMS)),
        seen=np.zeros(count, np.int64),
        ring=np.full((count, KEPT, 3), MISSING, np.int16),
    )


def resume(line: Line, row: int, rate_hz: float, gap_s: float) -> Line:
    """The next piece of one stream begins, `gap_s` after the last sample of the one before, perhaps at another rate."""
    begun = line.unfinished[row, 4] > 0
    skipped = int(begun) + max(0, round(gap_s * LINE_HZ))
    fresh = np.full((min(skipped, KEPT), 3), MISSING, np.int16)
    if begun and skipped <= KEPT:
        fresh[0] = _means(line.unfinished[row])
    rates, base, taken, seen = line.rates.copy(), line.base.copy(), line.taken.copy(), line.seen.copy()
    unfinished, ring = line.unfinished.copy(), line.ring.copy()
    ring[row] = np.concatenate([ring[row], fresh])[-KEPT:]
    seen[row] += skipped
    rates[row], base[row], taken[row], unfinished[row] = rate_hz, seen[row], 0, 0
    return Line(rates=rates, base=base, taken=taken, unfinished=unfinished, seen=seen, ring=ring)


def take(line: Line, chunk: NDArray[np.floating] | Steps, counts: NDArray[np.integer]) -> tuple[Line, Bins, Ints]:
    """Take `counts[s]` samples of each stream.

    Args:
        line: carried.
        chunk: (S, n, 3), g or steps, at each stream's device rate. Anything not finite or beyond 31.9 g is unusable.
        counts: how many of the n rows are new in each stream, (S,).

    Returns:
        The line, the kept bins followed by the new ones, int16 (S, KEPT + k, 3), and how many are new, int64 (S,).
    """
    streams, length = chunk.shape[:2]
    counts = np.asarray(counts, np.int64)
    reached = _bin(line, line.taken + counts)
    made = reached - line.seen
    width = int(made.max(initial=0)) + 1
    # Where each new bin ends among the new samples, int64 (S, width + 1); the last one is not complete.
    index = _bin(line, line.taken + np.arange(length)[:, None]) - line.seen
    within = np.arange(length)[:, None] < counts
    edges = [np.count_nonzero((index < number) & within, axis=0) for number in range(width)]
    ends = np.stack([*edges, counts], axis=1)
    values = steps(chunk)
    usable = (values[..., 0] != MISSING) & within.T
    axes = [_sums(np.where(usable, values[..., axis], 0), ends) for axis in range(3)]
    bins = np.stack([*axes, _sums(usable, ends), np.diff(ends, axis=1)], axis=2).astype(np.float64)
    bins[:, 0] += line.unfinished
    rows = np.arange(streams)
    unfinished = bins[rows, made]
    fresh = _means(bins[:, :-1])
    fresh[np.arange(width - 1) >= made[:, None]] = MISSING
    joined = np.concatenate([line.ring, fresh], axis=1)
    ring = _newest(joined, made)
    after = replace(line, taken=line.taken + counts, unfinished=unfinished, seen=reached, ring=ring)
    return after, joined, made


def _sums(values: NDArray[np.generic], ends: Ints) -> Ints:
    """Sums of (S, n) between the ends, int64 (S, width)."""
    total = np.zeros((len(values), values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=total[:, 1:])
    return np.diff(np.take_along_axis(total, ends, axis=1), axis=1)


def _newest(joined: Bins, made: Ints) -> Bins:
    """The KEPT bins of (S, KEPT + k, 3) that end `made[s]` after the first KEPT: whole rows are copied."""
    streams, columns, axes = joined.shape
    shape, strides = (streams, columns - KEPT + 1, KEPT * axes), (*joined.strides[:2], joined.itemsize)
    every = np.ndarray(shape, joined.dtype, joined, strides=strides)
    return np.asarray(every[np.arange(streams), made].reshape(streams, KEPT, axes))


def _bin(line: Line, sample: Ints) -> Ints:
    """The bin of a sample of each stream's present piece, int64 (…, S)."""
    return np.asarray(line.base + np.floor(sample * LINE_HZ / line.rates).astype(np.int64))


def _means(sums: NDArray[np.float64]) -> Bins:
    """Means of sums (…, 5) as int16 (…, 3); a bin of which half is not usable is missing."""
    usable, total = sums[..., 3], sums[..., 4]
    means = np.rint(sums[..., :3] / np.maximum(usable, 1)[..., None]).astype(np.int16)
    means[(usable == 0) | (2 * usable < total)] = MISSING
    return means
