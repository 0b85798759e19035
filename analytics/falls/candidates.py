"""Which moments may be a fall: peaks of the acceleration's magnitude, each with the window around it, streaming.

The newest samples of every stream stand in one array (streams, samples, 3); a peak is looked at when the samples
after it that the decision needs have come, so nothing here knows the future and the result does not depend on how the
stream was cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import rates
from analytics.falls.rates import RateState

BEFORE: Final = 174  # samples of the window before the peak: 3.5 s of walking, losing balance and falling
AFTER: Final = 125  # and after it: 2.5 s of lying, which is when the decision falls
WINDOW: Final = BEFORE + 1 + AFTER
PEAK_G: Final = 1.5  # the weakest of the 1,125 staged falls at hand peaks at 1.78 g after conversion to 50 Hz
# A candidate is the largest sample from 0.5 s before to 0.5 s after itself: knees, then hip are two candidates.
_REACH: Final = 25
_SANE_G: Final = 64.0  # beyond every wearable's full scale: no acceleration but a mistake
_BLOCK: Final = 50  # samples taken at once; bounds the buffer
_LENGTH: Final = WINDOW + _BLOCK
# A stream that has ended: a peak is looked at with 0.2 s after it, and the body is taken to rest as in its last 0.2 s.
_LEAST_AFTER: Final = 10
_LAST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What is carried from chunk to chunk, one row a stream.

    Attributes:
        rate: the rate conversion's own state.
        buffer: the newest samples at 50 Hz, newest last, float32 (S, samples, 3), g; NaN where there is none.
        seen: samples at 50 Hz since the stream's start, int64 (S,).
        raised: index of the last peak that was raised, int64 (S,); far in the past where none was.
    """

    rate: RateState
    buffer: NDArray[np.float32]
    seen: NDArray[np.int64]
    raised: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Peaks with all the samples a decision needs, oldest first within a stream.

    Attributes:
        stream: row of the stream, int64 (N,).
        peak: index of the peak on the stream's time line at 50 Hz, int64 (N,).
        windows: acceleration around it, float32 (N, WINDOW, 3), the peak at index BEFORE; NaN where unusable.
    """

    stream: NDArray[np.int64]
    peak: NDArray[np.int64]
    windows: NDArray[np.float32]


NEVER: Final = -(2**40)


def start(device_rates: NDArray[np.float64]) -> StreamState:
    """Fresh streams of these device rates, Hz, float64 (S,)."""
    count = len(device_rates)
    return StreamState(
        rate=rates.start(device_rates),
        buffer=np.full((count, _LENGTH, 3), np.nan, np.float32),
        seen=np.zeros(count, np.int64),
        raised=np.full(count, NEVER, np.int64),
    )


def restart(state: StreamState, row: int, rate_hz: float) -> StreamState:
    """The same state with one stream begun anew; the others are untouched."""
    buffer, seen, raised = state.buffer.copy(), state.seen.copy(), state.raised.copy()
    buffer[row], seen[row], raised[row] = np.nan, 0, NEVER
    return StreamState(rate=rates.restart(state.rate, row, rate_hz), buffer=buffer, seen=seen, raised=raised)


def advance(
    state: StreamState, chunk: NDArray[np.floating], counts: NDArray[np.integer] | None = None
) -> tuple[StreamState, Candidates]:
    """Take the next samples of every stream and give the peaks they complete.

    Args:
        state: carried state.
        chunk: (S, n, 3), g, at each stream's device rate. Anything not finite or beyond 64 g is unusable.
        counts: how many of the n rows are new in each stream, (S,); all of them when not given.

    Raises:
        ValueError: the shapes do not fit the state.
    """
    streams = len(state.seen)
    if chunk.ndim != 3 or chunk.shape[0] != streams or chunk.shape[2] != 3:
        raise ValueError(f"the chunk must be ({streams}, n, 3), got {chunk.shape}")
    number = np.full(streams, chunk.shape[1]) if counts is None else np.asarray(counts, np.int64)
    if number.shape != (streams,) or bool(np.any((number < 0) | (number > chunk.shape[1]))):
        raise ValueError(f"counts must be {streams} numbers from 0 to {chunk.shape[1]}")
    values = np.asarray(chunk, np.float32)
    sane = np.abs(values) <= _SANE_G  # false for NaN too
    if not sane.all():
        values = np.where(sane.all(axis=2, keepdims=True), values, np.float32(np.nan))
    rate, fresh, made = rates.convert(state.rate, values, number)
    state = replace(state, rate=rate)
    found: list[Candidates] = []
    for begin in range(0, fresh.shape[1], _BLOCK):
        block = fresh[:, begin : begin + _BLOCK]
        state, candidates = _block(state, block, np.clip(made - begin, 0, block.shape[1]))
        if len(candidates.stream):
            found.append(candidates)
    return state, _join(found)


def ended(state: StreamState, row: int) -> Candidates:
    """The peaks of one stream that still wait for samples, as if no more came: the rest is held.

    The stream is taken to stay as it was on average in its last 0.2 s. The held rest is only in the windows given; the
    state is not touched, so the same peaks are given by `advance` should the samples come after all.
    """
    if not state.rate.taken[row]:
        return none()
    own = _only(state, row)
    held = rates.half_taps(float(own.rate.rates[0]))  # completes what the conversion still held back
    _, fresh, made = rates.convert(own.rate, np.repeat(own.rate.tail[:, -1:], held, axis=1), np.array([held]))
    fresh = fresh[:, : int(made[0])]
    end = int(own.seen[0]) + fresh.shape[1]
    last = np.concatenate([own.buffer, fresh], axis=1)[:, -_LAST:]
    last = last[~np.isnan(last[:, :, 0])]
    if not len(last):
        return none()
    rest = np.broadcast_to(last.mean(axis=0, dtype=np.float32), (1, AFTER, 3))
    fresh = np.concatenate([fresh, rest], axis=1)
    found: list[Candidates] = []
    for begin in range(0, fresh.shape[1], _BLOCK):
        block = fresh[:, begin : begin + _BLOCK]
        own, part = _block(own, block, np.array([block.shape[1]]))
        found.append(part)
    joined = _join(found)
    keep = joined.peak < end - _LEAST_AFTER
    return Candidates(
        stream=np.full(int(keep.sum()), row, np.int64), peak=joined.peak[keep], windows=joined.windows[keep]
    )


def _only(state: StreamState, row: int) -> StreamState:
    one = slice(row, row + 1)
    rate = state.rate
    return StreamState(
        rate=RateState(rates=rate.rates[one], tail=rate.tail[one], taken=rate.taken[one], given=rate.given[one]),
        buffer=state.buffer[one],
        seen=state.seen[one],
        raised=state.raised[one],
    )


def _block(state: StreamState, block: NDArray[np.float32], counts: NDArray[np.int64]) -> tuple[StreamState, Candidates]:
    joined = np.concatenate([state.buffer, block], axis=1)
    buffer = rates.shift(joined, counts, _LENGTH)
    seen = state.seen + counts
    state = replace(state, buffer=buffer, seen=seen)
    # Peaks whose last needed sample is among the new ones stand in these columns of the buffer:
    width = int(counts.max(initial=0))
    last = _LENGTH - AFTER
    around = buffer[:, last - width - _REACH : last + _REACH]
    energy = np.einsum("snc,snc->sn", around, around)
    np.nan_to_num(energy, copy=False, nan=0.0)
    centre = energy[:, _REACH : _REACH + width]
    candidate = centre >= PEAK_G**2
    candidate &= np.arange(width) >= width - counts[:, None]
    rows = np.flatnonzero(candidate.any(axis=1))
    if not len(rows):
        return state, none()
    candidate, centre, energy = candidate[rows], centre[rows], energy[rows]
    reach = _running_max(energy)
    candidate &= centre > reach[:, :width]  # of equal samples the first
    candidate &= centre >= reach[:, _REACH + 1 : _REACH + 1 + width]
    at, column = np.nonzero(candidate)
    stream = rows[at].astype(np.int64)
    centre_column = column + last - width
    every = np.lib.stride_tricks.sliding_window_view(buffer, WINDOW, axis=1)  # (S, places, 3, WINDOW), a view
    windows = every[stream, centre_column - BEFORE].transpose(0, 2, 1)
    peak = seen[stream] - _LENGTH + centre_column
    return state, Candidates(stream=stream, peak=peak, windows=windows)


def _running_max(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The maximum of each run of 25 values along the second axis: 2, 4, 8, 16, then 16 and 16 overlapping."""
    widest, width = values, 1
    while 2 * width <= _REACH:
        widest, width = np.maximum(widest[:, :-width], widest[:, width:]), 2 * width
    rest = _REACH - width
    return np.maximum(widest[:, : widest.shape[1] - rest], widest[:, rest:])


def none() -> Candidates:
    """No candidates."""
    index = np.zeros(0, np.int64)
    return Candidates(stream=index, peak=index, windows=np.zeros((0, WINDOW, 3), np.float32))


def _join(found: list[Candidates]) -> Candidates:
    if not found:
        return none()
    if len(found) == 1:
        return found[0]
    return Candidates(
        stream=np.concatenate([part.stream for part in found]),
        peak=np.concatenate([part.peak for part in found]),
        windows=np.concatenate([part.windows for part in found]),
    )
