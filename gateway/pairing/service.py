"""All pairings of a home: begun, bounded, found again, and mended after the gateway was stopped in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from firmware_profiles import Catalogue
from firmware_profiles.schema import LANGUAGES, nearest
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, Invalid, NotFound
from gateway.core.ids import new_id
from gateway.core.subject import Origin
from gateway.pairing.contracts import PairingRadio
from gateway.pairing.earlier import state_of
from gateway.pairing.mending import Mending
from gateway.pairing.model import Candidate, PairingRequest, PairingState
from gateway.pairing.nearby import Ears, Nearby
from gateway.pairing.office import Acts, HomeOffice
from gateway.pairing.replaced import LOOK_S, Replacements
from gateway.pairing.report import Installation, markdown, spoken, standing
from gateway.pairing.session import PairingSession
from gateway.store.device_memory import DeviceMemory
from gateway.store.pairings import PairingNotes, PairingRow
from gateway.store.registry import Registry

PART: Final = "pairing"
OPEN_LIMIT: Final = 64  # at once: more than the devices of a large home
ENDED_KEPT: Final = 64  # with all that happened, for clients that come back; older ones by their note
MEND_AGAIN_S: Final = 5.0


class ListeningRadio(PairingRadio, Ears, Protocol):
    """`PairingRadio`, and who is heard."""


class Pairings:
    """The service behind the API and the command line.

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
        self._notes = notes
        self._catalogue = catalogue
        self._broadcast = broadcast
        self._clock = clock
        self._zone = zone
        self._origin = origin
        self._group: asyncio.TaskGroup | None = None
        self._sessions: dict[str, PairingSession] = {}
        self._to_mend = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._nearby = Nearby(radio, registry, clock)
        self._replacements = Replacements(registry, radio, notes, memory)
        self._office = HomeOffice(
            registry=registry, memory=memory, notes=notes, acts=acts, replacements=self._replacements,
            nearby=self._nearby, chosen=self._chosen, under_way=self._under_way,
        )  # fmt: skip
        self._mending = Mending(office=self._office, radio=radio, notes=notes, clock=clock, under_way=self._under_way)

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
                    mended = await self._mending.mend()
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
        async with self._beginning:  # so that of two requests for one device the second sees the first
            return await self._begin(await self._checked(request))

    async def _begin(self, request: PairingRequest) -> PairingState:
        if self._group is None:
            raise NotFound("The gateway is only just starting: try again in a few seconds.")
        open_ones = [one for one in self._sessions.values() if not one.ended]
        if len(open_ones) >= OPEN_LIMIT:
            raise Conflict(f"{OPEN_LIMIT} pairings are under way: finish or cancel one of them first.")
        owned = False
        if request.address is not None:
            self.must_be_left_alone(request.address)
            owned = await self._office.owned(request.address, request)
        pairing_id = new_id(self._clock.wall())
        session = PairingSession(
            pairing_id, request, office=self._office, radio=self._radio, catalogue=self._catalogue,
            broadcast=self._broadcast, clock=self._clock, zone=self._zone, on_change=self._to_mend.set, owned=owned,
            free=lambda address: address not in self._chosen(request),
        )  # fmt: skip
        self._sessions[pairing_id] = session
        self._forget_oldest()
        self._group.create_task(session.run())
        return session.state()

    def must_be_left_alone(self, address: str) -> None:
        """Raises Conflict: the device is being paired at this moment."""
        if any(one.address == address.upper() for one in self._sessions.values() if not one.ended):
            raise Conflict(f"{address.upper()} is being paired already: go on there, or cancel that one.")

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
        owned = frozenset(await self._nearby.owners())
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
        heard = await self._nearby.heard()
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

    def _chosen(self, request: PairingRequest) -> set[str | None]:
        """What the other open pairings have chosen."""
        return {one.address for one in self._sessions.values() if not one.ended and one.request is not request}

    def _under_way(self, pairing_id: str) -> bool:
        session = self._sessions.get(pairing_id)
        return session is not None and not session.ended

    def _forget_oldest(self) -> None:
        ended = [key for key, one in self._sessions.items() if one.ended]
        for key in ended[: max(0, len(ended) - ENDED_KEPT)]:
            del self._sessions[key]
