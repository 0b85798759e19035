"""Rate conversion against the sum written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import rates


def oracle(samples: NDArray[np.float32], rate_hz: float) -> NDArray[np.float64]:
    """Every output by its own sum over the whole recording, weights from the formula."""
    half = math.ceil(3.0 / (2 * 0.42 * min(rate_hz, 50)) * rate_hz)
    cutoff = 0.42 * min(rate_hz, 50)
    out: list[NDArray[np.float64]] = []
    for k in range(10**6):
        exact = k * (rate_hz / 50)
        base = math.floor(exact)
        fraction = round((exact - base) * 600) / 600
        if base + (fraction == 1) + half > len(samples) - 1:
            return np.array(out)
        total: NDArray[np.float64] = np.zeros(3)
        weights = 0.0
        for n in range(base - half, base + half + 2):
            offset = n - base - fraction
            # The table ends at the half-width, counted from the sample before the output.
            low = base + (fraction == 1)
            if not low - half + 1 <= n <= low + half:
                continue
            inside = max(0.0, 1 - (offset / half) ** 2)
            weight = float(np.sinc(2 * cutoff / rate_hz * offset) * np.i0(5.0 * math.sqrt(inside)))
            weights += weight
            total = total + weight * samples[max(n, 0)]
        out.append(np.asarray(total / weights))
    raise AssertionError


def converted(samples: NDArray[np.float32], rate_hz: float, cuts: list[int]) -> NDArray[np.float32]:
    state = rates.start(np.array([rate_hz]))
    parts = []
    for part in np.split(samples, cuts):
        state, out, made = rates.convert(state, part[None], np.array([len(part)]))
        parts.append(out[0, : made[0]])
    return np.concatenate(parts)


@pytest.mark.parametrize("rate_hz", [21.0, 25.0, 37.3, 50.0, 52.0, 100.0, 200.0, 416.0])
def test_equals_the_written_out_sum(rate_hz: float) -> None:
    samples = np.random.default_rng(1).normal(size=(round(1.2 * rate_hz), 3)).astype(np.float32)
    expected = oracle(samples, rate_hz)
    got = converted(samples, rate_hz, [3, 4, round(0.6 * rate_hz)])
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=3e-7)  # float32 at the end


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 200.0])
def test_keeps_what_both_rates_carry_and_removes_what_would_alias(rate_hz: float) -> None:
    t = np.arange(round(4 * rate_hz)) / rate_hz
    slow = np.repeat(np.sin(2 * np.pi * 3 * t)[:, None], 3, axis=1).astype(np.float32)
    got = converted(slow, rate_hz, [])
    at = np.arange(len(got)) / 50
    np.testing.assert_allclose(got[25:-25, 0], np.sin(2 * np.pi * 3 * at)[25:-25], atol=0.03)
    if rate_hz == 200:
        fast = np.repeat(np.sin(2 * np.pi * 45 * t)[:, None], 3, axis=1).astype(np.float32)  # would appear as 5 Hz
        assert np.abs(converted(fast, rate_hz, [])[25:-25]).max() < 0.02


def test_constant_stays_constant_from_the_first_sample() -> None:
    got = converted(np.full((100, 3), 0.7, np.float32), 52.0, [1, 2, 50])
    np.testing.assert_allclose(got, 0.7, atol=1e-6)


def test_unusable_samples_reach_only_the_outputs_that_need_them() -> None:
    samples = np.ones((200, 3), np.float32)
    samples[100] = np.nan
    bad = np.flatnonzero(np.isnan(converted(samples, 200.0, [])[:, 0]))
    assert bad.min() >= 25 - 4
    assert bad.max() <= 25 + 4


@pytest.mark.parametrize("rate_hz", [0.0, 19.9, 500.0, float("nan")])
def test_refuses_other_rates(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="20–416 Hz"):
        rates.start(np.array([rate_hz]))
