"""A control point: commands are written, answers come as indications, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from device_drivers.errors import DecodeError, DeviceError, LinkLost
from device_drivers.sessions.base import SessionClock
from device_drivers.sessions.link import Link, Receipt, short, uuid128

ANSWER_S: Final = 5.0
_MAX_ANSWERS: Final = 8  # one answer per command; more than a few unread ones are noise: the oldest is dropped

T = TypeVar("T")


class ControlPoint(Generic[T]):
    """One control point of the device.

    Args:
        decode: an answer, or DecodeError for what is none: that is passed over.
        silence: what is raised when the device does not answer; LinkLost means that it is worth another try.
    """

    def __init__(
        self,
        link: Link,
        clock: SessionClock,
        *,
        uuid: str,
        decode: Callable[[bytes], T],
        silence: type[DeviceError] = LinkLost,
    ) -> None:
        self._link = link
        self._clock = clock
        self._uuid = uuid128(uuid)
        self._decode = decode
        self._silence = silence
        self._answers: asyncio.Queue[bytes | None] = asyncio.Queue(_MAX_ANSWERS)  # None: the link is closed
        self._heard = asyncio.Event()

    async def open(self) -> None:
        """Subscribe to the answers."""
        await self._link.subscribe(self._uuid, self._answered)

    def still_there(self) -> None:
        """The device is at work: give it as long again to answer."""
        self._heard.set()

    async def ask(self, command: bytes, *, answers: Callable[[T], bool], within_s: float = ANSWER_S) -> T:
        """Send a command and wait for the answer to it, `within_s` from the last sign of life.

        Raises:
            LinkLost: the link closed. `silence`: no answer in time.
        """
        while not self._answers.empty():
            self._answers.get_nowait()
        await self._link.write(self._uuid, command)
        closed, answer = await self._wait(answers, within_s)
        if answer is not None:
            return answer
        if closed:
            raise LinkLost("the link was closed before the device had answered")
        raise self._silence(f"the device did not answer the command {command.hex()} of {short(self._uuid)}")

    async def _wait(self, answers: Callable[[T], bool], within_s: float) -> tuple[bool, T | None]:
        closed, found = False, None
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch())
            while True:
                while not self._answers.empty() and found is None:
                    frame = self._answers.get_nowait()
                    if frame is None:
                        closed = True
                    else:
                        found = self._answer(frame, answers)
                if closed or found is not None:
                    break
                self._heard.clear()
                try:
                    async with self._clock.timeout(within_s):
                        await self._heard.wait()
                except TimeoutError:
                    break
            watch.cancel()
        return closed, found

    def _answer(self, frame: bytes, answers: Callable[[T], bool]) -> T | None:
        try:
            answer = self._decode(frame)
        except DecodeError:
            return None
        return answer if answers(answer) else None

    async def _watch(self) -> None:
        await self._link.wait_closed()
        self._put(None)

    def _answered(self, frame: bytes) -> Receipt:
        self._put(frame)
        return None

    def _put(self, frame: bytes | None) -> None:
        if self._answers.full():
            self._answers.get_nowait()
        self._answers.put_nowait(frame)
        self._heard.set()
