"""The office of the sessions: whose devices are, their keys, and the notes of pairings, in the store of this home."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from device_drivers.sessions.user_words import HELD_BY_DEVICE
from gateway.core.errors import Conflict
from gateway.ingest.received import KnownDevice
from gateway.pairing.device_users import AssignActs, DeviceUsers
from gateway.pairing.entered import Entered, EntryActs
from gateway.pairing.model import Candidate, PairingRequest
from gateway.pairing.nearby import Nearby
from gateway.pairing.replaced import Replacements
from gateway.store.assignments import Assignment
from gateway.store.device_memory import DeviceMemory
from gateway.store.owners import whose
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry


class Acts(EntryActs, AssignActs, Protocol):
    """`api.acts.Acts`, as far as pairing goes."""


class HomeOffice:
    """A `gateway.pairing.session.Office`.

    Args:
        chosen: the addresses that other open pairings than that of a request have chosen.
        under_way: whether a pairing, by its id, is being worked on.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        memory: DeviceMemory,
        notes: PairingNotes,
        acts: Acts,
        replacements: Replacements,
        nearby: Nearby,
        chosen: Callable[[PairingRequest], Collection[str | None]],
        under_way: Callable[[str], bool],
    ) -> None:
        self._registry = registry
        self._memory = memory
        self._notes = notes
        self._acts = acts
        self._entered = Entered(memory, acts)
        self._users = DeviceUsers(registry, memory, acts)
        self._replacements = replacements
        self._nearby = nearby
        self._chosen = chosen
        self._under_way = under_way

    async def owned(self, address: str, request: PairingRequest) -> bool:
        """See `Office`."""
        if any(row.address == address and not self._under_way(row.id) for row in await self._notes.cut_off()):
            raise Conflict(f"An earlier pairing of {address} is being taken back: try again in a moment.")
        open_ones = await self._registry.assigned(address)
        for one in open_ones:
            apart = request.user_slot is not None and one.user_slot is not None and one.user_slot != request.user_slot
            apart = apart or await self._users.apart(address, open_ones, request)
            if request.shared and one.user_slot is not None:
                raise Conflict(
                    f"{address} knows its users, and {await whose(self._registry, address)} is one of them: pair it "
                    "without --shared, and the resident becomes one more."
                )
            if one.subject.id != request.resident_id and not (apart or request.shared):
                raise Conflict(
                    f"{address} already belongs to {await whose(self._registry, address)}: take it away there first "
                    f"('huoma unpair {address}'), or pair it as shared or with another user slot."
                )
        return bool(open_ones)

    async def want(self, address: str, request: PairingRequest) -> None:
        """See `Office`."""
        await self._users.want(address, request)

    async def has_users(self, address: str) -> bool:
        """See `Office`."""
        return await self._users.has_users(address)

    async def unmade(self, address: str) -> bool:
        """See `Office`."""
        return await self._users.unmade(address)

    async def waits(self, address: str) -> bool:
        """See `Office`."""
        return await self._users.waits(address)

    async def assign(self, address: str, device: KnownDevice | None, row: PairingRow) -> Assignment | None:
        """See `Office`."""
        if device is not None:
            await self._must_be_one_device(device, row)
            await self._registry.seen(device)
        slot = await self._users.slot(address, row)
        for one in await self._registry.assigned(address):
            if one.subject.id == row.resident_id and (row.user_slot is None or one.user_slot == slot):
                return None  # as another user of it, if need be, when that one is made
        stands = await self._users.renewed(address)
        return await self._acts.assign(
            address, row.resident_id, actor=row.actor, placement=row.placement, user_slot=slot, shared=row.shared,
            since=None if slot == row.user_slot else row.started_at, review=False,
            pairing_id=None if stands else row.id,
        )  # fmt: skip

    async def _must_be_one_device(self, device: KnownDevice, row: PairingRow) -> None:
        """Two that call themselves alike would be taken for one that has another address now."""
        for known in await self._registry.devices():
            other = known.identity == device.identity and known.address not in (device.address, row.replaces)
            if not other:
                continue
            owners = {one.subject.id for one in await self._registry.assigned(device.identity)}
            if owners - {row.resident_id}:
                raise Conflict(
                    f"{device.address} calls itself by the same serial number as {known.address}, which belongs to "
                    f"{await whose(self._registry, device.identity)}: if it is that one, take it away there first "
                    f"('huoma unpair {known.address}'); else one of the two cannot be used here."
                )

    async def take_back(self, row: PairingRow) -> bool:
        """See `Office`."""
        await self._registry.take_back(row.id, actor=row.actor)
        if row.address is None:
            return False
        if row.owned_before and await self._users.again(row):
            await self._entered.settle(row.address)
            await self._users.done(row.address)
            return True
        # First of all: a user who was made stays on the device, and must be found again wherever this breaks off.
        await self._memory.keep(row.address, await self._users.undone(row.address))
        if not row.owned_before:
            await self._memory.forget(row.address, but=HELD_BY_DEVICE)
        await self._entered.bring_back(row.address, actor=row.actor)
        await self._users.done(row.address)
        return False

    async def anothers(self, row: PairingRow, user: int | None) -> str | None:
        """See `Office`."""
        address = row.address or ""
        for one in await self._registry.assigned(address):
            if one.subject.id == row.resident_id and user in (None, one.user_slot):
                return None
        return await whose(self._registry, address) or ""

    async def lost(self, row: PairingRow) -> str:
        """See `Office`."""
        names = {one.id: one.name for one in await self._registry.residents()}
        return " and ".join(names[one] for one in await self._users.lost(row) if one in names)

    async def retire(self, address: str, actor: str, resident_id: str) -> None:
        """See `Office`."""
        await self._replacements.retire(address, actor, resident_id)

    async def give_key(self, address: str, bind_key: str, actor: str) -> None:
        """See `Office`."""
        await self._entered.bind_key(address, bind_key, actor=actor)

    async def give_code(self, row: PairingRow, address: str, user: int, code: str) -> None:
        """See `Office`."""
        await self._users.must_be_free(address, user, row.resident_id)
        await self._users.give_up(row, address)
        await self._entered.consent_code(address, user, code, actor=row.actor)
        await self._users.entered(address, user, await self._entered.before(address))

    async def settle(self, row: PairingRow, *, measured: int | None = None) -> int | None:
        """See `Office`."""
        user = await self._users.settle(row, measured)
        if row.address is not None:
            await self._entered.settle(row.address)
            await self._users.done(row.address)
        return user

    async def note(self, row: PairingRow) -> None:
        """See `Office`."""
        await self._notes.keep(row)

    async def candidates(self, request: PairingRequest, *, fresh: bool = False) -> tuple[Candidate, ...]:
        """See `Office`."""
        if fresh:
            self._nearby.look_again()
        taken = self._chosen(request)
        return tuple(one for one in await self._nearby.heard() if one.address not in taken)
