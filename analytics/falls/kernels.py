"""Random convolution kernels over a window: the share of places where each one answers, in the whole and in phases.

Five channels at 25 Hz, none of which depends on the mounting: the acceleration's length, how fast it changes, the
cosines of the angles to the posture before and after the peak, and the part along the posture before. A kernel has
nine weights that sum to nought, a dilation and a limit, all drawn from a seed: no recording takes part. Windows are
taken in blocks of one fixed size, so that a window's numbers do not depend on how many others there are.

Source: Dempster, Petitjean, Webb, "ROCKET", Data Mining and Knowledge Discovery 2020, 34:1454; the share of positive
values and the dilations are theirs, the phases are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import BEFORE, WINDOW
from analytics.falls.rates import RATE_HZ

Array = NDArray[np.float32]

# Changes whenever the meaning of a share does: a model made for another definition is refused.
DEFINITION: Final = "kernels 1"
BLOCK: Final = 64  # 64 windows of 270 × 3 float32 are 207 kB: they stay in the second-level cache
COUNT: Final = 256
CHANNELS: Final = 5
_SEED: Final = 2020
_LENGTH: Final = 9
_DILATIONS: Final = (1, 2, 3, 5, 8)  # at 25 Hz nine taps span 0.3 … 2.6 s
_STEPS: Final = WINDOW // 2
_ROWS: Final = 15  # a divisor of it: rows shorter than some 8,000 numbers are compared half as fast
_PEAK: Final = BEFORE // 2
# Phases in steps of 0.04 s: until 1 s before the peak, descent and impact, from 0.5 s after it.
_PHASES: Final = (slice(0, _PEAK - 24), slice(_PEAK - 24, _PEAK + 13), slice(_PEAK + 13, _STEPS))
_LENGTHS: Final = np.array([[phase.stop - phase.start] for phase in _PHASES], np.float32)
SHARES: Final = COUNT * (1 + len(_PHASES))
_PAD: Final = _LENGTH // 2 * _DILATIONS[-1]
_BEFORE: Final = slice(0, 40)  # 3.4 … 1.8 s before the peak
_AFTER: Final = slice(_STEPS - 25, _STEPS)  # the last second
_TINY: Final = np.float32(1e-6)
# As the conversion of rates has them.
_CROSSINGS: Final = 3.0
_BETA: Final = 5.0  # Kaiser window


# Limits from what a body at rest answers to what a fall does, in g (cosines alike), either sign.
_LEAST_LIMIT: Final = 0.003
_MOST_LIMIT: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Kernels that look at one channel with one dilation.

    Attributes:
        channel: which.
        dilation: steps between two taps.
        weights: float32 (kernels, taps).
        limits: what an answer must be above, float32 (kernels,).
        first: number of its first kernel.
    """

    channel: int
    dilation: int
    weights: Array
    limits: Array
    first: int


