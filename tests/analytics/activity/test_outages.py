"""Which sensors are out: reported, or missed more than ever while others spoke."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity import disturbed
from analytics.activity.events import DAY_S, LIFE, Events, Kind
from analytics.activity.missed import HALF_LIFE_DAYS, SLOT_S, SLOTS, missed
from analytics.activity.outages import LONGER, PROBATION_S, Why, doubted, mask, outages, silences
from analytics.datasets.made_up_home import (
    BATHROOM,
    BEDROOM,
    DOOR,
    ENTRANCE,
    FRIDGE,
    KITCHEN,
    LIVING,
    SENSORS,
    made_up,
    without,
)

HOME = made_up(30, seed=4)
OWN = np.flatnonzero(HOME.of_kinds(*LIFE))
NEVER_LOST = np.zeros((len(OWN), 30 * SLOTS), bool)


def _oracle(events: Events, lost: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The same with loops, as the words of `missed` say it."""
    spoke = np.zeros((len(OWN), events.days, SLOTS), bool)
    for at, sensor in zip(events.at_s, events.sensor, strict=True):
        spoke[OWN.tolist().index(sensor), int(at // DAY_S), int(at % DAY_S // SLOT_S)] = True
    found = np.zeros(spoke.shape)
    for one in range(len(OWN)):
        others: NDArray[np.bool_] = np.asarray(np.delete(spoke, one, axis=0).any(axis=0))
        total = 0.0
        for day in range(events.days):
            weights = 0.5 ** ((day - np.arange(day)) / HALF_LIFE_DAYS)
            for slot in range(SLOTS):
                near = [(slot - 1) % SLOTS, slot, slot, (slot + 1) % SLOTS]
                known = [others[:day, each] & ~lost[one].reshape(-1, SLOTS)[:day, each] for each in near]
                days = sum((weights * each).sum() for each in known) / 4
                came = sum(
                    (weights * (each & spoke[one, :day, at])).sum() for each, at in zip(known, near, strict=True)
                )
                comes = min((came / 4 + 0.1) / (days + 1), 0.95)
                if spoke[one, day, slot]:
                    total = 0.0
                elif others[day, slot]:
                    total -= np.log(1 - comes)
                found[one, day, slot] = total
    return found.reshape(len(OWN), -1)


def test_how_much_a_sensor_is_missed() -> None:
    home = HOME.until(9)
    lost = np.zeros((len(OWN), 9 * SLOTS), bool)
    lost[1, 100:190] = True
    np.testing.assert_allclose(missed(home, OWN, lost)[0], _oracle(home, lost), rtol=0, atol=1e-9)


def test_what_is_missed_depends_on_nothing_that_is_later() -> None:
    whole = missed(HOME, OWN, NEVER_LOST)[0]
    part = missed(HOME.until(20), OWN, NEVER_LOST[:, : 20 * SLOTS])[0]
    np.testing.assert_array_equal(part, whole[:, : 20 * SLOTS])


def test_nobody_is_missed_while_nobody_is_heard() -> None:
    silent = HOME
    for sensor in range(len(SENSORS)):
        silent = without(silent, sensor, 20 * DAY_S, 22 * DAY_S)
    path = missed(silent, OWN, NEVER_LOST)[0][:, 20 * SLOTS : 22 * SLOTS]
    np.testing.assert_array_equal(path, np.repeat(path[:, :1], 2 * SLOTS, axis=1))


@pytest.mark.parametrize(("sensor", "hours"), [(LIVING, 16), (KITCHEN, 30), (BATHROOM, 36), (BEDROOM, 48)])
def test_one_that_fails_in_the_morning_is_known(sensor: int, hours: float) -> None:
    """Sooner the more often somebody comes by."""
    home = made_up(40, seed=4)
    failed_s = 30.3 * DAY_S
    (out,) = [one for one in outages(without(home, sensor, failed_s, 40 * DAY_S)) if one.to_s == 40 * DAY_S]
    assert out.sensor == sensor
    assert failed_s < out.from_s <= failed_s + hours * 3600
    (sooner,) = [
        one for one in outages(without(home, sensor, failed_s, 40 * DAY_S), times=LONGER) if one.to_s == 40 * DAY_S
    ]
    assert failed_s < sooner.from_s <= out.from_s, "it may have failed"


def test_who_does_not_go_to_the_kitchen_opens_no_fridge_there() -> None:
    home = made_up(40, seed=4)
    kitchen = without(home, KITCHEN, 30.3 * DAY_S, 32.3 * DAY_S)
    neither = without(kitchen, FRIDGE, 30.3 * DAY_S, 31.2 * DAY_S)
    alone, both = (
        min(one.from_s for one in outages(events) if one.sensor == KITCHEN and one.to_s > 32 * DAY_S)
        for events in (kitchen, neither)
    )
    last = float(home.at_s[(home.sensor == KITCHEN) & (home.at_s < 30.3 * DAY_S)][-1])
    assert alone < both - 2 * 3600
    assert both > last + DAY_S, "after a day, whatever else is missed"
    assert not [one for one in outages(neither) if one.sensor == FRIDGE and one.from_s < one.since_s + DAY_S]


def _first(home: Events, sensor: int, after_s: float) -> float:
    return min(one.from_s for one in outages(home) if one.sensor == sensor and one.from_s > after_s)


def test_a_contact_that_is_broken_or_not_used_hides_no_motion_sensor() -> None:
    home, failed_s = made_up(60, seed=4), 50.3 * DAY_S
    dead = without(home, FRIDGE, 30 * DAY_S, 60 * DAY_S)
    used, unused = (_first(without(one, KITCHEN, failed_s, 60 * DAY_S), KITCHEN, failed_s) for one in (home, dead))
    last = float(home.at_s[(home.sensor == KITCHEN) & (home.at_s < failed_s)][-1])
    assert unused <= used < last + DAY_S, "it is not a day that tells"


def test_both_sensors_of_a_room_that_fail_at_once_are_known_after_a_day() -> None:
    home, failed_s = made_up(60, seed=4), 50.3 * DAY_S
    dead = without(without(home, FRIDGE, failed_s, 60 * DAY_S), KITCHEN, failed_s, 60 * DAY_S)
    assert failed_s + 0.5 * DAY_S < _first(dead, KITCHEN, failed_s) < failed_s + 1.5 * DAY_S
    assert _first(dead, FRIDGE, failed_s) < failed_s + 5 * DAY_S


@pytest.mark.parametrize("number", range(4))
def test_who_stays_in_one_room_has_no_broken_sensors_for_a_day(number: int) -> None:
    """Ill in bed: the bedroom goes on, all others fall silent at once."""
    ill = disturbed._home([7, number])
    for sensor in set(range(len(SENSORS))) - {BEDROOM}:
        ill = without(ill, sensor, 84.4 * DAY_S, 85.3 * DAY_S)
    moves = np.arange(84.42 * DAY_S, 84.95 * DAY_S, 1500.0)
    at = np.searchsorted(ill.at_s, moves)
    ill = replace(
        ill, at_s=np.insert(ill.at_s, at, moves), sensor=np.insert(ill.sensor, at, BEDROOM),
        on=np.insert(ill.on, at, True),
    )  # fmt: skip
    assert not [one for one in outages(ill) if 84.4 * DAY_S <= one.from_s < 85.2 * DAY_S]


def test_a_new_habit_is_no_broken_sensor_every_day() -> None:
    """A bedroom used by night and at noon, and then by night only."""
    home = made_up(60, seed=4)
    naps = np.concatenate([np.arange(day * DAY_S + 9.5 * 3600, day * DAY_S + 18 * 3600, 1200.0) for day in range(30)])
    at = np.searchsorted(home.at_s, naps)
    home = replace(
        home,
        at_s=np.insert(home.at_s, at, naps),
        sensor=np.insert(home.sensor, at, BEDROOM),
        on=np.insert(home.on, at, True),
    )
    assert 1 <= len([one for one in outages(home) if one.sensor == BEDROOM and one.from_s > 30 * DAY_S]) <= 4


def test_an_outage_of_the_first_fortnight_does_not_hide_the_next() -> None:
    home = without(made_up(40, seed=4), LIVING, 5 * DAY_S, 9 * DAY_S)
    (out,) = [one for one in outages(without(home, LIVING, 30.3 * DAY_S, 40 * DAY_S)) if one.from_s > 30 * DAY_S]
    assert out.from_s < 31.3 * DAY_S


def test_a_loss_that_is_over_does_not_hide_that_it_says_nothing_since() -> None:
    """Its radio was away for forty minutes; the sensor had failed before, and says nothing afterwards either."""
    home = without(made_up(40, seed=4), LIVING, 30.3 * DAY_S, 40 * DAY_S)
    lost = replace(
        home, failed_at_s=np.array([30.32, 30.35]) * DAY_S, failed_sensor=np.array([LIVING] * 2, np.int16),
        failed=np.array([True, False]),
    )  # fmt: skip
    first, second = (one for one in outages(lost) if one.sensor == LIVING)
    assert (first.why, first.to_s) == (Why.REPORTED, 30.35 * DAY_S)
    assert (second.why, second.since_s, second.to_s) == (Why.SILENT, 30.35 * DAY_S, 40 * DAY_S)
    assert second.from_s < 31.4 * DAY_S


def test_of_a_sensor_that_is_known_to_live_silence_is_none() -> None:
    home = without(made_up(40, seed=4), LIVING, 30.3 * DAY_S, 40 * DAY_S)
    assert not outages(home, alive=frozenset({LIVING}))


def test_records_without_sensors_days_or_in_front_of_their_end() -> None:
    empty = HOME.before(0.0)
    assert outages(empty) == outages(empty, end_s=0.0) == []
    assert silences(empty, []) == []
    meters = replace(HOME, sensors=tuple(replace(one, kind=Kind.METER) for one in HOME.sensors))
    assert outages(meters) == []
    late = replace(HOME, at_s=np.append(HOME.at_s, 30 * DAY_S), sensor=np.append(HOME.sensor, KITCHEN).astype(np.int16),
                   on=np.append(HOME.on, True))  # fmt: skip
    assert [one.sensor for one in outages(late)] == [one.sensor for one in outages(HOME)]


def test_a_room_that_is_used_no_more_is_missed_less_and_less() -> None:
    """An entrance nobody comes by any more: its sensor is out at first, and what is usual moves on."""
    home = without(made_up(200, seed=4), ENTRANCE, 30 * DAY_S, 200 * DAY_S)
    path = missed(home, np.flatnonzero(home.of_kinds(*LIFE)), np.zeros((len(OWN), 200 * SLOTS), bool))[0][ENTRANCE]
    grown = np.diff(path[30 * SLOTS :: 14 * SLOTS])
    assert grown[-1] < grown[0] / 8


def test_a_reported_sensor_is_out_until_it_speaks() -> None:
    home = made_up(10)
    at = 5 * DAY_S
    told = replace(
        home, failed_at_s=np.array([at]), failed_sensor=np.array([BEDROOM], np.int16), failed=np.array([True])
    )
    (found,) = outages(told)
    again = told.at_s[(told.sensor == BEDROOM) & (told.at_s > at)][0]
    assert (found.sensor, found.from_s, found.to_s, found.why) == (BEDROOM, at, again, Why.REPORTED)
    assert mask([found], told.days * 1440).sum() == int(again // 60) - int(at // 60) + 1
    distrust = doubted(told, [found], told.days * 1440)
    assert distrust[BEDROOM].any()
    assert not np.delete(distrust, BEDROOM, axis=0).any()
    # Back, it is on probation for as long again; one that fails again within the week, for a week.
    assert np.flatnonzero(distrust[BEDROOM])[-1] == int((again + again - at) // 60)
    twice = replace(
        told, failed_at_s=np.array([at, again + DAY_S]), failed_sensor=np.array([BEDROOM] * 2, np.int16),
        failed=np.array([True, True]),
    )  # fmt: skip
    first, second = outages(twice)
    assert (first.again, second.again) == (False, True)
    assert first.doubted_to_s == 2 * first.to_s - first.from_s
    assert second.doubted_to_s == second.to_s + PROBATION_S


def test_a_silent_sensor_is_out_while_others_move() -> None:
    home = without(made_up(30), BEDROOM, 20 * DAY_S, 24 * DAY_S)
    found = [one for one in outages(home) if one.sensor == BEDROOM]
    assert [one.why for one in found] == [Why.SILENT]
    last = home.at_s[(home.sensor == BEDROOM) & (home.at_s < 20 * DAY_S)][-1]
    assert found[0].since_s == last
    assert last + 6 * 3600 < found[0].from_s < 22 * DAY_S, "known after the night in which nobody went to bed there"
    assert found[0].to_s == home.at_s[(home.sensor == BEDROOM) & (home.at_s > 24 * DAY_S - 1)][0]
    assert found[0].doubted_to_s == found[0].to_s + (found[0].to_s - last), "as long again as it was silent"


def test_a_silent_home_is_no_outage_of_its_sensors() -> None:
    home = made_up(30)
    for sensor in range(len(SENSORS)):
        home = without(home, sensor, 20 * DAY_S, 24 * DAY_S)
    assert not [one for one in outages(home) if one.sensor != DOOR and 19 < one.from_s / DAY_S < 25]


@pytest.mark.parametrize("day", [16, 20, 22])
def test_outages_are_known_from_the_past_only(day: int) -> None:
    home = without(made_up(30), BEDROOM, 20 * DAY_S, 24 * DAY_S)
    whole = [one for one in outages(home) if one.from_s < day * DAY_S]
    part = outages(home.until(day))
    assert [(one.sensor, one.from_s, one.why) for one in part] == [(one.sensor, one.from_s, one.why) for one in whole]
