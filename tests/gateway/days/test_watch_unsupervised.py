"""Sensors that speak only when somebody moves, and may have failed without a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from analytics.activity.caution import HELD_MIN
from analytics.activity.checkins import CheckIn
from analytics.activity.events import DAY_S
from analytics.activity.running import Learnt
from analytics.datasets.made_up_home import BATHROOM, KITCHEN, LIVING
from gateway.days.household import Days
from gateway.days.quiet import quiet
from gateway.days.record import Record
from gateway.days.standing import long_silences
from gateway.days.tuning import choices
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import NOON, PAST, Rooms, past, rooms
from tests.virtual_time import VirtualClock, run_virtual


def test_a_quiet_is_held_back_for_two_hours_where_nothing_were_expected_without_a_sensor(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_expected(days: Days, record: Record) -> tuple[Learnt, ...]:
        assert days.learnt is not None
        assert record.unsupervised
        return (replace(days.learnt, doubted=frozenset({KITCHEN}), hazard=0 * days.learnt.hazard),)

    called: list[tuple[timedelta, timedelta]] = []

    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(5)
        (one,) = watch.standing()
        assert one.quiet is not None
        if called:  # held back by now
            assert (round(one.quiet.odds_h), await home.alerts()) == (5, [])
            assert one.quiet.threshold_h > 5
        await home.watched(3, watch=watch)
        (first,) = await home.alerts()
        await home.desk.resolve(first.id, "nurse", "false")
        answered = home.clock.wall()
        await home.watched(18, watch=watch)
        again = next(one for one in await home.alerts("inactivity") if one.id != first.id)
        called.append((first.raised_at - NOON, again.raised_at - answered))

    monkeypatch.setattr(Days, "less_one", lambda *_: ())
    told(story)
    monkeypatch.setattr(Days, "less_one", none_expected)
    told(story)
    (soon, soon_again), (late, late_again) = called
    assert timedelta(hours=1) < soon < timedelta(hours=5)
    held = timedelta(minutes=HELD_MIN)
    assert held <= late - soon <= held + timedelta(minutes=10)
    assert held <= late_again - soon_again <= held + timedelta(minutes=10)


def test_a_sensor_that_checked_in_just_now_holds_nothing_back(told: Told) -> None:
    """It may have failed only since its last word, and a quiet of hours is not made by minutes."""

    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        (one,) = (await home.watched(4)).standing()
        record, learnt = one.record, one.days.learnt
        assert record is not None
        assert learnt is not None
        nothing = (replace(learnt, doubted=frozenset({KITCHEN}), hazard=0 * learnt.hazard),)
        speaks = dict(enumerate(record.check_ins))
        checks = replace(
            record,
            check_ins=tuple((speaks | {KITCHEN: CheckIn(usual_s=3300.0, missed_s=8250.0)}).values()),
            word_min=tuple(3.0 if index == KITCHEN else one for index, one in enumerate(record.word_min)),
        )
        silent, heard = (quiet(each, learnt, per_month=2.0, others=nothing) for each in (record, checks))
        assert silent.odds_h < silent.threshold_h == heard.threshold_h <= heard.odds_h

    told(story)


def test_who_has_hardly_a_sensor_is_called_for_all_the_same(tmp_path: Path) -> None:
    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(tmp_path / "few.db", clock) as home:
            await home.settle()
            await home.lived(past(), until=NOON - timedelta(minutes=1), without=set(range(7)) - {LIVING})
            await home.listened(NOON - timedelta(days=130), NOON)
            await home.moves(LIVING)
            await home.watched(12)
            (alert,) = await home.alerts("inactivity")
            assert alert.raised_at - NOON < timedelta(hours=10)

    run_virtual(main)


def test_a_past_whose_first_days_were_empty_is_learnt_anew_when_it_moves_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word before days away is let go in the midst of an evening: the record is three days shorter at once."""
    monkeypatch.setattr("gateway.days.record.DAYS", 30)
    events = past()
    away = (events.at_s > (PAST - 30 + 22 / 24) * DAY_S) & (events.at_s < (PAST - 27 + 9 / 24) * DAY_S)
    events = replace(events, at_s=events.at_s[~away], sensor=events.sensor[~away], on=events.on[~away])
    last = float(events.at_s[events.at_s < (PAST - 29) * DAY_S].max()) % DAY_S
    learnt: list[int] = []

    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(tmp_path / "away.db", clock) as home:
            await home.settle()
            await home.lived(events, until=NOON - timedelta(minutes=1))
            await home.listened(NOON - timedelta(days=130), NOON)
            await home.moves(KITCHEN)
            watch = home.watch()
            for hours in (last / 3600 - 12 - 0.1, 0.25):
                await home.watched(hours, watch=watch)
                (one,) = watch.standing()
                assert one.record is not None
                assert one.days.learnt is not None
                assert one.days.learnt.days == int(one.record.now_s // DAY_S)
                assert choices(one.record, one.days.learnt, 2.0, one.days.less_one(one.record))
                learnt.append(one.days.learnt.days)
            assert len(await home.alerts("inactivity")) == 1

    run_virtual(main)
    assert learnt[0] - learnt[1] == 3


def test_what_is_learnt_less_a_sensor_is_learnt_once_a_day(told: Told) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        record, learnt = one.record, one.days.learnt
        assert record is not None
        assert learnt is not None
        first = one.days.less_one(record)
        assert len(first) == len(record.unsupervised) == 6, "all but the outer door's"
        assert one.days.less_one(record) is first
        known = replace(record, check_ins=(CheckIn(usual_s=3300.0, missed_s=8250.0), *record.check_ins[1:]))
        assert one.days.less_one(known) is first, "it may have failed since its last word, too"
        assert set(record.untold_min.values()) == {np.inf}
        assert known.untold_min == record.untold_min | {0: record.word_min[0]}
        assert 0 <= record.word_min[0] < 24 * 60
        moved = replace(record, events=replace(record.events, first_day=record.events.first_day + 1))
        assert one.days.less_one(moved) is not one.days.less_one(record)
        one.days.learnt = replace(learnt, doubted=frozenset({LIVING}))
        assert len(one.days.less_one(record)) == 5

    told(story)


def test_a_silence_longer_than_ever_is_in_the_week(told: Told) -> None:
    async def story(home: Rooms) -> None:
        async def moves(minute: int) -> None:
            if minute % 20 == 0:
                await home.moves((KITCHEN, BATHROOM)[minute // 20 % 2])
            if minute == 155:
                await home.moves(LIVING)

        watch = await home.watched(3, moves)
        (one,) = watch.standing()
        assert one.record is not None
        said = long_silences(one.days, one.record, one.record.now_s - 7 * DAY_S)
        about = [words for words in said if words.startswith("The motion sensor in the living room said nothing from ")]
        assert len(about) == 1
        assert about[0].endswith(" while others did, as never before at such hours: it may have failed.")
        assert not [words for words in said if "kitchen" in words or "bathroom" in words]
        later = long_silences(one.days, one.record, one.record.now_s)
        assert about[0] not in later, "it was over before"
        checked = replace(one.record, check_ins=(CheckIn(3300.0, 8250.0),) * len(one.record.events.sensors))
        assert long_silences(one.days, checked, 0.0) == [], "whether it lives is known"
        deaf = one.record.listening.copy()
        deaf[int(one.record.now_s // 60) - 100] = False
        assert long_silences(one.days, replace(one.record, listening=deaf), one.record.now_s - DAY_S) == []

    told(story)
