"""Habits and the statistic: against slow oracles, cut anywhere, and as promised."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.activity.events import PLACES, Place
from analytics.activity.habits import (
    CLOCK,
    DAY,
    EDGES,
    QUIET,
    STEP_OF,
    Counts,
    HabitSettings,
    count,
    either_clock,
    hazard,
)
from analytics.activity.inactivity import LEFT_MIN, MOST_H, OUT_H, Quiet, elapsed_min, raised, step, undisturbed, unseen
from analytics.activity.minutes import NOWHERE, minutes, since, where
from analytics.datasets.made_up_home import made_up


def _learnt(days: int, seed: int = 0) -> tuple[Counts, NDArray[np.bool_], NDArray[np.int8]]:
    seen = minutes(made_up(days, seed=seed), days * DAY)
    own, place = since(seen.expected), where(seen.place)
    counts = count(seen.expected[None, 1:], own[None, :-1], place[None, :-1], np.arange(1, days * DAY) % DAY)
    return counts, seen.expected[None], seen.place[None]


def test_counts_against_one_minute_at_a_time() -> None:
    seen = minutes(made_up(3), 3 * DAY)
    own, place = since(seen.expected), where(seen.place)
    at_risk, events = np.zeros((CLOCK, QUIET, PLACES)), np.zeros((CLOCK, QUIET, PLACES))
    for minute in range(1, 3 * DAY):
        quiet = int(own[minute - 1])
        cell = (minute % DAY // 30, max(k for k in range(QUIET) if EDGES[k] <= quiet), int(place[minute - 1]))
        at_risk[cell] += 1
        events[cell] += seen.expected[minute]
    counts, _, _ = _learnt(3)
    np.testing.assert_array_equal(counts.minutes[0], at_risk)
    np.testing.assert_array_equal(counts.events[0], events)


def test_days_add_up_and_fade() -> None:
    seen = minutes(made_up(4), 4 * DAY)
    own, place = since(seen.expected), where(seen.place)
    parts = [
        count(seen.expected[None, a:b], own[None, a - 1 : b - 1], place[None, a - 1 : b - 1], np.arange(a, b) % DAY)
        for a, b in ((1, DAY), (DAY, 4 * DAY))
    ]
    whole, _, _ = _learnt(4)
    np.testing.assert_array_equal((parts[0] + parts[1]).minutes, whole.minutes)
    np.testing.assert_allclose(whole.forget(45, 45).events, whole.events / 2)


def test_minutes_that_nobody_listened_to_teach_nothing() -> None:
    quiet, place = np.zeros((1, 10), np.int64), np.zeros((1, 10), np.int8)
    listening = np.arange(10)[None] < 4
    assert count(quiet == 1, quiet, place, np.arange(10), listening).minutes.sum() == 4


def test_an_unknown_home_expects_little() -> None:
    nothing = hazard(Counts.none(2), HabitSettings())
    assert nothing.shape == (2, CLOCK, QUIET, PLACES)
    assert (nothing > 0).all()
    assert (nothing < 0.002).all()


def test_the_more_is_seen_the_more_its_own_word_counts() -> None:
    counts, _, _ = _learnt(12)
    bare = HabitSettings(clock_steps=1e-3, quiet_steps=1e-3, clock_minutes=1e-9, place_minutes=1e-9)
    busy = (10 * 2, 2, Place.LIVING)
    own = counts.events[0][busy] / counts.minutes[0][busy]
    assert hazard(counts, bare)[0][busy] == pytest.approx(own, rel=1e-4)
    deaf = HabitSettings(clock_minutes=150.0, place_minutes=1e12, place_forgotten=1.0)
    one_for_all = hazard(counts, deaf)[0]
    np.testing.assert_allclose(one_for_all, np.repeat(one_for_all[..., :1], PLACES, axis=2), rtol=1e-4)
    usual = hazard(counts, HabitSettings())[0]
    assert min(own, one_for_all[busy]) < usual[busy] < max(own, one_for_all[busy])
    night, day = usual[3 * 2, :, Place.BEDROOM], usual[10 * 2, :, Place.LIVING]
    assert (night[2:6] < day[2:6] / 1.5).all()  # shorter quiets are those of a visit to the bathroom


def test_homes_do_not_know_each_other() -> None:
    one, other = _learnt(5, seed=1)[0], _learnt(5, seed=2)[0]
    both = Counts(
        minutes=np.concatenate([one.minutes, other.minutes]), events=np.concatenate([one.events, other.events])
    )
    found = hazard(both, HabitSettings())
    np.testing.assert_allclose(found[0], hazard(one, HabitSettings())[0], rtol=1e-5)
    np.testing.assert_allclose(found[1], hazard(other, HabitSettings())[0], rtol=1e-5)


def test_the_statistic_against_its_sum() -> None:
    """R at the end of a quiet is Σ_k dt Π_{i≥k} 1/(1 − p_i): over every minute in which it could have begun."""
    counts, _, _ = _learnt(10)
    chance = hazard(counts, HabitSettings())
    length, begin = 90, 8 * 60
    nothing = np.zeros((1, length), bool)
    clock = (begin + np.arange(length)) % DAY
    state = Quiet(since=np.zeros(1, np.int64), place=np.array([Place.KITCHEN], np.int8), odds_h=np.zeros(1))
    _, path = step(state, chance, nothing, nothing, np.full((1, length), NOWHERE, np.int8), clock)
    p = [
        float(chance[0, clock[i] // 30, max(k for k in range(QUIET) if EDGES[k] <= i), Place.KITCHEN])
        for i in range(length)
    ]
    for end in (1, 7, 90):
        slow = sum(1 / 60 / np.prod([1 - p[i] for i in range(k, end)]) for k in range(end))
        assert path[0, end - 1] == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_cutting_the_stream_changes_nothing(seed: int) -> None:
    counts, expected, place = _learnt(3)
    expected, place = expected[:, :DAY], place[:, :DAY]
    chance = hazard(counts, HabitSettings())
    clock = np.arange(DAY)
    whole, path = step(
        Quiet.begin(1), chance, expected[:, : 2 * DAY], expected[:, : 2 * DAY], place[:, : 2 * DAY], clock
    )
    cuts = np.sort(np.random.default_rng(seed).integers(0, DAY, 7))
    state, parts, alerts = Quiet.begin(1), [], []
    for a, b in zip([0, *cuts], [*cuts, DAY], strict=True):
        before = state.odds_h
        state, part = step(state, chance, expected[:, a:b], expected[:, a:b], place[:, a:b], clock[a:b])
        parts.append(part)
        alerts.append(raised(before, part, 1.0))
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), path)
    np.testing.assert_array_equal(np.concatenate(alerts, axis=1), raised(np.zeros(1), path, 1.0))
    assert state.odds_h[0] == whole.odds_h[0]
    assert np.concatenate(alerts, axis=1).sum() > 0


def test_life_ends_a_quiet_and_a_minute_that_nobody_heard_counts_for_nothing() -> None:
    chance = np.full((1, CLOCK, QUIET, PLACES), 0.2, np.float32)
    nothing, nowhere = np.zeros((1, 60), bool), np.full((1, 60), NOWHERE, np.int8)
    life, listening = nothing.copy(), ~nothing
    life[0, 30], listening[0, 50] = True, False
    state, path = step(Quiet.begin(1), chance, life, nothing, nowhere, np.arange(60), listening)
    assert path[0, 29] > 1 > path[0, 31]
    assert path[0, 30] == 0
    assert path[0, 50] == path[0, 49] < path[0, 51]
    assert state.since == min(elapsed_min(chance)[0, 1, Place.OTHER], 10) + 9, (
        "as long as it usually has been quiet, and since"
    )


def test_who_was_at_home_may_have_gone_out_while_nobody_listened() -> None:
    life, listening = np.zeros((2, 2500), bool), np.ones((2, 2500), bool)
    life[:, 2200] = True
    listening[0, 1000 : 1000 + LEFT_MIN - 1] = False
    listening[1, 1000 : 1000 + LEFT_MIN] = False
    gone = unseen(life, listening)
    assert not gone[0].any(), "for less than twelve hours"
    morning = DAY + OUT_H[0] * 60
    assert np.flatnonzero(gone[1]).tolist() == list(range(morning, 2200)), "by night nobody goes out"
    chance = np.full((1, CLOCK, QUIET, PLACES), 0.02, np.float32)
    chance[..., Place.OUT] = 0.001
    nowhere = np.full((1, 2500), NOWHERE, np.int8)
    _, path = step(Quiet.begin(1), chance, life[1:], life[1:], nowhere, np.arange(2500) % DAY, listening[1:], gone[1:])
    grown = np.diff(np.log(path[0] + 1 / 60))
    np.testing.assert_allclose(grown[morning + 1 : 2190], -np.log(0.999), rtol=0.7)
    np.testing.assert_allclose(grown[2400:2490], -np.log(0.98), rtol=0.05)


def test_for_how_long_it_usually_has_been_quiet() -> None:
    """Against ten thousand quiets, one after the other, looked at in each of their minutes."""
    rng = np.random.default_rng(0)
    by_step = np.linspace(0.3, 0.004, QUIET)
    chance = np.broadcast_to(by_step[None, None, :, None], (1, CLOCK, QUIET, PLACES)).astype(np.float32)
    ages = []
    for _ in range(10_000):
        age = 0
        while rng.random() >= by_step[STEP_OF[min(age, EDGES[-1])]]:
            ages.append(age)
            age += 1
    found = elapsed_min(chance)
    assert found.shape == (1, CLOCK, PLACES)
    assert (found == found[0, 0, 0]).all()
    step_of_median = int(STEP_OF[min(int(np.median(ages)), EDGES[-1])])
    assert abs(list(EDGES).index(int(found[0, 0, 0])) - step_of_median) <= 1
    assert (elapsed_min(np.full_like(chance, 0.9)) == 0).all()


def test_days_of_silence_do_not_overflow() -> None:
    chance = np.full((1, CLOCK, QUIET, PLACES), 0.9, np.float32)
    nothing = np.zeros((1, 2000), bool)
    _, path = step(
        Quiet.begin(1), chance, nothing, nothing, np.full((1, 2000), NOWHERE, np.int8), np.arange(2000) % DAY
    )
    assert np.isfinite(path).all()
    assert raised(np.zeros(1), path, 720.0).sum() == 1


@pytest.mark.slow
def test_the_promise_holds_where_the_habits_are_right() -> None:
    """Events drawn from the very hazard: mean hours between false alerts is the threshold, from above."""
    rng = np.random.default_rng(0)
    homes, length, level = 1500, DAY // 2, 2.0
    chance = np.full((homes, CLOCK, QUIET, PLACES), 0.02, np.float32)
    life = rng.random((homes, length)) < 0.02
    _, path = step(
        Quiet.begin(homes), chance, life, life, np.full(life.shape, NOWHERE, np.int8), np.arange(length) % DAY
    )
    alerts = raised(np.zeros(homes), path, level).sum()
    # After an alert the quiet goes on until life comes: 50 minutes more on the mean.
    between = homes * length / 60 / alerts - 50 / 60
    assert level <= between <= 1.2 * level


def test_on_either_clock_only_what_both_expect() -> None:
    chance = np.zeros((1, CLOCK, QUIET, PLACES), np.float32)
    chance[0, 14:20] = 0.5  # up from seven to ten by the clock
    assert either_clock(chance, 0.0).tolist() == chance.tolist()
    assert np.flatnonzero(either_clock(chance, 1.0)[0, :, 0, 0]).tolist() == [16, 17, 18, 19]  # from eight in spring
    assert np.flatnonzero(either_clock(chance, -1.0)[0, :, 0, 0]).tolist() == [14, 15, 16, 17]


def test_a_quiet_without_anything_in_it_at_once() -> None:
    comes = np.random.default_rng(3).uniform(0, 0.2, 300)
    odds, wanted = 0.0, []
    for chance in comes.tolist():
        odds = (odds + 1 / 60) / (1 - chance)
        wanted.append(min(odds, MOST_H))

    def always(chances: NDArray[np.float64]) -> NDArray[np.float64]:
        return undisturbed(chances, np.ones(len(chances), bool))

    np.testing.assert_allclose(always(comes), wanted, rtol=1e-9)
    assert always(comes)[-1] == MOST_H
    assert always(np.full(20_000, 0.9))[-1] == MOST_H, "also where hardly any chance is left"
    assert len(always(np.zeros(0))) == 0
    np.testing.assert_allclose(always(np.zeros(120)), np.arange(1, 121) / 60)
    heard = np.random.default_rng(4).random(300) < 0.6
    heard[:2] = False
    part = undisturbed(comes, heard)
    np.testing.assert_array_equal(part[heard], always(comes[heard]))
    assert (part[:2] == 0).all()
    assert (part[1:][~heard[1:]] == part[:-1][~heard[1:]]).all()
