"""The radio: one scan, devices of ours connected when they call, their sessions run, rests kept."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import tzinfo
from functools import partial
from typing import Final

import structlog
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from device_drivers.errors import BondLost, DeviceRefused, LinkLost
from device_drivers.sessions import SESSIONS, End, Session, SessionResult
from firmware_profiles import Catalogue, Profile
from gateway.core.clock import Clock
from gateway.core.errors import NotFound, RadioUnavailable
from gateway.core.health import Colour, HealthBoard
from gateway.radio.connection import Arrival, Conversation
from gateway.radio.contracts import DeviceBook, RadioSink, Severity
from gateway.radio.host import Adapter, Host
from gateway.radio.link import BleakLink
from gateway.radio.memory import DeviceMemory
from gateway.radio.seen import Device, Seen, SeenDevices, may_be_named_yet

PART: Final = "radio"
LINKS_LIMIT: Final = 6  # what common controllers hold beside a scan (7 is the USB dongles' usual maximum)
SILENCE_S: Final = 90.0  # in a lived-in home something advertises every few seconds: the scan may have died

log = structlog.get_logger(__name__)


class Radio:
    """Everything between the host's adapter and the gateway.

    Args:
        host: where the adapter comes from.
        catalogue: which profile an advertiser has; one without is "unknown" and never connected to.
        book: which devices are ours; others are never connected to.
        sink: where readings, motion and words go.
        tz: the home's time zone, which the devices' clocks speak.
        rng: jitter of the rests.
        sessions: by driver name.
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
    ) -> None:
        self._host = host
        self._book = book
        self._sink = sink
        self._clock = clock
        self._tz = tz
        self._health = health
        self._rng = rng
        self._sessions = sessions
        self._devices = SeenDevices(catalogue)
        self._adapter: Adapter | None = None
        self._calls: dict[str, None] = {}  # addresses that called; at most one entry per remembered device
        self._stir = asyncio.Event()
        self._generation = 0
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stale: dict[str, str] = {}  # address → sentence; bounded by the devices that were ours
        self._told_to_pair: set[str] = set()
        self.motions_dropped = 0

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            RadioUnavailable: no adapter, or it went away; run again later.
            KeysDamaged: the bonds cannot be read nor set aside.
        """
        withdraw = self._book.on_change(self._book_changed)
        lost: BaseException | None = None
        try:
            async with self._host.open() as adapter:
                self._adapter = adapter
                self._report()
                try:
                    async with asyncio.TaskGroup() as group:
                        group.create_task(self._watch(adapter))
                        group.create_task(self._listen(adapter))
                        await self._dispatch(adapter, group)
                except* RadioUnavailable as unavailable:
                    lost = _leaf(unavailable)
        finally:
            withdraw()
            self._adapter = None
            self._calls.clear()
        if lost is not None:
            raise lost

    def seen(self) -> tuple[Seen, ...]:
        """Who has been heard, the latest first."""
        return self._devices.listing(self._clock.monotonic())

    async def pair_again(self, address: str) -> None:
        """A technician's act: forget the bond with a device and make a new one when it calls.

        Raises:
            NotFound: the radio is not running.
        """
        if self._adapter is None:
            raise NotFound("The radio is not running: start the gateway, then pair the device again.")
        await self._adapter.forget(address)
        self._told_to_pair.add(address)
        self._stale.pop(address, None)
        device = self._devices.get(address)
        if device is not None:
            device.rest.forget()
        self._report()

    def accept_damaged_bonds(self) -> None:
        """A technician's act: the sentence about a damaged file of bonds was read; devices may pair again."""
        if self._adapter is None:
            return
        self._adapter.accept_notice()
        for address in self._stale:
            device = self._devices.get(address)
            if device is not None:
                device.rest.forget()
        self._stale.clear()
        self._report()

    def _book_changed(self) -> None:
        self._generation += 1
        self._stir.set()

    async def _watch(self, adapter: Adapter) -> None:
        reason = await adapter.lost()
        raise RadioUnavailable(f"{reason[0].upper()}{reason[1:]} ({self._host.name}): plug it in again.")

    async def _listen(self, adapter: Adapter) -> None:
        """One scan, started anew after a silence."""
        heard = asyncio.Event()

        def advertised(ble: BLEDevice, data: AdvertisementData) -> None:
            heard.set()
            self._heard(ble, data)

        while True:
            try:
                async with adapter.scanner(advertised):
                    while True:
                        heard.clear()
                        async with self._clock.timeout(SILENCE_S):
                            await heard.wait()
            except TimeoutError:
                log.info("nothing heard, scanning anew", silence_s=SILENCE_S)
            except BleakError as error:
                raise RadioUnavailable(
                    f"Bluetooth on {self._host.name} cannot scan ({error}): switch the adapter off and on."
                ) from error

    def _heard(self, ble: BLEDevice, data: AdvertisementData) -> None:
        now = self._clock.monotonic()
        device = self._devices.heard(ble, data, now)
        if device.profile is None or device.in_session or device.rest.resting(now) or may_be_named_yet(device, now):
            return
        self._calls[device.address] = None
        self._stir.set()

    async def _dispatch(self, adapter: Adapter, group: asyncio.TaskGroup) -> None:
        generation = self._generation
        while True:
            await self._stir.wait()
            self._stir.clear()
            if generation != self._generation:
                generation = self._generation
                await self._end_unwanted()
            while self._calls:
                address = next(iter(self._calls))
                del self._calls[address]
                device = self._devices.get(address)
                if device is None or device.in_session or len(self._running) >= LINKS_LIMIT:
                    continue  # it goes on calling
                if await self._is_ours(device):
                    device.in_session = True
                    task = group.create_task(self._serve(adapter, device))
                    self._running[address] = task
                    task.add_done_callback(partial(self._ended, device))

    def _ended(self, device: Device, _task: asyncio.Task[None]) -> None:
        device.in_session = False
        self._running.pop(device.address, None)

    async def _end_unwanted(self) -> None:
        for address, task in list(self._running.items()):
            device = self._devices.get(address)
            if device is None or not await self._is_ours(device):
                task.cancel()

    async def _is_ours(self, device: Device) -> bool:
        if device.asked_in != self._generation:
            generation = self._generation
            device.wanted = await self._book.wanted(device.address)
            device.asked_in = generation
        return device.wanted is not None

    async def _serve(self, adapter: Adapter, device: Device) -> None:
        """One call of one device, from connecting to hanging up; its outcome in words and in its rest."""
        profile, wanted = device.profile, device.wanted
        if profile is None or wanted is None:
            return
        session = self._sessions.get(profile.driver)
        if session is None:
            self._say(device, f"its profile names the unknown driver {profile.driver!r}: correct it.", Severity.FAULT)
            device.rest.stale(self._clock.monotonic(), self._rng)
            return
        told = device.address in self._told_to_pair
        may_pair = told or (wanted.may_pair and adapter.notice is None and device.address not in self._stale)
        arrival = self._arrival(adapter, device, profile)
        conversation = Conversation(arrival, self._clock, self._sink)
        try:
            async with BleakLink(adapter, device.ble, may_pair=may_pair) as link:
                result = await conversation.run(
                    session, link, self._tz, DeviceMemory(self._book, device.address, wanted.memory)
                )
                bonded = link.newly_bonded
        except BondLost as error:
            self._bond_lost(adapter, device, str(error))
        except (LinkLost, DeviceRefused) as error:
            pause = device.rest.failed(self._clock.monotonic(), self._rng)
            severity = Severity.FAULT if isinstance(error, DeviceRefused) else Severity.WARNING
            self._say(device, f"{error}; trying again in {pause:.0f} s.", severity)
        except Exception as defect:
            # Supervises one device: whatever its bytes bring about, the others (a strap that may have to tell of a
            # fall) are not touched. A defect of ours, so its stack goes to the log and a person is told.
            log.exception("session failed unexpectedly", device=device.address)
            pause = device.rest.failed(self._clock.monotonic(), self._rng)
            kind = type(_leaf(defect)).__name__
            words = f"what it sent could not be handled ({kind}); trying again in {pause:.0f} s."
            self._say(device, f"{words} Please report this with the log.", Severity.FAULT)
        else:
            self._succeeded(device, result, conversation, bonded=bonded)
        finally:
            device.identity = conversation.device.identity
            self.motions_dropped += conversation.dropped_motions

    def _arrival(self, adapter: Adapter, device: Device, profile: Profile) -> Arrival:
        wanted = device.wanted
        return Arrival(
            address=device.address,
            name=device.name,
            profile=profile,
            adapter=adapter.address,
            simulated=self._host.simulated,
            identity=device.identity or (None if wanted is None else wanted.identity),
        )

    def _succeeded(self, device: Device, result: SessionResult, conversation: Conversation, *, bonded: bool) -> None:
        device.rest.succeeded(self._clock.monotonic(), self._rng, readings=conversation.readings)
        if self._stale.pop(device.address, None) is not None:
            self._report()
        if bonded:
            self._told_to_pair.discard(device.address)
            self._say(device, "paired.", Severity.INFORMATION)
        if result.end is End.NOT_MEASURING:
            self._say(device, "it offers no measurement that this gateway knows.", Severity.FAULT)
        elif conversation.readings:
            received = "1 reading" if conversation.readings == 1 else f"{conversation.readings} readings"
            self._say(device, f"{received} received.", Severity.INFORMATION)

    def _bond_lost(self, adapter: Adapter, device: Device, reason: str) -> None:
        device.rest.stale(self._clock.monotonic(), self._rng)
        words = (
            f"{reason}. Pair it again: run 'huoma device pair-again {device.address}', put it into pairing mode and "
            "follow the steps of its profile."
        )
        if adapter.notice is not None:
            words = f"{words} {adapter.notice}"
        self._stale[device.address] = f"{device.words()}: {words}"
        self._say(device, words, Severity.FAULT)
        self._report()

    def _say(self, device: Device, words: str, severity: Severity) -> None:
        log.info("device", device=device.address, name=device.name, severity=severity.value, words=words)
        self._sink.device_state(device.address, f"{device.words()}: {words}", severity)

    def _report(self) -> None:
        adapter = self._adapter
        if adapter is None:
            return
        problems = [*([adapter.notice] if adapter.notice is not None else []), *self._stale.values()]
        if problems:
            self._health.report(PART, Colour.AMBER, " ".join(problems))
        else:
            simulated = " (simulated)" if self._host.simulated else ""
            self._health.report(PART, Colour.GREEN, f"Listening on {self._host.name}, {adapter.address}{simulated}.")


def _leaf(error: BaseException) -> BaseException:
    """The first error within a task group's."""
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
