"""Whether the module took one body for another: as one came down, another beside it went up in its stead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from analytics.radar.descents import UP_M, WINDOW
from analytics.radar.tracks import Body

BESIDE_M: Final = 1.5
LOW_M: Final = 0.7  # the top of a pet
_LOW: Final = 10  # frames: a spike is not low
_UP: Final = 15  # what is up for less is a dog that jumps
_BORN: Final = 30  # frames around the way down
_BEFORE: Final = (-30, -12)  # frames from the look, which comes some tenths after the bodies were mixed up
_AFTER: Final = (3, 20)
_RISE: Final = 0.4  # of what the one came down, the other went up: the person may be bending to the pet
_NEARLY_M: Final = 0.35


def mixed_up(body: Body, at: int, now: int, beside: Sequence[Body]) -> bool:
    """Whether `body`, low at frame `at`, is another than it was, as far as is known at frame `now`.

    Args:
        body: who came down.
        at: the look that saw it low.
        now: frames before this one are used.
        beside: the others of its room.
    """
    return any(_became(body, at, now, one) or _exchanged(body, at, one) for one in beside)


def _became(body: Body, at: int, now: int, one: Body) -> bool:
    """It was low, or was not there, and is up since."""
    tops = one.tops[max(at - WINDOW - one.first, 0) : max(now - one.first, 0)]
    if len(tops) < _UP or one.seen < at - WINDOW:
        return False
    since = 0
    if abs(one.born - at) > _BORN:
        low = np.flatnonzero(tops <= LOW_M)[_LOW - 1 :]
        since = int(low[0]) if len(low) else len(tops)
    up = np.flatnonzero(tops[since:] >= UP_M)
    if len(up) < _UP:
        return False
    rose = since + int(up[0]) + max(at - WINDOW, one.first)
    return float(np.hypot(*(one.last_place(rose + 1) - body.last_place(at)))) <= BESIDE_M


def _exchanged(body: Body, at: int, one: Body) -> bool:
    """It went up by much of what the other came down in the same second, or is as high as that was and was not seen."""
    high, low = _level(body, at, _BEFORE), _level(body, at, _AFTER)
    before, after = _level(one, at, _BEFORE), _level(one, at, _AFTER)
    if np.isnan(high) or np.isnan(low) or np.isnan(after):
        return False
    rose = after >= high - _NEARLY_M if np.isnan(before) else after - before >= _RISE * max(high - low, _NEARLY_M)
    return (
        bool(rose) and float(np.hypot(*(one.last_place(at + _AFTER[1]) - body.last_place(at + _BEFORE[1])))) <= BESIDE_M
    )


def _level(body: Body, at: int, span: tuple[int, int]) -> float:
    """The median of its tops in that time, m; NaN where it was not seen, or died out before."""
    tops = body.tops[max(at + span[0] - body.first, 0) : max(at + span[1] - body.first, 0)]
    return float("nan") if np.isnan(tops).all() else float(np.nanmedian(tops))
