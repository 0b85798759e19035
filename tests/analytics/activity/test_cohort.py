"""Many homes at once: the same as one at a time, and minutes that nobody listened to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.caution import DOUBTED_MIN
from analytics.activity.cohort import Peaks, alerts, lived
from analytics.activity.course import Home, peaks, replay, stretches
from analytics.activity.events import DAY_S, Place
from analytics.activity.habits import DAY, HabitSettings
from analytics.activity.running import Running, learn, running
from analytics.datasets.disturbances import gateway_off, sensor_out, sensor_out_reported
from analytics.datasets.made_up_home import KITCHEN, LIVING, Habit, made_up

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


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "fails"), [(0, 5.8), (0, 6.1), (1, 5.3), (2, 5.9)])
def test_a_quiet_in_which_a_sensor_is_lost_is_judged_as_the_gateway_does(seed: int, fails: float) -> None:
    """From its beginning, by what the others made of the past."""
    events = sensor_out_reported(made_up(_DAYS, seed=seed), LIVING, fails * DAY_S, 8 * DAY_S).events
    home = Home.of(events)
    (change,) = np.flatnonzero(np.diff(home.view)) + 1
    listening = np.ones(_DAYS * DAY, bool)
    found = lived([home], listening[None])
    first = int((found.minute > change).argmax())
    end = int(found.minute[first])
    assert not home.life[change:end].any()
    assert found.minute[found.height_h > 0].tolist().count(change) == 1  # what it had been, before it was known
    quiet = running(events, end, learn(events, end * 60.0, listening), np.arange(end) % DAY, listening)
    assert found.height_h[first] == pytest.approx(quiet.odds_h[-1])


@pytest.mark.slow
def test_alerts_are_those_above_the_threshold_of_the_sensors_that_are_left_and_never_out_of_home() -> None:
    events = made_up(30, seed=6)
    home = Home.of(sensor_out_reported(events, LIVING, 23 * DAY_S, 30 * DAY_S).events)
    rng = np.random.default_rng(5)
    number = 600
    found = Peaks(
        home=np.zeros(number, int), minute=np.sort(rng.integers(15 * DAY, 30 * DAY, number)),
        height_h=10 * (1 - rng.random(number)) ** -0.9, out=rng.random(number) < 0.2,
    )  # fmt: skip
    listening = np.ones((1, 30 * DAY), bool)
    few, many = (alerts(found, [home], listening, per_month, 20) for per_month in (0.5, 8.0))
    assert 0 < few.sum() < many.sum() < 400
    assert not (many & found.out).any()
    assert not (many & (found.minute < 20 * DAY)).any()
    assert (many | ~few).all()
    assert int(Place.OUT) == 6
    whole = alerts(found, [Home.of(events)], listening, 8.0, 20)
    early = found.minute < 23 * DAY
    assert (whole[early] == many[early]).all()
    assert (whole != many).any()


@pytest.mark.slow
def test_while_a_sensor_is_doubted_what_calls_has_gone_on_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what failed later is not known of at the time."""
    made = made_up(30, seed=6)
    late = sensor_out_reported(made, KITCHEN, 29 * DAY_S, 30 * DAY_S).events
    failed = sensor_out_reported(late, LIVING, 20 * DAY_S, 28 * DAY_S).events
    both = replace(
        failed, failed_at_s=np.append(failed.failed_at_s, late.failed_at_s),
        failed_sensor=np.append(failed.failed_sensor, late.failed_sensor), failed=np.append(failed.failed, late.failed),
    )  # fmt: skip
    home, listening = Home.of(both), np.ones((1, 30 * DAY), bool)
    asked: list[tuple[int, bool]] = []

    def spied(found: Running, threshold_h: float, _: object, *, doubted: bool, **__: object) -> None:
        asked.append((int((found.odds_h >= threshold_h).sum()), doubted))

    peaks = lived([home], listening, earlier=lived([home], listening), first_day=22)
    own = (peaks.minute >= 22 * DAY) & (peaks.minute < 27 * DAY) & ~peaks.out
    monkeypatch.setattr("analytics.activity.cohort.holds_back", spied)
    called = alerts(peaks, [home], listening, 200.0, 22) & own
    monkeypatch.undo()
    held = alerts(peaks, [home], listening, 200.0, 22) & own
    above = np.array([number for number, doubted in asked if doubted])[: called.sum()]
    assert len(above) > 3
    assert 0 < held.sum() < called.sum()
    assert held[called].tolist() == [number > DOUBTED_MIN for number in above.tolist()]


def test_what_is_missed_more_than_ever_is_asked_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the gateway asks: the others alone must be as high as while that sensor is doubted."""
    made = made_up(30, seed=6)
    silent = sensor_out(made, LIVING, 27.3 * DAY_S, 30 * DAY_S).events
    home, listening = Home.of(silent), np.ones((1, 30 * DAY), bool)
    asked: list[tuple[int, float, float]] = []

    def spied(
        _: Running, threshold_h: float, __: object, *, suspected: list[Running], doubted_h: float, **___: object
    ) -> None:
        asked.append((len(suspected), threshold_h, doubted_h))

    monkeypatch.setattr("analytics.activity.cohort.holds_back", spied)
    peaks = lived([home], listening)
    alerts(peaks, [home], listening, 200.0, 26, untold_min=[{LIVING: np.inf, KITCHEN: np.inf}])
    assert {one[0] for one in asked} == {0, 1}
    assert all(doubted_h > threshold_h for _, threshold_h, doubted_h in asked)
