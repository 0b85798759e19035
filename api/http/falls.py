"""A resident's own suspected falls, as figures."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.http.auth import NURSES, Principal
from api.http.services import Given
from gateway.core.subject import Subject, SubjectType
from gateway.desk.fall_history import fall_history
from gateway.desk.findings import WORN

Nurse = Annotated[Principal, Depends(NURSES)]
_MOST: int = 10_000  # alerts looked at, the newest


class AtThresholdView(BaseModel):
    """What it would have been like, had falls been raised from this probability on."""

    probability: float = Field(description="0: as it was")
    false_alerts: int
    per_month: float = Field(description="false alerts in 30 days")
    low: float = Field(description="of its 95 % interval")
    high: float
    real_falls: int = Field(description="falls that nurses found to be real, and that are still raised")


class FallHistoryView(BaseModel):
    """Suspected falls of one resident. Only what was raised is known: nothing is said of looser thresholds."""

    days: float = Field(description="for which a wearable was the resident's")
    real: int
    false: int = Field(description="accidental ones are among them")
    unknown: int = Field(description="no verdict yet, or nobody could find out")
    curve: list[AtThresholdView]


def fall_routes() -> APIRouter:
    """Routes of a resident's falls."""
    router = APIRouter(tags=["residents"])

    @router.get("/residents/{resident_id}/falls")
    async def falls(resident_id: str, services: Given, caller: Nurse) -> FallHistoryView:
        """How many suspected falls were real and false by the nurses' verdicts, and false ones a month by threshold."""
        registry = services.acts.registry
        resident = await registry.resident(resident_id)
        subject = Subject(type=SubjectType.RESIDENT, id=resident.id)
        own = [one for one in await registry.assigned(only_open=False) if one.subject == subject]
        worn = [(one.valid_from, one.valid_to) for one in own if one.placement in WORN]
        alerts = await services.desk.store.find(limit=_MOST)
        await services.audit.note(caller.name, "falls.read", resident.id)
        found = fall_history(alerts, subject, worn, services.clock.wall())
        return FallHistoryView(**asdict(found))

    return router
