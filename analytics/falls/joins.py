"""Trials joined into one stream: how recordings are replayed in evaluation and training.

Trials of one subject follow each other in a seeded random order. Between two trials lies one second of stillness: the
posture at the end of the one turns into the posture at the beginning of the next along the shortest arc with the
length of gravity, whatever the person did at the edge, so that the join itself is neither a free fall nor an impact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analytics.datasets.trials import Trial

JOIN_S: Final = 1.0
ALONE_S: Final = 4.0  # of stillness around a trial alone, at least: more than a window looks at on either side
_POSTURE_S: Final = 0.25  # posture at a trial's edge: the mean over this time
_FADE_S: Final = 0.15  # what the edge sample has beyond the posture fades within this time
# The length of gravity as this sensor has it is the median of the trial; who runs is above it half of the time.
_GRAVITY_G: Final = 1.1
_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """One stream made of trials.

    Attributes:
        samples: float32 (n, 3), g.
        rate_hz: of the stream.
        order: index of the trial at each place.
        begins: index of the first sample of the trial at each place, int64.
        ends: one past its last sample; the join that follows belongs to no trial.
    """

    samples: NDArray[np.float32]
    rate_hz: float
    order: tuple[int, ...]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]


def join(trials: Sequence[Trial], rng: np.random.Generator) -> Joined:
    """The trials of one subject in random order as one stream; all must have one rate.

    Raises:
        ValueError: no trials, or different rates.
    """
    if not trials or len({trial.rate_hz for trial in trials}) != 1:
        raise ValueError("a stream is joined from at least one trial, all of one rate")
    rate = trials[0].rate_hz
    order = tuple(int(index) for index in rng.permutation(len(trials)))
    parts: list[NDArray[np.float32]] = []
    begins: list[int] = []
    ends: list[int] = []
    length = 0
    for place, index in enumerate(order):
        samples = trials[index].samples
        if place:
            between = stillness(trials[order[place - 1]].samples, samples, rate)
            parts.append(between)
            length += len(between)
        begins.append(length)
        parts.append(samples)
        length += len(samples)
        ends.append(length)
    return Joined(
        samples=np.concatenate(parts),
        rate_hz=rate,
        order=order,
        begins=np.array(begins, np.int64),
        ends=np.array(ends, np.int64),
    )


def alone(trial: Trial, rng: np.random.Generator) -> Joined:
    """One trial as a stream: its postures at either edge are held before and after it.

    How long they are held is drawn, as it is drawn by their order where trials are joined: 50 samples a second fall
    elsewhere on the trial each time, and what is near a threshold is raised with some of them and not with others.
    """
    samples, rate = trial.samples, trial.rate_hz
    edge = max(1, round(_POSTURE_S * rate))
    count = round(ALONE_S * rate) + int(rng.integers(max(1, round(rate))))
    fade = np.clip(1 - np.arange(1, count + 1) / (_FADE_S * rate), 0, None)[:, None]
    gravity = _gravity(samples)
    first, last = _posture(samples[:edge], gravity), _posture(samples[-edge:], gravity)
    lead = first + np.nan_to_num(samples[0] - first) * fade[::-1]
    rest = last + np.nan_to_num(samples[-1] - last) * fade
    return Joined(
        samples=np.concatenate([lead, samples, rest]).astype(np.float32),
        rate_hz=rate,
        order=(0,),
        begins=np.array([count], np.int64),
        ends=np.array([count + len(samples)], np.int64),
    )


def stillness(before: NDArray[np.float32], after: NDArray[np.float32], rate_hz: float) -> NDArray[np.float32]:
    """One second between two trials, float32 (n, 3)."""
    count = round(JOIN_S * rate_hz)
    edge = max(1, round(_POSTURE_S * rate_hz))
    old, new = _posture(before[-edge:], _gravity(before)), _posture(after[:edge], _gravity(after))
    part = (np.arange(count) + 0.5) / count
    turned = _arc(old, new, part)
    fade = np.clip(1 - np.arange(1, count + 1) / (_FADE_S * rate_hz), 0, None)[:, None]
    turned += np.nan_to_num(before[-1] - old) * fade + np.nan_to_num(after[0] - new) * fade[::-1]
    return turned.astype(np.float32)


def _posture(edge: NDArray[np.float32], gravity: float) -> NDArray[np.float64]:
    """The direction of the mean of the samples that are there, with the length of gravity, float64 (3,)."""
    there = edge[np.isfinite(edge).all(axis=1)]
    mean = np.asarray(there.mean(axis=0, dtype=np.float64) if len(there) else np.zeros(3), np.float64)
    return np.asarray(mean * gravity / max(float(np.linalg.norm(mean)), _TINY), np.float64)


def _gravity(samples: NDArray[np.float32]) -> float:
    """The length of gravity as the trial's sensor has it, g; 0 of a trial without a sample."""
    there = samples[np.isfinite(samples).all(axis=1)]
    return min(float(np.median(np.linalg.norm(there, axis=1))), _GRAVITY_G) if len(there) else 0.0


def _arc(old: NDArray[np.float64], new: NDArray[np.float64], part: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = max(float(np.linalg.norm(old)), _TINY), max(float(np.linalg.norm(new)), _TINY)
    first, second = old / lengths[0], new / lengths[1]
    angle = float(np.arccos(np.clip(first @ second, -1, 1)))
    across = second - (first @ second) * first
    if float(np.linalg.norm(across)) < 1e-6:  # the same or the opposite direction: any arc will do
        across = np.cross(first, np.eye(3)[int(np.argmin(np.abs(first)))])
    across /= float(np.linalg.norm(across))
    size = lengths[0] + (lengths[1] - lengths[0]) * part
    direction = np.cos(part * angle)[:, None] * first + np.sin(part * angle)[:, None] * across
    return np.asarray(direction * size[:, None], np.float64)