@lru_cache(maxsize=1)  # a pure function of the constants above
def groups() -> tuple[Group, ...]:
    """All kernels, in the order of their numbers."""
    rng = np.random.default_rng(_SEED)
    pairs = [(channel, dilation) for channel in range(CHANNELS) for dilation in _DILATIONS]
    made: list[Group] = []
    for number, (channel, dilation) in enumerate(pairs):
        first, last = (COUNT * place // len(pairs) for place in (number, number + 1))
        weights = rng.standard_normal((last - first, _LENGTH))
        weights -= weights.mean(axis=1, keepdims=True)
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        limits = np.exp(rng.uniform(np.log(_LEAST_LIMIT), np.log(_MOST_LIMIT), last - first)) * rng.choice(
            (-1, 1), last - first
        )
        made.append(
            Group(
                channel=channel,
                dilation=dilation,
                weights=weights.astype(np.float32),
                limits=limits.astype(np.float32),
                first=first,
            )
        )
    return tuple(made)


def blocks(rows: Array) -> Iterator[tuple[int, Array]]:
    """The rows in blocks of BLOCK, the last one filled up with its last row: (index of the first, block)."""
    for begin in range(0, len(rows), BLOCK):
        block = rows[begin : begin + BLOCK]
        missing = BLOCK - len(block)
        yield begin, np.concatenate([block, np.repeat(block[-1:], missing, axis=0)]) if missing else block


def shares(block: Array, band_hz: float | None = None) -> Array:
    """Of one block, float32 (N, WINDOW, 3) without gaps → (SHARES, N): whole window first, then each phase.

    Args:
        block: of windows.
        band_hz: what is above it is taken away first; None: only what the mean of two samples takes away.
    """
    count = len(block)
    counts = np.empty((len(_PHASES), COUNT * count), np.uint8)
    padded = _padded(channels(block, band_hz))
    for group, limits in zip(groups(), _repeated_limits(count), strict=True):
        own = slice(group.first * count, (group.first + len(group.weights)) * count)
        # Places first: whole rows of bytes are added, and many rows compared at once.
        above = (answers(group, padded).reshape(_STEPS // _ROWS, -1) > limits).reshape(_STEPS, -1)
        for number, phase in enumerate(_PHASES):
            np.add.reduce(above[phase].view(np.uint8), axis=0, dtype=np.uint8, out=counts[number, own])
    result = np.empty((1 + len(_PHASES), COUNT * count), np.float32)
    np.divide(np.add.reduce(counts, axis=0, dtype=np.uint8), np.float32(_STEPS), out=result[0])
    np.divide(counts, _LENGTHS, out=result[1:])
    return result.reshape(SHARES, count)


@lru_cache(maxsize=1)  # blocks are of one size
def _repeated_limits(count: int) -> tuple[Array, ...]:
    """The limits of each group, for so many windows and `_ROWS` places: float32 (_ROWS * kernels * count,)."""
    return tuple(np.tile(np.repeat(group.limits, count), _ROWS) for group in groups())


def answers(group: Group, padded: Array) -> Array:
    """What each kernel answers at each place, float32 (steps, kernels, N)."""
    channel, row, column = padded.strides
    offset = group.channel * channel + (_PAD - _LENGTH // 2 * group.dilation) * row
    # The nine rows under each place, as a view: nothing is copied.
    shape, strides = (_STEPS, _LENGTH, padded.shape[2]), (row, group.dilation * row, column)
    return np.asarray(group.weights @ np.ndarray(shape, padded.dtype, padded, offset, strides), np.float32)


def channels(block: Array, band_hz: float | None = None) -> Array:
    """float32 (N, WINDOW, 3) → (CHANNELS, steps, N) at 25 Hz."""
    x = _halved(np.ascontiguousarray(block.transpose(2, 1, 0)), band_hz)
    length = np.sqrt(_squared(x))
    change = np.zeros_like(length)
    np.sqrt(_squared(x[:, 1:] - x[:, :-1]), out=change[1:])
    up, down = _direction(x[:, _BEFORE]), _direction(x[:, _AFTER])
    along = _dot(x, up)
    sized = np.maximum(length, _TINY)
    return np.stack([length, change, along / sized, _dot(x, down) / sized, along])


@lru_cache(maxsize=4)
def taps(band_hz: float) -> Array:
    """Weights of the samples nearest to a moment between two of them, those before it: float32, nearest first.

    A windowed sinc of three crossings, as rates are converted; those after the moment have the same.
    """
    half_s = _CROSSINGS / (2 * band_hz)
    offset_s = np.arange(0.5, half_s * RATE_HZ) / RATE_HZ
    weights = np.sinc(2 * band_hz * offset_s) * np.i0(_BETA * np.sqrt(1 - (offset_s / half_s) ** 2))
    return np.asarray(weights / (2 * weights.sum()), np.float32)


def _halved(fine: Array, band_hz: float | None) -> Array:
    """Every second sample, between two of them; what is beyond the window is held."""
    if band_hz is None:
        return np.asarray(0.5 * (fine[:, ::2] + fine[:, 1::2]), np.float32)
    weights = taps(band_hz)
    more = len(weights) - 1
    held = np.concatenate([fine[:, :1].repeat(more, axis=1), fine, fine[:, -1:].repeat(more, axis=1)], axis=1)
    x = np.zeros((len(fine), _STEPS, fine.shape[2]), np.float32)
    for away, weight in enumerate(weights):
        first, last = more - away, more + 1 + away
        x += weight * (held[:, first : first + 2 * _STEPS - 1 : 2] + held[:, last : last + 2 * _STEPS - 1 : 2])
    return x


def _padded(values: Array) -> Array:
    """With the edge values held at both ends."""
    held = np.empty((CHANNELS, _STEPS + 2 * _PAD, values.shape[2]), np.float32)
    held[:, :_PAD], held[:, _PAD:-_PAD], held[:, -_PAD:] = values[:, :1], values, values[:, -1:]
    return held


def _direction(vectors: Array) -> Array:
    mean = np.asarray(vectors.mean(axis=1), np.float32)
    return np.asarray(mean / np.maximum(np.sqrt(_squared(mean)), _TINY), np.float32)


def _squared(vectors: Array) -> Array:
    return np.asarray(vectors[0] * vectors[0] + vectors[1] * vectors[1] + vectors[2] * vectors[2], np.float32)


def _dot(vectors: Array, direction: Array) -> Array:
    return np.asarray(vectors[0] * direction[0] + vectors[1] * direction[1] + vectors[2] * direction[2], np.float32)
