"""Where the radio puts what it heard: readings to ingest, motion to detection, words to people."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog

from device_drivers.errors import DecodeError
from device_drivers.nomenclature import Kind
from device_drivers.readings import Motion, Press
from gateway.core.clock import Clock
from gateway.core.errors import StoreError
from gateway.ingest.ingest import Duplicate, Ingest, Outcome, Stored, Unassigned
from gateway.ingest.received import KnownDevice, Received
from gateway.ingest.streams import STREAMS
from gateway.radio.contracts import Severity
from gateway.store.outgoing import ROOMS
from gateway.store.undecodable import UndecodableFrame, UndecodableFrames

log = structlog.get_logger(__name__)

_STRANGE_LIMIT: Final = 64
# Streamed readings (a strap's heart rate each second) share commits: one at a time they would write 2 GB a day to a
# card that lasts some hundreds of those. They are notified, not indicated: no device waits for them. A power cut costs
# at most these seconds of heart rate.
STREAMED_EVERY_S: Final = 5.0
LAST_FLUSH_S: Final = 3.0
# Four minutes of two straps. On a full disk the oldest go, counted: a strap that had to wait for the store would be
# hung up on, and with its heart rate its motion would end: no fall would be noticed.
_STREAMED_LIMIT: Final = 512
_UNHURRIED: Final = STREAMS | {"2a19"}  # the battery is notified too
_UNHURRIED_KINDS: Final = ROOMS | {Kind.BATTERY}  # what a sensor or a pendant advertises, it says again in a while

MotionFeed = Callable[[KnownDevice, Motion, float], None]
PressFeed = Callable[[KnownDevice, Press, float], Awaitable[None]]
_UNDECODABLE_LOGGED: Final = 5  # per device; after that only counted: a broken device must not fill the log


class Listener:
    """Told what happens at the door, for people who watch. Does nothing: override what is of interest."""

    def stored(self, received: Received, outcome: Stored) -> None:
        """A reading was committed."""

    def device(self, address: str, words: str, severity: Severity) -> None:
        """Something happened with a device."""


class Intake:
    """A `gateway.radio.contracts.RadioSink`."""

    def __init__(
        self,
        *,
        ingest: Ingest,
        frames: UndecodableFrames,
        motion: MotionFeed,
        press: PressFeed,
        listener: Listener,
        clock: Clock,
    ) -> None:
        self._ingest = ingest
        self._frames = frames
        self._clock = clock
        self._streamed: deque[Received] = deque(maxlen=_STREAMED_LIMIT)
        self._flushing = asyncio.Lock()
        self.streamed_dropped = 0
        self._motion = motion
        self._press = press
        self._listener = listener
        self._unassigned_told: set[str] = set()  # at most one entry per device of the home
        # Waiting to be kept; the newest tell as much as the oldest, so a device that babbles pushes its own out.
        self._strange: deque[UndecodableFrame] = deque(maxlen=_STRANGE_LIMIT)
        self.undecodable_frames: dict[str, int] = {}  # by device identity, likewise bounded
        self.identities: dict[str, str] = {}  # address → identity, of devices that said who they are

    async def run(self) -> None:
        """Commit streamed readings together, and keep the frames that were none, until cancelled; then the last."""
        try:
            while True:
                await self._clock.sleep(STREAMED_EVERY_S)
                try:
                    await self._flush()
                    while self._strange:
                        await self._frames.keep(self._strange[0])
                        self._strange.popleft()
                except StoreError as error:  # the store says so itself on the status page; nothing is given up
                    log.warning("kept in memory until the store takes it", why=str(error))
        finally:
            with suppress(TimeoutError):  # a full disk would have us wait for ever
                async with self._clock.timeout(LAST_FLUSH_S):
                    await self._flush()

    async def _flush(self) -> None:
        async with self._flushing:
            batch = list(self._streamed)
            if batch:
                outcomes = await self._ingest.accept_many(batch)
                for received in batch:
                    if self._streamed and self._streamed[0] is received:
                        self._streamed.popleft()
                    else:
                        self.streamed_dropped -= 1  # pushed out while it was being committed: not lost after all
                for received, outcome in zip(batch, outcomes, strict=True):
                    self._tell(received, outcome)

    async def take_up(self, device: str) -> int:
        """After an assignment: see `Ingest.take_up`."""
        return await self._ingest.take_up(device)

    @property
    def counts(self) -> Mapping[str, int]:
        """Readings since the start by outcome, and frames that were none."""
        return {
            **self._ingest.counts,
            "undecodable": sum(self.undecodable_frames.values()),
            "dropped": self.streamed_dropped,
        }

    async def reading(self, received: Received) -> None:
        """Returns when it is committed; a streamed one when it waits for the next common commit.

        Raises:
            StoreError: it is not committed: the device will send it again.
        """
        if received.reading.source in _UNHURRIED or received.reading.kind in _UNHURRIED_KINDS:
            self.streamed_dropped += len(self._streamed) == _STREAMED_LIMIT
            self._streamed.append(received)
            return
        self._tell(received, await self._ingest.accept(received))

    async def together(self, batch: Sequence[Received]) -> None:
        """Commit these in one transaction, now; returns when they are.

        Raises:
            StoreError: none of them is.
        """
        for received, outcome in zip(batch, await self._ingest.accept_many(batch), strict=True):
            self._tell(received, outcome)

    def _tell(self, received: Received, outcome: Outcome) -> None:
        match outcome:
            case Stored():
                self._listener.stored(received, outcome)
            case Unassigned(sentence=sentence, asked=True):  # the status page counts them
                self._listener.device(received.device.address, sentence, Severity.INFORMATION)
            case Unassigned(sentence=sentence):
                if received.device.identity not in self._unassigned_told:
                    self._unassigned_told.add(received.device.identity)
                    self._listener.device(received.device.address, sentence, Severity.FAULT)
            case Duplicate():
                log.debug("record sent again", device=received.device.address)

    async def press(self, device: KnownDevice, press: Press, at_monotonic: float) -> None:
        """To whoever knows what it means; returns when that is committed. Raises StoreError."""
        await self._press(device, press, at_monotonic)

    def motion(self, device: KnownDevice, motion: Motion, at_monotonic: float) -> None:
        """To the detectors' ring buffers."""
        self._motion(device, motion, at_monotonic)

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: DecodeError) -> None:
        """Counted, kept raw, and said a few times. The error names the fault, never the frame's values."""
        self._strange.append(
            UndecodableFrame(device_identity=device.identity, source=source, raw=bytes(frame), why=str(error))
        )
        count = self.undecodable_frames[device.identity] = self.undecodable_frames.get(device.identity, 0) + 1
        if count <= _UNDECODABLE_LOGGED:
            log.warning("frame not understood", device=device.address, source=source, size=len(frame), why=str(error))
        if count == 1:
            words = f"{device.model} sends frames that this gateway does not understand ({error}): report the model."
            self._listener.device(device.address, words, Severity.FAULT)

    def known(self, device: KnownDevice) -> None:
        """A device said who it is."""
        self.identities[device.address] = device.identity

    def device_state(self, address: str, words: str, severity: Severity) -> None:
        """For people."""
        self._listener.device(address, words, severity)
