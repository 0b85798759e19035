"""Hours and days of a home: what is not known is NaN, never stillness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity import disturbed
from analytics.activity.events import DAY_S, Place
from analytics.activity.features import FEATURES, _asleep, daily, hourly
from analytics.activity.habits import DAY
from analytics.datasets.disturbances import sensor_out, sensor_out_reported
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, FRIDGE, KITCHEN, LIVING, Habit, made_up, without

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
    home = without(made_up(30), BEDROOM, 20 * DAY_S, 24 * DAY_S)
    found = hourly(home)
    out = np.isnan(found[:, :, FEATURES.index("bedroom")])
    assert out[22].all()
    assert not out[:20].any()
    assert np.isnan(found[22, :, ANY]).all()
    assert not np.isnan(found[22, :, KITCH]).any()
    days = daily(home)
    assert not np.isnan(days.rise_h[22])  # the other rooms tell of it
    assert not np.isnan(days.bathroom_by_night[22])
    assert np.isnan(days.longest_quiet_h[22])
    kitchen = daily(without(made_up(30), KITCHEN, 20 * DAY_S, 24 * DAY_S))
    assert np.isnan(kitchen.rise_h[23])
    assert np.isnan(kitchen.kitchen_visits[23]).all()
    assert np.isnan(kitchen.rooms_asleep[23])


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


def test_a_silent_day_of_the_kitchen_needs_a_witness() -> None:
    home = made_up(12)
    day = slice(8 * DAY_S, 9 * DAY_S)
    silent = without(home, KITCHEN, day.start, day.stop)
    assert np.isnan(daily(silent).kitchen_visits[8]).all()  # the fridge was opened: its motion sensor is out
    both = daily(without(silent, FRIDGE, day.start, day.stop)).kitchen_visits
    assert both[8, :21].sum() == 0  # nobody was there, until the outage rule says that the sensor is out
    none = without(silent, FRIDGE, 0, 12 * DAY_S)
    assert np.isnan(daily(none).kitchen_visits[8]).all()  # nothing bears witness
    part = without(home, KITCHEN, 8.4 * DAY_S, 8.9 * DAY_S)
    assert np.isnan(daily(part).kitchen_visits[8]).all()
    assert not np.isnan(daily(home).kitchen_visits).any()


def test_a_silent_day_waits_where_the_witness_may_keep_silent_by_chance() -> None:
    home = made_up(60)
    day = slice(50 * DAY_S, 51 * DAY_S)
    silent = without(without(home, KITCHEN, day.start, day.stop), FRIDGE, day.start, day.stop)
    assert np.flatnonzero(daily(silent).kitchen_waits).tolist() == [50]
    assert (daily(silent).kitchen_visits[50, :21] == 0).all()
    # One that moves twice as often cannot be silent by chance.
    fridge = np.flatnonzero(silent.sensor == FRIDGE)
    order = np.argsort(np.append(silent.at_s, silent.at_s[fridge] + 90), kind="stable")
    often = replace(
        silent, at_s=np.append(silent.at_s, silent.at_s[fridge] + 90)[order],
        sensor=np.append(silent.sensor, silent.sensor[fridge])[order],
        on=np.append(silent.on, silent.on[fridge])[order],
    )  # fmt: skip
    assert not daily(often).kitchen_waits.any()
    assert (daily(often).kitchen_visits[50, :21] == 0).all()


def test_who_was_in_the_kitchen_by_night_is_no_word_of_the_day() -> None:
    home = without(made_up(12), KITCHEN, 8.25 * DAY_S, 9 * DAY_S)
    night = np.searchsorted(home.at_s, 8.1 * DAY_S)
    home = replace(
        home, at_s=np.insert(home.at_s, night, 8.1 * DAY_S), sensor=np.insert(home.sensor, night, KITCHEN),
        on=np.insert(home.on, night, True),
    )  # fmt: skip
    few = home.at_s[(home.sensor == FRIDGE) & (home.at_s >= 8 * DAY_S)][2]
    once = without(home, FRIDGE, few - 1, 9 * DAY_S)
    assert (once.at_s[once.sensor == FRIDGE] // DAY_S == 8).sum() == 2, "one opening: not enough to gainsay motion"
    assert np.isnan(daily(once).kitchen_visits[8]).all()


def test_the_hours_asleep_are_those_of_the_nights_before_that_were_wholly_heard() -> None:
    bed, rise = np.full(70, 25.5), np.full(70, 5.5)
    bed[42:], rise[42:] = 23.0, 4.0
    heard = np.ones(70, bool)
    found = _asleep(bed, rise, heard)
    assert (found[:49] == (90, 330)).all(), "what came later is not known"
    assert found[-1].tolist() == [90, 270], "on most nights, and three hours at least"
    heard[42:] = False
    assert (_asleep(bed, rise, heard) == (90, 330)).all()
    assert _asleep(bed, rise, heard & False)[-1].tolist() == [90, 270], "where none was, all nights count"
    assert (_asleep(bed + np.nan, rise, heard) == (0, 360)).all()
    assert (_asleep(bed[:5], rise[:5], heard[:5]) == (90, 330)).all(), "of a new home its first nights"


def test_visits_are_counted_where_they_begin() -> None:
    home = made_up(3, seed=2)
    at = np.unique(home.at_s[home.sensor == KITCHEN] // 60)
    begun = at[np.concatenate([[True], np.diff(at) > 10])]
    found = daily(home).kitchen_visits
    assert found.sum() == len(begun)
    assert found[1, 12] == ((begun // 60) == 36).sum()


def test_a_day_away_says_nothing() -> None:
    home = made_up(12, habit=Habit(outings=0.0))
    gone = home
    for sensor in range(len(home.sensors)):
        gone = without(gone, sensor, 8.4 * DAY_S, 9.9 * DAY_S)
    days = daily(gone)
    assert not days.away.any()  # stillness at home is not being away
    gone = replace(
        gone, at_s=np.insert(gone.at_s, np.searchsorted(gone.at_s, 8.4 * DAY_S), 8.4 * DAY_S),
        sensor=np.insert(gone.sensor, np.searchsorted(gone.at_s, 8.4 * DAY_S), DOOR),
        on=np.insert(gone.on, np.searchsorted(gone.at_s, 8.4 * DAY_S), True),
    )  # fmt: skip
    days = daily(gone)
    assert np.flatnonzero(days.away).tolist() == [8, 9]
    assert np.flatnonzero(days.slept_out).tolist() == [9]
    assert np.isnan(days.out_h[9])
    assert np.isnan([days.rise_h[9], days.rooms_asleep[9], days.bathroom_asleep[9]]).all()


def test_the_silence_of_one_room_is_not_a_late_morning() -> None:
    home = made_up(20, seed=6)
    usual = daily(home).rise_h
    found = daily(without(home, LIVING, 15.1 * DAY_S, 16.0 * DAY_S)).rise_h
    assert np.isnan(found[15]) or found[15] - usual[15] < 1.5
    assert np.isnan(usual[1:]).mean() < 0.2


@pytest.mark.slow
def test_nor_is_that_of_the_only_room_that_tells_day_from_night() -> None:
    """Who walks through kitchen and hall at night, and by day sits in the living room."""
    home = disturbed._home([81, 19])
    day = 85
    assert daily(home).rise_h[day] == pytest.approx(7.2, abs=0.1)
    failed = sensor_out(home, LIVING, (day - 0.1) * DAY_S, (day + 1) * DAY_S).events
    assert np.isnan(daily(failed).rise_h[day])


def test_in_the_week_after_a_changed_clock_fewer_hours_are_asleep() -> None:
    home = made_up(20, habit=Habit(bathroom_by_night=4.0))
    late = daily(home, clock_h=np.full(20, -3.0)).bathroom_asleep
    assert late.sum() < daily(home).bathroom_asleep.sum()


def test_nights_of_which_the_bedroom_told_nothing() -> None:
    made = made_up(12, seed=2)
    assert not daily(made).no_bedroom.any()
    out = daily(sensor_out_reported(made, BEDROOM, 5.7 * DAY_S, 8.6 * DAY_S).events)
    assert np.flatnonzero(out.no_bedroom).tolist() == [6, 7, 8]
    assert not np.isnan(out.rise_h[6:9]).any(), "the other rooms tell"
    late = daily(sensor_out_reported(made, BEDROOM, 5.8 * DAY_S, 8.4 * DAY_S).events)
    assert np.flatnonzero(late.no_bedroom).tolist() == [7], "neither evening nor morning is missing from the others"
    assert not daily(sensor_out_reported(made, LIVING, 5.7 * DAY_S, 8.6 * DAY_S).events).no_bedroom.any()
    assert not daily(replace(made, sensors=tuple(
        replace(one, place=Place.OTHER) if number == BEDROOM else one for number, one in enumerate(made.sensors)
    ))).no_bedroom.any()  # fmt: skip
