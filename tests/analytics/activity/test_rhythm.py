"""Rest–activity metrics against the slow oracle, and against what anybody can see."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.rhythm import rhythm
from tests.analytics.activity import rhythm_oracle as oracle


def _homes(seed: int) -> NDArray[np.float64]:
    """Eight homes of eleven days: some hours unknown, one hour of the day never, one home still, one never heard."""
    rng = np.random.default_rng(seed)
    day = 20 + 18 * np.sin(2 * np.pi * (np.arange(24) - rng.integers(0, 24)) / 24)
    homes = rng.poisson(np.broadcast_to(np.maximum(day, 0), (8, 11, 24))).astype(float)
    homes[1, :, :][rng.random((11, 24)) < 0.3] = np.nan
    homes[2, 3:5] = np.nan
    homes[3, :, 4] = np.nan
    homes[4] = 7.1
    homes[5] = np.nan
    homes[6] = 0.0
    homes[7] *= 1e6
    return homes


@pytest.mark.parametrize("seed", range(8))
def test_equals_the_papers(seed: int) -> None:
    homes = _homes(seed)
    found = rhythm(homes)
    for index, home in enumerate(homes):
        line = home.reshape(-1).tolist()
        wanted = [oracle.stability(line), oracle.variability(line), oracle.amplitude(line)]
        got = [found.stability[index], found.variability[index], found.amplitude[index]]
        if index == 4:  # constant up to rounding: the oracle's sums may leave 1e-31
            assert np.isnan(got[:2]).all()
            wanted, got = wanted[2:], got[2:]
        np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=1e-9)


def test_a_perfect_rhythm_and_noise() -> None:
    hours = np.arange(24)
    perfect = np.tile(50 + 50 * np.sin(2 * np.pi * hours / 24), (1, 30, 1))
    noise = np.random.default_rng(1).random((1, 400, 24))
    assert rhythm(perfect).stability[0] == pytest.approx(1.0, abs=1e-12)
    assert rhythm(perfect).variability[0] < 0.1
    assert rhythm(noise).stability[0] < 0.02
    assert rhythm(noise).variability[0] == pytest.approx(2.0, abs=0.1)


def test_rest_over_midnight_is_one_rest() -> None:
    profile = np.full(24, 10.0)
    profile[[22, 23, 0, 1, 2]] = 0.0
    found = rhythm(np.tile(profile, (1, 7, 1)))
    assert found.least_from[0] == 22
    assert found.least[0] == 0.0
    assert found.amplitude[0] == 1.0


def test_what_is_not_known_is_not_stillness() -> None:
    homes = _homes(3)[:1]
    part = homes.copy()
    part[0, 2] = np.nan
    zero = homes.copy()
    zero[0, 2] = 0.0
    whole = rhythm(np.delete(homes, 2, axis=1))
    assert rhythm(part).stability[0] == pytest.approx(whole.stability[0], abs=1e-12)
    assert abs(rhythm(zero).stability[0] - whole.stability[0]) > 0.02


def test_an_hour_never_known_leaves_no_amplitude() -> None:
    found = rhythm(_homes(0))
    assert math.isnan(found.amplitude[3])
    assert found.most_from[3] == -1
    assert not math.isnan(found.stability[3])


def test_another_resolution_is_refused() -> None:
    with pytest.raises(ValueError, match="24"):
        rhythm(np.zeros((1, 3, 96)))
