"""Which radar module is on a port, and how fast it speaks: found by listening at each speed that modules have."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device_drivers.decode.radar.protocols import PROTOCOLS, recognise
from gateway.core.clock import Clock

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    import serialx

    Writer = serialx.SerialStreamWriter[serialx.BaseSerialTransport]

OPEN_S: Final = 3.0
LISTEN_S: Final = 1.2  # ten reports of the slowest; a module that tells only changes is listened to longer
_ENOUGH: Final = 3000  # bytes in which every module that speaks so fast has said several frames
_READ: Final = 4096
_CLOSE_S: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a port brought. `protocol` is None where nothing was understood.

    Attributes:
        bytes_heard: at the speed at which most came.
    """

    protocol: str | None
    baud: int | None
    bytes_heard: int


def troubles() -> tuple[type[Exception], ...]:
    """What a port may raise. serialx is imported here: a home without a module does not need it."""
    import serialx

    return OSError, serialx.SerialException, TimeoutError


def speeds() -> list[int]:
    """Of all modules, the most frequent first."""
    all_of_them = [protocol.baud for protocol in PROTOCOLS.values()]
    return sorted(set(all_of_them), key=lambda baud: (-all_of_them.count(baud), baud))


async def probe(port: Path, clock: Clock, *, listen_s: float = LISTEN_S, first: int | None = None) -> Heard:
    """Listen at each speed, at `first` before the others, until one is understood.

    Raises:
        Exception: one of `troubles`: the port cannot be opened, or is gone.
    """
    most = 0
    order = speeds()
    if first is not None:
        order = [first, *(baud for baud in order if baud != first)]
    for baud in order:
        data = b""
        async with opened(port, baud, clock) as (reader, _):
            with suppress(TimeoutError):
                async with clock.timeout(listen_s):
                    while len(data) < _ENOUGH:
                        piece = await reader.read(_READ)
                        if not piece:
                            raise OSError("the port was closed")
                        data += piece
                        if found := recognise(data):
                            return Heard(protocol=found, baud=baud, bytes_heard=len(data))
        most = max(most, len(data))
    return Heard(protocol=None, baud=None, bytes_heard=most)


@asynccontextmanager
async def opened(port: Path, baud: int, clock: Clock) -> AsyncIterator[tuple[asyncio.StreamReader, Writer]]:
    """A port, for us alone.

    Raises:
        Exception: one of `troubles`: it cannot be opened.
    """
    import serialx

    async with clock.timeout(OPEN_S):
        reader, writer = await serialx.open_serial_connection(url=str(port), baudrate=baud, exclusive=True)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(*troubles()):
            async with clock.timeout(_CLOSE_S):
                await writer.wait_closed()
