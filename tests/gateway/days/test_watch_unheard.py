"""What carries the sensors fails, or some of them do: no quiet is made of it, none is lost in it, a person is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from analytics.activity.events import Kind
from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, FRIDGE, KITCHEN, LIVING
from gateway.core.health import Colour
from gateway.days.watch import PART
from gateway.desk.events import AlertKind, Priority, State
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import NOON, PAST, Rooms, device

CHECKS_IN = 55.0  # minutes
ALL = (BEDROOM, LIVING, KITCHEN, BATHROOM, ENTRANCE, DOOR, FRIDGE)
LIVELY = (KITCHEN, LIVING, BATHROOM)
FIRST = {sensor: float(at) for sensor, at in zip(ALL, np.random.default_rng(0).uniform(0, CHECKS_IN, 7), strict=True)}


async def checked_in(home: Rooms, begin: datetime, end: datetime) -> None:
    """Each sensor, at its own minute."""
    said = [
        home.received(sensor, False, begin + timedelta(minutes=at))
        for sensor, first in FIRST.items()
        for at in np.arange(first, (end - begin).total_seconds() / 60, CHECKS_IN).tolist()
    ]
    said.sort(key=lambda one: one.received_at)
    for first in range(0, len(said), 500):
        await home.ingest.accept_many(said[first : first + 500])


async def check_in(home: Rooms, *without: int) -> None:
    """Whose minute this is (a tick has five)."""
    minutes = (home.clock.wall() - (NOON - timedelta(days=PAST))).total_seconds() / 60
    for sensor, first in FIRST.items():
        if sensor not in without and (minutes - first) % CHECKS_IN < 5:
            await home.say(sensor, False)


async def lively(home: Rooms, minute: int, *without: int) -> None:
    if minute % 15 == 0 and (sensor := LIVELY[minute // 15 % 3]) not in without:
        await home.moves(sensor)


def test_half_of_the_sensors_lost_at_once_leave_the_others_who_hear_that_it_is_quiet(told: Told) -> None:
    async def story(home: Rooms) -> None:
        gone = (BEDROOM, ENTRANCE, DOOR, FRIDGE)

        async def each(minute: int) -> None:
            if minute == 10:
                for sensor in gone:
                    await home.say(sensor, None)
            if minute <= 240:
                await lively(home, minute)

        watch = await home.watched(4 + 12, each)
        assert home.health.parts()[PART].colour is Colour.AMBER
        (one,) = watch.standing()
        assert one.record is not None
        assert one.record.lost == set(gone)
        assert [len(await home.alerts(f"sensor:{device(one).identity}")) for one in gone] == [1] * 4
        (quiet,) = [one for one in await home.alerts() if one.kind is AlertKind.INACTIVITY]
        assert quiet.raised_at - NOON < timedelta(hours=4 + 8)

    told(story)


def test_a_stick_that_hangs_for_three_hours_is_told_and_leaves_no_sensor_in_doubt(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await checked_in(home, NOON - timedelta(days=PAST), NOON)
        amber: list[int] = []

        async def each(minute: int) -> None:
            if minute >= 180:
                await check_in(home)
            if 180 <= minute <= 360:
                await lively(home, minute)
            if home.health.parts().get(PART) and home.health.parts()[PART].colour is Colour.AMBER:
                amber.append(minute)

        watch = await home.watched(6 + 10, each)
        assert 60 <= amber[0] <= 80
        assert amber[-1] <= 190
        (unheard,) = await home.alerts("rooms-unheard")
        assert (unheard.kind, unheard.priority) == (AlertKind.TECHNICAL, Priority.MEDIUM)
        assert "No sensor of movement is heard since " in unheard.summary
        (one,) = watch.standing()
        assert one.days.learnt is not None
        assert one.days.learnt.doubted == frozenset()
        # No sensor is called broken, no quiet was made of it, and the one that came is found as on any other day.
        assert {alert.condition for alert in await home.alerts()} == {"rooms-unheard", "inactivity"}
        (quiet,) = await home.alerts("inactivity")
        assert timedelta(hours=6) < quiet.raised_at - NOON < timedelta(hours=6 + 7)

    told(story)


def test_one_that_checks_in_is_missed_within_three_hours_and_learnt_without_at_once(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await checked_in(home, NOON - timedelta(days=PAST), NOON)
        missed: list[int] = []

        async def each(minute: int) -> None:
            await check_in(home, LIVING)
            await lively(home, minute, LIVING)
            (one,) = watch.standing() or (None,)
            if one is not None and one.days.learnt is not None and one.days.learnt.doubted:
                missed.append(minute)

        watch = home.watch()
        await home.watched(4, each, watch)
        assert 85 <= missed[0] <= 145  # and not with the next hourly look
        (alert,) = await home.alerts()
        assert "The motion sensor in the living room" in alert.summary

    told(story)


def test_out_of_reach_for_some_minutes_is_nothing_to_tell(told: Told) -> None:
    async def story(home: Rooms) -> None:
        async def each(minute: int) -> None:
            await lively(home, minute)
            if minute == 20:
                await home.say(LIVING, None)
            if minute == 30:
                await home.say(LIVING, False)

        await home.watched(3, each)
        assert await home.alerts() == []

    told(story)


def test_who_tidies_up_the_list_has_not_seen_to_a_later_quiet(told: Told) -> None:
    async def story(home: Rooms, *, tidied: bool) -> datetime:
        await home.moves(KITCHEN)
        await home.watched(8)
        (first,) = await home.alerts()
        await home.desk.acknowledge(first.id, "nurse")

        async def each(minute: int) -> None:
            if minute <= 60:
                await lively(home, minute)
            if minute == 150 and tidied:
                await home.desk.resolve(first.id, "nurse", "false")

        await home.watched(16, each)
        found = await home.alerts("inactivity")
        assert found[0].state is (State.RESOLVED if tidied else State.ACKNOWLEDGED)
        assert "last in the living room at 21:00" in found[1].summary
        return found[1].raised_at

    at: list[datetime] = []
    for tidied in (False, True):

        async def one(home: Rooms, tidied: bool = tidied) -> None:
            at.append(await story(home, tidied=tidied))

        told(one)
    assert at[0] == at[1]


def test_where_every_sensor_of_movement_is_in_doubt_it_is_said(told: Told) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        assert one.days.learnt is not None
        assert watch._state(None)[0] is Colour.GREEN
        moving = frozenset(index for index, sensor in enumerate(one.days.sensors) if sensor.kind is Kind.MOTION)
        one.days.learnt = replace(one.days.learnt, doubted=moving)
        colour, words = watch._state(None)
        assert colour is Colour.AMBER
        assert "Nothing is expected of any sensor of movement just now" in words
        one.days.learnt = replace(one.days.learnt, doubted=frozenset(list(moving)[1:]))
        assert watch._state(None)[0] is Colour.GREEN

    told(story)
