"""All sinks of a gateway as one part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from gateway.consent import ConsentStore
from gateway.consent.door import ConsentDoor
from gateway.core.clock import Clock
from gateway.core.faults import Fault, no_fault
from gateway.core.subject import Subject
from gateway.delivery.factory import make_sinks
from gateway.delivery.health import Report
from gateway.delivery.settings import AnySinkSettings
from gateway.delivery.store import OutboxStore
from gateway.delivery.worker import DeliveryWorker


class Delivery:
    """The workers, by sink. `names` is what the ingest writes outbox rows for."""

    def __init__(self, workers: Sequence[DeliveryWorker]) -> None:
        self._workers = {worker.name: worker for worker in workers}

    @property
    def names(self) -> tuple[str, ...]:
        """The sinks, in the order of the settings."""
        return tuple(self._workers)

    @property
    def workers(self) -> Mapping[str, DeliveryWorker]:
        """By sink: who is told when a consent comes or goes."""
        return self._workers

    def notify(self, *, urgent: bool = False) -> None:
        """Call after each commit that wrote outbox rows; `urgent` for alerts. Cheap, never waits."""
        for worker in self._workers.values():
            worker.notify(urgent=urgent)

    def resume(self) -> None:
        """A person mended something: try everything again now."""
        for worker in self._workers.values():
            worker.resume()

    async def granted(self, subject: Subject, recipient: str, *, since: str | None = None) -> int:
        """Call after a consent is committed. Withheld items received since then (ISO 8601) wait again; how many."""
        worker = self._workers.get(recipient)
        return 0 if worker is None else await worker.granted(subject, since=since)

    async def revoke(self, subject: Subject, recipient: str, *, everything: bool = False) -> int:
        """Call after a withdrawal is committed. When it returns, not one further byte leaves.

        `everything`: drop here what the store has not dropped with the withdrawal itself. Returns how many were.
        """
        worker = self._workers.get(recipient)
        return 0 if worker is None else await worker.revoke(subject, everything=everything)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as group:
            for worker in self._workers.values():
                group.create_task(worker.run(), name=f"delivery:{worker.name}")


@asynccontextmanager
async def open_delivery(
    settings: Sequence[AnySinkSettings],
    *,
    store: OutboxStore,
    consents: ConsentStore,
    clock: Clock,
    report: Report,
    random: Random,
    fault: Fault = no_fault,
) -> AsyncIterator[Delivery]:
    """Sinks made, workers built (not yet running), connections closed at the end.

    Raises:
        SettingsError: see `make_sinks`.
    """
    door = ConsentDoor(consents)
    async with AsyncExitStack() as stack:
        workers: list[DeliveryWorker] = []
        for sink in make_sinks(settings, clock=clock):
            stack.push_async_callback(sink.aclose)
            workers.append(
                DeliveryWorker(sink, store=store, door=door, clock=clock, report=report, random=random, fault=fault)
            )
        yield Delivery(workers)
