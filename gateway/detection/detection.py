"""All wearables of the home in one detector: `feed` takes packets as they come, `tick` judges everything at once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import FallDetector, load
from analytics.falls.rates import MAX_RATE_HZ, MIN_RATE_HZ
from analytics.findings import Finding
from device_drivers.readings import Motion
from gateway.detection.timeline import Timeline, Verdict

StreamKey = str  # the device's identity: one wearable, one stream

Array = NDArray[np.float32]

MAX_STREAMS: Final = 32  # a home has a handful of wearables; each costs 25 kB
# Evidence: ten seconds around the impact, of which the last 2.5 come before the decision.
EVIDENCE_BEFORE_S: Final = 7.5
EVIDENCE_AFTER_S: Final = 2.5
# The evidence, and what may come before it is asked for: a packet of 1.5 s and a tick.
_KEPT_S: Final = 14.0
# More than this between two ticks is dropped, oldest first, and the stream begun anew: the gateway was not scheduled.
_PENDING_S: Final = 20.0
# A stream silent this long gives its place to a new one when all are taken.
_SILENT_S: Final = 60.0
_IDLE_HZ: Final = 50.0  # the rate of a row that nobody uses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detected:
    """A finding with what the alert needs.

    Attributes:
        stream: whose motion.
        finding: as the detector gave it, on the stream's own time line.
        impact_at: monotonic time of the impact, estimated from the arrival of the packets (never later than it
            arrived).
        evidence: float32 (n, 3), g, at the device's rate: 7.5 s before the impact to 2.5 s after it; NaN where
            samples are missing.
        rate_hz: of the evidence.
        impact_index: the impact in the evidence.
    """

    stream: StreamKey
    finding: Finding
    impact_at: float
    evidence: Array
    rate_hz: float
    impact_index: int


class _Stream:
    """One wearable's place in the arrays."""

    __slots__ = ("heard_at", "history", "history_samples", "pending", "pending_samples", "row", "timeline")

    def __init__(self, row: int, rate_hz: float, at: float) -> None:
        self.row = row
        self.heard_at = at
        self.begin(rate_hz)

    def begin(self, rate_hz: float) -> None:
        self.timeline = Timeline(rate_hz)
        self.pending: deque[Array] = deque()  # bounded by _PENDING_S in Detection.feed: the stream begins anew
        self.pending_samples = 0
        self.history: deque[Array] = deque()  # bounded by _KEPT_S: oldest dropped
        self.history_samples = 0

    def append(self, samples: Array) -> None:
        self.pending.append(samples)
        self.pending_samples += len(samples)
        self.history.append(samples)
        self.history_samples += len(samples)
        keep = _KEPT_S * self.timeline.rate_hz
        while self.history_samples - len(self.history[0]) >= keep:
            self.history_samples -= len(self.history.popleft())

    def take(self) -> Array:
        taken = np.concatenate(list(self.pending)) if self.pending else np.zeros((0, 3), np.float32)
        self.pending.clear()
        self.pending_samples = 0
        return taken


