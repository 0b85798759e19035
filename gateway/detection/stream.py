"""One wearable's place in the arrays: its own time, what waits for the next tick and what evidence is made of."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.steps import Steps, grams
from gateway.detection.timeline import Timeline

StreamKey = str  # the device's identity: one wearable, one stream

# Evidence: ten seconds, of which up to 2.5 come after the impact, as many as have come.
EVIDENCE_S: Final = 10.0
EVIDENCE_AFTER_S: Final = 2.5
# More than this is not left to wait for a tick but judged as it comes: the gateway was not scheduled, or a link
# stalled.
PENDING_S: Final = 4.0
# The evidence of the oldest impact that may still be decided: what waits and a piece of the same length, the
# conversion's 0.3 s at the slowest rate, and ten seconds. 5.6 kB at 50 Hz.
_KEPT_S: Final = EVIDENCE_S + 2 * PENDING_S + 0.5


class Stream:
    """The newest samples of one stream in a ring, two bytes a number; the newest `pending` wait for a tick."""

    __slots__ = ("_end", "_ring", "ended", "heard_at", "key", "pending", "row", "timeline", "trunk")

    def __init__(self, key: StreamKey, row: int, rate_hz: float, at: float) -> None:
        self.key = key
        self.row = row
        self.heard_at = at
        self.trunk = False
        self.begin(rate_hz)

    def begin(self, rate_hz: float) -> None:
        """From nothing, at a rate."""
        self.timeline = Timeline(rate_hz)
        self.ended = False  # silent, and all its peaks are judged
        self.pending = 0  # samples; bounded by PENDING_S in Detection.feed, which judges what is more
        self._end = 0  # samples on the time line that have been put into the ring
        self._ring = np.zeros((math.ceil(_KEPT_S * rate_hz), 3), np.int16)  # oldest overwritten

    def append(self, samples: Steps) -> None:
        """Add samples, int16 (n, 3), of at most PENDING_S."""
        count, size = len(samples), len(self._ring)
        at = self._end % size
        if at + count <= size:
            self._ring[at : at + count] = samples
        else:
            self._ring[at:], self._ring[: at + count - size] = samples[: size - at], samples[size - at :]
        self._end += count
        self.pending += count
        self.ended = False

    def take(self) -> Steps:
        """What waits, int16 (n, 3); it waits no more."""
        begin, self.pending = self._end - self.pending, 0
        return self._between(begin, self._end)

    def _between(self, begin: int, end: int) -> Steps:
        size = len(self._ring)
        at, count = begin % size, end - begin
        if at + count <= size:
            return self._ring[at : at + count]
        return np.concatenate([self._ring[at:], self._ring[: at + count - size]])

    def newest(self, seconds: float) -> NDArray[np.float32] | None:
        """The last seconds, float32 (n, 3) in g, NaN where missing; None while there are fewer."""
        count = round(seconds * self.timeline.rate_hz)
        return grams(self._between(self._end - count, self._end)) if count <= min(self._end, len(self._ring)) else None

    def evidence(self, at_s: float) -> tuple[NDArray[np.float32], int, int]:
        """What is shown of an impact: g at the device's rate, the impact in it and on the time line."""
        rate, newest = self.timeline.rate_hz, self._end
        first = max(0, newest - len(self._ring))
        impact = min(max(round(at_s * rate), first), newest - 1)
        end = min(newest, impact + round(EVIDENCE_AFTER_S * rate))
        begin = max(first, end - round(EVIDENCE_S * rate))
        return grams(self._between(begin, end)), impact - begin, impact
