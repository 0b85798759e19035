"""bleak's BlueZ scanner, which rests while a connection is made.

A device is connected to when its next advertisement is heard, and while BlueZ discovers, the controller's duplicate
filter hides that for up to 10 s (kernel: DISCOV_LE_TIMEOUT). Without discovery the kernel scans for the device itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from bleak.backends.bluezdbus.scanner import BleakScannerBlueZDBus
from bleak.exc import BleakError

from gateway.core.clock import Clock

# A device that has just been heard is connected within a second; other devices must not go unheard for longer.
QUIET_S: Final = 5.0


class Scans:
    """The scans of one adapter, all of which rest while it connects.

    Args:
        broken: called with what is wrong when a scan cannot be begun again.
    """

    def __init__(self, clock: Clock, *, broken: Callable[[str], None]) -> None:
        self._clock = clock
        self._broken = broken
        self._scanners: set[BleakScannerBlueZ] = set()
        self._pauses = 0
        self._resting_since = 0.0  # what several connections rest in a row is bounded like one's
        self._switching = asyncio.Lock()

    async def begin(self, scanner: BleakScannerBlueZ) -> None:
        """Raises as bleak does."""
        async with self._switching:
            if not self._pauses:
                await scanner.resume()
            self._scanners.add(scanner)

    async def end(self, scanner: BleakScannerBlueZ) -> None:
        """Raises as bleak does."""
        async with self._switching:
            self._scanners.discard(scanner)
            if not self._pauses:
                await scanner.pause()

    async def rest(self, *, begun: asyncio.Event, until: asyncio.Event) -> None:
        """No scan from `begun`, which is set here, to `until`, or for QUIET_S. Never raises."""
        now = self._clock.monotonic()
        if not self._pauses:
            self._resting_since = now
        left = max(self._resting_since + QUIET_S - now, 0.0)
        await self._change(+1)
        begun.set()
        try:
            with suppress(TimeoutError):
                async with self._clock.timeout(left):
                    await until.wait()
        finally:
            await self._change(-1)

    async def _change(self, by: int) -> None:
        async with self._switching:
            before, self._pauses = self._pauses, self._pauses + by
            if bool(before) == bool(self._pauses):
                return
            try:
                for scanner in self._scanners:
                    await (scanner.pause() if self._pauses else scanner.resume())
            except (BleakError, EOFError, OSError) as error:
                self._broken(f"BlueZ cannot go on scanning ({error}): the adapter is opened anew")


class BleakScannerBlueZ(BleakScannerBlueZDBus):
    """A scanner that `Scans` switches."""

    def __init__(self, *arguments: Any, scans: Scans, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._scans = scans

    async def start(self) -> None:
        await self._scans.begin(self)

    async def stop(self) -> None:
        await self._scans.end(self)

    async def resume(self) -> None:
        """Raises as bleak does."""
        await super().start()

    async def pause(self) -> None:
        """Raises as bleak does."""
        await super().stop()
