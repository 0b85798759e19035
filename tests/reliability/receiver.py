"""A receiver outside the gateway that remembers identifiers, as a FHIR server does that creates conditionally.

It stands for a health record: `search` says what it has, `create` makes what it has not (If-None-Exist), `take-back`
marks what it has as wrong, `notice` takes a message to a nurse. Some requests are carried out and never answered, some
notices are refused.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random


class Receiver:
    def __init__(self, seed: int) -> None:
        self.created: Counter[str] = Counter()
        self.taken_back: set[str] = set()
        self.too_late: list[str] = []  # created after it was taken back: the order was wrong
        self.noticed: Counter[str] = Counter()
        self.lost_replies = 0
        self.held_back = 0  # asked to create what it had: If-None-Exist, not the search before it, prevented a copy
        self.faulty = True
        self._random = Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line.endswith(b"\n"):
                answer = self.carry_out(json.loads(line))
                if answer is not None:
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except ConnectionError:
            pass  # the gateway was killed meanwhile
        finally:
            writer.close()

    def carry_out(self, request: dict[str, object]) -> object:
        ids = [str(one) for one in request["ids"]]  # type: ignore[attr-defined]
        if request["op"] == "search":
            return [one for one in ids if one in self.created]
        if request["op"] == "notice":
            if self.faulty and self._random.random() < 0.3:
                return "refused"
            self.noticed.update(ids)
            return "taken"
        if request["op"] == "take-back":
            self.taken_back.update(ids)
            return self._answer("marked")
        self.too_late += [one for one in ids if one in self.taken_back and one not in self.created]
        self.held_back += sum(one in self.created for one in ids)
        self.created.update(one for one in ids if one not in self.created)
        return self._answer("created")

    def _answer(self, word: str) -> str | None:
        if self.faulty and self._random.random() < 0.03:
            self.lost_replies += 1
            return None
        return word


@asynccontextmanager
async def receiving(path: Path, *, seed: int = 1) -> AsyncIterator[Receiver]:
    """A receiver on a socket, in this process: it outlives every gateway."""
    receiver = Receiver(seed)
    server = await asyncio.start_unix_server(receiver.serve, path)
    async with server:
        yield receiver


async def ask(path: str, operation: str, ids: list[str]) -> object:
    """The gateway's side.

    Raises:
        ConnectionError: no answer.
    """
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(json.dumps({"op": operation, "ids": ids}).encode() + b"\n")
        await writer.drain()
        line = await reader.readline()
    finally:
        writer.close()
    if not line.endswith(b"\n"):
        raise ConnectionError("no answer")
    return json.loads(line)
