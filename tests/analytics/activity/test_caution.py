"""More patience while less is known: by how much, and of what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity import disturbed
from analytics.activity.caution import LESS, UNTOLD_H, careful_h
from analytics.activity.events import DAY_S, Events
from analytics.activity.habits import DAY
from analytics.activity.promise import threshold_h
from analytics.activity.running import holds_back, learn, less_one, running
from analytics.datasets.disturbances import MOTION, sensor_out, sensor_out_reported
from analytics.datasets.made_up_home import LIVING, made_up

RNG = np.random.default_rng(1)
OFTEN = (100.0 * RNG.pareto(1.4, 900), 60 * 24.0)
SELDOM = (OFTEN[0] / 3, 60 * 24.0)


def test_while_all_is_as_usual_a_promise_is_kept_as_it_was_made() -> None:
    assert careful_h(1.0, OFTEN) == threshold_h(1.0, *OFTEN)


def test_after_clocks_were_changed_it_is_half_of_it() -> None:
    assert careful_h(1.0, OFTEN, clock_changed=True) == threshold_h(LESS, *OFTEN) > threshold_h(1.0, *OFTEN)


def test_a_sensor_less_makes_no_threshold_lower() -> None:
    assert careful_h(1.0, SELDOM, OFTEN) == threshold_h(LESS, *OFTEN)
    assert careful_h(1.0, OFTEN, SELDOM) == threshold_h(LESS, *OFTEN)


def test_of_a_home_that_never_had_all_of_them_nothing_is_known_but_what_the_others_say() -> None:
    assert careful_h(1.0, OFTEN, (np.zeros(0), 0.0)) == threshold_h(LESS, *OFTEN)


@pytest.mark.slow
def test_whole_is_the_past_until_the_sensor_failed() -> None:
    made = made_up(40, seed=3)
    listening = np.ones(40 * DAY, bool)
    failed = learn(sensor_out_reported(made, LIVING, 30.5 * DAY_S, 40 * DAY_S).events, 39.5 * DAY_S, listening)
    before = learn(made.until(30), 30.0 * DAY_S, listening)
    assert (failed.doubted, before.doubted, before.whole) == (frozenset({LIVING}), frozenset(), None)
    assert failed.whole is not None
    np.testing.assert_array_equal(failed.whole[0], before.peaks_h)
    assert failed.whole[1] == before.hours
    # Of one that had failed before, and long ago, all until it failed now.
    again = replace(
        made, failed_at_s=np.array([10.0, 10.2, 30.5]) * DAY_S, failed_sensor=np.array([LIVING] * 3, np.int16),
        failed=np.array([True, False, True]),
    )  # fmt: skip
    silent = replace(again, at_s=again.at_s[again.at_s < 30.6 * DAY_S], sensor=again.sensor[again.at_s < 30.6 * DAY_S],
                     on=again.on[again.at_s < 30.6 * DAY_S])  # fmt: skip
    twice = learn(silent, 30.55 * DAY_S, listening)
    assert twice.whole is not None
    assert twice.whole[1] == before.hours
    assert failed.threshold_h(1.0) >= before.threshold_h(1.0 * LESS)
    assert before.threshold_h(1.0, clock_changed=True) == before.threshold_h(LESS)


@pytest.mark.slow
def test_a_sensor_that_fails_without_a_word_calls_nobody_and_hides_nobody() -> None:
    """A resident who sits in the living room each afternoon, and whose sensor there fails at half past eleven."""
    home = disturbed._home([20, 22])
    failed_s = (84 + 0.486) * DAY_S
    failed = sensor_out(home, LIVING, failed_s, failed_s + DAY_S / 2).events
    before = home.at_s < failed_s
    silent = replace(home, at_s=home.at_s[before], sensor=home.sensor[before], on=home.on[before])

    def held(events: Events, hours: float) -> tuple[bool, float | None]:
        """Whether it were improbable if all sensors spoke; and the statistic that holds it back."""
        minute = int(failed_s // 60 + 60 * hours)
        listening, clock = np.ones(minute + DAY, bool), np.arange(minute) % DAY
        known = learn(events, 60.0 * minute, listening)
        others = less_one(events, 60.0 * minute, known, frozenset(MOTION), listening)
        assert sorted(known.doubted | {one for other in others for one in other.doubted}) == list(MOTION)
        found, threshold = running(events, minute, known, clock, listening), known.threshold_h(0.5)
        held = holds_back(found, threshold, events, minute, others, clock, listening)
        (living,) = (one for one in others if LIVING in one.doubted)
        own = running(events, minute, living, clock, listening).now_h
        assert held in (None, own), "no other sensor holds it back"
        assert holds_back(found, 1e9, events, minute, others, clock, listening) is None, "nothing calls"
        assert holds_back(found, 0.5, events, minute, others, clock, listening) is None, "for two hours and more"
        return bool(found.now_h >= threshold), held

    called, odds_h = held(failed, 8.8)
    assert called, "else nothing is tested"
    assert odds_h is not None
    assert odds_h < UNTOLD_H / 2
    # Who lies there is noticed, and not much later than if that sensor were known to speak.
    assert held(silent, 3.0) == (False, None)
    assert held(silent, 4.0) == (True, None)
