"""Residents and devices, their readings, and what technicians and administrators set up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api.acts import spelled
from api.http.auth import ADMINS, EVERYBODY, NURSES, TECHNICIANS, Principal
from api.http.registry_models import (
    ConsentEffect,
    DeviceView,
    End,
    MadeAssignment,
    NewAssignment,
    NewConsent,
    NewResident,
    NewUser,
    OldUser,
    ReadingView,
    ResidentView,
    UserView,
    UserWithToken,
    Withdrawal,
    device_view,
    heard_view,
    made_view,
    reading_view,
    unread_device,
)
from api.http.services import Given, Services

Nurse = Annotated[Principal, Depends(NURSES)]
Technician = Annotated[Principal, Depends(TECHNICIANS)]
Admin = Annotated[Principal, Depends(ADMINS)]
Anybody = Annotated[Principal, Depends(EVERYBODY)]


def home_routes() -> APIRouter:
    """Residents, their readings, devices."""
    router = APIRouter()

    @router.get("/residents", tags=["residents"])
    async def residents(services: Given, caller: Anybody) -> list[ResidentView]:
        """Who lives here."""
        found = await services.acts.registry.residents()
        await services.audit.note(caller.name, "resident.list", "all", count=len(found))
        return [ResidentView(id=one.id, name=one.name, room_id=one.room_id) for one in found]

    @router.get("/residents/{resident_id}/readings", tags=["residents"])
    async def readings(
        resident_id: str,
        services: Given,
        nurse: Nurse,
        after_seq: Annotated[int, Query(ge=0, le=2**62, description="only readings committed after this one")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> list[ReadingView]:
        """Readings of a resident in the order in which they were committed. An empty list: there is nothing newer."""
        resident = await services.acts.registry.resident(resident_id)
        found = await services.readings.of_resident(resident.id, after_seq=after_seq, limit=limit)
        if not found:  # a client that asks each few seconds whether there is news
            return []
        # Noted before anything is shown: what cannot be noted is not shown.
        await services.audit.note(nurse.name, "readings.read", resident.id, after_seq=after_seq, count=len(found))
        return [reading_view(row, resident.id) for row in found]

    @router.get("/devices", tags=["devices"])
    async def devices(
        services: Given,
        _: Anybody,
        unknown: Annotated[bool, Query(description="those too that no profile claims and that give no name")] = False,
    ) -> list[DeviceView]:
        """Devices that were read, assigned, or are heard now. Unknown ones are there when they tell a name."""
        return await _devices(services, unknown=unknown)

    @router.post("/devices/{device:path}/assignment", tags=["devices"])
    async def assign(device: str, body: NewAssignment, services: Given, caller: Technician) -> MadeAssignment:
        """From now on (or `since`) the device's readings are this resident's. Ends the assignment before: `ended`.

        `device` is an address or an identity; the device need not have been seen yet.
        """
        made = await services.acts.assign(
            device,
            body.resident,
            actor=caller.name,
            placement=body.placement,
            user_slot=body.user_slot,
            shared=body.shared,
            reference=None if body.weight_kg is None else {"weight": body.weight_kg},
            since=body.since,
        )
        device = spelled(device)
        heard = any(one.address.upper() == device.upper() for one in services.heard())
        names = {one.id: one.name for one in await services.acts.registry.residents()}
        return made_view(made, names, seen=heard or await services.acts.seen(device))

    @router.post("/devices/{device}/unassign", status_code=204, tags=["devices"])
    async def unassign(device: str, services: Given, caller: Technician, body: End | None = None) -> None:
        """From now on the device (address or identity) belongs to nobody, and is not connected to any more.

        With `since` it was nobody's from then on: readings that somebody got since are taken back.
        """
        await services.acts.unassign(device, actor=caller.name, since=None if body is None else body.since)

    @router.post("/devices/{device}/pair-again", status_code=204, tags=["devices"])
    async def pair_again(device: str, services: Given, caller: Technician) -> None:
        """Forget the bond with the device (its address); the next time it calls in pairing mode it is paired anew."""
        await services.acts.pair_again(device)
        await services.audit.note(caller.name, "device.pair-again", device.upper())

    @router.post("/bonds/accept-damage", status_code=204, tags=["devices"])
    async def accept_damage(services: Given, caller: Technician) -> None:
        """The file of bonds was damaged and somebody has read that: devices of the home may pair again."""
        services.acts.accept_damaged_bonds()
        await services.audit.note(caller.name, "bonds.accept-damage", "all")

    @router.post("/residents", status_code=201, tags=["residents"])
    async def add_resident(body: NewResident, services: Given, admin: Admin) -> ResidentView:
        """A new resident; the answer carries the id."""
        made = await services.acts.add_resident(
            body.name, actor=admin.name, room_id=body.room_id, same_name=body.same_name
        )
        return ResidentView(id=made.id, name=made.name, room_id=made.room_id)

    return router


async def _devices(services: Services, *, unknown: bool) -> list[DeviceView]:
    now = services.clock.monotonic()
    heard = {one.address.upper(): one for one in services.heard()}
    bonded = await _bonded(services)
    views: list[DeviceView] = []
    for device, assigned in await services.acts.devices():
        if device is not None:
            view = device_view(device, assigned)
        else:
            view = unread_device(assigned[0].device_identity, assigned=assigned)
        known = heard.pop((view.address or view.identity).upper(), None)
        bond = None if bonded is None or view.address is None else view.address.upper() in bonded
        views.append(view.model_copy(update={"heard": heard_view(known, now) if known else None, "bonded": bond}))
    for address, one in heard.items():
        if unknown or one.name or one.profile_id is not None:
            view = unread_device(one.identity or f"address:{address}", one.name)
            views.append(view.model_copy(update={"heard": heard_view(one, now)}))
    return views


async def _bonded(services: Services) -> set[str] | None:
    """Addresses with which an adapter has a bond; None when nobody can tell."""
    told = await services.bonds() if services.bonds is not None else {}
    return {address.upper() for addresses in told.values() for address in addresses} if told else None


def admin_routes() -> APIRouter:
    """Consents and users."""
    router = APIRouter(tags=["administration"])

    @router.post("/consents", status_code=201)
    async def grant(body: NewConsent, services: Given, admin: Admin) -> ConsentEffect:
        """A resident agrees that a sink gets readings (or alerts)."""
        resident, items = await services.acts.grant(
            body.resident, body.recipient, actor=admin.name, data_type=body.data_type, since=body.since
        )
        return ConsentEffect(resident_id=resident.id, recipient=body.recipient, data_type=body.data_type, items=items)

    @router.post("/consents/withdraw")
    async def withdraw(body: Withdrawal, services: Given, admin: Admin) -> ConsentEffect:
        """A resident no longer agrees: when this answers, nothing more leaves."""
        resident, items = await services.acts.withdraw(
            body.resident, body.recipient, actor=admin.name, data_type=body.data_type
        )
        return ConsentEffect(resident_id=resident.id, recipient=body.recipient, data_type=body.data_type, items=items)

    @router.get("/users")
    async def users(services: Given, _: Admin) -> list[UserView]:
        """Who may come in, and who might once."""
        found = await services.acts.users.users()
        return [UserView(name=user.name, role=user.role, revoked=user.revoked) for user in found]

    @router.post("/users", status_code=201)
    async def add_user(body: NewUser, services: Given, admin: Admin) -> UserWithToken:
        """A new user; the answer carries the bearer token, this once."""
        user, token = await services.acts.add_user(body.name, body.role, actor=admin.name)
        return UserWithToken(name=user.name, role=user.role, revoked=False, token=token)

    @router.post("/users/revoke", status_code=204)
    async def revoke(body: OldUser, services: Given, admin: Admin) -> None:
        """The user's token opens nothing from now on."""
        await services.acts.revoke_user(body.name, actor=admin.name)

    return router
