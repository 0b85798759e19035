"""Causal rate conversion: acceleration of any device rate to the detector's 50 Hz, many streams at once.

Each output sample is a weighted sum of the device samples within a few milliseconds around it (a windowed sinc, so
what the lower of the two rates cannot carry is removed before it can alias). An output is given as soon as the last
device sample it needs is there: the delay is the half-width of the kernel, `lookahead_s`, and nothing later is ever
used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 50.0
MIN_RATE_HZ: Final = 20.0
MAX_RATE_HZ: Final = 416.0  # the fastest common wearable stream (ST's 416 Hz)
# Cut-off: 21 Hz at 50 Hz and above. Kernel half-width: three zero crossings of the sinc.
_CUTOFF: Final = 0.42
_CROSSINGS: Final = 3.0
_BETA: Final = 5.0  # Kaiser window
# Fractions of a device sample at which the kernel is tabulated; 600 makes 25, 50, 52, 100, 104 and 200 Hz exact.
_PHASES: Final = 600


def lookahead_s(rate_hz: float) -> float:
    """Seconds of device samples an output needs after its own moment."""
    return half_taps(rate_hz) / rate_hz


def half_taps(rate_hz: float) -> int:
    """Device samples an output needs after its own moment."""
    return math.ceil(_CROSSINGS / (2 * _CUTOFF * min(rate_hz, RATE_HZ)) * rate_hz)


_TAIL: Final = 2 * half_taps(MAX_RATE_HZ) + 2


@lru_cache(maxsize=32)  # a pure function of the rate; a home has a handful of rates
def kernel(rate_hz: float) -> NDArray[np.float64]:
    """The weights, float64 (phases, 2h): row q is for samples base-h+1 … base+h and an output at base + q/phases."""
    half = half_taps(rate_hz)
    cutoff = _CUTOFF * min(rate_hz, RATE_HZ)
    offset = np.arange(-half + 1, half + 1) - np.arange(_PHASES)[:, None] / _PHASES
    inside = np.clip(1 - (offset / half) ** 2, 0, None)
    weights = np.sinc(2 * cutoff / rate_hz * offset) * np.i0(_BETA * np.sqrt(inside))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def position(output: NDArray[np.int64], rate_hz: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Device sample (whole part) and kernel phase of each output index."""
    exact = output * (rate_hz / RATE_HZ)
    base = np.floor(exact).astype(np.int64)
    phase = np.rint((exact - base) * _PHASES).astype(np.int64)
    over = phase == _PHASES
    return base + over, np.where(over, 0, phase)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateState:
    """What the conversion carries from chunk to chunk.

    Attributes:
        rates: device rate of each stream, Hz, float64 (S,).
        tail: the last device samples, newest last, float32 (S, tail, 3).
        taken: device samples consumed, int64 (S,).
        given: outputs produced, int64 (S,).
    """

    rates: NDArray[np.float64]
    tail: NDArray[np.float32]
    taken: NDArray[np.int64]
    given: NDArray[np.int64]


def start(rates: NDArray[np.float64]) -> RateState:
    """A fresh state for streams of these rates, Hz.

    Raises:
        ValueError: a rate is outside 20–416 Hz.
    """
    rates = np.asarray(rates, np.float64)
    if not bool(np.all((rates >= MIN_RATE_HZ) & (rates <= MAX_RATE_HZ))):
        raise ValueError(f"the detector takes {MIN_RATE_HZ:g}–{MAX_RATE_HZ:g} Hz, got {rates.tolist()}")
    count = len(rates)
    return RateState(
        rates=rates,
        tail=np.full((count, _TAIL, 3), np.nan, np.float32),
        taken=np.zeros(count, np.int64),
        given=np.zeros(count, np.int64),
    )


def restart(state: RateState, row: int, rate_hz: float) -> RateState:
    """The same state with one stream begun anew at a rate."""
    fresh = start(np.array([rate_hz]))
    rates, tail, taken, given = state.rates.copy(), state.tail.copy(), state.taken.copy(), state.given.copy()
    rates[row], tail[row], taken[row], given[row] = rate_hz, fresh.tail[0], 0, 0
    return RateState(rates=rates, tail=tail, taken=taken, given=given)


def convert(
    state: RateState, chunk: NDArray[np.float32], counts: NDArray[np.int64]
) -> tuple[RateState, NDArray[np.float32], NDArray[np.int64]]:
    """Take `counts[s]` device samples of each stream and give the outputs they complete.

    Args:
        state: carried state.
        chunk: float32 (S, n, 3), g; the first counts[s] rows of stream s are new, the rest is ignored. NaN: unusable,
            and so is every output that would need it.
        counts: int64 (S,).

    Returns:
        The new state, outputs float32 (S, k, 3) and how many of them are valid per stream, int64 (S,).
    """
    streams = len(counts)
    joined = np.concatenate([state.tail, chunk], axis=1)
    new_tail = shift(joined, counts, _TAIL)
    # A stream's first samples have no past: it is held at the first one.
    first = (state.taken == 0) & (counts > 0)
    if first.any():
        joined[first, :_TAIL] = joined[first, _TAIL : _TAIL + 1]
        new_tail[first] = shift(joined[first], counts[first], _TAIL)
    taken = state.taken + counts
    given = state.given.copy()
    made = np.zeros(streams, np.int64)
    parts: list[tuple[NDArray[np.intp], NDArray[np.float32]]] = []
    for rate in np.unique(state.rates[counts > 0]):
        rows = np.flatnonzero((state.rates == rate) & (counts > 0))
        half = half_taps(rate)
        until = _complete(taken[rows], half, rate)
        number = np.maximum(until - given[rows], 0)
        if not number.any():
            continue
        outputs = given[rows, None] + np.arange(number.max())
        base, phase = position(outputs, rate)
        table = kernel(float(rate))
        column = base - (half - 1) - state.taken[rows, None] + _TAIL
        column = np.minimum(column, joined.shape[1] - 2 * half)  # past the row's own count: computed, never given
        total = np.zeros((*outputs.shape, 3))
        for tap in range(2 * half):
            total += table[phase, tap][:, :, None] * joined[rows[:, None], column + tap]
        parts.append((rows, total.astype(np.float32)))
        made[rows] = number
        given[rows] += number
    out = np.full((streams, int(made.max(initial=0)), 3), np.nan, np.float32)
    for rows, values in parts:
        out[rows, : values.shape[1]] = values
    return replace(state, tail=new_tail, taken=taken, given=given), out, made


def shift(joined: NDArray[np.float32], counts: NDArray[np.int64], width: int) -> NDArray[np.float32]:
    """The `width` samples of each row of (S, width + n, 3) that end `counts[s]` after the first `width`."""
    if len(counts) and int(counts.min()) == int(counts.max()):
        begin = int(counts[0])
        return joined[:, begin : begin + width].copy()
    columns = counts[:, None] + np.arange(width)
    return np.asarray(joined[np.arange(len(counts))[:, None], columns])


def _complete(taken: NDArray[np.int64], half: int, rate: float) -> NDArray[np.int64]:
    """How many outputs of each stream have all the samples they need: those with base + half ≤ taken - 1."""
    estimate = np.maximum(np.floor((taken - half) * (RATE_HZ / rate)).astype(np.int64) - 1, 0)
    for _ in range(4):  # the estimate is at most a few below: position() decides, not arithmetic beside it
        base, _phase = position(estimate, rate)
        estimate = np.where(base + half <= taken - 1, estimate + 1, estimate)
    return np.asarray(estimate)
