"""A wearable that sends made-up motion in packets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import FallDetector, shipped
from analytics.findings import FALL
from device_drivers.readings import Motion
from gateway.detection import Detected, Detection

Array = NDArray[np.float32]


@pytest.fixture(scope="session")
def detector() -> FallDetector:
    return FallDetector(model=shipped()["trunk"])


@pytest.fixture
def detection(detector: FallDetector) -> Detection:
    return Detection(detector, max_streams=4)


def person(*, rate_hz: float, seconds: float, fall_at: float | None, seed: int = 0) -> Array:
    """Walks; falls at `fall_at` (the impact) and lies from then on."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    phase = 2 * np.pi * 1.8 * t
    values = np.stack([0.08 * np.sin(phase / 2), 1 + 0.25 * np.sin(phase), 0.12 * np.sin(phase + 1)], axis=1)
    if fall_at is not None:
        since = t - fall_at
        lying = np.array([0.9, 0.1, 0.42])
        angle = np.pi / 2 * np.clip((since + 0.5) / 0.6, 0, 1)
        posture = np.cos(angle)[:, None] * np.array([0, 1.0, 0]) + np.sin(angle)[:, None] * lying
        weight = 1 - 0.6 * np.exp(-0.5 * ((since + 0.25) / 0.12) ** 2)
        blow = np.exp(-0.5 * (since / 0.025) ** 2) + 0.35 * np.exp(-0.5 * ((since - 0.17) / 0.03) ** 2)
        values = np.where((since > -0.7)[:, None], weight[:, None] * posture + 3.6 * blow[:, None] * lying, values)
    return (values + rng.normal(size=values.shape) * 0.012).astype(np.float32)


class Strap:
    """Packets of one stream: (arrival, motion). Its clock begins at `epoch_ns`, its packets arrive `latency_s` late."""

    def __init__(self, samples: Array, rate_hz: float, *, packet: int = 36, epoch_ns: int | None = 0) -> None:
        self.samples, self.rate_hz, self.packet, self.epoch_ns = samples, rate_hz, packet, epoch_ns
        self.header_hz = rate_hz
        self.begin, self.latency_s = 1000.0, 0.03

    def packets(self) -> Iterator[tuple[float, Motion]]:
        for first in range(0, len(self.samples), self.packet):
            part = self.samples[first : first + self.packet]
            last_s = (first + len(part)) / self.rate_hz
            stamp = None if self.epoch_ns is None else self.epoch_ns + round(last_s * 1e9)
            yield (
                self.begin + last_s + self.latency_s,
                Motion(samples=part, rate_hz=self.header_hz, last_sample_ns=stamp, clipping_g=8.0),
            )


def live(
    detection: Detection,
    packets: dict[str, list[tuple[float, Motion]]],
    *,
    tick_s: float = 0.5,
    until: float = 0.0,
    kind: str = FALL,
) -> list[tuple[float, Detected]]:
    """Feed all packets in the order of arrival, tick as the gateway does; what of this kind was found, and when.

    The ticks go on until `until`, two at least.
    """
    coming = sorted(((at, key, motion) for key, own in packets.items() for at, motion in own), key=lambda one: one[:2])
    found: list[tuple[float, Detected]] = []
    next_tick = coming[0][0] // tick_s * tick_s + tick_s
    for at, key, motion in coming:
        while next_tick <= at:
            found += [(next_tick, one) for one in detection.tick(next_tick)]
            next_tick += tick_s
        detection.feed(key, motion, at)
    ticks = max(2, math.ceil((until - next_tick) / tick_s))
    for _ in range(ticks):
        found += [(next_tick, one) for one in detection.tick(next_tick)]
        next_tick += tick_s
    return [one for one in found if one[1].finding.kind == kind]


@pytest.fixture(scope="session")
def walk() -> Callable[..., Array]:
    return person


@pytest.fixture(scope="session")
def strap() -> type[Strap]:
    return Strap


@pytest.fixture(scope="session")
def run() -> Callable[..., list[tuple[float, Detected]]]:
    return live
