"""A gateway's desk in a process of its own that dies by SIGKILL at a named crash point.

`python -m tests.gateway.desk.mortal STORE POINT WEBHOOK`: reports a fall, announces it, and prints the id of the alert
as soon as the desk has acknowledged the report. Ends by itself (status 0) only when the point is never reached.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.core.clock import SystemClock
from gateway.core.faults import Fault, no_fault
from gateway.core.health import HealthBoard
from gateway.desk.announcer import Times
from gateway.desk.notifier import Notifier
from gateway.desk.service import Desk
from gateway.desk.webhook import open_webhook
from gateway.store.alerts import SqliteAlertStore
from gateway.store.database import Database
from gateway.store.stamp import Stamper
from tests.gateway.desk.words import ORIGIN, fall

SECRET = "a secret of a test, long enough"


@asynccontextmanager
async def open_desk(path: Path, *, fault: Fault = no_fault) -> AsyncIterator[Desk]:
    """A desk on a real store."""
    clock = SystemClock()
    async with Database.open(path, clock=clock) as database:
        store = SqliteAlertStore(database, Stamper(ORIGIN, clock, boot_id="boot"))
        yield Desk(store=store, clock=clock, origin=ORIGIN, fault=fault)


@asynccontextmanager
async def announcing(
    desk: Desk, url: str, *, health: HealthBoard | None = None, times: Times | None = None, fault: Fault = no_fault
) -> AsyncIterator[None]:
    """The notifier with a webhook, running."""
    clock = SystemClock()
    async with open_webhook(url=url, secret=SECRET, clock=clock) as webhook:
        notifier = Notifier(
            desk=desk,
            channels=[webhook],
            clock=clock,
            health=health or HealthBoard(),
            base_url="http://127.0.0.1:1",
            times=times,
            fault=fault,
        )
        task = asyncio.create_task(notifier.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def live(path: Path, point: str, url: str) -> None:
    def fault(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    times = Times(repeat_s=0.2, first_backoff_s=0.1)
    async with open_desk(path, fault=fault) as desk, announcing(desk, url, times=times, fault=fault):
        alert = await desk.report(fall())
        print(alert.id, flush=True)
        await asyncio.sleep(5)


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
