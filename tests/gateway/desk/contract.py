"""What every AlertStore must do. A test class per store inherits this and gives the `store` fixture."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import zip_longest

import pytest

from gateway.core.errors import Conflict
from gateway.desk import machine
from gateway.desk.events import Alert, AlertKind, EventType, Evidence, Priority, State, Verdict
from gateway.desk.machine import Decision
from gateway.desk.store import AlertStore
from tests.gateway.desk.words import AT, KITCHEN, ORIGIN, RESIDENT, fall, not_up


def raised(alert_id: str = "a1", **changes: object) -> Decision:
    return machine.decide_report(None, fall(**changes), new_id=alert_id, origin=ORIGIN)


async def put(store: AlertStore, decision: Decision) -> Alert:
    await store.append(decision.alert, decision.events, decision.evidence)
    return decision.alert


class AlertStoreContract:
    async def test_an_empty_store_says_so(self, store: AlertStore) -> None:
        assert await store.last_position() == 0
        assert await store.since(0) == []
        assert await store.find() == []
        assert await store.load("a1") is None
        assert await store.history("a1") == []
        assert await store.evidence("a1") == []
        assert await store.open_episode(RESIDENT, "fall") is None

    async def test_what_was_appended_comes_back_equal(self, store: AlertStore) -> None:
        first = raised()
        position = await store.append(first.alert, first.events, first.evidence)
        second = machine.decide_resolve(
            first.alert, actor="aino", verdict=Verdict.REAL, note="on the floor – ok", at=AT + timedelta(minutes=5)
        )
        assert len(second.events) == 2
        last = await store.append(second.alert, second.events)
        assert position < last == await store.last_position()
        assert await store.load("a1") == second.alert
        assert await store.history("a1") == [*first.events, *second.events]
        assert await store.find() == [second.alert]
        assert await store.evidence("a1") == list(first.evidence)
        assert [one.event for one in await store.since(0)] == [*first.events, *second.events]

    @pytest.mark.parametrize("priority", [Priority.CRITICAL, Priority("catastrophic")])
    async def test_every_priority_comes_back(self, store: AlertStore, priority: Priority) -> None:
        first = raised()
        await put(store, first)
        more = await put(
            store, machine.decide_report(first.alert, not_up(priority=priority), new_id="x", origin=ORIGIN)
        )
        assert more.priority is priority or more.priority == priority.value
        assert await store.load("a1") == more
        assert machine.fold_all(await store.history("a1")) == more

    async def test_the_projection_is_the_fold_of_the_history(self, store: AlertStore) -> None:
        alert = await put(store, raised(probability=None, device_identity=None))
        alert = await put(store, machine.decide_report(alert, fall(probability=0.25), new_id="x", origin=ORIGIN))
        alert = await put(
            store,
            machine.decide_notified(alert, channel="webhook", attempt=2, count=2, failed_before=1, at=AT),
        )
        alert = await put(store, machine.decide_acknowledge(alert, actor="aino", at=AT))
        alert = await put(
            store, machine.decide_report(alert, fall(at=AT + timedelta(minutes=1)), new_id="x", origin=ORIGIN)
        )
        assert alert.witnesses == 3
        assert await store.load("a1") == alert == machine.fold_all(await store.history("a1"))
        assert await store.find() == [await store.open_episode(RESIDENT, "fall")] == [alert]

    async def test_every_kind_subject_and_priority_is_kept(self, store: AlertStore) -> None:
        kept = [
            await put(store, raised(f"a-{kind}", kind=kind, condition=f"c-{kind}", subject=KITCHEN, priority=priority))
            for kind, priority in zip_longest(AlertKind, Priority, fillvalue=Priority.LOW)
        ]
        assert sorted(await store.find(), key=lambda one: one.id) == sorted(kept, key=lambda one: one.id)

    async def test_a_second_writer_of_the_same_sequence_is_refused_and_writes_nothing(self, store: AlertStore) -> None:
        alert = await put(store, raised())
        mine = machine.decide_acknowledge(alert, actor="aino", at=AT)
        theirs = machine.decide_acknowledge(alert, actor="bertta", at=AT)
        await put(store, mine)
        before = await store.last_position()
        late = Evidence(name="late", media_type="text/plain", content="x")
        with pytest.raises(Conflict):
            await store.append(theirs.alert, theirs.events, (late,))
        assert await store.last_position() == before
        assert await store.load("a1") == mine.alert
        assert late not in await store.evidence("a1")

    async def test_a_gap_is_refused(self, store: AlertStore) -> None:
        alert = await put(store, raised())
        both = machine.decide_resolve(alert, actor="aino", verdict="test", note=None, at=AT)
        with pytest.raises(Conflict):
            await store.append(both.alert, both.events[1:])
        assert await store.load("a1") == alert

    async def test_one_raised_alert_per_subject_and_condition(self, store: AlertStore) -> None:
        alert = await put(store, raised())
        with pytest.raises(Conflict):
            await put(store, raised("a2"))
        assert await store.load("a2") is None
        await put(store, raised("a3", subject=KITCHEN))
        await put(store, raised("a4", condition="no-recovery"))
        await put(store, machine.decide_acknowledge(alert, actor="aino", at=AT))
        await put(store, raised("a2"))
        with pytest.raises(Conflict):
            await put(store, raised("a5"))
        assert {one.id for one in await store.find()} == {"a1", "a2", "a3", "a4"}

    async def test_the_open_episode_is_the_raised_alert_else_the_newest_acknowledged_one(
        self, store: AlertStore
    ) -> None:
        held: list[Alert] = []
        for n in range(4):
            # Ids and times fall: a wall clock that was set back, or a finding told late, does not hide the newest.
            alert = await put(store, raised(f"a{9 - n}", at=AT - timedelta(hours=n)))
            assert await store.open_episode(RESIDENT, "fall") == alert
            held.append(await put(store, machine.decide_acknowledge(alert, actor="aino", at=AT)))
            assert await store.open_episode(RESIDENT, "fall") == held[-1]
        older, newest = held[-2:]
        joined = await put(store, machine.decide_report(older, fall(), new_id="x", origin=ORIGIN))
        assert joined.id == older.id
        assert await store.open_episode(RESIDENT, "fall") == newest
        for alert in [newest, joined, held[1], held[0]]:
            assert await store.open_episode(RESIDENT, "fall") == alert
            await put(store, machine.decide_resolve(alert, actor="aino", verdict="false", note=None, at=AT))
        assert await store.open_episode(RESIDENT, "fall") is None

    async def test_the_newest_of_a_condition_whatever_became_of_it(self, store: AlertStore) -> None:
        assert await store.newest(RESIDENT, "fall") is None
        first = await put(store, raised("a9", at=AT))
        done = await put(store, machine.decide_resolve(first, actor="aino", verdict="false", note=None, at=AT))
        assert await store.newest(RESIDENT, "fall") == done
        # Its first event came later, whatever the wall clock said then.
        second = await put(store, raised("a1", at=AT - timedelta(hours=3)))
        assert await store.newest(RESIDENT, "fall") == second
        assert await store.newest(RESIDENT, "inactivity") is None
        assert await store.newest(KITCHEN, "fall") is None

    async def test_a_raised_alert_is_the_open_episode_also_when_older_than_an_acknowledged_one(
        self, store: AlertStore
    ) -> None:
        first = await put(store, raised("a1"))
        await put(store, machine.decide_acknowledge(first, actor="aino", at=AT))
        second = await put(store, raised("a2"))
        other = await put(store, raised("a3", condition="no-recovery"))
        await put(store, machine.decide_acknowledge(other, actor="aino", at=AT))
        assert await store.open_episode(RESIDENT, "fall") == second
        assert await store.open_episode(KITCHEN, "fall") is None

    async def test_the_same_first_event_twice_is_refused(self, store: AlertStore) -> None:
        first = raised()
        await put(store, first)
        with pytest.raises(Conflict):
            await put(store, first)
        assert len(await store.history("a1")) == 1

    async def test_find_is_newest_first_by_state_and_limited(self, store: AlertStore) -> None:
        alerts = [await put(store, raised(f"a{n}", condition=f"c{n}", at=AT + timedelta(minutes=n))) for n in range(5)]
        done = await put(store, machine.decide_acknowledge(alerts[3], actor="aino", at=AT))
        assert [one.id for one in await store.find()] == ["a4", "a3", "a2", "a1", "a0"]
        assert [one.id for one in await store.find(limit=2)] == ["a4", "a3"]
        assert await store.find(frozenset({State.ACKNOWLEDGED})) == [done]
        assert [one.id for one in await store.find(frozenset({State.RAISED}))] == ["a4", "a2", "a1", "a0"]
        assert await store.find(frozenset({State.RESOLVED})) == []
        assert await store.find(subject=KITCHEN) == []
        assert [one.id for one in await store.find(subject=RESIDENT, limit=2)] == ["a4", "a3"]
        assert await store.find(frozenset({State.ACKNOWLEDGED}), subject=RESIDENT) == [done]

    async def test_positions_grow_and_since_resumes_anywhere(self, store: AlertStore) -> None:
        for n in range(6):
            await put(store, raised(f"a{n}", condition=f"c{n}"))
        everything = await store.since(0)
        positions = [one.position for one in everything]
        assert positions == sorted(set(positions))
        assert positions[-1] == await store.last_position()
        for cut, position in enumerate(positions, start=1):
            assert await store.since(position) == everything[cut:]
        assert await store.since(0, limit=2) == everything[:2]
        assert await store.since(positions[-1] + 100) == []

    async def test_of_twenty_at_once_one_is_written(self, store: AlertStore) -> None:
        alert = await put(store, raised())

        async def attempt(n: int) -> bool:
            decision = machine.decide_acknowledge(alert, actor=f"nurse-{n}", at=AT)
            try:
                await store.append(decision.alert, decision.events)
            except Conflict:
                return False
            return True

        won = await asyncio.gather(*(attempt(n) for n in range(20)))
        assert won.count(True) == 1
        assert [one.type for one in await store.history("a1")] == [EventType.RAISED, EventType.ACKNOWLEDGED]

    async def test_evidence_of_witnesses_is_added_in_order(self, store: AlertStore) -> None:
        alert = await put(store, raised())
        await put(store, machine.decide_report(alert, fall(), new_id="x", origin=ORIGIN))
        assert [one.name for one in await store.evidence("a1")] == ["acceleration", "acceleration-2"]
