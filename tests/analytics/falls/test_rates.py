"""Rate conversion against the sum written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import rates
from analytics.falls.steps import MISSING, PER_G, grams, steps


def oracle(samples: NDArray[np.float32], rate_hz: float) -> NDArray[np.float64]:
    """Every output by its own sum over the whole recording, weights from the formula, steps of 1/1024 g."""
    samples = grams(steps(samples))
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
        out.append(np.rint(total / weights * PER_G) / PER_G)
    raise AssertionError


def converted(samples: NDArray[np.float32], rate_hz: float, cuts: list[int]) -> NDArray[np.float32]:
    state = rates.start(np.array([rate_hz]))
    parts = []
    for part in np.split(samples, cuts):
        state, out, made = rates.convert(state, part[None], np.array([len(part)]))
        parts.append(out[0, :, : made[0]])
    return grams(np.concatenate(parts, axis=1)).T


@pytest.mark.parametrize("rate_hz", [12.5, 13.0, 21.0, 25.0, 37.3, 50.0, 52.0, 100.0, 200.0, 416.0])
def test_equals_the_written_out_sum(rate_hz: float) -> None:
    samples = np.random.default_rng(1).normal(size=(round(1.2 * rate_hz), 3)).astype(np.float32)
    expected = oracle(samples, rate_hz)
    got = converted(samples, rate_hz, [3, 4, round(0.6 * rate_hz)])
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("rate_hz", [12.5, 25.0, 50.0, 200.0])
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
    got = converted(np.full((100, 3), 0.75, np.float32), 52.0, [1, 2, 50])
    np.testing.assert_array_equal(got, np.float32(0.75))


def test_unusable_samples_reach_only_the_outputs_that_need_them() -> None:
    samples = np.ones((200, 3), np.float32)
    samples[100:112] = np.nan  # 0.06 s, of which the first 0.04 s are held
    bad = np.flatnonzero(np.isnan(converted(samples, 200.0, [])[:, 0]))
    assert bad.min() == 27 - 3
    assert bad.max() == 27 + 4


@pytest.mark.parametrize(("rate_hz", "held"), [(12.5, 1), (25.0, 1), (50.0, 2), (100.0, 4), (200.0, 8)])
def test_what_is_lost_for_a_moment_is_held_from_the_last_sample_before_it(rate_hz: float, held: int) -> None:
    samples = np.random.default_rng(3).normal(size=(200, 3)).astype(np.float32)
    lost, bridged = samples.copy(), samples.copy()
    lost[90 : 90 + held] = np.inf
    bridged[90 : 90 + held] = samples[89]
    for cuts in ([], list(range(80, 110))):
        np.testing.assert_array_equal(converted(lost, rate_hz, cuts), converted(bridged, rate_hz, []))
    lost[90 + held] = np.nan
    assert np.isnan(converted(lost, rate_hz, [])).any()


def test_what_would_alias_at_the_slowest_rate_never_left_the_device() -> None:
    """From 12.5 Hz up to 50: between the samples nothing is made up, a constant and a slow turn stay what they are."""
    t = np.arange(100) / 12.5
    turn = np.stack([np.sin(2 * np.pi * 0.5 * t), np.cos(2 * np.pi * 0.5 * t), 0 * t], axis=1).astype(np.float32)
    got = converted(turn, 12.5, [7, 30])
    np.testing.assert_allclose(np.linalg.norm(got[25:-25], axis=1), 1, atol=0.01)
    assert len(got) == 4 * (100 - rates.half_taps(12.5))
    assert rates.lookahead_s(12.5) == pytest.approx(0.32)


def test_many_streams_of_many_rates_equal_each_alone() -> None:
    rng = np.random.default_rng(2)
    device = np.array([12.5, 25.0, 37.3, 50.0, 50.0, 52.0, 52.0, 100.0, 200.0, 416.0])
    samples = rng.normal(size=(len(device), 900, 3)).astype(np.float32)
    samples[3, 100:103] = np.nan
    samples[5:, :][rng.random((len(device) - 5, 900)) < 0.3] = np.nan
    state, taken = rates.start(device), np.zeros(len(device), np.int64)
    parts: list[list[NDArray[np.int16]]] = [[] for _ in device]
    while (taken < 900).any():
        counts = np.minimum(rng.integers(0, 90, len(device)), 900 - taken)
        chunk = np.full((len(device), 90, 3), 99.0, np.float32)
        for row, count in enumerate(counts):
            chunk[row, :count] = samples[row, taken[row] : taken[row] + count]
        taken += counts
        state, out, made = rates.convert(state, chunk, counts)
        for row, own in enumerate(parts):
            own.append(out[row, :, : made[row]])
    for row, rate_hz in enumerate(device):
        alone = converted(samples[row], float(rate_hz), [])
        np.testing.assert_array_equal(grams(np.concatenate(parts[row], axis=1)).T, alone)


def test_a_blow_at_full_scale_stays_in_range() -> None:
    blow = np.zeros((60, 3), np.float32)
    blow[20:40] = 31.9  # the filter overshoots by a tenth
    got = converted(blow, 50.0, [])
    assert np.nanmax(np.abs(got)) < 32
    assert not np.isnan(got).any()
    whole = steps(np.array([[31.9, -31.9, 0], [32, 0, 0], [0, np.nan, 0], [0, 0, -np.inf]], np.float32))
    assert whole.tolist() == [[32666, -32666, 0], [MISSING] * 3, [MISSING] * 3, [MISSING] * 3]


@pytest.mark.parametrize("rate_hz", [0.0, 12.4, 500.0, float("nan")])
def test_refuses_other_rates(rate_hz: float) -> None:
    with pytest.raises(ValueError, match=r"12\.5–416 Hz"):
        rates.start(np.array([rate_hz]))
