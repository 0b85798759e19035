"""One worker per sink: takes what waits, asks for consent, sends, reads the receiver's word on each item, settles.

One request is in flight at a time, so there is never more than one per identifier and an order within a device. Crash
points: `delivery.before-send`, `delivery.after-send-before-settle`, `delivery.after-settle`, `delivery.after-door`,
`delivery.after-revoke`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Final

import structlog

from gateway.consent import Consent
from gateway.consent.door import ConsentDoor
from gateway.core.clock import Clock
from gateway.core.errors import Invalid
from gateway.core.faults import Fault, no_fault
from gateway.core.subject import Subject
from gateway.delivery.health import Report, SinkHealth
from gateway.delivery.items import subject_of
from gateway.delivery.retries import MOST_TRIES, REFUSED_IN_ROW, SUBJECT_RETRY_S, Retries, Stop
from gateway.delivery.sink import Answer, Ruling, Sink
from gateway.delivery.store import Item, ItemState, OutboxStore

SEND_LIMIT_S: Final = 60.0  # a whole round trip with its searches; single steps have their own, shorter time-outs
SHORTEST_REST_S: Final = 0.001  # a timer may fire a rounding error early: never spin on the rest
DEEPEST_LOOK: Final = 10  # batches behind a device that backs off; it does so for minutes at most
HEAD_IN_DOUBT: Final = 4  # batches at the head of the queue that the process before us may have sent

_log = structlog.get_logger("gateway.delivery")

Outcome = tuple[int, ItemState, str | None]


class DeliveryWorker:
    """Drains the outbox of one sink for as long as it runs."""

    def __init__(
        self,
        sink: Sink,
        *,
        store: OutboxStore,
        door: ConsentDoor,
        clock: Clock,
        report: Report,
        random: Random,
        fault: Fault = no_fault,
    ) -> None:
        self._sink = sink
        self._store = store
        self._door = door
        self._clock = clock
        self._fault = fault
        self._retries = Retries(random=random)
        self._health = SinkHealth(sink.name, sink.address, store=store, clock=clock, report=report)
        self._wake = asyncio.Event()
        self._sending = asyncio.Lock()
        self._batch = sink.batch_size
        self._in_doubt: set[int] = set()
        self._in_flight: frozenset[Subject] = frozenset()
        self._scope: asyncio.Timeout | None = None
        self._revoked: set[Subject] = set()
        self._refreshed = False
        self._looked_at = -1.0

    @property
    def name(self) -> str:
        """The sink's name."""
        return self._sink.name

    def notify(self, *, urgent: bool = False) -> None:
        """Something was committed for this sink. `urgent` (an alert) does not wait for the end of a pause."""
        if urgent:
            self._retries.paused_until = 0.0
        self._wake.set()

    def resume(self) -> None:
        """A person mended something (credentials, a patient, a permission): try everything again now."""
        self._sink.refresh()
        self._retries.forget()
        self._wake.set()

    async def granted(self, subject: Subject, *, since: str | None) -> int:
        """Consent came. Items withheld since then wait again (None: it covers only what comes). Returns how many."""
        released = 0
        if since is not None:
            released = await self._store.release(
                self.name, subject_type=subject.type.value, subject_id=subject.id, since=since
            )
        self._retries.stops.pop(subject, None)
        self._wake.set()
        return released

    async def revoke(self, subject: Subject, *, everything: bool = False) -> int:
        """Consent went; call it after the withdrawal is committed. When it returns, not one further byte leaves.

        A request in flight about this subject is cut off. What waits is dropped by the store with the withdrawal, or by
        the door item by item; with `everything` (the withdrawal names no data type) also here. Returns how many were.
        """
        self._revoked.add(subject)  # stops a request for which consent was asked just before
        if subject in self._in_flight and self._scope is not None:
            self._scope.reschedule(0.0)
        dropped = 0
        async with self._sending:
            self._revoked.discard(subject)
            if everything:
                dropped = await self._store.drop(self.name, subject_type=subject.type.value, subject_id=subject.id)
        self._fault("delivery.after-revoke")
        _log.info("consent withdrawn", sink=self.name, dropped=dropped)
        self._wake.set()
        return dropped

    async def run(self) -> None:
        """Deliver until cancelled."""
        head = await self._store.queued(self.name, limit=HEAD_IN_DOUBT * self._sink.batch_size)
        self._in_doubt.update(item.item_id for item in head)
        while True:
            self._wake.clear()
            progress = self._retries.paused_until <= self._clock.monotonic() and await self._round()
            await self._health.update(self._retries, idle=not progress)
            if not progress:
                await self._rest()

    async def _rest(self) -> None:
        """Until something is committed, or something that waits is due."""
        due = self._retries.next_due(self._looked_at, self._clock.monotonic())
        until = self._health.next_report()
        moments = [moment for moment in (due, until) if moment is not None]
        wait = None if not moments else max(SHORTEST_REST_S, min(moments) - self._clock.monotonic())
        try:
            async with self._clock.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """One request, or none. True when the queue moved or may move at once."""
        async with self._sending:
            now = self._looked_at = self._clock.monotonic()
            stopped = self._retries.stopped(now)
            skip = self._retries.skip(now)
            queued = await self._store.queued(self.name, limit=self._batch, skip=skip, skip_subjects=stopped)
            batch = self._retries.next_batch(queued, now)
            if not batch:
                return await self._look_deeper(queued, skip, stopped, now)
            return await self._deliver(batch)

    async def _look_deeper(
        self, held: Sequence[Item], skip: Sequence[int], stopped: Sequence[Subject], now: float
    ) -> bool:
        """The head of the queue waits behind items that back off: other devices need not.

        `now` is the moment by which the head waits: by a later one, what it waits behind may be due and hold nothing
        back any more, and a retraction would overtake the very reading that it takes back.
        """
        behind = [*skip]
        for _ in range(DEEPEST_LOOK):
            if not held:
                return False
            behind += [item.item_id for item in held]
            limit = self._sink.batch_size
            held = await self._store.queued(self.name, limit=limit, skip=behind, skip_subjects=stopped)
            batch = self._retries.next_batch(held, now)
            if batch:
                return await self._deliver(batch[: self._batch])
        return False

    async def _deliver(self, batch: Sequence[Item]) -> bool:
        allowed, outcomes = await self._at_the_door(batch)
        if outcomes:
            await self._settle(outcomes, [])
            self._fault("delivery.after-door")
        allowed = [item for item in allowed if subject_of(item.envelope) not in self._revoked]
        if not allowed:
            return True
        answers = await self._send(allowed)
        self._fault("delivery.after-send-before-settle")
        return await self._judge(allowed, answers)

    async def _at_the_door(self, batch: Sequence[Item]) -> tuple[list[Item], list[Outcome]]:
        """Who may leave; the others are settled as withheld or dropped."""
        readable: list[Item] = []
        outcomes: list[Outcome] = []
        for item in batch:
            try:
                subject_of(item.envelope)
            except Invalid as error:
                outcomes.append((item.item_id, ItemState.DEAD, str(error)))
            else:
                readable.append(item)
        # From here to the end of the request a withdrawal cuts us off: see `revoke`.
        self._in_flight = frozenset(subject_of(item.envelope) for item in readable)
        allowed: list[Item] = []
        for item, consent in zip(readable, await self._door.ask(readable), strict=True):
            if consent is Consent.GRANTED:
                allowed.append(item)
            elif consent is Consent.NEVER:
                outcomes.append((item.item_id, ItemState.WITHHELD, "no consent that covers it"))
            else:
                outcomes.append((item.item_id, ItemState.DROPPED, "consent withdrawn"))
                _log.info("dropped: consent withdrawn", sink=self.name, item_id=item.item_id)
        return allowed, outcomes

    async def _send(self, items: Sequence[Item]) -> list[Answer]:
        """One request; without an answer the receiver may have got it."""
        self._fault("delivery.before-send")
        ids = {item.item_id for item in items}
        try:
            async with self._clock.timeout(SEND_LIMIT_S) as self._scope:
                answers = await self._sink.send(items, in_doubt=self._in_doubt & ids)
        except TimeoutError:
            answer = Answer(ruling=Ruling.UNKNOWN, words=f"no answer within {SEND_LIMIT_S:.0f} s", whole=True)
            answers = [answer] * len(items)
        finally:
            self._scope = None
            self._in_flight = frozenset()
        # Once in doubt, in doubt until it is settled: a later "busy" says nothing about the earlier request.
        unknown = (answer.ruling is Ruling.UNKNOWN for answer in answers)
        self._in_doubt.update(item.item_id for item, lost in zip(items, unknown, strict=True) if lost)
        return answers

    async def _judge(self, items: Sequence[Item], answers: Sequence[Answer]) -> bool:
        """Make outcomes of the answers and settle them. False: nothing to do before the next due moment."""
        whole = next((answer for answer in answers if answer.whole), None)
        if whole is None and all(answer.ruling is Ruling.BUSY for answer in answers):
            whole = answers[0]  # each entry in its own answer: the receiver is busy all the same
        waiting = whole is not None and await self._judge_whole(items, whole)
        pairs = [pair for pair in zip(items, answers, strict=True) if not waiting or _stands(pair[1])]
        accepted = sum(answer.ruling is Ruling.ACCEPTED for _, answer in pairs)
        if not waiting:
            self._went_well(accepted)
        now = self._clock.monotonic()
        outcomes: list[Outcome] = []
        tried: list[tuple[int, str]] = []
        for item, answer in pairs:
            state = self._judge_one(item, answer, now, alone=len(items) == 1)
            if answer.ruling not in (Ruling.ACCEPTED, Ruling.NOT_CARRIED):
                tried.append((item.item_id, answer.words))
            if state is not None:
                outcomes.append((item.item_id, state, answer.words))
        await self._settle(outcomes, tried)
        self._fault("delivery.after-settle")
        return not waiting

    def _went_well(self, accepted: int) -> None:
        self._retries.went_well(accepted)
        self._refreshed = False
        self._batch = min(self._sink.batch_size, self._batch * 4)

    async def _judge_whole(self, items: Sequence[Item], answer: Answer) -> bool:
        """True when the whole sink has to wait (nothing is known of single items)."""
        if answer.ruling in (Ruling.REFUSED, Ruling.FORBIDDEN):
            if len(items) == 1:
                return False
            self._batch = len(items) // 2  # one of them is at fault: halve until it stands alone
            self._wake.set()
            return True
        serious = answer.ruling in (Ruling.UNAUTHORISED, Ruling.NO_PATIENT)
        if serious:
            self._sink.refresh()  # a token that was renewed meanwhile helps at once
        if answer.ruling is Ruling.UNAUTHORISED and not self._refreshed:
            self._refreshed = True
            self._wake.set()
            return True
        now = self._clock.monotonic()
        self._retries.pause(now, answer.words, answer.retry_after_s, serious=serious)
        if self._retries.failures > 1:
            self._batch = 1
        if len(items) == 1 and (answer.spoke or answer.ruling is Ruling.UNKNOWN) and not serious:
            # It may be this item that breaks the receiver: let another one probe next time.
            trouble = self._retries.failed(items[0], now, answer.retry_after_s)
            trouble.alone = True
            if trouble.failures >= MOST_TRIES:
                dead = (items[0].item_id, ItemState.DEAD, answer.words)
                await self._settle([dead], [(items[0].item_id, answer.words)])
        return True

    def _judge_one(self, item: Item, answer: Answer, now: float, *, alone: bool) -> ItemState | None:
        """The item's new state, or None while it waits."""
        match answer.ruling:
            case Ruling.ACCEPTED:
                return ItemState.DELIVERED
            case Ruling.NOT_CARRIED:
                return ItemState.DROPPED
            case Ruling.REFUSED:
                trouble = self._retries.trouble(item, now)
                trouble.alone = True
                trouble.refusals += 1
                return self._refused_again(item, answer, now) if alone and trouble.refusals > 1 else None
            case Ruling.FORBIDDEN | Ruling.UNAUTHORISED:
                self._retries.stops[subject_of(item.envelope)] = Stop(words=answer.words, due=None)
                return None
            case Ruling.NO_PATIENT:
                due = now + SUBJECT_RETRY_S
                self._retries.stops[subject_of(item.envelope)] = Stop(words=answer.words, due=due)
                return None
            case _:
                own = answer.ruling is Ruling.CONFLICT
                trouble = self._retries.failed(item, now, answer.retry_after_s, own=own)
                return ItemState.DEAD if trouble.failures >= MOST_TRIES else None

    def _refused_again(self, item: Item, answer: Answer, now: float) -> ItemState | None:
        """Dead, unless the receiver refuses everybody: then it is the one to be mended, and everything waits."""
        self._retries.refused_in_row += 1
        if self._retries.refused_in_row <= REFUSED_IN_ROW:
            return ItemState.DEAD
        self._retries.failed(item, now, None)
        self._retries.pause(now, f"refuses everything: {answer.words}", answer.retry_after_s, serious=True)
        return None

    async def _settle(self, outcomes: Sequence[Outcome], tried: Sequence[tuple[int, str]]) -> None:
        """Commit, then forget."""
        if not outcomes and not tried:
            return
        await self._store.settle(self.name, outcomes, tried=tried)
        ids = [item_id for item_id, _, _ in outcomes]
        self._retries.settled(ids)
        self._in_doubt.difference_update(ids)
        for item_id, state, words in outcomes:
            if state is ItemState.DEAD:
                self._health.dead_letter()
                _log.error("refused for good", sink=self.name, item_id=item_id, reason=words)


def _stands(answer: Answer) -> bool:
    """An answer that holds although the request as a whole failed: found by a search before, or never to be sent."""
    return not answer.whole and answer.ruling is not Ruling.BUSY
