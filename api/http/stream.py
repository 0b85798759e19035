"""The nurse's event stream: server-sent events that resume where the client was, and never hide an open alert.

A client without a position first gets every open alert, then "caught-up", which carries the first `id:`. A client that
is cut off before that starts over, so it cannot miss one of them. From then on each event of each alert comes in the
order of commits, its position as `id:`; a client that comes back with Last-Event-ID gets all that happened since.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.http.auth import NURSES, Principal
from api.http.models import StreamedAlert, alert_fields, event_view
from api.http.services import Given, Services
from gateway.desk.events import PositionedEvent

RETRY_MS: Final = 2000  # after how long a client whose connection was cut comes back
_BATCH: Final = 100  # events read at once: the store is asked again when they are through
_OPEN_LIMIT: Final = 10_000  # open alerts of one home; far beyond what can be
CHECK_S: Final = 5.0  # how often an idle stream asks whether its token still stands


def stream_routes() -> APIRouter:
    """GET /alerts/stream."""
    router = APIRouter(prefix="/alerts", tags=["alerts"])

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(
        services: Given,
        nurse: Annotated[Principal, Depends(NURSES)],
        last_event_id: Annotated[str | None, Header(description="resume after this position")] = None,
        resume: Annotated[str | None, Query(alias="last_event_id", description="as the header")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Alerts as they happen, as server-sent events that never end; an idle one is kept alive by comments."""
        yield ServerSentEvent(comment="huoma alerts", retry=RETRY_MS)
        position = await _known_position(services, last_event_id or resume)
        if position is None:
            position = await services.desk.store.last_position()
            for alert in reversed(await services.desk.open_alerts(limit=_OPEN_LIMIT)):
                fields = alert_fields(alert, simulated=services.simulated)
                yield ServerSentEvent(event="alert", data=StreamedAlert(**fields, position=None, event=None))
            yield ServerSentEvent(event="caught-up", id=str(position), data={"position": position})
        while services.tokens.stands(nurse):
            for item in await _next(services, position):
                position = item.position
                yield await _streamed(services, item)
            if services.closing.is_set():
                return

    return router


async def _known_position(services: Services, given: str | None) -> int | None:
    """The position a client resumes from; None (start over) when it is no position of this store."""
    if given is None or not (given.isascii() and given.isdigit() and len(given) <= 18):
        return None
    position = int(given)
    return position if position <= await services.desk.store.last_position() else None


async def _streamed(services: Services, item: PositionedEvent) -> ServerSentEvent:
    alert = await services.desk.store.load(item.event.alert_id)
    if alert is None:  # events are append-only: an alert of an event exists
        return ServerSentEvent(id=str(item.position), comment="gone")
    fields = alert_fields(alert, simulated=services.simulated)
    data = StreamedAlert(**fields, position=item.position, event=event_view(item.event))
    return ServerSentEvent(event="alert", id=str(item.position), data=data)


async def _next(services: Services, position: int) -> Sequence[PositionedEvent]:
    """The next events; none when the server closes or it is time to look at the token again."""
    found: list[PositionedEvent] = []

    async def read() -> None:
        found.extend(await services.desk.next_events(position, limit=_BATCH))

    with suppress(TimeoutError):
        async with services.clock.timeout(CHECK_S):
            await first_of(read, services.closing.wait)
    return found


async def first_of(*works: Callable[[], Awaitable[Any]]) -> None:
    """Run all until one of them ends; the others are cancelled."""
    done = asyncio.Event()

    async def run(work: Callable[[], Awaitable[Any]]) -> None:
        await work()
        done.set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(work)) for work in works]
        await done.wait()
        for task in tasks:
            task.cancel()
