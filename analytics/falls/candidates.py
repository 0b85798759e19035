"""Which moments may be a fall: peaks of the acceleration's magnitude, each with the window around it, streaming.

The newest samples of every stream stand in one array (`history`); a peak is looked at when the samples after it that
the decision needs have come, so nothing here knows the future and the result does not depend on how the stream was
cut. A stream without a loud sample where a peak could be is not looked at at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import rates
from analytics.falls.history import History
from analytics.falls.rates import RateState
from analytics.falls.steps import MISSING, PER_G, Steps, grams

BEFORE: Final = 169  # samples of the window before the peak: 3.4 s of walking, losing balance and falling
AFTER: Final = 100  # and after it: 2.0 s of lying, which is when the decision falls
WINDOW: Final = BEFORE + 1 + AFTER
PEAK_G: Final = 1.5  # the weakest of the 1,125 staged falls at hand peaks at 1.78 g after conversion to 50 Hz
# A candidate is the largest sample from 0.5 s before to 0.5 s after itself: knees, then hip are two candidates.
_REACH: Final = 25
_BLOCK: Final = 100  # outputs at 50 Hz taken at once, about; bounds the history
_WINDOWS: Final = 128  # windows taken out at once: 200 kB stay in the cache
_PEAK: Final = int(PEAK_G**2 * PER_G**2)  # as squared length in steps
_NOTHING: Final = 3 * MISSING**2  # squared "length" of a missing sample; no other is as long
# A stream that has ended: a peak is looked at with 0.2 s after it, and the body is taken to rest as in its last 0.2 s.
_LEAST_AFTER: Final = 10
_LAST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """What is carried from chunk to chunk, one row a stream.

    Attributes:
        rate: the rate conversion's own state.
        history: the newest samples at 50 Hz.
        seen: samples at 50 Hz since the stream's start, int64 (S,).
        loud: no sample from this index on was loud enough for a peak, int64 (S,).
        raised: index of the last peak that was raised, int64 (S,); far in the past where none was.
        judge: which of the detector's models judges the stream, int64 (S,); 0 until somebody says.
    """

    rate: RateState
    history: History
    seen: NDArray[np.int64]
    loud: NDArray[np.int64]
    raised: NDArray[np.int64]
    judge: NDArray[np.int64]

    @property
    def buffer(self) -> NDArray[np.float32]:
        """The newest samples at 50 Hz, newest last, float32 (S, WINDOW, 3), g; NaN where there is none."""
        newest = self.history.newest()
        newest[np.broadcast_to((np.arange(-WINDOW, 0) < -self.seen[:, None])[:, None], newest.shape)] = MISSING
        return grams(newest).transpose(0, 2, 1)


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
        history=History.start(count, WINDOW),
        seen=np.zeros(count, np.int64),
        loud=np.full(count, NEVER, np.int64),
        raised=np.full(count, NEVER, np.int64),
        judge=np.zeros(count, np.int64),
    )


def restart(state: StreamState, row: int, rate_hz: float) -> StreamState:
    """The same state with one stream begun anew, worn where it was; the others are untouched."""
    seen, loud, raised = state.seen.copy(), state.loud.copy(), state.raised.copy()
    seen[row], loud[row], raised[row] = 0, NEVER, NEVER  # what the history holds is of before the first sample: unused
    return replace(state, rate=rates.restart(state.rate, row, rate_hz), seen=seen, loud=loud, raised=raised)


def advance(
    state: StreamState, chunk: NDArray[np.floating] | Steps, counts: NDArray[np.integer] | None = None
) -> tuple[StreamState, Candidates]:
    """Take the next samples of every stream and give the peaks they complete.

    Args:
        state: carried state.
        chunk: (S, n, 3), g or steps, at each stream's device rate. Anything not finite or beyond 31.9 g is unusable.
        counts: how many of the n rows are new in each stream, (S,); all of them when not given.

    Raises:
        ValueError: the shapes do not fit the state.
    """
    streams = len(state.seen)
    if chunk.ndim != 3 or chunk.shape[0] != streams or chunk.shape[2] != 3:
        raise ValueError(f"the chunk must be ({streams}, n, 3), got {chunk.shape}")
    length = chunk.shape[1]
    number = np.full(streams, length) if counts is None else np.asarray(counts, np.int64)
    if counts is not None and (number.shape != (streams,) or bool(np.any((number < 0) | (number > length)))):
        raise ValueError(f"counts must be {streams} numbers from 0 to {length}")
    at_once = int(_BLOCK * rates.MIN_RATE_HZ / rates.RATE_HZ)  # whatever the rates
    if length > at_once:
        at_once = int(_BLOCK * state.rate.rates.min(initial=rates.MAX_RATE_HZ) / rates.RATE_HZ)
    found: list[Candidates] = []
    for begin in range(0, length, at_once):
        some = chunk[:, begin : begin + at_once]
        new = number if length <= at_once else np.clip(number - begin, 0, some.shape[1])
        rate, fresh, made = rates.convert(state.rate, some, new)
        state, candidates = _take(state, rate, fresh, made)
        if len(candidates.stream):
            found.append(candidates)
    return state, _join(found)


def ended(state: StreamState, row: int) -> Candidates:
    """The peaks of one stream that still wait for samples, as if no more came: the rest is held.

    The stream is taken to stay as it was on average in its last 0.2 s. The held rest is only in the windows given; the
    state is not touched, so the same peaks are given by `advance` should the samples come after all.
    """
    if not state.rate.begun[row]:
        return none()
    own = _only(state, row)
    held = rates.half_taps(float(own.rate.rates[0]))  # completes what the conversion still held back
    again = np.repeat(own.rate.tail[:, :, -1:], held, axis=2).transpose(0, 2, 1)
    rate, fresh, made = rates.convert(own.rate, again, np.array([held]))
    own, candidates = _take(own, rate, fresh, made)
    found = [candidates]
    end = int(own.seen[0])
    last = own.history.newest()[0, :, -min(_LAST, end) :] if end else np.zeros((3, 0), np.int16)
    last = last[:, last[0] != MISSING]
    if not last.shape[1]:
        return none()
    mean = np.rint(last.mean(axis=1)).astype(np.int16)
    for begin in range(0, AFTER, _BLOCK):
        rest = np.repeat(mean[None, :, None], min(_BLOCK, AFTER - begin), axis=2)
        own, candidates = _take(own, rate, rest, np.array([rest.shape[2]]))
        found.append(candidates)
    joined = _join(found)
    keep = joined.peak < end - _LEAST_AFTER
    return Candidates(
        stream=np.full(int(keep.sum()), row, np.int64), peak=joined.peak[keep], windows=joined.windows[keep]
    )


def _only(state: StreamState, row: int) -> StreamState:
    one = slice(row, row + 1)
    rate = state.rate
    return replace(
        state,
        rate=RateState(
            rates=rate.rates[one], tail=rate.tail[one], begun=rate.begun[one], step=rate.step[one], due=rate.due[one]
        ),
        history=state.history.only(row),
        seen=state.seen[one],
        loud=state.loud[one],
        raised=state.raised[one],
        judge=state.judge[one],
    )


def _take(state: StreamState, rate: RateState, fresh: Steps, made: NDArray[np.int64]) -> tuple[StreamState, Candidates]:
    """Take samples at 50 Hz, int16 (S, 3, k), `made[s]` of each stream, and the conversion's state after them."""
    width = fresh.shape[2]
    if not width:
        return replace(state, rate=rate), none()
    before = state.seen
    loud = _energy(fresh) >= _PEAK
    until = state.loud
    if np.count_nonzero(loud):
        loud &= np.arange(width) < made[:, None]
        until = np.where(loud.any(axis=1), before + made, until)
    history = state.history.append(fresh, made)
    state = replace(state, rate=rate, history=history, seen=before + made, loud=until)
    rows = np.flatnonzero(until > before - AFTER)
    return state, _peaks(state, rows, made[rows]) if len(rows) else none()


