"""The radar modules of a home for those who install them: ports, what hangs where, installations under way."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.core.clock import Clock
from gateway.core.errors import Conflict, NotFound
from gateway.core.ids import new_id
from gateway.radar.installing import Installation
from gateway.radar.line import LineState
from gateway.radar.lines import Lines
from gateway.radar.modules import MODULES_MOST, Module, checked
from gateway.radar.ports import BY_ID, candidates, identity
from gateway.store.radar_modules import RadarModules

PART: Final = "radar-installations"
KEPT: Final = 20  # ended installations that can still be looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A serial port, and the module that was installed on it."""

    path: Path
    module: Module | None


class Radars:
    """One for a gateway.

    Args:
        folder, more: where ports are looked for, see `gateway.radar.ports`.
    """

    def __init__(
        self,
        *,
        lines: Lines,
        modules: RadarModules,
        clock: Clock,
        folder: Path = BY_ID,
        more: Iterable[Path] = (),
        simulated: bool = False,
    ) -> None:
        self.lines = lines
        self._modules = modules
        self._clock = clock
        self._folder = folder
        self._more = tuple(more)
        self._simulated = simulated
        self._installations: OrderedDict[str, Installation] = OrderedDict()
        self._begun: asyncio.Queue[Installation] = asyncio.Queue()

    async def run(self) -> None:
        """Works on what is begun, until cancelled; what is under way then is cancelled too."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task((await self._begun.get()).run())

    async def ports(self) -> list[Port]:
        """Every port that is there now, and those of installed modules that are not."""
        installed = {Path(one.port): one for one in await self._modules.all()}
        there = candidates(self._folder, self._more)
        return [Port(path=path, module=installed.get(path)) for path in dict.fromkeys((*there, *installed))]

    async def modules(self) -> list[tuple[Module, LineState | None]]:
        """Every installed module, and how its line is."""
        found = []
        for module in await self._modules.all():
            line = self.lines.line(module.identity)
            found.append((module, None if line is None else line.state()))
        return found

    async def begin(self, wanted: Module, *, actor: str, sensitivity: int | None = None) -> Installation:
        """Set out to install what is on a port; see `Installation`.

        Raises:
            Invalid: something of it cannot be meant.
            NotFound: there is no such port.
            Conflict: that port is being installed already, or there are too many modules.
        """
        port = Path(wanted.port)
        wanted = checked(replace(wanted, identity=identity(port)))
        known = [one.path for one in await self.ports()]
        if port not in known:
            there = ", ".join(str(one) for one in known) or "none: plug a module in"
            raise NotFound(f"There is no port {port}. Those that are there: {there}.")
        if any(one.module.port == wanted.port and one.outcome is None for one in self._installations.values()):
            raise Conflict(f"{port} is being installed already: finish that, or cancel it.")
        others = [one for one in await self._modules.all() if one.identity != wanted.identity]
        if len(others) >= MODULES_MOST:
            raise Conflict(f"{MODULES_MOST} modules hang here already: take one down first ('huoma radar remove').")
        one = Installation(
            id=new_id(self._clock.wall()), wanted=wanted, actor=actor, sensitivity=sensitivity, lines=self.lines,
            modules=self._modules, clock=self._clock, simulated=self._simulated,
        )  # fmt: skip
        self._installations[one.id] = one
        ended = [key for key, each in self._installations.items() if each.outcome is not None]
        for key in ended[: max(0, len(ended) - KEPT)]:
            del self._installations[key]
        self._begun.put_nowait(one)
        return one

    def installation(self, reference: str) -> Installation:
        """Raises NotFound: there is none of this id."""
        one = self._installations.get(reference)
        if one is None:
            raise NotFound("No such installation: they are forgotten when the gateway is started again.")
        return one

    def tested(self, module_identity: str, at: float) -> bool:
        """The detector took something of that moment for a fall. Whether it was the fall test of this module."""
        for one in self._installations.values():
            if one.module.identity == module_identity and one.was_test(at):
                one.fell()
                return True
        return False

    def open_installations(self) -> Sequence[Installation]:
        """All that are known, the latest first."""
        return list(reversed(self._installations.values()))

    async def remove(self, module_identity: str, *, actor: str) -> None:
        """It was taken down. Raises NotFound."""
        await self._modules.remove(module_identity, actor=actor)
        self.lines.changed()
