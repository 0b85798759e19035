"""Says how many readings wait for a person, and what will never come, on the status page.

It also finishes reviews that a restart cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.ingest.decisions import Decisions
from gateway.store.registry import Registry

PART: Final = "unassigned readings"
EVERYBODYS: Final = "Every reading is somebody's."
LOOK_EVERY_S: Final = 30.0  # a count by an index; nobody waits for it
LOST_SAID_FOR: Final = timedelta(days=14)


class UnassignedReminder:
    """A part of the gateway."""

    def __init__(
        self,
        decisions: Decisions,
        registry: Registry,
        *,
        take_up: Callable[[str], Awaitable[int]],
        clock: Clock,
        health: HealthBoard,
    ) -> None:
        """`take_up` is `Ingest.take_up`."""
        self._decisions = decisions
        self._registry = registry
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
            lost = await self._registry.lost_places(since=self._clock.wall() - LOST_SAID_FOR)
        except StoreError:
            return
        words = []
        if count:
            readings = "1 reading waits" if count == 1 else f"{count} readings wait"
            words.append(f"{readings} for somebody to say whose: 'huoma readings unassigned', or the page of the API.")
        words += [
            f"{device.removeprefix('address:')} has made a new user in the place of a resident, whose readings do not "
            "come any more: pair it again for each resident who uses it ('huoma devices' lists who has it now)."
            for device in dict.fromkeys(one.device_identity for one in lost)
        ]
        self._health.report(PART, Colour.AMBER if words else Colour.GREEN, " ".join(words) or EVERYBODYS)
