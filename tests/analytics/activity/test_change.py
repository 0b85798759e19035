"""Change: cumulative sums against the formula, cut anywhere, and slow declines found."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.change import LAG_DAYS, PATIENT, Pace, Sums, deviations, step


def _off(seed: int = 0) -> NDArray[np.float32]:
    off = np.random.default_rng(seed).normal(size=(3, 60, 5)).astype(np.float32)
    off[1, 10:20, 2] = np.nan
    off[2, 30:, 4] -= 1.5
    return off


@pytest.mark.parametrize("pace", [PATIENT, Pace(allowance=1.5, clip=6.0)])
def test_sums_against_the_formula(pace: Pace) -> None:
    off = _off()
    _, heights, cells = step(Sums.begin(3, 5), off, pace)
    for home in range(3):
        sums = np.zeros((2, 5))
        for day in range(60):
            for cell in range(5):
                if np.isnan(off[home, day, cell]):
                    continue
                z = min(max(float(off[home, day, cell]), -pace.clip), pace.clip)
                sums[0, cell] = max(0.0, sums[0, cell] + z - pace.allowance)
                sums[1, cell] = max(0.0, sums[1, cell] - z - pace.allowance)
            assert heights[home, day] == pytest.approx(sums.max(), abs=1e-4)
            if sums.max() > 0:
                assert cells[home, day] == sums.argmax()


def test_a_fall_of_one_cell_is_named_as_a_fall() -> None:
    _, heights, cells = step(Sums.begin(3, 5), _off(), PATIENT)
    assert heights[2, -1] > 15 > heights[0].max()
    assert divmod(int(cells[2, -1]), 5) == (1, 4)


def test_days_may_come_one_by_one_and_what_was_said_begins_anew() -> None:
    off = _off(1)
    _, whole, _ = step(Sums.begin(3, 5), off, PATIENT, np.full((3, 60), 6.0))
    state, parts = Sums.begin(3, 5), []
    for day in range(60):
        state, height, _ = step(state, off[:, day : day + 1], PATIENT, np.full((3, 1), 6.0))
        parts.append(height)
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    said = np.argwhere(whole >= 6.0)
    assert len(said)
    for home, day in said:
        assert day == 59 or whole[home, day + 1] <= PATIENT.clip


def test_one_odd_day_is_no_trend() -> None:
    off = np.zeros((1, 30, 1), np.float32)
    off[0, 5] = 100
    _, heights, _ = step(Sums.begin(1, 1), off, PATIENT)
    assert heights.max() == PATIENT.clip - PATIENT.allowance


def test_a_slow_decline_does_not_become_its_own_usual() -> None:
    rng = np.random.default_rng(3)
    mean = 60 * np.where(np.arange(160) < 100, 1.0, 0.95 ** ((np.arange(160) - 100) / 7))
    days = (2 * np.sqrt(rng.poisson(mean, (20, 160)) + 0.375)).astype(np.float32)[:, :, None, None]
    off = deviations(days)
    assert np.isnan(off[:, : 2 * LAG_DAYS]).all()
    _, heights, cells = step(Sums.begin(20, 1), off, PATIENT)
    found = [int(np.flatnonzero((heights[home] > 10) & (cells[home] == 1))[0]) for home in range(20)]
    assert min(found) > 100
    assert max(found) <= 156


def test_what_is_nothing_on_most_days_does_not_grow_for_ever() -> None:
    """Out on every third day: the median is nothing, and yet nothing changes."""
    rng = np.random.default_rng(4)
    days = np.where(rng.random((10, 160)) < 0.3, rng.gamma(4, 30, (10, 160)), 0)
    off = deviations((2 * np.sqrt(days + 0.375)).astype(np.float32)[:, :, None, None])
    _, heights, _ = step(Sums.begin(10, 1), off, PATIENT)
    assert np.median(heights[:, -1]) < 5
    assert heights.max() < 25  # without the mean taken off it is 74 and growing
