"""A care centre's HTTP end on a real socket, as well-behaved or as broken as a test wants it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class CareCentre:
    """`behave`: "take", "hang" (answers nothing), "drip" (a header byte now and then), "close", "endless" (200 and a
    body without end), or a whole status line such as "500 Oops"."""

    behave: str = "take"
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    url: str = ""

    async def wait_for(self, count: int) -> list[Request]:
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= count)
        return self.requests

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass  # the other side has gone: that is what some tests are about
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = [line.partition(":") for line in lines[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        async with self.arrived:
            self.requests.append(Request(path=lines[0].split()[1], headers=headers, body=body))
            self.arrived.notify_all()
        match self.behave:
            case "close":
                return
            case "hang":
                await reader.read()  # until the other side gives up
            case "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 10_000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.01)
            case "endless":
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while True:
                    writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
                    await writer.drain()
            case behaviour:
                status = "204 No Content" if behaviour == "take" else behaviour
                extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{extra}\r\n".encode())
                await writer.drain()


@asynccontextmanager
async def care_centre(behave: str = "take", *, tls: ssl.SSLContext | None = None) -> AsyncIterator[CareCentre]:
    """A server on a free port of this machine."""
    centre = CareCentre(behave)
    server = await asyncio.start_server(centre.serve, "127.0.0.1", 0, ssl=tls)
    centre.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/alerts/secret-path"
    try:
        yield centre
    finally:
        server.close()
