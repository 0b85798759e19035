"""Pairings that a stop of the gateway cut off: complete ones stand, the others are undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import structlog

from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.pairing.contracts import Office, PairingRadio
from gateway.pairing.endings import cut_off, settle, undo
from gateway.pairing.replaced import WAITS, stays
from gateway.pairing.verdict import lost_places, user_stays
from gateway.store.pairings import PairingNotes, PairingRow

log = structlog.get_logger(__name__)


class Mending:
    """Reads what was cut off from the notes.

    Args:
        under_way: whether a pairing, by its id, is being worked on.
    """

    def __init__(
        self,
        *,
        office: Office,
        radio: PairingRadio,
        notes: PairingNotes,
        clock: Clock,
        under_way: Callable[[str], bool],
    ) -> None:
        self._office = office
        self._radio = radio
        self._notes = notes
        self._clock = clock
        self._under_way = under_way

    async def mend(self) -> bool:
        """End the notes that nobody works on any more. False: not all could be, try again."""
        done = True
        for row in await self._notes.cut_off():
            if self._under_way(row.id):
                continue
            try:
                await self._mend_one(row)
            except HuomaError as refusal:
                log.info("a pairing that was cut off waits to be undone", pairing=row.id, why=str(refusal))
                done = False
        return done

    async def _mend_one(self, row: PairingRow) -> None:
        if row.prepared:
            await settle(row, measured=None, office=self._office, radio=self._radio)
            verdict = (
                "Paired and given to the resident; the gateway was stopped before a first measurement came. Measure "
                "once: 'huoma devices' shows when it was read."
            )
        else:
            stands = await undo(row, office=self._office, radio=self._radio)
            verdict = "The gateway was stopped in the middle: what was made was taken back. Pair it anew."
            verdict = user_stays("The gateway was stopped in the middle.") if stands else verdict
        if row.prepared and await self._office.anothers(row, None) is not None:
            verdict = "The gateway was stopped in the middle, and the device is not the resident's: pair it anew."
        verdict = lost_places(verdict, await self._office.lost(row))
        outcome = cut_off(row)
        found = {**row.found, "verdict": verdict}
        if row.prepared and row.replaces is not None:
            found |= {"verdict": f"{verdict} {stays(row.replaces)}", WAITS: True}
        await self._notes.keep(replace(row, outcome=outcome, found=found, ended_at=self._clock.wall()))
        log.info("a pairing that was cut off is ended", pairing=row.id, device=row.address, outcome=outcome)
