"""From advertisements to the gateway, for devices that are never connected to: sensors, scales, alarm pendants."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import structlog

from device_drivers.advertising import Advert, Broadcast, Broadcaster, Trouble
from device_drivers.broadcasts import BROADCASTS
from device_drivers.errors import DecodeError, KeyNeeded
from device_drivers.nomenclature import Quantity
from device_drivers.readings import DeviceInformation, Reading
from firmware_profiles import Profile
from gateway.core.clock import Clock
from gateway.core.errors import HuomaError, StoreError
from gateway.core.health import HealthBoard
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.ingest.thinning import Thinning
from gateway.radio.broadcast.memory import BroadcastMemory
from gateway.radio.broadcast.queues import PressQueue, ReadingQueue, WaitingPress
from gateway.radio.broadcast.troubles import BUTTON, Troubles
from gateway.radio.contracts import DeviceBook, RadioSink, Severity, Wanted
from gateway.radio.pairing import Permit
from gateway.radio.visits.connection import Arrival, known_device

# Different ones that nobody has looked at. One is looked at within milliseconds unless the store does not answer; then
# the oldest that is not known to be ours goes first. Devices repeat each for seconds.
ADVERTS_LIMIT: Final = 256
DEVICES_LIMIT: Final = 256  # strangers beyond it are forgotten, the longest silent first
UNFINISHED_S: Final = 20.0  # a Mi scale takes 5 to 10 s for the impedance
RETRY_S: Final = 1.0  # until what the store did not take is tried again
SAVE_EVERY_S: Final = 60.0  # counters of sensors: as much could be played to us again after a power cut
LAST_SAVE_S: Final = 3.0
# A scale's stamp is of the moment at which the weight was stable; it is heard within these seconds, so its clock can be
# told from ours.
STAMP_UNCERTAINTY_S: Final = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """One advertisement on its way. `at` is monotonic."""

    advert: Advert
    profile: Profile
    adapter: str
    simulated: bool
    at: float


@dataclass(slots=True, kw_only=True)
class _Device:
    """What is known of one address. `held`: readings that may yet be completed, until `held_until`."""

    wanted: Wanted | None
    memory: BroadcastMemory
    generation: int
    profile: Profile | None = None
    known: KnownDevice | None = None
    battery: int | None = None
    bad: bytes | None = None
    held: tuple[Received, ...] = ()
    held_until: float = 0.0


class Broadcasts:
    """One for all adapters. What waits in it outlives a restart of the radio.

    Args:
        permits: of pairings under way, by address: such a device is heard although it is nobody's.
        broadcasters: by driver name.
    """

    def __init__(
        self,
        *,
        book: DeviceBook,
        sink: RadioSink,
        clock: Clock,
        tz: tzinfo,
        health: HealthBoard,
        permits: Mapping[str, Permit],
        broadcasters: Mapping[str, Broadcaster] = BROADCASTS,
    ) -> None:
        self._book = book
        self._sink = sink
        self._clock = clock
        self._tz = tz
        self._permits = permits
        self._broadcasters = broadcasters
        self._adverts: dict[tuple[str, frozenset[tuple[str, bytes]]], _Heard] = {}
        self._stir = asyncio.Event()
        self._devices: OrderedDict[str, _Device] = OrderedDict()
        self._generation = 0
        self._holding = asyncio.Event()
        self._thinning = Thinning()
        self._troubles = Troubles(health)
        self.readings = ReadingQueue()
        self.presses = PressQueue()

    def takes(self, profile: Profile) -> bool:
        """Whether devices of this profile are for this part: they are never connected to."""
        return profile.driver in self._broadcasters

    def heard(self, advert: Advert, profile: Profile, *, adapter: str, simulated: bool) -> None:
        """An advertisement of such a device. A plain call; the same one again while it waits costs nothing."""
        at = self._clock.monotonic()
        one = _Heard(advert=advert, profile=profile, adapter=adapter, simulated=simulated, at=at)
        self._adverts.setdefault((advert.address, frozenset(advert.service_data.items())), one)
        self._stir.set()
        if len(self._adverts) > ADVERTS_LIMIT:
            strange = (key for key in self._adverts if not self._is_known_as_ours(key[0]))
            del self._adverts[next(strange, next(iter(self._adverts)))]

    def wanted(self, address: str) -> Wanted | None:
        """What is known of a device of ours; None of any other, and before the first answer of the book."""
        device = self._devices.get(address)
        return None if device is None else device.wanted

    @property
    def relied_on(self) -> bool:
        """A device of ours that only advertises has been heard, perhaps long ago."""
        return any(device.wanted is not None for device in self._devices.values())

    async def run(self) -> None:
        """Until cancelled; then the counters are kept."""
        withdraw = self._book.on_change(self._book_changed)
        self._troubles.report()
        try:
            async with asyncio.TaskGroup() as group:
                for work in (self._look(), self._commit(), self._call(), self._finish()):
                    group.create_task(work)
                await self._save_now_and_then()  # in the body: see `Radio.run`
        finally:
            withdraw()
            with suppress(TimeoutError, StoreError):
                async with self._clock.timeout(LAST_SAVE_S):
                    await self._save_all()

    def _book_changed(self) -> None:
        self._generation += 1

    def _is_known_as_ours(self, address: str) -> bool:
        device = self._devices.get(address)
        return address in self._permits or (device is not None and device.wanted is not None)

    async def _look(self) -> None:
        while True:
            await self._stir.wait()
            self._stir.clear()
            for key, one in list(self._adverts.items()):
                try:
                    device = await self._device(one.advert.address)
                except StoreError as error:  # whose it is cannot be read: it may be a call for help, so it waits
                    log.warning("not known whose it is", device=one.advert.address, why=str(error))
                    continue
                if self._adverts.get(key) is one:
                    del self._adverts[key]
                    self._understand(one, device)
            if self._adverts and not self._stir.is_set():
                await self._clock.sleep(RETRY_S)
                self._stir.set()

    async def _device(self, address: str) -> _Device:
        """Whose it is and what is remembered of it, as of the last change of the book. Raises StoreError."""
        device = self._devices.get(address)
        if device is not None and device.generation == self._generation:
            self._devices.move_to_end(address)
            return device
        generation = self._generation
        try:
            wanted = await self._book.wanted(address)
            stored = wanted.memory if wanted is not None else await self._book.memory(address)
        except StoreError:
            if device is None:
                raise
            return device  # as it was; asked again with the next advertisement
        if device is None:
            device = _Device(wanted=wanted, memory=BroadcastMemory(stored), generation=generation)
            self._devices[address] = device
            self._forget_strangers()
        else:
            device.wanted, device.generation = wanted, generation
            if device.memory.refresh(stored) or wanted is None:
                self._troubles.forget(address)
        if wanted is None:
            self._thinning.forget(address)
        return device

    def _forget_strangers(self) -> None:
        for address in [one for one in self._devices if not self._is_known_as_ours(one)]:
            if len(self._devices) <= DEVICES_LIMIT:
                return
            del self._devices[address]

    def _understand(self, one: _Heard, device: _Device) -> None:
        ours = device.wanted is not None or one.advert.address in self._permits
        try:
            told = self._broadcasters[one.profile.driver](one.advert, one.profile, device.memory.all(), at=one.at)
        except DecodeError as error:
            if ours:
                self._undecodable(one, device, error)
            return
        device.memory.take(told)
        if ours:
            self._know(one, device, told)
            self._keep_readings(one, device, told)
            self._tell_trouble(one, device, told)
        for press in told.presses:
            known = device.known or self._known(one, device)
            permit = self._permits.get(one.advert.address)
            if permit is not None:
                permit.relay.press(known, press)
            if permit is None or device.wanted is not None:  # a stranger's too: what it means is not the radio's matter
                self.presses.put(WaitingPress(device=known, press=press, at=one.at), ours=device.wanted is not None)

    def _undecodable(self, one: _Heard, device: _Device, error: DecodeError) -> None:
        source, frame = min(one.advert.service_data.items(), default=("advertisement", b""))
        if frame != device.bad:  # it is repeated for seconds
            device.bad = frame
            self._sink.undecodable(device.known or self._known(one, device), source, frame, error)

    def _know(self, one: _Heard, device: _Device, told: Broadcast) -> None:
        levels = [one.values[Quantity.BATTERY_LEVEL] for one in told.readings if Quantity.BATTERY_LEVEL in one.values]
        if levels:
            device.battery = round(levels[0])
        if not (told.readings or told.unfinished or told.presses):
            return
        known = self._known(one, device)
        permit = self._permits.get(one.advert.address)
        if permit is not None:
            permit.relay.known(known)
        if known != device.known:
            device.known = known
            self._sink.known(known)

    def _known(self, one: _Heard, device: _Device) -> KnownDevice:
        if device.profile is None or not one.profile.generic:
            device.profile = one.profile  # an advertisement whose name got lost is still its
        arrival = Arrival(
            address=one.advert.address,
            name=one.advert.name,
            profile=device.profile,
            adapter=one.adapter,
            simulated=one.simulated,
            identity=None if device.wanted is None else device.wanted.identity,
        )
        return known_device(arrival, DeviceInformation(battery_percent=device.battery))

    def _keep_readings(self, one: _Heard, device: _Device, told: Broadcast) -> None:
        if told.over:
            self._release(device)
        if told.readings:
            device.held = ()
        for reading in told.readings:
            paired_now = one.advert.address in self._permits  # the technician waits for a first one
            if self._thinning.due(one.advert.address, reading, one.at) or paired_now:
                self.readings.put(self._received(one, device, reading))
        if told.unfinished:
            self._release(device)
            device.held = tuple(self._received(one, device, reading) for reading in told.unfinished)
            device.held_until = one.at + UNFINISHED_S
            self._holding.set()

    def _release(self, device: _Device) -> None:
        for received in device.held:
            self.readings.put(received)
        device.held = ()

    def _received(self, one: _Heard, device: _Device, reading: Reading) -> Received:
        now = self._clock.wall()
        synchronised = self._clock.synchronised()
        stamp = None if reading.time is None else reading.time.local()
        clock = None
        if stamp is not None and synchronised:
            clock = ClockMeasurement(
                offset_s=(stamp - now.astimezone(self._tz).replace(tzinfo=None)).total_seconds(),
                uncertainty_s=STAMP_UNCERTAINTY_S,
                measured_at=now,
                was_set=False,
            )
        return Received(
            device=device.known or self._known(one, device),
            reading=reading,
            clock=clock,
            received_at=now,
            received_monotonic=one.at,
            synchronised=synchronised,
        )

    def _tell_trouble(self, one: _Heard, device: _Device, told: Broadcast) -> None:
        address = one.advert.address
        if told.trouble is None:
            if told.readings or told.presses or told.remember:
                self._troubles.end(address)
            return
        permit = self._permits.get(address)
        if permit is not None and told.trouble in (Trouble.NEEDS_KEY, Trouble.WRONG_KEY):
            permit.relay.failed(KeyNeeded(told.trouble.value))
        name = f"{one.advert.name or f'{one.profile.vendor} {one.profile.model}'} ({address})"
        button = BUTTON in one.profile.kinds
        words = self._troubles.begin(address, name, told.trouble, one.at, button=button)
        if words is not None:
            log.warning("advertisement not taken", device=address, why=told.trouble.value)
            self._sink.device_state(address, f"{name}: {words}", Severity.FAULT)

    async def _commit(self) -> None:
        while True:
            received = await self.readings.first()
            try:
                await self._sink.reading(received)
            except HuomaError as refusal:
                log.warning("reading waits for the store", device=received.device.address, why=str(refusal))
                await self._clock.sleep(RETRY_S)
                continue
            self.readings.done()
            permit = self._permits.get(received.device.address)
            if permit is not None:
                permit.relay.reading(received)

    async def _call(self) -> None:
        while True:
            for waiting in await self.presses.some():
                try:
                    await self._sink.press(waiting.device, waiting.press, waiting.at)
                except HuomaError as refusal:
                    log.warning("a press waits for the store", device=waiting.device.address, why=str(refusal))
                    await self._clock.sleep(RETRY_S)
                    continue
                self.presses.done(waiting)
                with suppress(StoreError):  # tried again with the others
                    await self._save(waiting.device.address)

    async def _finish(self) -> None:
        """Takes what nothing has completed in time."""
        while True:
            await self._holding.wait()
            holding = [device for device in self._devices.values() if device.held]
            if not holding:
                self._holding.clear()
                continue
            now = self._clock.monotonic()
            for device in holding:
                if device.held_until <= now:
                    self._release(device)
            nearest = min((device.held_until for device in holding if device.held), default=now)
            await self._clock.sleep(max(0.1, nearest - now))

    async def _save_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(SAVE_EVERY_S)
            try:
                await self._save_all()
            except StoreError as error:
                log.warning("counters wait for the store", why=str(error))

    async def _save_all(self) -> None:
        for address in [address for address, device in self._devices.items() if device.memory.unsaved()]:
            await self._save(address)

    async def _save(self, address: str) -> None:
        """Keep what is to be durable of a device, once all that it told is committed. Raises StoreError."""
        device = self._devices.get(address)
        if device is None or device.wanted is None or device.held:
            return
        kept = device.memory.unsaved()
        if kept and not self.readings.waits(address) and not self.presses.waits(address):
            await self._book.remember(address, kept)
            device.memory.saved(kept)
