"""Tracks of many rooms as rows of one table: which row a module's track is, and what was before a track was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
RATE_HZ: Final = 10.0  # of the table; modules that are faster are thinned, slower ones held
ROWS: Final = 8  # tracks of one room at once: more are reflections
HISTORY: Final = 45  # frames, 4.5 s: no fall lasts longer
_NOBODY: Final = np.zeros((0, 2), np.int64)
_FOUND_AGAIN_S: Final = 2.5  # a track that begins so soon and near where one was lost is the same body
_FOUND_AGAIN_M: Final = 1.2
_FORGOTTEN_S: Final = 30.0  # a body that lies still is not seen: its row is kept so long


@dataclass(slots=True)
class Table:
    """Of R rooms, each with ROWS rows. Histories are rings: frame n is at n modulo HISTORY (`ordered` unrolls them).

    Attributes:
        ids: int64 (R, ROWS), the module's numbers; 0 for a free row.
        tops: float64 (R, ROWS, HISTORY), highest point above the floor, m; NaN where it was not seen.
        places: float64 (R, ROWS, HISTORY, 2), m.
        silent: int64 (R, ROWS), frames since it was seen.
        age: int64 (R, ROWS), frames since the body was first seen.
        frames: how many there were.
    """

    ids: Ints
    tops: Floats
    places: Floats
    silent: Ints
    age: Ints
    frames: int = 0

    @staticmethod
    def of(rooms: int) -> Table:
        """Empty."""
        return Table(
            ids=np.zeros((rooms, ROWS), np.int64), tops=np.full((rooms, ROWS, HISTORY), np.nan),
            places=np.full((rooms, ROWS, HISTORY, 2), np.nan), silent=np.zeros((rooms, ROWS), np.int64),
            age=np.zeros((rooms, ROWS), np.int64),
        )  # fmt: skip

    def frame(self, ids: NDArray[np.int32], places: NDArray[np.float32], tops: NDArray[np.float32]) -> Ints:
        """One frame of all rooms: int32 (R, K) numbers (0 for none), (R, K, 2) places, (R, K) tops.

        Returns int64 (B, 2): rooms and rows in which a body was seen for the first time.
        """
        if not ids.any() and not self.ids.any():  # nobody anywhere, as most of the time
            self.frames += 1
            return _NOBODY
        row = self._rows(ids)
        born = self._seat(ids, places, row)
        if len(born):
            row = self._rows(ids)
        at = self.frames % HISTORY
        self.frames += 1
        self.tops[..., at] = np.nan
        self.places[:, :, at] = np.nan
        room, slot = np.nonzero(row >= 0)
        into = row[room, slot]
        self.tops[room, into, at] = tops[room, slot]
        self.places[room, into, at] = places[room, slot]
        self.silent += 1
        self.silent[room, into] = 0
        self.age += 1
        self.ids[self.silent > _FORGOTTEN_S * RATE_HZ] = 0
        return born

    def ordered(self) -> Ints:
        """Int64 (HISTORY,): the places of the ring, the newest last."""
        return np.arange(self.frames, self.frames + HISTORY) % HISTORY

    def _rows(self, ids: NDArray[np.int32]) -> Ints:
        """Int64 (R, K): the row of each number; −1 for none."""
        same = (ids[:, :, None] == self.ids[:, None, :]) & (ids[:, :, None] > 0)
        return np.where(same.any(axis=2), same.argmax(axis=2), -1)

    def _seat(self, ids: NDArray[np.int32], places: NDArray[np.float32], row: Ints) -> Ints:
        """Rows for numbers that are new: that of a body lost just now and near, else the longest silent one."""
        born = []
        followed = [set(one[one >= 0].tolist()) for one in row]
        for room, slot in np.argwhere((ids > 0) & (row < 0)).tolist():
            found = self._lost_near(room, places[room, slot], followed[room])
            if found is None:
                found = int(np.where(self.ids[room] == 0, np.iinfo(np.int64).max, self.silent[room]).argmax())
                if found in followed[room]:
                    continue  # every row is a track that is seen now
                self.tops[room, found], self.places[room, found] = np.nan, np.nan
                self.age[room, found] = 0
                born.append((room, found))
            self.ids[room, found] = ids[room, slot]
            self.silent[room, found] = 0
            followed[room].add(found)
        return np.array(born, np.int64).reshape(-1, 2)

    def _lost_near(self, room: int, place: NDArray[np.float32], followed: set[int]) -> int | None:
        """`followed`: rows whose own number is in this frame; they are not lost, however short a gap was."""
        lost = (self.ids[room] > 0) & (self.silent[room] <= _FOUND_AGAIN_S * RATE_HZ)
        elsewhere = [self._last(room, one) for one in followed]
        best: tuple[float, int] | None = None
        for one in set(np.flatnonzero(lost).tolist()) - followed:
            last = self._last(room, one)
            far = float(np.hypot(*(last - place)))
            others = [float(np.hypot(*(last - other))) for other in elsewhere]
            if far <= _FOUND_AGAIN_M and far <= min(others, default=np.inf) and (best is None or far < best[0]):
                best = (far, one)
        return None if best is None else best[1]

    def _last(self, room: int, row: int) -> Floats:
        """Float64 (2,): where it was seen last; NaN where it never was."""
        track = self.places[room, row, self.ordered()]
        seen = track[~np.isnan(track[:, 0])]
        return np.asarray(seen[-1] if len(seen) else np.full(2, np.nan))
