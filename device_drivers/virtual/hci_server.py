"""The gateway's controller offered as an HCI transport on a socket, as a dongle in another process.

A gateway may go and come back, in the middle of a packet too: the next one starts clean, on the same controller.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from bumble.core import InvalidPacketError
from bumble.transport.common import PacketParser

from device_drivers.virtual.radio import Dongle

_UNIX: Final = "unix-server:"
_TCP: Final = "tcp-server:"


@asynccontextmanager
async def serve(transport: str, dongle: Dongle) -> AsyncIterator[None]:
    """Listen on "unix-server:PATH" or "tcp-server:HOST:PORT" (also "tcp-server:PORT": loopback).

    Raises:
        ValueError: another kind of transport, in words.
        OSError: the address cannot be used.
    """
    loop = asyncio.get_running_loop()
    connections: set[_Connection] = set()

    def accept() -> _Connection:
        return _Connection(dongle, connections)

    if transport.startswith(_UNIX):
        path = Path(transport.removeprefix(_UNIX))
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108  # left by an earlier run that was killed
        server = await loop.create_unix_server(accept, path)
    elif transport.startswith(_TCP):
        host, _, port = transport.removeprefix(_TCP).rpartition(":")
        server = await loop.create_server(accept, host or "127.0.0.1", int(port))
    else:
        raise ValueError(f"{transport!r} is no server transport: use {_UNIX}PATH or {_TCP}HOST:PORT")
    try:
        yield
    finally:
        server.close()
        for connection in list(connections):
            connection.close()


class _Connection(asyncio.Protocol):
    """One gateway."""

    def __init__(self, dongle: Dongle, connections: set[_Connection]) -> None:
        self._dongle = dongle
        self._connections = connections
        self._parser = PacketParser(_FromHost(dongle))
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            self._transport = transport
            self._connections.add(self)
            self._dongle.plug(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._connections.discard(self)
        self._dongle.unplug(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except InvalidPacketError:
            self.close()  # not HCI: whoever it is has lost its place

    def on_packet(self, packet: bytes) -> None:
        if self._transport is not None:
            self._transport.write(packet)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _FromHost:
    def __init__(self, dongle: Dongle) -> None:
        self._dongle = dongle

    def on_packet(self, packet: bytes) -> None:
        self._dongle.from_host(packet)
