"""All wearables of the home in one detector: `feed` takes packets as they come, `tick` judges everything at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import FallDetector, recovery, shipped
from analytics.falls.artefact import ANYWHERE, WORN
from analytics.falls.rates import MAX_RATE_HZ, MIN_RATE_HZ
from analytics.falls.steps import MISSING, Steps, steps
from analytics.findings import Finding
from device_drivers.readings import Motion
from gateway.detection.faults import LEAST_S, fault
from gateway.detection.stream import PENDING_S, Stream, StreamKey
from gateway.detection.timeline import Verdict

Array = NDArray[np.float32]

TRUNK: Final = frozenset({"chest", "waist"})  # placements where the posture is that of the body
MAX_STREAMS: Final = 32  # a home has a handful of wearables; each costs 16 kB at 50 Hz, most of it the last seconds
# A peak that waits this long for the samples of its decision is judged by what came: five seconds are promised, and a
# tick comes before they are over. At 25 Hz an undisturbed decision takes 3.6 s.
OVERDUE_S: Final = 4.2
# And only when nothing has come for longer than a packet may last: 1.44 s.
_SILENCE_S: Final = 1.6
# Findings between two ticks, from streams that ended; the desk joins falls of one person anyway.
_FOUND: Final = 256
# A stream silent this long gives its place to a new one when all are taken.
_SILENT_S: Final = 60.0
_REFUSALS: Final = 1000
_IDLE_HZ: Final = 50.0  # the rate of a row that nobody uses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detected:
    """A finding with what the alert needs.

    Attributes:
        stream: whose motion.
        finding: as the detector gave it, on the stream's own time line.
        impact_at: monotonic time of the impact, estimated from the arrival of the packets (never later than it
            arrived).
        evidence: float32 (n, 3), g, at the device's rate: the ten seconds that end 2.5 s after the impact, or with the
            newest sample where less has come; shorter only where the stream began later. NaN where samples are missing.
            Of "no-recovery" the last 40 s at ten samples a second.
        rate_hz: of the evidence.
        impact_index: the impact in the evidence.
    """

    stream: StreamKey
    finding: Finding
    impact_at: float
    evidence: Array
    rate_hz: float
    impact_index: int


class Detection:
    """Ring buffers and one tick for all streams. Reads no clock, does no I/O, raises nothing on strange motion.

    Places are bounded by `max_streams`. When all are taken, a new stream gets the place of the one that has been
    silent longest if that is a minute or more; else its motion is not used and counted in `refused`.
    """

    def __init__(self, detector: FallDetector, *, max_streams: int = MAX_STREAMS) -> None:
        self._detector = detector
        self._state = detector.start(np.full(max_streams, _IDLE_HZ))
        self._recovery = recovery.start(np.full(max_streams, _IDLE_HZ))
        self._streams: dict[StreamKey, Stream] = {}
        self._rows: list[Stream | None] = [None] * max_streams
        self._free = list(range(max_streams - 1, -1, -1))
        self._found: deque[Detected] = deque(maxlen=_FOUND)  # oldest dropped
        self._refused_at: deque[float] = deque(maxlen=_REFUSALS)  # oldest dropped
        self.refused = 0  # packets that could not be used: no place, no samples, a rate outside 12.5–416 Hz
        self.restarts = 0  # streams begun anew after a gap or at another rate

    @property
    def streams(self) -> frozenset[StreamKey]:
        """The streams that have a place."""
        return frozenset(self._streams)

    def heard(self) -> Mapping[StreamKey, float]:
        """When each stream that has a place last sent anything, monotonic."""
        return {key: own.heard_at for key, own in self._streams.items()}

    def faults(self) -> Mapping[StreamKey, str]:
        """Streams that no fall can be noticed by, and why."""
        found = {}
        for key, own in self._streams.items():
            samples = own.newest(LEAST_S)
            words = None if samples is None else fault(samples)
            measured = own.timeline.better_rate()  # what can be used is in use already
            if measured is not None:
                words = f"sends {measured:.0f} samples a second, where 12.5 to 416 can be used"
            if words is not None:
                found[key] = words
        return found

    def refused_since(self, at_monotonic: float) -> int:
        """Packets refused since then, at most 1,000."""
        return sum(at >= at_monotonic for at in self._refused_at)

    def feed(self, stream: StreamKey, motion: Motion, at_monotonic: float) -> bool:
        """Take one packet; `at_monotonic` is when it arrived. Whether its stream has a place."""
        shape = motion.samples.shape
        if len(shape) != 2 or shape[1] != 3 or not shape[0] or not _convertible(motion.rate_hz):
            self._refuse(at_monotonic)
            return stream in self._streams
        own = self._streams.get(stream) or self._admit(stream, motion.rate_hz, at_monotonic)
        if own is None:
            self._refuse(at_monotonic)
            return False
        own.heard_at = at_monotonic
        if motion.rate_hz != own.timeline.nominal_hz:  # exact: the header is a setting, not a measurement
            self._begin(own, motion.rate_hz, at_monotonic, lasts=shape[0])
        verdict, missing = own.timeline.place(motion, at_monotonic)
        if verdict is Verdict.DUPLICATE:
            return True
        if verdict is Verdict.BROKEN:
            gaps = own.timeline.even_gaps
            self._begin(own, own.timeline.rate_hz, at_monotonic, nominal_hz=motion.rate_hz, lasts=shape[0])
            own.timeline.place(motion, at_monotonic)
            own.timeline.even_gaps = gaps
        if missing:
            self._append(own, np.full((missing, 3), MISSING, np.int16))
        self._append(own, steps(np.asarray(motion.samples, np.float32)))
        better = own.timeline.better_rate()
        if better is not None and _convertible(better):
            self._begin(own, better, at_monotonic, nominal_hz=motion.rate_hz)
        return True

    def worn(self, stream: StreamKey, position: str | None, profile: str | None = None) -> None:
        """Where a stream is worn and by which device: which model judges it, and whether posture tells who is up.

        Until it is said, it may be anywhere.
        """
        own = self._streams.get(stream)
        if own is not None:
            own.trunk = position in TRUNK
            self._state = self._detector.place(self._state, own.row, position, profile)

    def forget(self, stream: StreamKey) -> None:
        """Give a stream's place back: its device was unassigned or removed. Who is watched there is not up."""
        own = self._streams.get(stream)
        if own is not None:
            now = np.full(len(self._state.seen), -np.inf)
            now[own.row] = own.timeline.samples / own.timeline.rate_hz + recovery.WATCH_S + _SILENCE_S
            self._overdue(now)
            del self._streams[stream]
            self._rows[own.row] = None
            self._free.append(own.row)

    def tick(self, at_monotonic: float) -> list[Detected]:
        """Judge everything that came since the last tick, all streams in one array, and what waits too long.

        Args:
            at_monotonic: now, by the clock of `feed`. A peak whose decision is overdue because its stream is silent
                is judged by what came.
        """
        self._advance()
        for own in self._streams.values():
            if own.ended or own.timeline.silence(at_monotonic) < _SILENCE_S:
                continue
            newest_s = own.timeline.samples / own.timeline.rate_hz
            now_s = own.timeline.elapsed(at_monotonic)
            self._finish(own, now_s, OVERDUE_S)
            own.ended = now_s - OVERDUE_S >= newest_s
        now = np.full(len(self._state.seen), -np.inf)
        for row in np.flatnonzero(self._recovery.watch == recovery.Watch.OPEN):
            now[row] = self._of(int(row)).timeline.elapsed(at_monotonic)
        self._overdue(now)
        found = list(self._found)
        self._found.clear()
        return found

    def _append(self, own: Stream, samples: Steps) -> None:
        """Let samples wait for the tick; more than a stream may keep waiting are judged at once, with everybody's."""
        most = int(PENDING_S * own.timeline.rate_hz)
        for begin in range(0, len(samples), most):
            own.append(samples[begin : begin + most])
            if own.pending > most:
                self._advance()

    def _advance(self) -> None:
        waiting = [own for own in self._streams.values() if own.pending]
        if not waiting:
            return
        counts = np.zeros(len(self._state.seen), np.int64)
        chunk = np.zeros((len(counts), max(own.pending for own in waiting), 3), np.int16)
        for own in waiting:
            samples = own.take()
            chunk[own.row, : len(samples)] = samples
            counts[own.row] = len(samples)
        self._state, findings = self._detector.step(self._state, chunk, counts)
        self._found.extend(_detected(self._of(finding.stream), finding) for finding in findings)
        self._recovery, late = recovery.step(self._recovery, chunk, counts, falls=findings, trunk=self._trunk())
        self._found.extend(self._not_up(self._of(finding.stream), finding) for finding in late)

    def _of(self, row: int) -> Stream:
        own = self._rows[row]
        if own is None:
            raise LookupError(f"nobody has row {row}")
        return own

    def _finish(self, own: Stream, now_s: float, waited_s: float) -> None:
        self._state, findings = self._detector.finish(self._state, own.row, now_s=now_s, waited_s=waited_s)
        self._found.extend(_detected(own, finding) for finding in findings)
        self._recovery = recovery.watch(self._recovery, findings, trunk=self._trunk())

    def _overdue(self, now_s: NDArray[np.float64]) -> None:
        self._recovery, late = recovery.overdue(self._recovery, now_s, waited_s=_SILENCE_S, trunk=self._trunk())
        self._found.extend(self._not_up(self._of(finding.stream), finding) for finding in late)

    def _trunk(self) -> NDArray[np.bool_]:
        trunk = np.zeros(len(self._state.seen), np.bool_)
        trunk[[own.row for own in self._streams.values() if own.trunk]] = True
        return trunk

    def _not_up(self, own: Stream, finding: Finding) -> Detected:
        evidence, impact = recovery.trace(self._recovery, own.row)
        return Detected(
            stream=own.key,
            finding=finding,
            impact_at=own.timeline.moment(finding.at_s * own.timeline.rate_hz),
            evidence=evidence,
            rate_hz=float(recovery.LINE_HZ),
            impact_index=impact,
        )

    def _refuse(self, at: float) -> None:
        self.refused += 1
        self._refused_at.append(at)

    def _admit(self, stream: StreamKey, rate_hz: float, at: float) -> Stream | None:
        if not self._free:
            longest = min(self._streams, key=lambda key: self._streams[key].heard_at)
            if at - self._streams[longest].heard_at < _SILENT_S:
                return None
            self.forget(longest)
        own = Stream(stream, self._free.pop(), rate_hz, at)
        self._state = self._detector.restart(self._state, own.row, rate_hz)
        self._state = self._detector.place(self._state, own.row)  # not where the row's last stream was worn
        self._recovery = recovery.restart(self._recovery, own.row, rate_hz)
        self._streams[stream] = self._rows[own.row] = own
        return own

    def _begin(
        self, own: Stream, rate_hz: float, at: float, *, nominal_hz: float | None = None, lasts: int = 0
    ) -> None:
        """Begin a stream anew; what it was before is judged to its end: it may end with a fall.

        Its first samples, `lasts` of them, arrived at `at`; who is watched stays watched over the gap.
        """
        self.restarts += 1
        if own.pending:
            self._advance()
        if not own.ended:
            self._finish(own, own.timeline.elapsed(at), 0.0)
        gap_s = at - lasts / rate_hz - own.timeline.moment(own.timeline.samples) if own.timeline.samples else 0.0
        self._recovery = recovery.resume(self._recovery, own.row, rate_hz, gap_s)
        own.begin(rate_hz)
        own.timeline.nominal_hz = rate_hz if nominal_hz is None else nominal_hz
        self._state = self._detector.restart(self._state, own.row, rate_hz)


def open_detection(*, max_streams: int = MAX_STREAMS) -> Detection:
    """A detection with the shipped models.

    Raises:
        ArtefactError: the model file is missing, damaged or of another version; the sentence says what to do.
    """
    models = shipped()
    worn = {position: models[name] for position, name in WORN.items()}
    return Detection(FallDetector(model=models[ANYWHERE], worn=worn), max_streams=max_streams)


def _convertible(rate_hz: float) -> bool:
    return MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ


def _detected(own: Stream, finding: Finding) -> Detected:
    evidence, place, impact = own.evidence(finding.at_s)
    return Detected(
        stream=own.key,
        finding=finding,
        impact_at=own.timeline.moment(impact),
        evidence=evidence,
        rate_hz=own.timeline.rate_hz,
        impact_index=place,
    )
