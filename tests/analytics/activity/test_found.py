"""Signs of a day, and the measurement of how soon a change is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity import found as measured
from analytics.activity.budget import GENERAL, INACTIVITY
from analytics.activity.features import daily, hourly
from analytics.activity.found import PROMISED, SUDDEN, WITHIN, found, found_in
from analytics.activity.noticed import KNOWN_DAYS
from analytics.activity.signs import SIGNS, signs
from analytics.datasets.made_up_home import Habit, made_up


def _signs(habit: Habit) -> np.typing.NDArray[np.float32]:
    home = made_up(14, seed=4, habit=habit)
    return signs(hourly(home), daily(home))


@pytest.mark.slow
def test_signs_follow_the_habit() -> None:
    usual, other = _signs(Habit()), _signs(Habit(rises=9.0, wanders=3.0, bathroom_by_night=4.0, kitchen=0.1))
    assert usual.shape == (14, len(SIGNS))
    change = np.nanmean(other, axis=0) - np.nanmean(usual, axis=0)
    assert change[SIGNS.index("walking about by night")] > 5
    assert change[SIGNS.index("bathroom by night")] > 1
    assert change[SIGNS.index("kitchen by day")] < -2
    assert abs(change[SIGNS.index("out of home")]) < 6


def test_the_promise_is_that_of_changes_alone() -> None:
    assert sum(PROMISED.values()) == pytest.approx(measured.PER_MONTH)
    assert INACTIVITY not in PROMISED
    assert set(PROMISED) == set(GENERAL)


def _only(monkeypatch: pytest.MonkeyPatch, *kept: str) -> None:
    monkeypatch.setattr(measured, "SUDDEN", {name: SUDDEN[name] for name in kept})


@pytest.mark.slow
def test_how_soon_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, "wandering twice a night")
    monkeypatch.setattr(measured, "DECLINES", (10,))
    average = "on average rising two hours later"
    monkeypatch.setattr(measured, "ON_AVERAGE", {average: measured.ON_AVERAGE[average]})
    report = found(residents=2, seed=1, say=lambda _: None)
    sudden, on_average, slow = report["changes"]
    assert len(sudden["found"]) == len(sudden["unchanged"]) == len(WITHIN)
    assert sudden["found"] == sorted(sudden["found"])
    assert sudden["found"][WITHIN.index(7)] == 1.0
    assert slow["found"][-1] == 1.0
    assert report["abrupt_within_48_h"] == sudden["found"][WITHIN.index(2)]
    assert report["on_average_within_48_h"] == on_average["found"][WITHIN.index(2)]
    each = report["false_findings_of_each"]
    assert report["false_findings_per_resident_month"] == pytest.approx(sum(one["were"] for one in each.values()))


@pytest.mark.slow
def test_the_same_in_one_recorded_home(monkeypatch: pytest.MonkeyPatch) -> None:
    _only(monkeypatch, "wandering twice a night", "rising three hours later")
    report = found_in(made_up(34, seed=3), say=lambda _: None)
    assert report["days"] == 34 - KNOWN_DAYS - 1
    assert [row["found_in_2_days"] > 0.7 for row in report["changes"]] == [True, True]


@pytest.mark.slow
def test_residents_are_the_same_each_time() -> None:
    first, second, other = (measured._home([7, 2, number]) for number in (1, 1, 2))
    assert (first.at_s == second.at_s).all()
    assert len(first.at_s) != len(other.at_s)
    declined = measured._home([7, 2, 1], measured._decline(0.1))
    begun, same = (one.at_s[one.on & (one.at_s < measured.CHANGED * 86_400)] for one in (first, declined))
    assert begun.tolist() == same.tolist()
    assert len(declined.at_s) < 0.95 * len(first.at_s)
