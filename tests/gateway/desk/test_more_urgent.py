"""Not up after a fall: the alert of that fall becomes as urgent as can be, and is announced again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.desk import machine
from gateway.desk.events import Alert, AlertKind, EventType, Priority, State
from gateway.desk.machine import Decision, Report
from tests.gateway.desk.notifying import Home, Recorder, virtual
from tests.gateway.desk.words import AT, ORIGIN, fall, not_up

LATER = AT + timedelta(minutes=3)


def report(known: Alert | None, one: Report | None = None, new_id: str = "a1") -> Decision:
    return machine.decide_report(known, one or fall(), new_id=new_id, origin=ORIGIN)


def test_not_up_is_the_most_urgent_of_its_fall_and_gives_the_sentence() -> None:
    first = report(None).alert
    decision = report(first, not_up(), new_id="other")
    alert = decision.alert
    assert (alert.id, alert.kind, alert.state, alert.raised_at) == ("a1", AlertKind.FALL, State.RAISED, AT)
    assert (alert.priority, alert.summary) == (Priority.CRITICAL, not_up().summary)
    assert decision.events[0].data["kind"] == "no-recovery"
    assert [one.name for one in decision.evidence] == ["recovery-2"]
    later = report(alert, fall(at=LATER)).alert
    assert (later.priority, later.summary) == (Priority.CRITICAL, not_up().summary), "nothing lowers it"


def test_not_up_shows_while_somebody_has_the_alert_and_takes_nothing_from_them() -> None:
    held = machine.decide_acknowledge(report(None).alert, actor="aino", at=AT + timedelta(seconds=20)).alert
    alert = report(held, not_up(), new_id="other").alert
    assert (alert.id, alert.state, alert.acknowledged_by) == ("a1", State.ACKNOWLEDGED, "aino")
    assert (alert.priority, alert.summary) == (Priority.CRITICAL, not_up().summary)


def test_not_up_after_somebody_said_what_it_was_is_a_new_alert() -> None:
    done = machine.decide_resolve(report(None).alert, actor="aino", verdict="false", note=None, at=LATER).alert
    alert = report(done, not_up(), new_id="a2").alert
    assert (alert.id, alert.kind, alert.state) == ("a2", AlertKind.NO_RECOVERY, State.RAISED)


def test_a_witness_of_an_earlier_version_is_folded() -> None:
    first = report(None, fall(priority=Priority.LOW)).alert
    event = report(first).events[0]
    data = {key: value for key, value in event.data.items() if key not in {"kind", "summary"}}
    assert machine.fold(first, replace(event, data=data)).summary == first.summary


def test_a_word_of_a_later_version_is_kept_and_no_less_urgent_than_ours() -> None:
    later = Priority("catastrophic")
    assert (later, later.value, str(later)) == ("catastrophic", "catastrophic", "catastrophic")
    assert later == Priority("catastrophic")
    assert later.rank > Priority.CRITICAL.rank > Priority.HIGH.rank > Priority.MEDIUM.rank > Priority.LOW.rank
    assert later not in list(Priority)
    with pytest.raises(ValueError, match="5 is not a valid Priority"):
        Priority(5)  # type: ignore[arg-type]  # that is the point


@virtual
async def test_an_alert_that_becomes_more_urgent_is_announced_again_at_once() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall())
        await asyncio.sleep(27)
        await home.desk.report(not_up())
        await asyncio.sleep(1)
        await home.desk.report(not_up())  # no news
        await asyncio.sleep(10)
        assert channel.times() == pytest.approx([0, 27], abs=0.01)
        assert [(one.alert_id, one.priority.value) for one in channel.taken] == [
            (alert.id, "high"),
            (alert.id, "critical"),
        ]
        await asyncio.sleep(60)
        assert channel.times()[2:] == pytest.approx([87.1], abs=0.02)


@virtual
async def test_more_urgent_than_what_is_under_way_is_announced_after_it() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(0.05)  # the first message is under way
        await home.desk.report(not_up())
        await asyncio.sleep(1)
    assert [one.priority.value for one in channel.taken] == ["high", "critical"]


@virtual
async def test_more_urgent_does_not_wait_for_a_backoff() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall())
        await asyncio.sleep(50)  # every 30 s by now
        channel.mode = "take"
        await home.desk.report(not_up())
        await asyncio.sleep(0.2)
    assert [one.priority.value for one in channel.taken] == ["critical"]


@virtual
async def test_an_acknowledged_alert_that_becomes_more_urgent_calls_nobody_and_is_streamed() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        alert = await home.desk.report(fall(at=home.clock.wall()))
        await asyncio.sleep(20)
        await home.desk.acknowledge(alert.id, "aino")
        await home.desk.report(not_up(at=home.clock.wall()))
        await asyncio.sleep(600)
    assert len(channel.taken) == 1
    (witness,) = await home.events(EventType.WITNESS)
    assert (witness.alert_id, witness.data["priority"], witness.data["state"]) == (alert.id, "critical", "acknowledged")


@virtual
async def test_a_priority_of_a_later_version_is_announced() -> None:
    channel = Recorder()
    home = Home(channel)
    async with home.running():
        await home.desk.report(fall(priority=Priority("catastrophic")))
        await asyncio.sleep(1)
    assert [one.document()["priority"] for one in channel.taken] == ["catastrophic"]
