"""Bind keys of devices whose advertisements are encrypted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from api.http.auth import TECHNICIANS, Principal
from api.http.registry_models import BindKey
from api.http.services import Given

Technician = Annotated[Principal, Depends(TECHNICIANS)]


def key_routes() -> APIRouter:
    """Enter a key, forget it. None is ever shown."""
    router = APIRouter()

    @router.post("/devices/{device}/key", status_code=204, tags=["devices"])
    async def enter_key(device: str, body: BindKey, services: Given, caller: Technician) -> None:
        """The bind key of a device (its address) whose advertisements are encrypted.

        Also after its battery was changed: its messages are counted anew from now on. The key is shown nowhere again.
        """
        await services.acts.set_bind_key(device, body.key.get_secret_value(), actor=caller.name)

    @router.delete("/devices/{device}/key", status_code=204, tags=["devices"])
    async def forget_key(device: str, services: Given, caller: Technician) -> None:
        """Forget the bind key: what the device advertises in plain is taken from now on."""
        await services.acts.set_bind_key(device, None, actor=caller.name)

    return router
