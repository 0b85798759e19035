"""Kernels against a slow oracle, and what they must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.falls import kernels
from analytics.falls.candidates import WINDOW


def windows(count: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, WINDOW, 3)) * 0.4 + np.array([0, 1, 0]), np.float32)


def test_shares_equal_counting_place_by_place() -> None:
    block = windows(3)
    channels = kernels.channels(block).astype(np.float64)
    got = kernels.shares(block).reshape(4, kernels.COUNT, 3)
    steps = channels.shape[1]
    for group in kernels.groups()[::6]:
        for number, (weights, limit) in enumerate(zip(group.weights.astype(float), group.limits, strict=True)):
            for window in range(3):
                answers = np.zeros(steps)
                for place in range(steps):
                    for tap in range(9):
                        at = min(max(place + (tap - 4) * group.dilation, 0), steps - 1)
                        answers[place] += weights[tap] * channels[group.channel, at, window]
                above = answers > limit
                expected = [above.mean(), *(above[phase].mean() for phase in kernels._PHASES)]
                np.testing.assert_allclose(got[:, group.first + number, window], expected, atol=0.03)


def test_every_kernel_is_in_one_group_and_sums_to_nought() -> None:
    groups = kernels.groups()
    numbers = [group.first + k for group in groups for k in range(len(group.weights))]
    assert numbers == list(range(kernels.COUNT))
    for group in groups:
        np.testing.assert_allclose(group.weights.sum(axis=1), 0, atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(group.weights, axis=1), 1, atol=1e-5)


def test_shares_do_not_depend_on_the_mounting() -> None:
    from analytics.training.augmentation import rotation

    block = windows(8)
    turned = block @ rotation(np.random.default_rng(2))
    left, right = kernels.shares(block), kernels.shares(turned)
    # A place whose answer is near the limit may change sides when rounding moves it.
    np.testing.assert_allclose(left, right, atol=0.03)
    assert np.mean(np.abs(left - right) > 1e-4) < 0.01


@pytest.mark.parametrize("value", [0.0, 1.0, 7.0])
def test_flat_windows_give_shares(value: float) -> None:
    shares = kernels.shares(np.full((2, WINDOW, 3), value, np.float32))
    assert np.isfinite(shares).all()
    assert shares.min() >= 0
    assert shares.max() <= 1


def test_what_is_above_the_band_is_not_heard() -> None:
    at = np.arange(WINDOW) / 50
    slow = np.array([0, 1, 0]) + 0.3 * np.sin(2 * np.pi * 3 * at)[:, None] * np.array([1, 0, 1])
    fast = 0.3 * np.sin(2 * np.pi * 18 * at)[:, None] * np.array([1, 1, 0])
    quiet, loud = (kernels.channels(one[None].astype(np.float32), 10.5) for one in (slow, slow + fast))
    inside = slice(10, -10)  # beyond the window's ends the last sample is held
    np.testing.assert_allclose(loud[:, inside], quiet[:, inside], atol=0.01)
    folded, as_it_is = (kernels.channels(one[None].astype(np.float32)) for one in (slow + fast, slow))
    assert np.abs(folded - as_it_is)[0, inside].max() > 0.05
    np.testing.assert_allclose(quiet[:, inside], as_it_is[:, inside], atol=0.03)


@pytest.mark.parametrize(
    ("hz", "passes"), [(5.0, 0.99), (8.0, 0.84), (10.5, 0.50), (12.5, 0.21), (14.0, 0.07), (16.0, 0.0)]
)
def test_how_much_passes_at_each_frequency(hz: float, passes: float) -> None:
    weights = kernels.taps(10.5).astype(float)
    offset_s = np.arange(0.5, len(weights)) / 50
    assert 2 * (weights * np.cos(2 * np.pi * hz * offset_s)).sum() == pytest.approx(passes, abs=0.015)


def test_weights_of_a_band_add_up_and_a_flat_window_stays() -> None:
    assert kernels.taps(10.5).sum() == pytest.approx(0.5, abs=1e-6)
    block = windows(4)
    flat = np.broadcast_to(block[:, :1], block.shape).astype(np.float32)
    np.testing.assert_allclose(kernels.channels(flat, 10.5), kernels.channels(flat), atol=1e-5)


def test_a_band_equals_a_sum_sample_by_sample() -> None:
    block, weights = windows(2), kernels.taps(10.5).astype(float)
    got = kernels._halved(np.ascontiguousarray(block.transpose(2, 1, 0)), 10.5)
    for step in (0, 2, 60, WINDOW // 2 - 1):
        expected = np.zeros((2, 3))
        for away, weight in enumerate(weights):
            expected += weight * (block[:, max(2 * step - away, 0)] + block[:, min(2 * step + 1 + away, WINDOW - 1)])
        np.testing.assert_allclose(got[:, step].T, expected, atol=1e-5)
