"""Sensors that speak only when somebody moves, and may have failed without a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analytics.activity.caution import UNTOLD_H
from analytics.activity.running import Learnt
from analytics.datasets.made_up_home import KITCHEN, LIVING
from gateway.days.household import Days
from gateway.days.record import Record
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import Rooms


def test_a_quiet_calls_only_if_it_would_had_a_sensor_just_failed(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing were expected any more in this home without the sensor that may have failed."""

    def none_expected(days: Days, record: Record) -> tuple[Learnt, ...]:
        assert days.learnt is not None
        assert record.unsupervised
        return (replace(days.learnt, hazard=0 * days.learnt.hazard),)

    monkeypatch.setattr(Days, "less_one", none_expected)

    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = await home.watched(8)
        assert await home.alerts() == []
        (one,) = watch.standing()
        assert one.quiet is not None
        assert (round(one.quiet.odds_h), one.quiet.threshold_h) == (8, UNTOLD_H)

    told(story)


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
        one.days.learnt = replace(learnt, doubted=frozenset({LIVING}))
        assert len(one.days.less_one(record)) == 5

    told(story)
