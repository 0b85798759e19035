"""All pairings of a home: begun, bounded, found again, and mended after the gateway was stopped in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog

from device_drivers.advertising import Call
from firmware_profiles import Catalogue
from firmware_profiles.schema import LANGUAGES, nearest
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, HuomaError, Invalid, NotFound
from gateway.core.ids import new_id
from gateway.core.subject import Origin
from gateway.ingest.received import KnownDevice
from gateway.pairing.bind_keys import BindKeys, KeyActs
from gateway.pairing.earlier import state_of
from gateway.pairing.model import Candidate, PairingRequest, PairingState
from gateway.pairing.replaced import LOOK_S, WAITS, Replacements, stays
from gateway.pairing.report import Installation, markdown, spoken, standing
from gateway.pairing.session import PairingRadio, PairingSession, cut_off, undo
from gateway.store.assignments import Assignment
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry

PART: Final = "pairing"
OPEN_LIMIT: Final = 64  # at once: more than the devices of a large home
ENDED_KEPT: Final = 64  # with all that happened, for clients that come back; older ones by their note
MEND_AGAIN_S: Final = 5.0
HEARD_FOR_S: Final = 0.4  # one look at the radio serves all pairings of a moment

log = structlog.get_logger(__name__)


class Seen(Protocol):
    """One device that the radio hears (`gateway.radio.seen.Seen`)."""

    @property
    def address(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def model(self) -> str: ...
    @property
    def profile_id(self) -> str | None: ...
    @property
    def rssi(self) -> int: ...
    @property
    def heard_monotonic(self) -> float: ...
    @property
    def call(self) -> Call | None: ...


class Adapter(Protocol):
    """One adapter (`gateway.radio.adapters.station.AdapterState`)."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str | None: ...


class ListeningRadio(PairingRadio, Protocol):
    """`PairingRadio`, and who is heard."""

    def seen(self) -> Sequence[Seen]:
        """The latest first."""
        ...

    def adapters(self) -> Sequence[Adapter]:
        """What adapters there are."""
        ...


class Acts(KeyActs, Protocol):
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


