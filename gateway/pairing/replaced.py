"""A device comes in the place of another: the old one goes only when the new one has measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

import structlog

from gateway.core.errors import HuomaError
from gateway.pairing.device_users import forget_users
from gateway.pairing.model import Outcome
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry

WAITS: Final = "replaces_waits"  # in what is noted of a pairing: the replaced device is still in use
LOOK_S: Final = 30.0

log = structlog.get_logger(__name__)


class Bonds(Protocol):
    """The radio, as far as a bond is removed."""

    async def forget(self, address: str) -> None:
        """Remove the bond with a device, if there is one. Raises HuomaError."""
        ...


def stays(address: str) -> str:
    """While nothing has come of the new one."""
    return (
        f"It is to replace {address}, which stays in use until a measurement of this one has come; 'huoma unpair "
        f"{address}' takes it away before."
    )


def not_yet(address: str) -> str:
    """The new one has measured, and the radio or the store could not take the old one away."""
    return f"It replaces {address}, which could not be taken away altogether: that is tried until it is done."


def gone(address: str) -> str:
    """The new one has measured."""
    return f"It replaces {address}, which belongs to nobody now; its history stays."


class Replacements:
    """Reads what waits from the notes, so a stop of the gateway forgets nothing."""

    def __init__(self, registry: Registry, radio: Bonds, notes: PairingNotes, memory: DeviceMemory) -> None:
        self._registry = registry
        self._radio = radio
        self._notes = notes
        self._memory = memory

    async def retire(self, address: str, actor: str, resident_id: str) -> None:
        """It is this resident's no longer; when it is nobody's, its bond is removed. Raises HuomaError."""
        for one in await self._registry.assigned(address):
            if one.subject.id == resident_id:
                await self._registry.end_assignment(one.id, actor=actor)
        if not await self._registry.assigned(address):
            await forget_users(self._registry, self._memory, address)
            await self._radio.forget(address)

    async def look(self) -> bool:
        """Retire those whose successors have measured. True: some wait still."""
        waits = False
        try:
            rows = [row for row in await self._notes.ended() if row.found.get(WAITS)]
            for row in rows:
                waits = not await self._done(row) or waits
        except HuomaError as refusal:
            log.info("a replaced device is not taken away yet", why=str(refusal))
            return True
        return waits

    async def _done(self, row: PairingRow) -> bool:
        if row.address is None or row.replaces is None or not await self._still_meant(row.address, row.replaces, row):
            await self._notes.keep(replace(row, found={**row.found, WAITS: False}))
            return True
        if row.outcome != Outcome.READY and not await self._has_measured(row.address, row):
            return False
        await self.retire(row.replaces, row.actor, row.resident_id)
        verdict = str(row.found.get("verdict", ""))
        for words in (stays(row.replaces), not_yet(row.replaces)):
            verdict = verdict.replace(words, gone(row.replaces))
        await self._notes.keep(replace(row, found={**row.found, WAITS: False, "verdict": verdict}))
        log.info("a replaced device is taken away", device=row.replaces, by=row.address)
        return True

    async def _still_meant(self, new: str, old: str, row: PairingRow) -> bool:
        """Nobody has taken the new one away, nor given the old one to the resident again since.

        Of an old one that is nobody's the bond may be left: then the rest is done.
        """
        owners = {one.subject.id for one in await self._registry.assigned(new)}
        again = any(
            row.ended_at is not None and one.valid_from > row.ended_at and one.subject.id == row.resident_id
            for one in await self._registry.assigned(old)
        )
        return row.resident_id in owners and not again

    async def _has_measured(self, address: str, row: PairingRow) -> bool:
        identity = str(row.found.get("identity") or f"address:{address}")
        return await self._notes.measured(identity, resident_id=row.resident_id, since=row.started_at)
