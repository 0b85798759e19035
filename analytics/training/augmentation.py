"""One recording as other devices would have given it: another rate, range, gain, mounting, noise, lost packets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.resampling import resampled

_LOST_S: Final = 0.3  # the longest packet that is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a device does to acceleration.

    Attributes:
        rate_hz: its rate, at most the recording's; None: the recording's own.
        filtered: whether it filters before it drops samples. Many do not.
        gain: standard deviation of the gain of each axis.
        bias_g: standard deviation of the offset of each axis.
        noise_g: standard deviation of white noise.
        clip_g: full scale.
        stretch: standard deviation of the time scale: faster and slower people.
        rotated: any mounting.
        lost: packets lost a minute, of up to 0.3 s each.
        sudden: every trial begins shortly before its greatest acceleration: whatever the person did before.
    """

    rate_hz: float | None = None
    filtered: bool = True
    gain: float = 0.0
    bias_g: float = 0.0
    noise_g: float = 0.0
    clip_g: float = 16.0
    stretch: float = 0.0
    rotated: bool = False
    lost: float = 0.0
    sudden: bool = False


AS_RECORDED: Final = Chain()


def apply(
    chain: Chain, samples: NDArray[np.float32], rate_hz: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], float]:
    """The samples as the device would give them, float32 (m, 3), NaN where lost, and the rate they must be read at.

    Raises:
        ValueError: the recording is slower than the device.
    """
    rate = chain.rate_hz or rate_hz
    if rate > rate_hz:
        raise ValueError(f"{rate_hz:g} Hz cannot be reduced to {rate:g} Hz")
    values = samples
    if chain.rotated:
        values = values @ rotation(rng)
    if rate < rate_hz:
        values = resampled(values, rate_hz, rate) if chain.filtered else values[_every(len(values), rate_hz / rate)]
    gain = 1 + chain.gain * rng.standard_normal(3)
    bias = chain.bias_g * rng.standard_normal(3)
    noise = chain.noise_g * rng.standard_normal(values.shape)
    out = np.clip(values * gain + bias + noise, -chain.clip_g, chain.clip_g).astype(np.float32)
    for _ in range(rng.poisson(chain.lost * len(out) / rate / 60)):
        begin, length = rng.integers(len(out)), rng.integers(1, max(2, round(_LOST_S * rate)))
        out[begin : begin + length] = np.nan
    scale = float(np.clip(1 + chain.stretch * rng.standard_normal(), 0.85, 1.15))
    return out, rate * scale


def rotation(rng: np.random.Generator) -> NDArray[np.float32]:
    """A random rotation, float32 (3, 3)."""
    basis, upper = np.linalg.qr(rng.standard_normal((3, 3)))
    basis = basis * np.sign(np.diag(upper))
    if np.linalg.det(basis) < 0:
        basis[:, 0] = -basis[:, 0]
    return np.asarray(basis, np.float32)


def _every(count: int, factor: float) -> NDArray[np.int64]:
    return np.floor(np.arange(0, count, factor) + 1e-9).astype(np.int64)
