"""Findings of change: how sure they must be, and when more."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.abrupt import BATHROOM
from analytics.activity.budget import divided
from analytics.activity.events import DAY_S
from analytics.activity.noticed import Days, noticed, slow
from analytics.activity.signs import SIGNS
from analytics.datasets.disturbances import Lived, gateway_off, holiday, sensor_out_reported, undisturbed
from analytics.datasets.made_up_home import LIVING, made_up

DAY = 40


@pytest.mark.slow
def test_on_careful_days_a_finding_must_be_surer() -> None:
    days = Days.of([made_up(45, seed=3)])
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


def test_so_must_a_slow_one() -> None:
    rising = np.zeros((1, 110, 8), np.float32)
    rising[0] = np.random.default_rng(0).normal(size=(110, 8))
    rising[0, 70:, 2] += 1.5
    never, always = (np.full((1, 110), one) for one in (False, True))
    (usual, heights), (careful, same) = (slow(rising, 0.05, one) for one in (never, always))
    first, later = (int(np.flatnonzero(one[0] >= 0)[0]) for one in (usual, careful))
    assert 70 < first < later, "it takes longer"
    np.testing.assert_array_equal(heights[:, : first + 1], same[:, : first + 1])
    part = never.copy()
    part[0, first - 3 : first] = True
    assert int(np.flatnonzero(slow(rising, 0.05, part)[0][0] >= 0)[0]) == first, "only the careful days count"


def test_who_may_be_somewhere_else_than_the_sensors_tell_is_not_out_more() -> None:
    home = made_up(20, seed=2)
    out = sensor_out_reported(home, LIVING, 8.1 * DAY_S, 10.3 * DAY_S).events
    own = SIGNS.index("out of home")
    known = [np.isnan(Days.of([one]).signs[0][:, own]) for one in (home, out)]
    assert np.flatnonzero(known[1] & ~known[0]).tolist() == [8, 9, 10]


def test_by_another_clock_nothing_of_the_hours_of_the_day_is_summed() -> None:
    clock = np.zeros((1, 20))
    clock[0, 8:10] = -1.0
    changed, usual = (Days.of([made_up(20, seed=2)], None, one).signs[0] for one in (clock, 0 * clock))
    unknown = np.isnan(changed) & ~np.isnan(usual)
    assert np.flatnonzero(unknown.any(axis=1)).tolist() == [8, 9]
    told = {SIGNS[one] for one in np.flatnonzero(unknown.any(axis=0))}
    assert told == {"rising", "going to bed", "kitchen by day", "activity by day", "longest quiet by day"}


def test_who_may_have_come_while_nobody_listened_may_still_be_there() -> None:
    home = made_up(20, seed=2)
    off = gateway_off(home, 8.3 * DAY_S, 9.7 * DAY_S)
    short = gateway_off(home, 8.3 * DAY_S, 8.4 * DAY_S)
    nights = [Days.of([one.events], [one.listening]).seen.nights[0, :, BATHROOM] for one in (off, short)]
    assert np.isnan(nights[0][10:13]).all()
    assert not np.isnan(nights[0][13:]).any()
    assert not np.isnan(nights[1][9:]).any()
    # Today is not over: that nobody has heard its evening yet says nothing of its night.
    today = np.ones(20 * 1440, bool)
    today[19 * 1440 + 7 * 60 :] = False
    assert not np.isnan(Days.of([home], [today]).seen.nights[0, 19, BATHROOM])


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
    # Who comes back in the afternoon has not eaten in that kitchen.
    back = Days.of([holiday(home, 8.4 * DAY_S, 10.6 * DAY_S).events]).seen
    assert np.flatnonzero(np.isnan(back.kitchen[0, 6:13]).all(axis=1)).tolist() == [2, 3, 4]
    assert back.at_home[0, 10].sum() > 6, "a day at home, else"
    assert np.isnan(Days.of([gone.events]).seen.nights[0, 8:12]).all(), "the first night at home is not like others"
    assert not np.isnan(Days.of([gone.events]).seen.nights[0, 12:]).all(axis=1).any()


def test_what_may_have_failed_makes_slow_changes_surer(monkeypatch: pytest.MonkeyPatch) -> None:
    days = Days.of([made_up(45, seed=2)])
    assert days.suspected.any()
    assert not days.careful[days.suspected].all(), "sudden ones not"
    asked: list[NDArray[np.bool_]] = []

    def spied(
        signs: NDArray[np.float32], per_month: float, careful: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        asked.append(careful)
        return slow(signs, per_month, careful)

    monkeypatch.setattr("analytics.activity.noticed.slow", spied)
    noticed(days, divided(1.0))
    np.testing.assert_array_equal(asked[0], days.careful | days.suspected)
