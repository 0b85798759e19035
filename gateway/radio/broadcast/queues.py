"""What waits for the store: readings in a bounded queue, presses until they are committed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from device_drivers.nomenclature import Kind
from device_drivers.readings import Pattern, Press
from gateway.ingest.received import KnownDevice, Received

# Nobody waits for a confirmation and nobody sends again. A dozen sensors once a minute fill this in five minutes of a
# store that takes nothing; beyond it the oldest of a room goes first, and a person's only when there is no other.
READINGS_LIMIT: Final = 64
ROOMS: Final = frozenset({Kind.ROOM_CLIMATE, Kind.ROOM_STATE, Kind.BATTERY})
STRANGERS_LIMIT: Final = 32  # presses of buttons that are nobody's; more of them wait for nothing
BUTTONS_LIMIT: Final = 16  # of one device: no pendant has more; further ones count as the last


class ReadingQueue:
    """First in, first out.

    Attributes:
        dropped: how many readings were lost because the store took none for too long.
        lost: of those, how many measured a person.
    """

    def __init__(self) -> None:
        self._waiting: list[Received] = []
        self._stir = asyncio.Event()
        self.dropped = 0
        self.lost = 0

    def put(self, received: Received) -> None:
        """Add one; may drop an older one."""
        self._waiting.append(received)
        self._stir.set()
        if len(self._waiting) > READINGS_LIMIT:
            later = range(1, len(self._waiting))  # the first is being committed
            room = next((at for at in later if self._waiting[at].reading.kind in ROOMS), None)
            self.dropped += 1
            self.lost += room is None
            del self._waiting[1 if room is None else room]

    async def first(self) -> Received:
        """The oldest one, which stays until `done`."""
        while not self._waiting:
            self._stir.clear()
            await self._stir.wait()
        return self._waiting[0]

    def done(self) -> None:
        """The oldest one is committed."""
        del self._waiting[0]

    def waits(self, address: str) -> bool:
        """Whether one of this device that measured a person is still there."""
        return any(one.device.address == address and one.reading.kind not in ROOMS for one in self._waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPress:
    """A press that is not committed yet; `at` is when it was first heard, monotonic s."""

    device: KnownDevice
    press: Press
    at: float


class PressQueue:
    """Presses are never dropped: what is alike (device, button, pattern, believed or not) waits as one, the first.

    Bounded so by the devices of the home, times the buttons and patterns there are. Those of strangers are let go when
    too many wait: whoever invents addresses must not fill the memory.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, int, Pattern, bool], WaitingPress] = {}
        self._stir = asyncio.Event()

    def put(self, waiting: WaitingPress, *, ours: bool = True) -> None:
        """Add one, or let it join the one that waits."""
        press = waiting.press
        if not ours and len(self._waiting) >= STRANGERS_LIMIT:
            return
        key = (waiting.device.address, min(press.button, BUTTONS_LIMIT), press.pattern, press.doubt is None)
        self._waiting.setdefault(key, waiting)
        self._stir.set()

    async def some(self) -> list[WaitingPress]:
        """Those that wait now, oldest first; at least one."""
        while not self._waiting:
            self._stir.clear()
            await self._stir.wait()
        return list(self._waiting.values())

    def done(self, waiting: WaitingPress) -> None:
        """It is committed."""
        for key, one in list(self._waiting.items()):
            if one is waiting:
                del self._waiting[key]

    def waits(self, address: str) -> bool:
        """Whether one of this device is still there."""
        return any(one.device.address == address for one in self._waiting.values())
