"""A part that stays red, a stale bond and a lasting refusal become technical alerts: not only an unread page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import Conflict, StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.desk.events import Priority
from gateway.desk.service import Desk

LOOK_EVERY_S: Final = 15.0
RED_FOR_S: Final = 60.0  # most of what turns red mends itself within a minute: a restart, a router that comes back
REFUSED_FOR_S: Final = 86_400.0  # people weigh themselves daily: the code may be entered meanwhile, with nobody called
_LATER: Final = ("delivery:",)  # readings wait safely: a matter for the day

log = structlog.get_logger(__name__)


class FaultWatch:
    """Looks at the health board, the bonds and the refusals, and tells the desk. An open alert is not raised again.

    A bond or a refusal waits for whoever has the device at hand: its alert is not raised again when it was resolved,
    until it was mended and is there once more.

    Args:
        stale_bonds: by the device's address, the sentence for people.
        refusals: likewise.
    """

    def __init__(
        self,
        *,
        health: HealthBoard,
        desk: Desk,
        clock: Clock,
        stale_bonds: Callable[[], Mapping[str, str]],
        refusals: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._health = health
        self._desk = desk
        self._clock = clock
        self._red_since: dict[str, float] = {}  # at most one entry per part
        self._of_devices = (
            _Standing("bond", stale_bonds, RED_FOR_S, Priority.MEDIUM),
            _Standing("refusal", refusals, REFUSED_FOR_S, Priority.LOW),
        )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for part, reason in self._red():
                priority = Priority.LOW if part.startswith(_LATER) else Priority.MEDIUM
                await self._tell(f"part:{part}", f"{part}: {reason}", priority)
            for kind in self._of_devices:
                for address, words in kind.due(self._clock.monotonic()):
                    if await self._tell(f"{kind.name}:{address}", words, kind.priority):
                        kind.told.add(address)
            await self._clock.sleep(LOOK_EVERY_S)

    async def _tell(self, condition: str, summary: str, priority: Priority) -> bool:
        """Whether the desk knows it now."""
        try:
            await self._desk.technical(condition, summary, priority=priority)
        except (StoreError, Conflict) as error:  # looked at again in a moment
            log.warning("technical alert not stored", condition=condition, why=str(error))
            return False
        return True

    def _red(self) -> list[tuple[str, str]]:
        now = self._clock.monotonic()
        red = {name: one.reason for name, one in self._health.parts().items() if one.colour is Colour.RED}
        self._red_since = {name: self._red_since.get(name, now) for name in red}
        return [(name, reason) for name, reason in red.items() if now - self._red_since[name] >= RED_FOR_S]


class _Standing:
    """One kind of trouble with devices, by their addresses.

    Attributes:
        told: whose trouble stands, and the desk knows.
    """

    def __init__(self, name: str, now: Callable[[], Mapping[str, str]], for_s: float, priority: Priority) -> None:
        self.name = name
        self.priority = priority
        self.told: set[str] = set()
        self._now = now
        self._for_s = for_s
        self._since: dict[str, float] = {}  # at most one entry per device

    def due(self, now: float) -> list[tuple[str, str]]:
        """Those that have stood long enough and were not told: address and sentence."""
        standing = self._now()
        self._since = {address: self._since.get(address, now) for address in standing}
        self.told &= standing.keys()
        return [
            (address, words)
            for address, words in standing.items()
            if address not in self.told and now - self._since[address] >= self._for_s
        ]
