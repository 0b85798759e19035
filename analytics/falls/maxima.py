"""Loud local maxima of the acceleration's magnitude: found as samples come, waiting for those the decision needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.steps import MISSING, PER_G, Steps

PEAK_G: Final = 1.5  # the weakest of the 1,125 staged falls at hand peaks at 1.78 g after conversion to 50 Hz
_PEAK: Final = int(PEAK_G**2 * PER_G**2)  # as squared length in steps
NOTHING: Final = 3 * MISSING**2  # squared "length" of a missing sample; no other is as long


@dataclass(frozen=True, slots=True, kw_only=True)
class Maxima:
    """What waits, and what the next samples are compared with.

    Attributes:
        stream: row of the stream, int64 (N,).
        index: of the maximum on the stream's time line at 50 Hz, int64 (N,), in order of arrival.
        edge: squared lengths of each stream's two newest samples, uint32 (S, 2); 0 where there is none.
    """

    stream: NDArray[np.int64]
    index: NDArray[np.int64]
    edge: NDArray[np.uint32]

    @classmethod
    def start(cls, streams: int) -> Maxima:
        """Of streams without samples."""
        nothing = np.zeros(0, np.int64)
        return cls(stream=nothing, index=nothing, edge=np.zeros((streams, 2), np.uint32))

    def restart(self, row: int) -> Maxima:
        """The same with one stream begun anew."""
        others, edge = self.stream != row, self.edge.copy()
        edge[row] = 0
        return Maxima(stream=self.stream[others], index=self.index[others], edge=edge)

    def only(self, row: int) -> Maxima:
        """Of one stream."""
        own = self.index[self.stream == row]
        return Maxima(stream=np.zeros(len(own), np.int64), index=own, edge=self.edge[row : row + 1])

    def append(self, fresh: Steps, made: NDArray[np.int64], seen: NDArray[np.int64]) -> Maxima:
        """With `made[s]` samples more of each stream, the first of int16 (S, 3, k), after its first `seen[s]`."""
        streams, width = len(fresh), fresh.shape[2] + 2
        near = np.empty((streams, width), np.uint32)
        near[:, :2] = self.edge
        energy(fresh, out=near[:, 2:])
        edge = near[np.arange(streams)[:, None], made[:, None] + (0, 1)]
        loud = np.flatnonzero(near >= _PEAK)
        if not len(loud):
            return Maxima(stream=self.stream, index=self.index, edge=edge)
        flat = near.ravel()
        flat[loud[flat[loud] == NOTHING]] = 0
        stream, column = np.divmod(loud, width)
        inside = (column >= 1) & (column <= made[stream])  # whoever has both neighbours
        loud, stream, column = loud[inside], stream[inside], column[inside]
        size = flat[loud]
        largest = (size >= _PEAK) & (size > flat[loud - 1]) & (size >= flat[loud + 1])
        stream, column = stream[largest], column[largest]
        return Maxima(
            stream=np.concatenate([self.stream, stream]),
            index=np.concatenate([self.index, seen[stream] + column - 2]),
            edge=edge,
        )

    def due(self, seen: NDArray[np.int64], after: int) -> tuple[Maxima, NDArray[np.int64], NDArray[np.int64]]:
        """What still waits, and stream and index of those with `after` samples after them, a stream at a time."""
        if not len(self.stream):
            return self, self.stream, self.index
        ready = self.index + after < seen[self.stream]
        if not np.count_nonzero(ready):
            return self, self.stream[:0], self.index[:0]
        stream, index = self.stream[ready], self.index[ready]
        order = np.argsort(stream, kind="stable")
        rest = Maxima(stream=self.stream[~ready], index=self.index[~ready], edge=self.edge)
        return rest, stream[order], index[order]


def energy(samples: Steps, out: NDArray[np.uint32]) -> None:
    """Squared lengths in steps, exact, uint32 (S, k) of int16 (S, 3, k); what is missing is longer than any other."""
    squares = samples.astype(np.int32)
    squares *= squares
    whole = squares.view(np.uint32)
    np.add(whole[:, 0], whole[:, 1], out=out)
    out += whole[:, 2]
