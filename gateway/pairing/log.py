"""What happened in one pairing, for people who watch: numbered, so that a client goes on where it was."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from gateway.core.clock import Clock
from gateway.pairing.model import Happened

KEPT: Final = 400  # a pairing that goes well has some 15; of one that flaps the oldest go


class PairingLog:
    """The newest happenings of one pairing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._happened: deque[Happened] = deque(maxlen=KEPT)
        self.number = 0  # of the latest
        self._stir = asyncio.Event()
        self.closed = False

    def say(self, code: str, words: str, **data: Any) -> None:
        """It happened now. No measured value and no passkey may be in it."""
        self.number += 1
        self._happened.append(
            Happened(number=self.number, at=self._clock.wall(), code=code, words=words, data=MappingProxyType(data))
        )
        self._wake()

    def close(self) -> None:
        """Nothing more will happen."""
        self.closed = True
        self._wake()

    def after(self, number: int) -> Sequence[Happened]:
        """What happened after that one, oldest first."""
        return [one for one in self._happened if one.number > number]

    async def more(self, number: int) -> Sequence[Happened]:
        """As `after`, but waits for something; empty when nothing will come."""
        while not (found := self.after(number)) and not self.closed:
            stir = self._stir
            await stir.wait()
        return found

    def _wake(self) -> None:
        stir, self._stir = self._stir, asyncio.Event()
        stir.set()
