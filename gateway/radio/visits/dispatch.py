"""From advertisements to visits: which devices are connected to, when, and through which adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog
from bleak.exc import BleakError

from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.radio.adapters.station import LINKS_LIMIT, Station
from gateway.radio.contracts import DeviceBook, Severity
from gateway.radio.host import KnowsOtherBonds
from gateway.radio.pairing import Permit
from gateway.radio.seen import RECENT_S, Device, SeenDevices, may_be_named_yet
from gateway.radio.visits.bonds import Bonds
from gateway.radio.visits.visit import Visitor

CROWDED_S: Final = 60.0
ASK_AGAIN_S: Final = 10.0
# The store's errors, and the host's: BlueZ's own, its end, its silence.
CANNOT_BE_ASKED: Final = (HuomaError, BleakError, EOFError, OSError, TimeoutError)
SECOND_OPINION_S: Final = 0.5  # the other adapters hear a device within a few of its advertisements, if they do at all
CLOCK_EVERY_S: Final = 86_400.0  # a device that says it has nothing is visited once a day all the same: for its clock

log = structlog.get_logger(__name__)


class Dispatcher:
    """Decides and starts visits. Devices that are not ours and not being paired are never connected to."""

    def __init__(
        self,
        *,
        stations: Sequence[Station],
        devices: SeenDevices,
        book: DeviceBook,
        bonds: Bonds,
        visitor: Visitor,
        clock: Clock,
    ) -> None:
        self.permits: dict[str, Permit] = {}  # one per pairing under way
        self.captures: dict[str, Callable[[], None]] = {}  # by address: called when it becomes ours
        self.crowded_out: dict[str, str] = {}  # devices of ours that find no room, by address: the sentence for people
        self.barred: set[str] = set()  # what is remembered of them is being changed: no visit begins
        self._stations = stations
        self._devices = devices
        self._book = book
        self._bonds = bonds
        self._visitor = visitor
        self._clock = clock
        self._calls: dict[str, None] = {}  # addresses that called; at most one entry per remembered device
        self._stir = asyncio.Event()
        self._generation = 0
        self._asking_again = False  # the book could not tell whose a device is
        self._running: dict[str, asyncio.Task[None]] = {}

    def book_changed(self) -> None:
        """What is known of whose devices are holds no longer."""
        self._generation += 1
        self._stir.set()

    def called(self, device: Device) -> None:
        """A device of a known kind advertises. Cheap: most of the calls end here."""
        now = self._clock.monotonic()
        if device.in_session or device.rest.resting(now) or may_be_named_yet(device, now):
            return
        if self._nothing_to_fetch(device, now):
            return
        self._calls[device.address] = None
        self._stir.set()

    async def run(self) -> None:
        """Until cancelled."""
        generation = self._generation
        try:
            while True:
                try:
                    async with self._clock.timeout(ASK_AGAIN_S if self._asking_again else None):
                        await self._stir.wait()
                except TimeoutError:
                    generation = -1
                self._stir.clear()
                if generation != self._generation:
                    generation, self._asking_again = self._generation, False
                    await self._end_unwanted()
                while self._calls:
                    address = self._next_call()
                    del self._calls[address]
                    await self._answer_safely(address)
        finally:
            self._calls.clear()

    def _next_call(self) -> str:
        """Who streams goes first, then the one that has waited longest."""
        calls = iter(self._calls)
        return next(
            (one for one in calls if (device := self._devices.get(one)) and device.streams), next(iter(self._calls))
        )

    async def end(self, address: str) -> None:
        """End the visit of this device, if there is one, and wait until it is over."""
        task = self._running.get(address)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def station_for(self, device: Device) -> Station | None:
        """The adapter that holds the bond; without one, the one with room that hears the device best."""
        opened = [(station, station.adapter) for station in self._stations if station.adapter is not None]
        holders = [station for station, adapter in opened if await adapter.bonded(device.address)]
        if not holders and device.address not in self._bonds.told_to_pair and device.address not in self.permits:
            elsewhere = next(
                (
                    holder
                    for _, adapter in opened
                    if isinstance(adapter, KnowsOtherBonds)
                    and (holder := adapter.bonded_elsewhere(device.address)) is not None
                ),
                None,
            )
            if elsewhere is not None:
                self._tell(
                    device,
                    f"its bond belongs to the Bluetooth adapter {elsewhere}, which is not there: plug that one in, or "
                    f"pair the device again with 'huoma device pair-again {device.address}'.",
                )
                return None
        candidates = holders or [station for station, _ in opened]
        now = self._clock.monotonic()
        if not holders and self._another_may_hear(device, candidates, now):
            return None
        hearing = {
            station: signal.rssi_dbm
            for station in candidates
            if (signal := device.signals.get(station.name)) is not None and now - signal.heard <= RECENT_S
        }
        signals = {station: rssi_dbm for station, rssi_dbm in hearing.items() if self._has_room(station, device)}
        if signals:
            device.told = device.crowded_since = None
            if self.crowded_out.pop(device.address, None) is not None:
                self._visitor.changed()
        elif hearing:
            self._crowded_out(device, now)
        return max(signals, key=lambda station: signals[station], default=None)

    def _has_room(self, station: Station, device: Device) -> bool:
        """One connection is kept for devices that fetch records: they soon hang up, those that stream may never."""
        if not station.has_room or not device.stays:
            return station.has_room
        staying = sum((held := self._devices.get(one)) is not None and held.stays for one in station.links)
        return staying < LINKS_LIMIT - 1

    def _crowded_out(self, device: Device, now: float) -> None:
        if device.crowded_since is None:
            device.crowded_since = now
        if now - device.crowded_since < CROWDED_S or device.wanted is None or device.address in self.crowded_out:
            return
        words = (
            "it calls and cannot be connected to, as other devices keep all the connections that the Bluetooth adapter "
            "has: plug in a second adapter, or take a device out of use that is not needed."
        )
        self.crowded_out[device.address] = f"{device.words()}: {words}"
        self._visitor.say(device, words, Severity.FAULT)
        self._visitor.changed()

    def _another_may_hear(self, device: Device, candidates: Sequence[Station], now: float) -> bool:
        if len(candidates) < 2 or now - device.calling_since >= SECOND_OPINION_S:
            return False
        heard_by = {name for name, signal in device.signals.items() if signal.heard >= device.calling_since}
        return any(station.name not in heard_by for station in candidates)

    def _tell(self, device: Device, words: str) -> None:
        if device.told != words:
            device.told = words
            self._visitor.say(device, words, Severity.FAULT)

    def _nothing_to_fetch(self, device: Device, now: float) -> bool:
        """The advertisement says that nothing waits, and its clock and its pairing are in order."""
        call = device.call
        if call is None or call.waiting is None or call.waiting > 0 or call.pairing:
            return False
        if device.address in self.permits or device.address in self._bonds.told_to_pair:
            return False
        return device.last_visit is not None and now - device.last_visit < CLOCK_EVERY_S

    async def _answer_safely(self, address: str) -> None:
        """Neither the store nor the host that cannot be asked about one device ends the others' connections."""
        try:
            await self._answer(address)
        except CANNOT_BE_ASKED as error:
            device = self._devices.get(address)
            if device is None:
                return
            pause = device.rest.failed(self._clock.monotonic(), self._visitor.rng)
            words = f"whether and how to connect to it cannot be found out ({str(error) or type(error).__name__})"
            self._visitor.say(device, f"{words}; trying again in {pause:.0f} s.", Severity.WARNING)

    async def _answer(self, address: str) -> None:
        device = self._devices.get(address)
        if device is None or device.in_session or not await self._is_ours(device):
            return
        station = await self.station_for(device)
        # Judged again: the technician may have left, or the device been taken out of use, while the adapter was asked.
        if station is None or address in self.barred or not await self._is_ours(device) or device.in_session:
            return  # it goes on calling
        visit = self._visitor.visit(station, device, self.permits.get(address))
        task = station.start(visit)
        if task is None:
            return
        device.in_session = True
        station.links.add(address)
        self._running[address] = task
        task.add_done_callback(partial(self._ended, station, device))

    def _ended(self, station: Station, device: Device, _task: asyncio.Task[None]) -> None:
        device.in_session = False
        station.links.discard(device.address)
        self._running.pop(device.address, None)
        if device.stays:
            self._room_again()

    def _room_again(self) -> None:
        """Who still finds none says so anew."""
        for address in self.crowded_out:
            device = self._devices.get(address)
            if device is not None:
                device.crowded_since = None
        if self.crowded_out:
            self.crowded_out.clear()
            self._visitor.changed()

    async def _end_unwanted(self) -> None:
        self._room_again()
        for address, task in list(self._running.items()):
            device = self._devices.get(address)
            try:
                if device is None or not await self._is_ours(device):
                    task.cancel()
            except HuomaError as error:
                self._ask_again(address, error)
        for address in list(self.captures):
            try:
                given = None if await self._book.wanted(address) is None else self.captures.get(address)
                if given is not None:
                    given()
            except HuomaError as error:
                self._ask_again(address, error)
        for address in {*self._bonds.stale, *self._visitor.refusals.standing}:
            try:
                if await self._book.wanted(address) is None:  # taken out of use: nobody has to mend it
                    self._bonds.forgotten(address)
                    self._visitor.refusals.over(address)
                    self._visitor.changed()
            except HuomaError as error:
                self._ask_again(address, error)

    def _ask_again(self, address: str, error: HuomaError) -> None:
        """What cannot be found out now ends no connection. It is asked again in a while."""
        log.warning("whose a device is cannot be found out", device=address, why=str(error))
        self._asking_again = True

    async def _is_ours(self, device: Device) -> bool:
        """Ours, or being paired: then for as long as that takes."""
        if device.asked_in != self._generation:
            generation = self._generation
            device.wanted = await self._book.wanted(device.address)
            device.asked_in = generation
        permit = self.permits.get(device.address)
        return device.wanted is not None or (permit is not None and permit.covers(device.profile))
