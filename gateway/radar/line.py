"""One serial line with a radar module on it: opened, read, opened again, for as long as the gateway runs.

Whatever the line brings is answered with a sentence for people, never with an exception: a port that is gone or belongs
to somebody else, silence, bytes that are no frames (another module, another speed).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from device_drivers.decode.radar.protocols import PROTOCOLS, Protocol
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import Answer, RadarFrame
from gateway.core.clock import Clock
from gateway.radar.probe import opened, probe, troubles

if TYPE_CHECKING:
    from gateway.radar.probe import Writer

log = structlog.get_logger(__name__)

REOPEN_S: Final = 1.0  # found again this soon after it was plugged in: five seconds are promised
WRITE_S: Final = 3.0
ANSWER_S: Final = 1.0  # every module answers within 0.2 s; one that is reporting a cloud of points a little later
ASK_TIMES: Final = 3
ASK_EVERY_S: Final = 2.0  # of a line that is not heard
QUIET_S: Final = 0.2  # between frames of every module there are less than 0.12 s, within one far less
SILENT_S: Final = 10.0  # modules that tell only what changes still say once in some seconds that somebody is there
# Bytes come, and no frame among them for so long: this is not what was expected here. A burst of noise is shorter.
STRANGE_S: Final = 3.0
STRANGE_TIMES: Final = 3  # bytes came so often: a module that tells what changes sends few
PROBE_EVERY_S: Final = 30.0  # a line that stays strange is listened to at other speeds this often
_READ: Final = 4096  # bytes at once: at 921,600 baud that comes in 45 ms

_NOT_UNDERSTOOD: Final = (
    "{port} brings bytes that are no {protocol} frames at {baud} baud: the module speaks at another speed, or it is "
    "another module, or the cable is bad. 'huoma radar install' finds out which."
)

FrameFeed = Callable[[RadarFrame, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineState:
    """How a line is. `words` is None while frames come; else what is wrong and what to do."""

    words: str | None
    frames: int = 0
    dropped: int = 0
    refused: int = 0
    last_frame_at: float | None = None


class Line:
    """The module on one port.

    Args:
        port: the path that stays the same when it is plugged in again.
        protocol: its name in `PROTOCOLS`.
        feed: takes each frame, and when it came (monotonic, s).
        baud: its speed, if not that of the protocol's modules as they come.
    """

    def __init__(self, *, port: Path, protocol: str, feed: FrameFeed, clock: Clock, baud: int | None = None) -> None:
        self.port = port
        self.protocol = protocol
        self._speaks: Protocol = PROTOCOLS[protocol]
        self.baud = self._speaks.baud if baud is None else baud
        self._feed = feed
        self._clock = clock
        self._splitter = Splitter(self._speaks.framing)
        self._words: str | None = f"{port.name} was not opened so far."
        self._frames = self._refused = 0
        self._last_frame_at: float | None = None
        self._writer: Writer | None = None
        self._probed_at = -PROBE_EVERY_S
        self._asked_at = float("-inf")
        self._missed = True  # something may have been said that was not heard
        self._another: str | None = None  # the sentence about another module that was found in its place
        self._asking = asyncio.Lock()
        self._answer: tuple[int, int, asyncio.Future[Answer]] | None = None

    def state(self) -> LineState:
        """How it is now."""
        return LineState(
            words=self._words, frames=self._frames, dropped=self._splitter.dropped, refused=self._refused,
            last_frame_at=self._last_frame_at,
        )  # fmt: skip

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._listen()
                await self._find_out()
                continue
            except troubles() as error:
                self._is(self._why(error))
            finally:
                self._writer = None
            await self._clock.sleep(REOPEN_S)

    async def ask(self, data: bytes, code: int, *, least: int = 0) -> Answer | None:
        """Send a command and wait for its answer; None when there is none, or the port is not open.

        `least` bytes are in it: some modules first say that they have heard the command, then answer.
        """
        async with self._asking:
            for _ in range(ASK_TIMES):
                answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
                self._answer = (code, least, answered)
                try:
                    if await self._write(data):
                        async with self._clock.timeout(ANSWER_S):
                            return await answered
                except TimeoutError:
                    continue
                finally:
                    self._answer = None
            return None

    async def _write(self, data: bytes) -> bool:
        writer = self._writer
        if writer is None:
            return False
        try:
            writer.write(data)
            async with self._clock.timeout(WRITE_S):
                await writer.drain()
        except troubles():
            return False
        return True

    async def _listen(self) -> None:
        """Open and read until the port is gone, or brings what is not understood."""
        async with opened(self.port, self.baud, self._clock) as (reader, writer):
            self._writer = writer
            if self._another is None:  # true, and nothing to be said in a log: the first frame comes at once
                self._words = f"{self.port.name} is open, and nothing has come so far: is the module's power on?"
            await self._read(reader)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        strange = 0
        heard_at = self._clock.monotonic()
        strange_since = heard_at
        while True:
            try:
                async with self._clock.timeout(QUIET_S):
                    data = await reader.read(_READ)
            except TimeoutError:
                now = self._clock.monotonic()
                self._take(self._splitter.quiet(), now)
                if self._words is not None and now - self._asked_at >= ASK_EVERY_S:
                    self._missed = True
                    await self._ask_again()  # who lies still gives a module that tells changes nothing to say
                if now - heard_at >= SILENT_S:
                    self._is(f"{self.port.name} is silent: is the module's power on, and its cable whole?")
                continue
            if not data:
                raise OSError("the port was closed")
            heard_at = self._clock.monotonic()
            if self._take(self._splitter.feed(data), heard_at):
                strange = 0
                await self._ask_again()
                continue
            strange_since = strange_since if strange else heard_at
            strange += 1
            if strange >= STRANGE_TIMES and heard_at - strange_since >= STRANGE_S:
                strange = 0
                words = _NOT_UNDERSTOOD.format(port=self.port.name, protocol=self.protocol, baud=self.baud)
                self._is(self._another or words)
                if heard_at - self._probed_at >= PROBE_EVERY_S:
                    return

    async def _ask_again(self) -> None:
        """After a time that was not heard: what a module says only when it changes is asked for."""
        if self._missed:
            self._missed, self._asked_at = False, self._clock.monotonic()
            for question in self._speaks.questions:
                await self._write(question)

    def _take(self, frames: list[bytes], now: float) -> int:
        """How many were understood."""
        good = 0
        for frame in frames:
            try:
                decoded = self._speaks.decode(frame)
            except DecodeError as error:
                self._refused += 1
                log.debug("radar frame refused", port=self.port.name, why=str(error))
                continue
            good += 1
            self._frames += 1
            self._last_frame_at = now
            self._answered(decoded)
            self._feed(decoded, now)
        if good:
            self._another = None
            self._missed |= self._words is not None
            self._is(None)
        return good

    def _answered(self, frame: RadarFrame) -> None:
        if self._answer is None:
            return
        code, least, future = self._answer
        for answer in frame.answers:
            if answer.code == code and len(answer.data) >= least and not future.done():
                future.set_result(answer)

    async def _find_out(self) -> None:
        """What it is that is not understood: the same module at another speed is taken as it is."""
        self._probed_at = self._clock.monotonic()
        heard = await probe(self.port, self._clock, first=self.baud)
        if heard.baud is not None and heard.protocol == self.protocol:
            if heard.baud != self.baud:
                log.warning("radar module speaks at another speed", port=self.port.name, baud=heard.baud)
            self.baud = heard.baud
        elif heard.protocol is not None:
            self._another = (
                f"{self.port.name} brings {heard.protocol} frames where {self.protocol} was installed: another module "
                "is plugged in there. Plug in the one that was, or install this one ('huoma radar install')."
            )

    def _why(self, error: Exception) -> str:
        if not self.port.exists():
            return f"{self.port.name} is gone: plug the module in again."
        if isinstance(error, PermissionError):
            return f"{self.port.name} may not be opened: add the user of the gateway to the group dialout."
        if isinstance(error, TimeoutError):
            return f"{self.port.name} cannot be opened: it does not answer. Plug it in again."
        return f"{self.port.name} cannot be read ({error}): is another program using it? Else plug it in again."

    def _is(self, words: str | None) -> None:
        if words == self._words:
            return
        self._words = words
        if words is None:
            log.info("radar module heard", port=self.port.name, protocol=self.protocol)
        else:
            log.warning("radar line", port=self.port.name, words=words)
