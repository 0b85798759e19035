"""Findings of change: how sure they must be, and when more."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import numpy as np
import pytest

from analytics.activity.abrupt import BATHROOM
from analytics.activity.budget import divided
from analytics.activity.noticed import Days, noticed
from analytics.datasets.made_up_home import made_up

DAY = 40


@pytest.mark.slow
def test_after_clocks_were_changed_a_finding_must_be_surer_that_day_and_the_next() -> None:
    days = Days.of([made_up(45, seed=2)])

    def raised(visits: float, changed: int | None) -> bool:
        nights, clock = days.seen.nights.copy(), days.seen.clock_h.copy()
        nights[0, DAY, BATHROOM] = visits
        if changed is not None:
            clock[0, changed] = -1.0  # which changes nothing else of the nights
        own = replace(days, seen=replace(days.seen, nights=nights, clock_h=clock))
        return bool(noticed(own, divided(1.0)).abrupt[0, DAY, BATHROOM])

    def least(changed: int | None) -> float:
        steps = np.arange(0, 30, 0.05).tolist()
        return float(steps[bisect_left(steps, True, key=lambda visits: raised(visits, changed))])

    usual = least(None)
    assert 3 < usual < 15
    assert usual + 0.2 < least(DAY) == least(DAY - 1) < usual + 3
    assert least(DAY - 2) == least(DAY + 1) == usual
