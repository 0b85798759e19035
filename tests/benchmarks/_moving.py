"""What the wearables of the benchmarks feel: everybody walks, or is struck once a second as well."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 50
_STEPS_HZ: Final = 2  # so that what lasts whole seconds can follow itself for ever
_BLOW_G: Final = (2.0, 5.0)
_BLOW: Final = np.array([1.0, 0.8, 0.5], np.float32)  # sample by sample


def walking(streams: int, seconds: int) -> NDArray[np.float32]:
    """float32 (streams, samples, 3), g, each begun at another moment."""
    rng = np.random.default_rng(0)
    t = np.arange(seconds * RATE_HZ, dtype=np.float32) / RATE_HZ + rng.random((streams, 1), np.float32)
    phase = np.float32(2 * np.pi * _STEPS_HZ) * t
    values = np.stack([0.08 * np.sin(phase / 2), 1 + 0.25 * np.sin(phase), 0.12 * np.sin(phase + 1)], axis=2)
    values += rng.standard_normal(values.shape, np.float32) * np.float32(0.02)
    return np.asarray(values, np.float32)


def struck(streams: int, seconds: int) -> NDArray[np.float32]:
    """The same, struck once a second at any moment of it, each time by another strength."""
    rng = np.random.default_rng(1)
    values = walking(streams, seconds)
    first = rng.integers(0, RATE_HZ - len(_BLOW), streams)
    rows = np.arange(streams)[:, None]
    at = first[:, None] + np.arange(0, seconds * RATE_HZ, RATE_HZ)
    size = rng.uniform(*_BLOW_G, at.shape).astype(np.float32) / np.linalg.norm(values[rows, at], axis=2)
    for sample, share in enumerate(_BLOW):
        values[rows, at + sample] *= (size * share)[:, :, None]
    return values
