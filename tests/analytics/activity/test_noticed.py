"""Findings of change: how sure they must be, and when more."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.abrupt import BATHROOM
from analytics.activity.budget import divided
from analytics.activity.events import DAY_S
from analytics.activity.noticed import Days, noticed
from analytics.datasets.disturbances import Lived, gateway_off, holiday, sensor_out_reported, undisturbed
from analytics.datasets.made_up_home import LIVING, made_up

DAY = 40


@pytest.mark.slow
def test_on_careful_days_a_finding_must_be_surer() -> None:
    days = Days.of([made_up(45, seed=2)])
    assert not days.careful.any()

    def raised(visits: float, careful: int | None) -> bool:
        nights, less = days.seen.nights.copy(), days.careful.copy()
        nights[0, DAY, BATHROOM] = visits
        less[0, [] if careful is None else careful] = True
        own = replace(days, seen=replace(days.seen, nights=nights), careful=less)
        return bool(noticed(own, divided(1.0)).abrupt[0, DAY, BATHROOM])

    def least(careful: int | None) -> float:
        steps = np.arange(0, 30, 0.05).tolist()
        return float(steps[bisect_left(steps, True, key=lambda visits: raised(visits, careful))])

    usual = least(None)
    assert 3 < usual < 15
    assert usual + 0.2 < least(DAY) < usual + 3
    assert least(DAY - 1) == least(DAY + 1) == usual


def _careful(lived: Lived, clock_h: float = 0.0) -> list[int]:
    clock = np.zeros((1, lived.events.days))
    clock[0, 8:10] = clock_h
    return np.flatnonzero(Days.of([lived.events], [lived.listening], clock).careful[0]).tolist()


def test_days_are_careful_for_a_week_after_something_that_was_not_as_ever() -> None:
    home = made_up(20, seed=2)
    assert _careful(undisturbed(home)) == []
    assert _careful(sensor_out_reported(home, LIVING, 8.1 * DAY_S, 8.3 * DAY_S)) == list(range(8, 16))
    assert _careful(gateway_off(home, 8.1 * DAY_S, 8.3 * DAY_S)) == list(range(8, 16))
    gone = holiday(home, 8.6 * DAY_S, 10.9 * DAY_S)
    assert _careful(gone) == list(range(8, 19)), "days away, those before and after, and a week"
    assert _careful(undisturbed(home), 1.0) == list(range(8, 17))
    assert np.isnan(Days.of([gone.events]).seen.nights[0, 8:12]).all(), "the first night at home is not like others"
    assert not np.isnan(Days.of([gone.events]).seen.nights[0, 12:]).all(axis=1).any()
