"""Whether a person was up again in the 30 s after a fall: a pure function of those seconds.

Up is known, never assumed. At the waist or chest a person is up when gravity points again as it did while they walked
before the fall, for 3 s, and has not pointed elsewhere for 3 s since. How the device is mounted need not be known, for
walking shows it. Where no walking was seen yet, and at the wrist or a place nobody told of, only 6 s of walking are up:
a posture that may have been lying in bed says nothing, nor does an arm. So a person helped onto a chair is up at the
trunk; who crawls is not, where upright is known; an arm that waves is not. What is not known (a strap taken off, a lost
link) is not up. What this cannot tell is in docs/fall-detection.md.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import gait
from analytics.falls.gait import SECOND, WALK
from analytics.findings import Seen

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Half of the older people who fall unhurt cannot get up by themselves (Tinetti, Liu, Claus, JAMA 1993 269:65); a long
# lie is one of an hour. After half a minute on the floor somebody should know.
WATCH_S: Final = 30
# A posture passed through is not held: standing up takes 1–3 s.
_HELD_S: Final = 3
# A strap on a table lies stiller than any body: sensors at rest show 2–4 mg over 3 s, who sits or stands more than 6 mg
# in 99 %. Asked of being up only: so still is never up, and lying may be as still as it likes.
_ALIVE_G: Final = 0.006
_RECENT_S: Final = 10  # heard at the end: half of these


def judge(bins: Array, reference: Array, trunk: Flags) -> tuple[Flags, list[Seen]]:
    """Who was up at last, and what was seen of the others.

    Args:
        bins: float32 (N, 300, 3), g, from the impact on; NaN where missing.
        reference: upright, float32 (N, 3), g; NaN where unknown.
        trunk: worn at the waist or chest, bool (N,).
    """
    count = len(bins)
    if not count:
        return np.zeros(0, np.bool_), []
    tells = trunk & ~np.isnan(reference).any(axis=1)
    seconds = bins.reshape(count, WATCH_S, SECOND, 3)
    posture = gait.postures(seconds, reference)
    held = np.lib.stride_tricks.sliding_window_view(posture, _HELD_S, axis=1)
    windows = _windows(bins, _HELD_S * SECOND)
    alive = gait.stirring(windows.reshape(-1, _HELD_S * SECOND, 3)).reshape(windows.shape[:2]) >= _ALIVE_G
    last_up = _last((held == 1).all(axis=2) & alive)
    last_down = _last((held == -1).all(axis=2))
    paces = _windows(bins, WALK)
    walked = gait.walking(paces.reshape(-1, WALK, 3), np.repeat(trunk, paces.shape[1])).reshape(paces.shape[:2])
    up = np.where(tells, last_up > last_down, walked.any(axis=1))
    heard = gait.heard(seconds[:, -_RECENT_S:]).sum(axis=1) * 2 >= _RECENT_S
    seen = [
        Seen.UNHEARD if not near else Seen.DOWN if knows and down >= 0 else Seen.NO_WALKING
        for near, knows, down in zip(heard, tells, last_down, strict=True)
    ]
    return up, seen


def _windows(bins: Array, width: int) -> Array:
    """Windows of (N, K, 3) that begin at whole seconds, (N, M, width, 3)."""
    every = np.lib.stride_tricks.sliding_window_view(bins, width, axis=1)[:, ::SECOND]
    return np.ascontiguousarray(every.transpose(0, 1, 3, 2))


def _last(flags: Flags) -> Ints:
    """The last true place of each row, -1 where there is none."""
    found = flags.shape[1] - 1 - np.argmax(flags[:, ::-1], axis=1)
    return np.where(flags.any(axis=1), found, -1)
