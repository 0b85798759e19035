"""More patience while less is known: by how much, and of what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analytics.activity import disturbed
from analytics.activity.caution import DOUBTED, DOUBTED_MIN, HELD_MIN, HELD_SUSPECTED_MIN, LESS, careful_h
from analytics.activity.events import DAY_S, Events, Place
from analytics.activity.habits import DAY
from analytics.activity.promise import threshold_h
from analytics.activity.running import Running, holds_back, learn, less_one, running
from analytics.datasets.disturbances import MOTION, sensor_out, sensor_out_reported
from analytics.datasets.made_up_home import LIVING, made_up

RNG = np.random.default_rng(1)
OFTEN = (100.0 * RNG.pareto(1.4, 900), 60 * 24.0)
SELDOM = (OFTEN[0] / 3, 60 * 24.0)


def test_while_all_is_as_usual_a_promise_is_kept_as_it_was_made() -> None:
    assert careful_h(1.0, OFTEN) == threshold_h(1.0, *OFTEN)


def test_in_a_week_unlike_the_others_it_is_a_third_of_it() -> None:
    assert careful_h(1.0, OFTEN, careful=True) == threshold_h(LESS, *OFTEN) > threshold_h(1.0, *OFTEN)
    assert careful_h(1.0, SELDOM, OFTEN, careful=True) == threshold_h(LESS, *OFTEN), "and a sensor less"


def test_a_sensor_less_makes_no_threshold_lower() -> None:
    assert careful_h(1.0, SELDOM, OFTEN) == threshold_h(DOUBTED, *OFTEN)
    assert careful_h(1.0, OFTEN, SELDOM) == threshold_h(DOUBTED, *OFTEN)


def test_of_a_home_that_never_had_all_of_them_nothing_is_known_but_what_the_others_say() -> None:
    assert careful_h(1.0, OFTEN, (np.zeros(0), 0.0)) == threshold_h(DOUBTED, *OFTEN)


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
    assert failed.threshold_h(1.0) >= before.threshold_h(DOUBTED)
    assert before.threshold_h(1.0, clock_changed=True) == before.threshold_h(LESS)


def _quiet(*odds_h: float) -> Running:
    return Running(
        since=0,
        place=Place.KITCHEN,
        comes=np.zeros(len(odds_h)),
        heard=np.ones(len(odds_h), bool),
        odds_h=np.array(odds_h, np.float64),
        usual_min=None,
    )


def test_while_a_sensor_is_doubted_a_quiet_goes_on_for_an_hour_more() -> None:
    rising = 1.0 + np.arange(200.0)
    for above, held in ((1, True), (DOUBTED_MIN, True), (DOUBTED_MIN + 1, False), (HELD_MIN, False)):
        quiet, threshold = _quiet(*rising), float(rising[-above])
        found = holds_back(quiet, threshold, [], doubted=True)
        assert (found is not None) == held, above
        assert holds_back(quiet, threshold, [], doubted=False) is None
        if found is not None:
            assert found == (rising[-1 - DOUBTED_MIN], threshold)
            assert found[0] < found[1], "it does not call"
    assert holds_back(_quiet(5.0, 9.0), 5.0, [], doubted=True) == (0.0, 5.0), "as young as that it was nothing then"
    assert holds_back(_quiet(), 5.0, [], doubted=True) is None


def test_others_are_looked_at_only_where_it_would_call() -> None:
    quiet, low, high = _quiet(50.0, 90.0), _quiet(79.0), _quiet(80.0)
    assert holds_back(quiet, 80.0, iter([high, low]), doubted=False) == (79.0, 80.0)
    assert holds_back(quiet, 80.0, [high, high], doubted=False) is None

    # Of a sensor that is missed more than ever it is asked what is asked of one that is doubted.
    for lowest, held in ((80.0, (80.0, 100.0)), (99.0, (99.0, 100.0)), (100.0, None)):
        own = _quiet(lowest)
        assert holds_back(quiet, 80.0, [high, own], doubted=False, suspected=[own], doubted_h=100.0) == held
        assert holds_back(quiet, 80.0, [high, own], doubted=False, doubted_h=100.0) is None
    for above, longest in ((HELD_MIN, True), (HELD_MIN + 1, True), (HELD_SUSPECTED_MIN, True), (481, False)):
        long = _quiet(*np.full(above, 90.0))
        held = holds_back(long, 80.0, [high], doubted=False, suspected=[_quiet(99.0)], doubted_h=100.0)
        assert (held is not None) == longest
        assert (holds_back(long, 80.0, [low], doubted=False, doubted_h=100.0) is not None) == (above <= HELD_MIN)

    never = (pytest.fail("it does not call") for _ in range(1))
    assert holds_back(quiet, 100.0, never, doubted=True) is None
    assert holds_back(_quiet(*np.full(HELD_MIN + 1, 90.0)), 80.0, never, doubted=True) is None


@pytest.mark.slow
def test_a_sensor_that_fails_without_a_word_calls_nobody_and_hides_nobody() -> None:
    """A resident who sits in the living room each evening, and whose sensor there fails at five."""
    home = disturbed._home([20, 22])
    failed_s = (84 + 0.7) * DAY_S
    failed = sensor_out(home, LIVING, failed_s, failed_s + DAY_S / 2).events
    before = home.at_s < failed_s
    silent = replace(home, at_s=home.at_s[before], sensor=home.sensor[before], on=home.on[before])

    def held(events: Events, hours: float) -> tuple[bool, tuple[float, float] | None]:
        """Whether it were improbable if all sensors spoke; and the statistic that holds it back."""
        minute = int(failed_s // 60 + 60 * hours)
        listening, clock = np.ones(minute + DAY, bool), np.arange(minute) % DAY
        known = learn(events, 60.0 * minute, listening)
        others = less_one(events, 60.0 * minute, known, frozenset(MOTION))
        assert sorted(known.doubted | {one for other in others for one in other.doubted}) == list(MOTION)
        found, threshold = running(events, minute, known, clock, listening), known.threshold_h(0.5)
        quiets = [running(events, minute, one, clock, listening) for one in others]
        held = holds_back(found, threshold, quiets, doubted=False)
        (living,) = (quiet.now_h for one, quiet in zip(others, quiets, strict=True) if LIVING in one.doubted)
        assert held in (None, (living, threshold)), "no other sensor holds it back"
        assert holds_back(found, 1e9, quiets, doubted=True) is None, "nothing calls"
        if hours >= 4:
            assert holds_back(found, 0.5, quiets, doubted=True) is None, "for two hours and more"
        return bool(found.now_h >= threshold), held

    called, why = held(failed, 3.0)
    assert called, "else nothing is tested"
    assert why is not None
    assert why[0] < why[1] / 2
    # Who lies there is noticed, and not much later than if that sensor were known to speak.
    assert held(silent, 2.0) == (False, None)
    assert held(silent, 3.5)[1] is not None
    assert held(silent, 4.5) == (True, None)
