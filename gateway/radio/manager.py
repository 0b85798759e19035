"""The radio: adapters that listen, devices of ours connected when they call, pairing, and what people are told."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import tzinfo

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from device_drivers.advertising import Caller
from device_drivers.calls import CALLS
from device_drivers.sessions import SESSIONS, Session
from firmware_profiles import Catalogue
from gateway.core.clock import Clock
from gateway.core.errors import Conflict, HuomaError, RadioUnavailable, StoreError
from gateway.core.health import HealthBoard
from gateway.radio.adapters.station import AdapterState, Station
from gateway.radio.adapters.stations import PART, Stations
from gateway.radio.advert import advert_of
from gateway.radio.broadcast.broadcasts import Broadcasts
from gateway.radio.contracts import DeviceBook, PairingWatch, RadioSink
from gateway.radio.host import Adapter, Host, ListsBonds, PairingAgent
from gateway.radio.pairing import Permit, Relay
from gateway.radio.seen import Device, Seen, SeenDevices
from gateway.radio.visits.bonds import Bonds
from gateway.radio.visits.capture import Capture
from gateway.radio.visits.dispatch import Dispatcher
from gateway.radio.visits.link import BleakLink
from gateway.radio.visits.refusals import Refusals
from gateway.radio.visits.visit import Visitor, leaf

__all__ = ["PART", "Radio"]


class Radio:
    """Everything between the hosts' adapters and the gateway.

    Args:
        host: where the adapter comes from.
        more_hosts: further adapters; the strongest signal decides which of them connects.
        catalogue: which profile an advertiser has; one without is "unknown" and never connected to.
        book: which devices are ours; others are never connected to.
        sink: where readings, motion and words go.
        tz: the home's time zone, which the devices' clocks speak.
        rng: jitter of the rests.
        sessions: by driver name.
        callers: by driver name: who reads from an advertisement whether connecting is worth it.
    """

    def __init__(
        self,
        *,
        host: Host,
        catalogue: Catalogue,
        book: DeviceBook,
        sink: RadioSink,
        clock: Clock,
        tz: tzinfo,
        health: HealthBoard,
        rng: random.Random,
        sessions: Mapping[str, Session] = SESSIONS,
        callers: Mapping[str, Caller] = CALLS,
        more_hosts: Sequence[Host] = (),
    ) -> None:
        self._book = book
        self._clock = clock
        self._devices = SeenDevices(catalogue, callers)
        self._bonds = Bonds()
        self._refusals = Refusals()
        self._stations = Stations(
            (host, *more_hosts),
            clock=clock,
            health=health,
            rng=rng,
            bonds=self._bonds,
            heard=self._heard,
            relied_on=lambda: self._broadcasts.relied_on,
            troubles=lambda: (*self._refusals.standing.values(), *self._dispatcher.crowded_out.values()),
        )
        self._visitor = Visitor(
            book=book,
            sink=sink,
            clock=clock,
            tz=tz,
            rng=rng,
            sessions=sessions,
            bonds=self._bonds,
            refusals=self._refusals,
            changed=self._stations.report,
        )
        self._dispatcher = Dispatcher(
            stations=tuple(self._stations),
            devices=self._devices,
            book=book,
            bonds=self._bonds,
            visitor=self._visitor,
            clock=clock,
        )
        self._broadcasts = Broadcasts(
            book=book, sink=sink, clock=clock, tz=tz, health=health, permits=self._dispatcher.permits
        )
        self._awaited: dict[str, asyncio.Event] = {}  # one per capture under way

    async def run(self) -> None:
        """Until cancelled. An adapter that goes away is looked for again while another one works.

        Raises:
            RadioUnavailable: no adapter is left; run again later. What is known of devices, bonds and permits stays.
            KeysDamaged: the bonds cannot be read nor set aside.
        """
        withdraw = self._book.on_change(self._dispatcher.book_changed)
        failure: BaseException | None = None
        self._stations.begin()
        try:
            async with asyncio.TaskGroup() as group:
                for station in self._stations:
                    group.create_task(self._stations.keep(station))
                group.create_task(self._dispatcher.run())
                # In the body, not as a task: in Python 3.11 a group that fails while its body has ended leaves its task
                # marked as being cancelled, and our supervisor would take the failure for its own end.
                await self._broadcasts.run()
        except* HuomaError as several:
            failure = leaf(several)
        finally:
            withdraw()
        if failure is not None:
            raise failure

    @property
    def motions_dropped(self) -> int:
        """Pieces of motion that nobody took in time."""
        return self._visitor.motions_dropped

    def seen(self) -> tuple[Seen, ...]:
        """Who has been heard, the latest first."""
        return self._devices.listing(self._clock.monotonic())

    def adapters(self) -> tuple[AdapterState, ...]:
        """What adapters there are, and how they are."""
        return self._stations.states()

    @asynccontextmanager
    async def pairing(
        self, address: str, *, agent: PairingAgent | None, watch: PairingWatch, profile_id: str | None = None
    ) -> AsyncIterator[None]:
        """Within, the device may be connected to and bonded although nobody has been given it.

        Leaving ends the permission, and the connection if nobody owns the device then. It removes nothing: a bond that
        was made stays until `forget`. A device that has been given to somebody meanwhile goes on undisturbed.

        The agent answers what the device asks while it is being bonded; without one only devices that need nobody can
        be paired. The watch is told what happens, until the block is left. With `profile_id` a device that is heard to
        be another model is not connected to.

        Raises:
            Conflict: the device is being paired already.
        """
        permits = self._dispatcher.permits
        if address in permits:
            raise Conflict(f"{address} is being paired already: finish that, or break it off.")
        relay = Relay(watch)
        permits[address] = Permit(agent=agent, relay=relay, profile_id=profile_id)
        try:
            await self._dispatcher.end(address)  # a connection under way has no agent and tells nobody
            self.try_at_once(address)
            yield
        finally:
            relay.close()
            del permits[address]
            if not await self._owned(address):
                await self._dispatcher.end(address)

    @asynccontextmanager
    async def capture(
        self, address: str, *, agent: PairingAgent | None = None, given: Callable[[], None] = lambda: None
    ) -> AsyncIterator[Capture]:
        """Connect to any device when it calls, and see all that it has. Waits for its call for as long as it takes.

        The agent answers when the device wants to be bonded; without one no bond is made. `given` is called when the
        device has been given to somebody meanwhile: leave the block then, so that it is heard for that person. What it
        advertises is heard all the time: a press is a call for help, whoever records the button.

        Raises:
            Conflict: it is connected to, or being captured.
            NotFound: there is no adapter now.
            LinkLost, BondLost, DeviceRefused: connecting failed; and in the block, as `Capture` says.
        """
        self._stations.opened()
        if address in self._awaited:
            raise Conflict(f"{address} is being captured already.")
        awaited = self._awaited[address] = asyncio.Event()
        self._dispatcher.captures[address] = given
        try:
            known = self._devices.get(address)
            if known is not None and known.in_session:
                raise Conflict(f"{known.words()} is connected to: try again in a moment, or take it out of use first.")
            device, station, adapter, ble = await self._reachable(address, awaited)
            device.in_session = True
            station.links.add(address)
            try:
                async with BleakLink(adapter, ble, may_pair=agent is not None, agent=agent) as link:
                    yield Capture(link, device.advert())
            finally:
                device.in_session = False
                station.links.discard(address)
        finally:
            del self._awaited[address], self._dispatcher.captures[address]

    @asynccontextmanager
    async def left(self, address: str) -> AsyncIterator[None]:
        """In the block nothing is said to this device: its session is over, and none begins."""
        self._dispatcher.barred.add(address)
        try:
            await self._dispatcher.end(address)
            yield
        finally:
            self._dispatcher.barred.discard(address)

    async def forget(self, address: str) -> None:
        """A technician's act: remove the bond with a device from every adapter that holds one, and hang up.

        Raises:
            NotFound: there is no adapter now.
            KeysNotWritable: the bond is still there.
            RadioUnavailable: the host does not answer; it may still be there.
        """
        adapters = self._stations.opened()
        await self._dispatcher.end(address)
        for adapter in adapters:
            try:
                await adapter.forget(address)
            except (BleakError, EOFError, OSError) as error:
                raise RadioUnavailable(
                    f"The bond with {address} could not be removed ({error}): try again when Bluetooth answers."
                ) from error
        self._bonds.forgotten(address)
        self.try_at_once(address)
        self._stations.report()

    async def bonds(self) -> Mapping[str, Collection[str]]:
        """With whom each open adapter has bonds, by the adapter's name; one that cannot tell is left out."""
        told: dict[str, Collection[str]] = {}
        for station in self._stations:
            adapter: object = station.adapter
            if isinstance(adapter, ListsBonds):
                with suppress(BleakError, EOFError, OSError):
                    told[station.name] = await adapter.bonds()
        return told

    def stale_bonds(self) -> Mapping[str, str]:
        """The bonds that devices do not take any more, by address: the sentence for people, with what to do."""
        return dict(self._bonds.stale)

    def refusals(self) -> Mapping[str, str]:
        """The devices of ours that refused on their last visit, by address: the sentence for people."""
        return dict(self._refusals.standing)

    def device_problems(self) -> Sequence[str]:
        """What the health board says of bonds and devices: a sentence each, with what to do."""
        return self._stations.device_problems()

    async def pair_again(self, address: str) -> None:
        """A technician's act: forget the bond with a device and make a new one when it calls.

        Raises:
            NotFound: there is no adapter now.
        """
        await self.forget(address)
        self._bonds.told_to_pair.add(address)

    def accept_damaged_bonds(self) -> None:
        """A technician's act: the sentence about a damaged file of bonds was read; devices may pair again."""
        for station in self._stations:
            if station.adapter is not None:
                station.adapter.accept_notice()
        for address in list(self._bonds.stale):
            self._bonds.forgotten(address)
            self.try_at_once(address)
        self._stations.report()

    def _heard(self, station: Station, ble: BLEDevice, data: AdvertisementData) -> None:
        device = self._devices.heard(ble, data, self._clock.monotonic(), station.name)
        awaited = self._awaited.get(device.address)
        if awaited is not None:
            awaited.set()
        if device.profile is not None and self._broadcasts.takes(device.profile):  # a captured one too
            self._broadcasts.heard(
                advert_of(device.address, device.name, data),
                device.profile,
                adapter="" if station.adapter is None else station.adapter.address,
                simulated=station.host.simulated,
            )
            device.wanted = self._broadcasts.wanted(device.address)  # ours are never forgotten
        elif device.profile is not None and awaited is None:
            self._dispatcher.called(device)

    async def _reachable(self, address: str, awaited: asyncio.Event) -> tuple[Device, Station, Adapter, BLEDevice]:
        """Wait until the device calls where there is room for it."""
        while True:
            await awaited.wait()
            awaited.clear()
            device = self._devices.get(address)
            station = None if device is None else await self._dispatcher.station_for(device)
            if device is not None and station is not None and station.adapter is not None:
                return device, station, station.adapter, device.signals[station.name].ble

    async def _owned(self, address: str) -> bool:
        try:
            return await self._book.wanted(address) is not None
        except StoreError:
            return False

    def try_at_once(self, address: str) -> None:
        """A technician did something about a device: it is connected to when it calls, whatever went wrong before."""
        device = self._devices.get(address)
        if device is not None:
            device.rest.forget()
            device.doubts = 0
            device.told = None
