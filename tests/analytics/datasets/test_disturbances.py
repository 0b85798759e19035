"""What happens in homes: each as it says, and nothing else of the record touched."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.course import Home
from analytics.activity.events import DAY_S, Kind
from analytics.activity.outages import Why, outages
from analytics.datasets import disturbances as put
from analytics.datasets.made_up_home import DOOR, KITCHEN, made_up

HOME = made_up(12, seed=5)


def test_a_sensor_out_is_reported_within_the_hour_or_not_at_all() -> None:
    said = put.sensor_out_reported(HOME, KITCHEN, 6 * DAY_S, 8 * DAY_S).events
    (out,) = outages(said)
    assert (out.sensor, out.why, out.from_s) == (KITCHEN, Why.REPORTED, 6 * DAY_S + 3600)
    silent = put.sensor_out(HOME, KITCHEN, 6 * DAY_S, 8 * DAY_S)
    assert not len(silent.events.failed)
    assert silent.listening.all()
    gone = (HOME.sensor == KITCHEN) & (HOME.at_s >= 6 * DAY_S) & (HOME.at_s < 8 * DAY_S)
    assert len(silent.events.at_s) == len(HOME.at_s) - gone.sum()


def test_a_sensor_that_checks_in_each_hour_is_missed_before_three_hours_are_over() -> None:
    for seed in range(10):
        lived = put.sensor_out_checked(HOME, KITCHEN, 6 * DAY_S, 8 * DAY_S, np.random.default_rng(seed))
        (out,) = outages(lived.events)
        assert (out.sensor, out.why) == (KITCHEN, Why.REPORTED)
        assert 1.3 * 3600 <= out.from_s - 6 * DAY_S <= 4.6 * 3600  # one word lost before, or two
        assert 0 <= out.to_s - 8 * DAY_S <= 3600
    short = put.sensor_out_checked(HOME, KITCHEN, 6 * DAY_S, 6 * DAY_S + 3000, np.random.default_rng(1))
    assert outages(short.events) == []


def test_a_gateway_that_is_off_hears_nothing_and_says_so() -> None:
    lived = put.gateway_off(HOME, 6.5 * DAY_S, 8.5 * DAY_S)
    assert not ((lived.events.at_s >= 6.5 * DAY_S) & (lived.events.at_s < 8.5 * DAY_S)).any()
    assert (~lived.listening).sum() == 2 * 1440 + 1
    assert lived.listening[(lived.events.at_s // 60).astype(int)].mean() > 0.999


def test_away_by_the_door() -> None:
    lived = put.holiday(HOME, 5.5 * DAY_S, 9.5 * DAY_S)
    out = Home.of(lived.events).out
    assert out[int(5.6 * 1440) : int(9.4 * 1440)].all()
    assert not out[int(9.9 * 1440)]
    assert (np.diff(lived.events.at_s) >= 0).all()


def test_a_home_without_a_contact_at_the_door() -> None:
    bare = put.without_door(HOME)
    assert not bare.of_kinds(Kind.DOOR).any()
    assert len(bare.at_s) == (HOME.sensor != DOOR).sum()
    names = [HOME.sensors[index].name for index in HOME.sensor[HOME.sensor != DOOR]]
    assert [bare.sensors[index].name for index in bare.sensor] == names


def test_a_guest_makes_twice_the_events() -> None:
    lived = put.guest(HOME, 5 * DAY_S, 9 * DAY_S, np.random.default_rng(1))
    own, both = ((one.at_s >= 5 * DAY_S) & (one.at_s < 9 * DAY_S) for one in (HOME, lived.events))
    assert both.sum() > 1.5 * own.sum()
    assert len(lived.events.at_s) - both.sum() == len(HOME.at_s) - own.sum() + 2  # and leaves by the door


@pytest.mark.parametrize(("change", "hours"), [(put.SPRING, 1.0), (put.AUTUMN, -1.0)])
def test_clocks_changed_end_to_end(change: np.datetime64, hours: float) -> None:
    old = made_up(12, seed=5, first_day=put.first_day_for(change, 6))
    lived = put.clocks_changed(old, 6, hours).events
    assert lived.first_day + np.timedelta64(6, "D") == change
    assert len(lived.at_s) >= len(old.at_s) - 20  # what is past the last midnight by the new clock is not in it
    assert (np.diff(lived.at_s) >= 0).all()
    before = lived.at_s < 6 * DAY_S + 2 * 3600
    assert lived.at_s[before] == pytest.approx(old.at_s[old.at_s < 6 * DAY_S + 2 * 3600])
    for day, late in ((6, hours), (7, 0.75 * hours), (9, 0.25 * hours), (10, 0.0)):
        noon, own = ((one.at_s >= (day + at / 24) * DAY_S) for one, at in ((old, 12), (lived, 12 + late)))
        assert lived.at_s[own][0] - old.at_s[noon][0] == pytest.approx(3600 * late, abs=1e-3)
