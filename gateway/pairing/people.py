"""The technician, as far as a device that is being bonded asks one: a `gateway.radio.host.PairingAgent`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.core.clock import Clock
from gateway.core.errors import Conflict
from gateway.pairing.flow import Flow
from gateway.pairing.model import Ask, AskKind

# The security manager gives up 30 s after its last command (Core 5.4, Vol 3 Part H §3.4).
ANSWER_S: Final = 28.0

_T = TypeVar("_T")


class Technician:
    """Puts questions to the flow and waits for a person's answer. Digits are never logged nor kept."""

    def __init__(self, flow: Flow, clock: Clock, stir: Callable[[], None]) -> None:
        self._flow = flow
        self._clock = clock
        self._stir = stir
        self._passkey: asyncio.Future[int | None] | None = None
        self._match: asyncio.Future[bool | None] | None = None

    async def passkey(self, address: str) -> int | None:
        """See `PairingAgent`."""
        del address
        words = "Enter the six digits that the device displays."
        waiting = self._passkey = asyncio.get_running_loop().create_future()
        try:
            return await self._answer(Ask(kind=AskKind.PASSKEY, words=words), waiting)
        finally:
            self._passkey = None

    async def display(self, address: str, passkey: int) -> None:
        """See `PairingAgent`."""
        del address
        number = f"{passkey:06d}"
        words = f"Enter these six digits on the device: {number}."
        self._flow.question(Ask(kind=AskKind.DISPLAY, words=words, number=number))
        self._stir()

    async def compare(self, address: str, number: int) -> bool:
        """See `PairingAgent`."""
        del address
        digits = f"{number:06d}"
        words = f"Does the device display {digits}? Say whether it matches."
        waiting = self._match = asyncio.get_running_loop().create_future()
        try:
            return bool(await self._answer(Ask(kind=AskKind.COMPARE, words=words, number=digits), waiting))
        finally:
            self._match = None

    def give_passkey(self, passkey: int) -> None:
        """Raises Conflict: nobody asked."""
        if self._passkey is None or self._passkey.done():
            raise Conflict("The device asks for no passkey now: wait until it does, or begin anew if it was too late.")
        self._passkey.set_result(passkey)

    def give_match(self, match: bool) -> None:
        """Raises Conflict: nobody asked."""
        if self._match is None or self._match.done():
            raise Conflict("Nothing is to be compared now: wait until it is, or begin anew if it was too late.")
        self._match.set_result(match)

    def leave(self) -> None:
        """Nobody will answer any more."""
        for waiting in (self._passkey, self._match):
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    async def _answer(self, ask: Ask, waiting: asyncio.Future[_T | None]) -> _T | None:
        self._flow.question(ask)
        self._stir()
        try:
            async with self._clock.timeout(ANSWER_S):
                answer = await waiting
        except TimeoutError:
            return None
        self._flow.answered()
        self._stir()
        return answer
