"""Bodies drawn by hand: (seconds, x, y, top) at moments, straight in between, with a module's noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.radar.falls import RadarFalls, RadarFinding, Zone
from analytics.radar.judging import Judge
from analytics.radar.tracks import RATE_HZ, Body, Floats

BED = Zone(low=(-2.0, 3.0), high=(-1.0, 5.0), height=0.5)
Shape = list[tuple[float, float, float, float]]
Blocks = tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]


class Believes:
    """A judge that takes every way down for a fall, so many frames after it."""

    def __init__(self, wait: int = 25) -> None:
        self._wait = wait

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        del body, highest, in_zones, levels
        return 0.9 if now - at >= self._wait else 0.0

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        del body, at, now
        return early

    def threshold(self, waited: int, height: float) -> float:
        del waited, height
        return 0.5


class Doubts:
    """A judge that is not sure until a minute is over, and then of everything that is still down."""

    def probability(self, body: Body, at: int, now: int, highest: float, in_zones: float, levels: Floats) -> float:
        del body, at, now, highest, in_zones, levels
        return 0.3

    def later(self, body: Body, at: int, now: int, early: float) -> float:
        del body
        assert early == 0.3
        return early + (now - at) / 6000

    def threshold(self, waited: int, height: float) -> float:
        del height
        return 0.4 if waited >= 600 else 0.45


def frames(*bodies: Shape, seconds: float, noise_m: float = 0.05, seed: int = 0) -> Blocks:
    """(T, 1, K) numbers, (T, 1, K, 2) places, (T, 1, K) tops; a body is there from its first to its last moment."""
    rng = np.random.default_rng(seed)
    t = np.arange(0, seconds, 1 / RATE_HZ)
    numbers = np.zeros((len(t), 1, len(bodies)), np.int32)
    places = np.full((len(t), 1, len(bodies), 2), np.nan, np.float32)
    tops = np.full((len(t), 1, len(bodies)), np.nan, np.float32)
    for k, body in enumerate(bodies):
        table = np.array(body)
        there = (t >= table[0, 0]) & (t <= table[-1, 0])
        numbers[there, 0, k] = k + 1
        places[there, 0, k] = np.column_stack([np.interp(t[there], table[:, 0], table[:, c]) for c in (1, 2)])
        tops[there, 0, k] = np.interp(t[there], table[:, 0], table[:, 3])
    tops += rng.normal(0, noise_m, tops.shape).astype(np.float32)
    places += rng.normal(0, noise_m / 2, places.shape).astype(np.float32)
    return numbers, places, tops


def standing_then(*more: tuple[float, float, float, float]) -> Shape:
    """Fifteen seconds of standing in the middle of the room, and what comes then (seconds behind it)."""
    return [(0, 0.5, 2.0, 1.65), (15, 0.5, 2.0, 1.65), *((15 + t, x, y, top) for t, x, y, top in more)]


def drop(lasts: float, x: float, y: float, top: float, height: float = 1.65) -> Shape:
    """Faster and faster, from where `standing_then` stands."""
    u = np.linspace(0.1, 1.0, 10)
    return [
        (lasts * one, 0.5 + (x - 0.5) * one, 2 + (y - 2) * one, height + (top - height) * one**2) for one in u.tolist()
    ]  # fmt: skip


def ease(lasts: float, top: float, height: float = 1.65) -> Shape:
    """Gently at both ends, on the spot."""
    u = np.linspace(0.1, 1.0, 10)
    return [(lasts * float(one), 0.5, 2.0, height + (top - height) * float(one * one * (3 - 2 * one))) for one in u]


def found(
    blocks: Blocks, zones: Sequence[Zone] = (BED,), judge: Judge | None = None, cuts: Sequence[int] = ()
) -> list[RadarFinding]:
    """Of one room, in blocks that end at `cuts`."""
    detector = RadarFalls([zones], judge)
    pieces = [np.split(part, list(cuts)) for part in blocks]
    return [one for ids, places, tops in zip(*pieces, strict=True) for one in detector.feed(ids, places, tops)]


def falls(findings: Sequence[RadarFinding]) -> list[RadarFinding]:
    return [one for one in findings if one.kind == "fall"]
