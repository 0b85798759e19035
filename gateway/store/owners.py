"""Whose a device is, in words for a person."""

from __future__ import annotations

from gateway.core.subject import SubjectType
from gateway.store.registry import Registry


async def whose(registry: Registry, device: str) -> str | None:
    """The residents by name (a room by its id) to whom the device (address or identity) belongs; None: to nobody."""
    owners = [one.subject for one in await registry.assigned(device)]
    if not owners:
        return None
    names = {one.id: one.name for one in await registry.residents()}
    return " and ".join(
        dict.fromkeys(
            names.get(one.id, one.id) if one.type is SubjectType.RESIDENT else f"{one.type} {one.id}" for one in owners
        )
    )
