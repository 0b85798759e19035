"""What technicians and administrators do, once: the API and the command line are two callers."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final, Protocol

from api.entries import enter_bind_key, enter_consent_code, must_be_one_user, must_be_told_apart
from api.http.auth import TokenBook
from gateway.core.errors import Conflict, HuomaError, Invalid, NotFound
from gateway.core.subject import Subject, SubjectType
from gateway.desk.labelled import DATASET
from gateway.pairing.device_users import forget_users
from gateway.store.assignments import Assignment
from gateway.store.consents import SqliteConsents
from gateway.store.data_types import EVERYTHING
from gateway.store.device_memory import DeviceMemory
from gateway.store.devices import DeviceRow
from gateway.store.registry import Registry
from gateway.store.residents import Resident
from gateway.store.users import Role, User, Users

# An address, or an identity as profiles make it; others must have been seen.
_DEVICE: Final = re.compile(
    r"(address:)?[0-9A-F]{2}(:[0-9A-F]{2}){5}|serial:[^\s:]+:\S+|eui64:[0-9A-F]{16}", re.IGNORECASE
)
_EUI64: Final = re.compile(r"(?:eui64:|0x)([0-9A-F]{16})", re.IGNORECASE)  # the second as zigbee2mqtt writes it

# Where a device is worn, then where one stands that nobody wears.
PLACEMENTS: Final = (
    *("waist", "chest", "wrist", "ankle"),
    *("bedroom", "living-room", "kitchen", "bathroom", "toilet", "hall"),
)


def spelled(device: str) -> str:
    """The reference to a device, an EUI-64 among them as stores have it, however it was written."""
    eui64 = _EUI64.fullmatch(device.strip())
    return device if eui64 is None else f"eui64:{eui64[1].lower()}"


class Courier(Protocol):
    """The delivery worker of one sink (`gateway.delivery.worker.DeliveryWorker`)."""

    async def granted(self, subject: Subject, *, since: str | None) -> int:
        """Consent came."""
        ...

    async def revoke(self, subject: Subject, *, everything: bool = True) -> int:
        """Consent went; when it returns, not one further byte leaves."""
        ...


class Bonds(Protocol):
    """The radio, as far as a technician mends bonds (`gateway.radio.manager.Radio`)."""

    async def pair_again(self, address: str) -> None:
        """Forget the bond and make a new one when the device calls."""
        ...

    async def forget(self, address: str) -> None:
        """Remove the bond, if there is one."""
        ...

    def try_at_once(self, address: str) -> None:
        """Whatever went wrong with it before."""
        ...

    def accept_damaged_bonds(self) -> None:
        """The sentence about a damaged file of bonds was read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Acts on the registry, the users and the consents.

    Attributes:
        recipients: names of the configured sinks: a consent for anything else would be a slip of the pen.
        couriers: the delivery workers that run, by sink; none when no gateway runs.
        bonds: the radio; None when it does not run.
        take_up: after an assignment: readings that were kept about nobody and now are somebody's (`Ingest.take_up`).
            Where no gateway runs, it does so itself with the device's next reading.
    """

    registry: Registry
    memory: DeviceMemory
    users: Users
    consents: SqliteConsents
    tokens: TokenBook
    recipients: frozenset[str]
    couriers: Mapping[str, Courier] = field(default_factory=lambda: MappingProxyType({}))
    bonds: Bonds | None = None
    take_up: Callable[[str], Awaitable[int]] | None = None

    async def add_resident(
        self, name: str, *, actor: str, room_id: str | None = None, same_name: bool = False
    ) -> Resident:
        """Raises as `Registry.add_resident`."""
        return await self.registry.add_resident(name, actor=actor, room_id=room_id, same_name=same_name)

    async def assign(
        self,
        device: str,
        resident: str,
        *,
        actor: str,
        placement: str | None = None,
        user_slot: int | None = None,
        since: datetime | None = None,
        shared: bool = False,
        reference: Mapping[str, float] | None = None,
        review: bool = True,
        pairing_id: str | None = None,
    ) -> Assignment:
        """The device's readings are the resident's (id, or a name only one has) from now on.

        With `shared` several residents have it: whose a reading is, is decided one by one. `reference` is what the
        resident weighs now ("weight", kg), so that a shared scale knows them from the first morning on. Without
        `review` what somebody got since `since` stays. What the pairing of `pairing_id` assigns goes with it.

        Raises:
            Invalid: neither an address nor an identity, or no placement (`PLACEMENTS`); and as the registry.
        """
        device = spelled(device)
        await self._must_be_device(device)
        self.known_placement(placement)
        if user_slot is None and not shared:
            await must_be_one_user(self.registry, self.memory, device)
        found = await self.registry.resident(resident)
        subject = Subject(type=SubjectType.RESIDENT, id=found.id)
        made = await self.registry.assign(
            device, subject, actor=actor, placement=placement, user_slot=user_slot, since=since, shared=shared,
            reference=reference, review=review, pairing_id=pairing_id,
        )  # fmt: skip
        if self.take_up is not None:
            await self.take_up(device)
        return made

    def known_placement(self, placement: str | None) -> str | None:
        """As it is. Raises Invalid: there is no such place (`PLACEMENTS`)."""
        if placement is not None and placement not in PLACEMENTS:
            raise Invalid(f"'{placement}' is no placement: give one of {', '.join(PLACEMENTS)}, or none at all.")
        return placement

    async def unpair(self, address: str, *, actor: str) -> int:
        """The device belongs to nobody, and its bond is removed; its history stays. How many assignments ended.

        Raises:
            Invalid: it is no address.
            NotFound: the radio does not run.
        """
        address = address.upper()
        if not re.fullmatch(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", address):
            raise Invalid(f"'{address}' is no address: give one such as AA:BB:CC:DD:EE:FF; 'huoma devices' lists them.")
        radio = self._radio()
        closed = 0
        if await self.registry.assigned(address):
            closed = await self.registry.unassign(address, actor=actor)
        await forget_users(self.registry, self.memory, address)  # whether or not the bond can be removed now
        try:
            await radio.forget(address)
        except HuomaError as refusal:
            raise type(refusal)(
                f"{address} belongs to nobody now, but the bond with it is still there: {refusal} Then run 'huoma "
                f"unpair {address}' again."
            ) from refusal
        return closed

    async def pair_again(self, address: str) -> None:
        """The bond with a device is forgotten; a new one is made when it calls in pairing mode.

        Raises:
            NotFound: the radio does not run.
            Conflict: it belongs to nobody, so no bond would be made.
        """
        radio = self._radio()
        if not await self.registry.assigned(address):
            raise Conflict(
                f"{address} belongs to nobody, so no bond would be made: pair it with 'huoma pair'. 'huoma devices' "
                "lists whose each device is."
            )
        await radio.pair_again(address.upper())

    async def set_bind_key(self, address: str, bind_key: str | None, *, actor: str) -> None:
        """See `api.entries.enter_bind_key`."""
        await enter_bind_key(self.memory, address, bind_key, actor=actor)

    async def set_consent_code(self, address: str, user: int, code: str | None, *, actor: str) -> None:
        """See `api.entries.enter_consent_code`. A device that calls is tried at once.

        Raises:
            Conflict: it belongs to one resident as a whole, who would get the measurements of this user too.
        """
        if code is not None:
            await must_be_told_apart(self.registry, self.memory, address, user)
        await self.enter_code(address, user, code, actor=actor)

    async def enter_code(self, address: str, user: int, code: str | None, *, actor: str) -> None:
        """The same while a pairing sees to it whose the user is."""
        await enter_consent_code(self.memory, address, user, code, actor=actor)
        if self.bonds is not None:
            self.bonds.try_at_once(address.upper())

    def accept_damaged_bonds(self) -> None:
        """A technician has read that the file of bonds was damaged: devices may pair again.

        Raises:
            NotFound: the radio does not run.
        """
        self._radio().accept_damaged_bonds()

    def _radio(self) -> Bonds:
        if self.bonds is None:
            raise NotFound("The radio does not run: start the gateway first ('huoma run').")
        return self.bonds

    async def unassign(self, device: str, *, actor: str, since: datetime | None = None) -> int:
        """The device belongs to nobody from now on, or since then. Raises as `Registry.unassign`."""
        device = spelled(device)
        ended = await self.registry.unassign(device, actor=actor, since=since)
        await forget_users(self.registry, self.memory, device)
        if since is not None and self.take_up is not None:
            await self.take_up(device)
        return ended

    async def seen(self, device: str) -> bool:
        """Whether the device (address or identity) was ever read."""
        return any(device == one.identity or device.upper() == one.address for one in await self.registry.devices())

    async def devices(self) -> list[tuple[DeviceRow | None, list[Assignment]]]:
        """Every device seen, with its assignments; then (None, …) for those assigned but not seen so far."""
        assigned = await self.registry.assigned()
        listed: list[tuple[DeviceRow | None, list[Assignment]]] = []
        placed: set[int] = set()
        for device in await self.registry.devices():
            keys = {device.identity, f"address:{device.address}"}
            own = [assignment for assignment in assigned if assignment.device_identity in keys]
            placed |= {assignment.id for assignment in own}
            listed.append((device, own))
        listed += [(None, [assignment]) for assignment in assigned if assignment.id not in placed]
        return listed

    async def grant(
        self, resident: str, recipient: str, *, actor: str, data_type: str = EVERYTHING, since: datetime | None = None
    ) -> tuple[Resident, int]:
        """Consent is given. Returns the resident, and how many withheld items go out now.

        Raises:
            Invalid: no such sink or type of data, or a `since` that cannot be meant.
            NotFound: no such resident.
            Conflict: it is given already.
        """
        self._must_be_sink(recipient)
        found = await self.registry.resident(resident)
        released = await self.consents.grant(found.id, recipient, actor=actor, data_type=data_type, since=since)
        courier = self.couriers.get(recipient)
        if courier is not None:
            begin = since.isoformat() if since is not None else None
            await courier.granted(Subject(type=SubjectType.RESIDENT, id=found.id), since=begin)
        return found, released

    async def withdraw(
        self, resident: str, recipient: str, *, actor: str, data_type: str = EVERYTHING
    ) -> tuple[Resident, int]:
        """Consent is taken back: when this returns, nothing more leaves. Returns how many items were dropped.

        Raises:
            Invalid: no such sink or type of data: a slip of the pen must not look like a withdrawal.
            NotFound: no such resident.
        """
        self._must_be_sink(recipient)
        found = await self.registry.resident(resident)
        dropped = await self.consents.withdraw(found.id, recipient, actor=actor, data_type=data_type)
        courier = self.couriers.get(recipient)
        if courier is not None:
            subject = Subject(type=SubjectType.RESIDENT, id=found.id)
            dropped += await courier.revoke(subject, everything=data_type == EVERYTHING)
        return found, dropped

    async def add_user(self, name: str, role: Role, *, actor: str) -> tuple[User, str]:
        """Returns the user and the token, which is shown once. Raises as `Users.add`."""
        return await self.users.add(name, role, actor=actor)

    async def revoke_user(self, name: str, *, actor: str) -> None:
        """The user's token opens nothing from now on, and open streams end. Raises as `Users.revoke`."""
        await self.users.revoke(name, actor=actor)
        self.tokens.forget(name)

    async def _must_be_device(self, device: str) -> None:
        if not _DEVICE.fullmatch(device) and not await self.seen(device):
            raise Invalid(
                f"'{device}' is no device: give its address, such as AA:BB:CC:DD:EE:FF, or its identity; "
                "'huoma devices' lists them."
            )

    def _must_be_sink(self, recipient: str) -> None:
        if recipient not in self.recipients and recipient != DATASET:
            known = ", ".join(sorted(self.recipients)) or "none is configured: add a [[sink]] to the settings"
            raise Invalid(
                f"There is no sink '{recipient}' to consent to. Known: {known}. '{DATASET}' is for the export of "
                "falls with their verdicts."
            )
