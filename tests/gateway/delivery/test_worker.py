"""The worker alone, on virtual time: what the real servers cannot be made to do at the right moment."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.consent import Consent
from gateway.core.subject import Subject
from gateway.delivery.retries import LONGEST_PAUSE_S
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item, ItemState
from tests.gateway.delivery.support import (
    Bench,
    MemoryOutbox,
    alert,
    blood_pressure,
    resident,
    retraction,
    weight,
    wrap,
)
from tests.virtual_time import VirtualClock, run_virtual


@dataclass
class Scripted:
    """Answers as told; remembers when it was asked and what it was given."""

    answer: Callable[[Item], Answer] = lambda _: Answer(ruling=Ruling.ACCEPTED, words="kept")
    takes_s: float = 0.0
    batch_size: int = 10
    name: str = "fhir"
    address: str = "the receiver of the test"
    calls: list[tuple[float, list[int]]] = field(default_factory=list)
    doubts: list[set[int]] = field(default_factory=list)
    refreshed: int = 0
    finished: int = 0

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        self.calls.append((asyncio.get_running_loop().time(), [item.item_id for item in items]))
        self.doubts.append(set(in_doubt))
        await asyncio.sleep(self.takes_s)
        self.finished += 1
        return [self.answer(item) for item in items]

    def refresh(self) -> None:
        self.refreshed += 1

    async def aclose(self) -> None:
        pass


def answer(ruling: Ruling, **changes: Any) -> Callable[[Item], Answer]:
    return lambda _: Answer(ruling=ruling, words=f"said {ruling.value}", **changes)


def bench_for(sink: Scripted) -> Bench:
    return Bench(sink, clock=VirtualClock())


def virtual(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        run_virtual(test)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


@virtual
async def test_idle_it_asks_nobody_and_wakes_on_a_commit() -> None:
    sink = Scripted()
    bench = bench_for(sink)
    queries = 0
    queued = bench.store.queued

    async def counted(*given: Any, **wanted: Any) -> list[Item]:
        nonlocal queries
        queries += 1
        found: list[Item] = await queued(*given, **wanted)
        return found

    bench.store.queued = counted
    async with bench.running() as worker:
        await asyncio.sleep(86_400)
        assert queries <= 3
        await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await asyncio.sleep(0.01)
        assert bench.states() == {ItemState.DELIVERED: 1}


@virtual
async def test_pauses_grow_to_a_minute_and_stay_there() -> None:
    sink = Scripted(answer=answer(Ruling.BUSY, whole=True))
    bench = bench_for(sink)
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await asyncio.sleep(3600)
    times = [moment for moment, _ in sink.calls]
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert gaps[0] <= 1.0
    assert all(LONGEST_PAUSE_S / 2 <= gap <= LONGEST_PAUSE_S + 0.1 for gap in gaps[7:])
    assert len(set(gaps[7:])) > 5, "no jitter"
    assert bench.store.state("fhir", 1)[2] == 0, "a receiver out of reach wears no flash"


class CountingClock(VirtualClock):
    """Counts how often somebody waits."""

    waits = 0

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        self.waits += 1
        return super().timeout(seconds)


@virtual
async def test_a_pause_is_spent_asleep() -> None:
    """Items that back off on their own become due within the pause of the sink: that is no reason to wake."""
    clock = CountingClock()
    sink = Scripted(answer=answer(Ruling.BUSY, whole=True, spoke=True))
    bench = Bench(sink, clock=clock)
    for _ in range(20):
        await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await asyncio.sleep(3600)
    assert clock.waits < 10 * len(sink.calls)


@virtual
async def test_an_alert_does_not_wait_for_the_end_of_a_pause() -> None:
    sink = Scripted(answer=answer(Ruling.BUSY, whole=True))
    bench = bench_for(sink)
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await asyncio.sleep(600)
        sink.answer = answer(Ruling.ACCEPTED)
        number = await bench.store.put("fhir", alert())
        at = asyncio.get_running_loop().time()
        worker.notify(urgent=True)
        await asyncio.sleep(0.001)
        moment, ids = next(call for call in sink.calls if call[0] >= at)
        assert ids[0] == number
        assert moment - at < 0.01


@virtual
async def test_what_a_process_before_us_may_have_sent_is_searched_first() -> None:
    sink = Scripted()
    bench = bench_for(sink)
    for _ in range(3):
        await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await bench.until(lambda: bench.states() == {ItemState.DELIVERED: 3})
        await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await bench.until(lambda: bench.states() == {ItemState.DELIVERED: 4})
    assert sink.doubts == [{1, 2, 3}, set()]


@virtual
async def test_once_in_doubt_in_doubt_until_settled() -> None:
    sink = Scripted()
    bench = bench_for(sink)
    async with bench.running() as worker:
        await asyncio.sleep(1)
        sink.answer = answer(Ruling.UNKNOWN, whole=True)
        await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await bench.until(lambda: len(sink.calls) == 1)
        sink.answer = answer(Ruling.BUSY, whole=True)
        await bench.until(lambda: len(sink.calls) == 2)
        sink.answer = answer(Ruling.ACCEPTED)
        await bench.until(lambda: len(sink.calls) == 3)
    assert sink.doubts == [set(), {1}, {1}]


@virtual
async def test_a_receiver_that_never_answers_is_given_up_and_asked_again() -> None:
    sink = Scripted(takes_s=1e6)
    bench = bench_for(sink)
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await asyncio.sleep(600)
        assert bench.board.saw("red", "no answer within 60 s")
        sink.takes_s = 0.0
        await asyncio.sleep(120)
        assert bench.states() == {ItemState.DELIVERED: 1}


@virtual
async def test_401_is_tried_once_with_fresh_credentials_then_said() -> None:
    sink = Scripted(answer=answer(Ruling.UNAUTHORISED, whole=True))
    bench = bench_for(sink)
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running():
        await asyncio.sleep(0.1)
        assert (sink.refreshed, len(sink.calls)) == (2, 2)
        assert bench.board.last[0] == "red"


@virtual
async def test_a_withdrawal_cuts_a_request_in_flight() -> None:
    sink = Scripted(takes_s=30.0)
    bench = bench_for(sink)
    await bench.store.put("fhir", wrap(weight()))
    async with bench.running() as worker:
        await asyncio.sleep(1)
        assert len(sink.calls) == 1
        bench.consents.say(Consent.WITHDRAWN)
        began = asyncio.get_running_loop().time()
        await worker.revoke(resident())
        assert asyncio.get_running_loop().time() - began < 0.1
        assert sink.finished == 0
        await asyncio.sleep(300)
    assert len(sink.calls) == 1
    assert bench.states() == {ItemState.DROPPED: 1}


@virtual
async def test_a_withdrawal_between_the_asking_and_the_sending() -> None:
    """Consent is asked, then another item is settled as withheld; the withdrawal comes while that is written."""
    sink = Scripted()
    bench = bench_for(sink)
    bench.consents.say(Consent.NEVER, data_type="blood-pressure")
    await bench.store.put("fhir", wrap(weight()))
    await bench.store.put("fhir", wrap(blood_pressure()))
    settle, slow = bench.store.settle, asyncio.Event()

    async def slowly(*given: Any, **wanted: Any) -> None:
        await slow.wait()
        await settle(*given, **wanted)

    bench.store.settle = slowly
    async with bench.running() as worker, asyncio.TaskGroup() as group:
        await bench.until(lambda: bench.consents.asked == 2)
        await asyncio.sleep(0.1)
        bench.consents.say(Consent.WITHDRAWN)
        group.create_task(worker.revoke(resident()))
        await asyncio.sleep(0.1)
        slow.set()
        await asyncio.sleep(60)
    assert sink.calls == []
    assert bench.store.state("fhir", 1)[0] is ItemState.DROPPED


@virtual
async def test_one_item_backing_off_holds_its_device_and_nobody_else() -> None:
    sink = Scripted(batch_size=2)
    bench = bench_for(sink)
    for number in range(8):
        document = weight()
        document["device"] = {**document["device"], "identity": "serial:x:bad" if number < 5 else "serial:x:good"}
        await bench.store.put("fhir", wrap(document))
    bad = Answer(ruling=Ruling.CONFLICT, words="conflict")
    sink.answer = lambda item: bad if item.item_id == 1 else Answer(ruling=Ruling.ACCEPTED, words="kept")
    async with bench.running():
        await asyncio.sleep(0.4)  # shorter than the first back-off
        states = [bench.store.state("fhir", number)[0] for number in (1, 3, 6, 7, 8)]
        assert states == [ItemState.QUEUED] * 2 + [ItemState.DELIVERED] * 3
        await asyncio.sleep(3600)
    assert bench.store.state("fhir", 1)[0] is ItemState.DEAD
    assert bench.store.state("fhir", 1)[2] <= 5
    assert bench.states() == {ItemState.DELIVERED: 7, ItemState.DEAD: 1}


class SlowToLookDeeper(MemoryOutbox):
    """Looking behind the head of the queue takes so long that what the head waits for is due meanwhile."""

    async def queued(
        self, sink: str, *, limit: int, skip: Sequence[int] = (), skip_subjects: Sequence[Subject] = ()
    ) -> list[Item]:
        await asyncio.sleep(30.0 if len(skip) > 1 else 0.0)
        return await super().queued(sink, limit=limit, skip=skip, skip_subjects=skip_subjects)


@virtual
async def test_a_retraction_does_not_overtake_its_reading_while_the_queue_is_looked_through() -> None:
    sink = Scripted(batch_size=2)
    bench = Bench(sink, store=SlowToLookDeeper(), clock=VirtualClock())
    envelopes = [wrap(weight()) for _ in range(4)]
    for envelope in (*envelopes, retraction(envelopes[2])):
        await bench.store.put("fhir", envelope)
    conflict = Answer(ruling=Ruling.CONFLICT, words="conflict")
    sink.answer = lambda item: (
        conflict if item.item_id == 1 and len(sink.calls) == 1 else Answer(ruling=Ruling.ACCEPTED, words="kept")
    )
    async with bench.running():
        await asyncio.sleep(3600)
    assert bench.states() == {ItemState.DELIVERED: 5}
    assert [number for _, numbers in sink.calls for number in numbers] == [1, 2, 1, 3, 4, 5]


@virtual
async def test_a_long_outage_is_caught_up_in_minutes() -> None:
    """R5 for one sink: hours without upstream, everything once, in order, the alert first."""
    sink = Scripted(answer=answer(Ruling.BUSY, whole=True), batch_size=50, takes_s=0.1)
    bench = bench_for(sink)
    bench.store = MemoryOutbox()
    async with bench.running() as worker:
        for _ in range(500):
            await bench.store.put("fhir", wrap(weight()))
        worker.notify()
        await asyncio.sleep(4 * 3600)
        number = await bench.store.put("fhir", alert())
        sink.calls.clear()
        sink.answer = answer(Ruling.ACCEPTED)
        began = asyncio.get_running_loop().time()
        await bench.until(lambda: bench.states() == {ItemState.DELIVERED: 501}, seconds=480, every=5.0)
        assert asyncio.get_running_loop().time() - began < 120
    sent = [item_id for _, ids in sink.calls for item_id in ids]
    assert sent[0] == number
    assert sent[1:] == sorted(sent[1:])
    assert len(sent) == 501
