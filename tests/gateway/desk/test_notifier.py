"""The notifier in virtual time: until a person answers, through dead channels, restarts and stepping clocks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.desk.announcer import Times
from gateway.desk.events import Alert, AlertEvent, EventType, Evidence, PositionedEvent, State
from gateway.desk.notice import NotDelivered, Notice
from gateway.desk.notifier import PART, Notifier
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import ORIGIN, fall
from tests.virtual_time import VirtualClock, run_virtual


def now() -> float:
    return asyncio.get_running_loop().time() - 1000.0


class Recorder:
    """A channel that does what it is told: takes, refuses, hangs or breaks."""

    def __init__(self, name: str = "webhook https://care.example") -> None:
        self.name = name
        self.mode: str = "take"
        self.tried: list[tuple[float, str, int]] = []
        self.taken: list[Notice] = []
        self.under_way = self.most_under_way = 0

    async def send(self, notice: Notice) -> None:
        self.tried.append((now(), notice.alert_id, notice.attempt))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.mode == "hang":
                await asyncio.Event().wait()
            await asyncio.sleep(0.1)
            if self.mode == "refuse":
                raise NotDelivered("does not answer (ConnectError)", advice="check the network")
            if self.mode == "break":
                raise ZeroDivisionError
            self.taken.append(notice)
        finally:
            self.under_way -= 1

    def times(self) -> list[float]:
        return [at for at, _, _ in self.tried]


class Home:
    """A desk with its notifier; the notifier can be killed and started again."""

    def __init__(self, *channels: Recorder, times: Times | None = None, store: MemoryAlertStore | None = None) -> None:
        self.clock = VirtualClock()
        self.store = store or MemoryAlertStore()
        self.desk = Desk(store=self.store, clock=self.clock, origin=ORIGIN)
        self.health = HealthBoard()
        self.notifier = Notifier(
            desk=self.desk,
            channels=channels,
            clock=self.clock,
            health=self.health,
            base_url="https://gateway.example/",
            times=times,
            rng=random.Random(1),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.notifier.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def colour(self) -> Colour:
        return self.health.parts()[PART].colour

    def reason(self) -> str:
        return self.health.parts()[PART].reason

    async def events(self, kind: EventType) -> list[AlertEvent]:
        return [one.event for one in await self.store.since(0) if one.event.type is kind]


def virtual(test: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        run_virtual(test)

    run.__name__ = test.__name__
    return run


@virtual
async def test_an_alert_is_announced_at_once_and_every_minute_until_acknowledged() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        await asyncio.sleep(5)
        alert = await home.desk.report(fall())
        await asyncio.sleep(150)
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(600)
    assert channel.times() == pytest.approx([5, 65.1, 125.2], abs=0.01)
    assert [one.attempt for one in channel.taken] == [1, 2, 3]
    assert {one.alert_id for one in channel.taken} == {alert.id}
    assert channel.taken[0].url == f"https://gateway.example/api/v1/alerts/{alert.id}"
    assert home.colour() is Colour.GREEN


@virtual
async def test_resolving_ends_it_too_and_a_later_finding_is_announced_anew() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        first = await home.desk.report(fall())
        await asyncio.sleep(1)
        await home.desk.resolve(first.id, "aino", "false")
        await asyncio.sleep(200)
        second = await home.desk.report(fall())
        await asyncio.sleep(1)
    assert [one.alert_id for one in channel.taken] == [first.id, second.id]


@virtual
async def test_answered_before_it_could_be_sent_is_not_sent() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        await asyncio.sleep(1)
        alert = await home.desk.report(fall())
        await home.desk.resolve(alert.id, "aino", "test")
        # both events reach the notifier in one batch
        await asyncio.sleep(300)
    assert len(channel.tried) <= 1
    assert home.notifier._announcers[0]._duties == {}


@virtual
async def test_a_witness_of_a_raised_alert_is_no_new_page() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(1)
        await home.desk.report(fall())
        await asyncio.sleep(30)
    assert len(channel.tried) == 1


@virtual
async def test_a_witness_soon_after_the_acknowledgement_is_quiet_and_a_late_one_is_announced_once() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(300)
        quiet = len(channel.taken)
        await home.desk.report(fall())
        await asyncio.sleep(200)
        assert len(channel.taken) == quiet
        await asyncio.sleep(200)
        assert (await home.desk.report(fall())).state is State.ACKNOWLEDGED
        await asyncio.sleep(1000)
    assert len(channel.taken) == quiet + 1
    assert (channel.taken[-1].alert_id, channel.taken[-1].state) == (alert.id, State.ACKNOWLEDGED)


@virtual
async def test_a_late_witness_that_was_not_taken_is_announced_after_a_restart() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(1)
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(1000)
        channel.mode = "refuse"
        await home.desk.report(fall())
        await asyncio.sleep(5)
    channel.mode = "take"
    for _ in range(2):  # the second restart has nothing left to say
        async with home.running():
            await asyncio.sleep(100)
    assert [one.state for one in channel.taken] == [State.RAISED, State.ACKNOWLEDGED]


@virtual
async def test_failures_back_off_and_never_give_up() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(3600)
    waits = [after - before - 0.1 for before, after in zip(channel.times(), channel.times()[1:], strict=False)]
    for wait, longest in zip(waits, [2, 4, 8, 16, 30, 30, 30], strict=False):
        assert 0.75 * longest - 0.01 <= wait <= longest + 0.01
    assert max(waits) <= 30.01
    assert len(set(waits[5:])) > 50, "with jitter no two waits are equal"
    failed = await home.events(EventType.NOTIFICATION_FAILED)
    assert 2 <= len(failed) <= 3600 / Times().record_every_s + 1, "failures are counted, not each written"
    assert failed[0].data["count"] == 1
    assert sum(one.data["count"] for one in failed) <= len(channel.tried)
    assert failed[0].data["reason"] == "does not answer (ConnectError)"


@virtual
async def test_successes_are_counted_not_each_written() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(3600)
    events = await home.events(EventType.NOTIFIED)
    assert 12 <= len(events) <= 13
    stored = await home.store.load(alert.id)
    assert stored is not None
    assert len(channel.taken) - 5 <= stored.notified <= len(channel.taken)


@virtual
async def test_health_says_what_is_wrong_and_what_to_do() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        await asyncio.sleep(1)
        assert home.colour() is Colour.GREEN
        await home.desk.report(fall())
        second = await home.desk.report(fall(condition="no-recovery"))
        await asyncio.sleep(5)
        assert home.colour() is Colour.AMBER
        await asyncio.sleep(5.5)
        assert home.colour() is Colour.RED, "on time, although the next try is seconds away"
        assert home.reason() == (
            "webhook https://care.example does not answer (ConnectError): 2 alerts unannounced; check the network"
        )
        await home.desk.acknowledge(second.id, "aino")
        await asyncio.sleep(0.1)
        assert "1 alert unannounced" in home.reason()
        channel.mode = "take"
        await asyncio.sleep(31)
        assert home.colour() is Colour.GREEN


@virtual
async def test_a_dead_channel_stays_amber_when_no_alert_waits_for_it() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(60)
        await home.desk.resolve(alert.id, "aino", "real")
        await asyncio.sleep(60)
        assert home.colour() is Colour.AMBER
        assert "no alert waits" in home.reason()


@virtual
async def test_no_channel_is_amber() -> None:
    home = Home()
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(60)
        assert home.colour() is Colour.AMBER
        assert "no channel is configured" in home.reason()


@virtual
async def test_when_a_channel_comes_back_everything_that_waited_goes_out_at_once() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        for n in range(20):
            await home.desk.report(fall(condition=f"c{n}"))
            await asyncio.sleep(1)
        await asyncio.sleep(300)
        channel.mode = "take"
        await asyncio.sleep(10)  # less than the backoff of each: with 20 of them the first try comes within seconds
    assert len({one.alert_id for one in channel.taken}) == 20


@pytest.mark.parametrize("mode", ["refuse", "hang", "break"])
def test_a_dead_channel_delays_no_other(mode: str) -> None:
    async def main() -> None:
        dead, alive = Recorder("webhook https://dead.example"), Recorder("webhook https://alive.example")
        dead.mode = mode
        home = Home(dead, alive)
        with capture_logs() as logs:
            await fall_thirty_times(home, dead, alive)
        assert len(logs) <= 2, "a dead channel does not flood the log"
        assert max(dead.most_under_way, alive.most_under_way) <= Times().parallel

    async def fall_thirty_times(home: Home, dead: Recorder, alive: Recorder) -> None:
        async with home.running():
            for n in range(30):
                await home.desk.report(fall(condition=f"c{n}"))
            await asyncio.sleep(2)
            assert len({one.alert_id for one in alive.taken}) == 30
            await asyncio.sleep(28)
            assert home.colour() is Colour.RED
            assert "https://dead.example" in home.reason()
            assert "alive" not in home.reason()

    run_virtual(main)


@virtual
async def test_a_hanging_channel_is_given_up_in_time_and_a_fall_has_its_own_lane() -> None:
    channel = Recorder()
    channel.mode = "hang"
    home = Home(channel)
    async with home.running():
        for n in range(10):
            await home.desk.technical(f"t{n}", "Something is broken")
        await asyncio.sleep(1)
        alert = await home.desk.report(fall())
        await asyncio.sleep(0.1)
        assert channel.tried[-1][1] == alert.id, "it does not stand behind the technical ones"
        await asyncio.sleep(20)
        assert "within 15 s" in home.reason()
        assert len(channel.tried) > 5


@virtual
async def test_a_restart_announces_what_is_open_at_once() -> None:
    channel = Recorder()
    home = Home(channel)
    raised = [await home.desk.report(fall(condition=f"c{n}")) for n in range(3)]
    held = await home.desk.report(fall(condition="held"))
    await home.desk.acknowledge(held.id, "aino")
    async with home.running():
        await asyncio.sleep(0.5)
    assert {one.alert_id for one in channel.taken} == {one.id for one in raised}
    async with home.running():  # the same notifier, as the supervisor starts it again
        await asyncio.sleep(0.5)
    assert len(channel.taken) == 6


@virtual
async def test_a_notifier_killed_before_its_tasks_ran_forgets_nothing() -> None:
    channel = Recorder()
    home = Home(channel)
    await home.desk.report(fall())
    for ticks in range(12):
        task = asyncio.create_task(home.notifier.run())
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    before = len(channel.taken)
    async with home.running():
        await asyncio.sleep(1)
    assert len(channel.taken) == before + 1


@virtual
async def test_500_steps_of_the_wall_clock_change_no_repetition() -> None:
    channel = Recorder()
    home = Home(channel)
    steps = random.Random(12)
    async with home.running():
        await home.desk.report(fall())
        for _ in range(500):
            await asyncio.sleep(24 * 3600 / 500)
            far = datetime(steps.choice([1970, 2016, 2038, 2107]), 1, 1, tzinfo=UTC) - home.clock.wall()
            home.clock.step(steps.choice([far, timedelta(hours=1), timedelta(hours=-1)]))
            home.clock.is_synchronised = steps.random() < 0.5
    waits = [after - before for before, after in zip(channel.times(), channel.times()[1:], strict=False)]
    assert waits == pytest.approx([60.1] * len(waits))
    assert len(channel.taken) == pytest.approx(24 * 60, abs=4)
    assert {one.clock_synchronised for one in channel.taken} == {True, False}


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
async def test_a_stuck_detector_pages_nobody_who_has_the_alert_more_than_once_in_ten_minutes() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(1)
        await home.desk.acknowledge(alert.id, "aino")
        for _ in range(180):
            await asyncio.sleep(20)
            await home.desk.report(fall())
        await asyncio.sleep(1)
    assert len(channel.taken) == 1 + 6


class BreaksOnce(MemoryAlertStore):
    """The first reading of a history or of events fails: as a store does, or as a defect does."""

    def __init__(self, history: Exception | None = None, since: Exception | None = None) -> None:
        super().__init__()
        self.failures = {"history": history, "since": since}

    def fail(self, call: str) -> None:
        failure, self.failures[call] = self.failures[call], None
        if failure is not None:
            raise failure

    async def history(self, alert_id: str) -> list[AlertEvent]:
        self.fail("history")
        return await super().history(alert_id)

    async def since(self, position: int, *, limit: int = 500) -> list[PositionedEvent]:
        self.fail("since")
        return await super().since(position, limit=limit)


@virtual
async def test_a_store_that_fails_while_the_notifier_begins_holds_no_raised_alert_back() -> None:
    channel, store = Recorder(), BreaksOnce(history=StoreError("the store does not read"))
    home = Home(channel, store=store)
    held = await home.desk.report(fall(condition="held"))
    await home.desk.acknowledge(held.id, "aino")
    alert = await home.desk.report(fall())
    async with home.running():
        await asyncio.sleep(0.5)
        assert home.colour() is Colour.RED
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
