"""Which user of the device the resident is: where a device has users, each resident is one of them.

What a user measures is the resident's by the user slot of the assignment, so that nobody gets another user's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from device_drivers.sessions.user_words import (
    CONSENT_CODE,
    WANTED,
    Wanted,
    is_own,
    is_word,
    of_user,
    remembered,
    undone,
    with_slots,
)
from gateway.core.errors import Conflict
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
        review: bool = True,
        pairing_id: str | None = None,
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
        return slots and request.user_slot is None and not request.shared and await self.has_users(address)

    async def want(self, address: str, request: PairingRequest) -> None:
        """Before the device is connected to: which user the resident is to be. Once in a pairing."""
        open_ones = await self._registry.assigned(address)
        known = with_slots(await self._memory.of(address), [one.user_slot for one in open_ones])
        mine = [one.user_slot for one in open_ones if one.subject.id == request.resident_id]
        again, codes = bool(mine), {one.user for one in remembered(known)}
        wanted = Wanted(user=request.user_slot, again=again)
        slot = next(iter(mine), None)
        if request.user_slot is None and slot is not None:
            # Without the code of the user that the resident was, there is none of theirs on the device any more.
            wanted = Wanted(user=slot, again=again) if slot in codes else Wanted(new=True, again=again)
        elif wanted.user is None and not request.shared and _users_in(known) and not mine:
            # Whoever is known to it is somebody else, or was of somebody before: but for one whom a person has entered.
            sole = next((one for one in codes if not is_own(known, one)), None) if len(codes) == 1 else None
            wanted = Wanted(user=None if open_ones else sole, new=bool(open_ones) or sole is None)
        await self._memory.keep(address, {WANTED: str(wanted)})

    async def must_be_free(self, address: str, user: int, resident_id: str) -> None:
        """Raises Conflict: this user is another resident."""
        if not await self._free(address, user, resident_id):
            raise Conflict(f"User {user} of the device is another resident: give the number of this one's own user.")

    async def _free(self, address: str, user: int, resident_id: str) -> bool:
        open_ones = await self._registry.assigned(address)
        return all(one.user_slot != user or one.subject.id == resident_id for one in open_ones)

    async def give_up(self, row: PairingRow, address: str) -> None:
        """The user who was made is not the one, as a person says.

        He is nobody's, and the next pairing takes him. But of one who had the device before and whose user was lost
        on it, he is what stands should this pairing be cancelled.
        """
        if await self.renewed(address):
            await self.settle(row, None)
        else:
            await self._memory.keep(address, await self.undone(address))

    async def entered(self, address: str, user: int, before: Mapping[str, str]) -> None:
        """A technician says which user it is. What was entered before in this pairing was a slip."""
        last = Wanted.of(await self._memory.of(address))
        if last.user not in (None, user) and not last.made:
            await self._memory.drop(address, f"{CONSENT_CODE}:{last.user}")
            await self._memory.keep(address, of_user(before, last.user))
        await self._memory.keep(address, {WANTED: str(Wanted(user=user, again=last.again))})

    async def waits(self, address: str) -> bool:
        """Whose it is can be said once the new user is made."""
        wanted = Wanted.of(await self._memory.of(address))
        return wanted.new and not wanted.again

    async def renewed(self, address: str) -> bool:
        """Who had it before, and was lost on it, is a new user of it: that stands, whatever becomes of the pairing."""
        wanted = Wanted.of(await self._memory.of(address))
        return wanted.again and wanted.made

    async def unmade(self, address: str) -> bool:
        """A new user is wanted who is not made so far."""
        return Wanted.of(await self._memory.of(address)).new

    async def slot(self, address: str, row: PairingRow) -> int | None:
        """Of the assignment that is made now, where the resident is one of several users of the device."""
        if row.user_slot is not None or row.shared:
            return row.user_slot
        wanted = Wanted.of(await self._memory.of(address))
        return wanted.user if wanted.made or await self._registry.assigned(address) else None

    async def settle(self, row: PairingRow, measured: int | None) -> int | None:
        """The pairing ended well: the device is the resident's as one of its users. Which; None: it has none.

        It is the one who was made or named in this pairing, or else who has `measured`. So also when nobody has
        measured yet: else what this user weighs next would go to whoever was this user before. Twice is as good as
        once, until `done`.
        """
        address = row.address
        if address is None:
            return None
        wanted = Wanted.of(await self._memory.of(address))
        user = measured if wanted.user is None else wanted.user
        known = user is not None and not row.shared and await self.has_users(address)
        if user is None or not known or not await self._free(address, user, row.resident_id):
            return None
        mine = [one for one in await self._registry.assigned(address) if one.subject.id == row.resident_id]
        if all(one.user_slot != user for one in mine):
            since = min((one.valid_from for one in mine if one.valid_from >= row.started_at), default=row.started_at)
            await self._acts.assign(
                address, row.resident_id, actor=row.actor, placement=row.placement, user_slot=user, since=since,
                review=False,
            )  # fmt: skip
        for one in mine:
            if one.user_slot != user:  # who the resident was before, or all of them
                await self._registry.end_assignment(one.id, actor=row.actor)
        return user

    async def done(self, address: str) -> None:
        """The last step of a pairing, whatever became of it: nobody is wanted any more."""
        await self._memory.drop(address, WANTED)

    async def again(self, row: PairingRow) -> bool:
        """The resident had it before, and is another user now: that stands, whatever became of the pairing."""
        return await self.renewed(row.address or "") and await self.settle(row, None) is not None

    async def lost(self, row: PairingRow) -> Sequence[str]:
        """Residents by id who were users of the device until it made new ones in their places, in this pairing."""
        lost = await self._registry.lost_places(row.address, since=row.started_at)
        return list(dict.fromkeys(one.subject.id for one in lost))

    async def undone(self, address: str) -> Mapping[str, str]:
        """What to remember when it did not: a user who was made stays on the device, and the next pairing takes him."""
        return undone(await self._memory.of(address))

    async def has_users(self, address: str) -> bool:
        """A user of it is known, or was."""
        return _users_in(await self._memory.of(address))


async def forget_users(registry: Registry, memory: DeviceMemory, device: str) -> None:
    """When nobody has it any more: whoever gets it next is another user of it."""
    if await registry.assigned(device):
        return
    addresses = {row.address for row in await registry.devices() if row.identity == device} | {device}
    for address in addresses:
        for word in filter(is_word, await memory.of(address)):
            await memory.drop(address, word)


def _users_in(known: Mapping[str, str]) -> bool:
    return any(is_word(key) and value for key, value in known.items())
