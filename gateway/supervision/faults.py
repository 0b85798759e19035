"""A part that stays red and a stale bond become technical alerts: somebody is called, not only shown an unread page."""

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
_LATER: Final = ("delivery:",)  # readings wait safely: a matter for the day

log = structlog.get_logger(__name__)


class FaultWatch:
    """Looks at the health board and at the bonds, and tells the desk. An alert that is open is not raised again.

    A bond waits for whoever has the device at hand: its alert is not raised again when it was resolved, until the bond
    was mended and is stale once more.

    Args:
        stale_bonds: by the device's address, the sentence for people.
    """

    def __init__(
        self, *, health: HealthBoard, desk: Desk, clock: Clock, stale_bonds: Callable[[], Mapping[str, str]]
    ) -> None:
        self._health = health
        self._desk = desk
        self._clock = clock
        self._stale_bonds = stale_bonds
        self._red_since: dict[str, float] = {}  # at most one entry per part
        self._stale_since: dict[str, float] = {}  # at most one entry per bond
        self._told: set[str] = set()  # bonds that are stale, and the desk knows

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for part, reason in self._red():
                priority = Priority.LOW if part.startswith(_LATER) else Priority.MEDIUM
                await self._tell(f"part:{part}", f"{part}: {reason}", priority)
            for address, words in self._stale():
                if await self._tell(f"bond:{address}", words, Priority.MEDIUM):
                    self._told.add(address)
            await self._clock.sleep(LOOK_EVERY_S)

    async def _tell(self, condition: str, summary: str, priority: Priority) -> bool:
        """Whether the desk knows it now."""
        try:
            await self._desk.technical(condition, summary, priority=priority)
        except (StoreError, Conflict) as error:  # looked at again in a moment
            log.warning("technical alert not stored", condition=condition, why=str(error))
            return False
        return True

    def _stale(self) -> list[tuple[str, str]]:
        now, stale = self._clock.monotonic(), self._stale_bonds()
        self._stale_since = {address: self._stale_since.get(address, now) for address in stale}
        self._told &= stale.keys()
        return [
            (address, words)
            for address, words in stale.items()
            if address not in self._told and now - self._stale_since[address] >= RED_FOR_S
        ]

    def _red(self) -> list[tuple[str, str]]:
        now = self._clock.monotonic()
        red = {name: one.reason for name, one in self._health.parts().items() if one.colour is Colour.RED}
        self._red_since = {name: self._red_since.get(name, now) for name in red}
        return [(name, reason) for name, reason in red.items() if now - self._red_since[name] >= RED_FOR_S]
