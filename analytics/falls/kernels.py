"""Random convolution kernels: how often a pattern occurs in a window, for fixed patterns of many time scales.

The 84 kernels of length 9 with weights −1 and 2 are those of MiniRocket; each is applied at four dilations to the
length of the acceleration, its part along the gravity before the peak and its part across it. The feature is the
share of places where the convolution exceeds a bias (PPV).

Source: Dempster, Schmidt, Webb, "MiniRocket: A Very Fast (Almost) Deterministic Transform for Time Series
Classification", KDD 2021, arXiv:2012.08791. Biases here are fixed numbers of g drawn once from a seed and not taken
from any recording.
"""

from __future__ import annotations

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls.candidates import WINDOW

Array = NDArray[np.float32]

_TAPS: Final = 9
_STEP: Final = 2  # the kernels see 25 Hz
_LENGTH: Final = WINDOW // _STEP
DILATIONS: Final = (1, 2, 4, 8)  # a kernel spans 0.36, 0.68, 1.3 or 2.6 s
_STRIDES: Final = (2, 2, 3, 3)
_CHANNELS: Final = 3
_PRE: Final = 80  # samples of the window whose mean is gravity before


def _weights() -> Array:
    rows = np.full((84, _TAPS), -1.0, np.float32)
    for row, chosen in zip(rows, combinations(range(_TAPS), 3), strict=True):
        row[list(chosen)] = 2
    return np.ascontiguousarray(rows.T)


WEIGHTS: Final = _weights()
KERNELS: Final = WEIGHTS.shape[1]
COUNT: Final = KERNELS * len(DILATIONS) * _CHANNELS


def biases(seed: int = 1) -> Array:
    """The fixed biases, float32 (dilations, channels, 84), g: mostly small, some large, of both signs."""
    rng = np.random.default_rng(seed)
    size = rng.exponential(1.0, (len(DILATIONS), _CHANNELS, KERNELS)) + 0.05
    sign = np.where(rng.random(size.shape) < 0.7, 1.0, -1.0)
    return np.asarray(size * sign, np.float32)


BIASES: Final = biases()
_INDICES: Final = tuple(
    np.arange(0, _LENGTH - (_TAPS - 1) * dilation, stride)[:, None] + np.arange(_TAPS) * dilation
    for dilation, stride in zip(DILATIONS, _STRIDES, strict=True)
)


def channels(windows: Array) -> Array:
    """The three orientation-free series at 25 Hz, float32 (N, 3, 150), g: length − 1, along gravity − 1, across."""
    halved = windows.reshape(len(windows), _LENGTH, _STEP, 3).mean(axis=2)
    gravity = windows[:, :_PRE].mean(axis=1)
    gravity /= np.maximum(np.sqrt(np.einsum("nc,nc->n", gravity, gravity)), np.float32(1e-6))[:, None]
    squared = np.einsum("nwc,nwc->nw", halved, halved)
    along = np.einsum("nwc,nc->nw", halved, gravity)
    across = np.sqrt(np.maximum(squared - along * along, 0))
    return np.stack([np.sqrt(squared) - 1, along - 1, across], axis=1)


def extract(windows: Array) -> Array:
    """PPV features of windows without gaps, float32 (N, WINDOW, 3) → float32 (N, COUNT), each in [0, 1].

    The products are taken window by window in one fixed shape, so a window's numbers do not depend on its neighbours.
    """
    series = channels(windows)
    parts: list[Array] = []
    for indices, bias in zip(_INDICES, BIASES, strict=True):
        patches = series[:, :, indices]
        places = len(indices)
        for channel in range(_CHANNELS):
            product = np.matmul(patches[:, channel], WEIGHTS)
            hits = (product > bias[channel]).view(np.uint8)
            parts.append(np.add.reduce(hits, axis=1, dtype=np.uint8).astype(np.float32) / np.float32(places))
    return np.concatenate(parts, axis=1)
