"""What opens a device: the key of encrypted advertisements, the consent codes of its users."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.http.auth import TECHNICIANS, Principal
from api.http.registry_models import BindKey, ConsentCode
from api.http.services import Given

Technician = Annotated[Principal, Depends(TECHNICIANS)]


def key_routes() -> APIRouter:
    """Enter a key or a code, forget it. None is ever shown."""
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

    @router.post("/devices/{device}/code", status_code=204, tags=["devices"])
    async def enter_code(device: str, body: ConsentCode, services: Given, caller: Technician) -> None:
        """The consent code of a user of the device (its address), such as one that was made in the menu of a scale.

        The user's measurements are fetched when the device calls next. The code is shown nowhere again.
        """
        await services.acts.set_consent_code(device, body.user, body.code.get_secret_value(), actor=caller.name)

    @router.delete("/devices/{device}/code", status_code=204, tags=["devices"])
    async def forget_code(
        device: str, services: Given, caller: Technician, user: Annotated[int, Query(ge=0, le=255)]
    ) -> None:
        """Forget the code of a user: his measurements stay on the device."""
        await services.acts.set_consent_code(device, user, None, actor=caller.name)

    return router
