"""Hours and days of a home: what is not known is NaN, never stillness."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.events import DAY_S
from analytics.activity.features import FEATURES, daily, hourly
from analytics.activity.habits import DAY
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, KITCHEN, Habit, made_up, without

BATH, KITCH, ANY, OUT = (FEATURES.index(name) for name in ("bathroom", "kitchen", "any room", "out of home"))


def test_an_hour_counted_by_hand() -> None:
    home = made_up(3, seed=2)
    found = hourly(home)
    assert found.shape == (3, 24, len(FEATURES))
    assert not np.isnan(found).any()
    minutes = (home.at_s // 60).astype(int)
    for day, hour in ((0, 10), (1, 7), (2, 21)):
        own = (minutes // 60 == day * 24 + hour) & (home.sensor == BATHROOM)
        assert found[day, hour, BATH] == len(set(minutes[own]))
    assert (found[:, :, ANY] <= 60).all()
    assert (found[:, :, ANY] >= found[:, :, KITCH]).all()


@pytest.mark.slow
def test_a_sensor_that_is_out_is_not_known() -> None:
    home = without(made_up(20), BEDROOM, 10 * DAY_S, 14 * DAY_S)
    found = hourly(home)
    out = np.isnan(found[:, :, FEATURES.index("bedroom")])
    assert out[12].all()
    assert not out[:10].any()
    assert np.isnan(found[12, :, ANY]).all()
    assert not np.isnan(found[12, :, KITCH]).any()
    assert np.isnan(daily(home).rise_h[12])
    assert not np.isnan(daily(home).bathroom_by_night[12])


def test_a_home_without_a_sensor_in_a_room() -> None:
    home = made_up(4)
    bare = without(home, KITCHEN, 0, 4 * DAY_S)
    assert not np.isnan(hourly(bare)[:, :, ANY]).any()


def test_minutes_that_nobody_listened_to_are_not_known() -> None:
    home = made_up(4)
    listening = np.ones(4 * DAY, bool)
    listening[DAY + 600 : DAY + 700] = False
    found = np.isnan(hourly(home, listening)).all(axis=2)
    assert np.argwhere(found).tolist() == [[1, 10], [1, 11]]
    assert np.isnan(daily(home, listening).rise_h).tolist() == [True, True, False, False]


@pytest.mark.slow
def test_days_follow_the_habit() -> None:
    early = daily(made_up(30, habit=Habit(rises=6.0, sleeps=21.5, bathroom_by_night=0.0, outings=0.0)))
    late = daily(made_up(30, habit=Habit(rises=8.5, sleeps=24.0, bathroom_by_night=3.0, outings=1.0)))
    assert np.nanmedian(early.rise_h) == pytest.approx(6.0, abs=0.4)
    assert np.nanmedian(late.rise_h) == pytest.approx(8.5, abs=0.4)
    assert np.nanmedian(early.bed_h) == pytest.approx(21.5, abs=0.6)
    assert np.nanmedian(late.bed_h) == pytest.approx(24.0, abs=0.6)
    assert np.nanmean(late.bathroom_by_night) - np.nanmean(early.bathroom_by_night) > 1.5
    assert np.nanmean(late.out_h) > np.nanmean(early.out_h) + 1
