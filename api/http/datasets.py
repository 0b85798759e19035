"""What the home gives to those who improve its detectors: for administrators, consented, under pseudonyms."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse

from api.http.auth import ADMINS, Principal
from api.http.services import Given
from gateway.desk.labelled import LeftOut, labelled_falls

Admin = Annotated[Principal, Depends(ADMINS)]


def dataset_routes() -> APIRouter:
    """Routes under /datasets."""
    router = APIRouter(prefix="/datasets", tags=["datasets"])

    @router.get("/falls", response_class=StreamingResponse, responses={200: {"content": {"application/x-ndjson": {}}}})
    async def falls(services: Given, caller: Admin) -> StreamingResponse:
        """Suspected falls with the nurse's verdict and the acceleration around them, one JSON object a line.

        Only of residents who agreed (`huoma consent grant NAME --recipient dataset`), from then on. The last line is
        `{"left_out": {…}}`: how many were not given, and why; without it the answer is cut short.
        """
        devices = await services.acts.registry.devices()
        models = {device.identity: device.profile_id for device in devices if device.profile_id}
        await services.audit.note(caller.name, "dataset.falls", "all")

        async def told() -> AsyncIterator[str]:
            left_out = LeftOut()
            async for one in labelled_falls(
                services.desk.store, services.acts.consents, models=models, left_out=left_out
            ):
                yield json.dumps(asdict(one), separators=(",", ":")) + "\n"
            yield json.dumps({"left_out": asdict(left_out)}) + "\n"

        return StreamingResponse(told(), media_type="application/x-ndjson")

    return router
