"""Who may be called when: by the home's own time, by priority, by the resident's plan; when the clocks change too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.core.errors import StoreError
from gateway.core.subject import Subject
from gateway.desk.events import AlertKind, Priority
from gateway.desk.hours import Hours, due_at
from gateway.desk.machine import decide_report
from tests.gateway.desk.notifying import Home, Recorder, virtual
from tests.gateway.desk.words import ORIGIN, RESIDENT, fall
from tests.virtual_time import VirtualClock

HELSINKI = ZoneInfo("Europe/Helsinki")
AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def finding(priority: Priority = Priority.MEDIUM, kind: AlertKind = AlertKind.VITAL_SIGN, **changes: Any) -> Any:
    return fall(kind=kind, condition="pressure-week", priority=priority, probability=None, evidence=(), **changes)


def alert(priority: Priority = Priority.MEDIUM, kind: AlertKind = AlertKind.VITAL_SIGN) -> Any:
    return decide_report(None, finding(priority, kind), new_id="a-1", origin=ORIGIN).alert


def local(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=HELSINKI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (local(2026, 3, 2, 6, 59, 59), local(2026, 3, 2, 7)),
        (local(2026, 3, 2, 7), None),
        (local(2026, 3, 2, 21, 59, 59), None),
        (local(2026, 3, 2, 22), local(2026, 3, 3, 7)),
        (local(2026, 3, 2, 23, 30), local(2026, 3, 3, 7)),
        (local(2026, 3, 2, 0, 0), local(2026, 3, 2, 7)),
        (local(2026, 12, 31, 23, 0), local(2027, 1, 1, 7)),
    ],
)
@pytest.mark.parametrize("priority", [Priority.MEDIUM, Priority.LOW])
def test_what_is_not_urgent_waits_from_22_to_7(now: datetime, due: datetime | None, priority: Priority) -> None:
    assert due_at(alert(priority), now, HELSINKI, by_night=False) == (due or now)


@pytest.mark.parametrize(("evening", "hours"), [(local(2026, 3, 28, 22), 8), (local(2026, 10, 24, 22), 10)])
def test_the_nights_on_which_the_clocks_change_end_at_seven_too(evening: datetime, hours: int) -> None:
    due = due_at(alert(), evening, HELSINKI, by_night=False)
    assert due.astimezone(HELSINKI).hour == 7
    assert due - evening == timedelta(hours=hours)


def test_the_plan_lets_medium_ones_out_by_night_and_never_low_ones() -> None:
    night = local(2026, 3, 2, 2)
    assert due_at(alert(Priority.MEDIUM), night, HELSINKI, by_night=True) == night
    assert due_at(alert(Priority.LOW), night, HELSINKI, by_night=True) == local(2026, 3, 2, 7)


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority.HIGH, Priority("frantic")])
def test_what_is_urgent_never_waits(kind: AlertKind, priority: Priority) -> None:
    night = local(2026, 3, 2, 2)
    assert due_at(alert(priority, kind), night, HELSINKI, by_night=False) == night


@pytest.mark.parametrize(
    "kind", [AlertKind.FALL, AlertKind.NO_RECOVERY, AlertKind.PRESS, AlertKind.INACTIVITY, AlertKind.TECHNICAL]
)
@pytest.mark.parametrize("priority", list(Priority))
def test_falls_presses_and_faults_do_not_wait(kind: AlertKind, priority: Priority) -> None:
    night = local(2026, 3, 2, 2)
    waits = (kind, priority) == (AlertKind.TECHNICAL, Priority.LOW)  # a battery is a matter for the day
    assert due_at(alert(priority, kind), night, HELSINKI, by_night=False) == (local(2026, 3, 2, 7) if waits else night)


class Plan:
    """What the plan says now; may be unreadable."""

    def __init__(self) -> None:
        self.by_night = False
        self.broken = False
        self.asked: list[Subject] = []

    async def __call__(self, subject: Subject) -> bool:
        self.asked.append(subject)
        if self.broken:
            raise StoreError("the store is away")
        return self.by_night


def home(wall: datetime, plan: Plan, channel: Recorder) -> Home:
    """A desk of which the notifier keeps hours; its monotonic time is counted from 0 at `wall`."""
    made = Home(channel)
    made.clock = VirtualClock(wall)
    made.desk._clock = made.clock
    made.notifier._clock = made.clock
    for announcer in made.notifier._announcers:
        announcer._clock = made.clock
        announcer._hours = Hours(HELSINKI, by_night=plan)
    return made


@virtual
async def test_a_medium_finding_of_the_night_is_stored_at_once_and_announced_at_seven() -> None:
    channel, plan = Recorder(), Plan()
    it = home(local(2026, 3, 2, 3), plan, channel)
    async with it.running():
        raised = await it.desk.report(finding())
        await asyncio.sleep(60)
        assert [one.id for one in await it.desk.open_alerts()] == [raised.id]
        assert "1 waiting for the day" in it.reason()
        await asyncio.sleep(4 * 3600 - 120)
        assert channel.tried == []
        await asyncio.sleep(120)
    assert channel.times()[0] == pytest.approx(4 * 3600, abs=1)
    assert plan.asked[0] == RESIDENT


@pytest.mark.slow
@virtual
async def test_its_calls_pause_by_night_and_go_on_by_day() -> None:
    channel = Recorder()
    it = home(local(2026, 3, 2, 21, 57, 30), Plan(), channel)
    async with it.running():
        await it.desk.report(finding())
        await asyncio.sleep(9.5 * 3600)
    evening = [at for at in channel.times() if at < 3600]
    assert len(evening) == 3
    assert min(at for at in channel.times() if at > 3600) == pytest.approx(9 * 3600 + 150, abs=1)


@virtual
async def test_a_changed_plan_is_heeded_within_a_minute() -> None:
    channel, plan = Recorder(), Plan()
    it = home(local(2026, 3, 2, 3), plan, channel)
    async with it.running():
        await it.desk.report(finding())
        await asyncio.sleep(600)
        assert channel.tried == []
        plan.by_night = True
        await asyncio.sleep(61)
    assert len(channel.tried) == 1


@virtual
async def test_a_plan_that_cannot_be_read_holds_nothing_back() -> None:
    channel, plan = Recorder(), Plan()
    plan.broken = True
    it = home(local(2026, 3, 2, 3), plan, channel)
    async with it.running():
        await it.desk.report(finding())
        await asyncio.sleep(1)
    assert len(channel.tried) == 1


@pytest.mark.slow
@virtual
async def test_what_becomes_urgent_by_night_is_announced_at_once_and_what_is_answered_never() -> None:
    channel = Recorder()
    it = home(local(2026, 3, 2, 3), Plan(), channel)
    async with it.running():
        first = await it.desk.report(finding())
        await asyncio.sleep(60)
        await it.desk.report(finding(Priority.HIGH, at=AT))
        await asyncio.sleep(1)
        assert [one.priority for one in channel.taken] == [Priority.HIGH]
        await it.desk.resolve(first.id, "aino", "real")
        second = await it.desk.report(finding(at=AT))
        await asyncio.sleep(60)
        await it.desk.resolve(second.id, "aino", "information")
        await asyncio.sleep(6 * 3600)
    assert {one.alert_id for one in channel.taken} == {first.id}


@pytest.mark.slow
@virtual
async def test_a_restart_by_night_keeps_it_waiting_and_a_stopped_wall_clock_only_for_one_night() -> None:
    channel = Recorder()
    it = home(local(2026, 3, 2, 1), Plan(), channel)
    async with it.running():
        await it.desk.report(finding())
        await asyncio.sleep(600)
    async with it.running():
        for _ in range(10 * 60):
            await asyncio.sleep(60)
            it.clock.step(timedelta(seconds=-60))  # it is three o'clock for ever
        assert channel.tried == []
        await asyncio.sleep(120)
    assert len(channel.tried) >= 1


@virtual
async def test_what_waits_makes_no_channel_red() -> None:
    channel = Recorder()
    channel.mode = "refuse"
    it = home(local(2026, 3, 2, 3), Plan(), channel)
    async with it.running():
        urgent = await it.fall()
        await it.desk.report(finding())
        await asyncio.sleep(60)
        assert "1 alert unannounced" in it.reason()
        await it.desk.resolve(urgent.id, "aino", "false")
        await asyncio.sleep(60)
        assert "no alert waits for it now" in it.reason()
