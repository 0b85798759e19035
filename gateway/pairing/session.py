"""One pairing at work: the flow, driven by the radio, the technician and the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, HuomaError
from gateway.pairing.contracts import Office, PairingRadio
from gateway.pairing.endings import settle, undo
from gateway.pairing.flow import Flow
from gateway.pairing.log import PairingLog
from gateway.pairing.model import Act, Outcome, PairingRequest, PairingState, Phase
from gateway.pairing.people import Technician
from gateway.pairing.replaced import WAITS, gone, not_yet, stays
from gateway.pairing.verdict import lost_places, readings_stop, ready, taken_away, user_stays
from gateway.pairing.watcher import Watcher
from gateway.store.pairings import PairingRow

LISTENING: Final = "listening"  # the state of an adapter that hears
TICK_S: Final = 0.5  # how often the list of heard devices is looked at
IDLE_S: Final = 300.0  # nothing happened: fetching the device and reading its steps take less
LONGEST_S: Final = 900.0  # even when something goes on happening, such as a link that comes and goes

log = structlog.get_logger(__name__)


class PairingSession:
    """Runs one pairing to its end. When `run` returns nothing is half done; if it is cancelled, the note says what is.

    Args:
        broadcast: drivers of devices that are never connected to.
        owned: the device that is asked for is the home's already.
        free: no other pairing has chosen the device of this address.
    """

    def __init__(
        self,
        pairing_id: str,
        request: PairingRequest,
        *,
        office: Office,
        radio: PairingRadio,
        catalogue: Catalogue,
        broadcast: Collection[str],
        clock: Clock,
        zone: ZoneInfo,
        owned: bool = False,
        free: Callable[[str], bool] = lambda _address: True,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = PairingLog(clock)
        self._id = pairing_id
        self._office = office
        self._radio = radio
        self._clock = clock
        self._stir = asyncio.Event()
        self._flow = Flow(request, catalogue=catalogue, broadcast=broadcast, log=self.log, free=free)
        self._technician = Technician(self._flow, clock, self._stir.set)
        self._watcher = Watcher(self._flow, clock, zone, self._stir.set)
        self._started = clock.monotonic()
        self._moved_at = clock.monotonic()
        self._moved = 0
        self._radio_works = True
        self._on_change = on_change
        self._key = request.bind_key  # until it is entered
        self._row = PairingRow(
            id=pairing_id,
            actor=request.actor,
            resident_id=request.resident_id,
            language=request.language,
            started_at=clock.wall(),
            address=request.address,
            profile_id=request.profile_id,
            user_slot=request.user_slot,
            placement=request.placement,
            shared=request.shared,
            replaces=request.replaces,
            owned_before=owned,
        )

    # ---- for those who ask --------------------------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """It is over, and all is noted."""
        return self.log.closed

    @property
    def address(self) -> str | None:
        """The chosen device."""
        return self._flow.address or self._flow.request.address

    @property
    def request(self) -> PairingRequest:
        """What the technician set out to do."""
        return self._flow.request

    def state(self) -> PairingState:
        """As it stands now."""
        flow, row = self._flow, self._row
        over = self.log.closed
        seconds = (row.ended_at - row.started_at).total_seconds() if row.ended_at else self._seconds()
        return PairingState(
            id=self._id, request=flow.request, phase=flow.phase, address=flow.address, model=flow.model,
            steps=flow.steps, ask=flow.ask, candidates=flow.candidates, found=dict(flow.found),
            outcome=flow.outcome if over else None, verdict=flow.verdict if over else None,
            started_at=row.started_at, ended_at=row.ended_at, seconds=round(seconds, 1),
        )  # fmt: skip

    # ---- what the technician does -------------------------------------------------------------------------------

    def select(self, address: str) -> None:
        """Raises Conflict: that one cannot be meant."""
        why = self._flow.select(address)
        if why is not None:
            raise Conflict(why)
        self._stir.set()

    def passkey(self, passkey: int) -> None:
        """Raises Conflict: nobody asked."""
        self._technician.give_passkey(passkey)

    def compare(self, *, match: bool) -> None:
        """Raises Conflict: nobody asked."""
        self._technician.give_match(match)

    async def bind_key(self, bind_key: str) -> None:
        """Raises Invalid: it is no key. Conflict: no device is chosen yet."""
        await self._office.give_key(self._chosen(), bind_key, self._row.actor)
        self._flow.answered()
        self._stir.set()

    async def consent_code(self, user: int, code: str) -> None:
        """Raises Invalid: it is no code. Conflict: no device is chosen yet."""
        address = self._chosen()
        if self._flow.codes.gives_without and not await self._office.has_users(address):
            raise Conflict("The device gives its measurements without a code: enter none.")
        await self._office.give_code(self._row, address, user, code)
        self._flow.is_user(user)
        self._flow.answered()
        self._stir.set()

    def _chosen(self) -> str:
        """The device, for which something is entered."""
        if self._flow.phase is Phase.ENDED:
            raise Conflict("This pairing has ended: nothing can be entered for it any more; begin another.")
        if self._flow.address is None:
            raise Conflict("No device is chosen yet: select one first.")
        return self._flow.address

    def cancel(self) -> None:
        """It ends as soon as what it made is taken back. Of one that has ended nothing happens."""
        self._flow.cancel()
        self._technician.leave()
        self._stir.set()

    # ---- the work -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """To its end.

        Raises:
            StoreError: not even its beginning can be noted, or how far it is.
        """
        await self._office.note(self._row)
        self._flow.begin()
        async with AsyncExitStack() as listening:
            while self._flow.phase is not Phase.ENDED or self._flow.acts:
                self._stir.clear()
                while self._flow.acts:
                    await self._do(self._flow.acts.pop(0), listening)
                if self._flow.phase is Phase.ENDED:
                    continue
                await self._note_what_is_done()
                self._flow.heard(await self._office.candidates(self._flow.request), self._clock.monotonic())
                self._watch_the_radio()
                self._watch_the_time()
                if not self._flow.acts:
                    await self._stirred()
        self.log.say("ended", self._flow.verdict or "", outcome=str(self._flow.outcome))
        self.log.close()
        self._on_change()

    async def _stirred(self) -> None:
        try:
            async with self._clock.timeout(TICK_S):
                await self._stir.wait()
        except TimeoutError:
            return

    def _watch_the_radio(self) -> None:
        """Without it nothing comes, and the technician would look for the fault at the device."""
        down = [f"{one.name}: {one.state}" for one in self._radio.adapters() if not one.state.startswith(LISTENING)]
        works = len(down) < len(self._radio.adapters())
        if self._radio_works and not works:
            why = "; ".join(down) or "there is no adapter"
            self.log.say("radio-down", f"Bluetooth does not work now ({why}): 'huoma doctor' says what to do.")
        elif works and not self._radio_works:
            self.log.say("radio-up", "Bluetooth works again.")
        self._radio_works = works

    def _watch_the_time(self) -> None:
        now = self._clock.monotonic()
        number = self.log.number
        if number != self._moved:
            self._moved, self._moved_at = number, now
        idle = now - self._moved_at
        if idle >= IDLE_S or self._seconds() >= LONGEST_S:
            self._flow.time_is_up(idle if idle >= IDLE_S else self._seconds())
            self._technician.leave()

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._started

    async def _do(self, act: Act, listening: AsyncExitStack) -> None:
        try:
            match act:
                case Act.LISTEN | Act.TRY_AGAIN:
                    await self._listen(listening)
                case Act.RENEW_BOND:
                    # Still listening: a device that is owned would be bonded with behind the technician's back.
                    if self._flow.address is not None:
                        await self._radio.forget(self._flow.address)
                case Act.ASSIGN:
                    await self._assign()
                case Act.KEEP:
                    await self._keep(listening)
                case Act.UNDO:
                    await self._undo(listening)
        except HuomaError as refusal:
            if act in (Act.KEEP, Act.UNDO):  # the note stays open: `Pairings` does it later
                self.log.say("later", f"Not all of it could be done now ({refusal}): it is tried again until it is.")
            else:
                self._flow.impossible(str(refusal))

    async def _listen(self, listening: AsyncExitStack) -> None:
        address = self._flow.address
        if address is None:
            return
        await listening.aclose()
        if self._flow.owned is None:  # once: later it is the resident's by this pairing, and the driver knows more
            async with self._radio.left(address):  # a visit that goes on would not know that somebody is being paired
                await self._look_whose(address)
        key, self._key = self._key, None
        if key is not None:
            await self._office.give_key(address, key, self._row.actor)
        await listening.enter_async_context(
            self._radio.pairing(
                address, agent=self._technician, watch=self._watcher, profile_id=self._flow.request.profile_id
            )
        )

    async def _look_whose(self, address: str) -> None:
        owned = await self._office.owned(address, self._flow.request)
        # Before the radio may bond: after a power cut there is no asking whether it did.
        self._row = replace(self._row, address=address, profile_id=self._profile_id(), owned_before=owned)
        await self._office.note(self._row)
        await self._office.want(address, self._flow.request)
        self._flow.owned = owned
        if owned:
            self._flow.found.setdefault("bond", "as-before")

    def _profile_id(self) -> str | None:
        return self._row.profile_id if self._flow.profile is None else self._flow.profile.id

    async def _assign(self) -> None:
        flow = self._flow
        if flow.address is None:
            return
        if await self._office.waits(flow.address):
            flow.assign_later()
            return
        made = await self._office.assign(flow.address, flow.device, self._row)
        whose = "It belongs to the resident now." if made is not None else "It belongs to the resident, as before."
        new_user = made is not None and made.user_slot != flow.request.user_slot
        slot = flow.request.user_slot if made is None else made.user_slot
        flow.assigned(self._row.started_at if new_user else self._clock.wall(), whose, slot)

    async def _note_what_is_done(self, *, keeps: bool = False) -> None:
        if self._flow.prepared and not self._row.prepared and (keeps or await self._user_is_made()):
            found = dict(self._flow.found) | {"model_words": self._flow.model}
            self._row = replace(self._row, prepared=True, bonded=self._flow.bonding.made, found=found)
            await self._office.note(self._row)

    async def _user_is_made(self) -> bool:
        """Whoever had it before, and is to be a new user of it, has nothing before that one is made."""
        address = self._row.address
        return address is None or not self._row.owned_before or not await self._office.unmade(address)

    async def _keep(self, listening: AsyncExitStack) -> None:
        flow = self._flow
        await listening.aclose()
        await self._look_once_more()
        await self._note_what_is_done(keeps=True)  # what is cut off from here on stands
        measured = flow.found.get("first", {}).get("user_slot")
        user = await settle(self._row, measured=measured, office=self._office, radio=self._radio)
        if user is not None:
            flow.found["user"] = user
            flow.verdict = f"{flow.verdict} The resident is user {user} on it."
        flow.verdict = lost_places(flow.verdict or "", await self._office.lost(self._row))
        anothers = await self._office.anothers(self._row, user)
        if anothers is not None:
            flow.outcome, flow.verdict = Outcome.FAILED, taken_away(flow.model or "device", anothers)
        replaces = self._row.replaces
        if replaces is not None and replaces != flow.address:
            await self._replace(replaces)
        await self._end(prepared=True)

    async def _replace(self, replaces: str) -> None:
        """The one before goes when this one has measured; else it stays, and that is noted."""
        flow = self._flow
        words = stays(replaces)
        flow.found[WAITS] = True
        if flow.outcome is Outcome.READY:
            try:
                await self._office.retire(replaces, self._row.actor, self._row.resident_id)
                words, flow.found[WAITS] = gone(replaces), False
                self.log.say("replaced", words)
            except HuomaError as refusal:
                words = not_yet(replaces)
                self.log.say("not-replaced", f"{replaces} could not be taken away yet: {refusal}")
        if words not in (flow.verdict or ""):
            flow.verdict = f"{flow.verdict} {words}"

    async def _look_once_more(self) -> None:
        """The signal of this moment: a pendant is heard for the first time when it is pressed."""
        flow = self._flow
        heard = [one for one in await self._office.candidates(flow.request, fresh=True) if one.address == flow.address]
        if heard:
            flow.found["rssi"] = heard[0].rssi
        if flow.outcome is Outcome.READY:
            flow.verdict = ready(flow.model or "device", flow.found)

    async def _undo(self, listening: AsyncExitStack) -> None:
        await listening.aclose()
        if self._flow.owned is None:  # nothing was begun with the device, which may be another pairing's
            await self._end(prepared=False)
            return
        if self._row.prepared:  # else what cannot be taken back now would be taken for a pairing that stands
            self._row = replace(self._row, prepared=False)
            await self._office.note(self._row)
        flow, address = self._flow, self._row.address
        if await undo(self._row, office=self._office, radio=self._radio):
            flow.verdict = user_stays(flow.verdict or "")
        flow.verdict = lost_places(flow.verdict or "", await self._office.lost(self._row))
        if self._row.owned_before and flow.bonding.old_gone and address is not None:
            flow.verdict = readings_stop(flow.verdict or "", address)
        await self._end(prepared=False)

    async def _end(self, *, prepared: bool) -> None:
        flow = self._flow
        found = dict(flow.found) | {"verdict": flow.verdict, "model_words": flow.model}
        self._row = replace(
            self._row, outcome=str(flow.outcome), bonded=flow.bonding.made and prepared, prepared=prepared,
            profile_id=self._profile_id(), found=found, ended_at=self._clock.wall(),
        )  # fmt: skip
        await self._office.note(self._row)
        log.info("pairing ended", pairing=self._id, device=self._row.address, outcome=self._row.outcome)
