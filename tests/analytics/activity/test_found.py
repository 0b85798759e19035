"""Signs of a day, and the measurement of how soon a change is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity import found as measured
from analytics.activity.features import daily, hourly
from analytics.activity.found import WITHIN, found
from analytics.activity.signs import SIGNS, signs
from analytics.datasets.made_up_home import Habit, made_up


def _signs(habit: Habit) -> np.typing.NDArray[np.float32]:
    home = made_up(14, seed=4, habit=habit)
    return signs(hourly(home), daily(home))


def test_signs_follow_the_habit() -> None:
    usual, other = _signs(Habit()), _signs(Habit(rises=9.0, wanders=3.0, bathroom_by_night=4.0, kitchen=0.1))
    assert usual.shape == (14, len(SIGNS))
    change = np.nanmean(other, axis=0) - np.nanmean(usual, axis=0)
    assert change[SIGNS.index("stirring by night")] > 3
    assert change[SIGNS.index("bathroom by night")] > 1
    assert change[SIGNS.index("kitchen by day")] < -3
    assert abs(change[SIGNS.index("out of home")]) < 6


@pytest.mark.slow
def test_how_soon_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ("wandering twice a night",)
    monkeypatch.setattr(measured, "CHANGES", {name: measured.CHANGES[name] for name in kept})
    report = found(residents=2, seed=1, say=lambda _: None)
    (row,) = report["changes"]
    assert len(row["found"]) == len(row["unchanged"]) == len(WITHIN)
    assert row["found"] == sorted(row["found"])
    assert row["found"][3] == 1.0
