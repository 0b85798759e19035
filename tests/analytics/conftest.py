"""Motion made up for tests: at rest, walking, a fall. Seeded, no recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import Model, shipped

Array = NDArray[np.float32]
Motion = Callable[..., Array]


@pytest.fixture(scope="session")
def models() -> dict[str, Model]:
    return shipped()


@pytest.fixture(scope="session")
def model(models: dict[str, Model]) -> Model:
    """The one for the waist and chest."""
    return models["trunk"]


def made_up(*, rate_hz: float, seconds: float, falls_at: tuple[float, ...] = (), seed: int = 0) -> Array:
    """Walking until 0.7 s before each fall, half a second of descent, an impact with rebounds, then lying for 6 s."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * 1.8 * t
    up = 1 + 0.22 * np.sin(phase) + 0.08 * np.sin(2 * phase)
    values = np.stack([0.08 * np.sin(phase / 2), up, 0.12 * np.sin(phase + 1)], axis=1)
    for at in falls_at:
        since = t - at
        lying = rng.normal(size=3) * np.array([1.0, 0.15, 1.0])
        lying /= np.linalg.norm(lying)
        angle = np.pi / 2 * np.clip((since + 0.5) / 0.6, 0, 1)
        posture = np.cos(angle)[:, None] * np.array([0, 1.0, 0]) + np.sin(angle)[:, None] * lying
        weight = 1 - 0.6 * np.exp(-0.5 * ((since + 0.25) / 0.12) ** 2)
        peak = rng.uniform(3.5, 5.5)
        blow: Any = sum(
            size * np.exp(-0.5 * ((since - lag) / 0.025) ** 2) for size, lag in ((1.0, 0), (0.4, 0.17), (0.15, 0.35))
        )
        falling = (since > -0.7) & (since < 6)
        values[falling] = (weight[:, None] * posture + (peak - 1) * blow[:, None] * lying)[falling]
    return (values + rng.normal(size=values.shape) * 0.012).astype(np.float32)


@pytest.fixture(scope="session")
def motion() -> Motion:
    return made_up
