"""Multi-phase features of a window around a peak: before, descent, impact, change of posture, rest.

All are orientation-free: they are made of the acceleration's length, of its change, and of angles to the mean
acceleration before and after the peak, so it does not matter how the sensor sits. Every number of a window depends on
that window only.

Source of the phases: Palmerini et al., "Accelerometer-Based Fall Detection Using Machine Learning: Training and
Testing on Real-World Falls", Sensors 2020, 20(22):6479.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW
from analytics.falls.rates import RATE_HZ

Array = NDArray[np.float32]

_BIN: Final = 10  # 0.2 s
_BINS: Final = WINDOW // _BIN
_PRE: Final = slice(0, 8)  # bins of the posture before: 3.5 … 1.9 s before the peak
_POST: Final = slice(24, 30)  # and after it: 1.3 … 2.5 s
_FINE: Final = slice(BEFORE - 44, BEFORE + 36)  # 0.9 s before to 0.7 s after, in bins of 0.08 s
_FINE_BIN: Final = 4
_FINES: Final = (_FINE.stop - _FINE.start) // _FINE_BIN
# Changes whenever the meaning of a column does: a model made for another definition is refused.
DEFINITION: Final = "multi-phase 1"
_TINY: Final = np.float32(1e-6)


def names() -> tuple[str, ...]:
    """The names of the columns, in order."""
    binned = [
        f"{what}[{index}]"
        for what in ("mean", "std", "max", "min", "jerk", "length", "cos_pre", "cos_post")
        for index in range(_BINS)
    ]
    fine = [f"fine_{what}[{index}]" for what in ("mean", "fall_speed") for index in range(_FINES)]
    return (*binned, *fine, *_SCALARS)


_SCALARS: Final = (
    "peak",
    "tilt",
    "length_pre",
    "length_post",
    "smooth_min",
    "smooth_min_at",
    "weightless",
    "lost_speed",
    "above_1.5",
    "above_2",
    "above_3",
    "impact_energy",
    "impact_impulse",
    "rest_std",
    "rest_still",
    "rest_jerk",
    "pre_std",
    "pre_jerk",
    "pre_crossings",
    "post_crossings",
    "drop_speed",
    "side_max",
    "side_mean",
    "up_max",
    "up_min",
    "tilt_1s",
    "tilt_impact",
    "tilt_speed",
    "late_std",
    "late_max",
    "second_peak",
    "peak_over_pre",
)


def extract(windows: Array) -> Array:
    """Features of windows without gaps.

    Args:
        windows: float32 (N, WINDOW, 3), g, all finite.

    Returns:
        float32 (N, F), F = len(names()).
    """
    count = len(windows)
    length = np.sqrt(np.einsum("nwc,nwc->nw", windows, windows))
    change = np.diff(windows, axis=1, prepend=windows[:, :1])
    jerk = np.sqrt(np.einsum("nwc,nwc->nw", change, change))
    binned = length.reshape(count, _BINS, _BIN)
    mean = binned.mean(axis=2)
    spread = np.sqrt(np.maximum(np.einsum("nbw,nbw->nb", binned, binned) / np.float32(_BIN) - mean * mean, 0))
    highest, lowest = binned.max(axis=2), binned.min(axis=2)
    jerks = jerk.reshape(count, _BINS, _BIN).mean(axis=2)
    posture = windows.reshape(count, _BINS, _BIN, 3).mean(axis=2)
    size = _norm(posture)
    pre, post = posture[:, _PRE].mean(axis=1), posture[:, _POST].mean(axis=1)
    pre_size, post_size = _norm(pre), _norm(post)
    up = pre / np.maximum(pre_size, _TINY)[:, None]
    down = post / np.maximum(post_size, _TINY)[:, None]
    cos_pre = _cosine(posture, up, size)
    cos_post = _cosine(posture, down, size)
    fine = length[:, _FINE].reshape(count, _FINES, _FINE_BIN).mean(axis=2)
    vertical = np.einsum("nwc,nc->nw", windows[:, _FINE], up)
    change_of_speed: Array = (vertical - pre_size[:, None]) / np.float32(RATE_HZ)
    speed = np.asarray(np.cumsum(change_of_speed, axis=1)[:, _FINE_BIN - 1 :: _FINE_BIN], np.float32)
    side = np.sqrt(np.maximum(length[:, _FINE] ** 2 - vertical**2, 0))
    scalars = _scalars(length, jerk, fine, vertical, side, speed, cos_pre, posture)
    scalars[1] = np.einsum("nc,nc->n", up, down)
    scalars[2], scalars[3] = pre_size, post_size
    return np.concatenate(
        [mean, spread, highest, lowest, jerks, size, cos_pre, cos_post, fine, speed, np.stack(scalars, axis=1)], axis=1
    )


def _scalars(
    length: Array, jerk: Array, fine: Array, vertical: Array, side: Array, speed: Array, cos_pre: Array, posture: Array
) -> list[Array]:
    count = len(length)
    descent = fine[:, :11]  # the bins before the peak
    impact = length[:, BEFORE - 20 : BEFORE + 30]
    rest = length[:, BEFORE + 50 :]
    before = length[:, : BEFORE - 60]
    after = length[:, BEFORE + 30 :]
    late = length[:, BEFORE + 75 :]
    none = np.zeros(count, np.float32)
    peak = length[:, BEFORE]
    turns = posture[:, 15:24]
    turn = np.einsum("nbc,nbc->nb", turns[:, 1:], turns[:, :-1]) / np.maximum(
        _norm(turns[:, 1:]) * _norm(turns[:, :-1]), _TINY
    )
    return [
        peak, none, none, none,
        descent.min(axis=1),
        descent.argmin(axis=1).astype(np.float32),
        _share(length[:, BEFORE - 60 : BEFORE] < 0.7),
        np.maximum(1 - length[:, BEFORE - 60 : BEFORE], 0).mean(axis=1),
        _share(impact > 1.5), _share(impact > 2), _share(impact > 3),
        np.square(impact - 1).mean(axis=1),
        (impact - 1).mean(axis=1),
        rest.std(axis=1), _share(np.abs(rest - 1) < 0.1), jerk[:, BEFORE + 50 :].mean(axis=1),
        before.std(axis=1), jerk[:, : BEFORE - 60].mean(axis=1),
        _share((before[:, 1:] > 1.2) & (before[:, :-1] <= 1.2)),
        _share((after[:, 1:] > 1.2) & (after[:, :-1] <= 1.2)),
        speed.min(axis=1), side.max(axis=1), side.mean(axis=1), vertical.max(axis=1), vertical.min(axis=1),
        cos_pre[:, 22], cos_pre[:, 18],
        turn.min(axis=1),
        late.std(axis=1), late.max(axis=1),
        after.max(axis=1),
        peak / np.maximum(before.max(axis=1), _TINY),
    ]  # fmt: skip


def _norm(vectors: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("...c,...c->...", vectors, vectors)), np.float32)


def _cosine(posture: Array, direction: Array, size: Array) -> Array:
    return np.asarray(np.einsum("nbc,nc->nb", posture, direction) / np.maximum(size, _TINY), np.float32)


def _share(condition: NDArray[np.bool_]) -> Array:
    return np.asarray(condition.mean(axis=1), np.float32)