class Pairings:
    """The service behind the API and the command line. It is the `Office` of its sessions.

    Args:
        broadcast: drivers of devices that are never connected to.
    """

    def __init__(
        self,
        *,
        radio: ListeningRadio,
        registry: Registry,
        memory: DeviceMemory,
        notes: PairingNotes,
        catalogue: Catalogue,
        broadcast: Collection[str],
        clock: Clock,
        zone: ZoneInfo,
        origin: Origin,
        acts: Acts,
    ) -> None:
        self._radio = radio
        self._registry = registry
        self._memory = memory
        self._notes = notes
        self._catalogue = catalogue
        self._broadcast = broadcast
        self._clock = clock
        self._zone = zone
        self._origin = origin
        self._acts = acts
        self._keys = BindKeys(memory, acts)
        self._replacements = Replacements(registry, radio, notes)
        self._group: asyncio.TaskGroup | None = None
        self._sessions: dict[str, PairingSession] = {}
        self._to_mend = asyncio.Event()
        self._listing: tuple[float, tuple[Candidate, ...]] = (-HEARD_FOR_S, ())

    async def run(self) -> None:
        """Until cancelled: carries the sessions, and mends what was cut off.

        Raises:
            StoreError: the store takes nothing.
        """
        self._to_mend.set()
        for key, session in list(self._sessions.items()):
            if not session.ended:  # of a run before this one: it is mended below, and its note tells how it ended
                session.log.close()
                del self._sessions[key]
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                waits = False
                while True:
                    with suppress(TimeoutError):
                        async with self._clock.timeout(LOOK_S if waits else None):
                            await self._to_mend.wait()
                    self._to_mend.clear()
                    mended = await self._mend()
                    waits = await self._replacements.look()
                    if not mended:
                        await self._clock.sleep(MEND_AGAIN_S)
                        self._to_mend.set()
        finally:
            self._group = None

    @property
    def running(self) -> bool:
        """Pairings can be begun."""
        return self._group is not None

    # ---- for technicians ----------------------------------------------------------------------------------------

    async def begin(self, request: PairingRequest) -> PairingState:
        """Set out to pair.

        Raises:
            Invalid: address, profile or language is none.
            NotFound: no such resident; or the gateway is only just starting.
            Conflict: the device is somebody else's or being paired already, or too many pairings are open.
        """
        request = await self._checked(request)
        if self._group is None:
            raise NotFound("The gateway is only just starting: try again in a few seconds.")
        open_ones = [one for one in self._sessions.values() if not one.ended]
        if len(open_ones) >= OPEN_LIMIT:
            raise Conflict(f"{OPEN_LIMIT} pairings are under way: finish or cancel one of them first.")
        if request.address is not None:
            if any(one.address == request.address for one in open_ones):
                raise Conflict(f"{request.address} is being paired already: go on there, or cancel that one.")
            await self.owned(request.address, request)
        pairing_id = new_id(self._clock.wall())
        session = PairingSession(
            pairing_id, request, office=self, radio=self._radio, catalogue=self._catalogue,
            broadcast=self._broadcast, clock=self._clock, zone=self._zone, on_change=self._to_mend.set,
        )  # fmt: skip
        self._sessions[pairing_id] = session
        self._forget_oldest()
        self._group.create_task(session.run())
        return session.state()

    def session(self, pairing_id: str) -> PairingSession:
        """Of this run of the gateway. Raises NotFound."""
        try:
            return self._sessions[pairing_id]
        except KeyError:
            raise NotFound(
                f"There is no pairing {pairing_id} of this run of the gateway: begin a new one; 'huoma pair --report' "
                "tells of ended ones."
            ) from None

    async def state(self, pairing_id: str) -> PairingState:
        """Of any, under way or ended. Raises NotFound."""
        if pairing_id in self._sessions:
            return self._sessions[pairing_id].state()
        row = await self._notes.one(pairing_id)
        if row is None:
            raise NotFound(f"There is no pairing {pairing_id}: begin a new one.")
        return state_of(row)

    def states(self) -> list[PairingState]:
        """All of this run that are remembered, the latest first."""
        return [one.state() for one in reversed(self._sessions.values())]

    async def report(self, language: str, *, values: bool, simulated: bool) -> str:
        """The installation report in Markdown. `values`: with what was first measured, which is not for technicians."""
        rows = await self._notes.ended()
        owned = frozenset(await self._owners())
        told = {row.id: await self._first_values(row) for row in standing(rows, owned)} if values else {}
        installation = Installation(
            home_id=self._origin.home_id,
            gateway_id=self._origin.gateway_id,
            adapters=[f"{one.name} {one.address or ''}".strip() for one in self._radio.adapters()],
            simulated=simulated,
            written_at=self._clock.wall(),
            rows=rows,
            owned=owned,
            residents={one.id: one.name for one in await self._registry.residents()},
            values={key: words for key, words in told.items() if words},
        )
        return markdown(installation, language=language, zone=self._zone)

    async def _first_values(self, row: PairingRow) -> str:
        identity = str(row.found.get("identity") or f"address:{row.address}")
        found = await self._notes.first_values(identity, since=row.started_at)
        return ", ".join(spoken(name, value) for name, value in found.items())

    async def nearby(self) -> tuple[Candidate, ...]:
        """Who is heard, and whose each is, the strongest first. Devices that no profile knows are there too."""
        heard = await self._heard()
        return tuple(sorted(heard, key=lambda one: (one.profile_id is None, -one.rssi, one.address)))

    async def _checked(self, request: PairingRequest) -> PairingRequest:
        resident = await self._registry.resident(request.resident_id)
        if request.language not in LANGUAGES:
            raise Invalid(f"There are no steps in {request.language!r}: give one of {', '.join(LANGUAGES)}.")
        if request.profile_id is not None and self._catalogue.get(request.profile_id) is None:
            known = [one.id for one in self._catalogue.profiles]
            raise Invalid(f"There is no profile {request.profile_id!r}: {nearest(request.profile_id, known)}")
        address = None if request.address is None else request.address.upper()
        replaces = None if request.replaces is None else request.replaces.upper()
        if replaces is not None and not await self._registry.assigned(replaces):
            raise NotFound(f"{replaces} belongs to nobody, so nothing can replace it: leave that out.")
        if replaces is not None and replaces == address:
            raise Invalid("A device cannot replace itself: leave 'replaces' out to pair it again.")
        return replace(request, resident_id=resident.id, address=address, replaces=replaces)

    # ---- the office of the sessions -----------------------------------------------------------------------------

    async def owned(self, address: str, request: PairingRequest) -> bool:
        """See `Office`."""
        open_ones = await self._registry.assigned(address)
        for one in open_ones:
            apart = request.user_slot is not None and one.user_slot is not None and one.user_slot != request.user_slot
            if one.subject.id != request.resident_id and not (apart or request.shared):
                raise Conflict(
                    f"{address} already belongs to {one.subject.type} {one.subject.id}: take it away there first "
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
            await self._memory.forget(row.address)
        await self._keys.bring_back(row.address, actor=row.actor)

    async def retire(self, address: str, actor: str) -> None:
        """See `Office`."""
        await self._replacements.retire(address, actor)

    async def give_key(self, address: str, bind_key: str, actor: str) -> None:
        """See `Office`."""
        await self._keys.give(address, bind_key, actor=actor)

    async def settle(self, address: str) -> None:
        """See `Office`."""
        await self._keys.settle(address)

    async def note(self, row: PairingRow) -> None:
        """See `Office`."""
        await self._notes.keep(row)

    async def candidates(self, request: PairingRequest, *, fresh: bool = False) -> tuple[Candidate, ...]:
        """See `Office`."""
        if fresh:
            self._listing = (-HEARD_FOR_S, ())
        taken = {one.address for one in self._sessions.values() if not one.ended and one.request is not request}
        return tuple(one for one in await self._heard() if one.address not in taken)

    async def _heard(self) -> tuple[Candidate, ...]:
        now = self._clock.monotonic()
        if now - self._listing[0] < HEARD_FOR_S:
            return self._listing[1]
        owners = await self._owners()
        found = tuple(
            Candidate(
                address=one.address.upper(), name=one.name, model=one.model, profile_id=one.profile_id, rssi=one.rssi,
                pairing=None if one.call is None else one.call.pairing, owner=owners.get(one.address.upper()),
                seconds_ago=round(max(0.0, now - one.heard_monotonic), 1),
            )
            for one in self._radio.seen()
        )  # fmt: skip
        self._listing = (now, found)
        return found

    async def _owners(self) -> dict[str, str]:
        """Whose each device is, by address."""
        addresses = {device.identity: device.address for device in await self._registry.devices()}
        return {
            addresses.get(one.device_identity, one.device_identity.removeprefix("address:")): one.subject.id
            for one in await self._registry.assigned()
        }

    # ---- what was cut off ---------------------------------------------------------------------------------------

    async def _mend(self) -> bool:
        """End the notes that nobody works on any more. False: not all could be, try again."""
        done = True
        for row in await self._notes.cut_off():
            session = self._sessions.get(row.id)
            if session is not None and not session.ended:
                continue
            try:
                await self._mend_one(row)
            except HuomaError as refusal:
                log.info("a pairing that was cut off waits to be undone", pairing=row.id, why=str(refusal))
                done = False
        return done

    async def _mend_one(self, row: PairingRow) -> None:
        if row.prepared:
            if row.address is not None:
                await self.settle(row.address)
            verdict = (
                "Paired and given to the resident; the gateway was stopped before a first measurement came. Measure "
                "once: 'huoma devices' shows when it was read."
            )
        else:
            await undo(row, office=self, radio=self._radio)
            verdict = "The gateway was stopped in the middle: what was made was taken back. Pair it anew."
        outcome = cut_off(row)
        found = {**row.found, "verdict": verdict}
        if row.prepared and row.replaces is not None:
            found |= {"verdict": f"{verdict} {stays(row.replaces)}", WAITS: True}
        await self._notes.keep(replace(row, outcome=outcome, found=found, ended_at=self._clock.wall()))
        log.info("a pairing that was cut off is ended", pairing=row.id, device=row.address, outcome=outcome)

    def _forget_oldest(self) -> None:
        ended = [key for key, one in self._sessions.items() if one.ended]
        for key in ended[: max(0, len(ended) - ENDED_KEPT)]:
            del self._sessions[key]
