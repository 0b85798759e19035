"""The office of the sessions: whose devices are, their keys, and the notes of pairings, in the store of this home."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from device_drivers.sessions.user_slots import HELD_BY_DEVICE
from gateway.core.errors import Conflict
from gateway.ingest.received import KnownDevice
from gateway.pairing.entered import Entered, EntryActs
from gateway.pairing.model import Candidate, PairingRequest
from gateway.pairing.nearby import Nearby
from gateway.pairing.replaced import Replacements
from gateway.store.assignments import Assignment
from gateway.store.device_memory import DeviceMemory
from gateway.store.owners import whose
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry


class Acts(EntryActs, Protocol):
    """`api.acts.Acts`, as far as pairing goes."""

    async def assign(
        self,
        device: str,
        resident: str,
        *,
        actor: str,
        placement: str | None = None,
        user_slot: int | None = None,
        shared: bool = False,
    ) -> Assignment:
        """The device is the resident's from now on, and readings that waited for that are taken up."""
        ...


class HomeOffice:
    """A `gateway.pairing.session.Office`.

    Args:
        chosen: the addresses that other open pairings than that of a request have chosen.
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
    ) -> None:
        self._registry = registry
        self._memory = memory
        self._notes = notes
        self._acts = acts
        self._entered = Entered(memory, acts)
        self._replacements = replacements
        self._nearby = nearby
        self._chosen = chosen

    async def owned(self, address: str, request: PairingRequest) -> bool:
        """See `Office`."""
        open_ones = await self._registry.assigned(address)
        for one in open_ones:
            apart = request.user_slot is not None and one.user_slot is not None and one.user_slot != request.user_slot
            if one.subject.id != request.resident_id and not (apart or request.shared):
                raise Conflict(
                    f"{address} already belongs to {await whose(self._registry, address)}: take it away there first "
                    f"('huoma unpair {address}'), or pair it as shared or with another user slot."
                )
        return bool(open_ones)

    async def assign(self, address: str, device: KnownDevice | None, request: PairingRequest) -> Assignment | None:
        """See `Office`."""
        if device is not None:
            await self._registry.seen(device)
        mine = (request.resident_id, request.user_slot)
        if any((one.subject.id, one.user_slot) == mine for one in await self._registry.assigned(address)):
            return None
        return await self._acts.assign(
            address, request.resident_id, actor=request.actor, placement=request.placement,
            user_slot=request.user_slot, shared=request.shared,
        )  # fmt: skip

    async def take_back(self, row: PairingRow) -> None:
        """See `Office`."""
        if row.assignment_id is not None:
            await self._registry.end_assignment(row.assignment_id, actor=row.actor)
        if row.address is None:
            return
        if row.assignment_id is None:  # one that was made, but the gateway stopped before it was noted
            for one in await self._registry.assigned(row.address):
                mine = (one.subject.id, one.user_slot) == (row.resident_id, row.user_slot)
                if mine and one.valid_from >= row.started_at:
                    await self._registry.end_assignment(one.id, actor=row.actor)
        if not row.owned_before:
            await self._memory.forget(row.address, but=HELD_BY_DEVICE)
        await self._entered.bring_back(row.address, actor=row.actor)

    async def retire(self, address: str, actor: str) -> None:
        """See `Office`."""
        await self._replacements.retire(address, actor)

    async def give_key(self, address: str, bind_key: str, actor: str) -> None:
        """See `Office`."""
        await self._entered.bind_key(address, bind_key, actor=actor)

    async def give_code(self, address: str, user: int, code: str, actor: str) -> None:
        """See `Office`."""
        await self._entered.consent_code(address, user, code, actor=actor)

    async def settle(self, address: str) -> None:
        """See `Office`."""
        await self._entered.settle(address)

    async def note(self, row: PairingRow) -> None:
        """See `Office`."""
        await self._notes.keep(row)

    async def candidates(self, request: PairingRequest, *, fresh: bool = False) -> tuple[Candidate, ...]:
        """See `Office`."""
        if fresh:
            self._nearby.look_again()
        taken = self._chosen(request)
        return tuple(one for one in await self._nearby.heard() if one.address not in taken)
