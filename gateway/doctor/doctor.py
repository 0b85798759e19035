"""Looks at everything: the machine, the radio, the devices and their bonds, profiles, clock, store and disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.core.health import Colour, HealthBoard
from gateway.doctor.devices import Seen, how_it_is, never_read, with_rows
from gateway.doctor.findings import Finding, fail, ok, warn
from gateway.doctor.machine import Machine
from gateway.store.devices import DeviceRow
from gateway.store.pairings import PairingNotes
from gateway.store.registry import Registry

DISK_LOW_BYTES: Final = 500_000_000  # a home writes some 100 MB a year
DISK_FULL_BYTES: Final = 50_000_000
_BLUETOOTH: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}")
_JUDGED: Final = frozenset({"radio", "profiles"})  # looked at here, in more detail than their part tells


class Adapter(Protocol):
    """One adapter (`gateway.radio.adapters.station.AdapterState`)."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def state(self) -> str: ...
    @property
    def links(self) -> int: ...
    @property
    def links_limit(self) -> int: ...


class DoctorRadio(Protocol):
    """The radio (`gateway.radio.Radio`)."""

    def seen(self) -> Sequence[Seen]: ...

    def adapters(self) -> Sequence[Adapter]: ...

    async def bonds(self) -> Mapping[str, Collection[str]]: ...

    def device_problems(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """Asked for by `huoma doctor` and GET /doctor.

    Attributes:
        radio: None when no gateway runs, or it has no radio.
        running: a gateway runs.
        broadcast: drivers of devices that are never connected to, and so have no bond.
        data_dir: where the store is.
    """

    machine: Machine
    registry: Registry
    notes: PairingNotes
    catalogue: Catalogue
    clock: Clock
    health: HealthBoard
    data_dir: Path
    broadcast: Collection[str]
    radio: DoctorRadio | None = None
    running: bool = True

    async def look(self) -> list[Finding]:
        """Every finding, the machine first. It changes nothing."""
        found = await self.machine.look()
        if not self.running:
            words = "No gateway runs here: what needs its radio was not looked at"
            found.append(warn("gateway", words, "start it: 'huoma run'."))
        if self.radio is not None:
            found += self._radio(self.radio)
        found += self._profiles()
        found.append(self._clock())
        try:
            found += await self._devices()
            found.append(ok("store", "The store answers."))
        except StoreError as error:
            found.append(
                fail(
                    "store",
                    f"The store does not answer: {error}",
                    "look at the disk and at who owns data_dir, then start the gateway again.",
                )
            )
        found.append(disk(self.data_dir))
        found += self._parts()
        return found

    def _radio(self, radio: DoctorRadio) -> Iterator[Finding]:
        for one in radio.adapters():
            where = f"{one.name}{f' ({one.address})' if one.address else ''}"
            if one.state == "listening":
                yield ok("radio", f"{where} listens; {one.links} of {one.links_limit} connections are in use.")
            else:
                advice = "the gateway tries again by itself; if it stays so, plug the adapter out and in again."
                yield fail("radio", f"{where}: {one.state}", advice)
        for words in radio.device_problems():
            yield warn("radio", words, "its sentence says what to mend; then look again: 'huoma doctor'.")

    def _profiles(self) -> Iterator[Finding]:
        for problem in self.catalogue.problems:
            yield warn("profiles", problem, "'huoma profile check FILE' tells more.")
        if not self.catalogue.problems:
            yield ok("profiles", f"{len(self.catalogue.profiles)} device profiles.")

    def _clock(self) -> Finding:
        if self.clock.synchronised():
            return ok("clock", "The clock follows a time source.")
        return warn(
            "clock",
            "The gateway's clock follows no time source: readings are marked, and no device's clock is set",
            "connect it to the internet and run 'timedatectl set-ntp true'.",
        )

    async def _devices(self) -> list[Finding]:
        owned = with_rows(await self.registry.assigned(), await self.registry.devices())
        seen = {} if self.radio is None else {one.address.upper(): one for one in self.radio.seen()}
        found = [self._device(address, row, seen.get(address)) for address, row in owned.items()]
        if self.radio is not None:
            found += await self._bonds(self.radio, owned)
        return found or [ok("devices", "No device belongs to anybody yet.")]

    def _device(self, address: str, row: DeviceRow | None, heard: Seen | None) -> Finding:
        if row is None:
            return never_read(address)
        profile = self.catalogue.get(row.profile_id)
        unstored = profile is not None and (profile.driver in self.broadcast or set(profile.kinds) == {"motion"})
        return how_it_is(row, heard, unstored=unstored, clock=self.clock)

    async def _bonds(self, radio: DoctorRadio, owned: Mapping[str, DeviceRow | None]) -> list[Finding]:
        told = await radio.bonds()
        bonded = {address.upper() for addresses in told.values() for address in addresses}
        found = [
            warn(
                "bond",
                f"There is a bond with {address}, which belongs to nobody",
                f"give it to somebody ('huoma pair --address {address}'), or remove it: 'huoma unpair {address}'.",
            )
            for address in sorted(bonded - set(owned))
        ]
        here = {one.address for one in radio.adapters() if one.address is not None}
        needless = {row.address for row in await self.notes.ended() if row.found.get("bond") == "none"}
        for address, row in owned.items():
            if row is None or not _BLUETOOTH.fullmatch(address):
                continue  # on a wire, or behind a broker: there is nothing to be bonded
            if row.adapter in here or address in bonded or address in needless or not here:
                continue
            profile = self.catalogue.get(row.profile_id)
            if profile is None or profile.driver not in self.broadcast:
                words = f"{row.vendor} {row.model} ({address}) was paired with the adapter {row.adapter}, which is gone"
                found.append(fail("bond", words, f"pair it again: 'huoma pair --address {address}'."))
        return found

    def _parts(self) -> Iterator[Finding]:
        for name, part in sorted(self.health.parts().items()):
            if name in _JUDGED or part.colour is Colour.GREEN:
                continue
            make = fail if part.colour is Colour.RED else warn
            yield make(name, part.reason, "its sentence says what to mend; then look again: 'huoma doctor'.")


def disk(folder: Path) -> Finding:
    """The room on the disk of the store."""
    try:
        free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
    except OSError as error:
        return fail("disk", f"{folder} cannot be looked at ({error.strerror})", "choose another data_dir.")
    words = f"{free / 1e9:.1f} GB are free on the disk of {folder}"
    if free < DISK_FULL_BYTES:
        return fail("disk", words, "make room now: soon nothing can be stored.")
    if free < DISK_LOW_BYTES:
        return warn("disk", words, "make some room.")
    return ok("disk", f"{words}.")
