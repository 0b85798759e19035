"""Readings of which a person must say whose they are, and readings that somebody got wrongly."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from api.http.registry import Anybody, Nurse
from api.http.services import Given, Services
from api.http.unassigned_models import (
    CorrectionView,
    DecisionEffect,
    NewOwner,
    Owner,
    UnassignedView,
    correction_view,
    unassigned_view,
)
from gateway.core.subject import Subject, SubjectType
from gateway.store.users import Role

_END: Final = 2**62


def unassigned_routes() -> APIRouter:
    """What waits, and three things a person can say."""
    router = APIRouter(prefix="/readings", tags=["readings"])

    @router.get("/unassigned")
    async def unassigned(
        services: Given,
        caller: Anybody,
        before_seq: Annotated[int, Query(ge=1, le=_END, description="only readings committed before this one")] = 2**62,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> list[UnassignedView]:
        """Readings that wait for a person, the newest first. Technicians see no values."""
        found = await services.decisions.offered(before_seq=before_seq, limit=limit)
        if found:  # noted before anything is shown
            await services.audit.note(caller.name, "readings.unassigned", "all", count=len(found))
        return [unassigned_view(one, values=caller.role is not Role.TECHNICIAN) for one in found]

    @router.post("/{reading_id}/assign")
    async def assign(reading_id: str, body: Owner, services: Given, caller: Anybody) -> DecisionEffect:
        """A reading that waits is this resident's. It is delivered; others that are clear now are too."""
        subject = await _resident(services, body.resident)
        return DecisionEffect(readings=await services.decisions.assign(reading_id, subject, actor=caller.name))

    @router.post("/{reading_id}/dismiss", status_code=204)
    async def dismiss(reading_id: str, services: Given, caller: Anybody) -> None:
        """A reading that waits is a visitor's: it is kept, about nobody, and never asked about again."""
        await services.decisions.dismiss(reading_id, actor=caller.name)

    @router.post("/{reading_id}/reassign")
    async def reassign(reading_id: str, body: NewOwner, services: Given, caller: Nurse) -> DecisionEffect:
        """Somebody got it wrongly: it is this resident's, or nobody's. Whoever received it is told."""
        subject = None if body.resident is None else await _resident(services, body.resident)
        return DecisionEffect(readings=await services.decisions.reassign(reading_id, subject, actor=caller.name))

    @router.get("/{reading_id}/corrections")
    async def corrections(reading_id: str, services: Given, _: Nurse) -> list[CorrectionView]:
        """Who said of a reading whose it is, oldest first."""
        return [correction_view(one) for one in await services.decisions.history(reading_id)]

    return router


async def _resident(services: Services, reference: str) -> Subject:
    found = await services.acts.registry.resident(reference)
    return Subject(type=SubjectType.RESIDENT, id=found.id)
