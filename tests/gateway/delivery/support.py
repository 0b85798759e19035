"""Documents, a memory outbox, consents and clocks for the tests of delivery."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from device_drivers.nomenclature import KINDS, QUANTITIES, Kind, Quantity
from gateway.consent import Consent, Word
from gateway.consent.door import ConsentDoor
from gateway.core.clock import SystemClock
from gateway.core.envelope import (
    ALERT_SCHEMA,
    ENVELOPE_SCHEMA,
    READING_SCHEMA,
    RETRACTION_SCHEMA,
    Envelope,
    ReadingDocument,
)
from gateway.core.faults import Fault, no_fault
from gateway.core.health import Colour
from gateway.core.subject import Subject, SubjectType
from gateway.delivery.items import is_alert, is_retraction, subject_of
from gateway.delivery.sink import Sink
from gateway.delivery.store import Item, ItemState
from gateway.delivery.worker import DeliveryWorker

START: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
RESIDENT: Final = str(uuid.UUID(int=0xA11CE))
OTHER: Final = str(uuid.UUID(int=0xB0B))
_numbers = itertools.count(1)


def resident(identity: str = RESIDENT) -> Subject:
    return Subject(type=SubjectType.RESIDENT, id=identity)


def value(quantity: Quantity, number: float) -> dict[str, Any]:
    code = QUANTITIES[quantity]
    return {
        "quantity": quantity.value,
        "value": number,
        "ucum": code.ucum,
        "mdc": code.mdc,
        "loinc": code.loinc,
        "display": code.display,
    }


def missing(quantity: Quantity, reason: str) -> dict[str, Any]:
    code = QUANTITIES[quantity]
    return {
        "quantity": quantity.value,
        "reason": reason,
        "mdc": code.mdc,
        "loinc": code.loinc,
        "display": code.display,
    }


def reading(kind: Kind, values: Mapping[Quantity, float], **changes: Any) -> ReadingDocument:
    """A document as ingest makes it; `changes` replace its top-level parts."""
    number = next(_numbers)
    at = (START + timedelta(seconds=number)).isoformat()
    code = KINDS[kind]
    document: dict[str, Any] = {
        "id": str(uuid.UUID(int=number)),
        "kind": kind.value,
        "code": {"mdc": code.mdc, "loinc": code.loinc, "display": code.display},
        "subject": {"type": "resident", "id": RESIDENT},
        "values": [value(quantity, amount) for quantity, amount in values.items()],
        "missing": [],
        "failed": not values,
        "doubtful": [],
        "flags": [],
        "series": {},
        "effective": {"at": at, "source": "device", "uncertainty_s": 1.0, "offset_s": 0.2},
        "device_time": (START + timedelta(hours=2, seconds=number)).strftime("%Y-%m-%dT%H:%M:%S"),
        "received_at": at,
        "clock_synchronised": True,
        "identity_rule": "device-time",
        "may_repeat": False,
        "user_slot": None,
        "sequence": None,
        "device": {
            "identity": "serial:a-and-d:5180400664",
            "vendor": "A&D",
            "model": "UA-651BLE",
            "serial": "5180400664",
            "firmware": "1.0",
            "address": "60:64:05:CF:C6:04",
            "system_id": "606405fffecfc604",
            "profile": "a-and-d/ua-651ble",
        },
        "simulated": False,
    }
    document.update(changes)
    return document  # type: ignore[return-value]


def blood_pressure(systolic: float = 131.0, **changes: Any) -> ReadingDocument:
    values = {
        Quantity.SYSTOLIC: systolic,
        Quantity.DIASTOLIC: 82.0,
        Quantity.MEAN_ARTERIAL: 98.0,
        Quantity.PULSE_RATE: 67.0,
    }
    return reading(Kind.BLOOD_PRESSURE, values, **changes)


def weight(kilograms: float = 71.25, **changes: Any) -> ReadingDocument:
    return reading(Kind.WEIGHT, {Quantity.WEIGHT: kilograms}, **changes)


def wrap(document: ReadingDocument, *, gateway: str = "gateway-1") -> Envelope:
    number = next(_numbers)
    return {
        "envelope": ENVELOPE_SCHEMA,
        "message_id": str(uuid.UUID(int=number)),
        "organisation_id": "organisation-1",
        "home_id": "home-1",
        "gateway_id": gateway,
        "sequence": number,
        "schema": READING_SCHEMA,
        "created_at": document["received_at"],
        "body": document,  # type: ignore[typeddict-item]
    }


def retraction(envelope: Envelope, **receipts: str) -> Envelope:
    """What takes a reading back."""
    was = envelope["body"]
    kept = ("id", "kind", "subject", "effective", "received_at", "device", "simulated")
    body = {name: was[name] for name in kept} | {"revision": was.get("revision", 0), "receipts": receipts}
    number = next(_numbers)
    return {
        **envelope,
        "message_id": str(uuid.UUID(int=number)),
        "sequence": number,
        "schema": RETRACTION_SCHEMA,
        "body": body,
        "retracts": was["id"],
    }


def alert(identity: str = "alert-1", subject: Subject | None = None) -> Envelope:
    subject = subject or resident()
    envelope = wrap(weight())
    body = {
        "id": identity,
        "kind": "fall",
        "state": "raised",
        "priority": "high",
        "probability": 0.97,
        "subject": {"type": subject.type.value, "id": subject.id},
        "raised_at": START.isoformat(),
    }
    return {**envelope, "schema": ALERT_SCHEMA, "body": body}


@dataclass
class _Row:
    item: Item
    state: ItemState = ItemState.QUEUED
    words: str | None = None


class MemoryOutbox:
    """The contract of `gateway.delivery.store.OutboxStore`, in memory; every change is one transaction."""

    def __init__(self) -> None:
        self.rows: dict[str, list[_Row]] = {}

    async def put(self, sink: str, envelope: Envelope) -> int:
        rows = self.rows.setdefault(sink, [])
        item_id = sum(len(others) for others in self.rows.values()) + 1
        rows.append(_Row(Item(item_id=item_id, sink=sink, envelope=envelope, attempts=0)))
        return item_id

    def state(self, sink: str, item_id: int) -> tuple[ItemState, str | None, int]:
        row = next(row for row in self.rows[sink] if row.item.item_id == item_id)
        return row.state, row.words, row.item.attempts

    async def queued(
        self, sink: str, *, limit: int, skip: Sequence[int] = (), skip_subjects: Sequence[Subject] = ()
    ) -> list[Item]:
        waiting = [
            row.item
            for row in self.rows.get(sink, [])
            if row.state is ItemState.QUEUED
            and row.item.item_id not in skip
            and self._subject(row) not in skip_subjects
        ]
        waiting.sort(key=lambda item: (not is_alert(item.envelope), item.item_id))
        return waiting[:limit]

    async def settle(
        self, sink: str, outcomes: Sequence[tuple[int, ItemState, str | None]], *, tried: Sequence[tuple[int, str]] = ()
    ) -> None:
        rows = {row.item.item_id: row for row in self.rows.get(sink, [])}
        for item_id, error in tried:
            row = rows[item_id]
            row.item = Item(item_id=item_id, sink=sink, envelope=row.item.envelope, attempts=row.item.attempts + 1)
            row.words = error
        for item_id, state, words in outcomes:
            rows[item_id].state, rows[item_id].words = state, words

    async def release(self, sink: str, *, subject_type: str, subject_id: str, since: str | None) -> int:
        return self._move(sink, subject_type, subject_id, {ItemState.WITHHELD}, ItemState.QUEUED, since)

    async def drop(self, sink: str, *, subject_type: str, subject_id: str) -> int:
        return self._move(sink, subject_type, subject_id, {ItemState.QUEUED, ItemState.WITHHELD}, ItemState.DROPPED)

    async def counts(self, sink: str) -> Mapping[ItemState, int]:
        found: dict[ItemState, int] = {}
        for row in self.rows.get(sink, []):
            found[row.state] = found.get(row.state, 0) + 1
        return found

    async def dead_letters(self, sink: str, *, limit: int = 100) -> list[tuple[Item, str]]:
        dead = [(row.item, row.words or "") for row in self.rows.get(sink, []) if row.state is ItemState.DEAD]
        return dead[::-1][:limit]

    def _move(
        self,
        sink: str,
        subject_type: str,
        subject_id: str,
        before: set[ItemState],
        after: ItemState,
        since: str | None = None,
    ) -> int:
        moved = 0
        for row in self.rows.get(sink, []):
            body = row.item.envelope["body"]
            same = body["subject"] == {"type": subject_type, "id": subject_id}
            received = str(body.get("received_at") or body.get("raised_at"))
            same = same and not is_retraction(row.item.envelope)
            if same and row.state in before and (since is None or received >= since):
                row.state = after
                moved += 1
        return moved

    @staticmethod
    def _subject(row: _Row) -> Subject | None:
        with contextlib.suppress(Exception):
            return subject_of(row.item.envelope)
        return None


@dataclass
class MemoryConsents:
    """Consents that a test gives and takes. By default everybody agreed."""

    default: Consent = Consent.GRANTED
    words: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    begin: datetime | None = None
    asked: int = 0

    def say(self, consent: Consent, *, subject: str = RESIDENT, recipient: str = "fhir", data_type: str = "*") -> None:
        self.words[subject, recipient, data_type] = consent

    async def word(self, subject: Subject, recipient: str, data_type: str) -> Word:
        self.asked += 1
        await asyncio.sleep(0)
        wide = self.words.get((subject.id, recipient, "*"), self.default)
        return Word(consent=self.words.get((subject.id, recipient, data_type), wide), begin=self.begin)


class FastClock(SystemClock):
    """Real servers, but pauses fifty times shorter: a second of back-off is 20 ms."""

    FACTOR = 50.0

    def monotonic(self) -> float:
        return super().monotonic() * self.FACTOR

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self.FACTOR)

    def timeout(self, seconds: float | None) -> asyncio.Timeout:
        return super().timeout(None if seconds is None else seconds / self.FACTOR)


@dataclass
class Board:
    """Health as reported, newest last."""

    reports: list[tuple[str, str, str]] = field(default_factory=list)

    def report(self, part: str, colour: Colour, reason: str) -> None:
        self.reports.append((part, colour.value, reason))

    @property
    def last(self) -> tuple[str, str]:
        return self.reports[-1][1:]

    def saw(self, colour: str, text: str) -> bool:
        return any(was == colour and text in reason for _, was, reason in self.reports)


@dataclass
class Bench:
    """A worker with everything around it."""

    sink: Sink
    store: Any = field(default_factory=MemoryOutbox)
    consents: MemoryConsents = field(default_factory=MemoryConsents)
    clock: Any = field(default_factory=FastClock)
    board: Board = field(default_factory=Board)
    fault: Fault = no_fault
    seed: int = 1

    def worker(self) -> DeliveryWorker:
        return DeliveryWorker(
            self.sink,
            store=self.store,
            door=ConsentDoor(self.consents),
            clock=self.clock,
            report=self.board.report,
            random=Random(self.seed),
            fault=self.fault,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[DeliveryWorker]:
        worker = self.worker()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(worker.run())
            try:
                yield worker
            finally:
                task.cancel()
                await self.sink.aclose()

    async def until(self, condition: Callable[[], bool], seconds: float = 30.0, *, every: float = 0.005) -> None:
        """Wait in the loop's time."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # what is waited for happens in another process
                await asyncio.sleep(every)

    def states(self) -> dict[ItemState, int]:
        found: dict[ItemState, int] = {}
        for row in self.store.rows.get(self.sink.name, []):
            found[row.state] = found.get(row.state, 0) + 1
        return found

    async def drained(self, seconds: float = 60.0) -> None:
        await self.until(lambda: not self.states().get(ItemState.QUEUED), seconds)


def canonical(resource: Mapping[str, Any]) -> str:
    """For comparing."""
    return json.dumps(resource, sort_keys=True)
