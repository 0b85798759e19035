"""R4: the worker and the outbox as a state machine: commit, crash, lost reply, refusal, consent, clock steps.

The receiver of this test is the worst there is: it makes a second record of whatever is sent twice, unless it was asked
to look first. So each duplicate and each loss is the worker's own.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.envelope import Envelope
from gateway.delivery.items import is_retraction, order_key, subject_of
from gateway.delivery.sink import Answer, Ruling
from gateway.delivery.store import Item, ItemState
from gateway.delivery.worker import DeliveryWorker
from tests.gateway.delivery.support import (
    OTHER,
    RESIDENT,
    START,
    Board,
    MemoryConsents,
    MemoryOutbox,
    alert,
    resident,
    retraction,
    weight,
    wrap,
)
from tests.virtual_time import VirtualClock, VirtualTimeLoop, run_virtual

EXAMPLES = int(os.environ.get("HUOMA_R4_EXAMPLES", "60"))
STEPS = 50

POINTS = (
    "delivery.before-send",
    "delivery.after-send-before-settle",
    "delivery.after-settle",
    "delivery.after-door",
    "delivery.after-revoke",
)
OUTCOMES = ("ok", "lost-after", "lost-before", "busy", "half", "unauthorised", *POINTS)


class Crash(Exception):  # noqa: N818
    """The power goes."""


class WorstReceiver:
    """Keeps a list; what comes twice is there twice."""

    name = "fhir"
    address = "the receiver of the test"
    batch_size = 6

    def __init__(self, consents: MemoryConsents) -> None:
        self.records: list[Item] = []
        self.plan: list[str] = []
        self.consents = consents
        self.trespasses: list[Item] = []

    def next(self) -> str:
        return self.plan.pop(0) if self.plan else "ok"

    async def send(self, items: Sequence[Item], *, in_doubt: Collection[int]) -> list[Answer]:
        outcome = self.next()
        if outcome == "lost-before":
            return [Answer(ruling=Ruling.UNKNOWN, words="lost", whole=True)] * len(items)
        if outcome == "busy":
            return [Answer(ruling=Ruling.BUSY, words="busy", whole=True, spoke=True)] * len(items)
        if outcome == "unauthorised":
            return [Answer(ruling=Ruling.UNAUTHORISED, words="token", whole=True, spoke=True)] * len(items)
        await asyncio.sleep(0.05)
        answers = []
        for place, item in enumerate(items):
            if outcome == "half" and place % 2:
                answers.append(Answer(ruling=Ruling.CONFLICT, words="conflict"))
                continue
            self._keep(item, in_doubt)
            answers.append(Answer(ruling=Ruling.ACCEPTED, words="kept"))
        if outcome == "lost-after":
            return [Answer(ruling=Ruling.UNKNOWN, words="lost", whole=True)] * len(items)
        if outcome in POINTS:
            self.plan.insert(0, outcome)  # left for the crash point
        return answers

    def _keep(self, item: Item, in_doubt: Collection[int]) -> None:
        known = {kept.item_id for kept in self.records}
        if item.item_id in in_doubt and item.item_id in known:
            return
        subject = subject_of(item.envelope)
        withdrawn = self.consents.words.get((subject.id, "fhir", "*")) is Consent.WITHDRAWN
        if withdrawn and not is_retraction(item.envelope):
            self.trespasses.append(item)
        self.records.append(item)

    def fault(self, point: str) -> None:
        if self.plan and self.plan[0] == point:
            self.plan.pop(0)
            raise Crash(point)

    def refresh(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


class OutboxMachine(RuleBasedStateMachine):
    """Rules are what can happen; the invariants hold after each."""

    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.loop = VirtualTimeLoop()
        self.clock = VirtualClock()
        self.store = MemoryOutbox()
        self.consents = MemoryConsents()
        self.consents.say(Consent.GRANTED)
        self.consents.say(Consent.GRANTED, subject=OTHER)
        self.receiver = WorstReceiver(self.consents)
        self.board = Board()
        self.random = Random(seed)
        self.task: asyncio.Task[None] | None = None
        self.excused: set[int] = set()  # items of subjects that withdrew while they waited
        self._boot()

    def _boot(self) -> None:
        self.worker = DeliveryWorker(
            self.receiver,
            store=self.store,
            door=ConsentDoor(self.consents),
            clock=self.clock,
            report=self.board.report,
            random=self.random,
            fault=self.receiver.fault,
        )
        self.task = self.loop.create_task(self.worker.run())

    def _run(self, seconds: float) -> None:
        """Virtual seconds; a crashed worker is started again, as the supervisor would."""
        until = self.loop.time() + seconds
        while self.loop.time() < until:
            assert self.task is not None
            left = until - self.loop.time()
            done, _ = self.loop.run_until_complete(asyncio.wait({self.task}, timeout=left))
            if done:
                error = self.task.exception()
                assert isinstance(error, Crash), error
                self._boot()

    def _do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def _commit(self, envelope: Envelope, who: str) -> None:
        item_id = self._do(self.store.put("fhir", envelope))
        if self.consents.words[who, "fhir", "*"] is Consent.WITHDRAWN:
            self.excused.add(item_id)

    @rule(device=st.integers(0, 2), who=st.sampled_from([RESIDENT, OTHER]), told=st.booleans())
    def commit_reading(self, device: int, who: str, *, told: bool) -> None:
        document = weight(subject={"type": "resident", "id": who})
        document["device"] = {**document["device"], "identity": f"serial:x:{device}-{who}"}
        self._commit(wrap(document), who)
        if told:
            self.worker.notify()

    @rule(who=st.sampled_from([RESIDENT, OTHER]))
    def commit_alert(self, who: str) -> None:
        self._commit(alert(f"alert-{self.random.random()}", resident(who)), who)
        self.worker.notify(urgent=True)

    @rule(who=st.sampled_from([RESIDENT, OTHER]), device=st.integers(0, 2))
    def somebody_else_s(self, who: str, device: int) -> None:
        """A reading is taken back: that needs no consent, and comes after the reading."""
        document = weight(subject={"type": "resident", "id": who})
        document["device"] = {**document["device"], "identity": f"serial:x:{device}-{who}"}
        envelope = wrap(document)
        self._commit(envelope, who)
        self._do(self.store.put("fhir", retraction(envelope)))
        self.worker.notify()

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4))
    def trouble_ahead(self, outcomes: list[str]) -> None:
        self.receiver.plan += outcomes

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.05, 0.3, 5.0, 120.0]))
    def time_passes(self, seconds: float) -> None:
        self._run(seconds)

    @rule()
    def power_cut(self) -> None:
        assert self.task is not None
        self.task.cancel()
        self.loop.run_until_complete(asyncio.wait({self.task}))
        self._boot()

    @rule(hours=st.integers(-100_000, 100_000))
    def clock_steps(self, hours: int) -> None:
        self.clock.step(timedelta(hours=hours / 10))

    @rule(who=st.sampled_from([RESIDENT, OTHER]))
    def withdraw(self, who: str) -> None:
        self.consents.say(Consent.WITHDRAWN, subject=who)
        waiting = [ItemState.QUEUED, ItemState.WITHHELD]
        self.excused |= {
            row.item.item_id
            for row in self.store.rows.get("fhir", [])
            if row.state in waiting and subject_of(row.item.envelope).id == who
        }
        try:
            self._do(self.worker.revoke(resident(who), everything=True))
        except Crash:
            self.power_cut()

    @rule(who=st.sampled_from([RESIDENT, OTHER]))
    def grant(self, who: str) -> None:
        self.consents.say(Consent.GRANTED, subject=who)
        self._do(self.worker.granted(resident(who), since=START.isoformat()))

    @invariant()
    def nothing_is_there_twice(self) -> None:
        ids = [item.item_id for item in self.receiver.records]
        assert len(ids) == len(set(ids))

    @invariant()
    def no_byte_without_consent(self) -> None:
        assert self.receiver.trespasses == []

    @invariant()
    def a_settled_item_is_with_the_receiver(self) -> None:
        kept = {item.item_id for item in self.receiver.records}
        delivered = [row.item for row in self.store.rows.get("fhir", []) if row.state is ItemState.DELIVERED]
        assert all(item.item_id in kept for item in delivered)

    def teardown(self) -> None:
        """Everything heals; then nothing may be missing."""
        self.receiver.plan.clear()
        for who in (RESIDENT, OTHER):
            self.consents.say(Consent.GRANTED, subject=who)
            self._do(self.worker.granted(resident(who), since=START.isoformat()))
        self.worker.notify()
        self._run(3600.0)
        assert self.task is not None
        self.task.cancel()
        self.loop.run_until_complete(asyncio.wait({self.task}))
        self.loop.close()
        kept = {item.item_id for item in self.receiver.records}
        for row in self.store.rows.get("fhir", []):
            lost = row.item.item_id not in kept and row.item.item_id not in self.excused
            dead = row.state is ItemState.DEAD  # after five conflicts of its own: kept, and a person was told
            assert not lost or dead, (row.item.item_id, row.state, row.words)


OutboxMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=EXAMPLES == 60,
    suppress_health_check=list(HealthCheck),
    database=None,
    report_multiple_bugs=False,
)
TestOutboxMachine = pytest.mark.slow(OutboxMachine.TestCase)


def test_order_is_kept_within_a_device_and_alerts_overtake() -> None:
    run_virtual(_order)


async def _order() -> None:
    store, consents = MemoryOutbox(), MemoryConsents()
    receiver = WorstReceiver(consents)
    receiver.plan = ["busy", "lost-after", "ok", "lost-before", "ok"]
    for number in range(40):
        document = weight()
        document["device"] = {**document["device"], "identity": f"serial:x:{number % 3}"}
        await store.put("fhir", wrap(document))
    last = await store.put("fhir", alert())
    worker = DeliveryWorker(
        receiver,
        store=store,
        door=ConsentDoor(consents),
        clock=VirtualClock(),
        report=Board().report,
        random=Random(1),
        fault=receiver.fault,
    )
    task = asyncio.get_running_loop().create_task(worker.run())
    while len(receiver.records) < 41:  # noqa: ASYNC110  # the receiver is a plain list
        await asyncio.sleep(0.01)
    task.cancel()
    assert receiver.records[0].item_id == last
    for key in {order_key(item.envelope) for item in receiver.records}:
        ids = [item.item_id for item in receiver.records if order_key(item.envelope) == key]
        assert ids == sorted(ids)
