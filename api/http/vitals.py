"""The settings of the rules about a resident's measurements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.http.auth import NURSES, Principal
from api.http.services import Given
from api.vital_settings import Settled
from gateway.vitals.plan import SETTINGS

Nurse = Annotated[Principal, Depends(NURSES)]
Word = Annotated[str, Field(max_length=64)]


class SettingView(BaseModel):
    """One setting, as it is in force."""

    name: str
    value: bool | float | str | None
    chosen: bool = Field(description="somebody has set it; else it is the default")
    default: bool | float | str | None
    unit: str | None
    low: float | None = Field(description="the least it can be")
    high: float | None
    what: str


class VitalSettingsView(BaseModel):
    """All settings of one resident."""

    resident_id: str
    settings: list[SettingView]


class VitalChanges(BaseModel):
    """What to set; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[Word, bool | float | Word | None] = Field(description="by name; null: back to the default")


def vital_routes() -> APIRouter:
    """Routes under /residents/…/vitals."""
    router = APIRouter(tags=["residents"])

    @router.get("/residents/{resident_id}/vitals")
    async def settings(resident_id: str, services: Given, nurse: Nurse) -> VitalSettingsView:
        """The rules about this resident's measurements: which are on, and their limits."""
        found = await services.vital_settings.of(resident_id)
        await services.audit.note(nurse.name, "plan.read", found.resident.id)
        return _view(found)

    @router.post("/residents/{resident_id}/vitals")
    async def change(resident_id: str, body: VitalChanges, services: Given, nurse: Nurse) -> VitalSettingsView:
        """Change some of them; the rules are judged anew at once."""
        return _view(await services.vital_settings.change(resident_id, body.settings, actor=nurse.name))

    return router


def _view(settled: Settled) -> VitalSettingsView:
    settings = [
        SettingView(
            name=one.name,
            value=settled.plan.value(one.name),
            chosen=one.name in settled.chosen,
            default=one.default,
            unit=one.unit,
            low=one.low,
            high=one.high,
            what=one.what,
        )
        for one in SETTINGS.values()
    ]
    return VitalSettingsView(resident_id=settled.resident.id, settings=settings)
