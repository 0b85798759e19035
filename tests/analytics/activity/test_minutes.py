"""Minutes, the door rule, and outages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.events import DAY_S, Events, Place
from analytics.activity.minutes import NOWHERE, minutes, since, where
from analytics.activity.outages import PROBATION_S, Why, doubted, mask, outages
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, KITCHEN, SENSORS, made_up, without


def _events(*rows: tuple[float, int, bool]) -> Events:
    """Of (seconds, sensor, on)."""
    return Events(
        first_day=np.datetime64("2025-01-06"), days=1, sensors=SENSORS,
        at_s=np.array([at for at, _, _ in rows], float), sensor=np.array([one for _, one, _ in rows], np.int16),
        on=np.array([on for _, _, on in rows], bool),
        failed_at_s=np.zeros(0), failed_sensor=np.zeros(0, np.int16), failed=np.zeros(0, bool),
    )  # fmt: skip


def _last_place(*rows: tuple[float, int, bool], doubted: frozenset[int] = frozenset()) -> int:
    return int(where(minutes(_events(*rows), 60, doubted).place)[-1])


def test_out_is_a_door_and_nothing_after() -> None:
    leaving = [(600.0, KITCHEN, True), (620.0, ENTRANCE, True), (630.0, DOOR, True), (640.0, DOOR, False)]
    assert _last_place(*leaving) == Place.OUT
    assert _last_place(*leaving, (650.0, ENTRANCE, True), (690.0, ENTRANCE, False)) == Place.OUT
    assert _last_place(*leaving, (670.0, KITCHEN, False)) == Place.OUT  # it falls still behind the one who left
    assert _last_place(*leaving, (720.0, ENTRANCE, True)) == Place.ENTRANCE  # still there a minute later
    assert _last_place(*leaving, (3000.0, KITCHEN, True)) == Place.KITCHEN  # any motion ends it


def test_without_a_door_the_entrance_stands_for_it() -> None:
    seen = [(600.0, KITCHEN, True), (620.0, ENTRANCE, True)]
    assert _last_place(*seen) == Place.ENTRANCE
    assert _last_place(*seen, doubted=frozenset({DOOR})) == Place.OUT
    assert _last_place(*seen, (900.0, BATHROOM, True), doubted=frozenset({DOOR})) == Place.BATHROOM


def test_a_doubted_sensor_is_life_and_no_expectation() -> None:
    found = minutes(_events((130.0, BEDROOM, True), (400.0, KITCHEN, True)), 10, frozenset({BEDROOM}))
    assert np.flatnonzero(found.life).tolist() == [2, 6]
    assert np.flatnonzero(found.expected).tolist() == [6]
    assert found.place.tolist() == [NOWHERE] * 6 + [Place.KITCHEN] + [NOWHERE] * 3
    assert since(found.expected).tolist() == [1, 2, 3, 4, 5, 6, 0, 1, 2, 3]


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
    home = without(made_up(20), BEDROOM, 10 * DAY_S, 14 * DAY_S)
    found = [one for one in outages(home) if one.sensor == BEDROOM]
    assert [one.why for one in found] == [Why.SILENT]
    # Known only after a day of silence, never before.
    last = home.at_s[(home.sensor == BEDROOM) & (home.at_s < 10 * DAY_S)][-1]
    assert found[0].from_s >= last + DAY_S
    assert found[0].to_s == home.at_s[(home.sensor == BEDROOM) & (home.at_s > 14 * DAY_S - 1)][0]


def test_a_silent_home_is_no_outage_of_its_sensors() -> None:
    home = made_up(20)
    for sensor in range(len(SENSORS)):
        home = without(home, sensor, 10 * DAY_S, 14 * DAY_S)
    assert not [one for one in outages(home) if one.sensor != DOOR and 9 < one.from_s / DAY_S < 15]


@pytest.mark.parametrize("day", [6, 9, 12])
def test_outages_are_known_from_the_past_only(day: int) -> None:
    home = without(made_up(20), BEDROOM, 10 * DAY_S, 14 * DAY_S)
    whole = [one for one in outages(home) if one.from_s < day * DAY_S]
    part = outages(home.until(day))
    assert [(one.sensor, one.from_s, one.why) for one in part] == [(one.sensor, one.from_s, one.why) for one in whole]
