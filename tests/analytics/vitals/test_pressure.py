"""Each limit exactly; what a guideline wants measured first; what is never counted."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.findings import Standing
from analytics.vitals.measured import DAY_S, Measured
from analytics.vitals.pressure import CrisisLimits, WeekLimits, crisis, low, week, week_means
from tests.analytics.vitals.series import mornings_and_evenings, series

NOW = 7 * DAY_S


@pytest.mark.parametrize(
    ("systolic", "diastolic", "high"),
    [
        (180, 119, True),
        (179, 120, True),
        (179.9, 119.9, False),
        (180, 80, True),
        (120, 120, True),
        (179, 119, False),
        (np.nan, 130, False),
        (200, np.nan, False),
        (np.inf, 100, False),
    ],
)
def test_a_crisis_begins_at_180_or_120(systolic: float, diastolic: float, high: bool) -> None:
    pressures = np.array([[systolic, diastolic]])
    assert crisis(pressures, np.array([True]), CrisisLimits()).tolist() == [high]
    assert crisis(pressures, np.array([False]), CrisisLimits()).tolist() == [False]


def test_a_crisis_has_the_limits_of_the_resident() -> None:
    pressures = np.array([[189.0, 80.0], [190.0, 80.0]])
    assert crisis(pressures, np.ones(2, dtype=bool), CrisisLimits(systolic_mmhg=190)).tolist() == [False, True]


@pytest.mark.parametrize(
    ("systolic", "diastolic", "standing"),
    [
        (135.0, 70, Standing.BEYOND),
        (134.9, 84.9, Standing.BETWEEN),
        (120, 85.0, Standing.BEYOND),
        (120, 84.9, Standing.BETWEEN),
        (130.1, 70, Standing.BETWEEN),
        (130.0, 80.0, Standing.WITHIN),
        (130.0, 80.1, Standing.BETWEEN),
        (134.0, 70, Standing.BETWEEN),
    ],
)
def test_the_mean_of_a_week_is_raised_from_135_or_85(systolic: float, diastolic: float, standing: Standing) -> None:
    judged = week(series(mornings_and_evenings(7, systolic, diastolic)), NOW, WeekLimits())
    assert judged.standing is standing
    assert judged.figures["systolic"] == pytest.approx(systolic)
    assert judged.evidence == tuple(range(28))


def test_the_mean_counts_and_not_the_readings() -> None:
    rows = [(row[0], 135.0 + (3 if n % 2 else -3), 70.0) for n, row in enumerate(mornings_and_evenings(7, 0, 0))]
    assert week(series(rows), NOW, WeekLimits()).standing is Standing.BEYOND
    rows[0] = (rows[0][0], rows[0][1] - 0.1, 70.0)
    assert week(series(rows), NOW, WeekLimits()).standing is Standing.BETWEEN


def test_twelve_readings_on_three_days_are_needed() -> None:
    twelve = mornings_and_evenings(3, 150.0, 90.0)
    assert week(series(twelve), NOW, WeekLimits()).standing is Standing.BEYOND
    assert week(series(twelve[1:]), NOW, WeekLimits()).standing is Standing.UNKNOWN
    two_days = [(day + n / 100, 150.0, 90.0) for day in (4, 5) for n in range(20)]
    assert week(series(two_days), NOW, WeekLimits()).standing is Standing.UNKNOWN
    assert week(series([(6.5, 260.0, 150.0)]), NOW, WeekLimits()).standing is Standing.UNKNOWN
    assert week(Measured.nothing(2), NOW, WeekLimits()).standing is Standing.UNKNOWN
    assert week(series(twelve[1:]), NOW, WeekLimits(readings=11)).standing is Standing.BEYOND


def test_failed_doubtful_and_older_readings_are_not_counted() -> None:
    rows = mornings_and_evenings(7, 120.0, 70.0)
    high = [(6.9, 250.0, 140.0), (6.91, np.nan, np.nan), (-0.01, 250.0, 140.0), (7.01, 250.0, 140.0)]
    judged = week(series([*rows, *high], unusable=(28,)), NOW, WeekLimits())
    assert judged.standing is Standing.WITHIN
    assert judged.evidence == tuple(range(28))


def test_many_residents_at_once_are_as_each_alone() -> None:
    rng = np.random.default_rng(6)
    pressures = rng.normal(135, 15, (50, 40, 2))
    pressures[rng.random((50, 40)) < 0.1] = np.nan
    at_s, usable = rng.uniform(0, 9 * DAY_S, (50, 40)), rng.random((50, 40)) < 0.8
    day = (at_s // DAY_S).astype(np.int64)
    now_s = rng.uniform(6 * DAY_S, 9 * DAY_S, 50)
    means, readings, days = week_means(pressures, at_s, day, usable, now_s)
    for n in range(50):
        counted = [
            k
            for k in range(40)
            if usable[n, k] and 0 <= now_s[n] - at_s[n, k] < 7 * DAY_S and np.isfinite(pressures[n, k]).all()
        ]
        assert readings[n] == len(counted)
        assert days[n] == len({int(day[n, k]) for k in counted})
        if counted:
            assert means[n] == pytest.approx(pressures[n, counted].mean(axis=0), abs=1e-9)
        else:
            assert np.isnan(means[n]).all()


@pytest.mark.parametrize(
    ("values", "standing"),
    [
        ((89.9, 89.9), Standing.BEYOND),
        ((89.9, 90.0), Standing.BETWEEN),
        ((90.0, 89.9), Standing.BETWEEN),
        ((90.0, 90.0), Standing.WITHIN),
    ],
)
def test_two_low_ones_in_a_row(values: tuple[float, float], standing: Standing) -> None:
    rows = [(6.5, 60.0, 40.0), *((6.6 + n / 100, value, 60.0) for n, value in enumerate(values))]
    assert low(series(rows), NOW, 90.0).standing is standing


def test_one_low_one_or_one_of_yesterday_is_not_two() -> None:
    assert low(series([(6.9, 70.0, 40.0)]), NOW, 90.0).standing is Standing.BETWEEN
    assert low(series([(5.9, 70.0, 40.0), (6.95, 70.0, 40.0)]), NOW, 90.0).standing is Standing.BETWEEN
    assert low(series([(6.8, 70.0, 40.0), (6.9, 70.0, 40.0)], unusable=(1,)), NOW, 90.0).standing is Standing.BETWEEN
    assert low(Measured.nothing(2), NOW, 90.0).standing is Standing.UNKNOWN
