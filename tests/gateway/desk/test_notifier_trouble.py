"""The notifier when its store or its channels fail at the worst moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import Subject
from gateway.desk.announcer import Times
from gateway.desk.events import Alert, AlertEvent, EventType, Evidence, PositionedEvent, State
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.notifying import Home, Recorder, virtual
from tests.gateway.desk.words import ORIGIN, fall
from tests.virtual_time import VirtualClock


class FailingStore(MemoryAlertStore):
    """A store whose reads or writes fail for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.writes = True

    async def append(self, alert: Alert, events: Sequence[AlertEvent], evidence: Sequence[Evidence] = ()) -> int:
        if not self.writes:
            raise StoreError("the disk is full")
        return await super().append(alert, events, evidence)

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        if not self.reads:
            raise StoreError("the store does not read")
        return await super().since(position, limit=limit)


@virtual
async def test_a_store_that_cannot_write_stops_no_message() -> None:
    channel, store = Recorder(), FailingStore()
    home = Home(channel, store=store)
    async with home.running():
        alert = await home.desk.report(fall())
        store.writes = False
        await asyncio.sleep(400)
        assert len(channel.taken) == 7
        store.writes = True
        await asyncio.sleep(400)
    stored = await store.load(alert.id)
    assert stored is not None
    assert stored.notified >= 12, "what could not be written was counted into the next event"


@virtual
async def test_a_store_that_cannot_read_is_red_and_open_alerts_go_on() -> None:
    channel, store = Recorder(), FailingStore()
    home = Home(channel, store=store)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(1)
        store.reads = False
        await asyncio.sleep(130)
        assert home.colour() is Colour.RED
        assert "the store does not read" in home.reason()
        assert len(channel.taken) == 3
        store.reads = True
        await home.desk.report(fall(condition="other"))
        await asyncio.sleep(6)
        assert len({one.alert_id for one in channel.taken}) == 2
        assert home.colour() is Colour.GREEN


@virtual
async def test_the_crash_points_of_a_message_come_in_order() -> None:
    channel, clock, store = Recorder(), VirtualClock(), MemoryAlertStore()
    points: list[str] = []
    desk = Desk(store=store, clock=clock, origin=ORIGIN)
    notifier = Notifier(
        desk=desk,
        channels=[channel],
        clock=clock,
        health=HealthBoard(),
        base_url="http://127.0.0.1",
        fault=points.append,
    )
    await desk.report(fall())
    task = asyncio.create_task(notifier.run())
    await asyncio.sleep(1)
    channel.mode = "refuse"
    await asyncio.sleep(60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert points == [
        "notify.before-send",
        "notify.after-send-before-record",
        "notify.after-record",
        "notify.before-send",
        "notify.after-failure-before-record",
        "notify.after-record",
    ]


@virtual
async def test_answered_while_all_slots_were_taken_is_not_sent() -> None:
    channel = Recorder()
    channel.mode = "hang"
    home = Home(channel, times=Times(parallel=1))
    async with home.running():
        await home.desk.report(fall(condition="first"))
        waiting = await home.desk.report(fall(condition="second"))
        await asyncio.sleep(5)
        await home.desk.acknowledge(waiting.id, "aino")
        await asyncio.sleep(100)
    assert waiting.id not in {alert_id for _, alert_id, _ in channel.tried}


@virtual
async def test_a_hanging_channel_is_red_when_its_first_try_is_given_up() -> None:
    channel = Recorder()
    channel.mode = "hang"
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(15.1)
        assert home.colour() is Colour.RED


@virtual
async def test_a_success_carries_the_failures_before_it_and_the_next_failure_is_written_at_once() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(4)
        channel.mode = "take"
        await asyncio.sleep(10)
        channel.mode = "refuse"
        await asyncio.sleep(60)
    (sent,) = await home.events(EventType.NOTIFIED)
    failed = await home.events(EventType.NOTIFICATION_FAILED)
    assert [one.data["count"] for one in failed] == [1, 1]
    assert (sent.data["failed_before"], sent.data["attempt"]) == (1, 3)


@virtual
async def test_a_stuck_detector_is_quiet_for_ten_minutes_after_an_answer_and_then_calls_again() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.fall()
        await asyncio.sleep(1)
        await home.desk.acknowledge(alert.id, "aino")
        for _ in range(29):
            await asyncio.sleep(20)
            await home.fall()
        assert len(channel.taken) == 1
        await asyncio.sleep(21)
        later = await home.fall()
        await asyncio.sleep(1)
    assert [one.alert_id for one in channel.taken] == [alert.id, later.id]


class BreaksOnce(MemoryAlertStore):
    """The first reading of the raised alerts or of events fails: as a store does, or as a defect does."""

    def __init__(self, find: Exception | None = None, since: Exception | None = None) -> None:
        super().__init__()
        self.failures = {"find": find, "since": since}

    def fail(self, call: str) -> None:
        failure, self.failures[call] = self.failures[call], None
        if failure is not None:
            raise failure

    async def find(
        self, states: frozenset[State] | None = None, *, subject: Subject | None = None, limit: int = 200
    ) -> list[Alert]:
        self.fail("find")
        return await super().find(states, subject=subject, limit=limit)

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        self.fail("since")
        return await super().since(position, limit=limit)


@virtual
async def test_a_store_that_fails_while_the_notifier_begins_is_asked_again() -> None:
    channel, store = Recorder(), BreaksOnce()
    home = Home(channel, store=store)
    held = await home.desk.report(fall(condition="held"))
    await home.desk.acknowledge(held.id, "aino")
    alert = await home.desk.report(fall())
    store.failures["find"] = StoreError("the store does not read")
    async with home.running():
        await asyncio.sleep(0.5)
        assert home.colour() is Colour.RED
        await asyncio.sleep(1)
        assert [one.alert_id for one in channel.taken] == [alert.id]
        await asyncio.sleep(10)
        assert home.colour() is Colour.GREEN
        assert len(channel.taken) == 1


@virtual
async def test_a_notifier_that_broke_while_it_began_announces_everything_when_it_is_started_again() -> None:
    channel, store = Recorder(), BreaksOnce(since=ZeroDivisionError())
    home = Home(channel, store=store)
    alert = await home.desk.report(fall())
    with pytest.raises(ExceptionGroup):
        await home.notifier.run()
    assert channel.tried == []
    async with home.running():
        await asyncio.sleep(1)
    assert [one.alert_id for one in channel.taken] == [alert.id]


class Overtaken(MemoryAlertStore):
    """Everything in it was committed right after the notifier had asked how far the store was."""

    asked = False

    async def last_position(self) -> int:
        first, self.asked = not self.asked, True
        return 0 if first else await super().last_position()


@virtual
async def test_events_committed_while_the_notifier_began_are_recognised() -> None:
    channel, store = Recorder(), Overtaken()
    home = Home(channel, store=store)
    held = await home.desk.report(fall(condition="held"))
    await home.desk.acknowledge(held.id, "aino")
    done = await home.desk.report(fall(condition="done"))
    await home.desk.resolve(done.id, "aino", "real")
    alert = await home.desk.report(fall())
    async with home.running():
        await asyncio.sleep(30)
    assert [one.alert_id for one in channel.taken] == [alert.id]


@virtual
async def test_an_answered_alert_keeps_nothing_red_while_its_last_message_hangs() -> None:
    channel = Recorder()
    channel.mode = "hang"
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(20)
        assert (home.colour(), channel.under_way) == (Colour.RED, 1)
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(0.1)
        assert (home.colour(), channel.under_way) == (Colour.AMBER, 1)
