"""Messages between the connection and whoever understands them: bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from gateway.mqtt.contracts import Arrived

# Some minutes of a busy home while the store takes nothing. What waits for our word (QoS 1) the broker keeps anyway: by
# its default it sends 20 of those before it waits. Beyond the limit the oldest that waits for no word is dropped and
# counted; when all do, the new one is left with the broker, which sends it again after the next connection.
LIMIT: Final = 256


class Inbox:
    """First in, first out.

    Attributes:
        dropped: messages that nobody will send again.
        left: messages that the broker will send again once it is asked to, by connecting anew.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[Arrived] = deque()
        self._stir = asyncio.Event()
        self.dropped = 0
        self.left = 0

    def put(self, arrived: Arrived, *, anyway: bool = False) -> None:
        """Add one; may drop one. `anyway`: those that wait can only be understood with it."""
        if len(self._waiting) >= self._limit and not anyway:
            oldest = next((at for at, one in enumerate(self._waiting) if one.qos == 0), None)
            if oldest is not None:
                del self._waiting[oldest]
                self.dropped += 1
            elif arrived.qos == 0:
                self.dropped += 1
                return
            else:
                self.left += 1
                return
        self._waiting.append(arrived)
        self._stir.set()

    async def some(self) -> list[Arrived]:
        """All that wait, at least one, the oldest first. They wait until `done`."""
        while not self._waiting:
            self._stir.clear()
            await self._stir.wait()
        return list(self._waiting)

    def done(self, handled: list[Arrived]) -> None:
        """These are dealt with. One of them may have been dropped meanwhile."""
        gone = {id(one) for one in handled}
        self._waiting = deque(one for one in self._waiting if id(one) not in gone)

    def __len__(self) -> int:
        return len(self._waiting)
