"""A quiet that is not like the others calls somebody, and nothing else does."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from analytics.datasets.made_up_home import BATHROOM, BEDROOM, DOOR, ENTRANCE, KITCHEN, LIVING, SENSORS
from gateway.core.errors import StoreError
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.days.watch import PART
from gateway.desk.events import AlertKind, EventType, Priority, State
from gateway.store.day_promises import DayPromise
from tests.gateway.days.conftest import Told
from tests.gateway.days.home import AINO, NOON, Rooms, device, past, rooms
from tests.virtual_time import VirtualClock, run_virtual

HOME = Subject(type=SubjectType.HOME, id="home-1")
MINUTE = timedelta(minutes=1)


def test_somebody_who_does_not_move_any_more_is_noticed(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts()
        assert (alert.kind, alert.priority, alert.subject) == (AlertKind.INACTIVITY, Priority.HIGH, AINO)
        assert alert.summary.startswith("No sign of life for ")
        assert ", last in the kitchen at 12:00; 95 of 100 such quiets end within " in alert.summary
        assert timedelta(hours=1) < alert.raised_at - NOON < timedelta(hours=7)
        (evidence,) = await home.desk.store.evidence(alert.id)
        assert json.loads(evidence.content)["days_learnt"] == 40
        assert home.health.parts()[PART].colour is Colour.GREEN

    told(story)


def test_who_moves_now_and_then_is_not(told: Told) -> None:
    async def story(home: Rooms) -> None:
        async def moves(minute: int) -> None:
            if minute % 25 == 0:
                await home.moves([KITCHEN, LIVING, BATHROOM][minute // 25 % 3])

        await home.watched(8, moves)
        assert await home.alerts() == []

    told(story)


def test_a_sign_of_life_after_it_is_told_once_and_ends_nothing(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts()
        await home.moves(LIVING)
        await home.watched(0.1)
        await home.moves(BATHROOM)
        await home.watched(0.1)
        (after,) = await home.alerts()
        assert (after.state, after.priority, after.summary) == (State.RAISED, Priority.HIGH, alert.summary)
        said = [one for one in await home.desk.store.history(alert.id) if one.type is EventType.WITNESS]
        assert [one.data["summary"] for one in said] == ["A sign of life again in the living room"]

    told(story)


def test_an_answer_begins_the_quiet_anew_and_a_longer_one_calls_again(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (first,) = await home.alerts()
        answered = home.clock.wall()
        await home.desk.resolve(first.id, "nurse", "not-confirmed")
        await home.watched(0.5)
        assert len(await home.alerts()) == 1
        await home.watched(16)
        first, second = await home.alerts()
        assert second.raised_at - answered > timedelta(hours=1)

    told(story)


def test_who_has_it_is_not_called_again(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts()
        await home.desk.acknowledge(alert.id, "nurse")
        await home.watched(6)
        await home.moves(LIVING)  # long after the acknowledgement: no alert of its own
        await home.watched(0.2)
        (after,) = await home.alerts()
        assert (after.id, after.state) == (alert.id, State.ACKNOWLEDGED)

    told(story)


def test_a_restart_changes_nothing(told: Told) -> None:
    when: list[timedelta] = []

    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        for hours in (8,) if not when else (0.75, 1, 6.25):
            await home.watched(hours)
        (alert,) = await home.alerts()
        when.append(alert.raised_at - NOON)

    told(story)
    told(story)
    assert abs(when[0] - when[1]) <= 5 * MINUTE


def test_who_went_out_and_is_not_back(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(ENTRANCE)
        await home.say(DOOR, on=True)
        await home.say(DOOR, on=False, at=NOON + timedelta(seconds=20))
        await home.watched(9.5)
        (alert,) = await home.alerts()
        assert (alert.kind, alert.priority) == (AlertKind.ABSENCE, Priority.MEDIUM)
        assert ", left at 12:00" in alert.summary

    told(story)


def test_without_a_contact_at_the_door_it_may_also_be_a_fall_in_the_hall(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.registry.unassign(device(DOOR).identity, actor="t")
        await home.moves(ENTRANCE)
        await home.watched(30)
        (alert,) = await home.alerts()
        assert (alert.kind, alert.priority) == (AlertKind.ABSENCE, Priority.HIGH)
        assert "or lying in the hall: last seen there at 12:00" in alert.summary

    told(story)


def test_a_sensor_out_of_reach_is_named_and_its_silence_is_no_stillness(told: Told) -> None:
    async def story(home: Rooms) -> None:
        for sensor in (BEDROOM, LIVING):
            await home.say(sensor, None)

        async def moves(minute: int) -> None:
            if minute % 25 == 0:
                await home.moves([KITCHEN, BATHROOM][minute // 25 % 2])

        await home.watched(8, moves)
        technical = await home.alerts(f"sensor:{device(BEDROOM).identity}")
        assert [one.priority for one in technical] == [Priority.LOW]
        assert "The motion sensor in the bedroom" in technical[0].summary
        assert "cannot be reached since 01.03. 12:00" in technical[0].summary
        assert await home.alerts("inactivity") == []
        said = home.health.parts()[PART]
        assert said.colour is Colour.AMBER
        assert "Silent: the motion sensor in the bedroom, the motion sensor in the living room." in said.reason
        await home.desk.resolve(technical[0].id, "nurse", "technical")
        await home.watched(2, moves)
        assert len(await home.alerts(f"sensor:{device(BEDROOM).identity}")) == 1

    told(story)


def test_two_days_without_the_gateway_are_not_stillness(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(0.2)
        home.clock.step(timedelta(days=2))
        await home.watched(1.5)
        assert await home.alerts() == []

    told(story)


def test_nor_is_a_broker_that_is_lost(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        home.why_deaf = "no connection to the broker"
        await home.watched(10)
        assert await home.alerts() == []
        said = home.health.parts()[PART]
        assert said.colour is Colour.AMBER
        assert "Nothing is heard (no connection to the broker)" in said.reason

    told(story)


def test_a_promise_is_kept(told: Told) -> None:
    """Whoever wants a false alert in ten months waits for longer than for four a month; and off is off."""
    waited: list[timedelta] = []

    async def story(home: Rooms) -> None:
        await home.promises.make(AINO, promise, actor="t")
        await home.moves(KITCHEN)
        await home.watched(16)
        waited.extend(one.raised_at - NOON for one in await home.alerts("inactivity"))
        if not promise.watched:
            assert await home.alerts() == []
            assert home.health.parts()[PART].reason.startswith("Nobody's days are watched")

    promises = iter((DayPromise(per_month=4), DayPromise(per_month=0.1), DayPromise(watched=False)))
    for _ in range(3):
        promise = next(promises)
        told(story)
    soon, sparing = waited
    assert soon < sparing


def test_what_is_told_late_counts_from_its_own_moment(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(1)
        await home.moves(LIVING, NOON + 30 * MINUTE)
        watch = await home.watched(0.1)
        (one,) = watch.standing()
        assert one.quiet is not None
        assert (one.quiet.clock, one.quiet.where) == ("12:30", "in the living room")

    told(story)


def test_who_shares_rooms_is_watched_as_one(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.registry.add_resident("Eino", actor="t", resident_id="eino")
        await home.moves(KITCHEN)
        await home.watched(8)
        (alert,) = await home.alerts()
        assert alert.subject == HOME
        assert "Several residents share rooms" in home.health.parts()[PART].reason

    told(story)


def test_a_store_that_fails_is_red_and_nothing_is_missed(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        append = home.desk.store.append
        failed = 0

        async def fails(*arguments: object) -> int:
            nonlocal failed
            failed += 1
            if failed < 4:
                raise StoreError("the disk is full")
            return await append(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(home.desk.store, "append", fails)
        seen = set()

        async def look(_: int) -> None:
            await asyncio.sleep(0)
            if PART in home.health.parts():
                seen.add(home.health.parts()[PART].colour)

        await home.watched(8, look)
        assert len(await home.alerts()) == 1
        assert seen == {Colour.RED, Colour.GREEN}

    told(story)


def test_every_sensor_of_the_home_is_counted(told: Told) -> None:
    async def story(home: Rooms) -> None:
        watch = await home.watched(0.05)
        (one,) = watch.standing()
        assert len(one.days.sensors) == len(SENSORS)
        assert one.days.learnt is not None
        assert one.days.learnt.days == 40
        assert one.days.learnt.hours > 900

    told(story)


def test_the_first_word_of_the_first_sensor_is_heard(tmp_path: Path) -> None:
    """The store was empty when the gateway started."""

    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(tmp_path / "a.db", clock) as home:
            await home.settle()

            async def speaks(minute: int) -> None:
                if minute == 10:
                    await home.moves(KITCHEN)

            watch = await home.watched(0.5, speaks)
            (one,) = watch.standing()
            assert one.quiet is not None
            assert one.quiet.where == "in the kitchen"

    run_virtual(main)


def test_a_second_quiet_while_nobody_has_answered_is_told_once(told: Told) -> None:
    async def story(home: Rooms) -> None:
        await home.moves(KITCHEN)
        await home.watched(8)
        await home.moves(LIVING)
        await home.watched(14)
        (alert,) = await home.alerts("inactivity")
        said = [one.data["summary"] for one in await home.desk.store.history(alert.id) if one.type is EventType.WITNESS]
        assert len(said) == 2
        assert said[0] == "A sign of life again in the living room"
        assert said[1].startswith("No sign of life for ")
        await home.moves(BATHROOM)
        await home.watched(0.2)
        (last,) = (await home.desk.store.history(alert.id))[-1:]
        assert last.data["summary"] == "A sign of life again in the bathroom"

    told(story)


def test_after_months_it_still_learns_and_looks_at_each_day(tmp_path: Path) -> None:
    """A record is 120 days long then, day after day: what is new is seen by its date."""

    async def main() -> None:
        clock = VirtualClock()
        clock.step(NOON - clock.wall())
        async with rooms(tmp_path / "a.db", clock) as home:
            await home.settle()
            await home.lived(past(days=125), until=NOON - timedelta(minutes=1))
            await home.listened(NOON - timedelta(days=130), NOON)
            watch = await home.watched(20)
            (one,) = watch.standing()
            assert one.record is not None
            assert one.days.learnt is not None
            assert str(one.days.learnt.until) == "2026-03-02"
            assert not one.record.listening[: 24 * 60 // 4].any(), "the first day is not whole"
            assert one.days.told.at_s.min() >= (clock.wall() - timedelta(days=123)).timestamp()
            assert watch._reviewer._done[AINO] == {("days", one.record.today)}

    run_virtual(main)
