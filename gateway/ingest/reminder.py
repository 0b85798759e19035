"""Says how many readings wait for a person, on the status page; and finishes reviews that a restart cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.ingest.decisions import Decisions

PART: Final = "unassigned readings"
LOOK_EVERY_S: Final = 30.0  # a count by an index; nobody waits for it


class UnassignedReminder:
    """A part of the gateway."""

    def __init__(
        self, decisions: Decisions, *, take_up: Callable[[str], Awaitable[int]], clock: Clock, health: HealthBoard
    ) -> None:
        """`take_up` is `Ingest.take_up`."""
        self._decisions = decisions
        self._take_up = take_up
        self._clock = clock
        self._health = health
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. A store that fails says so itself."""
        stop = self._decisions.on_change(self._wake.set)
        try:
            while True:
                self._wake.clear()
                await self._look()
                try:
                    async with self._clock.timeout(LOOK_EVERY_S):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            stop()

    async def _look(self) -> None:
        try:
            for device in await self._decisions.to_be_reviewed():
                await self._take_up(device)
            count = await self._decisions.count()
        except StoreError:
            return
        if count:
            readings = "1 reading waits" if count == 1 else f"{count} readings wait"
            words = f"{readings} for somebody to say whose: 'huoma readings unassigned', or the page of the API."
            self._health.report(PART, Colour.AMBER, words)
        else:
            self._health.report(PART, Colour.GREEN, "Every reading is somebody's.")
