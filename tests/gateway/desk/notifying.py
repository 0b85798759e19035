"""A desk, a notifier and channels that record, on virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway.core.health import Colour, HealthBoard
from gateway.desk.announcer import Times
from gateway.desk.events import Alert, AlertEvent, EventType
from gateway.desk.notice import NotDelivered, Notice
from gateway.desk.notifier import PART, Notifier
from gateway.desk.service import Desk
from tests.gateway.desk.memory_store import MemoryAlertStore
from tests.gateway.desk.words import ORIGIN, fall
from tests.virtual_time import VirtualClock, run_virtual


def now() -> float:
    return asyncio.get_running_loop().time() - 1000.0


class Recorder:
    """A channel that does what it is told: takes, refuses, hangs or breaks."""

    def __init__(self, name: str = "webhook https://care.example") -> None:
        self.name = name
        self.mode: str = "take"
        self.tried: list[tuple[float, str, int]] = []
        self.taken: list[Notice] = []
        self.under_way = self.most_under_way = 0

    async def send(self, notice: Notice) -> None:
        self.tried.append((now(), notice.alert_id, notice.attempt))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.mode == "hang":
                await asyncio.Event().wait()
            await asyncio.sleep(0.1)
            if self.mode == "refuse":
                raise NotDelivered("does not answer (ConnectError)", advice="check the network")
            if self.mode == "break":
                raise ZeroDivisionError
            self.taken.append(notice)
        finally:
            self.under_way -= 1

    def times(self) -> list[float]:
        return [at for at, _, _ in self.tried]


class Home:
    """A desk with its notifier; the notifier can be killed and started again."""

    def __init__(
        self,
        *channels: Recorder,
        times: Times | None = None,
        store: MemoryAlertStore | None = None,
        simulated: bool = False,
    ) -> None:
        self.clock = VirtualClock()
        self.store = store or MemoryAlertStore()
        self.desk = Desk(store=self.store, clock=self.clock, origin=ORIGIN)
        self.health = HealthBoard()
        self.notifier = Notifier(
            desk=self.desk,
            channels=channels,
            clock=self.clock,
            health=self.health,
            base_url="https://gateway.example/",
            simulated=simulated,
            times=times,
            rng=random.Random(1),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.notifier.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def fall(self) -> Alert:
        """Somebody falls now."""
        return await self.desk.report(fall(at=self.clock.wall()))

    def colour(self) -> Colour:
        return self.health.parts()[PART].colour

    def reason(self) -> str:
        return self.health.parts()[PART].reason

    async def events(self, kind: EventType) -> list[AlertEvent]:
        return [one.event for one in await self.store.since(0) if one.event.type is kind]


def virtual(test: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        run_virtual(test)

    run.__name__ = test.__name__
    return run
