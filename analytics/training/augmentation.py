"""One recording as other devices would have given it: another rate, range, gain, mounting and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_CUTOFF: Final = 0.42  # of the lower rate, as an anti-aliasing filter in a sensor would have it
_HALF: Final = 3  # half-width of the filter in samples of the lower rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a device does to acceleration.

    Attributes:
        rate_hz: its rate; the recording's own must be a multiple of it.
        filtered: whether it filters before it drops samples. Many do not.
        gain: standard deviation of the gain of each axis.
        bias_g: standard deviation of the offset of each axis.
        noise_g: standard deviation of white noise.
        clip_g: full scale.
        stretch: standard deviation of the time scale: faster and slower people.
        rotated: any mounting.
    """

    rate_hz: float
    filtered: bool = True
    gain: float = 0.0
    bias_g: float = 0.0
    noise_g: float = 0.0
    clip_g: float = 16.0
    stretch: float = 0.0
    rotated: bool = False


AS_RECORDED: Final = Chain(rate_hz=200.0)
# What the shipped detector is trained on: the recording itself and straps of ±8 g at the rates they stream.
CHAINS: Final = (
    AS_RECORDED,
    Chain(rate_hz=200.0, gain=0.05, bias_g=0.03, noise_g=0.01, stretch=0.06, rotated=True),
    Chain(rate_hz=100.0, gain=0.08, bias_g=0.03, noise_g=0.01, stretch=0.08, rotated=True),
    Chain(rate_hz=50.0, filtered=False, gain=0.03, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04, rotated=True),
    Chain(rate_hz=25.0, filtered=False, gain=0.03, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04, rotated=True),
    Chain(rate_hz=25.0, gain=0.03, bias_g=0.03, noise_g=0.01, clip_g=8.0, stretch=0.04, rotated=True),
)


def apply(
    chain: Chain, samples: NDArray[np.float32], rate_hz: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], float]:
    """The samples as the device would give them, float32 (m, 3), and the rate they must be read at.

    Raises:
        ValueError: the rate is no whole multiple of the device's.
    """
    factor = round(rate_hz / chain.rate_hz)
    if factor < 1 or abs(factor * chain.rate_hz - rate_hz) > 1e-6:
        raise ValueError(f"{rate_hz:g} Hz cannot be reduced to {chain.rate_hz:g} Hz")
    values = samples
    if chain.rotated:
        values = values @ rotation(rng)
    if factor > 1:
        values = (_filter(values, factor) if chain.filtered else values)[::factor]
    gain = 1 + chain.gain * rng.standard_normal(3)
    bias = chain.bias_g * rng.standard_normal(3)
    noise = chain.noise_g * rng.standard_normal(values.shape)
    out = np.clip(values * gain + bias + noise, -chain.clip_g, chain.clip_g)
    scale = float(np.clip(1 + chain.stretch * rng.standard_normal(), 0.85, 1.15))
    # Below 20 Hz nothing is converted, so a slow person at 25 Hz stays above it.
    return out.astype(np.float32), max(chain.rate_hz * scale, 21.0)


def rotation(rng: np.random.Generator) -> NDArray[np.float32]:
    """A random rotation, float32 (3, 3)."""
    basis, upper = np.linalg.qr(rng.standard_normal((3, 3)))
    basis = basis * np.sign(np.diag(upper))
    if np.linalg.det(basis) < 0:
        basis[:, 0] = -basis[:, 0]
    return np.asarray(basis, np.float32)


def _filter(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    offset = np.arange(-_HALF * factor, _HALF * factor + 1) / factor
    weights = np.sinc(2 * _CUTOFF * offset) * np.hanning(len(offset) + 2)[1:-1]
    weights /= weights.sum()
    padded = np.pad(values, ((_HALF * factor, _HALF * factor), (0, 0)), mode="edge")
    return np.stack([np.convolve(padded[:, axis], weights, "valid") for axis in range(3)], axis=1).astype(np.float32)
