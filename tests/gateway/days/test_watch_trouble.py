"""Clocks, stores and carriers that go wrong: no quiet is lost by them, and none is made up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from analytics.datasets.made_up_home import DOOR, ENTRANCE, KITCHEN, LIVING, SENSORS
from gateway.core.errors import StoreError
from gateway.core.subject import Subject, SubjectType
from gateway.desk.events import AlertKind, Priority, State
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import NOON, ZONE, Rooms


@pytest.mark.parametrize("verdict", ["false", "real"])
def test_an_answer_by_a_clock_that_was_ahead_silences_nothing(told: Told, verdict: str) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts("inactivity")
        home.clock.step(timedelta(days=30))
        await home.desk.resolve(alert.id, "nurse", verdict)
        home.clock.step(timedelta(days=-30))
        await home.moves(LIVING)
        await home.watched(20)
        assert len(await home.alerts("inactivity")) == 2

    told(story)


def test_an_emergency_of_others_is_no_gap_in_what_is_learnt(told: Told) -> None:
    async def story(home: Rooms) -> None:
        alert = await home.desk.raise_alert(
            subject=Subject(type=SubjectType.RESIDENT, id="eino"), kind=AlertKind.INACTIVITY, condition="inactivity",
            priority=Priority.HIGH, probability=None, summary="No sign of life", device_identity=None,
            at=home.clock.wall() - timedelta(hours=6),
        )  # fmt: skip
        await home.desk.resolve(alert.id, "nurse", "real")
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        assert one.record is not None
        assert one.record.listening[40 * 1440 : 40 * 1440 + 700].all()

    told(story)


def test_a_clock_that_was_years_ahead_takes_nothing_of_what_was_learnt(told: Told) -> None:
    async def story(home: Rooms) -> None:
        home.clock.is_synchronised = False
        home.clock.step(timedelta(days=400))
        watch = home.watch()
        await watch.look()  # the gateway was started then
        home.clock.step(timedelta(days=-400))
        home.clock.is_synchronised = True
        await home.moves(KITCHEN)
        await asyncio.sleep(60)
        await watch.look()
        (one,) = watch.standing()
        assert one.days.learnt is not None
        assert (one.days.learnt.days, one.days.learnt.hours > 900) == (40, True)

    told(story)


def test_a_store_that_fails_at_the_start_is_asked_again_in_a_minute(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(home: Rooms) -> None:
        residents, asked = home.registry.residents, 0

        async def fails() -> object:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise StoreError("the disk is full")
            return await residents()

        monkeypatch.setattr(home.registry, "residents", fails)
        watch = await home.watched(0.1)
        assert len(watch.standing()) == 1

    told(story)


def test_where_only_the_listening_cannot_be_noted_a_quiet_is_judged_all_the_same(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        watch = home.watch()
        await watch.look()

        async def fails() -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(home.listening, "goes_on", fails)
        for _ in range(8 * 12):
            await asyncio.sleep(300)
            with suppress(StoreError):
                await watch.look()
        assert len(await home.alerts("inactivity")) == 1

    told(story)


def test_who_is_known_to_be_away_is_not_called_for_again(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(ENTRANCE)
        await home.say(DOOR, on=True)
        await home.say(DOOR, on=False, at=NOON + timedelta(seconds=20))
        await home.watched(20)
        (alert,) = await home.alerts("absence")
        await home.desk.resolve(alert.id, "nurse", "information")
        await home.watched(12)
        assert len(await home.alerts("absence")) == 1

    told(story)


def test_who_is_missing_by_night_is_called_for_at_once(told: Told) -> None:
    async def story(home: Rooms) -> None:
        at = NOON + timedelta(hours=7, minutes=30)
        home.clock.step(at + timedelta(minutes=3) - home.clock.wall())
        await home.listened(NOON, at)
        await home.moves(LIVING, at)
        await home.moves(ENTRANCE, at)
        await home.say(DOOR, on=True, at=at)
        await home.say(DOOR, on=False, at=at + timedelta(seconds=20))
        await home.watched(11.4)
        (alert,) = await home.alerts("absence")
        assert (alert.priority, ", left at 19:30" in alert.summary) == (Priority.HIGH, True)

    told(story)


@pytest.mark.parametrize("answered", [False, True])
def test_who_is_missed_by_day_and_still_out_by_night_is_called_for_as_urgently(told: Told, answered: bool) -> None:
    """Calls about an absence of the day wait from ten for the morning; one that is noticed a minute later would not."""

    async def story(home: Rooms) -> None:
        async def each(minute: int) -> None:
            if minute < 240 and minute % 15 == 0:
                await home.moves((KITCHEN, LIVING)[minute // 15 % 2])
            if minute == 240:
                await home.moves(ENTRANCE)
                await home.say(DOOR, on=True)
                await home.say(DOOR, on=False, at=home.clock.wall() + timedelta(seconds=20))
            if minute == 590:
                (alert,) = await home.alerts("absence")
                assert (alert.priority, alert.witnesses) == (Priority.MEDIUM, 1)
                if answered:
                    await home.desk.acknowledge(alert.id, "nurse")

        await home.watched(16, each)
        (alert,) = await home.alerts("absence")
        if answered:
            assert (alert.priority, alert.witnesses) == (Priority.MEDIUM, 1)
        else:
            assert (alert.state, alert.priority, alert.witnesses) == (State.RAISED, Priority.HIGH, 2)
            assert alert.found_at.astimezone(ZONE).strftime("%H:%M") in ("22:00", "22:05")
            assert ", left at 16:00" in alert.summary

    told(story)


def test_all_sensors_out_of_reach_for_a_moment_delay_nothing(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        for sensor in range(len(SENSORS)):
            await home.say(sensor, None, NOON + timedelta(minutes=1))
            await home.say(sensor, False, NOON + timedelta(minutes=2))
        await home.watched(8)
        assert len(await home.alerts("inactivity")) == 1
        assert [one for one in await home.alerts() if one.kind is AlertKind.TECHNICAL] == []

    told(story)


def test_a_gateway_brought_up_to_date_calls_no_sensor_broken(told: Told) -> None:
    """It has readings of weeks, and no word of when it listened."""

    async def story(home: Rooms) -> None:
        await home.database.write(lambda connection: connection.execute("DELETE FROM listening").get)

        async def moves(minute: int) -> None:
            if minute % 20 == 0:
                await home.moves([KITCHEN, LIVING][minute // 20 % 2])

        watch = await home.watched(4, moves)
        assert await home.alerts() == []
        (one,) = watch.standing()
        assert one.days.learnt is not None
        assert one.days.learnt.doubted == frozenset()

    told(story)
