"""Where the radio puts what it heard: readings to ingest, motion to detection, words to people."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from device_drivers.errors import DecodeError
from device_drivers.readings import Motion
from gateway.ingest.ingest import Duplicate, Ingest, Outcome, Stored, Unassigned
from gateway.ingest.received import KnownDevice, Received
from gateway.radio.contracts import Severity
from gateway.store.undecodable import UndecodableFrame, UndecodableFrames

log = structlog.get_logger(__name__)

_STRANGE_LIMIT: Final = 64

MotionFeed = Callable[[KnownDevice, Motion, float], None]
_UNDECODABLE_LOGGED: Final = 5  # per device; after that only counted: a broken device must not fill the log


class Listener:
    """Told what happens at the door, for people who watch. Does nothing: override what is of interest."""

    def stored(self, received: Received, outcome: Stored) -> None:
        """A reading was committed."""

    def device(self, address: str, words: str, severity: Severity) -> None:
        """Something happened with a device."""


class Intake:
    """A `gateway.radio.contracts.RadioSink`."""

    def __init__(self, *, ingest: Ingest, frames: UndecodableFrames, motion: MotionFeed, listener: Listener) -> None:
        self._ingest = ingest
        self._frames = frames
        self._motion = motion
        self._listener = listener
        self._unassigned_told: set[str] = set()  # at most one entry per device of the home
        # Waiting to be kept; the newest tell as much as the oldest, so a device that babbles pushes its own out.
        self._strange: deque[UndecodableFrame] = deque(maxlen=_STRANGE_LIMIT)
        self._arrived = asyncio.Event()
        self.undecodable_frames: dict[str, int] = {}  # by device identity, likewise bounded
        self.identities: dict[str, str] = {}  # address → identity, of devices that said who they are

    async def run(self) -> None:
        """Keep the frames that were none, until cancelled.

        Raises:
            StoreError: the store cannot take one now; it is tried again when this is run again.
        """
        while True:
            while self._strange:
                await self._frames.keep(self._strange[0])
                self._strange.popleft()
            self._arrived.clear()
            await self._arrived.wait()

    @property
    def counts(self) -> Mapping[str, int]:
        """Readings since the start by outcome, and frames that were none."""
        return {**self._ingest.counts, "undecodable": sum(self.undecodable_frames.values())}

    async def reading(self, received: Received) -> None:
        """Returns when it is committed. Raises StoreError when it is not: the device will send it again."""
        outcome: Outcome = await self._ingest.accept(received)
        match outcome:
            case Stored():
                self._listener.stored(received, outcome)
            case Unassigned(sentence=sentence):
                if received.device.identity not in self._unassigned_told:
                    self._unassigned_told.add(received.device.identity)
                    self._listener.device(received.device.address, sentence, Severity.FAULT)
            case Duplicate():
                log.debug("record sent again", device=received.device.address)

    def motion(self, device: KnownDevice, motion: Motion, at_monotonic: float) -> None:
        """To the detectors' ring buffers."""
        self._motion(device, motion, at_monotonic)

    def undecodable(self, device: KnownDevice, source: str, frame: bytes, error: DecodeError) -> None:
        """Counted, kept raw, and said a few times. The error names the fault, never the frame's values."""
        self._strange.append(
            UndecodableFrame(device_identity=device.identity, source=source, raw=bytes(frame), why=str(error))
        )
        self._arrived.set()
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
