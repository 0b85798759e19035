"""Beginnings that were written in quarters of g."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.datasets.quarter_scale import mended, quartered

G = NDArray[np.float32]


def counts(n: int = 300, seed: int = 0, size: float = 1.0) -> NDArray[np.int64]:
    """A body that moves about 1 g, in counts of ±8 g over 16 bits."""
    rng = np.random.default_rng(seed)
    g = np.array([size, 0, 0]) + rng.normal(size=(n, 3)) * 0.1
    return np.round(g * 4096).astype(np.int64)


def written(raw: NDArray[np.int64], quarters: int) -> G:
    """What the recorder writes: counts of ±8 g, the first ones taken for ±2 g."""
    g = raw / 4096
    g[:quarters] /= 4
    return g.astype(np.float32)


@pytest.mark.parametrize("quarters", [0, 1, 2, 11, 45, 194, 299, 300])
def test_the_beginning_is_found_and_mended(quarters: int) -> None:
    raw = counts()
    if quarters:
        raw[quarters - 1, 0] |= 1  # a last sample that could be of either grid cannot be told apart
    samples = written(raw, quarters)
    assert quartered(samples) == quarters
    np.testing.assert_array_equal(mended(samples), written(raw, 0))


def test_an_impact_in_the_beginning_comes_back_also_from_the_stop() -> None:
    raw = counts()
    raw[60] = [32511, -32768, 9001]
    samples = written(raw, 90)
    assert float(np.linalg.norm(samples, axis=1).max()) < 3
    np.testing.assert_array_equal(mended(samples), written(raw, 0))


def test_a_sensor_set_to_2_g_that_stops_is_left_alone() -> None:
    samples = written(counts(), 0)
    samples[100:104] = np.float32(32511 / 16384)
    samples[104, 1] = -2
    assert quartered(samples) == 0


def test_a_stop_soon_after_the_beginning_does_not_lengthen_it() -> None:
    raw = counts()
    raw[44, 0] |= 1
    samples = written(raw, 45)
    samples[48] = np.float32(32511 / 16384)
    assert quartered(samples) == 45


def test_a_sensor_that_measures_2_g_over_16_bits_is_left_alone() -> None:
    rng = np.random.default_rng(1)
    raw = np.array([16384, 0, 0]) + rng.integers(-1600, 1600, (300, 3))
    assert quartered((raw / 16384).astype(np.float32)) == 0


def test_free_fall_and_other_numbers_are_left_alone() -> None:
    assert quartered(written(counts(size=0.1), 0)) == 0
    assert quartered(np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32) * 0.1) == 0
    assert quartered(np.zeros((300, 3), np.float32)) == 0
    assert quartered(np.zeros((0, 3), np.float32)) == 0


def test_a_finer_sample_later_is_no_beginning() -> None:
    samples = written(counts(), 0)
    samples[200] = np.float32(1001 / 16384)
    assert quartered(samples) == 0
