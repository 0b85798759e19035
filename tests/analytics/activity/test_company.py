"""More people than usual: a guest is noticed, one person is not two."""

from __future__ import annotations

import numpy as np

from analytics.activity.company import company, lively, shared
from analytics.activity.events import DAY_S
from analytics.activity.outages import Outage, Why, outages
from analytics.datasets.disturbances import guest, sensor_out_reported
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, ENTRANCE, KITCHEN, LIVING, made_up


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


def test_two_people_before_one_sensor_less_are_company_as_the_others_tell_it() -> None:
    home = made_up(60, seed=2)
    both = guest(home, 45.6 * DAY_S, 50.5 * DAY_S, np.random.default_rng(1)).events
    dead = sensor_out_reported(both, LIVING, 40.5 * DAY_S, 60 * DAY_S).events
    spans = outages(dead)
    (found,) = shared([dead], [spans])
    plain = company(lively(dead)[None])[0]
    assert found[46:50].sum() > plain[46:50].sum()
    assert not found[:45].any()
    np.testing.assert_array_equal(found[:40], plain[:40])
    # Many that fail now and then are left out at once, on all of their days.
    flapping = [
        Outage(sensor=one, from_s=day * DAY_S, to_s=day * DAY_S + 60, why=Why.REPORTED, since_s=day * DAY_S)
        for day in range(20, 50)
        for one in [(BEDROOM, LIVING, KITCHEN)[day % 3], (BATHROOM, ENTRANCE)[day % 2]]
    ]
    every = np.isin(np.arange(len(both.sensors)), [BEDROOM, LIVING, KITCHEN, BATHROOM, ENTRANCE])
    wanted = company(lively(both, every)[None])[0]
    np.testing.assert_array_equal(shared([both], [flapping])[0, 20:50], wanted[20:50])
