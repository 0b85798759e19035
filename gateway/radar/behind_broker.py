"""Radar modules that reach the gateway through a broker: their own word, and whose or where they are by assignment.

They hang as their maker's app says, which the gateway does not know: no heights are taken from them.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from device_drivers.radar_frame import RadarFrame
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.core.subject import SubjectType
from gateway.ingest.received import KnownDevice
from gateway.radar.lines import ModuleFeed
from gateway.radar.modules import ROOMS, Module, Mounting
from gateway.store.radar_modules import RadarModules
from gateway.store.registry import Registry

PART: Final = "radar-brokers"
TICK_S: Final = 0.5
_ASSIGNED_S: Final = 10.0  # how often is looked whose they are: they may be given to somebody else
_WAITING_MOST: Final = 64  # frames of a module of which it is not known yet whose it is
_MODULES_MOST: Final = 16


@dataclass(slots=True)
class _Module:
    module: Module | None = None  # None: not looked up so far, or nobody's
    waiting: deque[tuple[RadarFrame, float]] = field(default_factory=lambda: deque(maxlen=_WAITING_MOST))


class BrokerRadars:
    """A `gateway.radar.contracts.RadarFeed`, and where the watch learns of these modules.

    Args:
        installed: those on ports: `all` gives both.
        feed: takes the frames of modules that are somebody's or some room's.
    """

    def __init__(
        self, installed: RadarModules, registry: Registry, *, feed: ModuleFeed, clock: Clock, health: HealthBoard
    ) -> None:
        self._installed = installed
        self._registry = registry
        self._feed = feed
        self._clock = clock
        self._health = health
        self._modules: dict[str, _Module] = {}
        self._asked_at: dict[str, float] = {}

    def feed(self, device: KnownDevice, frame: RadarFrame, at: float) -> None:
        """What one said. Never raises."""
        known = self._modules.get(device.identity)
        if known is None:
            if len(self._modules) >= _MODULES_MOST:
                return
            known = self._modules[device.identity] = _Module()
        if known.module is None or known.waiting:
            known.waiting.append((frame, at))
        else:
            self._feed(known.module, frame, at)

    async def all(self) -> list[Module]:
        """Every module, on a port or behind a broker, that is watched. Raises StoreError."""
        behind = [one.module for one in self._modules.values() if one.module is not None]
        return [*await self._installed.all(), *behind]

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                for identity in list(self._modules):
                    await self._look_up(identity)
            except StoreError as error:
                self._health.report(PART, Colour.AMBER, f"Whose the radars behind a broker are cannot be read: {error}")
            else:
                self._health.report(PART, Colour.GREEN, f"{len(self._modules)} radar modules behind brokers.")
            await self._clock.sleep(TICK_S)

    async def _look_up(self, identity: str) -> None:
        now, known = self._clock.monotonic(), self._modules[identity]
        if now - self._asked_at.get(identity, float("-inf")) >= _ASSIGNED_S:
            known.module = await self._module(identity)
            self._asked_at[identity] = now
            return  # the watch learns of it before its frames come
        if known.module is None:
            return
        while known.waiting:
            frame, at = known.waiting.popleft()
            self._feed(known.module, frame, at)

    async def _module(self, identity: str) -> Module | None:
        assigned = await self._registry.assigned(identity)
        if not assigned:
            return None
        one = assigned[0]
        subject = one.subject
        room = subject.id if subject.type is SubjectType.ROOM else one.placement or ""
        return Module(
            identity=identity, port="", room=room if room in ROOMS else "", height_m=2.0, mounting=Mounting.CEILING,
            resident_id=subject.resident_id,
        )  # fmt: skip
