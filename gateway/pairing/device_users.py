"""Which user of the device the resident is: where a device has users, each resident is one of them.

What a user measures is the resident's by the user slot of the assignment, so that nobody gets another user's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from device_drivers.sessions.user_words import CONSENT_CODE, WANTED, Wanted, is_word, of_user, undone
from gateway.pairing.model import PairingRequest
from gateway.store.assignments import Assignment
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingRow
from gateway.store.registry import Registry


class AssignActs(Protocol):
    """`api.acts.Acts`, as far as giving a device to somebody goes."""

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
    ) -> Assignment:
        """The device is the resident's from now on, or since; readings that waited for that are taken up."""
        ...


class DeviceUsers:
    """What a pairing says to the driver about users, and what it learns from it. In the device's memory: durable."""

    def __init__(self, registry: Registry, memory: DeviceMemory, acts: AssignActs) -> None:
        self._registry = registry
        self._memory = memory
        self._acts = acts

    async def apart(self, address: str, open_ones: Sequence[Assignment], request: PairingRequest) -> bool:
        """Others have it as users of their own, so the resident can be one more."""
        others = [one for one in open_ones if one.subject.id != request.resident_id]
        slots = all(one.user_slot is not None for one in others)
        return slots and not request.shared and any(map(is_word, await self._memory.of(address)))

    async def want(self, address: str, open_ones: Sequence[Assignment], request: PairingRequest) -> None:
        """Before the device is connected to: which user the resident is to be."""
        mine = [one.user_slot for one in open_ones if one.subject.id == request.resident_id]
        slot = request.user_slot if request.user_slot is not None else next(iter(mine), None)
        new = slot is None and not mine and await self.apart(address, open_ones, request) and bool(open_ones)
        await self._memory.keep(address, {WANTED: str(Wanted(user=slot, new=new))})

    async def entered(self, address: str, user: int, before: Mapping[str, str]) -> None:
        """A technician says which user it is. What was entered before in this pairing was a slip."""
        last = Wanted.of(await self._memory.of(address))
        if last.user not in (None, user) and not last.made:
            await self._memory.drop(address, f"{CONSENT_CODE}:{last.user}")
            await self._memory.keep(address, of_user(before, last.user))
        await self._memory.keep(address, {WANTED: str(Wanted(user=user))})

    async def waits(self, address: str) -> bool:
        """Whose it is can be said once the new user is made."""
        return Wanted.of(await self._memory.of(address)).new

    async def slot(self, address: str, request: PairingRequest) -> int | None:
        """Of the assignment that is made now, where a user was made beside those of others."""
        if request.user_slot is not None or request.shared or not await self._registry.assigned(address):
            return request.user_slot
        return Wanted.of(await self._memory.of(address)).user

    async def settle(self, row: PairingRow, user: int | None, since: datetime | None) -> bool:
        """The pairing ended well: the device is the resident's as this user, who has measured. False: it has none."""
        address = row.address
        if address is None:
            return False
        await self._memory.drop(address, WANTED)
        if user is None or row.shared or not any(map(is_word, await self._memory.of(address))):
            return False
        mine = [one for one in await self._registry.assigned(address) if one.subject.id == row.resident_id]
        if all(one.user_slot != user for one in mine):
            await self._acts.assign(
                address, row.resident_id, actor=row.actor, placement=row.placement, user_slot=user, since=since
            )
        for one in mine:
            if one.user_slot not in (None, user):  # who he was before: the device knows that user no more
                await self._registry.end_assignment(one.id, actor=row.actor)
        return True

    async def take_back(self, address: str) -> None:
        """It did not: a user who was made stays on the device, nobody's, and the next pairing takes him."""
        known = await self._memory.of(address)
        if WANTED not in known:
            return
        kept = undone(known)
        if kept:
            await self._memory.keep(address, kept)
        await self._memory.drop(address, WANTED)
