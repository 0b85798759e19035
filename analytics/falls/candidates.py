"""Which moments may be a fall: peaks of the acceleration's magnitude, each with the window around it, streaming.

The newest samples of every stream stand in one array (`history`); a peak is looked at when the samples after it that
the decision needs have come, so nothing here knows the future and the result does not depend on how the stream was
cut. Of a stream without loud samples nothing is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import rates
from analytics.falls.history import History
from analytics.falls.maxima import NOTHING, Maxima, energy
from analytics.falls.rates import RateState
from analytics.falls.steps import MISSING, Steps, grams

BEFORE: Final = 169  # samples of the window before the peak: 3.4 s of walking, losing balance and falling
AFTER: Final = 100  # and after it: 2.0 s of lying, which is when the decision falls
WINDOW: Final = BEFORE + 1 + AFTER
# A candidate is the largest sample from 0.5 s before to 0.5 s after itself: knees, then hip are two candidates.
_REACH: Final = 25
_BLOCK: Final = 100  # outputs at 50 Hz taken at once, about; bounds the history
_WINDOWS: Final = 128  # windows taken out at once: 200 kB stay in the cache
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
        maxima: loud ones that wait for the samples after them.
        raised: index of the last peak that was raised, int64 (S,); far in the past where none was.
        judge: which of the detector's models judges the stream, int64 (S,); 0 until somebody says.
    """

    rate: RateState
    history: History
    seen: NDArray[np.int64]
    maxima: Maxima
    raised: NDArray[np.int64]
    judge: NDArray[np.int64]

    @property
    def buffer(self) -> NDArray[np.float32]:
        """The newest samples at 50 Hz, newest last, float32 (S, WINDOW, 3), g; NaN where there is none."""
        newest = self.history.newest()
        newest[np.arange(-WINDOW, 0) < -self.seen[:, None]] = MISSING
        return grams(newest)


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

    def rows(self, chosen: NDArray[np.bool_]) -> Candidates:
        """Those where the mask is true."""
        if chosen.all():
            return self
        return Candidates(stream=self.stream[chosen], peak=self.peak[chosen], windows=self.windows[chosen])


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates whose windows are taken out when they are looked at, a few at a time: a copy of all leaves the cache.

    Attributes:
        taken: the state after each part of a chunk, and stream and index of the peaks it completed, int64 (N,) each.
    """

    taken: tuple[tuple[StreamState, NDArray[np.int64], NDArray[np.int64]], ...] = ()

    def pieces(self) -> Iterator[Candidates]:
        """Some at a time, oldest first within a stream."""
        for state, stream, peak in self.taken:
            for first in range(0, len(stream), _WINDOWS):
                own = slice(first, first + _WINDOWS)
                samples = _runs(state, stream[own], peak[own], BEFORE, WINDOW)
                yield Candidates(stream=stream[own], peak=peak[own], windows=grams(samples))

    def all(self) -> Candidates:
        """All at once."""
        return joined(list(self.pieces()))


NEVER: Final = -(2**40)


def start(device_rates: NDArray[np.float64]) -> StreamState:
    """Fresh streams of these device rates, Hz, float64 (S,)."""
    count = len(device_rates)
    return StreamState(
        rate=rates.start(device_rates),
        history=History.start(count, WINDOW),
        seen=np.zeros(count, np.int64),
        maxima=Maxima.start(count),
        raised=np.full(count, NEVER, np.int64),
        judge=np.zeros(count, np.int64),
    )


def restart(state: StreamState, row: int, rate_hz: float) -> StreamState:
    """The same state with one stream begun anew, worn where it was; the others are untouched."""
    seen, raised = state.seen.copy(), state.raised.copy()
    seen[row], raised[row] = 0, NEVER  # what the history holds is of before the first sample: unused
    maxima = state.maxima.restart(row)
    return replace(state, rate=rates.restart(state.rate, row, rate_hz), seen=seen, maxima=maxima, raised=raised)


def advance(
    state: StreamState, chunk: NDArray[np.floating] | Steps, counts: NDArray[np.integer] | None = None
) -> tuple[StreamState, Found]:
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
    found = Found()
    for begin in range(0, length, at_once):
        some = chunk[:, begin : begin + at_once]
        new = number if length <= at_once else np.clip(number - begin, 0, some.shape[1])
        rate, fresh, made = rates.convert(state.rate, some, new)
        state, more = _take(state, rate, fresh, made)
        found = Found(found.taken + more.taken)
    return state, found


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
    own, found = _take(own, rate, fresh, made)
    end = int(own.seen[0])
    last = own.history.newest()[0, -min(_LAST, end) :] if end else np.zeros((0, 3), np.int16)
    last = last[last[:, 0] != MISSING]
    if not len(last):
        return none()
    mean = np.rint(last.mean(axis=0)).astype(np.int16)
    own, more = _take(own, rate, np.repeat(mean[None, :, None], AFTER, axis=2), np.array([AFTER]))
    peaks = Found(found.taken + more.taken).all()
    peaks = peaks.rows(peaks.peak < end - _LEAST_AFTER)
    return replace(peaks, stream=np.full(len(peaks.peak), row, np.int64))


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
        maxima=state.maxima.only(row),
        raised=state.raised[one],
        judge=state.judge[one],
    )


def _take(state: StreamState, rate: RateState, fresh: Steps, made: NDArray[np.int64]) -> tuple[StreamState, Found]:
    """Take samples at 50 Hz, int16 (S, 3, k), `made[s]` of each stream, and the conversion's state after them."""
    if not fresh.shape[2]:
        return replace(state, rate=rate), Found()
    seen = state.seen + made
    maxima, stream, index = state.maxima.append(fresh, made, state.seen).due(seen, AFTER)
    history = state.history.append(fresh, made)
    state = replace(state, rate=rate, history=history, seen=seen, maxima=maxima)
    return state, _peaks(state, stream, index) if len(stream) else Found()


def _peaks(state: StreamState, stream: NDArray[np.int64], index: NDArray[np.int64]) -> Found:
    """Those of these maxima that nothing exceeds within `_REACH`."""
    around = np.empty((len(stream), 2 * _REACH + 1), np.uint32)
    energy(_runs(state, stream, index, _REACH, around.shape[1]).transpose(0, 2, 1), out=around)
    around[around == NOTHING] = 0
    peak = around[:, _REACH] > around[:, :_REACH].max(axis=1, initial=0)  # of equal samples the first
    peak &= around[:, _REACH] >= around[:, _REACH + 1 :].max(axis=1, initial=0)
    return Found(((state, stream[peak], index[peak]),)) if peak.any() else Found()


def _runs(state: StreamState, stream: NDArray[np.int64], index: NDArray[np.int64], before: int, width: int) -> Steps:
    """Samples of these streams from `before` samples before `index` on, int16 (N, width, 3)."""
    samples = state.history.runs(stream, index - state.seen[stream] - before, width)
    if int(index.min()) < before:  # before a stream's first sample there is nothing
        early = np.arange(-before, width - before) < -index[:, None]
        samples[early] = MISSING
    return samples


def none() -> Candidates:
    """No candidates."""
    index = np.zeros(0, np.int64)
    return Candidates(stream=index, peak=index, windows=np.zeros((0, WINDOW, 3), np.float32))


def joined(parts: Sequence[Candidates]) -> Candidates:
    """Those of several, in their order."""
    if len(parts) == 1:
        return parts[0]
    parts = [none(), *parts]
    return Candidates(
        stream=np.concatenate([part.stream for part in parts]),
        peak=np.concatenate([part.peak for part in parts]),
        windows=np.concatenate([part.windows for part in parts]),
    )
