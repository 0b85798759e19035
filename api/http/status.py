"""How the gateway is: status, health, metrics, who am I."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.http.auth import EVERYBODY, Principal
from api.http.models import CallerView, PartView, StatusView
from api.http.services import Given
from gateway.core.health import Colour, HealthBoard

Anybody = Annotated[Principal, Depends(EVERYBODY)]
_VALUE: Final = {Colour.GREEN: 0.0, Colour.AMBER: 1.0, Colour.RED: 2.0}


class HealthCollector(Collector):
    """`huoma_part_health{part=…}`: 0 green, 1 amber, 2 red."""

    def __init__(self, health: HealthBoard) -> None:
        self._health = health

    def collect(self) -> list[Metric]:
        """One gauge with a sample per part."""
        gauge = GaugeMetricFamily("huoma_part_health", "Health of a part: 0 green, 1 amber, 2 red.", labels=["part"])
        for part, health in self._health.parts().items():
            gauge.add_metric([part], _VALUE[health.colour])
        return [gauge]


def status_routes() -> APIRouter:
    """GET /status and /me."""
    router = APIRouter(tags=["gateway"])

    @router.get("/status")
    async def status(services: Given, _: Anybody) -> StatusView:
        """How each part of the gateway is: green, amber or red, with the reason in words."""
        return StatusView(
            status=services.health.worst(),
            simulated=services.simulated,
            version=services.version,
            time=services.clock.wall(),
            clock_synchronised=services.clock.synchronised(),
            parts={
                name: PartView(colour=part.colour, reason=part.reason)
                for name, part in sorted(services.health.parts().items())
            },
        )

    @router.get("/me")
    async def who_am_i(caller: Anybody) -> CallerView:
        """Whose token this is."""
        return CallerView(name=caller.name, role=caller.role)

    return router


def probe_routes() -> APIRouter:
    """GET /healthz and /metrics, outside the versioned API."""
    router = APIRouter(tags=["gateway"])

    @router.get("/healthz")
    async def healthz(_: Anybody) -> dict[str, str]:
        """Answers while the gateway's event loop turns."""
        return {"status": "ok"}

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics(services: Given, _: Anybody) -> Response:
        """Prometheus metrics. They name no person and carry no measurement."""
        return Response(generate_latest(services.metrics), media_type=CONTENT_TYPE_LATEST)

    return router
