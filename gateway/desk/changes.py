"""Tells everybody who waits that the store has grown. Carries no events: each reader reads from its own position."""

from __future__ import annotations

import asyncio


class Changes:
    """A broadcast of the newest known position.

    There is no queue per reader, so a slow or stalled one costs nothing and misses nothing. `position` is what this
    process has written; a store that was opened with events in it may be ahead, hence: read first, then wait.
    """

    def __init__(self) -> None:
        self._position = 0
        self._moved = asyncio.Event()

    @property
    def position(self) -> int:
        """The newest position announced here; 0 before the first."""
        return self._position

    def advance(self, position: int) -> None:
        """The store has come to `position`. Wakes everybody; an older position than the known one wakes nobody."""
        if position <= self._position:
            return
        self._position = position
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def wait_beyond(self, position: int) -> int:
        """Wait until something after `position` is announced (at once when it was). Returns the newest position."""
        while self._position <= position:
            await self._moved.wait()
        return self._position
