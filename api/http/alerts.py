"""Alerts: the list, one with its history, and what people do about them."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from api.audit import note_if_possible
from api.http.auth import NURSES, Principal
from api.http.errors import ErrorView
from api.http.models import AlertDetail, AlertView, Resolution, alert_fields, event_view, evidence_view
from api.http.services import Given
from gateway.core.errors import NotFound
from gateway.desk.events import State

Nurse = Annotated[Principal, Depends(NURSES)]
_NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorView, "description": "No such alert"}}
_TAKEN: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorView, "description": "Somebody was first: the sentence names who, and since when"}
}


def alert_routes() -> APIRouter:
    """Routes under /alerts, but for the stream."""
    router = APIRouter(prefix="/alerts", tags=["alerts"])

    @router.get("")
    async def list_alerts(
        services: Given,
        _: Nurse,
        state: Annotated[list[State] | None, Query(description="only these states; may be given several times")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> list[AlertView]:
        """Alerts, newest first."""
        states = frozenset(state) if state else None
        alerts = await services.desk.store.find(states, limit=limit)
        return [AlertView(**alert_fields(alert, simulated=services.simulated)) for alert in alerts]

    @router.get("/{alert_id}", responses=_NOT_FOUND)
    async def one_alert(alert_id: str, services: Given, nurse: Nurse) -> AlertDetail:
        """One alert with everything that happened to it, and the evidence kept with it."""
        store = services.desk.store
        alert = await store.load(alert_id)
        if alert is None:
            raise NotFound(f"no alert {alert_id}")
        await note_if_possible(services.audit, nurse.name, "alert.read", alert.id)
        return AlertDetail(
            **alert_fields(alert, simulated=services.simulated),
            history=[event_view(event) for event in await store.history(alert_id)],
            evidence=[evidence_view(evidence) for evidence in await store.evidence(alert_id)],
        )

    @router.post("/{alert_id}/acknowledge", responses=_NOT_FOUND | _TAKEN)
    async def acknowledge(alert_id: str, services: Given, nurse: Nurse) -> AlertView:
        """Take the alert on: repeated notifications stop. Of many at once exactly one succeeds."""
        alert = await services.desk.acknowledge(alert_id, nurse.name)
        await note_if_possible(services.audit, nurse.name, "alert.acknowledge", alert.id)
        return AlertView(**alert_fields(alert, simulated=services.simulated))

    @router.post("/{alert_id}/resolve", responses=_NOT_FOUND | _TAKEN)
    async def resolve(alert_id: str, resolution: Resolution, services: Given, nurse: Nurse) -> AlertView:
        """Close the alert with what it was. One that nobody acknowledged is acknowledged by this too."""
        alert = await services.desk.resolve(alert_id, nurse.name, resolution.verdict, resolution.note)
        await note_if_possible(services.audit, nurse.name, "alert.resolve", alert.id, verdict=resolution.verdict)
        return AlertView(**alert_fields(alert, simulated=services.simulated))

    return router
