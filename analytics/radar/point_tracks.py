"""Tracks from points alone, for modules that follow nobody: points that lie together are a body, from frame to frame.

A frame's points are looked at with those of the four frames before it. Along x, and then along y, a gap of more than
`GAP_M` parts two bodies: two who stand closer are one. The height is that of the highest but one, so that a single
stray point lifts nobody. How blocks are cut changes nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Floats32 = NDArray[np.float32]
TOGETHER: Final = 5  # frames whose points are one picture
GAP_M: Final = 0.7
FEWEST: Final = 4  # points of a body in a picture: fewer are noise
SLOTS: Final = 4  # bodies of a room at once; the largest are kept
LINK_M: Final = 0.6  # nobody goes further in a tenth of a second; noise included
_IDS: Final = 2**31 - 1
_MM: Final = 200_000  # more than a room has


class PointTracks:
    """The points of one room, as tracks with numbers of their own."""

    def __init__(self) -> None:
        self._start = 0
        self._frames = np.zeros(0, np.int64)  # of the last points
        self._points = np.zeros((0, 3), np.float32)
        self._ids = np.zeros(SLOTS, np.int32)  # of the last frame
        self._places = np.full((SLOTS, 2), np.nan)

    def feed(self, frames: NDArray[np.int64], points: Floats32, count: int) -> tuple[Ids, Floats32, Floats32]:
        """A block of frames.

        Args:
            frames: int64 (m,), of each point, 0 … count − 1 of this block, ascending.
            points: float32 (m, 3), x, y and height above the floor, m.
            count: frames of the block.

        Returns:
            int32 (count, SLOTS) numbers, float32 (count, SLOTS, 2) places, float32 (count, SLOTS) tops, as
            `falls.RadarFalls` takes them (with a room's axis).
        """
        now = np.concatenate((self._frames - self._start, frames))
        every = np.concatenate((self._points, points))
        at = np.concatenate([now + later for later in range(TOGETHER)])
        which = np.tile(np.arange(len(now)), TOGETHER)
        inside = (at >= 0) & (at < count)
        places, tops = _bodies(at[inside], every[which[inside]], count)
        ids = self._numbered(places)
        kept = now > count - TOGETHER
        self._frames, self._points = now[kept] + self._start, every[kept]
        self._start += count
        if count:
            self._ids, self._places = ids[-1], places[-1].astype(np.float64)
        return ids, places, tops

    def _numbered(self, places: Floats32) -> Ids:
        """Who is nearest to whom in the frame before, both ways, is the same body."""
        count = len(places)
        before = np.concatenate((self._places[None], places[:-1])) if count else self._places[None][:0]
        far = np.hypot(*np.moveaxis(places[:, :, None].astype(np.float64) - before[:, None], -1, 0))
        far = np.where(np.isnan(far), np.inf, far)
        to = far.argmin(axis=2)
        mutual = far.argmin(axis=1)[np.arange(count)[:, None], to] == np.arange(SLOTS)
        linked = mutual & (np.take_along_axis(far, to[:, :, None], axis=2)[:, :, 0] <= LINK_M)
        # Nodes: the slots of the frame before the block, then those of each frame; a root is its own parent.
        own = np.arange(SLOTS, (count + 1) * SLOTS).reshape(count, SLOTS)
        before_it = own - SLOTS - np.arange(SLOTS) + to
        parent = np.concatenate((np.arange(SLOTS), np.where(linked, before_it, own).ravel()))
        while True:
            further = parent[parent]
            if (further == parent).all():
                break
            parent = further
        fresh = ((self._start - 1) * SLOTS + np.arange((count + 1) * SLOTS)) % _IDS + 1
        names = fresh.copy()
        names[:SLOTS] = self._ids
        ids = names[parent][SLOTS:].reshape(count, SLOTS)
        return np.where(np.isnan(places[:, :, 0]), 0, ids).astype(np.int32)


def _order(group: NDArray[np.int64], along: Floats32) -> NDArray[np.intp]:
    """By group, and within it by place to the millimetre. One sort of whole numbers is the fastest there is."""
    return np.argsort(group * _MM + np.clip(along * 1000.0 + _MM // 2, 0, _MM - 1).astype(np.int64), kind="stable")


def _bodies(at: NDArray[np.int64], points: Floats32, count: int) -> tuple[Floats32, Floats32]:
    """Float32 (count, SLOTS, 2) places and (count, SLOTS) tops of the largest heaps of each picture; NaN for none."""
    places = np.full((count, SLOTS, 2), np.nan, np.float32)
    tops = np.full((count, SLOTS), np.nan, np.float32)
    if not len(at):
        return places, tops
    group = at
    for column in (0, 1):
        order = _order(group, points[:, column])
        along, sorted_group = points[order, column], group[order]
        new = np.concatenate(([True], (np.diff(sorted_group) != 0) | (np.diff(along) > GAP_M)))
        group = np.empty_like(group)
        group[order] = np.cumsum(new) - 1
    order = _order(group, points[:, 2])
    heap, sorted_points = group[order], points[order]
    begins = np.flatnonzero(np.concatenate(([True], np.diff(heap) != 0)))
    sizes = np.diff(np.append(begins, len(heap)))
    frame = at[order][begins]
    sums = np.add.reduceat(sorted_points[:, :2].astype(np.float64), begins, axis=0)
    top = sorted_points[begins + np.maximum(sizes - 2, 0), 2]
    big = sizes >= FEWEST
    frame, sums, top, sizes = frame[big], sums[big], top[big], sizes[big]
    order = np.lexsort((-sizes, frame))
    frame, sums, top, sizes = frame[order], sums[order], top[order], sizes[order]
    rank = np.arange(len(frame)) - np.searchsorted(frame, frame)
    kept = rank < SLOTS
    places[frame[kept], rank[kept]] = sums[kept] / sizes[kept, None]
    tops[frame[kept], rank[kept]] = top[kept]
    return places, tops
