"""What every session is, tells, and ends with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final, Protocol

from device_drivers.errors import DecodeError, LinkLost
from device_drivers.readings import DeviceInformation, Motion, Reading
from device_drivers.sessions.link import Link, Receipt
from firmware_profiles import Profile

IDLE_S: Final = 4.0  # A&D cuffs take up to 1 s between records; four of those without a frame: there are no more
LONGEST_S: Final = 600.0  # a hundred stored records at the slowest connection interval take far less
COMMIT_S: Final = 25.0  # ATT gives a confirmation 30 s (Core 5.4, Vol 3 Part F §3.3.3)


class SessionClock(Protocol):
    """What a session needs of time: `gateway.core.clock.Clock` is one."""

    def wall(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def synchronised(self) -> bool: ...

    async def sleep(self, seconds: float) -> None: ...

    def timeout(self, seconds: float | None) -> asyncio.Timeout: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOffset:
    """The device's clock on this connection, as it was before it was set.

    Attributes:
        offset_s: device minus gateway, as if the device spoke the home's local time.
        uncertainty_s: half the time the reading took plus half the resolution.
        measured_at: the gateway's clock, aware UTC.
        was_set: written on this connection and read back right.
    """

    offset_s: float
    uncertainty_s: float
    measured_at: datetime
    was_set: bool


class Sink(Protocol):
    """Where a session puts what it hears: plain calls, never await; the radio's queue stands behind them."""

    def information(self, information: DeviceInformation) -> None:
        """What the device says of itself. Called before the first reading; again when more is known."""
        ...

    def clock(self, offset: ClockOffset) -> None:
        """The device's clock. Called before the first reading of a device that has a readable one."""
        ...

    def reading(self, reading: Reading) -> Receipt:
        """A measurement. The receipt is done when it is committed."""
        ...

    def motion(self, motion: Motion) -> None:
        """A piece of acceleration."""
        ...

    def undecodable(self, source: str, frame: bytes, error: DecodeError) -> None:
        """A frame that is none."""
        ...


class End(StrEnum):
    """Why a session was over."""

    DEVICE_CLOSED = "device-closed"
    NOTHING_MORE = "nothing-more"  # no frame for `IDLE_S`: the gateway hung up
    PAIRED = "paired"  # the bonding connection is finished by hanging up; records come on the next one
    NO_CODE = "no-code"  # it has users, none of whose consent codes is known, and it gave nothing
    NOT_MEASURING = "not-measuring"  # none of the device's characteristics is a measurement we know


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    """What a session that ran to its end leaves behind."""

    information: DeviceInformation
    clock: ClockOffset | None
    readings: int
    end: End


class Memory(Protocol):
    """What is remembered of one device from connection to connection: a consent code, the number of its last record.

    Keys are words of the driver ("consent-code", "last-sequence"); a technician's flow may put some there before.
    """

    def get(self, key: str) -> str | None: ...

    async def keep(self, kept: Mapping[str, str]) -> None:
        """Durable when this returns, all of it or nothing.

        Keep the number of a record only after the receipts of all before it are done.
        """
        ...


class NoMemory:
    """A `Memory` of a device that nothing is remembered of, and that forgets."""

    def get(self, key: str) -> str | None:
        del key
        return None

    async def keep(self, kept: Mapping[str, str]) -> None:
        del kept


class Session(Protocol):
    """A recipe: talks to one device over a link until there is nothing more to say, then hangs up.

    Raises:
        LinkLost, BondLost, DeviceRefused: as `Link` does.
    """

    async def __call__(
        self, link: Link, profile: Profile, clock: SessionClock, sink: Sink, *, tz: tzinfo, memory: Memory
    ) -> SessionResult: ...


class Arrivals:
    """Counts what comes in and what is not yet safe, and wakes whoever drains.

    Attributes:
        on_arrival: called with each frame that comes in.
        failed: something could not be committed.
    """

    def __init__(self) -> None:
        self.readings = 0
        self.on_arrival: Callable[[], None] | None = None
        self.failed = False
        self.stir = asyncio.Event()
        self.closed = False
        self._unsafe: set[asyncio.Future[None]] = set()

    @property
    def unsafe(self) -> bool:
        """Something handed over is not committed yet."""
        return bool(self._unsafe)

    def arrived(self, receipt: Receipt) -> Receipt:
        """A frame came; its receipt passes through."""
        self.readings += 1
        self.stir.set()
        if self.on_arrival is not None:
            self.on_arrival()
        if receipt is not None and not receipt.done():
            self._unsafe.add(receipt)
            receipt.add_done_callback(self._safe)
        return receipt

    def _safe(self, receipt: asyncio.Future[None]) -> None:
        self._unsafe.discard(receipt)
        if receipt.cancelled() or receipt.exception() is not None:
            self.failed = True  # it was reported where it failed
        self.stir.set()

    async def settled(self, clock: SessionClock) -> None:
        """Wait until everything that came in is committed.

        Raises:
            LinkLost: something could not be, or the store stands still.
        """
        while self._unsafe:
            self.stir.clear()
            try:
                async with clock.timeout(COMMIT_S):
                    await self.stir.wait()
            except TimeoutError as stands_still:
                raise LinkLost("the store does not keep up") from stands_still
        if self.failed:
            raise LinkLost("not every reading could be stored")


async def drain(
    link: Link,
    clock: SessionClock,
    arrivals: Arrivals,
    *,
    idle_s: float = IDLE_S,
    longest_s: float = LONGEST_S,
    enough: int | None = None,
) -> End:
    """Wait until the device closes, or nothing came (and nothing is uncommitted) for `idle_s`; at most `longest_s`.

    With `enough`, so many readings in all are waited for, no more.
    """
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_watch(link, arrivals))
        began = clock.monotonic()
        while not arrivals.closed and clock.monotonic() - began < longest_s:
            if enough is not None and arrivals.readings >= enough:
                break
            arrivals.stir.clear()
            try:
                async with clock.timeout(COMMIT_S if arrivals.unsafe else idle_s):
                    await arrivals.stir.wait()
            except TimeoutError:
                break
        watch.cancel()
    return End.DEVICE_CLOSED if arrivals.closed else End.NOTHING_MORE


async def _watch(link: Link, arrivals: Arrivals) -> None:
    await link.wait_closed()
    arrivals.closed = True
    arrivals.stir.set()
