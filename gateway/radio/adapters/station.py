"""One adapter at work: it is opened, scans, is repaired when it hears nothing, and holds a few connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import structlog
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakError

from gateway.core.clock import Clock
from gateway.core.errors import HuomaError, RadioUnavailable
from gateway.radio.adapters.watchdog import Rung, Watchdog
from gateway.radio.advert import says_something
from gateway.radio.host import Adapter, Host, Repairable

LOOK_S: Final = 30.0  # what the watchdog goes by may change: a strap is connected, a pendant is assigned
LINKS_LIMIT: Final = 7  # what common controllers hold beside a scan; one of them is not for those who stay connected
SWITCH_S: Final = 15.0  # a scan is started or stopped within a second or two; a controller that hangs never does it
REPAIR_S: Final = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterState:
    """One adapter, for people.

    Attributes:
        name: "usb:0", "hci0", "the virtual radio".
        address: None while it is not open.
        state: in words: "listening", "not there: …", "hears nothing: …".
        links: connections held now, of at most `links_limit`.
    """

    name: str
    address: str | None
    state: str
    links: int
    links_limit: int = LINKS_LIMIT


class _Reopen(Exception):  # noqa: N818  # no error: a step of the repair
    """The adapter is to be closed and opened."""


class Station:
    """A host's adapter. One scan owner: nobody else scans on it.

    Args:
        heard: called with each advertisement.
        changed: called when what `state` says has changed.
        relied_on: whether a device of ours only advertises, such as a pendant.

    Attributes:
        adapter: None while it is not open.
        down: the sentence why it is not open; None while it is, or is being opened.
        links: addresses that are connected to through it.
    """

    def __init__(
        self,
        host: Host,
        clock: Clock,
        *,
        heard: Callable[[Station, BLEDevice, AdvertisementData], None],
        changed: Callable[[], None],
        relied_on: Callable[[], bool] = lambda: False,
    ) -> None:
        self.host = host
        self.adapter: Adapter | None = None
        self.down: str | None = None
        self.links: set[str] = set()
        self._clock = clock
        self._heard = heard
        self._changed = changed
        self._relied_on = relied_on
        self._group: asyncio.TaskGroup | None = None
        self._watchdog: Watchdog | None = None

    @property
    def name(self) -> str:
        return self.host.name

    @property
    def has_room(self) -> bool:
        return self.adapter is not None and len(self.links) < LINKS_LIMIT

    @property
    def deaf(self) -> str | None:
        """The sentence about hearing nothing although everything was tried; None while it hears."""
        if self._watchdog is None or not self._watchdog.fault:
            return None
        quiet = "" if self._watchdog.lively else " If no device near it advertises, all is well."
        return (
            f"Nothing is heard on {self.name} any more, although its scan and the adapter were started anew: pendants, "
            "sensors and whatever else advertises go unheard. Unplug the adapter and plug it in again, or put it "
            f"elsewhere.{quiet}"
        )

    @property
    def suddenly_deaf(self) -> bool:
        """Deaf in a home where something was heard all the time before."""
        return self._watchdog is not None and self._watchdog.fault and self._watchdog.lively

    def state(self) -> AdapterState:
        """For people."""
        adapter = self.adapter
        words = self.down or self.deaf or ("listening" if adapter is not None else "being opened")
        address = None if adapter is None else adapter.address
        return AdapterState(name=self.name, address=address, state=words, links=len(self.links))

    def alive(self) -> None:
        """Data came over one of its connections."""
        if self._watchdog is not None:
            self._watchdog.alive(self._clock.monotonic())

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
        """Work that ends with the adapter. None when it is not open."""
        if self._group is not None:
            try:
                return self._group.create_task(work)
            except RuntimeError:  # the group is ending: the adapter has just gone
                pass
        work.close()
        return None

    async def run(self) -> None:
        """Until cancelled; opens the adapter anew as often as its repair takes.

        Raises:
            RadioUnavailable: there is none, it does not answer, or it went away.
            KeysDamaged: the bonds cannot be read nor set aside.
        """
        if self._watchdog is None:
            self._watchdog = Watchdog(self._clock.monotonic())
        while True:
            ended: BaseException | None = None
            try:
                async with self.host.open() as adapter, asyncio.TaskGroup() as group:
                    self.adapter, self.down, self._group = adapter, None, group
                    self._changed()
                    group.create_task(self._watch(adapter))
                    await self._listen(adapter, self._watchdog)  # in the body: see `Radio.run`
            except* (_Reopen, HuomaError) as several:
                ended = _first(several)
            finally:
                self.adapter = self._group = None
                self.links.clear()
            if isinstance(ended, HuomaError):
                self.down = str(ended)
                raise ended

    async def _watch(self, adapter: Adapter) -> None:
        reason, _, advice = (await adapter.lost()).partition(": ")
        raise RadioUnavailable(f"{reason[0].upper()}{reason[1:]} ({self.name}): {advice or 'plug it in again'}.")

    async def _listen(self, adapter: Adapter, watchdog: Watchdog) -> None:
        """One scan; it, and then the adapter, are started anew when nothing of use is heard."""

        def advertised(ble: BLEDevice, data: AdvertisementData) -> None:
            if says_something(data) and watchdog.heard(self._clock.monotonic(), ble.address):
                log.info("the radio hears again", adapter=self.name)
                self._changed()
            self._heard(self, ble, data)

        while True:
            scanner = adapter.scanner(advertised)
            await self._switched(scanner.start, "start")
            try:
                await self._until_scan_is_due(adapter, watchdog)
            finally:
                await self._stopped(scanner)

    async def _until_scan_is_due(self, adapter: Adapter, watchdog: Watchdog) -> None:
        """Raises _Reopen when more than the scan is to be started anew."""
        while True:
            watchdog.held, watchdog.relied_on = self.links, self._relied_on()
            at, rung = watchdog.due()
            now = self._clock.monotonic()
            if now < at:
                await self._clock.sleep(min(at - now, LOOK_S))
                continue
            watchdog.done(rung, now)
            silent_s = round(now - watchdog.silent_since)
            log.info("nothing heard", adapter=self.name, silent_s=silent_s, step=rung.name.lower())
            match rung:
                case Rung.SCAN:
                    return
                case Rung.REOPEN:
                    raise _Reopen
                case Rung.REPAIR:
                    await self._repair(adapter)
                    raise _Reopen
                case Rung.FAULT:
                    self._changed()

    async def _repair(self, adapter: Adapter) -> None:
        if not isinstance(adapter, Repairable):
            return
        try:
            async with self._clock.timeout(REPAIR_S):
                await adapter.repair()
        except (TimeoutError, BleakError, OSError, EOFError) as error:
            log.warning("the adapter's repair failed", adapter=self.name, why=str(error) or "time-out")

    async def _switched(self, switch: Callable[[], Coroutine[Any, Any, None]], what: str) -> None:
        try:
            async with self._clock.timeout(SWITCH_S):
                await switch()
        except TimeoutError as silence:
            raise RadioUnavailable(
                f"Bluetooth on {self.name} does not answer: unplug the adapter and plug it in again."
            ) from silence
        except (BleakError, OSError, EOFError) as error:
            raise RadioUnavailable(
                f"Bluetooth on {self.name} cannot {what} its scan ({error}): switch the adapter off and on."
            ) from error

    async def _stopped(self, scanner: BleakScanner) -> None:
        """A scan that cannot be stopped shows when the next one is started."""
        try:
            async with self._clock.timeout(SWITCH_S):
                await scanner.stop()
        except (TimeoutError, BleakError, OSError, EOFError) as error:
            log.info("the scan could not be stopped", adapter=self.name, why=str(error) or "time-out")


def _first(error: BaseException) -> BaseException:
    """Of a task group's errors the one that a person should hear of."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    leaves = [_first(one) for one in error.exceptions]
    return next((leaf for leaf in leaves if isinstance(leaf, HuomaError)), leaves[0])
