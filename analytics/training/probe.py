"""What the detector makes of a fixed made-up stream: by it figures that other code than today's gave are found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.falls import candidates, detector
from analytics.falls.model import Model
from analytics.falls.rates import RATE_HZ

_RATES_HZ: Final = (20.0, 50.0, 200.0)
_SECONDS: Final = 240
_EVERY_S: Final = 1.3  # often enough for series, seldom enough for single blows
_SEED: Final = 7


def stream(rate_hz: float) -> NDArray[np.float32]:
    """Steps, blows of every strength, changes of posture and lost samples, float32 (n, 3), g, NaN where lost."""
    rng = np.random.default_rng(_SEED)
    count = round(_SECONDS * rate_hz)
    t = np.arange(count) / rate_hz
    lying = np.repeat(rng.random(_SECONDS // 8) < 0.5, round(8 * rate_hz))[:count]
    values = np.where(lying[:, None], [0.2, 0.1, 0.97], [0.1, 0.98, 0.1])
    walks = np.repeat(rng.random(_SECONDS // 5) < 0.5, round(5 * rate_hz))[:count]
    values[:, 1] += walks * 0.3 * np.sin(2 * np.pi * 1.9 * t)
    for at in np.arange(4, _SECONDS - 1, _EVERY_S):
        width = rng.uniform(0.02, 0.12)
        shape = np.exp(-np.square((t - at - rng.uniform(-0.3, 0.3)) / width))
        values += rng.exponential(1.5) * shape[:, None] * rng.normal(size=3)
    values += rng.normal(size=values.shape) * 0.02
    values[rng.random(count) < 0.002] = np.nan
    packet = round(0.16 * rate_hz)
    lost = np.repeat(rng.random(count // packet + 1) < 0.3, packet)[:count]
    values[lost & (t > _SECONDS / 2)] = np.nan
    return values.astype(np.float32)


def probe(models: Mapping[str, Model]) -> dict[str, str]:
    """Of each model and rate ("trunk 50") the candidates' times in seconds and their probabilities: "4.02:0.123 …"."""
    found: dict[str, str] = {}
    for rate_hz in _RATES_HZ:
        some = candidates.advance(candidates.start(np.array([rate_hz])), stream(rate_hz)[None])[1].all()
        for name, model in sorted(models.items()):
            told = zip(some.peak / RATE_HZ, detector.score(model, some), strict=True)
            found[f"{name} {rate_hz:g}"] = " ".join(f"{at:.2f}:{probability:.4f}" for at, probability in told)
    return found
