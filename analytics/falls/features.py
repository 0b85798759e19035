"""Multi-phase features of a window around a peak: before, descent, impact, change of posture, rest.

All are orientation-free: they are made of the acceleration's length, of its change, and of angles to the mean
acceleration before and after the peak, so it does not matter how the sensor sits. Only the trunk's model looks at them.

Windows are taken in blocks of one fixed size with the window as the last axis: every operation runs along the
windows, and a window's numbers do not depend on how many others there are.

Source of the phases: Palmerini et al., "Accelerometer-Based Fall Detection Using Machine Learning: Training and
Testing on Real-World Falls", Sensors 2020, 20(22):6479.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW
from analytics.falls.kernels import BLOCK, blocks
from analytics.falls.rates import RATE_HZ

Array = NDArray[np.float32]

# Changes whenever the meaning of a column does: a model made for another definition is refused.
DEFINITION: Final = "multi-phase 3"
_BIN: Final = 10  # 0.2 s
_BINS: Final = WINDOW // _BIN
_PRE: Final = slice(0, 8)  # bins of the posture before: 3.4 … 1.8 s before the peak
_POST: Final = slice(22, 27)  # and after it: 1.0 … 2.0 s
_FINE: Final = slice(BEFORE - 44, BEFORE + 36)  # 0.9 s before to 0.7 s after, in bins of 0.08 s
_FINE_BIN: Final = 4
_FINES: Final = (_FINE.stop - _FINE.start) // _FINE_BIN
_TINY: Final = np.float32(1e-6)
_BINNED: Final = ("mean", "std", "max", "min", "jerk", "length", "cos_pre", "cos_post")
_SCALARS: Final = (
    "tilt", "length_pre", "length_post", "peak", "smooth_min", "smooth_min_at", "weightless", "lost_speed",
    "above_1.5", "above_2", "above_3", "impact_energy", "impact_impulse", "rest_std", "rest_still", "rest_jerk",
    "pre_std", "pre_jerk", "pre_crossings", "post_crossings", "drop_speed", "side_max", "side_mean", "up_max", "up_min",
    "tilt_1s", "tilt_impact", "tilt_speed", "late_std", "late_max", "second_peak", "peak_over_pre",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """The names of the columns, in order."""
    binned = [f"{what}[{index}]" for what in _BINNED for index in range(_BINS)]
    fine = [f"fine_{what}[{index}]" for what in ("mean", "speed") for index in range(_FINES)]
    return (*binned, *fine, *_SCALARS)


COUNT: Final = len(names())


def extract(windows: Array) -> Array:
    """Features of windows without gaps.

    Args:
        windows: float32 (N, WINDOW, 3), g, all finite.

    Returns:
        float32 (N, COUNT).
    """
    result = np.empty((len(windows), COUNT), np.float32)
    for begin, block in blocks(windows):
        result[begin : begin + BLOCK] = columns(block).T[: len(windows) - begin]
    return result


def columns(block: Array) -> Array:
    """Features of one block, float32 (BLOCK, WINDOW, 3) → (COUNT, BLOCK)."""
    x = np.ascontiguousarray(block.transpose(2, 1, 0))
    squared = _squared(x)
    length = np.sqrt(squared)
    jerk = np.zeros_like(length)
    np.sqrt(_squared(x[:, 1:] - x[:, :-1]), out=jerk[1:])
    count = block.shape[0]
    binned = length.reshape(_BINS, _BIN, count)
    mean = binned.mean(axis=1)
    spread = np.sqrt(np.maximum(squared.reshape(_BINS, _BIN, count).mean(axis=1) - mean * mean, 0))
    posture = x.reshape(3, _BINS, _BIN, count).mean(axis=2)
    size = np.sqrt(_squared(posture))
    pre, post = posture[:, _PRE].mean(axis=1), posture[:, _POST].mean(axis=1)
    pre_size, post_size = np.sqrt(_squared(pre)), np.sqrt(_squared(post))
    up, down = pre / np.maximum(pre_size, _TINY), post / np.maximum(post_size, _TINY)
    sized = np.maximum(size, _TINY)
    cos_pre, cos_post = _dot(posture, up) / sized, _dot(posture, down) / sized
    fine = length[_FINE].reshape(_FINES, _FINE_BIN, count).mean(axis=1)
    vertical = _dot(x[:, _FINE], up)
    gained = np.cumsum((vertical - pre_size) / np.float32(RATE_HZ), axis=0)
    speed = gained[_FINE_BIN - 1 :: _FINE_BIN]
    side = np.sqrt(np.maximum(squared[_FINE] - vertical * vertical, 0))
    scalars = [
        _dot(up, down), pre_size, post_size,
        *_of_length(length, jerk, fine),
        speed.min(axis=0), side.max(axis=0), side.mean(axis=0), vertical.max(axis=0), vertical.min(axis=0),
        cos_pre[21], cos_pre[18], _slowest_turn(posture[:, 15:24], size[15:24]),
        *_of_rest(length),
    ]  # fmt: skip
    jerks = jerk.reshape(_BINS, _BIN, count).mean(axis=1)
    return np.concatenate(
        [mean, spread, binned.max(axis=1), binned.min(axis=1), jerks, size, cos_pre, cos_post, fine, speed, scalars]
    )


def _of_length(length: Array, jerk: Array, fine: Array) -> list[Array]:
    descent = fine[:11]  # the bins before the peak
    falling = length[BEFORE - 60 : BEFORE]
    impact = length[BEFORE - 20 : BEFORE + 30]
    rest = length[BEFORE + 50 :]
    before = length[: BEFORE - 60]
    after = length[BEFORE + 30 :]
    return [
        length[BEFORE],
        descent.min(axis=0), descent.argmin(axis=0).astype(np.float32),
        _share(falling < 0.7), np.maximum(1 - falling, 0).mean(axis=0),
        _share(impact > 1.5), _share(impact > 2), _share(impact > 3),
        np.square(impact - 1).mean(axis=0), (impact - 1).mean(axis=0),
        rest.std(axis=0), _share(np.abs(rest - 1) < 0.1), jerk[BEFORE + 50 :].mean(axis=0),
        before.std(axis=0), jerk[: BEFORE - 60].mean(axis=0),
        _crossings(before), _crossings(after),
    ]  # fmt: skip


def _of_rest(length: Array) -> list[Array]:
    late = length[BEFORE + 75 :]
    second = length[BEFORE + 30 :].max(axis=0)
    before = length[: BEFORE - 60].max(axis=0)
    return [late.std(axis=0), late.max(axis=0), second, length[BEFORE] / np.maximum(before, _TINY)]


def _slowest_turn(posture: Array, size: Array) -> Array:
    """The smallest cosine between two bins that follow each other: how fast the body turned."""
    turn = (posture[:, 1:] * posture[:, :-1]).sum(axis=0) / np.maximum(size[1:] * size[:-1], _TINY)
    return np.asarray(turn.min(axis=0), np.float32)


def _squared(vectors: Array) -> Array:
    return np.asarray(vectors[0] * vectors[0] + vectors[1] * vectors[1] + vectors[2] * vectors[2], np.float32)


def _dot(vectors: Array, direction: Array) -> Array:
    return np.asarray(vectors[0] * direction[0] + vectors[1] * direction[1] + vectors[2] * direction[2], np.float32)


def _share(condition: NDArray[np.bool_]) -> Array:
    total = np.add.reduce(condition.view(np.uint8), axis=0, dtype=np.uint8)  # at most 126 samples
    return np.asarray(total / np.float32(len(condition)), np.float32)


def _crossings(length: Array) -> Array:
    """Share of places where the length rises through 1.2 g: steps."""
    high = length > 1.2
    return _share(high[1:] & ~high[:-1])
