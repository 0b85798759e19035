"""The desk over a store: races, retries, listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.subject import SubjectType
from gateway.desk import machine
from gateway.desk.events import Alert, AlertEvent, AlertKind, EventType, Evidence, Priority, State
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import AT, ORIGIN, RESIDENT, fall
from tests.virtual_time import VirtualClock, run_virtual


def on_desk(test: Callable[[Desk], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """The test in virtual time, with a desk over an empty store."""

    def run() -> None:
        run_virtual(lambda: test(Desk(store=MemoryAlertStore(), clock=VirtualClock(), origin=ORIGIN)))

    run.__name__ = test.__name__
    return run


@on_desk
async def test_twenty_acknowledge_at_once_and_one_has_it(desk: Desk) -> None:
    alert = await desk.report(fall())
    answers = await asyncio.gather(
        *(desk.acknowledge(alert.id, f"nurse-{n}") for n in range(20)), return_exceptions=True
    )
    winners = [one for one in answers if isinstance(one, Alert)]
    losers = [str(one) for one in answers if isinstance(one, Conflict)]
    assert (len(winners), len(losers)) == (1, 19)
    assert all(f"is with {winners[0].acknowledged_by}" in text for text in losers)
    assert [one.type for one in await desk.store.history(alert.id)] == [EventType.RAISED, EventType.ACKNOWLEDGED]


@on_desk
async def test_twenty_findings_at_once_are_one_alert_with_twenty_witnesses(desk: Desk) -> None:
    alerts = await asyncio.gather(*(desk.report(fall()) for _ in range(20)))
    assert len({alert.id for alert in alerts}) == 1
    (alert,) = await desk.store.find()
    assert alert.witnesses == 20


@on_desk
async def test_an_addendum_to_what_was_resolved_meanwhile_is_no_alert(desk: Desk) -> None:
    """A nurse resolves as the sign of life comes: there is nothing left to say."""
    alert = await desk.report(fall())
    await desk.resolve(alert.id, "aino", "real")
    word = replace(fall(), priority=Priority.LOW, episode=alert.id, addendum=True)
    assert (await desk.report(word)).state is State.RESOLVED
    assert len(await desk.store.find()) == 1
    newer = await desk.report(fall())
    await desk.report(word)
    assert (await desk.store.load(newer.id)) == newer
    joined = await desk.report(replace(word, episode=newer.id))
    assert (joined.id, joined.witnesses) == (newer.id, 2)


@on_desk
async def test_nor_is_one_to_what_somebody_took_long_ago(desk: Desk) -> None:
    alert = await desk.report(fall())
    taken = await desk.acknowledge(alert.id, "aino")
    late = fall(at=AT + timedelta(minutes=30))
    word = replace(late, priority=Priority.LOW, episode=alert.id, addendum=True)
    assert await desk.report(word) == taken
    assert len(await desk.store.find()) == 1


@on_desk
async def test_findings_answers_and_notifications_at_once_all_count(desk: Desk) -> None:
    alert = await desk.report(fall())
    await asyncio.gather(
        *(desk.report(fall()) for _ in range(10)),
        *(desk.notified(alert.id, channel="w", attempt=n) for n in range(10)),
        desk.resolve(alert.id, "aino", "real"),
    )
    alerts = await desk.store.find()
    assert sum(one.witnesses for one in alerts) == 11
    assert sum(one.notified for one in alerts) == 10
    assert len([one for one in alerts if one.state is not State.RESOLVED]) <= 1


@on_desk
async def test_resolve_tells_what_is_wrong(desk: Desk) -> None:
    alert = await desk.report(fall())
    with pytest.raises(NotFound):
        await desk.acknowledge("no-such", "aino")
    with pytest.raises(Invalid):
        await desk.resolve(alert.id, "aino", "maybe")
    done = await desk.resolve(alert.id, "aino", "false", "the cat")
    assert (done.state, done.note) == (State.RESOLVED, "the cat")
    with pytest.raises(Conflict):
        await desk.acknowledge(alert.id, "aino")
    assert (await desk.report(fall())).id != alert.id


@on_desk
async def test_a_fault_said_again_is_one_alert_and_one_event(desk: Desk) -> None:
    first = await desk.technical("radio-silent", "The radio hears nothing")
    again = await desk.technical("radio-silent", "The radio hears nothing")
    assert first == again
    assert (first.kind, first.priority) == (AlertKind.TECHNICAL, Priority.MEDIUM)
    assert (first.subject.type, first.subject.id) == (SubjectType.HOME, ORIGIN.home_id)
    held = await desk.acknowledge(first.id, "toivo")
    for _ in range(3):  # days later it is still the same fault
        await asyncio.sleep(86400)
        assert await desk.technical("radio-silent", "The radio hears nothing") == held
    assert await desk.store.last_position() == 2
    await desk.resolve(first.id, "toivo", "technical")
    assert (await desk.technical("radio-silent", "The radio hears nothing")).id != first.id


@on_desk
async def test_twenty_falls_at_once_long_after_the_acknowledgement_are_one_new_alert(desk: Desk) -> None:
    first = await desk.report(fall())
    held = await desk.acknowledge(first.id, "aino")
    alerts = await asyncio.gather(*(desk.report(fall(at=AT + timedelta(hours=2))) for _ in range(20)))
    (later_id,) = {alert.id for alert in alerts}
    later = await desk.store.load(later_id)
    assert later is not None
    assert (later.state, later.witnesses) == (State.RAISED, 20)
    assert await desk.store.load(first.id) == held
    assert {one.id for one in await desk.open_alerts()} == {first.id, later_id}


@on_desk
async def test_raise_alert_takes_the_moment_from_the_clock_when_none_is_given(desk: Desk) -> None:
    alert = await desk.raise_alert(
        subject=RESIDENT,
        kind=AlertKind.PRESS,
        condition="press",
        priority=Priority.HIGH,
        probability=None,
        summary="The alarm button was pressed",
    )
    assert alert.raised_at == VirtualClock().wall()
    assert alert.id.startswith(f"{int(alert.raised_at.timestamp() * 1000):012x}"[:8])


@on_desk
async def test_many_readers_wait_and_each_reads_from_its_own_position(desk: Desk) -> None:
    seen: list[list[int]] = [[] for _ in range(20)]

    async def read(own: list[int]) -> None:
        position = 0
        while len(own) < 30:
            for one in await desk.next_events(position, limit=7):
                position = one.position
                own.append(position)

    async with asyncio.TaskGroup() as tasks:
        for own in seen:
            tasks.create_task(read(own))
        for n in range(30):
            await desk.report(fall(condition=f"c{n}"))
    assert all(own == list(range(1, 31)) for own in seen)


@on_desk
async def test_a_late_reader_resumes_and_one_from_another_store_gets_everything(desk: Desk) -> None:
    for n in range(4):
        await desk.report(fall(condition=f"c{n}"))
    assert [one.position for one in await desk.next_events(2)] == [3, 4]
    assert [one.position for one in await desk.next_events(99)] == [1, 2, 3, 4]


@on_desk
async def test_a_reader_finds_within_seconds_what_nobody_announced(desk: Desk) -> None:
    async def commit_behind_its_back() -> None:
        await asyncio.sleep(1)
        decision = machine.decide_report(None, fall(), new_id="a1", origin=ORIGIN)
        await desk.store.append(decision.alert, decision.events)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(commit_behind_its_back())
        batch = await desk.next_events(0)
    assert batch[0].event.alert_id == "a1"
    assert asyncio.get_running_loop().time() <= 1000 + 5.1


@on_desk
async def test_changes_wake_everybody_once_and_at_once_who_is_behind(desk: Desk) -> None:
    changes = desk.changes
    waiting = [asyncio.create_task(changes.wait_beyond(4)) for _ in range(3)]
    await asyncio.sleep(0)
    changes.advance(4)
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    changes.advance(6)
    changes.advance(5)
    assert await asyncio.gather(*waiting) == [6, 6, 6]
    assert await changes.wait_beyond(0) == 6


class AlwaysTaken(MemoryAlertStore):
    async def append(self, alert: Alert, events: Sequence[AlertEvent], evidence: Sequence[Evidence] = ()) -> int:
        raise Conflict("taken")


def test_a_race_that_is_never_won_ends_with_a_refusal() -> None:
    async def main() -> None:
        desk = Desk(store=AlwaysTaken(), clock=VirtualClock(), origin=ORIGIN)
        with pytest.raises(Conflict, match="report again"):
            await desk.report(fall())

    run_virtual(main)


def test_the_crash_points_stand_around_the_commit() -> None:
    async def main() -> None:
        store = MemoryAlertStore()
        passed: list[tuple[str, int]] = []
        desk = Desk(
            store=store,
            clock=VirtualClock(),
            origin=ORIGIN,
            fault=lambda point: passed.append((point, len(store._log))),
        )
        await desk.report(fall())
        assert passed == [("desk.before-append", 0), ("desk.after-append", 1)]

    run_virtual(main)
