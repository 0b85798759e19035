"""One stream's own time: which samples are missing, at which rate they really come, when they were measured."""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Final

from device_drivers.readings import Motion

# Missing samples up to this long are marked and bridged; a longer gap begins the stream anew: the window around an
# impact may lack half of its 5.4 s.
BRIDGED_S: Final = 1.5
# A difference between two stamps beyond this is no gap but a clock that was set (a Polar H10 off the strap falls back
# to 2019).
_CLOCK_SET_S: Final = 60.0
# Stamps jitter by a sample or two; fewer missing ones are no gap.
_LEAST_MISSING: Final = 3
# Without stamps only silence tells: packets that were late but complete must not look like a gap. At 25 Hz a strap's
# packet holds 1.4 s, and a radio link may stall for its supervision time-out of some seconds and then deliver
# everything.
_SILENCE_S: Final = 6.0
# The rate is measured over at least this long; a fraction of a sample at either end is then below 1 %.
_MEASURED_S: Final = 10.0
_MEASURED_BY_ARRIVAL_S: Final = 30.0
# The detector was trained on time scales of ±6 %: within 8 % of the header's rate the header is right enough.
_RATE_TOLERANCE: Final = 0.08
_ARRIVALS: Final = 32
# Of a header that promises four times as much and more every packet looks as if most were lost. What is lost on the air
# is not lost evenly: so many packets of one rate, two of three at least, are that rate.
_EVEN_PACKETS: Final = 8


class EvenGaps:
    """The rate that most of the packets have before which something seems to be missing."""

    def __init__(self) -> None:
        self.packets, self.samples, self.seconds = 0, 0, 0.0
        self._others = 0

    def take(self, count: int, elapsed: float) -> None:
        """One more, of so many samples in so many seconds."""
        if self.packets and abs(count / elapsed * self.seconds / self.samples - 1) > 0.1:
            self._others += 1  # a packet was lost before it
            if self._others <= self.packets:
                return
            self.packets, self.samples, self.seconds, self._others = 0, 0, 0.0, 0
        self.packets += 1
        self.samples += count
        self.seconds += elapsed

    @property
    def rate_hz(self) -> float | None:
        """The rate that they have; None before that is clear."""
        most = self.packets >= max(_EVEN_PACKETS, 2 * self._others)
        return self.samples / self.seconds if most and self.seconds >= _MEASURED_S else None


class Verdict(Enum):
    """What a packet means for its stream."""

    FOLLOWS = "follows"
    DUPLICATE = "duplicate"
    BROKEN = "broken"  # begin the stream anew with it


class Timeline:
    """Follows the packets of one stream. The caller gives the arrival times; no clock is read here."""

    def __init__(self, rate_hz: float) -> None:
        self.nominal_hz = rate_hz
        self.rate_hz = rate_hz
        self.samples = 0  # on the time line so far, missing ones included
        self._stamp: int | None = None
        self._arrived: float | None = None
        self._lags: deque[float] = deque(maxlen=_ARRIVALS)  # arrival minus the sample's own time; oldest dropped
        self._measured_samples = 0
        self._measured_s = 0.0
        self._arrival_begin: float | None = None
        self._arrival_samples = 0
        self.even_gaps = EvenGaps()

    def place(self, motion: Motion, at: float) -> tuple[Verdict, int]:
        """What the next packet is, and how many samples are missing before it."""
        count = len(motion.samples)
        verdict, missing = self._judge(motion, count, at)
        if verdict is Verdict.FOLLOWS:
            self.samples += missing + count
            self._lags.append(at - self.samples / self.rate_hz)
            self._measure_by_arrival(count, at, gap=missing > 0)
            self._stamp, self._arrived = motion.last_sample_ns, at
        return verdict, missing

    def moment(self, sample: float) -> float:
        """When a sample, counted from the beginning, was measured, monotonic, by the least delayed packet."""
        return min(self._lags) + sample / self.rate_hz if self._lags else 0.0

    def silence(self, at: float) -> float:
        """Seconds since the last packet that was used; 0 before the first."""
        return 0.0 if self._arrived is None else at - self._arrived

    def elapsed(self, at: float) -> float:
        """The same the other way: a monotonic moment in seconds from the beginning."""
        return at - min(self._lags) if self._lags else 0.0

    def better_rate(self) -> float | None:
        """The measured rate where it contradicts the one in use, else None."""
        measured: float | None = None
        if self.even_gaps.rate_hz is not None:
            measured = self.even_gaps.rate_hz
        elif self._measured_s >= _MEASURED_S:
            measured = self._measured_samples / self._measured_s
        elif self._stamp is None and self._arrival_begin is not None and self._arrived is not None:
            span = self._arrived - self._arrival_begin
            measured = self._arrival_samples / span if span >= _MEASURED_BY_ARRIVAL_S else None
        if measured is None or abs(measured / self.rate_hz - 1) <= _RATE_TOLERANCE:
            return None
        return measured

    def _judge(self, motion: Motion, count: int, at: float) -> tuple[Verdict, int]:
        if self._arrived is None:
            return Verdict.FOLLOWS, 0
        silence = at - self._arrived
        stamp = motion.last_sample_ns
        if stamp is None or self._stamp is None:
            return (Verdict.BROKEN, 0) if silence - count / self.rate_hz > _SILENCE_S else (Verdict.FOLLOWS, 0)
        if stamp == self._stamp:
            return Verdict.DUPLICATE, 0
        elapsed = (stamp - self._stamp) / 1e9
        if elapsed < 0 or elapsed > silence + _CLOCK_SET_S:  # the device's clock was set: only the arrival tells
            return (Verdict.BROKEN, 0) if silence - count / self.rate_hz > _SILENCE_S else (Verdict.FOLLOWS, 0)
        missing = round(elapsed * self.rate_hz) - count
        # A device whose rate is not the header's drifts by a share of each packet: that is no gap.
        if missing < _LEAST_MISSING or (elapsed * self.rate_hz < 4 * count and self._steady(count / elapsed)):
            self.even_gaps = EvenGaps()
            self._measured_samples += count
            self._measured_s += elapsed
            if self._measured_s > 4 * _MEASURED_S:  # old packets fade
                self._measured_samples //= 2
                self._measured_s /= 2
            return Verdict.FOLLOWS, 0
        self.even_gaps.take(count, elapsed)
        return (Verdict.FOLLOWS, missing) if missing <= BRIDGED_S * self.rate_hz else (Verdict.BROKEN, 0)

    def _steady(self, rate_hz: float) -> bool:
        """Whether a packet's own rate is what the packets before it had too."""
        if self._measured_s <= 0:
            return True  # the first pair of packets: nothing contradicts it
        return abs(rate_hz / (self._measured_samples / self._measured_s) - 1) < 0.1

    def _measure_by_arrival(self, count: int, at: float, *, gap: bool) -> None:
        if self._arrival_begin is None or gap:
            self._arrival_begin, self._arrival_samples = at, 0
        else:
            self._arrival_samples += count
