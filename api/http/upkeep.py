"""What a technician does beside pairing: take a device away, see what is wrong, record an unknown device."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.http.auth import TECHNICIANS, Principal
from api.http.errors import ErrorView
from api.http.pairing_models import ADDRESS
from api.http.services import Given, Services
from gateway.capture import Captured, Recorder, profile_text
from gateway.core.errors import HuomaError, Invalid, NotFound

Technician = Annotated[Principal, Depends(TECHNICIANS)]
_NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ErrorView, "description": "No radio, or no such device"},
    409: {"model": ErrorView, "description": "Not now: the sentence says why, and what to do"},
}


class UnpairedView(BaseModel):
    """A device that was taken away."""

    ended: int = Field(description="how many assignments ended")
    words: str = Field(description="what to do on the device")


class FindingView(BaseModel):
    """One line of what was looked at."""

    about: str
    grade: str = Field(description='"OK", "WARN" or "FAIL"')
    words: str
    advice: str = Field(description="what to do; empty when nothing is")


class NewCapture(BaseModel):
    """Which device to record: by its address, or by the name it advertises."""

    model_config = ConfigDict(extra="forbid")

    address: str | None = Field(default=None, pattern=ADDRESS)
    name: str | None = Field(default=None, min_length=1, max_length=100, description='a pattern such as "Acme*"')
    seconds: float = Field(default=60.0, ge=1.0, le=300.0, description="how long to listen")
    bond: bool = Field(default=False, description="make a bond where the device asks for one")


class CaptureView(BaseModel):
    """What was recorded, as the text of a profile file."""

    address: str
    frames: int
    ended: str
    profile: str


def upkeep_routes() -> APIRouter:
    """POST /devices/{device}/unpair, GET /doctor, POST /captures and /captures/stop."""
    router = APIRouter(responses=_NOT_FOUND)

    @router.post("/devices/{device}/unpair", tags=["devices"])
    async def unpair(device: str, services: Given, caller: Technician) -> UnpairedView:
        """The device (its address) belongs to nobody and its bond is removed. What it measured stays.

        Refused while it is being paired.
        """
        if services.pairings is not None:
            services.pairings.must_be_left_alone(device)
        bonded = True  # where nobody can tell, it may be
        if services.bonds is not None:
            told = await services.bonds()
            bonded = any(device.upper() in {one.upper() for one in held} for held in told.values())
        ended = await services.acts.unpair(device, actor=caller.name)
        if not ended and not bonded:
            raise NotFound(
                f"{device.upper()} belongs to nobody, and this gateway has no bond with it: look whether the address "
                "is right ('huoma devices' lists them)."
            )
        await services.audit.note(caller.name, "device.unpair", device.upper())
        return UnpairedView(
            ended=ended,
            words=(
                f"{device.upper()} belongs to nobody now, and this gateway has no bond with it; its history stays. "
                "Clear the pairing on the device too, as its manual says (often by taking its batteries out for a "
                "while): else it goes on calling for this gateway."
            ),
        )

    @router.get("/doctor", tags=["gateway"])
    async def doctor(services: Given, _: Technician) -> list[FindingView]:
        """Adapters, BlueZ, permissions, bonds, devices, profiles, clock, store and disk: each OK, WARN or FAIL."""
        if services.doctor is None:
            raise NotFound("This gateway was started without what the doctor looks at: run 'huoma doctor' on it.")
        return [
            FindingView(about=one.about, grade=one.grade, words=one.words, advice=one.advice)
            for one in await services.doctor.look()
        ]

    @router.post("/captures", tags=["devices"])
    async def capture(body: NewCapture, services: Given, caller: Technician, request: Request) -> CaptureView:
        """Record a device that calls: its services, what can be read, and what it sends. Answers when it is through.

        It ends early with `POST /captures/stop`, and when nobody waits for the answer any more.
        """
        if (body.address is None) == (body.name is None):
            raise Invalid("Say which device: give either its address, or the name that it advertises.")
        recorder = _recorder(services)
        address = recorder.find(body.name) if body.name is not None else str(body.address).upper()
        await services.audit.note(caller.name, "device.capture", address)
        found = await _record(recorder, address, body, request)
        return CaptureView(address=address, frames=len(found.frames), ended=found.ended, profile=profile_text(found))

    @router.post("/captures/stop", tags=["devices"], status_code=204)
    async def stop_capture(services: Given, _: Technician) -> None:
        """The recording under way ends, and is answered with what was heard so far; 404 when there is none."""
        _recorder(services).stop()

    return router


def _recorder(services: Services) -> Recorder:
    if services.recorder is None:
        raise NotFound("Nothing can be recorded, because no radio runs: start the gateway ('huoma run').")
    return services.recorder


async def _record(recorder: Recorder, address: str, body: NewCapture, request: Request) -> Captured:
    """For as long as somebody waits for it: a device is not held for a caller who has gone."""
    found: Captured | HuomaError
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(_stop_when_gone(request, recorder))
        try:
            found = await recorder.record(address, seconds=body.seconds, bond=body.bond)
        except HuomaError as refusal:
            found = refusal
        finally:
            waiting.cancel()
    if isinstance(found, HuomaError):
        raise found
    return found


async def _stop_when_gone(request: Request, recorder: Recorder) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    with suppress(NotFound):
        recorder.stop()
