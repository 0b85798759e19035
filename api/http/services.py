"""What the API needs of the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from api.http.auth import TokenBook
from gateway.core.clock import Clock
from gateway.core.health import HealthBoard
from gateway.desk.service import Desk


class ReadingLog(Protocol):
    """Committed readings, in the order of commits."""

    async def of_resident(
        self, resident_id: str, *, after_seq: int, limit: int
    ) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """(seq, reading document) of one resident with seq > after_seq, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything behind the routes. `closing` is set when the server goes down: open streams then end.

    Attributes:
        live_devices: what the radio knows now, by device address (such as {"connected": True, "battery": 80}).
    """

    desk: Desk
    tokens: TokenBook
    health: HealthBoard
    clock: Clock
    metrics: CollectorRegistry
    simulated: bool
    version: str
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def services_of(request: Request) -> Services:
    """The services of the application a request came to."""
    services: Services = request.app.state.services
    return services


Given = Annotated[Services, Depends(services_of)]
