"""Walking and posture in ten samples a second: who walks is up, and shows which way up is.

Pure functions of windows, no state. The figures in the comments are of recordings at 10 Hz: SisFall (waist, 1,125
staged falls), UMAFall (waist, chest and wrist, 323) and WEDA-FALL (wrist, 225), with their daily activities.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.decimated import LINE_HZ

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

# Six seconds, ten steps: a turn in bed, sitting down and standing up again are over sooner. Four seconds took one trial
# of lying down in thirty for walking.
WALK: Final = 6 * LINE_HZ
# Each second moves: the standard deviation of |a| within a second. Slow walking at the waist keeps above 0.05 g in 95 %
# of windows, also of people over sixty; what is no locomotion has a second below 0.02 g in 95 %. The wrist moves less.
_EACH_SECOND_G: Final = (0.05, 0.04)
# Rhythm: the autocorrelation of |a| at some lag of a step or stride (0.4–1.2 s; older people who walk slowly take a
# step in 0.7 s). Walking 0.5–0.95 at the trunk; the wrist swings with the stride and is held to more.
_LAGS: Final = range(4, 13)
_RHYTHM: Final = (0.4, 0.5)
# What stands across gravity, root mean square: walking 0.12–0.25 g. Turning over, waving and clapping: 0.4–1 g, the way
# gravity points changes with them. A hand that carries, holds a rail or swings beside the body stays below 0.3 g.
_ACROSS_G: Final = (0.35, 0.30)
_WRIST_LENGTH_G: Final = 0.40  # |a| of a walking wrist varies by 0.1–0.3 g; of a waving or banging one by more

# Posture of a second: its mean, where that is about gravity alone.
SECOND: Final = LINE_HZ
_HEARD: Final = 5  # bins of a second that are there
_GRAVITY_G: Final = (0.8, 1.2)
# Standing is 0° from upright and lying 90°: half-way. 99 % of staged falls end beyond 45° at waist and chest (median
# 93°); standing, walking and stairs stay within it, sitting in 97 %, the low chairs of older people in 85 %.
UPRIGHT_DEG: Final = 45.0
_COSINE: Final = float(np.cos(np.radians(UPRIGHT_DEG)))


def walking(windows: Array, trunk: Flags) -> Flags:
    """Which windows are walking from end to end, bool (N,).

    Args:
        windows: float32 (N, WALK, 3), g; one with a missing bin is none, for what is not known is not walking.
        trunk: worn at the waist or chest, bool (N,); else as at the wrist, which is harder to convince.
    """
    found = np.asarray(~np.isnan(windows[:, :, 0]).any(axis=1))
    if not found.any():
        return found
    own, kind = windows[found].astype(np.float64), np.where(trunk[found], 0, 1)
    length = np.sqrt(np.square(own).sum(axis=2))
    good = length.reshape(len(own), -1, SECOND).std(axis=2).min(axis=1) >= np.array(_EACH_SECOND_G)[kind]
    good &= trunk[found] | (length.std(axis=1) <= _WRIST_LENGTH_G)
    down = own.mean(axis=1)
    down /= np.maximum(np.sqrt(np.square(down).sum(axis=1)), 1e-6)[:, None]
    along = np.einsum("nkc,nc->nk", own, down)
    across = np.sqrt(np.maximum(np.square(own).sum(axis=2) - np.square(along), 0).mean(axis=1))
    good &= across <= np.array(_ACROSS_G)[kind]
    swing = length - length.mean(axis=1, keepdims=True)
    rhythm = np.full(len(own), -1.0)
    for lag in _LAGS:
        early, late = swing[:, :-lag], swing[:, lag:]
        size = np.sqrt(np.square(early).sum(axis=1) * np.square(late).sum(axis=1))
        rhythm = np.maximum(rhythm, (early * late).sum(axis=1) / np.maximum(size, 1e-9))
    found[found] = good & (rhythm >= np.array(_RHYTHM)[kind])
    return found


def heard(seconds: Array) -> Flags:
    """Which seconds were heard, bool (…); seconds float32 (…, SECOND, 3), NaN where missing."""
    return np.asarray(np.count_nonzero(~np.isnan(seconds[..., 0]), axis=-1) >= _HEARD)


def postures(seconds: Array, upright: Array) -> NDArray[np.int8]:
    """Of each second 1 where it is upright, -1 where it is not, 0 where that is not known; int8 (N, K).

    Args:
        seconds: float32 (N, K, SECOND, 3), g.
        upright: mean acceleration while upright, float32 (N, 3); NaN where unknown.
    """
    there = ~np.isnan(seconds[..., :1])
    count = np.maximum(there.sum(axis=2), 1)
    mean = np.where(there, seconds, 0).sum(axis=2, dtype=np.float64) / count
    size = np.sqrt(np.square(mean).sum(axis=2))
    known = heard(seconds) & (size >= _GRAVITY_G[0]) & (size <= _GRAVITY_G[1])
    cosine = np.einsum("nkc,nc->nk", mean, upright.astype(np.float64))
    cosine /= np.maximum(size * np.sqrt(np.square(upright.astype(np.float64)).sum(axis=1))[:, None], 1e-9)
    known &= ~np.isnan(cosine)
    return np.where(known, np.where(cosine >= _COSINE, 1, -1), 0).astype(np.int8)


def stirring(windows: Array) -> NDArray[np.float64]:
    """How much the acceleration of each window varies, root mean square, g, float64 (N,); windows float32 (N, K, 3)."""
    there = ~np.isnan(windows[..., :1])
    count = np.maximum(there.sum(axis=1), 1)
    filled = np.where(there, windows, 0).astype(np.float64)
    mean = filled.sum(axis=1) / count
    return np.asarray(np.sqrt(np.where(there, np.square(filled - mean[:, None]), 0).sum(axis=(1, 2)) / count[:, 0]))
