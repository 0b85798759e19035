"""Whether somebody is in the room, as readings: what the picture of the day is made of.

A module says so many times a second; a reading is made when it changes, and again every ten minutes, so that an outage
is not taken for stillness.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from device_drivers.nomenclature import Kind, Quantity
from device_drivers.radar_frame import RadarFrame
from device_drivers.readings import Reading
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.ingest.received import Received
from gateway.radar.modules import Module
from gateway.store.radar_modules import known

PART: Final = "radar-presence"
SOURCE: Final = "radar-presence"
TICK_S: Final = 1.0
GONE_AFTER_S: Final = 15.0  # who sits still is lost for some seconds by every module
AGAIN_S: Final = 600.0
SILENT_S: Final = 30.0  # a module that says nothing says nothing about presence


@dataclass(slots=True)
class _Room:
    module: Module
    heard_at: float
    there_at: float = float("-inf")
    gone_at: float | None = None  # since when the module says that nobody is there
    said: bool | None = None
    said_at: float = float("-inf")


class RadarPresence:
    """One for a gateway.

    Args:
        store: takes each reading; raises StoreError.
    """

    def __init__(
        self,
        store: Callable[[Received], Awaitable[None]],
        *,
        clock: Clock,
        health: HealthBoard,
        simulated: bool = False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._health = health
        self._simulated = simulated
        self._rooms: dict[str, _Room] = {}  # one per module of the home

    def feed(self, module: Module, frame: RadarFrame, at: float) -> None:
        """A frame of an installed module. Never raises."""
        room = self._rooms.get(module.identity)
        if room is None or room.module != module:
            room = self._rooms[module.identity] = _Room(module=module, heard_at=at)
        room.heard_at = at
        if frame.present or frame.moving or (frame.targets is not None and len(frame.targets.ids)):
            room.there_at, room.gone_at = at, None
        elif frame.present is False and room.gone_at is None:
            room.gone_at = at

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            now = self._clock.monotonic()
            try:
                for room in list(self._rooms.values()):
                    await self._say(room, now)
            except StoreError as error:  # said again in a moment
                self._health.report(PART, Colour.AMBER, f"Who is in which room cannot be stored: {error}")
            else:
                self._health.report(PART, Colour.GREEN, f"Presence of {len(self._rooms)} rooms.")
            await self._clock.sleep(TICK_S)

    async def _say(self, room: _Room, now: float) -> None:
        if now - room.heard_at > SILENT_S:
            self._rooms.pop(room.module.identity, None)  # begins anew when it is heard again
            return
        # By what was heard, not by the time that passed: silence is no absence.
        gone = room.heard_at - room.there_at > GONE_AFTER_S
        there = not gone and (room.gone_at is None or now - room.gone_at <= GONE_AFTER_S)
        if there == room.said and now - room.said_at < AGAIN_S:
            return
        await self._store(
            Received(
                device=known(room.module, simulated=self._simulated),
                reading=Reading(
                    kind=Kind.ROOM_STATE, values={Quantity.PRESENCE_DETECTED: float(there)}, raw=b"", source=SOURCE
                ),
                clock=None,
                received_at=self._clock.wall(),
                received_monotonic=now,
                synchronised=self._clock.synchronised(),
            )
        )
        room.said, room.said_at = there, now
