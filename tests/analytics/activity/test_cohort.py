"""Many homes at once: the same as one at a time, and minutes that nobody listened to."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.cohort import Peaks, lived
from analytics.activity.course import Home, peaks, replay, stretches
from analytics.activity.events import DAY_S, Place
from analytics.activity.habits import DAY, HabitSettings
from analytics.datasets.disturbances import gateway_off, sensor_out_reported
from analytics.datasets.made_up_home import LIVING, Habit, made_up

_DAYS = 8


def _all(homes: list[Home]) -> np.typing.NDArray[np.bool_]:
    return np.ones((len(homes), _DAYS * DAY), bool)


@pytest.mark.slow
def test_the_same_as_one_home_at_a_time() -> None:
    first = Home.of(sensor_out_reported(made_up(_DAYS, seed=1), LIVING, 4.6 * DAY_S, 6 * DAY_S).events)
    homes = [first, Home.of(made_up(_DAYS, seed=2))]
    assert len(first.views) == 2
    found = lived(homes, _all(homes))
    for number, home in enumerate(homes):
        path = replay(home, list(stretches(home, 0, HabitSettings())))
        at, height = peaks(path, np.ones(len(path), bool))
        own = found.home == number
        order = np.argsort(found.minute[own])
        high = height > 1.0
        assert found.minute[own][order].tolist() == (at[high] + 1).tolist()
        assert found.height_h[own][order] == pytest.approx(height[high])
        assert found.out[own][order].tolist() == (home.out[at[high]] & home.life[at[high] + 1]).tolist()


@pytest.mark.slow
def test_days_may_be_known_already() -> None:
    homes = [Home.of(made_up(_DAYS, seed=3))]
    whole = lived(homes, _all(homes))
    part = lived(homes, _all(homes), earlier=whole, first_day=5)
    # The statistic begins anew with the first day that is lived through: what was running is lost until the next life.
    for name in ("minute", "height_h", "out"):
        own, same = (getattr(one, name)[one.minute > 5 * DAY + 600] for one in (part, whole))
        assert own.tolist() == same.tolist()
    assert (part.minute[part.minute < 5 * DAY] == whole.minute[whole.minute < 5 * DAY]).all()


@pytest.mark.slow
def test_a_gateway_that_is_off_is_no_quiet() -> None:
    lived_off = gateway_off(made_up(_DAYS, seed=4, habit=Habit(outings=0.0, naps=0.0)), 5.5 * DAY_S, 7.5 * DAY_S)
    homes = [Home.of(lived_off.events)]
    deaf = lived(homes, lived_off.listening[None])
    heard = lived(homes, _all(homes))
    during = (heard.minute > 5.5 * DAY) & (heard.minute < 7.7 * DAY)
    assert heard.height_h[during].max() > 100
    during = (deaf.minute > 5.5 * DAY) & (deaf.minute < 7.7 * DAY)
    assert deaf.height_h[during].max(initial=0) < 100


def test_alerts_are_those_above_ones_own_threshold_and_never_out_of_home() -> None:
    rng = np.random.default_rng(5)
    number = 600
    found = Peaks(
        home=rng.integers(0, 2, number), minute=np.sort(rng.integers(0, 60 * DAY, number)),
        height_h=10 * (1 - rng.random(number)) ** -0.7, out=rng.random(number) < 0.2,
    )  # fmt: skip
    few, many = (found.alerts(2, 60, per_month) for per_month in (0.5, 2.0))
    assert 0 < few.sum() < many.sum() < 30
    assert not (many & found.out).any()
    assert (many | ~few).all()
    assert int(Place.OUT) == 6
