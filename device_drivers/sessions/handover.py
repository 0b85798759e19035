"""Hands records on no faster than they are committed, for devices that send a whole history without waiting."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from device_drivers.errors import LinkLost
from device_drivers.readings import Reading
from device_drivers.sessions.base import COMMIT_S, SessionClock, Sink

WINDOW: Final = 16  # handed on and not yet committed: the radio's own queue holds 64
# Records that wait here. Meters keep up to 1,000 (Contour Next One 800, Accu-Chek Guide 720); one that sends more is
# broken, and asked again from where we are.
LIMIT: Final = 2_000


class Handover:
    """Between the notifications of a device and the sink.

    Attributes:
        handed: how many readings it was given.
        overflowed: it was given more than `LIMIT`: the rest was not taken.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._waiting: deque[Reading] = deque()
        self._open: set[asyncio.Future[None]] = set()
        self._stir = asyncio.Event()
        self._failed = False
        self.handed = 0
        self.overflowed = False

    def put(self, reading: Reading) -> None:
        """Take a reading; it is handed on when there is room."""
        if len(self._waiting) >= LIMIT:
            self.overflowed = True
            return
        self.handed += 1
        self._waiting.append(reading)
        self._feed()

    async def settled(self, clock: SessionClock) -> None:
        """Wait until everything taken so far is committed.

        Raises:
            LinkLost: something could not be, or the store stands still.
        """
        while self._waiting or self._open:
            self._stir.clear()
            try:
                async with clock.timeout(COMMIT_S):
                    await self._stir.wait()
            except TimeoutError as stands_still:
                raise LinkLost("the store does not keep up") from stands_still
        if self._failed or self.overflowed:
            raise LinkLost("not every record could be stored")

    def _feed(self) -> None:
        while self._waiting and len(self._open) < WINDOW:
            receipt = self._sink.reading(self._waiting.popleft())
            if receipt is None:
                continue
            if receipt.done():
                self._look_at(receipt)
                continue
            self._open.add(receipt)
            receipt.add_done_callback(self._closed)

    def _closed(self, receipt: asyncio.Future[None]) -> None:
        self._open.discard(receipt)
        self._look_at(receipt)
        self._feed()
        self._stir.set()

    def _look_at(self, receipt: asyncio.Future[None]) -> None:
        if receipt.cancelled() or receipt.exception() is not None:
            self._failed = True
