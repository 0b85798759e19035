"""Changes put into a record: only from their day on, and what they say."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.activity.events import DAY_S, Events, Place
from analytics.datasets import injected
from analytics.datasets.made_up_home import BATHROOM, FRIDGE, KITCHEN, Habit, made_up

HOME = made_up(6, seed=1)
FROM = 3


def _changed(kind: str, home: Events = HOME) -> Events:
    rng = np.random.default_rng(2)
    return {
        "later": lambda: injected.later(home, FROM, 2.0),
        "fewer": lambda: injected.fewer(home, FROM, Place.KITCHEN, 0.6, rng),
        "visits": lambda: injected.visits(home, FROM, 3, rng),
        "wandering": lambda: injected.wandering(home, FROM, 2, rng),
    }[kind]()


@pytest.mark.parametrize("kind", ["later", "fewer", "visits", "wandering"])
def test_before_its_day_nothing_is_different(kind: str) -> None:
    changed = _changed(kind)
    before, same = HOME.at_s < FROM * DAY_S, changed.at_s < FROM * DAY_S
    assert (changed.at_s[same] == HOME.at_s[before]).all()
    assert (changed.sensor[same] == HOME.sensor[before]).all()
    assert (changed.on[same] == HOME.on[before]).all()
    assert len(changed.at_s) != len(HOME.at_s)
    assert (np.diff(changed.at_s) >= 0).all()
    assert changed.at_s.max() < HOME.days * DAY_S
    assert len(changed.at_s) == len(changed.sensor) == len(changed.on)


def test_mornings_begin_later() -> None:
    home = made_up(6, seed=1, habit=Habit(bathroom_by_night=0.0, rises=7.0, rises_spread=0.1))
    changed = _changed("later", home)
    for day in range(FROM, 6):
        first, before = (one.at_s[one.at_s > (day + 4 / 24) * DAY_S][0] for one in (changed, home))
        assert first - before == pytest.approx(7200)
    noon = (changed.at_s % DAY_S) >= 12 * 3600
    assert noon.sum() == ((home.at_s % DAY_S) >= 12 * 3600).sum()


def test_whole_stays_are_left_out() -> None:
    changed = _changed("fewer")
    here, there = (np.isin(one.sensor, (KITCHEN, FRIDGE)) & (one.at_s >= FROM * DAY_S) for one in (changed, HOME))
    assert 0.2 < here.sum() / there.sum() < 0.6
    assert len(HOME.at_s) - len(changed.at_s) == there.sum() - here.sum()
    assert not set(changed.at_s[here]) - set(HOME.at_s[there])
    assert injected.fewer(HOME, FROM, Place.OTHER, 1.0, np.random.default_rng(0)).at_s.tolist() == HOME.at_s.tolist()


def test_visits_are_apart() -> None:
    changed = _changed("visits")
    for day in range(FROM, 6):
        night = (changed.at_s >= day * DAY_S) & (changed.at_s < (day + 0.25) * DAY_S)
        visits = changed.at_s[night & (changed.sensor == BATHROOM) & changed.on]
        old = HOME.at_s[(HOME.at_s >= day * DAY_S) & (HOME.at_s < (day + 0.25) * DAY_S) & HOME.on]
        added = sorted(set(visits) - set(old))
        assert len(added) == 3
        assert np.diff(added).min() > 29 * 60


def test_wandering_is_a_quarter_of_an_hour_elsewhere() -> None:
    changed = _changed("wandering")
    assert len(changed.at_s) - len(HOME.at_s) == (6 - FROM) * 2 * 12 * 2
    night = (changed.at_s % DAY_S < 5.5 * 3600) & (changed.at_s >= FROM * DAY_S)
    assert night.sum() > 6 * 24


def test_two_can_live_in_one_home() -> None:
    other = made_up(6, seed=9)
    both = injected.joined(HOME, other, 2 * DAY_S, 4 * DAY_S)
    stays = (other.at_s >= 2 * DAY_S) & (other.at_s < 4 * DAY_S)
    assert len(both.at_s) == len(HOME.at_s) + stays.sum()
    assert (np.diff(both.at_s) >= 0).all()
    from analytics.datasets.disturbances import without_door

    with pytest.raises(ValueError, match="sensors are the same"):
        injected.joined(HOME, without_door(other), 0, DAY_S)
