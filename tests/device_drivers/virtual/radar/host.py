"""The host's end of a twin's terminal, in the same loop."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType

from device_drivers.decode.radar.protocols import PROTOCOLS
from device_drivers.decode.radar.splitter import Splitter
from device_drivers.errors import DecodeError
from device_drivers.radar_frame import RadarFrame
from device_drivers.virtual.radar.line import _set_speed
from device_drivers.virtual.radar.twin import RadarTwin, twin
from tests.device_drivers.virtual.radar.played import PROTOCOL_OF

QUICKLY = 20.0  # times as fast as life
_LONGEST_S = 5.0


class Host:
    """Opens the link at a speed and reads frames until it is closed or hung up."""

    def __init__(self, link: Path, name: str, *, baud: int | None = None) -> None:
        protocol = PROTOCOLS[PROTOCOL_OF[name]]
        self.frames: list[RadarFrame] = []
        self.data = bytearray()
        self.hung_up = False
        self._decode = protocol.decode
        self._splitter = Splitter(protocol.framing)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._port = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._port, termios.TCSANOW)  # what waits there is not thrown away
        self.set_baud(baud or protocol.baud)
        self._loop.add_reader(self._port, self._read)

    @property
    def dropped(self) -> int:
        return self._splitter.dropped

    def set_baud(self, baud: int) -> None:
        _set_speed(self._port, baud)

    def send(self, data: bytes) -> None:
        os.write(self._port, data)

    def _read(self) -> None:
        try:
            data = os.read(self._port, 65536)
        except OSError:
            data = b""
        if not data:
            self.hung_up = True
            self._loop.remove_reader(self._port)
        self.data += data
        for frame in self._splitter.feed(data):
            try:
                self.frames.append(self._decode(frame))
            except DecodeError:
                continue
        self._news.set()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Read until this is so."""
        async with asyncio.timeout(_LONGEST_S):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def frames_more(self, count: int = 3) -> None:
        """Read so many good frames from now on."""
        wanted = len(self.frames) + count
        await self.until(lambda: len(self.frames) >= wanted)

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.remove_reader(self._port)
        os.close(self._port)


@asynccontextmanager
async def quick_twin(name: str, link: Path, *, installed: bool = True) -> AsyncIterator[RadarTwin]:
    """A twin whose time runs faster."""
    loop = asyncio.get_running_loop()
    zero = loop.time()
    async with twin(name, link=link, clock=lambda: (loop.time() - zero) * QUICKLY, installed=installed) as one:
        yield one
