"""What a running home knows is what its replay knows, and minutes that nobody listened to teach nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from analytics.activity import minutes as cut
from analytics.activity.caution import DOUBTED_MIN, HELD_MIN, LESS
from analytics.activity.course import Home, View, past_peaks, replay, stretches
from analytics.activity.events import Events, Place
from analytics.activity.habits import DAY, HabitSettings, hazard
from analytics.activity.inactivity import Quiet, step
from analytics.activity.minutes import NOWHERE
from analytics.activity.past import Past
from analytics.activity.running import Learnt, as_if_failed, learn, less_one, running
from analytics.activity.what_if import HORIZON, delays_h
from analytics.datasets.disturbances import holiday
from analytics.datasets.made_up_home import KITCHEN, LIVING, made_up, without

DAYS = 30
SETTINGS = HabitSettings()
EVENTS = made_up(DAYS, seed=4)
ALWAYS = np.ones(DAYS * DAY, bool)


def until(minute: float) -> Events:
    told = EVENTS.at_s < 60 * minute
    return replace(EVENTS, at_s=EVENTS.at_s[told], sensor=EVENTS.sensor[told], on=EVENTS.on[told])


def clock(minutes: int) -> np.ndarray:
    return np.arange(minutes) % DAY


@pytest.mark.parametrize("minute", [20 * DAY + 60 * hour + 7 for hour in (0, 3, 7, 9, 13, 18, 23)])
def test_the_statistic_is_that_of_the_replay(minute: int) -> None:
    home = Home.of(EVENTS)
    assert len(home.views) == 1, "no sensor of this home is out"
    parts = list(stretches(home, 20, SETTINGS))
    before = parts[0]
    warm = replace(before, first=19 * DAY, last=20 * DAY)
    wanted = replay(home, [warm, *parts])[DAY + minute - 20 * DAY]
    known = learn(until(minute + 1), 60.0 * (minute + 1), ALWAYS, SETTINGS)
    np.testing.assert_allclose(known.hazard, before.hazard, rtol=1e-5)
    found = running(until(minute + 1), minute + 1, known, clock(minute + 1), ALWAYS)
    odds = found.odds_h[-1] if len(found.odds_h) else 0.0
    assert odds == pytest.approx(wanted, rel=1e-4)


def test_at_midnight_the_running_quiet_is_judged_by_what_was_learnt_anew() -> None:
    home = Home.of(EVENTS)
    wanted = replay(home, list(stretches(home, 10, SETTINGS)))
    asked = 0
    for minute in [day * DAY + late for day in range(11, DAYS) for late in (0, 40)]:
        if home.life[minute // DAY * DAY - 20 : minute + 1].any():
            continue  # the quiet did not begin before midnight
        asked += 1
        known = learn(until(minute + 1), 60.0 * (minute + 1), ALWAYS, SETTINGS)
        found = running(until(minute + 1), minute + 1, known, clock(minute + 1), ALWAYS)
        assert found.now_h == pytest.approx(wanted[minute - 10 * DAY], rel=1e-4)
    assert asked > 3


def test_a_sensor_that_failed_since_its_last_word_is_missed_since_then_only() -> None:
    minute = 20 * DAY + 307
    told, day = until(minute + 1), clock(minute + 1)
    known = learn(told, 60.0 * (minute + 1), ALWAYS, SETTINGS)
    (less,) = less_one(told, 60.0 * (minute + 1), known, [KITCHEN], SETTINGS)
    assert less.only(known) == KITCHEN
    found, other = (running(told, minute + 1, one, day, ALWAYS) for one in (known, less))
    assert len(found.comes) == len(other.comes) > 100
    assert (found.comes != other.comes).any()
    np.testing.assert_array_equal(as_if_failed(found, other, np.inf).odds_h, other.odds_h)
    np.testing.assert_array_equal(as_if_failed(found, other, 0.4).odds_h, found.odds_h)
    part = as_if_failed(found, other, 60)
    np.testing.assert_array_equal(part.odds_h[:-60], found.odds_h[:-60])
    odds = part.odds_h[-61]
    for comes in other.comes[-60:]:
        odds = (odds + 1 / 60) / (1 - comes)
    assert part.now_h == pytest.approx(odds)


def test_its_past_is_judged_as_the_evaluation_judges_it() -> None:
    wanted, hours = past_peaks(Home.of(EVENTS), SETTINGS)
    known = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS)
    np.testing.assert_allclose(np.sort(known.peaks_h), np.sort(wanted))
    assert known.hours == hours
    assert (np.diff(known.ended) > 0).all()
    assert (known.ended < DAYS * DAY).all()


def test_minutes_that_nobody_listened_to_teach_nothing() -> None:
    """The same home, of which two days were not heard: as if those days were not there."""
    deaf = slice(10 * DAY, 12 * DAY)
    minute = EVENTS.at_s // 60
    heard = (minute < deaf.start) | (minute >= deaf.stop)
    part = replace(EVENTS, at_s=EVENTS.at_s[heard], sensor=EVENTS.sensor[heard], on=EVENTS.on[heard])
    listening = ALWAYS.copy()
    listening[deaf] = False
    whole, left_out, silence = (
        learn(events, DAYS * DAY * 60.0, listened, SETTINGS)
        for events, listened in ((EVENTS, ALWAYS), (part, listening), (part, ALWAYS))
    )
    assert left_out.hours == whole.hours - 48
    assert not ((left_out.ended >= deaf.start - 1) & (left_out.ended < deaf.stop)).any(), (
        "what was not heard has no end"
    )
    assert left_out.hazard[0, :, 0].mean() == pytest.approx(whole.hazard[0, :, 0].mean(), rel=0.05)
    assert left_out.peaks_h.max() <= 1.5 * whole.peaks_h.max()
    assert silence.peaks_h.max() > 4 * whole.peaks_h.max(), "taken for stillness it would be a long one"
    # Long quiets of the kitchen at noon: what is taken for stillness makes a sign of life less likely.
    assert silence.hazard[0, 24, -1].sum() < left_out.hazard[0, 24, -1].sum()


def test_one_silence_that_was_none_of_the_habits_teaches_nothing_after_it_was_improbable_enough() -> None:
    """Somebody was in hospital while the watch was off, or lay for a night and nobody ever said so."""
    gone = (EVENTS.at_s >= (12 * DAY + 720) * 60) & (EVENTS.at_s < (13 * DAY + 1080) * 60)
    silent = replace(EVENTS, at_s=EVENTS.at_s[~gone], sensor=EVENTS.sensor[~gone], on=EVENTS.on[~gone])
    usual, after = (learn(events, DAYS * DAY * 60.0, ALWAYS, SETTINGS) for events in (EVENTS, silent))
    assert usual.taught[: -DAY // 4].all(), "all but the quiet that went on at midnight"
    left_out = np.flatnonzero(usual.taught & ~after.taught)
    assert 12 * DAY + 720 < left_out[0] < 12 * DAY + 720 + 11 * 60
    back = float(silent.at_s[silent.at_s >= (13 * DAY + 1080) * 60][0])
    assert left_out[-1] == back // 60 - 1
    assert (np.diff(left_out) == 1).all(), "over noon and midnight, to its end"
    assert after.threshold_h(1.0) < 1.3 * usual.threshold_h(1.0)
    kitchen = (..., Place.KITCHEN)
    assert after.hazard[kitchen].sum() > 0.9 * usual.hazard[kitchen].sum()
    # What happens again and again is a habit: each is judged by the others.
    often = np.zeros(len(EVENTS.at_s), bool)
    for day in range(8, 28, 2):
        often |= (EVENTS.at_s >= (day * DAY + 780) * 60) & (EVENTS.at_s < (day * DAY + 1080) * 60)
    sleeps = replace(EVENTS, at_s=EVENTS.at_s[~often], sensor=EVENTS.sensor[~often], on=EVENTS.on[~often])
    assert learn(sleeps, DAYS * DAY * 60.0, ALWAYS, SETTINGS).taught[: -DAY // 4].all()


def test_where_nobody_listened_a_quiet_goes_on_and_nothing_is_known() -> None:
    now = 20 * DAY + 14 * 60
    events = until(20 * DAY + 8 * 60)
    known = learn(events, 60.0 * now, ALWAYS, SETTINGS)
    listening = ALWAYS.copy()
    listening[now - 180 : now - 60] = False
    through = running(events, now, known, clock(now), ALWAYS)
    part = running(events, now, known, clock(now), listening)
    assert len(through.odds_h) > 300
    assert (part.since, len(part.odds_h)) == (through.since, len(through.odds_h))
    np.testing.assert_array_equal(part.odds_h[:-180], through.odds_h[:-180])
    assert (part.odds_h[-180:-60] == part.odds_h[-181]).all(), "neither stillness nor life"
    state, _ = step(
        Quiet(since=np.array([0]), place=np.array([part.place], np.int8), odds_h=part.odds_h[-181:-180]), known.hazard,
        np.zeros((1, 180), bool), np.zeros((1, 180), bool), np.full((1, 180), NOWHERE, np.int8),
        clock(now)[-180:], listening[None, now - 180 : now],
    )  # fmt: skip
    assert part.now_h == pytest.approx(float(state.odds_h[0])), "as all at once have it"
    assert part.place is through.place


def test_and_where_somebody_answered() -> None:
    now = 20 * DAY + 14 * 60
    events = until(20 * DAY + 8 * 60)
    known = learn(events, 60.0 * now, ALWAYS, SETTINGS)
    found = running(events, now, known, clock(now), ALWAYS, not_before=now - 31)
    whole = running(events, now, known, clock(now), ALWAYS)
    assert (found.since, len(found.odds_h)) == (whole.since, 30), "an answer is no sign of life"
    assert (found.place, found.usual_min) == (whole.place, whole.usual_min)
    assert found.odds_h[-1] < whole.odds_h[-1]


def test_of_a_home_that_never_spoke() -> None:
    nothing = until(0)
    known = learn(nothing, 3600.0 * 30, ALWAYS, SETTINGS)
    found = running(nothing, 1800, known, clock(1800), ALWAYS)
    assert (found.since, found.place, len(found.odds_h)) == (-1, Place.OTHER, 1800)
    assert found.odds_h[-1] < 100, "hardly anything is expected of it"
    assert (known.days, len(known.peaks_h), known.doubted) == (1, 0, frozenset())


def test_what_is_usual_by_now_grows_with_the_night() -> None:
    known = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS)

    def usual(hour: float, sensor: int) -> int | None:
        minute = int(DAYS * DAY - DAY + 60 * hour)
        own = until(minute)
        own = replace(
            own, at_s=np.append(own.at_s, 60.0 * minute), sensor=np.append(own.sensor, np.int16(sensor)),
            on=np.append(own.on, True),
        )  # fmt: skip
        return running(own, minute + 600, known, clock(minute + 600), ALWAYS).usual_min

    noon, night = usual(11.5, KITCHEN), usual(1.0, LIVING)
    assert noon is not None
    assert night is None or night > noon


def test_known_today_is_not_learnt_twice() -> None:
    known = learn(EVENTS, DAYS * DAY * 60.0 - 7200, ALWAYS, SETTINGS)
    again = learn(EVENTS, DAYS * DAY * 60.0 - 3600, ALWAYS, SETTINGS, known=known)
    assert again.hazard is known.hazard
    tomorrow = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS, known=known)
    assert tomorrow.hazard is not known.hazard
    doubts: Learnt = replace(known, doubted=frozenset({0}))
    assert learn(EVENTS, DAYS * DAY * 60.0 - 3600, ALWAYS, SETTINGS, known=doubts).hazard is not known.hazard


def test_what_a_promise_would_have_meant() -> None:
    known = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS)
    found, night = delays_h(EVENTS, known, ALWAYS, np.array([1.0, 100.0, 1000.0, 1e13]))
    assert found.shape == (4, len(night))
    assert len(night) > 150
    assert (np.diff(found, axis=0) >= 0).all()
    assert (found[3] == HORIZON / 60).all()
    assert found[1, night].mean() > found[1, ~night].mean()
    past = Past.of(EVENTS, DAYS, frozenset(), ALWAYS)
    view = View.seen(EVENTS, frozenset(), ALWAYS)
    assert np.array_equal(past.since, view.since)
    deaf = ALWAYS.copy()
    deaf[: (DAYS - 2) * DAY] = False
    assert len(delays_h(EVENTS, known, deaf, np.array([1.0]))[1]) < 20


def test_a_sensor_that_was_out_is_doubted_for_as_long_again() -> None:
    gone, back = 86_400.0 * 20, 86_400.0 * 21
    kept = (EVENTS.sensor != KITCHEN) | (EVENTS.at_s < gone) | (EVENTS.at_s >= back)
    for day, doubted in ((20.5, True), (21.5, True), (22.1, False), (24.0, False)):
        now = 86_400 * day
        told = kept & (EVENTS.at_s < now)
        lost = replace(
            EVENTS, at_s=EVENTS.at_s[told], sensor=EVENTS.sensor[told], on=EVENTS.on[told],
            failed_at_s=np.array([gone, back]), failed_sensor=np.array([KITCHEN, KITCHEN], np.int16),
            failed=np.array([True, False]),
        )  # fmt: skip
        assert (KITCHEN in learn(lost, now, ALWAYS, SETTINGS).doubted) == doubted, day


def test_nobody_is_missed_at_home_while_out() -> None:
    known = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS)
    past = Past.of(EVENTS, DAYS, known.doubted, ALWAYS)
    moments = np.arange(1, DAYS * DAY, 173)
    out = past.place[moments] == Place.OUT
    assert out.any()
    assert delays_h(EVENTS, known, ALWAYS, np.array([1.0]), days=DAYS)[0].shape[1] <= len(moments) - out.sum()


def test_what_is_learnt_as_if_one_more_had_failed() -> None:
    now_s = DAYS * DAY * 60.0
    known = replace(learn(EVENTS, now_s, ALWAYS, SETTINGS), doubted=frozenset({LIVING}))
    (less,) = less_one(EVENTS, now_s, known, frozenset({KITCHEN, LIVING}), SETTINGS)
    assert less.doubted == {KITCHEN, LIVING}
    kept = ~np.isin(EVENTS.sensor, [KITCHEN, LIVING])
    others = replace(EVENTS, at_s=EVENTS.at_s[kept], sensor=EVENTS.sensor[kept], on=EVENTS.on[kept])
    np.testing.assert_array_equal(less.hazard, learn(others, now_s, ALWAYS, SETTINGS).hazard)
    assert less.until == known.until


def test_when_it_had_called_had_one_more_failed() -> None:
    now_s = DAYS * DAY * 60.0
    known = learn(EVENTS, now_s, ALWAYS, SETTINGS)
    (less,) = less_one(EVENTS, now_s, known, frozenset({KITCHEN}), SETTINGS)
    levels = np.array([20.0, 1000.0])
    alone, _ = delays_h(EVENTS, known, ALWAYS, levels)
    both, _ = delays_h(EVENTS, known, ALWAYS, levels, others=[(less, np.inf)])
    assert (both >= alone).all()
    assert (both <= np.minimum(alone + HELD_MIN / 60, 24.0)).all()
    assert ((both[0] > alone[0]) & (both[0] < alone[0] + HELD_MIN / 60)).sum() > 20
    never = replace(less, hazard=0 * less.hazard)
    held, _ = delays_h(EVENTS, known, ALWAYS, levels, others=[(less, np.inf), (never, np.inf)])
    np.testing.assert_allclose(held, np.minimum(alone + HELD_MIN / 60, 24.0))
    # As the running quiet has it: at moments after which nothing was heard any more.
    past = Past.of(EVENTS, DAYS, known.doubted, ALWAYS)
    moments = np.arange(1, DAYS * DAY, 173)
    alive = np.maximum.accumulate(np.where(past.minutes.life, np.arange(DAYS * DAY), -1))
    moments = moments[(alive[moments] >= 0) & (past.place[moments] != Place.OUT)]
    asked = [int(one) for one in np.linspace(60, len(moments) - 10, 12)]
    for one in asked:
        minutes = int(alive[moments[one]]) + 1 + 60 * 24
        told, listening = until(float(alive[moments[one]]) + 1), np.ones(minutes, bool)
        day = np.arange(minutes) % DAY
        own, other = (running(told, minutes, it, day, listening).odds_h for it in (known, less))
        first = int((own >= levels[0]).argmax())
        called = max(first, min(int((other >= levels[0]).argmax()), first + HELD_MIN))
        waited = int(moments[one] - alive[moments[one]])
        assert both[0, one] == pytest.approx(max(called + 1 - waited, 0) / 60, abs=0.02), one


def test_a_record_whose_beginning_moves_on_is_learnt_anew() -> None:
    """After 120 days its first day is let go, and with it every day after it on which nothing was heard."""
    known = learn(EVENTS, DAYS * DAY * 60.0 - 3600, ALWAYS, SETTINGS)
    later = EVENTS.at_s >= 3 * DAY * 60.0
    moved = replace(
        EVENTS, first_day=EVENTS.first_day + np.timedelta64(3, "D"), days=DAYS - 3,
        at_s=EVENTS.at_s[later] - 3 * DAY * 60.0, sensor=EVENTS.sensor[later], on=EVENTS.on[later],
    )  # fmt: skip
    now_s = (DAYS - 3) * DAY * 60.0 - 1800
    again = learn(moved, now_s, ALWAYS[3 * DAY :], SETTINGS, known=known)
    assert (again.until, again.days) == (known.until, known.days - 3)
    assert again.hazard is not known.hazard
    (less,) = less_one(moved, now_s, again, frozenset({KITCHEN}), SETTINGS)
    assert (less.until, less.days) == (again.until, again.days)


def test_an_alert_comes_half_an_hour_later_while_a_sensor_is_doubted() -> None:
    known = learn(EVENTS, DAYS * DAY * 60.0, ALWAYS, SETTINGS)
    levels = np.array([20.0, 1000.0])
    silent = without(EVENTS, KITCHEN, 0, DAYS * DAY * 60.0)  # of such a home both have the same minutes
    (usual, _), (doubted, _) = (
        delays_h(silent, replace(known, doubted=frozenset(one)), ALWAYS, levels) for one in ((), (KITCHEN,))
    )
    np.testing.assert_allclose(doubted, np.minimum(usual + DOUBTED_MIN / 60, 24.0))


def test_a_record_as_it_was_known_at_a_moment() -> None:
    cut = EVENTS.before(20.5 * DAY * 60)
    assert cut.days == 21
    assert cut.at_s.max() < 20.5 * DAY * 60 <= EVENTS.at_s[len(cut.at_s)]
    assert EVENTS.before(20 * DAY * 60.0).days == EVENTS.until(20).days == 20


def test_days_away_are_no_hours_in_which_no_quiet_was_high() -> None:
    """Only long ones: an outing is a part of every day."""
    usual = Past.of(EVENTS, DAYS, frozenset(), ALWAYS)
    assert (usual.place == Place.OUT).any()
    assert usual.peaks(SETTINGS)[2] == (DAYS - 1) * 24.0
    gone = holiday(EVENTS, 10.5 * DAY * 60, 17.6 * DAY * 60).events
    found = Past.of(gone, DAYS, frozenset(), ALWAYS)
    away = cut.away(found.place)
    assert away.sum() == pytest.approx(7.1 * DAY, abs=180)
    assert found.peaks(SETTINGS)[2] == pytest.approx((DAYS - 1) * 24.0 - away.sum() / 60, abs=0.1)


def test_in_a_week_that_was_not_like_the_others_less_is_promised() -> None:
    now_s = DAYS * DAY * 60.0
    usual = learn(EVENTS, now_s, ALWAYS, SETTINGS)
    listening = ALWAYS.copy()
    listening[(DAYS - 3) * DAY : (DAYS - 3) * DAY + 150] = False
    after = learn(EVENTS, now_s, listening, SETTINGS)
    assert (usual.unlike, after.unlike) == (False, True)
    assert replace(usual, unlike=True).threshold_h(1.0) == usual.threshold_h(LESS) > usual.threshold_h(1.0)
    assert not learn(EVENTS, now_s, ALWAYS, SETTINGS, teaches=listening).unlike, "it was listened to all the same"


def test_nothing_is_learnt_while_it_is_not_known_how_long_it_has_been_quiet() -> None:
    listening = ALWAYS.copy()
    expected = Past.of(EVENTS, DAYS, frozenset(), ALWAYS).minutes.expected
    quiet = np.flatnonzero(expected)
    begin = next(int(at) + 1 for at, following in pairwise(quiet) if at > 20 * DAY and 90 < following - at < 200)
    listening[begin : begin + 60] = False
    heard, whole = (Past.of(EVENTS, DAYS, frozenset(), one) for one in (listening, ALWAYS))
    again = begin + 60 + int(np.flatnonzero(whole.minutes.expected[begin + 60 :])[0])
    assert again > begin + 62, "else nothing is tested"
    minutes = [float(one.counts(20 * DAY, 23 * DAY).minutes.sum()) for one in (whole, heard)]
    assert minutes[0] - minutes[1] == again + 1 - begin, "that of its end, too"


def test_days_away_say_nothing_of_how_soon_somebody_at_home_is_heard() -> None:
    counts = Past.of(EVENTS, DAYS, frozenset(), ALWAYS).counts(0, DAYS * DAY)
    away = replace(counts, minutes=counts.minutes.copy())
    away.minutes[:, :, -1, Place.OUT] += 7 * DAY / 48
    usual, after = (hazard(one, SETTINGS) for one in (counts, away))
    home = [place for place in Place if place is not Place.OUT]
    np.testing.assert_array_equal(usual[..., home], after[..., home])
    assert after[0, 24, -1, Place.OUT] < usual[0, 24, -1, Place.OUT]


@pytest.mark.parametrize("hour", [18.0, 19.5, 21.0])
def test_a_quiet_does_not_make_itself_usual_at_midnight(hour: float) -> None:
    """What it had taught put the odds of whoever lay there since the evening back to a tenth."""
    last = ((DAYS - 1) * 24 + hour) * 60
    told = replace(EVENTS, days=DAYS + 1)
    kept = told.at_s < last * 60
    told = replace(told, at_s=told.at_s[kept], sensor=told.sensor[kept], on=told.on[kept])
    always = np.ones((DAYS + 2) * DAY, bool)
    odds = []
    for minute in (DAYS * DAY - 1, DAYS * DAY + 1):
        known = learn(told, minute * 60.0, always, SETTINGS)
        odds.append(running(told, minute, known, np.arange(minute) % DAY, always).now_h)
    assert odds[1] > 0.8 * odds[0]


def test_what_is_missed_more_than_ever_is_suspected_unless_it_is_known_to_live() -> None:
    failed_s = (DAYS - 1 + 0.45) * DAY * 60.0
    silent = without(EVENTS, LIVING, failed_s, DAYS * DAY * 60.0)
    for hours, suspected in ((0.5, False), (6.0, True)):
        now_s = failed_s + hours * 3600
        known = learn(silent, now_s, ALWAYS, SETTINGS)
        assert (LIVING in known.suspected | known.doubted) == suspected, hours
        assert not learn(silent, now_s, ALWAYS, SETTINGS, alive=frozenset({LIVING})).suspected & {LIVING}
    assert LIVING not in learn(EVENTS, failed_s + 6 * 3600, ALWAYS, SETTINGS).suspected
