"""Made-up life around a fall: parts of so many seconds, one after the other. Seeded, no recording."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Part = tuple[str, float]

UP: Final[NDArray[np.float64]] = np.array(
    [0.10, 0.98, 0.17]
)  # how gravity points while upright: the strap is not worn straight
_LYING: Final[dict[str, NDArray[np.float64]]] = {
    "lie": np.array([0.93, 0.08, 0.36]),
    "lie on the back": np.array([-0.20, -0.10, 0.97]),
}
NOISE_G: Final = 0.012


def scene(rate_hz: float, *parts: Part, seed: int = 0) -> Array:
    """The acceleration, float32 (n, 3), g; "blow" is an impact of 4 g at its beginning."""
    rng = np.random.default_rng(seed)
    made = [_part(name, round(seconds * rate_hz), rate_hz, rng) for name, seconds in parts]
    return np.concatenate(made).astype(np.float32)


def seconds(*parts: Part) -> float:
    return sum(length for _, length in parts)


def _part(name: str, count: int, rate_hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.arange(count) / rate_hz
    step = np.sin(2 * np.pi * 1.8 * t)
    noise = rng.normal(size=(count, 3)) * NOISE_G
    sway = 0.02 * np.stack([np.sin(2 * t), 0 * t, np.sin(1.3 * t)], axis=1)  # a body that stands or sits breathes
    match name:
        case "walk":
            swing = np.stack([0.1 * np.sin(np.pi * 1.8 * t), 0 * t, 0.12 * np.sin(2 * np.pi * 1.8 * t + 1)], axis=1)
            return np.asarray(UP * (1 + 0.25 * step)[:, None] + swing + noise)
        case "stand":
            return np.asarray(UP + sway + noise)
        case "sit":  # leaning back by 25°
            return np.asarray(UP * np.cos(0.44) + np.array([0, 0, np.sin(0.44)]) + sway + noise)
        case "crawl":
            return np.asarray(_LYING["lie"] * (1 + 0.15 * step)[:, None] + noise)
        case "wave":  # the forearm swings by 60° to either side, one and a half times a second
            angle = np.radians(60) * np.sin(2 * np.pi * 1.5 * t)
            return np.stack([np.sin(angle), np.cos(angle), 0.3 * np.cos(angle)], axis=1) * 1.2 + noise
        case "bang":  # on the floor, for help
            return np.asarray(_LYING["lie"] * (1 + 1.5 * (np.sin(2 * np.pi * 1.6 * t) > 0.6))[:, None] + noise)
        case "blow":
            return np.asarray(_LYING["lie"] * (1 + 3 * np.exp(-t / 0.04))[:, None] + noise)
        case "on the table":  # as it was worn, by chance, and still
            return np.asarray(UP + noise / 8)
        case "nothing":
            return np.full((count, 3), np.nan)
    return np.asarray(_LYING[name] + noise)
