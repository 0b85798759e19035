"""Causal rate conversion: acceleration of any device rate to the detector's 50 Hz, many streams at once.

Each output sample is a weighted sum of the device samples within a few milliseconds around it (a windowed sinc, so
what the lower of the two rates cannot carry is removed before it can alias). An output is given as soon as the last
device sample it needs is there: the delay is the half-width of the kernel, `lookahead_s`, and nothing later is ever
used.

Samples are whole numbers (`steps`) and weights whole multiples of 2⁻³², so that every product and every sum is exact
in float64. A matrix product may therefore add in any order: the outputs are the same to the last bit however a stream
is cut, whoever is beside it and whichever library multiplies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.steps import FULL, MISSING, Steps, runs, steps

RATE_HZ: Final = 50.0
MIN_RATE_HZ: Final = 12.5
MAX_RATE_HZ: Final = 416.0  # the fastest common wearable stream (ST's 416 Hz)
# Cut-off: 21 Hz at 50 Hz and above. Kernel half-width: three zero crossings of the sinc.
_CUTOFF: Final = 0.42
_CROSSINGS: Final = 3.0
_BETA: Final = 5.0  # Kaiser window
# Fractions of a device sample at which the kernel is tabulated; 600 makes 12.5, 25, 50, 52, 100, 104 and 200 Hz exact.
_PHASES: Final = 600
# Weights: 15 bits of a sample, 32 of a weight and 6 for the sum of 60 taps are exact in the 53 bits of float64.
_WEIGHT: Final = 2.0**32
# Positions on the device's time line count in parts of a phase: of any rate, 0.1 s are lost in a year at most.
_PHASE: Final = 1 << 20
_SAMPLE: Final = _PHASES * _PHASE
# A sample alone that is lost would take a sixth of a second with it, and a fall whose impact is there; one in a hundred
# of a 200 Hz stream took four falls of five. In so short a time a body does not move far.
_BRIDGED_S: Final = 0.04
# Outputs of one matrix product: an hour's positions repeat after half a second at every common rate.
_OUTPUTS: Final = 25
_STREAMS: Final = 1024  # converted at once: what is computed on the way stays in the cache


def lookahead_s(rate_hz: float) -> float:
    """Seconds of device samples an output needs after its own moment."""
    return half_taps(rate_hz) / rate_hz


@lru_cache(maxsize=32)
def half_taps(rate_hz: float) -> int:
    """Device samples an output needs after its own moment."""
    return math.ceil(_CROSSINGS / (2 * _CUTOFF * min(rate_hz, RATE_HZ)) * rate_hz)


@lru_cache(maxsize=32)  # a pure function of the rate; a home has a handful of rates
def kernel(rate_hz: float) -> NDArray[np.float64]:
    """The weights, float64 (phases, 2h): row q is for samples base-h+1 … base+h and an output at base + q/phases."""
    half = half_taps(rate_hz)
    cutoff = _CUTOFF * min(rate_hz, RATE_HZ)
    offset = np.arange(-half + 1, half + 1) - np.arange(_PHASES)[:, None] / _PHASES
    inside = np.clip(1 - (offset / half) ** 2, 0, None)
    weights = np.sinc(2 * cutoff / rate_hz * offset) * np.i0(_BETA * np.sqrt(inside))
    return np.asarray(np.rint(weights / weights.sum(axis=1, keepdims=True) * _WEIGHT) / _WEIGHT, np.float64)


@lru_cache(maxsize=256)  # a pure function; at 50 Hz there is one, at 416 Hz there are 25 of 54 kB
def _matrix(rate_hz: float, position: int) -> NDArray[np.float64]:
    """Weights of the next outputs, (device samples, outputs), the first one `position` after its base sample."""
    half, table = half_taps(rate_hz), kernel(rate_hz)
    base, phase = np.divmod((position + np.arange(_OUTPUTS) * _step(rate_hz)) // _PHASE, _PHASES)
    matrix = np.zeros((int(base[-1]) + 2 * half, _OUTPUTS))
    matrix[base + np.arange(2 * half)[:, None], np.arange(_OUTPUTS)] = table[phase].T
    return matrix


@lru_cache(maxsize=32)
def _step(rate_hz: float) -> int:
    return round(rate_hz / RATE_HZ * _SAMPLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateState:
    """What the conversion carries from chunk to chunk.

    Attributes:
        rates: device rate of each stream, Hz, float64 (S,).
        tail: the last device samples, newest last, int16 (S, 3, tail).
        begun: which streams have had a sample, bool (S,).
        step: device time between two outputs, parts of a sample, int64 (S,).
        due: device time that has to come before the next output can be given, int64 (S,), never negative.
    """

    rates: NDArray[np.float64]
    tail: Steps
    begun: NDArray[np.bool_]
    step: NDArray[np.int64]
    due: NDArray[np.int64]


def start(rates: NDArray[np.float64]) -> RateState:
    """A fresh state for streams of these rates, Hz.

    Raises:
        ValueError: a rate is outside 12.5–416 Hz.
    """
    rates = np.asarray(rates, np.float64)
    if not bool(np.all((rates >= MIN_RATE_HZ) & (rates <= MAX_RATE_HZ))):
        raise ValueError(f"the detector takes {MIN_RATE_HZ:g}–{MAX_RATE_HZ:g} Hz, got {rates.tolist()}")
    different, which = np.unique(rates, return_inverse=True)
    return RateState(
        rates=rates,
        tail=np.zeros((len(rates), 3, _tail(float(rates.max(initial=MIN_RATE_HZ)))), np.int16),
        begun=np.zeros(len(rates), np.bool_),
        step=np.array([_step(float(rate)) for rate in different], np.int64)[which],
        due=np.array([_first_due(float(rate)) for rate in different], np.int64)[which],
    )


def restart(state: RateState, row: int, rate_hz: float) -> RateState:
    """The same state with one stream begun anew at a rate."""
    fresh = start(np.array([rate_hz]))
    rates, begun, step, due = state.rates.copy(), state.begun.copy(), state.step.copy(), state.due.copy()
    rates[row], begun[row], step[row], due[row] = rate_hz, False, fresh.step[0], fresh.due[0]
    wider = max(0, fresh.tail.shape[2] - state.tail.shape[2])
    tail = np.pad(state.tail, ((0, 0), (0, 0), (wider, 0)))
    tail[row] = 0
    return RateState(rates=rates, tail=tail, begun=begun, step=step, due=due)


def convert(
    state: RateState, chunk: NDArray[np.floating] | Steps, counts: NDArray[np.int64]
) -> tuple[RateState, Steps, NDArray[np.int64]]:
    """Take `counts[s]` device samples of each stream and give the outputs they complete.

    Args:
        state: carried state.
        chunk: (S, n, 3), g or steps; the first counts[s] rows of stream s are new, the rest is ignored. An output that
            would need an unusable sample is MISSING.
        counts: int64 (S,).

    Returns:
        The new state, outputs int16 (S, 3, k) and how many of them are valid per stream, int64 (S,).
    """
    streams, _, width = state.tail.shape
    due = state.due - counts * _SAMPLE
    made = np.maximum(-(due // state.step), 0)
    out = np.empty((streams, 3, int(made.max(initial=0))), np.int16)
    tail = np.empty_like(state.tail)
    for rows, first in _alike(state):
        joined = _joined(state, rows, chunk[rows], counts[rows])
        tail[rows] = runs(joined, width)[np.arange(len(joined)), counts[rows]]
        gaps, wanted = int(joined.min()) == MISSING, int(made[rows].max())
        rate, position = float(state.rates[first]), int(state.due[first])
        joined = _bridged(joined, rate) if gaps else joined
        for begin in range(0, wanted, _OUTPUTS):
            number = min(_OUTPUTS, wanted - begin)
            out[rows, :, begin : begin + number] = _outputs(joined, width, rate, position, number, gaps=gaps)
            position += number * int(state.step[first])
    begun = state.begun | (counts > 0)
    after = RateState(rates=state.rates, tail=tail, begun=begun, step=state.step, due=due + made * state.step)
    return after, out, made


def _joined(
    state: RateState, rows: slice | NDArray[np.intp], chunk: NDArray[np.floating] | Steps, counts: NDArray[np.int64]
) -> Steps:
    """What came before and what is new of these streams, int16 (R, 3, tail + n)."""
    tail = state.tail[rows]
    width = tail.shape[2]
    joined = np.empty((len(tail), 3, width + chunk.shape[1]), np.int16)
    joined[:, :, :width] = tail
    new = steps(chunk)
    for axis in range(3):  # four times as fast as at once: long rows instead of rows of three
        joined[:, axis, width:] = new[:, :, axis]
    begun = state.begun[rows]
    if np.count_nonzero(begun) < len(begun):  # a stream's first samples have no past: it is held at the first one
        first = ~begun & (counts > 0)
        joined[first, :, :width] = joined[first, :, width : width + 1]
    return joined


def _bridged(joined: Steps, rate_hz: float) -> Steps:
    """The same with every missing sample held from the last one, if that is not longer ago than `_BRIDGED_S`."""
    missing = joined[:, 0] == MISSING
    bridged = joined.copy()
    for ago in range(1, _bridge(rate_hz) + 1):
        row, column = np.nonzero(missing[:, ago:] & ~missing[:, :-ago] & (bridged[:, 0, ago:] == MISSING))
        bridged[row, :, column + ago] = joined[row, :, column]
    return bridged


def _bridge(rate_hz: float) -> int:
    return max(1, round(_BRIDGED_S * rate_hz))


def _outputs(
    joined: Steps, width: int, rate_hz: float, position: int, number: int, *, gaps: bool
) -> NDArray[np.float64]:
    """The next `number` outputs of streams that are alike, whole numbers in float64 (S, 3, number)."""
    half, step = half_taps(rate_hz), _step(rate_hz)
    base, within = divmod(position, _SAMPLE)
    first = width + base - 2 * half + 1
    needed = (within + (number - 1) * step) // _SAMPLE + 2 * half
    samples = joined.reshape(-1, joined.shape[2])[:, first : first + needed]
    weights = _matrix(rate_hz, within)[:needed, :number]
    missing = samples == MISSING if gaps else None
    sums = (samples.astype(np.float64) if missing is None else np.where(missing, 0.0, samples)) @ weights
    np.rint(sums, out=sums)
    np.clip(sums, -FULL, FULL, out=sums)
    if missing is not None:
        sums[missing.astype(np.float64) @ (weights != 0) > 0] = MISSING
    return sums.reshape(-1, 3, number)


def _alike(state: RateState) -> Iterator[tuple[slice | NDArray[np.intp], int]]:
    """Streams whose next outputs have the same weights, some at a time: (rows, one of them)."""
    step, due = state.step, state.due
    streams = len(due)
    if streams == 1 or not (np.count_nonzero(due != due[0]) or np.count_nonzero(step != step[0])):
        for begin in range(0, streams, _STREAMS):
            yield slice(begin, begin + _STREAMS), begin
        return
    order = np.lexsort((due, step))
    edges = np.flatnonzero((np.diff(step[order]) != 0) | (np.diff(due[order]) != 0)) + 1
    for rows in np.split(order, edges):
        for begin in range(0, len(rows), _STREAMS):
            yield rows[begin : begin + _STREAMS], int(rows[begin])


def _tail(rate_hz: float) -> int:
    """Device samples before the newest that an output may still need, and those that these may be held from."""
    return 2 * half_taps(rate_hz) - 1 + _bridge(rate_hz)


def _first_due(rate_hz: float) -> int:
    """The first output is at the first sample; half a phase rounds positions to the nearest one."""
    return half_taps(rate_hz) * _SAMPLE + _PHASE // 2
