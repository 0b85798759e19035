"""The notifier in virtual time: until a person answers, through dead channels, restarts and stepping clocks."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.core.health import Colour
from gateway.desk.announcer import Times
from gateway.desk.events import EventType, State
from tests.gateway.desk.notifying import Home, Recorder, virtual
from tests.gateway.desk.words import fall
from tests.virtual_time import run_virtual


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
async def test_a_witness_soon_after_the_acknowledgement_is_quiet_and_a_later_fall_is_announced_until_answered() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.fall()
        await asyncio.sleep(1)
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(300)
        assert (await home.fall()).id == alert.id
        await asyncio.sleep(3 * 3600)
        assert [one.alert_id for one in channel.taken] == [alert.id]
        later = await home.fall()
        assert (later.id != alert.id, later.state) == (True, State.RAISED)
        await asyncio.sleep(200)
        await home.desk.acknowledge(later.id, "bertta")
        await asyncio.sleep(1000)
    assert [one.alert_id for one in channel.taken] == [alert.id] + 4 * [later.id]
    assert {one.state for one in channel.taken} == {State.RAISED}
    assert home.colour() is Colour.GREEN


@virtual
async def test_a_later_fall_that_was_not_taken_is_announced_after_a_restart() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.fall()
        await asyncio.sleep(1)
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(1000)
        channel.mode = "refuse"
        later = await home.fall()
        await asyncio.sleep(5)
    channel.mode = "take"
    for _ in range(2):
        async with home.running():
            await asyncio.sleep(30)
    assert [one.alert_id for one in channel.taken] == [alert.id, later.id, later.id]


@virtual
async def test_a_fall_after_the_clock_was_set_back_is_announced() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.fall()
        await home.desk.acknowledge(alert.id, "aino")
        await asyncio.sleep(60)
        home.clock.step(timedelta(hours=-7))
        later = await home.fall()
        await asyncio.sleep(1)
    assert later.id != alert.id
    assert channel.taken[-1].alert_id == later.id


@virtual
async def test_every_message_of_made_up_devices_says_so() -> None:
    real, practice = Recorder(), Recorder()
    for channel, simulated in ((real, False), (practice, True)):
        home = Home(channel, simulated=simulated)
        async with home.running():
            await home.fall()
            await asyncio.sleep(100)
    assert [one.simulated for one in real.taken] == [False, False]
    assert [one.document()["simulated"] for one in practice.taken] == [True, True]


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
