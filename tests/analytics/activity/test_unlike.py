"""Weeks that were not like the others."""

from __future__ import annotations

import numpy as np

from analytics.activity.events import Place
from analytics.activity.habits import DAY
from analytics.activity.unlike import DEAF_MIN, unlike, within_a_week

_DAYS = 20


def test_a_week_is_the_seven_days_before() -> None:
    days = np.zeros((2, 12), bool)
    days[0, [2, 3]] = True
    found = within_a_week(days)
    assert found.shape == (2, 13)
    assert np.flatnonzero(found[0]).tolist() == list(range(3, 11))
    assert np.flatnonzero(within_a_week(days, 2)[0]).tolist() == list(range(4, 10))
    assert not found[1].any()
    for short in (1, 3, 7):
        slow = [bool(days[0, max(0, day - 7) : day].any()) for day in range(short + 1)]
        assert within_a_week(days[0, :short]).tolist() == slow


def _of(*, deaf_min: int = 0, away_days: float = 0.0, guest_days: int = 0, late_days: int = 0) -> list[int]:
    place = np.full(_DAYS * DAY, Place.KITCHEN, np.int8)
    place[5 * DAY : 5 * DAY + round(away_days * DAY)] = Place.OUT
    listening = np.ones(_DAYS * DAY, bool)
    listening[5 * DAY + 60 : 5 * DAY + 60 + deaf_min] = False
    company = np.zeros(_DAYS, bool)
    company[5 : 5 + 2 * guest_days : 2] = True
    late = np.zeros(_DAYS, bool)
    late[5 : 5 + late_days] = True
    return np.flatnonzero(unlike(place, listening, company, late)).tolist()


def test_days_after_which_less_is_promised() -> None:
    assert _of() == []
    assert _of(deaf_min=DEAF_MIN) == list(range(6, 13))
    assert _of(deaf_min=DEAF_MIN - 1) == []
    assert _of(away_days=1.5) == list(range(6, 14))
    assert _of(away_days=0.2) == [], "an outing"
    assert _of(guest_days=1) == [], "often chance"
    assert _of(guest_days=2) == list(range(8, 13))
    assert _of(late_days=7) == list(range(5, 19)), "known beforehand: from its first day on"
