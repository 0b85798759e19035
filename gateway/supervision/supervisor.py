"""Keeps the parts running: one that fails is started again, and the reason is said in words.

The one place where a broad `except` is right: whatever a part raises, the others go on.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.core.health import Colour, HealthBoard

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0  # a nurse must not wait longer for a part that could already work again
WELL_AFTER_S: Final = 10.0  # a part that has run this long since its failure is said to be well
STEADY_S: Final = 120.0  # a part that ran this long failed anew: its pauses start from the first again

Part = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


class EndedByItself(HuomaError):  # noqa: N818
    """A part is meant to run for ever."""


class Supervisor:
    """Restarts parts with growing, jittered pauses; never gives up."""

    def __init__(self, *, clock: Clock, health: HealthBoard, rng: random.Random) -> None:
        self._clock = clock
        self._health = health
        self._rng = rng
        self.restarts: dict[str, int] = {}
        self._said: dict[str, str] = {}

    async def keep(self, name: str, part: Part) -> None:
        """Run `part` for ever: start it again when it raises or just ends. Only our own cancellation ends it."""
        pause = FIRST_PAUSE_S
        while True:
            started = self._clock.monotonic()
            failure = await self._run(name, part)
            if self._clock.monotonic() - started >= STEADY_S:
                pause = FIRST_PAUSE_S
            self.restarts[name] = self.restarts.get(name, 0) + 1
            wait = pause * self._rng.uniform(0.8, 1.2)
            self._report(name, failure, wait)
            await self._clock.sleep(wait)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _run(self, name: str, part: Part) -> BaseException:
        """Run it once; how it ended."""
        task = asyncio.current_task()
        well = asyncio.get_running_loop().call_later(WELL_AFTER_S, self._well_again, name)
        try:
            # In a task of its own: Python 3.11's task groups may leave the task in which they failed marked as being
            # cancelled, and `cancelling` is how we know our own end from the part's.
            async with asyncio.TaskGroup() as group:
                failure = await group.create_task(_ended(part))
        except asyncio.CancelledError as cancelled:
            failure = cancelled  # of a future that somebody else gave up, or meant for us
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            well.cancel()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError from failure
        return failure

    def _well_again(self, name: str) -> None:
        """Take our sentence about a failure back, unless the part has said something itself meanwhile."""
        sentence = self._said.pop(name, None)
        known = self._health.parts().get(name)
        if sentence is not None and known is not None and known.reason == sentence:
            times = self.restarts[name]
            self._health.report(name, Colour.GREEN, f"Runs again; it was started anew {times} time(s).")

    def _report(self, name: str, failure: BaseException, wait: float) -> None:
        # Our own errors are sentences for a person; anything else is a defect and gets its stack into the log.
        if isinstance(failure, HuomaError):
            reason = str(failure)
            log.error("part failed", part=name, reason=reason, restart_in_s=round(wait, 1))
        else:
            reason = f"failed unexpectedly ({type(failure).__name__}); see the log"
            log.error("part failed", part=name, restart_in_s=round(wait, 1), exc_info=failure)
        self._said[name] = f"{reason} Starting it again in {wait:.0f} s."
        self._health.report(name, Colour.RED, self._said[name])


async def _ended(part: Part) -> BaseException:
    """How it ended."""
    try:
        await part()
    except Exception as failure:  # noqa: BLE001  # the supervisor: see the module's first lines
        return failure
    return EndedByItself("It ended by itself.")
