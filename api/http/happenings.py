"""What happens in something that a technician began, as server-sent events that a client can resume."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from fastapi.sse import ServerSentEvent
from pydantic import BaseModel

from api.http.auth import Principal
from api.http.services import Services
from api.http.stream import CHECK_S, RETRY_MS, first_of
from gateway.pairing import Happened
from gateway.pairing.log import PairingLog


class HappenedView(BaseModel):
    """One thing that happened."""

    number: int
    at: datetime
    code: str
    words: str
    data: dict[str, Any]


async def happenings(
    services: Services,
    caller: Principal,
    log: PairingLog,
    *,
    ended: Callable[[], bool],
    after: str | None,
    greeting: str,
) -> AsyncIterator[ServerSentEvent]:
    """From the one after `after` on (a number, as the client says it); ends too when the token is revoked."""
    yield ServerSentEvent(comment=greeting, retry=RETRY_MS)
    given = after or ""
    position = int(given) if given.isascii() and given.isdigit() and len(given) <= 9 else 0
    position = min(position, log.number)
    while services.tokens.stands(caller) and not services.closing.is_set():
        for one in await _next(services, log, position):
            position = one.number
            view = HappenedView(number=one.number, at=one.at, code=one.code, words=one.words, data=dict(one.data))
            yield ServerSentEvent(event=one.code, id=str(one.number), data=view)
        if ended() and not log.after(position):
            return


async def _next(services: Services, log: PairingLog, position: int) -> Sequence[Happened]:
    """What happened next; nothing when it is time to look at the token again, or the server closes."""
    found: list[Happened] = []

    async def read() -> None:
        found.extend(await log.more(position))

    with suppress(TimeoutError):
        async with services.clock.timeout(CHECK_S):
            await first_of(read, services.closing.wait)
    return found
