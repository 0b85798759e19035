"""Thresholds as promises: the tail of the past, and made-up residents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.abrupt import KITCHEN, RISING
from analytics.activity.kept import _right, draw, kept
from analytics.activity.noticed import FALLS
from analytics.activity.promise import MONTH_H, threshold_h
from analytics.activity.signs import SIGNS
from analytics.datasets.made_up_home import Habit


def test_without_a_past_it_is_the_statistics_own_promise() -> None:
    assert threshold_h(1.0) == MONTH_H
    assert threshold_h(2.0) == MONTH_H / 2
    assert threshold_h(1.0, np.full(100, 5.0), 48.0) == MONTH_H
    assert threshold_h(1.0, np.full(2, 5.0), 2000.0) == MONTH_H


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_what_cannot_be_promised(wrong: float) -> None:
    with pytest.raises(ValueError, match="cannot be promised"):
        threshold_h(wrong)


@pytest.mark.parametrize("slope", [0.9, 1.4, 2.0])
def test_a_known_tail_is_found(slope: float) -> None:
    """Peaks of a Pareto tail, c · A^-g an hour: over many pasts the rate at the threshold is about the promise."""
    rng = np.random.default_rng(1)
    hours, rate, ratios = 2880.0, 0.2, []
    for _ in range(200):
        peaks = (1 - rng.random(rng.poisson(rate * hours))) ** (-1 / slope)
        ratios.append(rate * threshold_h(1.0, peaks, hours) ** -slope * MONTH_H)
    assert np.exp(np.mean(np.log(ratios))) == pytest.approx(1.0, rel=0.35)


def test_more_false_alerts_in_the_past_mean_a_higher_threshold() -> None:
    rng = np.random.default_rng(2)
    peaks = (1 - rng.random(400)) ** -0.8
    assert threshold_h(1.0, 3 * peaks, 1440.0) > 1.5 * threshold_h(1.0, peaks, 1440.0)
    assert threshold_h(0.5, peaks, 1440.0) > threshold_h(1.0, peaks, 1440.0) > threshold_h(2.0, peaks, 1440.0)


def test_residents_are_the_same_each_time() -> None:
    assert draw(70, 1, 2) == draw(70, 1, 2)
    assert draw(70, 1, 2)[0] != draw(70, 1, 3)[0]
    assert draw(70, 1, 2)[59].every_min != draw(70, 1, 2)[60].every_min


@pytest.mark.slow
def test_the_promise_is_counted() -> None:
    lines: list[str] = []
    found = kept(residents=2, days=35, seed=5, say=lines.append)
    assert [one["per_month"] for one in found["promises"]] == [0.5, 1.0, 2.0]
    rates = [one["inactivity_alone"]["false_alerts_per_month"] for one in found["promises"]]
    assert rates == sorted(rates)
    for row in found["promises"]:
        assert row["false_alerts_per_month"] == pytest.approx(sum(one["were"] for one in row["of_each"].values()))
        assert sum(one["promised"] for one in row["of_each"].values()) == pytest.approx(row["per_month"])
    assert lines == ["2 residents"]


def test_what_may_rightly_be_said_of_a_change() -> None:
    habit = Habit()
    assert _right(habit, habit) == ([], [])
    kinds, signs = _right(habit, replace(habit, rises=8.0))
    assert kinds == [RISING]
    assert SIGNS.index("rising") in signs
    kinds, signs = _right(habit, replace(habit, rises=6.0))
    assert kinds == []
    assert FALLS + SIGNS.index("rising") in signs
    kinds, signs = _right(habit, replace(habit, every_min=12.0))
    assert kinds == [KITCHEN]
    assert {FALLS + SIGNS.index("activity by day"), SIGNS.index("longest quiet by day")} <= set(signs)
    assert _right(habit, replace(habit, naps=0.6)) == ([], [])


def test_one_silence_however_long_does_not_set_the_slope() -> None:
    peaks = 20.0 * (1 + np.random.default_rng(3).pareto(1.4, 900))
    far, further = (threshold_h(1.0, np.append(peaks, one), 60 * 24.0) for one in (1e6, 1e12))
    assert far == further
    assert far < 2 * threshold_h(1.0, peaks, 60 * 24.0)
