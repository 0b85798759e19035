"""When it was listened to, what sensors of rooms said, and how sparing alerts are meant to be: durable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from analytics.datasets.made_up_home import DOOR, KITCHEN
from gateway.core.errors import Invalid
from gateway.core.subject import Subject, SubjectType
from gateway.store import room_states
from gateway.store.day_promises import DayPromise
from gateway.store.listening import SHORT
from gateway.store.room_states import RoomStates
from tests.gateway.days.home import AINO, NOON, Rooms, device, rooms
from tests.virtual_time import VirtualClock

MINUTE = timedelta(minutes=1)


async def at_noon(folder: Path) -> tuple[VirtualClock, Path]:
    clock = VirtualClock()
    clock.step(NOON - clock.wall())
    return clock, folder / "a.db"


async def test_listening_goes_on_over_a_short_gap_and_not_over_a_long_one(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        for gap in (MINUTE, SHORT - MINUTE, MINUTE, SHORT + MINUTE, MINUTE):
            await home.listening.goes_on()
            clock.step(gap)
        await home.listening.goes_on()
        spans = await home.listening.spans(NOON - timedelta(days=1))
        assert [round((end - begin) / MINUTE) for begin, end in spans] == [31, 1]
    async with rooms(path, clock) as home:  # the gateway was started again
        await home.listening.goes_on()
        assert len(await home.listening.spans(NOON - timedelta(days=1))) == 2
        assert len(await home.listening.spans(clock.wall() - timedelta(seconds=30))) == 1


async def test_a_clock_that_was_set_back_begins_a_span_of_its_own(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        await home.listening.goes_on()
        clock.step(timedelta(hours=-2))
        await home.listening.goes_on()
        clock.step(MINUTE)
        await home.listening.goes_on()
        spans = await home.listening.spans(NOON - timedelta(days=1))
        assert len(spans) == 2
        assert all(begin <= end for begin, end in spans)


async def test_nor_does_it_make_one_shorter(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        await home.listening.goes_on()
        clock.step(20 * MINUTE)
        await home.listening.goes_on()
        clock.step(-10 * MINUTE)
        await home.listening.goes_on()
        spans = await home.listening.spans(NOON - timedelta(days=1))
        assert [round((end - begin) / MINUTE) for begin, end in spans] == [20, 0]


async def test_old_spans_are_let_go(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        await home.listening.goes_on()
        clock.step(timedelta(days=201))
        clock.is_synchronised = False
        await home.listening.goes_on()
        assert len(await home.listening.spans(NOON - timedelta(days=1))) == 2, "this clock may be ahead"
        clock.is_synchronised = True
        clock.step(timedelta(days=1))
        await home.listening.goes_on()
        assert len(await home.listening.spans(NOON - timedelta(days=1))) == 2


async def settled(home: Rooms) -> RoomStates:
    await home.settle()
    for number in range(7):
        await home.say(KITCHEN, number % 2 == 0, NOON + number * MINUTE)
    await home.say(DOOR, None, NOON + 10 * MINUTE)
    return RoomStates(home.database)


async def test_states_in_the_order_of_commits_and_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, path = await at_noon(tmp_path)
    monkeypatch.setattr(room_states, "MOST", 3)
    async with rooms(path, clock) as home:
        states = await settled(home)
        seq, found = 0, []
        for _ in range(4):
            rows, seq = await states.after(seq)
            found += rows
        assert [one.on for one in found] == [True, False, True, False, True, False, True, None]
        assert {one.quantity for one in found[:7]} == {"motion-detected"}
        assert found[7].device_identity == device(DOOR).identity
        assert [one.at - NOON for one in found[:3]] == [0 * MINUTE, MINUTE, 2 * MINUTE]
        assert await states.after(seq) == ([], seq)


async def test_states_of_one_device_since_a_moment(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        states = await settled(home)
        rows, _ = await states.of_device(device(KITCHEN).identity, NOON + 4 * MINUTE)
        assert [one.at - NOON for one in rows] == [4 * MINUTE, 5 * MINUTE, 6 * MINUTE]


@pytest.mark.parametrize("per_month", [0.0, 0.09, 10.1, -1.0, float("nan"), float("inf")])
async def test_what_cannot_be_promised(tmp_path: Path, per_month: float) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        with pytest.raises(Invalid, match=r"give 0\.1 to 10"):
            await home.promises.make(AINO, DayPromise(per_month=per_month), actor="t")
        assert await home.promises.of(AINO) == DayPromise()


async def test_who_moves_in_does_not_undo_what_was_promised(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    home_subject = Subject(type=SubjectType.HOME, id="home")
    async with rooms(path, clock) as home:
        assert await home.promises.of(home_subject, ("aino", "eino")) == DayPromise()
        await home.promises.make(AINO, DayPromise(per_month=0.5, watched=False), actor="nurse")
        assert await home.promises.of(home_subject, ("aino",)) == DayPromise(per_month=0.5, watched=False)
        # Of whom nothing was said is watched, as sparingly as is usual.
        assert await home.promises.of(home_subject, ("aino", "eino")) == DayPromise()
        await home.promises.make(AINO, DayPromise(per_month=4), actor="nurse")
        assert await home.promises.of(home_subject, ("aino", "eino")) == DayPromise(per_month=4)
        eino = Subject(type=SubjectType.RESIDENT, id="eino")
        await home.promises.make(eino, DayPromise(per_month=9, watched=False), actor="nurse")
        assert await home.promises.of(home_subject, ("eino", "aino")) == DayPromise(per_month=4)
        await home.promises.make(AINO, DayPromise(per_month=3, watched=False), actor="nurse")
        assert await home.promises.of(home_subject, ("aino", "eino")) == DayPromise(per_month=9, watched=False)
        await home.promises.make(home_subject, DayPromise(per_month=1), actor="nurse")
        assert await home.promises.of(home_subject, ("aino", "eino")) == DayPromise(per_month=1)


async def test_the_last_promise_holds_and_each_is_noted(tmp_path: Path) -> None:
    clock, path = await at_noon(tmp_path)
    async with rooms(path, clock) as home:
        for promise in (DayPromise(per_month=0.5), DayPromise(watched=False, per_month=4)):
            await home.promises.make(AINO, promise, actor="nurse")
            assert await home.promises.of(AINO) == promise
        noted = [one for one in await home.registry.audit() if one.action == "days.promise"]
        assert [one.actor for one in noted] == ["nurse", "nurse"]
