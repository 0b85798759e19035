"""Where a body's top came down: medians along its track, and the moments at which one that was up is low.

All bodies of all rooms are looked at in one pass; a look is every half second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.radar.tracks import RATE_HZ, Body, Floats, Ints

EVERY: Final = 5  # frames between looks
SMOOTH: Final = 7  # frames whose median is where the top is
WINDOW: Final = 45  # frames, 4.5 s: no fall lasts longer
BEFORE: Final = WINDOW + SMOOTH  # what a look sees of the time before it
SEEN_FRAMES: Final = EVERY  # a look counts when the body was seen in the last so many
LOW_M: Final = 0.97  # the top of who sits against a wall, at the most
CAME_DOWN_M: Final = 0.25
NEAR_M: Final = 0.3
WAS_UP: Final = 15  # frames near the highest: longer than a dog jumps
UP_M: Final = 1.05  # the top of who sits, at the least
_HELD: Final = WINDOW - SMOOTH + 1
_GAP: Final = WINDOW  # a top that was not seen for longer is not known, however frames are cut into blocks
_BACK: Final = _HELD + _GAP + SMOOTH  # frames before a look of which it depends


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """At one body, n of them.

    Attributes:
        frames: int64 (n,), the first frame behind what is seen.
        newest: float64 (n,), where its top is, m; NaN where it was not seen lately.
        down: bool (n,), it came down in the last 4.5 s from where it had been for some time, and is low.
        highest: float64 (n,), where it had been, m; NaN where not `down`.
    """

    frames: Ints
    newest: Floats
    down: NDArray[np.bool_]
    highest: Floats


def look(bodies: Sequence[Body], start: int) -> list[Looks]:
    """At each body, every half second from `start` on.

    Args:
        bodies: their arrays as far as they go.
        start: a frame, a multiple of EVERY; what is before it has been looked at.
    """
    if not bodies:
        return []
    begins = [max(body.first, start - _BACK) for body in bodies]
    tops = [body.tops[begin - body.first :] for body, begin in zip(bodies, begins, strict=True)]
    lengths = np.array([len(one) for one in tops], np.int64)
    pad = np.full(WINDOW, np.nan)
    flat = np.concatenate([part for one in tops for part in (pad, one)])
    offsets = np.cumsum(np.concatenate(([0], lengths[:-1] + WINDOW))) + WINDOW
    # Nothing of the body before it, and nothing of long ago.
    smooth = held(medians(flat), np.maximum(np.repeat(offsets, lengths + WINDOW), np.arange(len(flat)) - _GAP))
    seen = np.maximum.accumulate(np.where(~np.isnan(flat), np.arange(len(flat)), -(10**9)))
    at, frames = [], []
    for begin, length, offset in zip(begins, lengths.tolist(), offsets.tolist(), strict=True):
        first = (max(begin, start) // EVERY + 1) * EVERY
        own = np.arange(first, begin + length + 1, EVERY, dtype=np.int64)
        frames.append(own)
        at.append(own - 1 - begin + offset)
    every = np.concatenate(at)
    newest = np.where(every - seen[every] < SEEN_FRAMES, smooth[every], np.nan)
    down, highest = _down(smooth, every, newest)
    cuts = np.cumsum([len(one) for one in frames])[:-1]
    return [
        Looks(frames=own, newest=new, down=low, highest=high)
        for own, new, low, high in zip(
            frames, np.split(newest, cuts), np.split(down, cuts), np.split(highest, cuts), strict=True
        )
    ]


def _down(smooth: Floats, every: Ints, newest: Floats) -> tuple[NDArray[np.bool_], Floats]:
    highest, down = np.full(len(every), np.nan), np.zeros(len(every), bool)
    low = np.flatnonzero(newest <= LOW_M)
    if len(low):
        rows = smooth[every[low][:, None] + np.arange(1 - _HELD, 1)]
        near = rows >= (np.nanmax(rows, axis=1) - NEAR_M)[:, None]
        # The mean, not the greatest: that would be the one with the greatest error.
        top = np.where(near, rows, 0.0).sum(axis=1) / near.sum(axis=1)
        came = (top - newest[low] >= CAME_DOWN_M) & (near.sum(axis=1) >= WAS_UP // 2)
        down[low], highest[low] = came, np.where(came, top, np.nan)
    return down, highest


def medians(tops: Floats) -> Floats:
    """Of each frame and the six before it, where seen; NaN where nothing was.

    Args:
        tops: float64 (n,), NaN where not seen.
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([np.full(SMOOTH - 1, np.nan), tops]), SMOOTH)
    ordered = np.sort(windows, axis=1)  # NaN last
    middle = np.maximum((SMOOTH - np.isnan(windows).sum(axis=1) - 1) // 2, 0)
    return np.asarray(ordered[np.arange(len(tops)), middle])


def held(smooth: Floats, begins: Ints) -> Floats:
    """Each value until the next; NaN where the last one was before `begins` (n,), such as of the body before it."""
    index = np.maximum.accumulate(np.where(np.isnan(smooth), -1, np.arange(len(smooth))))
    return np.where(index >= begins, smooth[np.maximum(index, 0)], np.nan)


def way_down(smooth: Floats, highest: float, lowest: float) -> tuple[int, int]:
    """From the last time near the highest to the first time near the lowest after it: the middle six tenths, frames.

    Args:
        smooth: float64 (n,), NaN never.
        highest: where it was, m.
        lowest: where it came to, m.
    """
    way = highest - lowest
    top = np.flatnonzero(smooth >= highest - 0.2 * way)
    left = int(top[-1]) if len(top) else 0
    floor = np.flatnonzero(smooth[left:] <= lowest + 0.2 * way)
    return left, left + int(floor[0]) if len(floor) else len(smooth) - 1


__all__ = ["EVERY", "RATE_HZ", "Looks", "held", "look", "medians", "way_down"]
