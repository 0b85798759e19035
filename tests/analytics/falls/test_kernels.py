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
