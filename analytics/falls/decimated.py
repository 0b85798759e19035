"""Every stream at ten samples a second for the last 40 s, two bytes a number: what tells whether a person gets up.

Time runs on over the pieces of a stream: where it broke and was begun anew, the time between is there and missing. The
means of a bin are made of whole numbers, so that they do not depend on how the stream was cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

LINE_HZ: Final = 10  # a step takes 0.4–0.8 s, a change of posture a second
# 30 s from an impact, and 10 s of what was before it: 2.4 kB a stream.
KEPT: Final = 40 * LINE_HZ
MISSING: Final = int(np.iinfo(np.int16).min)
PER_G: Final = 1024  # below the noise of every wearable; 16 bits reach ±32 g
_LIMIT_G: Final = 31.9
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


def take(line: Line, chunk: NDArray[np.floating], counts: NDArray[np.integer]) -> tuple[Line, Bins, Ints]:
    """Take `counts[s]` samples of each stream.

    Args:
        line: carried.
        chunk: (S, n, 3), g, at each stream's device rate. Anything not finite or beyond 31.9 g is unusable.
        counts: how many of the n rows are new in each stream, (S,).

    Returns:
        The line, the kept bins followed by the new ones, int16 (S, KEPT + k, 3), and how many are new, int64 (S,).
    """
    streams, length = chunk.shape[:2]
    reached = _bin(line, line.taken + counts)
    made = reached - line.seen
    width = int(made.max(initial=0)) + 1
    index = _bin(line, line.taken + np.arange(length)[:, None]).T
    place = index - line.seen[:, None] + np.arange(streams)[:, None] * width
    new = np.arange(length) < np.asarray(counts)[:, None]
    place, values = place[new], np.asarray(chunk, np.float64)[new]
    usable = (np.abs(values) <= _LIMIT_G).all(axis=1)  # false for NaN too
    sums = np.zeros((_SUMS, streams * width))
    sums[4] = np.bincount(place, minlength=streams * width)
    place, values = place[usable], np.rint(values[usable] * PER_G)
    for axis in range(3):
        sums[axis] = np.bincount(place, weights=values[:, axis], minlength=streams * width)
    sums[3] = np.bincount(place, minlength=streams * width)
    bins = sums.T.reshape(streams, width, _SUMS)
    bins[:, 0] += line.unfinished
    rows = np.arange(streams)
    unfinished = bins[rows, made]
    fresh = _means(bins[:, :-1])
    fresh[np.arange(width - 1) >= made[:, None]] = MISSING
    joined = np.concatenate([line.ring, fresh], axis=1)
    ring = joined[rows[:, None], made[:, None] + np.arange(KEPT)]
    after = replace(line, taken=line.taken + counts, unfinished=unfinished, seen=reached, ring=ring)
    return after, joined, made


def grams(bins: Bins) -> NDArray[np.float32]:
    """Bins (…, 3) in g, NaN where missing."""
    values = bins.astype(np.float32) / np.float32(PER_G)
    values[bins[..., 0] == MISSING] = np.nan
    return values


def _bin(line: Line, sample: Ints) -> Ints:
    """The bin of a sample of each stream's present piece, int64 (…, S)."""
    return np.asarray(line.base + np.floor(sample * LINE_HZ / line.rates).astype(np.int64))


def _means(sums: NDArray[np.float64]) -> Bins:
    """Means of sums (…, 5) as int16 (…, 3); a bin of which half is not usable is missing."""
    usable, total = sums[..., 3], sums[..., 4]
    means = np.rint(sums[..., :3] / np.maximum(usable, 1)[..., None]).astype(np.int16)
    means[(usable == 0) | (2 * usable < total)] = MISSING
    return means
