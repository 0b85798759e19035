"""A person's motion at the chest, made up: walking, a fall, lying. To show the path, not to judge detectors by.

Shapes after the published descriptions of falls of older people: steps at 1.7 Hz before; half a second of descent in
which the measured acceleration sinks; an impact of a few g within 50 ms with rebounds; another posture; stillness but
for breath.
Axes as worn: x to the left, y up (so −1 g when standing), z forward.
"""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

STEP_HZ: Final = 1.7
BREATH_HZ: Final = 0.25
IMPACT_S: Final = 0.62  # behind the start of the descent
LYING_S: Final = 2.5  # behind it all movement of the fall is over
_UPRIGHT: Final = np.array([0.0, -1.0, 0.0])
_GAP_S: Final = 2.0  # a pause of the stream longer than this is time that passed unseen


class Person:
    """Walks, and falls `fall_after_s` after the strap's stream first ran (None: never). Lies until `get_up`."""

    def __init__(self, *, seed: int, fall_after_s: float | None) -> None:
        self._rng = np.random.default_rng(seed)
        self.fall_after_s = fall_after_s
        self._began: float | None = None
        self._at = 0.0
        self._draw_fall()

    def take(self, rate_hz: int, count: int) -> Array:
        """The next samples; time goes on while nobody listens."""
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now - count / rate_hz
        lived = now - self._began - count / rate_hz
        if lived - self._at > _GAP_S:
            self._at = lived
        times = self._at + np.arange(count) / rate_hz
        self._at += count / rate_hz
        return self.at(times)

    def at(self, times: Array) -> Array:
        """Acceleration at these seconds of the person's life: (n, 3), g."""
        noise = self._rng.normal(0.0, 1.0, (len(times), 3))
        if self.fall_after_s is None:
            return walking(times) + 0.02 * noise
        return self._falling(times, times - self.fall_after_s, noise)

    def fall_now(self) -> None:
        """The next sample begins a fall."""
        self._draw_fall()
        self.fall_after_s = self._at

    @property
    def fallen(self) -> bool:
        """It has fallen and lies, as far as the strap was told."""
        return self.fall_after_s is not None and self._at > self.fall_after_s

    def get_up(self) -> None:
        """Walks again."""
        self.fall_after_s = None

    def _draw_fall(self) -> None:
        self._peak_g = self._rng.uniform(3.5, 6.5)
        side = self._rng.uniform(-0.5, 0.5)
        front = self._rng.choice([-1.0, 1.0])
        lying = np.array([side, -0.1, front])
        self._lying = lying / np.linalg.norm(lying)
        blow = self._lying + np.array([0.1, -0.45, 0.0])
        self._blow = blow / np.linalg.norm(blow)

    def _falling(self, times: Array, since: Array, noise: Array) -> Array:
        on_feet = _fade(since, 0.1, -0.2)
        angle = np.radians(88.0) * _fade(since, -0.1, IMPACT_S + 0.1)
        weight = 1.0 - 0.65 * _fade(since, 0.0, 0.3) * _fade(since, IMPACT_S, IMPACT_S - 0.08)
        posture = np.cos(angle)[:, None] * _UPRIGHT + np.sin(angle)[:, None] * self._lying
        after = np.clip(since - IMPACT_S, 0.0, None)
        shaking = np.where(since > IMPACT_S, np.exp(-after / 0.12) * np.sin(2 * np.pi * 11.0 * after), 0.0)
        blow = (
            _bump(since, IMPACT_S, 0.024)
            + 0.40 * _bump(since, IMPACT_S + 0.18, 0.028)
            + 0.18 * _bump(since, IMPACT_S + 0.36, 0.035)
            + 0.15 * shaking
        )
        breath = 0.012 * np.sin(2 * np.pi * BREATH_HZ * times) * _fade(since, 1.0, LYING_S)
        return np.asarray(
            on_feet[:, None] * (walking(times) - _UPRIGHT)
            + weight[:, None] * posture
            + (self._peak_g - 1.0) * blow[:, None] * self._blow
            + breath[:, None] * self._lying
            + (0.008 + 0.05 * _fade(since, LYING_S, 0.6) * _fade(since, 0.0, 0.3) + 0.012 * on_feet)[:, None] * noise
        )


def walking(times: Array) -> Array:
    """Steps at the chest, without noise: (n, 3), g."""
    phase = 2 * np.pi * STEP_HZ * times
    across = 0.09 * np.sin(phase / 2)
    up = -1.0 - 0.26 * np.sin(phase) - 0.09 * np.sin(2 * phase + 0.7)
    forward = 0.14 * np.sin(phase + 1.1) + 0.05 * np.sin(2 * phase)
    return np.stack([across, up, forward], axis=1)


def _fade(values: Array, zero: float, one: float) -> Array:
    """0 at `zero`, 1 at `one`, smooth between; `one` may lie before `zero`."""
    x = np.clip((values - zero) / (one - zero), 0.0, 1.0)
    return np.asarray(x * x * (3.0 - 2.0 * x))


def _bump(values: Array, centre: float, width: float) -> Array:
    return np.asarray(np.exp(-0.5 * ((values - centre) / width) ** 2))
