"""A part that stays red becomes a technical alert: somebody is called, not only shown a page nobody looks at."""

from __future__ import annotations

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
    """Looks at the health board and tells the desk. An alert that is open is not raised again."""

    def __init__(self, *, health: HealthBoard, desk: Desk, clock: Clock) -> None:
        self._health = health
        self._desk = desk
        self._clock = clock
        self._red_since: dict[str, float] = {}  # at most one entry per part

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            for part, reason in self._lasting():
                priority = Priority.LOW if part.startswith(_LATER) else Priority.MEDIUM
                try:
                    await self._desk.technical(f"part:{part}", f"{part}: {reason}", priority=priority)
                except (StoreError, Conflict) as error:  # looked at again in a moment
                    log.warning("technical alert not stored", part=part, why=str(error))
            await self._clock.sleep(LOOK_EVERY_S)

    def _lasting(self) -> list[tuple[str, str]]:
        now = self._clock.monotonic()
        red = {name: one.reason for name, one in self._health.parts().items() if one.colour is Colour.RED}
        self._red_since = {name: self._red_since.get(name, now) for name in red}
        return [(name, reason) for name, reason in red.items() if now - self._red_since[name] >= RED_FOR_S]