class Detection:
    """Ring buffers and one tick for all streams. Reads no clock, does no I/O, raises nothing on strange motion.

    Places are bounded by `max_streams`. When all are taken, a new stream gets the place of the one that has been
    silent longest if that is a minute or more; else its motion is not used and counted in `refused`.
    """

    def __init__(self, detector: FallDetector, *, max_streams: int = MAX_STREAMS) -> None:
        self._detector = detector
        self._state = detector.start(np.full(max_streams, _IDLE_HZ))
        self._streams: dict[StreamKey, _Stream] = {}
        self._free = list(range(max_streams - 1, -1, -1))
        self.refused = 0  # packets that could not be used: no place, no samples, a rate outside 20–416 Hz
        self.restarts = 0  # streams begun anew after a gap, another rate or a stalled gateway

    @property
    def streams(self) -> frozenset[StreamKey]:
        """The streams that have a place."""
        return frozenset(self._streams)

    def feed(self, stream: StreamKey, motion: Motion, at_monotonic: float) -> None:
        """Take one packet; `at_monotonic` is when it arrived."""
        samples = np.asarray(motion.samples, np.float32)
        if samples.ndim != 2 or samples.shape[1] != 3 or not len(samples) or not _convertible(motion.rate_hz):
            self.refused += 1
            return
        own = self._streams.get(stream) or self._admit(stream, motion.rate_hz, at_monotonic)
        if own is None:
            self.refused += 1
            return
        own.heard_at = at_monotonic
        if motion.rate_hz != own.timeline.nominal_hz:  # exact: the header is a setting, not a measurement
            self._begin(own, motion.rate_hz)
        verdict, missing = own.timeline.place(motion, at_monotonic)
        if verdict is Verdict.DUPLICATE:
            return
        if verdict is Verdict.BROKEN:
            self._begin(own, own.timeline.rate_hz, nominal_hz=motion.rate_hz)
            own.timeline.place(motion, at_monotonic)
        if missing:
            own.append(np.full((missing, 3), np.nan, np.float32))
        own.append(samples)
        better = own.timeline.better_rate()
        if better is not None and _convertible(better):
            self._begin(own, better, nominal_hz=motion.rate_hz)
        elif own.pending_samples > _PENDING_S * own.timeline.rate_hz:
            self._begin(own, own.timeline.rate_hz, nominal_hz=motion.rate_hz)

    def forget(self, stream: StreamKey) -> None:
        """Give a stream's place back: its device was unassigned or removed."""
        own = self._streams.pop(stream, None)
        if own is not None:
            self._free.append(own.row)

    def tick(self) -> list[Detected]:
        """Judge everything that came since the last tick, all streams in one array."""
        waiting = {key: own for key, own in self._streams.items() if own.pending_samples}
        if not waiting:
            return []
        counts = np.zeros(len(self._state.seen), np.int64)
        longest = max(own.pending_samples for own in waiting.values())
        chunk = np.zeros((len(counts), longest, 3), np.float32)
        for own in waiting.values():
            samples = own.take()
            chunk[own.row, : len(samples)] = samples
            counts[own.row] = len(samples)
        self._state, findings = self._detector.step(self._state, chunk, counts)
        by_row = {own.row: (key, own) for key, own in self._streams.items()}
        return [_detected(*by_row[finding.stream], finding) for finding in findings]

    def _admit(self, stream: StreamKey, rate_hz: float, at: float) -> _Stream | None:
        if not self._free:
            longest = min(self._streams, key=lambda key: self._streams[key].heard_at)
            if at - self._streams[longest].heard_at < _SILENT_S:
                return None
            self.forget(longest)
        own = _Stream(self._free.pop(), rate_hz, at)
        self._state = self._detector.restart(self._state, own.row, rate_hz)
        self._streams[stream] = own
        return own

    def _begin(self, own: _Stream, rate_hz: float, *, nominal_hz: float | None = None) -> None:
        self.restarts += 1
        own.begin(rate_hz)
        own.timeline.nominal_hz = rate_hz if nominal_hz is None else nominal_hz
        self._state = self._detector.restart(self._state, own.row, rate_hz)


def open_detection(*, max_streams: int = MAX_STREAMS) -> Detection:
    """A detection with the shipped model.

    Raises:
        ArtefactError: the model file is missing, damaged or of another version; the sentence says what to do.
    """
    return Detection(FallDetector(model=load()), max_streams=max_streams)


def _convertible(rate_hz: float) -> bool:
    return MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ


def _detected(key: StreamKey, own: _Stream, finding: Finding) -> Detected:
    rate = own.timeline.rate_hz
    impact = round(finding.at_s * rate)
    history = np.concatenate(list(own.history))
    first = own.timeline.samples - len(history)  # where the history begins on the stream's time line
    begin = max(first, impact - round(EVIDENCE_BEFORE_S * rate))
    end = impact + round(EVIDENCE_AFTER_S * rate)
    return Detected(
        stream=key,
        finding=finding,
        impact_at=own.timeline.moment(impact),
        evidence=history[begin - first : end - first],
        rate_hz=rate,
        impact_index=impact - begin,
    )
