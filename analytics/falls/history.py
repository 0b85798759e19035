"""The newest samples at 50 Hz of many streams, at the cost of the new ones: what is there is not copied at each step.

The array has room behind the newest samples. New ones are written there, where no older value of the history looks,
and a value that is not the newest any more is copied before anything is added to it: so each is a value like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.steps import Steps

_ROOM: Final = 300  # columns; every 6 s what is kept is moved to the front


class _Columns:
    """The array that successive histories share: written beyond the end of the newest one only."""

    __slots__ = ("filled", "samples", "turn")

    def __init__(self, samples: Steps, filled: int) -> None:
        self.samples = samples  # (S, columns, 3): what is looked at of a stream lies together
        self.filled = filled  # at least the end of every stream
        self.turn = 0  # which history is the newest


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The newest `kept` samples of each stream and room for the next.

    Attributes:
        kept: samples of each stream that can be looked at.
        ends: column behind each stream's newest sample, int64 (S,).
    """

    kept: int
    ends: NDArray[np.int64]
    _columns: _Columns
    _turn: int

    @classmethod
    def start(cls, streams: int, kept: int) -> History:
        """Of streams without samples: what is looked at is arbitrary until it was written."""
        return cls._of(np.zeros((streams, kept, 3), np.int16))

    @classmethod
    def _of(cls, newest: Steps) -> History:
        streams, kept, _ = newest.shape
        samples = np.empty((streams, kept + _ROOM, 3), np.int16)
        samples[:, :kept] = newest
        return cls(kept, np.full(streams, kept), _Columns(samples, kept), 0)

    def append(self, fresh: Steps, counts: NDArray[np.int64]) -> History:
        """With `counts[s]` new samples of each stream, the first of int16 (S, 3, k), k ≤ 300."""
        width, columns = fresh.shape[2], self._columns
        if columns.turn == self._turn and columns.filled + width > columns.samples.shape[1]:
            columns.filled = int(self.ends.max())  # the streams do not all move at the same time
        if columns.turn != self._turn or columns.filled + width > columns.samples.shape[1]:
            return History._of(self.newest()).append(fresh, counts)
        _runs(columns.samples, width)[np.arange(len(counts)), self.ends] = _together(fresh)
        columns.filled += width
        columns.turn += 1
        return History(self.kept, self.ends + counts, columns, columns.turn)

    def runs(self, rows: NDArray[np.integer], begins: NDArray[np.int64], width: int) -> Steps:
        """Samples of these streams from `begins` on, counted from the end (-1: the newest), int16 (R, width, 3)."""
        found = _runs(self._columns.samples, width)[rows, self.ends[rows] + begins]
        return np.asarray(found.reshape(len(found), width, 3))

    def newest(self) -> Steps:
        """All that is kept, newest last, int16 (S, kept, 3)."""
        rows = np.arange(len(self.ends))
        return self.runs(rows, np.full(len(rows), -self.kept), self.kept)

    def only(self, row: int) -> History:
        """Of one stream."""
        return History._of(self.runs(np.array([row]), np.array([-self.kept]), self.kept))


def _together(fresh: Steps) -> Steps:
    """int16 (S, 3, k) → (S, 3 k), the axes of a sample side by side."""
    streams, axes, width = fresh.shape
    samples = np.empty((streams, width, axes), np.int16)
    for axis in range(axes):  # four times as fast as at once: long rows instead of rows of three
        samples[:, :, axis] = fresh[:, axis]
    return samples.reshape(streams, width * axes)


def _runs(array: Steps, width: int) -> Steps:
    """Every run of `width` columns of a contiguous (S, columns, 3), as a view (S, columns - width + 1, 3 width)."""
    streams, columns, axes = array.shape
    row, column, axis = array.strides
    return np.ndarray((streams, columns - width + 1, axes * width), array.dtype, array, strides=(row, column, axis))