def _peaks(state: StreamState, rows: NDArray[np.intp], made: NDArray[np.int64]) -> Candidates:
    """Peaks of these streams whose last needed sample is among their `made` newest."""
    width = int(made.max())
    begin = -made - AFTER  # the first that may be one, counted from the end
    index = state.seen[rows] + begin
    near = _energies(state, rows, begin - 1, index - 1, width + 2)
    centre = near[:, 1:-1]
    may_be = (centre >= _PEAK) & (centre > near[:, :-2]) & (centre >= near[:, 2:])
    at, column = np.nonzero(may_be & (np.arange(width) < made[:, None]))
    rows, begin, index = rows[at], begin[at] + column, index[at] + column
    around = _energies(state, rows, begin - _REACH, index - _REACH, 2 * _REACH + 1)
    peak = around[:, _REACH] > around[:, :_REACH].max(axis=1, initial=0)  # of equal samples the first
    peak &= around[:, _REACH] >= around[:, _REACH + 1 :].max(axis=1, initial=0)
    rows, begin, index = rows[peak], begin[peak], index[peak]
    if not len(rows):
        return none()
    windows = np.empty((len(rows), 3, WINDOW), np.float32)
    for first in range(0, len(rows), _WINDOWS):
        own = slice(first, first + _WINDOWS)
        some = state.history.runs(rows[own], begin[own] - BEFORE, WINDOW)
        if int(index[own].min()) < BEFORE:  # before a stream's first sample there is nothing
            early = np.arange(-BEFORE, WINDOW - BEFORE) < -index[own, None]
            some[np.broadcast_to(early[:, None], some.shape)] = MISSING
        windows[own] = grams(some)
    return Candidates(stream=rows.astype(np.int64), peak=index, windows=windows.transpose(0, 2, 1))


def _energies(
    state: StreamState, rows: NDArray[np.intp], begin: NDArray[np.int64], index: NDArray[np.int64], width: int
) -> NDArray[np.uint32]:
    """Squared lengths from `begin` on (counted from the end), which is `index` on the time line; 0 where missing."""
    energy = _energy(state.history.runs(rows, begin, width))
    energy[energy == _NOTHING] = 0
    if int(index.min(initial=0)) < 0:
        energy[np.arange(width) < -index[:, None]] = 0
    return energy


def _energy(samples: Steps) -> NDArray[np.uint32]:
    """Squared lengths in steps, exact, uint32 (S, k) of int16 (S, 3, k)."""
    squares = samples.astype(np.int32)
    squares *= squares
    whole = squares.view(np.uint32)
    return np.asarray(whole[:, 0] + whole[:, 1] + whole[:, 2])


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
