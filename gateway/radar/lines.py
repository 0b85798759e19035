"""The lines of all installed modules: one task each, begun and ended while the gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from device_drivers.radar_frame import RadarFrame
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.radar.line import Line
from gateway.radar.modules import Module
from gateway.store.radar_modules import RadarModules

log = structlog.get_logger(__name__)

PART: Final = "radar"
SAY_EVERY_S: Final = 2.0  # a fault is on the status page within five seconds
_NAMED: Final = 3  # faults told in one sentence each

# A frame of a module that hangs somewhere, and when it came (monotonic, s).
ModuleFeed = Callable[[Module, RadarFrame, float], None]


class Lines:
    """Keeps every installed module's port open, and says which of them is not heard.

    Args:
        feed: takes the frames of all modules.
    """

    def __init__(self, *, modules: RadarModules, feed: ModuleFeed, clock: Clock, health: HealthBoard) -> None:
        self._modules = modules
        self._feed = feed
        self._clock = clock
        self._health = health
        self._open: dict[str, tuple[Module, Line, asyncio.Task[None]]] = {}
        self._lent: set[str] = set()  # ports that are being installed: nobody else opens them
        self._again = asyncio.Event()
        self.watchers: list[ModuleFeed] = []

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                with suppress(StoreError):  # the store says so itself; the lines that are open go on
                    await self._as_installed()
                self._say()
                self._again.clear()
                with suppress(TimeoutError):
                    async with self._clock.timeout(SAY_EVERY_S):
                        await self._again.wait()
        finally:
            for identity in list(self._open):
                await self._close(identity)

    async def lend(self, identity: str) -> None:
        """Close the line of this module, for whoever installs it, until `give_back`."""
        self._lent.add(identity)
        await self._close(identity)

    def give_back(self, identity: str) -> None:
        """The line may be opened again; how the module hangs may have changed."""
        self._lent.discard(identity)
        self._again.set()

    def changed(self) -> None:
        """A module was installed or taken down."""
        self._again.set()

    def line(self, identity: str) -> Line | None:
        """The line of an installed module."""
        known = self._open.get(identity)
        return None if known is None else known[1]

    def heard(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame that came, of this module."""
        self._feed(module, frame, at)
        for watcher in list(self.watchers):
            watcher(module, frame, at)

    async def _as_installed(self) -> None:
        wanted = {one.identity: one for one in await self._modules.all() if one.identity not in self._lent}
        for identity, (module, _, task) in list(self._open.items()):
            if wanted.get(identity) != module or task.done():
                await self._close(identity)
        for identity, module in wanted.items():
            if identity not in self._open and identity not in self._lent:
                self._begin(module)

    def _begin(self, module: Module) -> None:
        line = Line(
            port=Path(module.port), protocol=module.protocol, baud=module.baud, clock=self._clock,
            feed=lambda frame, at: self.heard(module, frame, at),
        )  # fmt: skip
        # A line's own errors are sentences; it ends only when it is cancelled. One that broke is begun again above.
        task = asyncio.get_running_loop().create_task(line.run(), name=f"radar {module.identity}")
        self._open[module.identity] = (module, line, task)

    async def _close(self, identity: str) -> None:
        known = self._open.pop(identity, None)
        if known is None:
            return
        _, line, task = known
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("radar line failed", port=line.port.name, exc_info=failure)

    def _say(self) -> None:
        states = [line.state() for _, line, _ in self._open.values()]
        if not states:
            self._health.report(PART, Colour.GREEN, "No radar module is installed.")
            return
        faults = [state.words for state in states if state.words is not None]
        if not faults:
            word = "module is" if len(states) == 1 else "modules are"
            self._health.report(PART, Colour.GREEN, f"{len(states)} radar {word} heard.")
            return
        words = faults[:_NAMED]
        if len(faults) > _NAMED:
            words.append(f"So are {len(faults) - _NAMED} more.")
        self._health.report(PART, Colour.AMBER, "A fall there is not noticed now. " + " ".join(words))
