"""Alerts with and without a disturbance: what is the same, what was caused, what only came later."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity import disturbed as measured
from analytics.activity.budget import INACTIVITY
from analytics.activity.cohort import Peaks
from analytics.activity.disturbed import AFTER_DAYS, DISTURBED, _compared, _Said, disturbed
from analytics.activity.events import DAY_S
from analytics.activity.habits import DAY
from analytics.datasets.disturbances import without_door

NOTHING = Peaks(home=np.zeros(0, int), minute=np.zeros(0, int), height_h=np.zeros(0), out=np.zeros(0, bool))


def _said(*alerts: tuple[int, str]) -> _Said:
    return _Said(alerts=[list(alerts)], peaks=NOTHING)


def test_what_was_caused() -> None:
    begin = DISTURBED * DAY
    until = [(DISTURBED + 2) * DAY_S]
    own = (begin + 100, INACTIVITY)
    nothing = _compared(_said(own), _said((begin + 400, INACTIVITY)), until)
    assert nothing["only_with"] == nothing["only_without"] == nothing["later_only_with"] == 0
    found = _compared(_said(own), _said((begin + 100, "rising later"), (begin - 1000, INACTIVITY)), until)
    assert found["caused"] == {"rising later": 1}
    assert found["prevented"] == {INACTIVITY: 1}
    assert (found["only_with"], found["only_without"]) == (1, 1)
    later = begin + (2 + AFTER_DAYS) * DAY + 60
    found = _compared(_said(), _said((later, INACTIVITY), (later + 20 * DAY, INACTIVITY)), until)
    assert (found["only_with"], found["later_only_with"], found["caused"]) == (0, 1, {})


@pytest.mark.slow
def test_who_has_no_contact_at_the_door_has_none_while_away_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "DAYS", 24)
    monkeypatch.setattr(measured, "DISTURBED", 12)
    homes, drawn = [measured._home([3, 0])], [np.random.default_rng(1)]
    case = measured._away(homes, drawn, measured._NO_DOOR)
    assert [one.name for one in case.lived[0].events.sensors] == [one.name for one in without_door(homes[0]).sensors]
    assert case.base == measured._NO_DOOR
    assert case.named(0)


@pytest.mark.slow
def test_each_disturbance_has_a_row_and_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measured, "DAYS", 24)
    monkeypatch.setattr(measured, "DISTURBED", 20)
    homes = [measured._home([3, number]) for number in range(2)]
    cases = measured._cases(homes, 3)
    assert len(cases) == 12
    share = {name: measured._share(case, case.named) for name, case in cases}
    for name in ("gateway off for two days", "away for a week", "summer time begins", "summer time ends"):
        assert share[name] == 1.0
    for how in ("reported within the hour", "which checks in every 55 min"):
        assert share[f"a sensor out for 6 h to 5 days, {how}"] == share[f"a sensor's battery dead, {how}"] == 1.0
    monkeypatch.setattr(measured, "_cases", lambda *_: [cases[6]])
    lines: list[str] = []
    report = disturbed(residents=2, seed=3, say=lines.append)
    (row,) = report["disturbances"]
    assert row["disturbance"] == lines[1] == "gateway off for two days"
    assert row["only_with"] == sum(row["caused"].values())
