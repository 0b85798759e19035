"""One promise shared: shares, thresholds from a known tail, and findings that are never withheld."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.budget import (
    GENERAL,
    INACTIVITY,
    LEVEL_SHARE,
    MONTH_DAYS,
    SHARES,
    SLOW,
    Tail,
    divided,
    peaks,
    raised,
    tail,
    threshold,
    weekly,
)

PRIOR = Tail(level=1.4, per_day=0.07, excess=0.5)


def test_shares_are_the_setting() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert set(SHARES) == {INACTIVITY, *GENERAL}
    for setting in (0.5, 1.0, 2.0):
        assert sum(divided(setting).values()) == pytest.approx(setting)
    assert divided(1.0, {INACTIVITY: 0.5, SLOW: 0.3}) == pytest.approx({INACTIVITY: 0.625, SLOW: 0.375})


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan")])
def test_what_cannot_be_promised(wrong: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        divided(wrong)
    with pytest.raises(ValueError, match="above 0"):
        divided(1.0, {INACTIVITY: wrong})


def test_peaks_by_hand() -> None:
    heights = np.array([0.0, 2.0, 3.0, 1.0, np.nan, 2.5, np.nan, 4.0])
    assert peaks(heights, 1.5).tolist() == [3.0, 2.5, 4.0]
    assert peaks(heights, 9.0).tolist() == []


def test_who_is_new_has_the_general_threshold() -> None:
    expected = PRIOR.level + PRIOR.excess * np.log(PRIOR.per_day * MONTH_DAYS / 0.2)
    assert threshold(0.2, np.zeros(0), PRIOR) == pytest.approx(expected)
    assert threshold(0.2, np.full(50, np.nan), PRIOR) == pytest.approx(expected)
    assert threshold(0.1, np.zeros(0), PRIOR) > expected
    twice = Tail(level=PRIOR.level, per_day=PRIOR.per_day, excess=PRIOR.excess, times=2.0)
    assert threshold(0.2, np.zeros(0), twice) == pytest.approx(threshold(0.1, np.zeros(0), PRIOR))


@pytest.mark.parametrize("scale", [0.7, 1.0, 1.6])
def test_ones_own_past_moves_it(scale: float) -> None:
    """Over many pasts of exponential heights the rate is near the promise, and much nearer than in general."""
    rng = np.random.default_rng(3)
    general = tail(rng.exponential(1.0, (200, 150)))
    rates = []
    for _ in range(60):
        level = threshold(0.3, rng.exponential(scale, 120), general)
        rates.append(np.exp(-level / scale) * MONTH_DAYS)
    unmoved = np.exp(-threshold(0.3, np.zeros(0), general) / scale) * MONTH_DAYS
    rate = np.exp(np.mean(np.log(rates)))
    assert abs(np.log(rate / 0.3)) <= max(0.1, 0.6 * abs(np.log(unmoved / 0.3)))


def test_the_general_tail_is_what_it_says() -> None:
    heights = np.random.default_rng(4).exponential(1.0, (300, 150))
    found = tail(heights)
    assert found.level == pytest.approx(-np.log(LEVEL_SHARE), rel=0.05)
    assert found.excess == pytest.approx(1.0, rel=0.1)
    level = threshold(0.3, np.zeros(0), found)
    assert raised(heights, np.full(heights.shape, level)).mean() * MONTH_DAYS == pytest.approx(0.3, rel=0.2)


def test_an_old_change_does_not_raise_it_for_ever() -> None:
    past = np.random.default_rng(5).exponential(0.5, 120)
    before = threshold(0.3, past, PRIOR)
    past[40:43] = 50.0
    assert threshold(0.3, past, PRIOR) < before + 1.0


def test_raised_once_for_each_stretch() -> None:
    heights = np.array([[0, 3, 3, np.nan, 3, 0, 3.0]])
    assert raised(heights, np.full(heights.shape, 2.0))[0].tolist() == [False, True, False, False, True, False, True]


def test_thresholds_of_a_week_know_only_the_weeks_before() -> None:
    heights = np.random.default_rng(6).exponential(1.0, (2, 60))
    found = weekly(heights, 0.3, PRIOR)
    changed = heights.copy()
    changed[:, 35:] *= 3
    assert (weekly(changed, 0.3, PRIOR)[:, :42] == found[:, :42]).all()
    assert (weekly(changed, 0.3, PRIOR)[:, 42:] > found[:, 42:]).all()
    assert (found[:, :7] == found[:, :1]).all()
