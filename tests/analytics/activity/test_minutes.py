"""Minutes and the door rule."""

from __future__ import annotations

import numpy as np

from analytics.activity.events import Events, Place
from analytics.activity.minutes import NOWHERE, minutes, since, where
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, KITCHEN, SENSORS


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
