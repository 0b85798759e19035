"""More people than usual: a guest is noticed, one person is not two."""

from __future__ import annotations

import numpy as np

from analytics.activity.company import company, lively
from analytics.activity.events import DAY_S
from analytics.datasets.disturbances import guest
from analytics.datasets.made_up_home import KITCHEN, LIVING, made_up


def test_a_guest_is_noticed_and_one_person_is_not_two() -> None:
    home = made_up(40)
    with_guest = guest(home, 30.6 * DAY_S, 34.5 * DAY_S, np.random.default_rng(1)).events
    found = company(np.stack([lively(home), lively(with_guest)]))
    assert not found[0].any()
    assert found[1, 31:34].all()
    assert not found[1, :30].any()
    assert not found[1, 36:].any()


def test_lively_minutes_by_hand() -> None:
    home = made_up(2, seed=3)
    found = lively(home)
    at = (home.at_s // 60).astype(int)
    motion = home.on & (home.sensor < 5) & (at % 1440 >= 8 * 60) & (at % 1440 < 22 * 60)
    for day in (0, 1):
        own = motion & (at // 1440 == day)
        assert found[day, 0] == len(set(at[own]))
        both = set(at[own & (home.sensor == KITCHEN)]) & set(at[own & (home.sensor == LIVING)])
        assert found[day, 1] >= len(both)


def test_what_is_not_known_is_no_company() -> None:
    number = np.full((1, 20, 2), 50.0)
    number[0, 15] = np.nan
    number[0, 18] = 200
    assert np.flatnonzero(company(number)[0]).tolist() == [18]
    assert not company(number[:, :5]).any()
