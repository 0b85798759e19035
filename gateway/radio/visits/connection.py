"""One connection: the session of a device's profile, and the queues between its callbacks and the gateway."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from device_drivers.errors import DecodeError, DeviceError, LinkLost
from device_drivers.readings import DeviceInformation, Motion, Reading
from device_drivers.sessions.base import COMMIT_S, ClockOffset, Memory, Session, SessionResult
from device_drivers.sessions.link import Link, Receipt
from firmware_profiles import Profile
from gateway.core.clock import Clock
from gateway.core.errors import HuomaError
from gateway.ingest.received import ClockMeasurement, KnownDevice, Received
from gateway.radio.contracts import RadioSink
from gateway.radio.pairing import Relay

# Readings are never dropped. Indications wait for their commit, so at most one per characteristic is queued; a device
# that only notifies and outruns the store by this much is hung up on.
READINGS_LIMIT: Final = 64
# A strap that keeps the link and sends nothing is connected to anew. Sessions that fetch records end themselves within
# seconds of the last one, and each answer to a request counts: only a stream that has died is silent for this long.
IDLE_S: Final = 60.0
PAIRING_IDLE_S: Final = 120.0  # a person looks for six digits and types them
_LOOK_S: Final = 5.0
MOTIONS_LIMIT: Final = 128  # 23 s at 200 Hz; the oldest are dropped and counted: detection wants the newest


class GoneQuiet(LinkLost):
    """The link is up and nothing useful comes over it."""


class NotStored(LinkLost):
    """A reading could not be committed: the link is given up unconfirmed, the device will send it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who is speaking, as far as it is known before it speaks."""

    address: str
    name: str | None
    profile: Profile
    adapter: str
    simulated: bool
    identity: str | None  # from earlier connections


class Conversation:
    """The `Sink` of one session.

    Args:
        relay: a technician's watch, too, is told.
        alive: called with each reading and motion.

    Attributes:
        readings: how many were committed.
        last_useful: monotonic, of the last reading or motion; None before the first.
    """

    def __init__(
        self,
        arrival: Arrival,
        clock: Clock,
        sink: RadioSink,
        relay: Relay | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._arrival = arrival
        self._clock = clock
        self._sink = sink
        self._relay = relay or Relay()
        self._alive = alive
        self._readings: asyncio.Queue[tuple[Received, asyncio.Future[None]]] = asyncio.Queue(READINGS_LIMIT)
        self._motions: deque[tuple[KnownDevice, Motion, float]] = deque(maxlen=MOTIONS_LIMIT)
        self._moved = asyncio.Event()
        self._overflow = asyncio.Event()
        self._offset: ClockMeasurement | None = None
        self.device = known_device(arrival, DeviceInformation())
        self.dropped_motions = 0
        self.readings = 0
        self.last_useful: float | None = None
        self._uncommitted = 0

    def information(self, information: DeviceInformation) -> None:
        self.device = known_device(self._arrival, information)
        self._sink.known(self.device)
        self._relay.known(self.device)

    def clock(self, offset: ClockOffset) -> None:
        self._offset = ClockMeasurement(
            offset_s=offset.offset_s,
            uncertainty_s=offset.uncertainty_s,
            measured_at=offset.measured_at,
            was_set=offset.was_set,
        )
        self._relay.clock(self._offset)

    def reading(self, reading: Reading) -> Receipt:
        received = Received(
            device=self.device,
            reading=reading,
            clock=self._offset,
            received_at=self._clock.wall(),
            received_monotonic=self._clock.monotonic(),
            synchronised=self._clock.synchronised(),
        )
        self.last_useful = received.received_monotonic
        self._alive()
        receipt: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._uncommitted += 1
        try:
            self._readings.put_nowait((received, receipt))
        except asyncio.QueueFull:
            self._overflow.set()
            _refuse(receipt, NotStored("the store does not keep up"))
        return receipt

    def motion(self, motion: Motion) -> None:
        if len(self._motions) == MOTIONS_LIMIT:
            self.dropped_motions += 1
        self.last_useful = self._clock.monotonic()
        self._alive()
        self._motions.append((self.device, motion, self.last_useful))
        self._moved.set()

    def undecodable(self, source: str, frame: bytes, error: DecodeError) -> None:
        self._sink.undecodable(self.device, source, frame, error)

    async def run(
        self, session: Session, link: Link, tz: tzinfo, memory: Memory, *, answers: Callable[[], int] | None = None
    ) -> SessionResult:
        """The session, with what it hears passed on meanwhile; everything heard is passed on before it ends.

        So too when it fails: what was notified the device has forgotten. A store that takes nothing is then waited for
        no longer than `COMMIT_S`, and whoever cancels does not wait.

        `answers` tells how many requests the device has answered so far (`BleakLink.answers`); with it, a link over
        which nothing comes is given up.

        Raises:
            LinkLost, BondLost, DeviceRefused: as the session does. NotStored, GoneQuiet: see there.
        """
        try:
            async with asyncio.TaskGroup() as group:
                work = (self._commit(), self._move(), self._watch_overflow())
                workers = [group.create_task(one) for one in work]
                if answers is not None:
                    workers.append(group.create_task(self._watch_silence(answers)))
                try:
                    result = await session(link, self._arrival.profile, self._clock, self, tz=tz, memory=memory)
                    await self._readings.join()
                    self._pass_motions()
                except Exception:
                    await self._pass_on_the_rest()
                    raise
                finally:
                    for worker in workers:
                        worker.cancel()
        except BaseExceptionGroup as several:
            raise _the_one(several) from several
        return result

    async def _commit(self) -> None:
        while True:
            received, receipt = await self._readings.get()
            try:
                await self._sink.reading(received)
            except HuomaError as refusal:
                failure = NotStored(f"a reading could not be stored: {refusal}")
                _refuse(receipt, failure)
                raise failure from refusal
            except asyncio.CancelledError:
                receipt.cancel()
                raise
            self.readings += 1
            self._uncommitted -= 1
            receipt.set_result(None)
            self._relay.reading(received)
            self._readings.task_done()

    async def _pass_on_the_rest(self) -> None:
        self._pass_motions()
        with suppress(TimeoutError):
            async with self._clock.timeout(COMMIT_S):
                await self._readings.join()

    async def _move(self) -> None:
        while True:
            await self._moved.wait()
            self._pass_motions()

    def _pass_motions(self) -> None:
        self._moved.clear()
        while self._motions:
            device, motion, at_monotonic = self._motions.popleft()
            self._sink.motion(device, motion, at_monotonic)
            self._relay.motion(device)

    async def _watch_overflow(self) -> None:
        await self._overflow.wait()
        raise NotStored("the device sends faster than the store takes")

    async def _watch_silence(self, answers: Callable[[], int]) -> None:
        known, since = answers(), self._clock.monotonic()
        while True:
            await self._clock.sleep(_LOOK_S)
            now = self._clock.monotonic()
            if answers() != known:
                known, since = answers(), now
            since = max(since, self.last_useful or since)
            # With something uncommitted it is the store that is slow, not the device.
            if not self._uncommitted and now - since >= (PAIRING_IDLE_S if self._relay.open else IDLE_S):
                raise GoneQuiet(f"it kept the connection and sent nothing for {now - since:.0f} s")


def _refuse(receipt: asyncio.Future[None], failure: NotStored) -> None:
    """Nobody waits for the receipt of a notification: asyncio must not complain that its failure was not looked at."""
    receipt.set_exception(failure)
    receipt.exception()


def _the_one(several: BaseExceptionGroup[BaseException]) -> BaseException:
    """What ended the session, when it was a device's error; a defect stays the group it is."""
    of_devices, others = several.split(DeviceError)
    if of_devices is None or others is not None:
        return several
    return next((error for error in of_devices.exceptions if isinstance(error, NotStored)), of_devices.exceptions[0])


def known_device(arrival: Arrival, information: DeviceInformation) -> KnownDevice:
    """Who it is: by serial number, what it was known as before, System ID, or its address (see `KnownDevice`)."""
    profile = arrival.profile
    # The generic profile names no vendor; what the device says of its maker keeps two makers' numbers apart.
    vendor = (information.manufacturer or profile.vendor) if profile.generic else profile.vendor
    model = (information.model or profile.model) if profile.generic else profile.model
    by_address = f"address:{arrival.address}"
    if information.serial is not None:
        identity = f"serial:{vendor}:{information.serial}"
    elif arrival.identity not in (None, by_address):
        identity = arrival.identity
    elif information.system_id is not None:
        identity = f"eui64:{information.system_id[::-1].hex()}"
    else:
        identity = by_address
    return KnownDevice(
        address=arrival.address,
        identity=identity,
        name=arrival.name,
        vendor=vendor,
        model=model,
        profile_id=profile.id,
        record_identity=profile.record_identity,
        information=information,
        adapter=arrival.adapter,
        simulated=arrival.simulated,
    )
